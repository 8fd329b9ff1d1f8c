"""Which sightings of several cameras, of drones and of the public are one act."""

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from alerts import ground
from core.cases import OrderState, Severity
from core.clock import NS_PER_S, ManualClock
from core.config.places import Places
from core.geometry import Box, GeoPoint
from core.messages import Action
from core.places import allowance_m, cell_of, cells_around
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import open_store
from core.value import Text
from tests.alerts.world import HERE, ROWS, START_NS, World, camera, make_site, sqlite, zone

MakeWorld = Callable[..., World]
WGS84 = Geod(ellps="WGS84")
PLACES = Places()
QUICK = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(east_m: float, north_m: float = 0) -> GeoPoint:
    lon, lat, _ = WGS84.fwd(HERE.lon, HERE.lat, 90, east_m)
    lon, lat, _ = WGS84.fwd(lon, lat, 0, north_m)
    return GeoPoint(lon=lon, lat=lat)


def river(**changes: Any) -> Any:
    """Two cameras with loudspeakers, one without, and a drone; none of their zones overlap."""
    return make_site(
        cameras=[
            camera("left", zone("shore", Kind.FISHING)),
            camera("right", zone("shore", Kind.FISHING)),
            camera("mute", zone("shore", Kind.FISHING), speaker=False),
            {**camera("drone", zone("below", Kind.FISHING), speaker=False), "flight": {}},
        ],
        **changes,
    )


def seen(
    name: str,
    by: str,
    place: GeoPoint | None,
    error_m: float | None = 4,
    *,
    since_s: float = 0,
    phase: Phase = Phase.FIRED,
    cues: tuple[str, ...] = (),
) -> Sighting:
    """Something that began 12 s before ``since_s``; ``by`` is a camera, or tip."""
    moment_ns = START_NS + round(since_s * NS_PER_S)
    source = {"drone": "drone", "tip": "tip"}.get(by, "camera")
    return Sighting(
        id=name,
        camera="" if by == "tip" else by,
        zone={"drone": "below", "tip": ""}.get(by, "shore"),
        kind=Kind.FISHING,
        phase=phase,
        started_ns=moment_ns - 12 * NS_PER_S,
        fired_ns=moment_ns,
        last_ns=moment_ns,
        ended_ns=moment_ns if phase is Phase.ENDED else None,
        box=Box(0.4, 0.4, 0.1, 0.2),
        cues=cues,
        why=Why(text=Text(zh="久留", en="stayed")),
        source=source,  # type: ignore[arg-type]  # one of the three words above
        place=place,
        place_error_m=None if place is None else error_m,
    )


@contextmanager
def a_world(site: Any = None) -> Iterator[World]:
    clock = ManualClock(START_NS)
    with tempfile.TemporaryDirectory(prefix="ww-places-") as folder:
        store = open_store(sqlite(Path(folder)), clock)
        try:
            yield World(store, clock, site or river())
        finally:
            store.close()


@pytest.fixture
def bank() -> Iterator[World]:
    with a_world() as world:
        yield world


def test_camera_and_drone_see_one_act_and_the_better_place_counts(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0), 8))
    assert bank.incident.place == at(0)
    bank.desk.on_sighting(seen("s2", "drone", at(9), 3, since_s=5, cues=("net",)))
    only = bank.incident
    assert only.sightings == ("s1", "s2")
    assert (only.camera, only.zone) == ("left", "shore")
    assert (only.place, only.place_error_m) == (at(9), 3)
    assert only.severity is Severity.SERIOUS
    assert [one.camera for one in bank.wanted] == ["left", "drone"]
    assert bank.orders[-1].place == at(9)
    # The drone's telemetry stops: what it saw stays where it was.
    bank.desk.on_sighting(seen("s2", "drone", None, since_s=9, phase=Phase.CONTINUES))
    assert bank.incident.place == at(9)


def test_two_anglers_sixty_metres_apart_stay_two(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0), 5))
    bank.desk.on_sighting(seen("s2", "right", at(60), 5))
    assert len(bank.incidents) == 2


def test_what_is_known_too_badly_merges_nothing(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0), 5))
    bank.desk.on_sighting(seen("s2", "right", at(1), PLACES.merge_error_m + 1))
    bank.desk.on_sighting(seen("t1", "tip", at(1), 200))
    bank.desk.on_sighting(seen("t2", "tip", None))
    bank.desk.on_sighting(seen("t3", "tip", None))
    assert len(bank.incidents) == 5
    assert len([one for one in bank.wanted if not one.camera]) == 0


@pytest.mark.parametrize("error_m", [2.0, PLACES.merge_error_m])
@pytest.mark.parametrize("by", ["drone", "tip"])
def test_thirty_anglers_forty_metres_apart_stay_thirty(error_m: float, by: str) -> None:
    """A drone flies along the bank, or people tell of one after another: nothing creeps."""
    with a_world() as world:
        for n in range(30):
            place = at(40 * n)
            world.desk.on_sighting(seen(f"s{n}", by, place, error_m, since_s=n))
        assert len(world.incidents) == 30


def test_a_drone_that_flies_on_is_not_one_zone(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "drone", at(0)))
    bank.desk.on_sighting(seen("s2", "drone", at(300), since_s=20))
    bank.desk.on_sighting(seen("s3", "drone", at(303), since_s=30))  # lost and found again
    assert sorted(len(one.sightings) for one in bank.incidents) == [1, 2]


def test_a_camera_that_joins_a_tip_may_speak(bank: World) -> None:
    bank.desk.on_sighting(seen("t1", "tip", at(0), 15))
    bank.pass_s(3)
    assert bank.announcements == []  # no zone: a person decides
    assert bank.wanted == []
    bank.desk.on_sighting(seen("s1", "left", at(6), since_s=3))
    assert (bank.incident.camera, bank.incident.zone) == ("left", "shore")
    assert [one.camera for one in bank.wanted] == ["left"]
    bank.pass_s(2)
    assert bank.states() == ["detected", "warning"]
    assert bank.announcements[-1].camera == "left"
    # A second camera changes nothing of that.
    bank.desk.on_sighting(seen("s2", "right", at(5), 1, since_s=6))
    assert bank.incident.camera == "left"


def test_a_camera_that_joins_a_drone_takes_over(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "drone", at(0)))
    assert bank.states() == ["detected", "dispatched"]  # the drone cannot speak
    bank.desk.on_sighting(seen("s2", "left", at(4), since_s=2))
    assert bank.incident.camera == "left"
    assert bank.states()[-1] == "dispatched"


def test_an_officer_is_sent_on_when_the_place_becomes_known(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "mute", None))
    (order,) = bank.orders
    assert order.place == HERE
    bank.desk.on_sighting(seen("s1", "mute", at(120), since_s=4, phase=Phase.CONTINUES))
    with bank.store.read() as unit:
        known = unit.orders.get(order.id)
    assert known is not None
    assert known.place == at(120)
    assert bank.said("incident.place") == 1


def test_a_running_sighting_comes_home_wherever_it_walks(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0)))
    bank.desk.on_sighting(seen("s2", "right", at(3)))
    walked = seen("s2", "right", at(500), since_s=90, phase=Phase.CONTINUES)
    bank.desk.on_sighting(walked)
    bank.desk.on_sighting(walked)
    assert bank.incident.sightings == ("s1", "s2")


BY = st.sampled_from(["left", "right", "mute", "drone", "tip"])
SPOT = st.tuples(BY, st.integers(0, 40), st.integers(0, 30), st.floats(1, 30))


@QUICK
@given(one=SPOT, other=SPOT, again=st.booleans(), restart=st.booleans())
def test_two_are_one_in_any_order_twice_and_over_restarts(
    one: tuple[str, int, int, float],
    other: tuple[str, int, int, float],
    again: bool,
    restart: bool,
) -> None:
    sightings = [
        seen(f"s{n}", by, at(east, north), error_m)
        for n, (by, east, north, error_m) in enumerate((one, other))
    ]
    outcomes = set()
    for turn in (sightings, sightings[::-1]):
        with a_world() as world:
            for sighting in [*turn, *turn] if again else turn:
                world.desk.on_sighting(sighting)
                if restart:
                    world.restart()
            found = [(tuple(sorted(i.sightings)), i.place_error_m) for i in world.incidents]
            outcomes.add(tuple(sorted(found)))
    assert len(outcomes) == 1


@given(
    spots=st.lists(st.tuples(st.floats(0, 200), st.floats(0, 20)), min_size=2, max_size=5),
    merge_m=st.floats(0, 50),
)
def test_agreement_is_mutual_and_of_all(spots: list[tuple[float, float]], merge_m: float) -> None:
    places = Places(merge_m=merge_m)
    all_of = [seen(str(n), "tip", at(east), error) for n, (east, error) in enumerate(spots)]
    for a, b in itertools.permutations(all_of, 2):
        assert ground.one_place(places, a, [b]) == ground.one_place(places, b, [a])
    first, *others = all_of
    pairs = all(ground.one_place(places, first, [one]) for one in others)
    assert ground.one_place(places, first, others) == pairs


@given(
    lon=st.floats(-179, 179), lat=st.floats(-70, 70), azimuth=st.floats(0, 360),
    far=st.floats(0, 1), radius_m=st.floats(1, 700),
)  # fmt: skip
def test_squares_hold_all_that_is_near(
    lon: float, lat: float, azimuth: float, far: float, radius_m: float
) -> None:
    there = WGS84.fwd(lon, lat, azimuth, far * radius_m)[:2]
    place = GeoPoint(lon=there[0], lat=there[1])
    if abs(place.lon - lon) < 1:  # the grid ends at the date line
        assert cell_of(place) in cells_around(GeoPoint(lon=lon, lat=lat), radius_m)
    assert allowance_m(3, 4, radius_m) == pytest.approx(radius_m + 5)


def two(world: World) -> tuple[str, str]:
    """Two incidents 60 m apart; the one that goes on, and the one that ends."""
    world.desk.on_sighting(seen("s1", "left", at(0), 8))
    world.desk.on_sighting(seen("s2", "right", at(60), 3, cues=("net",)))
    by_camera = {one.camera: one.id for one in world.incidents}
    return by_camera["left"], by_camera["right"]


def get(world: World, name: str) -> Any:
    with world.store.read() as unit:
        return unit.incidents.get(name)


def test_a_person_joins_what_is_one_act_and_takes_it_apart_again(bank: World) -> None:
    stays, ends = two(bank)
    # An officer is on the way to one and nobody to the other: the other way round, please.
    refused = bank.command(Action.JOIN, incident=ends, into=stays)
    assert refused is not None
    assert "officer" in refused.en
    bank.command(Action.DISPATCH, incident=stays)
    assert bank.command(Action.JOIN, "同一条船", incident=ends, into=stays) is None
    after, other = get(bank, stays), get(bank, ends)
    assert other.state == "closed"
    assert stays in other.history[-1].reason.zh
    assert other.same_as == stays
    assert after.joined == (ends,)
    assert after.sightings == ("s1", "s2")
    assert after.severity is Severity.SERIOUS
    assert after.place == at(60)
    assert [one.state for one in bank.of("orders") if one.incident == ends][-1] == "cancelled"
    # What is heard of it later belongs to the one that goes on, from the same zone too.
    bank.desk.on_sighting(seen("s2", "right", at(61), 3, since_s=8, phase=Phase.CONTINUES))
    assert get(bank, stays).last_seen_ns == START_NS + 8 * NS_PER_S
    assert get(bank, ends).last_seen_ns == START_NS
    assert bank.command(Action.JOIN, incident=ends, into=stays) is not None
    assert bank.command(Action.REOPEN, "不是同一人", incident=ends) is None
    assert get(bank, stays).sightings == ("s1",)
    assert get(bank, stays).joined == ()
    bank.desk.on_sighting(seen("s2", "right", at(62), 3, since_s=16, phase=Phase.CONTINUES))
    assert get(bank, ends).last_seen_ns == START_NS + 16 * NS_PER_S
    assert get(bank, stays).place == at(0)


def test_what_was_joined_twice_over_comes_out_of_both(bank: World) -> None:
    for n, by in enumerate(("left", "right", "tip")):
        bank.desk.on_sighting(seen(f"s{n}", by, at(100 * n)))
    names = {one.sightings[0]: one.id for one in bank.incidents}
    assert bank.command(Action.JOIN, incident=names["s0"], into=names["s1"]) is None
    assert bank.command(Action.JOIN, incident=names["s1"], into=names["s2"]) is None
    last = get(bank, names["s2"])
    assert last.sightings == ("s2", "s1", "s0")
    assert last.camera  # a tip had no zone and no loudspeaker; now it has
    assert bank.command(Action.REOPEN, "另一起", incident=names["s0"]) is None
    assert get(bank, names["s1"]).sightings == ("s1",)
    assert get(bank, names["s2"]).sightings == ("s2", "s1")


def test_not_everything_can_be_joined(bank: World) -> None:
    stays, ends = two(bank)
    for into in ("", "inc-nowhere", stays):
        assert bank.command(Action.JOIN, incident=stays, into=into) is not None
    bank.command(Action.DISMISS, "另有许可", incident=ends)
    assert bank.command(Action.JOIN, incident=stays, into=ends) is not None
    assert get(bank, stays).same_as is None


@QUICK
@given(data=st.data())
def test_joining_between_messages_ends_the_same(data: st.DataObject) -> None:
    """Messages twice and restarts around the command: one incident with everything goes on."""
    with a_world() as world:
        stays, ends = two(world)
        world.command(Action.DISPATCH, incident=stays)
        world.twice = True
        later = [
            seen("s1", "left", at(0), 8, since_s=10, phase=Phase.CONTINUES),
            seen("s2", "right", at(60), 3, since_s=10, phase=Phase.CONTINUES),
        ]
        steps: list[Callable[[], object]] = [
            lambda: world.command(Action.JOIN, incident=ends, into=stays),
            *(lambda one=one: world._deliver(world.desk.on_sighting, one) for one in later),
        ]
        for step in data.draw(st.permutations(steps)):
            step()
            if data.draw(st.booleans()):
                world.restart()
        after = get(world, stays)
        assert set(after.sightings) == {"s1", "s2"}
        assert after.last_seen_ns == START_NS + 10 * NS_PER_S
        assert get(world, ends).state == "closed"
        for name in ("s1", "s2"):
            end = seen(name, {"s1": "left", "s2": "right"}[name], None, phase=Phase.ENDED)
            world.desk.on_sighting(end.model_copy(update={"last_ns": after.last_seen_ns}))
        assert not get(world, stays).active
        assert world.said("incident.joined") == 1


def on_days(world: World, days: list[int], **where: Any) -> None:
    for n, day in enumerate(days):
        sighting = seen(f"d{n}", where.get("by", "left"), where.get("place"), since_s=day * 86_400)
        world.desk.on_sighting(sighting)
        world.desk.on_sighting(
            sighting.model_copy(update={"phase": Phase.ENDED, "ended_ns": sighting.last_ns})
        )


def repeating() -> Any:
    rows = [one for one in ROWS if one["kind"] == "fishing"]
    again = {**rows[0], "id": "again", "severity": "serious", "when": ["repeat"], "priority": 5}
    return river(catalogue={"rows": [*rows, again]})


def test_the_third_time_in_fourteen_days_is_a_cue() -> None:
    with a_world(repeating()) as world:
        on_days(world, [0, 5, 9])
        third, second, first = world.incidents
        assert first.repeat is None
        assert second.repeat is None
        assert third.repeat is not None
        assert third.repeat.times == 3
        assert third.repeat.earlier == (second.id, first.id)
        assert third.cues == ("repeat",)
        assert third.severity is Severity.SERIOUS
        assert third.catalogue_row == "again"
        assert world.order_state(third.orders[0]) is OrderState.OFFERED


def test_long_ago_elsewhere_and_dismissed_do_not_count() -> None:
    with a_world(repeating()) as world:
        on_days(world, [0, 16, 20])
        assert all(one.repeat is None for one in world.incidents)
        world.command(Action.DISMISS, "演习", incident=world.incidents[0].id)
        world.desk.on_sighting(seen("x", "left", None, since_s=21 * 86_400))
        world.desk.on_sighting(seen("y", "right", None, since_s=21 * 86_400))
        assert all(one.repeat is None for one in world.incidents)


def test_a_drone_repeats_by_place_and_not_by_zone() -> None:
    with a_world(repeating()) as world:
        on_days(world, [0, 1, 2], by="drone", place=at(0))
        world.desk.on_sighting(seen("x", "drone", at(400), since_s=3 * 86_400))
        world.desk.on_sighting(seen("y", "tip", at(20), since_s=3 * 86_400))
        found = {one.sightings[0]: one.repeat for one in world.incidents}
        assert [found[name] is not None for name in ("d0", "d1", "d2", "x", "y")] == [
            False, False, True, False, True,
        ]  # fmt: skip
