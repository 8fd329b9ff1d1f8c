"""Pixel to ground and back, and the error that goes with it."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import norm

from core.geometry import GeoPoint
from drones.errors import DroneError, HorizonError
from drones.ground import Errors, Ground, locate, pixel
from drones.pose import Angles, Camera, GimbalFrame, Height, HeightKind, Pose

CAMERA = Camera.from_fov(1920, 1080, 80)
HOME = GeoPoint(lon=116.4, lat=30.5)
FLAT = Ground.flat(Height(metres=0, kind=HeightKind.RELATIVE))
MIDDLE = (960.0, 540.0)


def pose(
    *,
    yaw: float = 0,
    pitch: float = -90,
    roll: float = 0,
    height_m: float = 100,
    frame: GimbalFrame = GimbalFrame.EARTH,
    airframe: Angles | None = None,
    kind: HeightKind = HeightKind.RELATIVE,
) -> Pose:
    return Pose(
        time_ns=0,
        place=HOME,
        height=Height(metres=height_m, kind=kind),
        airframe=airframe or Angles(yaw_deg=yaw),
        gimbal=Angles(yaw_deg=yaw, pitch_deg=pitch, roll_deg=roll),
        gimbal_frame=frame,
        camera=CAMERA,
    )


def offset_m(place: GeoPoint) -> tuple[float, float]:
    """East and north of home, good to a millimetre over a few hundred metres."""
    east = GeoPoint(lon=place.lon, lat=HOME.lat).distance_m(HOME)
    north = GeoPoint(lon=HOME.lon, lat=place.lat).distance_m(HOME)
    return math.copysign(east, place.lon - HOME.lon), math.copysign(north, place.lat - HOME.lat)


@given(yaw=st.floats(-360, 360), height_m=st.floats(5, 500))
def test_nadir_pixel_lies_below_the_drone(yaw: float, height_m: float) -> None:
    found = locate(pose(yaw=yaw, height_m=height_m), *MIDDLE, FLAT)
    assert found.place.distance_m(HOME) < 0.01
    assert found.distance_m == pytest.approx(height_m, abs=0.01)


@pytest.mark.parametrize(
    ("yaw", "east", "north"), [(0, 0, 100), (90, 100, 0), (180, 0, -100), (-90, -100, 0)]
)
def test_45_degrees_down_lies_one_height_ahead(yaw: float, east: float, north: float) -> None:
    found = locate(pose(yaw=yaw, pitch=-45), *MIDDLE, FLAT)
    assert offset_m(found.place) == pytest.approx((east, north), abs=0.05)


def test_right_of_the_picture_is_right_on_the_ground() -> None:
    found = locate(pose(yaw=0), 960 + CAMERA.fx_px / 2, 540, FLAT)
    assert offset_m(found.place) == pytest.approx((50, 0), abs=0.05)
    above = locate(pose(yaw=0), 960, 540 - CAMERA.fy_px / 2, FLAT)
    assert offset_m(above.place) == pytest.approx((0, 50), abs=0.05)


def test_gimbal_frames_say_the_same_of_one_view() -> None:
    airframe = Angles(yaw_deg=70, pitch_deg=-8, roll_deg=5)
    earth = pose(yaw=100, pitch=-40, airframe=airframe)
    heading = pose(yaw=30, pitch=-40, airframe=airframe, frame=GimbalFrame.HEADING)
    assert locate(earth, 700, 800, FLAT) == locate(heading, 700, 800, FLAT)
    level = Angles(yaw_deg=70)
    body = pose(yaw=30, pitch=-40, airframe=level, frame=GimbalFrame.BODY)
    assert offset_m(locate(body, 700, 800, FLAT).place) == pytest.approx(
        offset_m(locate(earth, 700, 800, FLAT).place), abs=1e-6
    )
    tilted = pose(yaw=30, pitch=-40, airframe=airframe, frame=GimbalFrame.BODY)
    away = locate(tilted, 700, 800, FLAT).place.distance_m(locate(earth, 700, 800, FLAT).place)
    assert away > 10


@given(
    yaw=st.floats(-180, 180),
    pitch=st.floats(-90, -25),
    roll=st.floats(-20, 20),
    u=st.floats(0, 1920),
    v=st.floats(0, 1080),
    ground_m=st.floats(-50, 50),
)
def test_ground_to_pixel_to_ground(
    yaw: float, pitch: float, roll: float, u: float, v: float, ground_m: float
) -> None:
    view = pose(yaw=yaw, pitch=pitch, roll=roll)
    height = Height(metres=ground_m, kind=HeightKind.RELATIVE)
    try:
        found = locate(view, u, v, Ground.flat(height))
    except HorizonError:
        assume(False)
        return
    assume(found.distance_m < 2000)
    seen = pixel(view, found.place, found.height)
    assert seen is not None
    assert seen == pytest.approx((u, v), abs=0.05)


def test_first_slope_met_is_the_answer() -> None:
    """A ridge 60 m high, 60 m ahead, hides the plain behind it."""

    def ridge(place: GeoPoint) -> float:
        return max(0.0, 60.0 - abs(offset_m(place)[1] - 60.0) * 2)

    found = locate(pose(pitch=-45), *MIDDLE, Ground(HeightKind.RELATIVE, ridge))
    east, north = offset_m(found.place)
    assert north == pytest.approx(160 / 3, abs=0.1)
    assert found.height.metres == pytest.approx(100 - north, abs=0.1)
    assert found.height.metres == pytest.approx(ridge(found.place), abs=1e-6)
    assert abs(east) < 0.01


@pytest.mark.parametrize("pitch", [0, 10, 90, -0.5])
def test_at_or_above_the_horizon_is_an_error(pitch: float) -> None:
    with pytest.raises(HorizonError, match="horizon"):
        locate(pose(pitch=pitch), *MIDDLE, FLAT)


def test_heights_of_two_kinds_never_mix() -> None:
    with pytest.raises(DroneError, match="camera's height is amsl, the ground's relative"):
        locate(pose(kind=HeightKind.AMSL), *MIDDLE, FLAT)
    with pytest.raises(DroneError, match="never mixed"):
        pixel(pose(), HOME, Height(metres=0, kind=HeightKind.ELLIPSOID))


def test_camera_below_the_ground_is_an_error() -> None:
    ground = Ground.flat(Height(metres=150, kind=HeightKind.RELATIVE))
    with pytest.raises(DroneError, match="not above the ground"):
        locate(pose(), *MIDDLE, ground)


def test_behind_the_camera_is_no_pixel() -> None:
    behind = HOME.toward(GeoPoint(lon=HOME.lon, lat=HOME.lat - 1), 200)
    view = pose(yaw=0, pitch=-20)
    assert pixel(view, behind, Height(metres=0, kind=HeightKind.RELATIVE)) is None


@pytest.mark.parametrize(
    ("depression", "with_terrain", "without"),
    [(90, 3.7, 3.7), (45, 8.8, 25), (30, 14.7, 44), (20, 24, 70)],
)
def test_ce90_at_100_m_is_as_modelled(
    depression: float, with_terrain: float, without: float
) -> None:
    """Modelled figures for pitch 0.5°, yaw 2°, GPS 1.5 m, height 2 m, sync 0.1 s at 8 m/s."""
    view = pose(pitch=-depression)
    terrain = locate(view, *MIDDLE, FLAT, Errors(roll_deg=0))
    blind = locate(view, *MIDDLE, FLAT, Errors(roll_deg=0, ground_m=15))
    assert terrain.ce90_m == pytest.approx(with_terrain, rel=0.06)
    assert blind.ce90_m == pytest.approx(without, rel=0.06)


def test_ce90_of_circle_and_of_line() -> None:
    """Known quantiles: a circular error is Rayleigh, a line is normal."""
    none = {"height_m": 0, "ground_m": 0, "pitch_deg": 0, "roll_deg": 0, "yaw_deg": 0}
    round_ = Errors(**none, position_m=2, sync_s=0)
    found = locate(pose(), *MIDDLE, FLAT, round_)
    assert found.ce90_m == pytest.approx(2 * math.sqrt(2 * math.log(10)), rel=1e-4)
    line = Errors(**none, position_m=0, sync_s=0.5, speed_mps=6)
    found = locate(pose(), *MIDDLE, FLAT, line)
    assert found.ce90_m == pytest.approx(3 * norm.ppf(0.95), rel=1e-3)
    assert locate(pose(), *MIDDLE, FLAT, Errors(**none, position_m=0, sync_s=0)).ce90_m == 0


@given(pitch=st.floats(-85, -20))
def test_a_flatter_look_is_less_certain(pitch: float) -> None:
    steep = locate(pose(pitch=pitch - 5), *MIDDLE, FLAT)
    flat = locate(pose(pitch=pitch), *MIDDLE, FLAT)
    assert flat.ce90_m > steep.ce90_m
