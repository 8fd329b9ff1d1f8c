"""Where so many minutes go: areas, and the cameras beyond them."""

from pathlib import Path

import pytest
from shapely.geometry import Point, shape

from alerts.roads.cache import open_roads
from alerts.roads.graph import Roads
from alerts.roads.reach import isochrones, not_reached, posts_of
from core.config.people import Travel
from core.config.site import Site
from core.geometry import GeoPoint
from core.seeing import Kind
from sim.roads import hill_and_river
from tests.alerts.world import HERE, camera, make_site, officer, zone


@pytest.fixture(scope="module")
def roads(tmp_path_factory: pytest.TempPathFactory) -> Roads:
    path = tmp_path_factory.mktemp("reach") / "net.osm"
    path.write_text(hill_and_river(3, HERE, columns=20, rows=14, bridges=1).osm)
    return open_roads(path, 300)


def site_at(*places: GeoPoint, **dispatch: object) -> Site:
    cameras = [
        {**camera(f"c{number}", zone("shore", Kind.FISHING)), "place": place.model_dump()}
        for number, place in enumerate(places)
    ]
    posts = [{**officer("post", 0, 36), "travel": "motorcycle"}]
    return make_site(cameras=cameras, officers=posts, dispatch=dispatch)


def test_what_is_reached_lies_in_the_area_and_the_rest_does_not(roads: Roads) -> None:
    site = site_at()
    found = isochrones(site, roads, posts_of(site), [8, 3])
    areas = {
        one["properties"]["minutes"]: shape(one["geometry"])
        for one in found["features"]
        if one["properties"]["class"] == "isochrone"
    }
    assert all(area.is_valid for area in areas.values())
    assert areas[8].covers(areas[3].buffer(-5e-4))  # outlines are simplified by 20 m
    times = roads.times_from([HERE], Travel.MOTORCYCLE)
    reached = 0
    for (lon, lat), seconds in zip(roads.map.lonlat, times, strict=True):
        for minutes, area in areas.items():
            if seconds <= 60 * minutes:
                reached += 1
                assert area.covers(Point(lon, lat))
    assert reached > 200
    beyond = [p for p, s in zip(roads.map.lonlat, times, strict=True) if 8 * 60 < s < 3600]
    inside = sum(areas[8].covers(Point(p)) for p in beyond)
    assert inside < 0.4 * len(beyond)  # beside a reached road, or round a corner of one


def test_cameras_beyond_the_circle_are_listed(roads: Roads) -> None:
    far = GeoPoint(lon=float(roads.map.lonlat[0][0]), lat=float(roads.map.lonlat[0][1]))
    site = site_at(HERE, far, circle_minutes=3)
    (beyond,) = not_reached(isochrones(site, roads, posts_of(site), [3]))
    assert (beyond["id"], beyond["zones"], beyond["post"]) == ("c1", ["shore"], "post")
    assert beyond["minutes"] > 3


def test_without_a_map_times_go_by_the_line() -> None:
    north = HERE.toward(GeoPoint(lon=HERE.lon, lat=HERE.lat + 1), 9000)
    site = site_at(HERE, north, detour=1.2)
    found = isochrones(site, None, posts_of(site), [5])
    (beyond,) = not_reached(found)
    assert beyond["minutes"] == pytest.approx(9000 * 1.2 / 10 / 60, abs=0.1)
    assert {one["properties"]["class"] for one in found["features"]} == {"post", "camera"}


def test_without_officers_nothing_is_reached(roads: Roads, tmp_path: Path) -> None:
    site = site_at(HERE)
    (beyond,) = not_reached(isochrones(site, roads, [], [5]))
    assert (beyond["minutes"], beyond["post"]) == (None, None)
