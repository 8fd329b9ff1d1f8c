"""Acts get their place: from a mapped ground, from a drone's telemetry, and not from guesses."""

import itertools
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError
from pyproj import Geod

from core.clock import NS_PER_S, ManualClock
from core.config.cameras import Camera, Flight
from core.config.ground import Ground
from core.geometry import Box, GeoPoint
from core.messages import CameraPose
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import open_store
from core.value import Text
from drones.ground import pixel
from drones.pose import Angles, GimbalFrame, Height, HeightKind, Pose
from drones.pose import Camera as Pinhole
from tests.alerts.world import HERE, START_NS, World, camera, make_site, sqlite, zone
from wardwatch.placing import flying, standing
from wardwatch.placing.placer import Placer

WGS84 = Geod(ellps="WGS84")
ASPECT = 16 / 9
GROUND = Height(metres=30, kind=HeightKind.AMSL)


def at(east_m: float, north_m: float) -> GeoPoint:
    azimuth = math.degrees(math.atan2(east_m, north_m))
    lon, lat, _ = WGS84.fwd(HERE.lon, HERE.lat, azimuth, math.hypot(east_m, north_m))
    return GeoPoint(lon=lon, lat=lat)


def pose(
    *, up_m: float = 8, yaw: float = 0, tilt: float = -20, place: GeoPoint = HERE, hfov: float = 70
) -> Pose:
    """A camera above the ground that looks north and down."""
    return Pose(
        time_ns=START_NS,
        place=place,
        height=Height(metres=GROUND.metres + up_m, kind=HeightKind.AMSL),
        airframe=Angles(yaw_deg=yaw),
        gimbal=Angles(yaw_deg=0, pitch_deg=tilt),
        gimbal_frame=GimbalFrame.BODY,
        camera=Pinhole.from_fov(1600, 900, hfov),
    )


def shown(seen_from: Pose, place: GeoPoint) -> tuple[float, float]:
    spot = pixel(seen_from, place, GROUND)
    assert spot is not None
    return spot[0] / 1600, spot[1] / 900


def box_on(foot: tuple[float, float], w: float = 0.03, h: float = 0.1) -> Box:
    return Box(foot[0] - w / 2, foot[1] - h, w, h)


SPREAD = [(-6, 14), (7, 13), (-12, 40), (13, 42), (1, 25), (-3, 33)]


def mapped(seen_from: Pose, noise: Any = None, **more: Any) -> Ground:
    """Six points of the ground, as places or in metres from an anchor."""
    points = []
    for east, north in SPREAD:
        x, y = shown(seen_from, at(east, north))
        if noise is not None:
            x, y = x + noise(), y + noise()
        where = {"metres": (east, north)} if "anchor" in more else {"place": at(east, north)}
        points.append({"image": (x, y), **where})
    return Ground.model_validate({"points": points, **more})


@pytest.mark.parametrize("anchored", [{}, {"anchor": HERE, "bearing_deg": 0}])
def test_a_mapped_ground_gives_the_place(anchored: dict[str, Any]) -> None:
    fixed = pose()
    ground = mapped(fixed, **anchored)
    near, far = at(2, 16), at(-5, 38)
    errors = []
    for place in (near, far):
        found = standing.place(ground, box_on(shown(fixed, place)), ASPECT)
        assert found is not None
        assert found[0].distance_m(place) < 0.1
        assert 3 <= found[1] < 20
        errors.append(found[1])
    assert errors[0] < errors[1]


def test_a_turned_anchor_turns_the_map() -> None:
    """The same metres, with y to the east: what lay north lies east."""
    fixed = pose()
    ground = mapped(fixed, anchor=HERE, bearing_deg=90)
    found = standing.place(ground, box_on(shown(fixed, at(0, 30))), ASPECT)
    assert found is not None
    assert found[0].distance_m(at(30, 0)) < 0.2


def test_the_radius_holds_the_place_19_times_of_20() -> None:
    rng = np.random.default_rng(3)
    fixed, held, tries = pose(), 0, 300
    for _ in range(tries):
        ground = mapped(fixed, lambda: rng.normal(0, 0.002), error_m=0.5)
        truth = at(rng.uniform(-6, 6), rng.uniform(14, 40))
        x, y = shown(fixed, truth)
        w, h = 0.03, 0.1
        foot = (x + rng.normal(0, 0.1 * w), y + rng.normal(0, 0.05 * h))
        found = standing.place(ground, box_on(foot, w, h), ASPECT)
        assert found is not None
        held += found[0].distance_m(truth) <= found[1]
    assert held / tries >= 0.95


def test_what_cannot_be_known_is_left_out() -> None:
    fixed = pose()
    ground = mapped(fixed)
    assert standing.place(ground, Box(0.4, 0.5, 0.1, 0.5), ASPECT) is None  # the foot is cut off
    assert standing.place(ground, Box(0.4, 0.0, 0.1, 0.05), ASPECT) is None  # above the horizon
    metres = mapped(fixed, anchor=HERE, bearing_deg=0)
    unmapped = metres.model_copy(update={"anchor": None, "bearing_deg": None})
    assert standing.place(unmapped, Box(0.4, 0.5, 0.1, 0.1), ASPECT) is None


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"anchor": HERE}, "together"),
        ({"bearing_deg": 3}, "together"),
        ({"anchor": HERE, "bearing_deg": 3, "places": True}, "have their places"),
    ],
)
def test_an_anchor_must_fit(change: dict[str, Any], complaint: str) -> None:
    ground = mapped(pose(), anchor=HERE, bearing_deg=0)
    plain = {**ground.model_dump(), "anchor": None, "bearing_deg": None}
    if change.pop("places", False):
        plain["points"] = mapped(pose()).model_dump()["points"]
    with pytest.raises(ValidationError, match=complaint):
        Ground.model_validate({**plain, **change})


def test_a_flying_camera_has_no_ground_of_its_own() -> None:
    plain = {**camera("d"), "flight": {}, "ground": mapped(pose()).model_dump()}
    with pytest.raises(ValidationError, match="moves over the ground"):
        Camera.model_validate(plain)


def told(seen_from: Pose, time_ns: int = START_NS, **changes: Any) -> CameraPose:
    """What the telemetry of a pose says."""
    known = CameraPose(
        camera="drone",
        time_ns=time_ns,
        device_ns=time_ns,
        place=seen_from.place,
        amsl_m=seen_from.height.metres,
        heading_deg=seen_from.airframe.yaw_deg,
        pitch_deg=seen_from.airframe.pitch_deg,
        roll_deg=seen_from.airframe.roll_deg,
        sensor_yaw_deg=seen_from.gimbal.yaw_deg,
        sensor_pitch_deg=seen_from.gimbal.pitch_deg,
        sensor_roll_deg=0,
        hfov_deg=70,
        centre_amsl_m=GROUND.metres,
    )
    return known.model_copy(update=changes)


FLIGHT = Flight()
ABOVE = pose(up_m=90, tilt=-50)


def test_telemetry_gives_the_place() -> None:
    act = at(12, 60)
    box = box_on(shown(ABOVE, act))
    slant = told(ABOVE, centre_amsl_m=None, slant_range_m=90 / math.sin(math.radians(50)))
    ellipsoid = slant.model_copy(update={"amsl_m": None, "ellipsoid_m": 999.0})
    configured = told(ABOVE, centre_amsl_m=None)
    for known, flight in (
        (told(ABOVE), FLIGHT),
        (slant, FLIGHT),
        (ellipsoid, FLIGHT),
        (configured, Flight(ground_amsl_m=30)),
    ):
        found = flying.place(known, flight, box, ASPECT, START_NS)
        assert found is not None
        assert found[0].distance_m(act) < 0.5
        assert 3 < found[1] < 40
    late = flying.place(told(ABOVE), FLIGHT, box, ASPECT, START_NS + NS_PER_S)
    fresh = flying.place(told(ABOVE), FLIGHT, box, ASPECT, START_NS)
    assert late is not None
    assert fresh is not None
    assert late[1] > fresh[1]


@pytest.mark.parametrize(
    "missing",
    ["place", "amsl_m", "heading_deg", "pitch_deg", "roll_deg", "sensor_yaw_deg",
     "sensor_pitch_deg", "hfov_deg", "centre_amsl_m"],
)  # fmt: skip
def test_what_telemetry_leaves_out_is_not_guessed(missing: str) -> None:
    known = told(ABOVE, **{missing: None})
    assert flying.place(known, FLIGHT, Box(0.5, 0.5, 0.1, 0.1), ASPECT, START_NS) is None


def test_a_shallow_look_is_a_large_error_or_none() -> None:
    flat = pose(up_m=60, tilt=-6)
    found = flying.place(told(flat), FLIGHT, box_on((0.5, 0.55)), ASPECT, START_NS)
    assert found is None or found[1] > 60
    level = flying.place(told(pose(tilt=0)), FLIGHT, box_on((0.5, 0.4)), ASPECT, START_NS)
    assert level is None


def test_the_drones_radius_holds_the_place_19_times_of_20() -> None:
    rng = np.random.default_rng(5)
    held, tries = 0, 150
    for _ in range(tries):
        act = at(rng.uniform(-20, 20), rng.uniform(45, 90))
        real = pose(
            up_m=90 + rng.normal(0, 2),
            yaw=rng.normal(0, 2),
            tilt=-50 + rng.normal(0, 0.5),
            place=at(rng.normal(0, 1.5), rng.normal(0, 1.5)),
        )
        found = flying.place(told(ABOVE), FLIGHT, box_on(shown(real, act)), ASPECT, START_NS)
        assert found is not None
        held += found[0].distance_m(act) <= found[1]
    assert held / tries >= 0.95


# through the house


def sighting(by: str, box: Box, at_ns: int, name: str, phase: Phase = Phase.FIRED) -> Sighting:
    return Sighting(
        id=name,
        camera=by,
        zone="shore",
        kind=Kind.FISHING,
        phase=phase,
        started_ns=at_ns - 12 * NS_PER_S,
        fired_ns=at_ns,
        last_ns=at_ns,
        box=box,
        why=Why(text=Text(zh="久留", en="stayed")),
    )


def test_a_pose_from_after_the_picture_changes_nothing() -> None:
    """Live or replayed, early or late: a place rests on the newest pose before its picture."""
    box = box_on(shown(ABOVE, at(12, 60)))
    drone = Camera.model_validate({**camera("drone"), "flight": {}})
    picture_ns = START_NS + 200_000_000
    before = [told(ABOVE, START_NS - 3 * NS_PER_S), told(ABOVE), told(ABOVE, START_NS + 10**8)]
    after = told(pose(up_m=90, tilt=-50, yaw=40), START_NS + 300_000_000)
    seen = sighting("drone", box, picture_ns, "s")
    answers = set()
    for order in itertools.permutations([*before, after]):
        placer = Placer()
        for one in order:
            placer.poses.tell(one)
        answers.add(placer.placed(drone, seen, ASPECT).model_dump_json())
    live = Placer()
    for one in before:
        live.poses.tell(one)
    answers.add(live.placed(drone, seen, ASPECT).model_dump_json())
    assert len(answers) == 1
    assert '"place":null' not in answers.pop()


def test_a_missing_or_broken_pose_loses_no_sighting() -> None:
    drone = Camera.model_validate({**camera("drone"), "flight": {}})
    seen = sighting("drone", Box(0.4, 0.4, 0.1, 0.1), START_NS, "s")
    for poses in ([], [told(ABOVE, START_NS - 5 * NS_PER_S)], [told(ABOVE, hfov_deg=float("nan"))]):
        placer = Placer()
        for one in poses:
            placer.poses.tell(one)
        placed = placer.placed(drone, seen, ASPECT)
        assert placed == seen.model_copy(update={"source": "drone"})
    assert Placer().placed(None, seen, ASPECT) is seen


def test_poses_of_long_ago_are_forgotten() -> None:
    poses = flying.Poses()
    for second in range(1000):
        poses.tell(told(ABOVE, START_NS + second * NS_PER_S))
    assert poses.at("drone", START_NS) is None
    assert poses.at("drone", START_NS + 999 * NS_PER_S) is not None
    assert poses.at("another", START_NS) is None


def test_two_cameras_and_a_drone_see_two_anglers(tmp_path: Path) -> None:
    """Sixty metres apart on one bank: each is one incident, whoever sees them, in any order."""
    left, right = pose(place=at(0, 0)), pose(place=at(60, 0))
    first, second = at(2, 25), at(62, 28)
    cameras = [
        {**camera("left", zone("shore", Kind.FISHING)), "ground": mapped(left).model_dump()},
        camera("right", zone("shore", Kind.FISHING)),
        {**camera("drone", zone("shore", Kind.FISHING), speaker=False), "flight": {}},
    ]
    points = [{"image": shown(right, at(60 + x, y)), "metres": (x, y)} for x, y in SPREAD]
    cameras[1]["ground"] = {"points": points, "anchor": at(60, 0), "bearing_deg": 0}
    site = make_site(cameras=cameras)
    over = pose(up_m=90, tilt=-50, place=at(30, -40))
    seen = [
        sighting("left", box_on(shown(left, first)), START_NS, "a1"),
        sighting("drone", box_on(shown(over, first)), START_NS, "a2"),
        sighting("right", box_on(shown(right, second)), START_NS, "b1"),
        sighting("drone", box_on(shown(over, second)), START_NS, "b2"),
    ]
    for n, order in enumerate((seen, seen[::-1], [seen[1], seen[3], seen[2], seen[0]])):
        folder = tmp_path / str(n)
        folder.mkdir()
        clock = ManualClock(START_NS)
        store = open_store(sqlite(folder), clock)
        world, placer = World(store, clock, site), Placer()
        placer.poses.tell(told(over))
        for one in order:
            placed = placer.placed(site.camera(one.camera), one, ASPECT)
            assert placed.place is not None
            world.desk.on_sighting(placed)
            world.desk.on_sighting(placed)
            world.restart()
        assert {one.sightings and frozenset(one.sightings) for one in world.incidents} == {
            frozenset({"a1", "a2"}),
            frozenset({"b1", "b2"}),
        }
        assert {one.camera for one in world.incidents} == {"left", "right"}
        for one in world.incidents:
            truth = first if "a1" in one.sightings else second
            assert one.place is not None
            assert one.place_error_m is not None
            assert one.place.distance_m(truth) <= one.place_error_m
        store.close()
