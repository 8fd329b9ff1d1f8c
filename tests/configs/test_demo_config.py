"""The demo township is complete, and its numbers let every story end within four minutes."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from shapely.geometry import Point, Polygon, shape

from core.config.load import load
from core.config.site import Site
from core.config.zones import DumpingRule, FishingRule, OccupationRule, Response
from core.seeing import Kind
from sim import scenes
from sim.scenes import lane

CONFIGS = Path(__file__).parents[2] / "configs"
DEMO = CONFIGS / "demo"
CLASSES = {"water", "road", "building", "green", "field"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """The demo as it is loaded, with a warning text of the test's own."""
    directory = tmp_path_factory.mktemp("demo")
    for file in DEMO.iterdir():
        (directory / file.name).write_bytes(file.read_bytes())
    words = [{"kind": kind.value, "text": {"zh": "请离开", "en": "leave"}} for kind in Kind]
    (directory / "warnings.yaml").write_text(yaml.safe_dump(words), encoding="utf-8")
    return load(directory)


def test_four_cameras_that_can_speak(site: Site) -> None:
    assert [one.id for one in site.cameras] == ["river", "lane", "market", "street"]
    for camera in site.cameras:
        assert camera.streams.main == f"rtsp://127.0.0.1:8554/{camera.id}/main"
        assert camera.streams.sub == f"rtsp://127.0.0.1:8554/{camera.id}/sub"
        assert (camera.username, camera.password_env) == ("ward", "WARDWATCH_CAMERA_PASSWORD")
        assert camera.speaker is not None
        assert camera.speaker.driver == "onvif"
        assert camera.zones
        assert {zone.response for zone in camera.zones} == {Response.AUTOMATIC}
    assert site.mode == "demo"


def test_what_is_watched_where(site: Site) -> None:
    rules = {camera.id: {zone.rule.kind for zone in camera.zones} for camera in site.cameras}
    assert rules["river"] == {Kind.FISHING}
    assert rules["lane"] == {Kind.DUMPING}
    assert rules["market"] == {Kind.OCCUPATION}
    assert rules["street"] == {Kind.OCCUPATION, Kind.DUMPING}


def test_zones_lie_where_the_scenes_play(site: Site) -> None:
    for camera in site.cameras:
        assert {zone.id for zone in camera.zones} == set(scenes.ZONES[camera.id])
        for zone in camera.zones:
            drawn = Polygon(scenes.ZONES[camera.id][zone.id])
            watched = zone.polygon.shape()
            assert watched.intersection(drawn).area > 0.95 * watched.union(drawn).area


def test_the_lane_knows_its_ground(site: Site) -> None:
    """As the scene is drawn: metres to the right of and away from the pole."""
    camera = site.camera("lane")
    assert camera is not None
    assert camera.ground is not None
    for x, z in ((-5.0, 12.0), (0.0, 11.0), (5.0, 16.0)):
        px, py = lane.VIEW.px(x, z)
        spot = px / lane.VIEW.size[0], py / lane.VIEW.size[1]
        assert camera.ground.plane.metres(spot) == pytest.approx((x, z), abs=0.1)


def test_no_story_depends_on_the_hour_at_which_it_is_played(site: Site) -> None:
    """Limits by hour stand where nobody acts, so that the demo is the same at any time."""
    zones = {
        (camera.id, zone.id)
        for camera in site.cameras
        for zone in camera.zones
        if isinstance(zone.rule, OccupationRule) and zone.rule.limits
    }
    assert zones == {("street", "pavement")}
    assert not any(zone.schedule.hours for camera in site.cameras for zone in camera.zones)


def test_officers_arrive_within_forty_seconds(site: Site) -> None:
    """From their posts, at their own speed, at the two places where one is needed."""
    assert len(site.officers) == 3
    nearest = {}
    for name in ("lane", "market"):
        camera = site.camera(name)
        assert camera is not None
        assert camera.place is not None
        times = {
            officer.id: officer.place.distance_m(camera.place) / (officer.speed_kmh / 3.6)
            for officer in site.officers
        }
        assert 20 <= min(times.values()) <= 40
        nearest[name] = min(times, key=times.__getitem__)
    assert nearest == {"lane": "officer-2", "market": "officer-1"}


def test_the_market_story_fits_into_four_minutes(site: Site) -> None:
    """The longest one: set-up, limit, two warnings with their deadlines, the way there."""
    limits = site.warnings
    rules = {type(zone.rule): zone.rule for camera in site.cameras for zone in camera.zones}
    fishing, dumping = rules[FishingRule], rules[DumpingRule]
    occupation = rules[OccupationRule]
    assert isinstance(fishing, FishingRule)
    assert isinstance(dumping, DumpingRule)
    assert isinstance(occupation, OccupationRule)
    speech_s, news_s, set_up_s, officer_s = 12, 5, 30, 4 + 40 + 15
    attempt_s = speech_s + max(limits.compliance_s, limits.cooldown_s) + news_s
    market_s = set_up_s + occupation.limit_s + limits.attempts_before_dispatch * attempt_s
    river_s = set_up_s + fishing.dwell_s + attempt_s + 60
    lane_s = 60 + dumping.settle_s + officer_s
    close_s = site.evidence.after_s + 10
    assert max(market_s + officer_s, river_s, lane_s) + close_s < 240


def test_the_map_is_around_the_cameras(site: Site) -> None:
    assert site.map is not None
    features = json.loads(site.map.read_text(encoding="utf-8"))["features"]
    assert {one["properties"]["class"] for one in features} == CLASSES
    shapes = [(one["properties"]["class"], shape(one["geometry"])) for one in features]
    for kind, geometry in shapes:
        assert geometry.is_valid
        assert geometry.geom_type == ("LineString" if kind == "road" else "Polygon")
        west, south, east, north = geometry.bounds
        assert site.centre.lon - 0.03 < west <= east < site.centre.lon + 0.03
        assert site.centre.lat - 0.03 < south <= north < site.centre.lat + 0.03
    names = [one["properties"]["name"] for one in features]
    assert all(set(name) == {"zh", "en"} for name in names)
    assert sum(bool(name["zh"]) for name in names) > 15
    river = next(geometry for kind, geometry in shapes if kind == "water")
    camera = site.camera("river")
    assert camera is not None
    assert camera.place is not None
    assert river.distance(Point(camera.place.lon, camera.place.lat)) < 0.001


@pytest.mark.parametrize("name", ["township", "cameras", "officers"])
def test_options_are_explained_where_they_stand(name: str) -> None:
    """Every top-level key, or every key of a list's entries, is spoken of in a comment."""
    text = (DEMO / f"{name}.yaml").read_text(encoding="utf-8")
    data = yaml.safe_load(text)
    keys = data if isinstance(data, dict) else {key for entry in data for key in entry}
    comments = "\n".join(line[line.index("#") :] for line in text.splitlines() if "#" in line)
    lines = ["", *text.splitlines()]
    explained = {line.split(":")[0] for above, line in pairwise(lines) if above.startswith("#")}
    assert not [key for key in keys if key not in explained and key not in comments]
