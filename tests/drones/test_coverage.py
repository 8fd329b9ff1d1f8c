"""Routes show the whole area, at the length they say."""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer
from shapely.geometry import LineString, Polygon
from shapely.ops import unary_union

from core.geometry import GeoPoint
from drones.coverage import Mission, plan
from drones.errors import DroneError
from drones.pose import Camera, HeightKind

CAMERA = Camera.from_fov(1920, 1080, 80)
LON, LAT = 116.4, 30.5
METRES = Transformer.from_crs(
    "EPSG:4326", f"+proj=aeqd +lat_0={LAT} +lon_0={LON} +datum=WGS84", always_xy=True
)


def corners(points: Sequence[tuple[float, float]]) -> list[GeoPoint]:
    """East and north in metres to places."""
    places = [METRES.transform(x, y, direction="INVERSE") for x, y in points]
    return [GeoPoint(lon=lon, lat=lat) for lon, lat in places]


def lanes(mission: Mission) -> list[LineString]:
    path = [METRES.transform(place.lon, place.lat) for place in mission.waypoints]
    return [LineString(path[index : index + 2]) for index in range(0, len(path), 2)]


def shown(mission: Mission) -> Polygon:
    """Ground within the strip of any lane, transits left out."""
    return unary_union(
        [lane.buffer(mission.strip_m / 2, cap_style="flat") for lane in lanes(mission)]
    )


@st.composite
def areas(draw: st.DrawFn) -> list[tuple[float, float]]:
    """Star-shaped polygons, mostly not convex, 100 m to 1.6 km across."""
    count = draw(st.integers(3, 9))
    radii = draw(st.lists(st.floats(50, 800), min_size=count, max_size=count))
    turn = draw(st.floats(0, math.tau))
    return [
        (
            radius * math.cos(turn + index * math.tau / count),
            radius * math.sin(turn + index * math.tau / count),
        )
        for index, radius in enumerate(radii)
    ]


@given(area=areas(), height_m=st.floats(40, 120), overlap=st.floats(0, 0.6))
def test_the_whole_area_is_shown(
    area: list[tuple[float, float]], height_m: float, overlap: float
) -> None:
    mission = plan(corners(area), CAMERA, height_m, overlap=overlap)
    polygon = Polygon(area)
    assert polygon.intersection(shown(mission)).area >= 0.99 * polygon.area
    assert mission.spacing_m <= mission.strip_m * (1 - overlap) + 1e-6


@given(area=areas())
def test_length_and_time_are_those_of_the_path(area: list[tuple[float, float]]) -> None:
    mission = plan(corners(area), CAMERA, 100, speed_mps=10, turn_s=4)
    steps = zip(mission.waypoints, mission.waypoints[1:], strict=False)
    assert mission.length_m == pytest.approx(sum(a.distance_m(b) for a, b in steps), rel=1e-4)
    turns = len(mission.waypoints) // 2 - 1
    assert mission.flight_s == pytest.approx(mission.length_m / 10 + 4 * turns)


def test_field_of_known_size() -> None:
    """400 m by 200 m at 100 m: strips of 167.8 m, so two lanes along the long side."""
    mission = plan(corners([(0, 0), (400, 0), (400, 200), (0, 200)]), CAMERA, 100, overlap=0.2)
    assert mission.strip_m == pytest.approx(200 * math.tan(math.radians(40)), abs=0.01)
    assert len(mission.waypoints) == 4
    assert mission.length_m == pytest.approx(2 * 400 + 200 - mission.strip_m, rel=0.01)
    assert mission.heading_deg % 180 == pytest.approx(90, abs=0.5)
    assert mission.height.kind is HeightKind.RELATIVE
    first, second = lanes(mission)
    assert first.coords[1][0] == pytest.approx(second.coords[0][0], abs=1)  # to and fro


def test_lanes_skip_the_gap_of_a_horseshoe() -> None:
    shoe = [(0, 0), (600, 0), (600, 300), (400, 300), (400, 60), (200, 60), (200, 300), (0, 300)]
    mission = plan(corners(shoe), CAMERA, 40)
    gap = Polygon([(210, 120), (390, 120), (390, 300), (210, 300)])
    assert max(lane.intersection(gap).length for lane in lanes(mission)) < 1
    assert Polygon(shoe).difference(shown(mission)).area < 0.01 * Polygon(shoe).area


@pytest.mark.parametrize(
    ("area", "height_m", "options", "complaint"),
    [
        ([(0, 0), (100, 0)], 100, {}, "at least 3 corners"),
        ([(0, 0), (100, 100), (100, 0), (0, 100)], 100, {}, "Self-intersection"),
        ([(0, 0), (100, 0), (200, 0)], 100, {}, "area"),
        ([(0, 0), (100, 0), (0, 100)], 130, {}, "height_m"),
        ([(0, 0), (100, 0), (0, 100)], 0, {}, "height_m"),
        ([(0, 0), (100, 0), (0, 100)], 100, {"overlap": 0.95}, "overlap"),
        ([(0, 0), (100, 0), (0, 100)], 100, {"speed_mps": 0}, "speed_mps"),
        ([(0, 0), (9000, 0), (9000, 9000), (0, 9000)], 10, {}, "waypoints"),
    ],
)
def test_errors_name_the_argument(
    area: list[tuple[float, float]], height_m: float, options: dict[str, float], complaint: str
) -> None:
    with pytest.raises(DroneError, match=complaint):
        plan(corners(area), CAMERA, height_m, **options)
