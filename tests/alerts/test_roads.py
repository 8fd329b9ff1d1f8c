"""The road map: what is read from extracts, and how long the way takes on it."""

import math
from itertools import pairwise
from pathlib import Path

import networkx
import numpy as np
import osmium
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.errors import RoadsError
from alerts.roads.cache import open_roads
from alerts.roads.graph import BARRIER_S, NO_ROUTE, WALK_MS, Roads
from alerts.roads.osm import read
from alerts.roads.tags import MODES, passes, way_of
from core.config.people import Travel
from core.geometry import GeoPoint
from sim.roads import hill_and_river
from tests.alerts.world import HERE

CROSSING = Path(__file__).parent / "data" / "crossing.osm"
CAR, CYCLE, FOOT, BOAT = MODES
KMH = 3.6


def at(lon: float, lat: float) -> GeoPoint:
    return GeoPoint(lon=lon, lat=lat)


NORTH_WEST, BRIDGE_WEST, BRIDGE_EAST = at(112.45, 30.43), at(112.455, 30.43), at(112.465, 30.43)
WEST, BOLLARD, SOUTH_WEST = at(112.45, 30.42), at(112.453, 30.42), at(112.45, 30.41)
EAST, STEPS_TOP, ISLET = at(112.465, 30.42), at(112.455, 30.415), at(112.4601, 30.415)


@pytest.fixture(scope="module")
def roads() -> Roads:
    return open_roads(CROSSING, 300)


def seconds(roads: Roads, start: GeoPoint, goal: GeoPoint, travel: Travel) -> float:
    (route,) = roads.routes(goal, [start], travel)
    assert route is not None
    return route.seconds


def test_the_way_leads_over_the_bridge(roads: Roads) -> None:
    (route,) = roads.routes(EAST, [WEST], CAR)
    assert route is not None
    by_bridge = [WEST, NORTH_WEST, BRIDGE_WEST, BRIDGE_EAST]
    fast = sum(a.distance_m(b) for a, b in pairwise(by_bridge))
    slow = BRIDGE_EAST.distance_m(EAST)
    assert route.metres == pytest.approx(fast + slow, rel=1e-3)
    assert route.seconds == pytest.approx(fast / (50 / KMH) + slow / (30 / KMH), rel=1e-3)
    assert route.metres > 2.4 * WEST.distance_m(EAST)


def test_a_one_way_street_is_gone_one_way_on_wheels_and_both_on_foot(roads: Roads) -> None:
    there = seconds(roads, WEST, STEPS_TOP, CYCLE)
    assert there < 120
    assert roads.routes(WEST, [STEPS_TOP], CYCLE) == [NO_ROUTE]
    assert seconds(roads, STEPS_TOP, WEST, FOOT) < math.inf


def test_a_bollard_stops_cars_and_lets_the_others_pass(roads: Roads) -> None:
    assert roads.routes(STEPS_TOP, [WEST], CAR) == [NO_ROUTE]
    length_m = WEST.distance_m(BOLLARD) + BOLLARD.distance_m(STEPS_TOP)
    walked_s = length_m / (4.5 / KMH) + 2 * BARRIER_S
    assert seconds(roads, WEST, STEPS_TOP, FOOT) == pytest.approx(walked_s, rel=1e-3)


def test_steps_are_for_those_on_foot(roads: Roads) -> None:
    assert roads.spot(at(112.4525, 30.4125), FOOT) is not None
    assert roads.spot(at(112.4525, 30.4125), CYCLE) is None or seconds(
        roads, SOUTH_WEST, STEPS_TOP, CYCLE
    ) > SOUTH_WEST.distance_m(STEPS_TOP) / (45 / KMH)
    walked_s = SOUTH_WEST.distance_m(STEPS_TOP) / (2 / KMH)
    assert seconds(roads, SOUTH_WEST, STEPS_TOP, FOOT) == pytest.approx(walked_s, rel=1e-3)


def test_nobody_stands_on_a_scrap_of_the_map_or_on_what_is_not_built(roads: Roads) -> None:
    assert roads.spot(ISLET, FOOT) is None
    assert roads.spot(at(112.4575, 30.42), CAR) is None


def test_boats_keep_to_the_water(roads: Roads) -> None:
    assert seconds(roads, at(112.46, 30.402), at(112.46, 30.42), BOAT) == pytest.approx(
        at(112.46, 30.402).distance_m(at(112.46, 30.42)) / (20 / KMH), rel=1e-3
    )
    assert roads.routes(WEST, [at(112.46, 30.402)], BOAT) == [None]


def test_the_last_metres_are_walked(roads: Roads) -> None:
    beside = at(112.451, 30.425)
    spot = roads.spot(beside, CAR)
    assert spot is not None
    assert spot.off_m == pytest.approx(beside.distance_m(at(112.45, 30.425)), rel=1e-3)
    plain = seconds(roads, NORTH_WEST, at(112.45, 30.425), CAR)
    assert seconds(roads, NORTH_WEST, beside, CAR) == pytest.approx(plain + spot.off_m / WALK_MS)


def test_far_from_every_road_nothing_is_known(roads: Roads) -> None:
    assert roads.spot(at(112.5, 30.5), CAR) is None
    assert roads.spot(at(-67.0, -30.0), CAR) is None
    assert roads.routes(at(112.5, 30.5), [WEST, EAST], CAR) == [None, None]
    assert roads.routes(WEST, [at(112.5, 30.5), WEST], CAR)[0] is None


def test_both_on_one_segment(roads: Roads) -> None:
    one, other = at(112.45, 30.422), at(112.45, 30.428)
    expected = one.distance_m(other) / (50 / KMH)
    assert seconds(roads, one, other, CAR) == pytest.approx(expected, rel=1e-3)
    assert seconds(roads, other, one, CAR) == pytest.approx(expected, rel=1e-3)
    assert seconds(roads, one, one, CAR) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize(
    ("tags", "car", "cycle", "foot"),
    [
        ({"highway": "primary"}, (60, 60), (45, 45), (4.5, 4.5)),
        ({"highway": "primary", "maxspeed": "40"}, (40, 40), (40, 40), (4.5, 4.5)),
        ({"highway": "primary", "maxspeed": "20 mph"}, (32.187, 32.187), (32.187, 32.187), None),
        ({"highway": "primary", "maxspeed": "walk"}, (60, 60), (45, 45), None),
        ({"highway": "residential", "oneway": "-1"}, (0, 25), (0, 30), (4.5, 4.5)),
        ({"highway": "tertiary", "junction": "roundabout"}, (40, 0), (40, 0), None),
        ({"highway": "motorway"}, (90, 0), (0, 0), (0, 0)),
        ({"highway": "motorway_link", "oneway": "no"}, (90, 90), (0, 0), (0, 0)),
        ({"highway": "service", "access": "private"}, None, None, None),
        ({"highway": "service", "access": "no", "foot": "yes"}, (0, 0), (0, 0), (4.5, 4.5)),
        ({"highway": "track", "motor_vehicle": "no", "motorcycle": "yes"}, (0, 0), (20, 20), None),
        ({"highway": "unclassified", "surface": "mud"}, (21, 21), (24.5, 24.5), (4.5, 4.5)),
        ({"highway": "construction"}, None, None, None),
        ({"highway": "pedestrian", "area": "yes"}, None, None, None),
        ({"highway": "primary", "route": "ferry"}, None, None, None),
    ],
)
def test_what_tags_say(
    tags: dict[str, str],
    car: tuple[float, float] | None,
    cycle: tuple[float, float] | None,
    foot: tuple[float, float] | None,
) -> None:
    way = way_of(tags)
    if car is None:
        assert way is None
        return
    assert way is not None
    for mode, expected in ((0, car), (1, cycle), (2, foot)):
        if expected is not None:
            assert (way.forward[mode], way.backward[mode]) == pytest.approx(expected, abs=0.01)


def test_barriers() -> None:
    assert passes({}) is None
    assert passes({"barrier": "gate"}) is None
    assert passes({"barrier": "gate", "locked": "yes"}) == (False, False, False, True)
    assert passes({"barrier": "gate", "access": "private"}) == (False,) * 4
    assert passes({"barrier": "bollard"}) == (False, True, True, True)
    assert passes({"barrier": "wall"}) == (False, False, False, True)


def test_a_pbf_of_the_same_map_is_the_same_map(tmp_path: Path) -> None:
    pbf = tmp_path / "crossing.osm.pbf"
    with osmium.SimpleWriter(str(pbf)) as writer:
        for element in osmium.FileProcessor(str(CROSSING)):
            writer.add(element)
    one, other = read(CROSSING), read(pbf)
    for name in one.__dataclass_fields__:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name))


def test_what_was_compiled_is_used_and_mended(tmp_path: Path) -> None:
    first = open_roads(CROSSING, 300, tmp_path / "roads")
    (compiled,) = (tmp_path / "roads").iterdir()
    again = open_roads(CROSSING, 300, tmp_path / "roads")
    assert seconds(again, WEST, EAST, CAR) == seconds(first, WEST, EAST, CAR)
    compiled.write_bytes(compiled.read_bytes()[:100])
    assert seconds(open_roads(CROSSING, 300, tmp_path / "roads"), WEST, EAST, CAR) < math.inf
    other = tmp_path / "other.osm"
    other.write_text(CROSSING.read_text().replace("30.4300", "30.4310"))
    open_roads(other, 300, tmp_path / "roads")
    assert len(list((tmp_path / "roads").iterdir())) == 1
    (tmp_path / "file").touch()
    assert open_roads(CROSSING, 300, tmp_path / "file").segments == first.segments


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.osm", "hello", "line 1"),
        ("a.osm", '<osm version="0.6">\n<node id="1" lat="30"\n', "line 2"),
        ("a.osm", '<osm version="0.6"></osm>', "no way with a `highway`"),
        ("a.osm", '<!DOCTYPE a [<!ENTITY x "y">]><osm version="0.6">&x;</osm>', "entities"),
        ("a.osm.pbf", "this is no protocol buffer", "PBF"),
        ("a.txt", "x", "format"),
        (
            "a.osm",
            (
                '<osm version="0.6"><node id="1" lat="95" lon="1"/><way id="7"><nd ref="1"/>'
                '<nd ref="2"/><tag k="highway" v="primary"/></way></osm>'
            ),
            "node 1",
        ),
        (
            "a.osm",
            (
                '<osm version="0.6"><way id="7"><nd ref="1"/><nd ref="2"/>'
                '<tag k="highway" v="primary"/></way></osm>'
            ),
            "between two nodes",
        ),
    ],
)
def test_a_bad_file_gives_one_clear_error(
    tmp_path: Path, name: str, content: str, complaint: str
) -> None:
    path = tmp_path / name
    path.write_text(content)
    with pytest.raises(RoadsError) as caught:
        open_roads(path, 300)
    assert str(path) in str(caught.value)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_named_with_its_field(tmp_path: Path) -> None:
    with pytest.raises(RoadsError, match=r"none\.osm: dispatch\.roads: cannot be read"):
        open_roads(tmp_path / "none.osm", 300, tmp_path)


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    travel=st.sampled_from([CAR, CYCLE, FOOT]),
    pairs=st.lists(st.tuples(st.integers(0, 59), st.integers(0, 59)), min_size=1, max_size=6),
)
def test_times_are_those_of_an_independent_search(
    tmp_path_factory: pytest.TempPathFactory,
    seed: int,
    travel: Travel,
    pairs: list[tuple[int, int]],
) -> None:
    network = hill_and_river(seed, HERE, columns=10, rows=6, bridges=2)
    path = tmp_path_factory.mktemp("net") / "net.osm"
    path.write_text(network.osm)
    roads = open_roads(path, 50)
    graph = networkx.MultiDiGraph()
    speeds = roads.map.profiles[roads.map.profile, :, MODES.index(travel)] / KMH
    for (a, b), length_m, (along, against) in zip(
        roads.map.ends.tolist(), roads.map.length_m.tolist(), speeds.tolist(), strict=True
    ):
        if along:
            graph.add_edge(a, b, s=length_m / along if length_m else BARRIER_S)
        if against:
            graph.add_edge(b, a, s=length_m / against if length_m else BARRIER_S)
    for one, other in pairs:
        start, goal = (at(*network.junctions[number]) for number in (one, other))
        ends = [
            int(np.abs(roads.map.lonlat - (p.lon, p.lat)).sum(axis=1).argmin())
            for p in (start, goal)
        ]
        try:
            expected = networkx.dijkstra_path_length(graph, *ends, weight="s")
        except (networkx.NetworkXNoPath, networkx.NodeNotFound):
            continue
        (route,) = roads.routes(goal, [start], travel)
        assert route is not None
        assert route.seconds == pytest.approx(expected, rel=1e-3, abs=0.5)
        assert route.metres >= 0.999 * start.distance_m(goal) - 1
        least = roads.times_from([start], travel)
        assert least[ends[1]] == pytest.approx(expected, rel=1e-3, abs=0.5)
