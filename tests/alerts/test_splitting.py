"""Taking sightings out of an incident that they were wrongly merged into."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.cases import Incident, Severity
from core.clock import NS_PER_S
from core.geometry import GeoPoint
from core.messages import Action, Command
from core.seeing import Kind, Phase, Sighting
from core.store.unit import Unit
from core.tips import Tip, TipAction, TipDecision, TipKind, TipState, TipStep
from tests.alerts.test_places import a_world, at, seen
from tests.alerts.world import HERE, START_NS, World

QUICK = settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BY = {"s1": "left", "s2": "right", "s3": "drone"}


@pytest.fixture
def bank() -> Iterator[World]:
    with a_world() as world:
        yield world


def merged(world: World) -> Incident:
    """One incident of three sightings, 5 m apart; the second brings a net."""
    world.desk.on_sighting(seen("s1", "left", at(0), 8))
    world.desk.on_sighting(seen("s2", "right", at(5), 3, since_s=2, cues=("net",)))
    world.desk.on_sighting(seen("s3", "drone", at(2), 5, since_s=3))
    return world.incident


def later(name: str, since_s: float, phase: Phase = Phase.CONTINUES, east_m: float = 5) -> Sighting:
    return seen(name, BY[name], at(east_m), 3, since_s=since_s, phase=phase)


def both(world: World, first: str) -> tuple[Incident, Incident]:
    """The incident that was split, and the one taken out of it."""
    found = {one.id: one for one in world.incidents}
    rest = found.pop(first)
    (opened,) = found.values()
    return rest, opened


def homes(unit: Unit, *names: str) -> list[str]:
    found = (unit.homes.get(name) for name in names)
    return [one.incident for one in found if one is not None]


def test_a_sighting_becomes_an_incident_of_its_own(bank: World) -> None:
    first = merged(bank)
    assert first.severity is Severity.SERIOUS
    assert bank.command(Action.SPLIT, "另一伙人", sightings=("s2",)) is None
    rest, opened = both(bank, first.id)
    assert (rest.sightings, opened.sightings) == (("s1", "s3"), ("s2",))
    assert (rest.split, opened.split_from) == ((opened.id,), rest.id)
    assert (opened.camera, opened.zone, opened.place) == ("right", "shore", at(5))
    # The net went with the sighting; severity does not fall by itself.
    assert (rest.cues, rest.severity) == ((), Severity.SERIOUS)
    assert (rest.place, rest.place_error_m) == (at(2), 5)
    assert (opened.cues, opened.severity) == (("net",), Severity.SERIOUS)
    assert bank.states(opened) == ["detected", "dispatched"]
    assert rest.orders == first.orders
    assert (bank.wanted[-1].incident, bank.wanted[-1].camera) == (opened.id, "right")
    with bank.store.read() as unit:
        assert homes(unit, "s1", "s2", "s3") == [rest.id, opened.id, rest.id]
        unit.audit.verify()
        (entry,) = [one for one in unit.audit.entries() if one.action == "incident.split"]
    assert (entry.object, entry.actor, entry.reason) == (rest.id, "zhou", "另一伙人")
    assert (entry.detail["into"], entry.detail["sightings"]) == (opened.id, ["s2"])
    # What is heard of each belongs to its own, though both lie on the same ground.
    bank.desk.on_sighting(later("s2", 20, east_m=2))
    bank.desk.on_sighting(later("s1", 25))
    after, other = both(bank, first.id)
    assert other.last_seen_ns == START_NS + 20 * NS_PER_S
    assert after.last_seen_ns == START_NS + 25 * NS_PER_S
    assert (after.sightings, other.sightings) == (("s1", "s3"), ("s2",))
    # The clip of a later sighting is none that was asked for before.
    bank.desk.on_sighting(seen("s4", "mute", at(2), 3, since_s=26))
    ids = [one.id for one in bank.wanted]
    assert len(set(ids)) == len(ids)


def test_the_first_sighting_goes_and_the_rest_is_told_by_what_is_left(bank: World) -> None:
    first = merged(bank)
    assert bank.command(Action.SPLIT, "误并", sightings=("s1",)) is None
    rest, opened = both(bank, first.id)
    assert (rest.camera, opened.camera) == ("right", "left")
    assert rest.started_ns == START_NS - 10 * NS_PER_S
    assert rest.cues == ("net",)
    assert opened.severity is Severity.MINOR
    bank.speak()
    bank.pass_s(12)  # the loudspeaker rests after the first one's warning
    assert bank.states(both(bank, first.id)[1]) == ["detected", "warning"]


def test_what_only_one_sighting_kept_going_ends_with_it(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0), 8))
    bank.desk.on_sighting(seen("s2", "right", at(5), 3, since_s=1))
    bank.desk.on_sighting(later("s1", 5, Phase.ENDED, 0))
    first = bank.incident
    assert first.active
    bank.command(Action.SPLIT, "另一人", sightings=("s2",))
    rest, opened = both(bank, first.id)
    assert not rest.active
    assert rest.state == "complied"
    assert opened.active
    bank.desk.on_sighting(later("s2", 30, Phase.ENDED))
    assert both(bank, first.id)[1].state == "complied"


def test_what_was_over_when_it_was_taken_out_claims_nothing_of_warnings(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0), 8))
    bank.desk.on_sighting(seen("s2", "right", at(5), 3, since_s=1))
    bank.desk.on_sighting(later("s2", 5, Phase.ENDED))
    first = bank.incident
    bank.clock.advance(600)
    bank.command(Action.SPLIT, "另一人", sightings=("s2",))
    rest, opened = both(bank, first.id)
    assert rest.active
    assert bank.states(opened) == ["detected", "complied"]
    assert first.id in opened.history[-1].reason.zh
    # The evidence of afterwards has its time to come.
    bank.pass_s(5)
    assert both(bank, first.id)[1].state == "complied"
    after = [one for one in bank.wanted if one.incident == opened.id and one.role == "after"]
    bank.seal(after[-1])
    assert both(bank, first.id)[1].state == "closed"


def test_without_a_place_left_the_cameras_counts_and_the_officer_goes_there(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "mute", None))
    bank.desk.on_sighting(seen("s2", "mute", at(200), 3, since_s=1))
    first = bank.incident
    (order,) = bank.orders
    with bank.store.read() as unit:
        sent = unit.orders.get(order.id)
    assert sent is not None
    assert (sent.place, [round(one.moved_m) for one in sent.corrections]) == (at(200), [200])
    bank.command(Action.SPLIT, "误并", sightings=("s2",))
    rest, opened = both(bank, first.id)
    assert (rest.place, rest.place_error_m) == (HERE, None)
    assert opened.place == at(200)
    with bank.store.read() as unit:
        sent = unit.orders.get(order.id)
    assert sent is not None
    assert (sent.place, len(sent.corrections)) == (HERE, 2)


def test_not_everything_can_be_taken_out(bank: World) -> None:
    first = merged(bank)
    for chosen in ((), ("s1", "s2", "s3"), ("s9",), ("s1", "s9")):
        assert bank.command(Action.SPLIT, "误并", sightings=chosen) is not None
    refused = bank.command(Action.SPLIT, sightings=("s2",))
    assert refused is not None
    assert "reason" in refused.en
    bank.command(Action.DISMISS, "另有许可")
    assert bank.command(Action.SPLIT, "误并", sightings=("s2",)) is not None
    assert bank.incident.sightings == first.sightings


def test_what_a_person_joined_is_taken_out_by_reopening(bank: World) -> None:
    bank.desk.on_sighting(seen("s1", "left", at(0), 8))
    bank.desk.on_sighting(seen("s2", "right", at(90), 3))
    bank.desk.on_sighting(seen("s3", "drone", at(2), 5, since_s=3))
    names = {one.sightings[0]: one.id for one in bank.incidents}
    bank.command(Action.JOIN, incident=names["s2"], into=names["s1"])
    for chosen in (("s2",), ("s1", "s3")):
        refused = bank.command(Action.SPLIT, "误并", incident=names["s1"], sightings=chosen)
        assert refused is not None
        assert names["s2"] in refused.en
    last = ("s3",)
    assert bank.command(Action.SPLIT, "误并", incident=names["s1"], sightings=last) is None


def test_a_tip_goes_with_its_sighting(bank: World) -> None:
    received = TipStep(state=TipState.RECEIVED, at_ns=START_NS, actor="public")
    told = Tip(
        id="tip-1", code_hash="-", kind=TipKind.FISHING, place=at(0), accuracy_m=10, placed="pin",
        happened_ns=START_NS, submitted_ns=START_NS, language="zh", photos_expected=0,
        history=(received,),
    )  # fmt: skip
    with bank.store.begin() as unit:
        unit.tips.put(told)
    bank.desk.on_tip_decision(
        TipDecision(
            id="d1", tip="tip-1", action=TipAction.OPEN, user="zhou", at_ns=START_NS,
            seen=told.version, kind=Kind.FISHING, ongoing=True,
        )
    )  # fmt: skip
    bank.desk.on_sighting(seen("s1", "left", at(3), 3, since_s=2))
    first = bank.incident
    assert first.sightings == ("told-tip-1", "s1")
    assert first.camera == "left"
    assert bank.command(Action.SPLIT, "不是一处", sightings=("told-tip-1",)) is None
    rest, opened = both(bank, first.id)
    assert (rest.tips, opened.tips) == ((), ("tip-1",))
    with bank.store.read() as unit:
        tip = unit.tips.get("tip-1")
    assert tip is not None
    assert (tip.incident, tip.state) == (opened.id, TipState.ACCEPTED)
    bank.command(Action.DISMISS, "未见违法", incident=opened.id)
    with bank.store.read() as unit:
        tip = unit.tips.get("tip-1")
    assert tip is not None
    assert tip.state is TipState.HANDLED


Step = Callable[[World], object]


def split_of(world: World, first: str) -> Step:
    command = Command(
        id="cmd-split", incident=first, action=Action.SPLIT, user="zhou",
        at_ns=world.clock.utc_ns(), reason="误并", sightings=("s2",),
    )  # fmt: skip
    return lambda world: world.desk.on_command(command)


@QUICK
@given(data=st.data())
def test_splitting_between_messages_ends_the_same(data: st.DataObject) -> None:
    """Twice, with restarts, before, between and after what is heard of both: the end is one."""
    with a_world() as world:
        first = merged(world)
        split = split_of(world, first.id)
        heard: list[Any] = [
            *(later("s1", since_s, east_m=0) for since_s in (8, 16)),
            *(later("s2", since_s) for since_s in (9, 17)),
            later("s2", 30, Phase.ENDED), later("s3", 10, Phase.ENDED),
        ]  # fmt: skip
        steps: list[Step] = [lambda w, one=one: w.desk.on_sighting(one) for one in heard]
        steps.insert(data.draw(st.integers(0, len(heard))), split)
        for n, step in enumerate(steps, 1):
            step(world)
            for again in data.draw(st.lists(st.sampled_from(steps[:n]), max_size=1)):
                again(world)
            if data.draw(st.booleans()):
                world.restart()
        rest, opened = both(world, first.id)
        assert (rest.sightings, rest.active) == (("s1", "s3"), True)
        assert (opened.sightings, opened.active) == (("s2",), False)
        assert rest.last_seen_ns == START_NS + 16 * NS_PER_S
        assert opened.last_seen_ns == START_NS + 30 * NS_PER_S
        assert world.said("incident.split") == 1


def test_an_order_follows_the_place_once_it_is_really_elsewhere(bank: World) -> None:
    """Two small steps are a large one: measured from where the officer was told to go."""
    bank.desk.on_sighting(seen("s1", "mute", at(0), 3))
    (order,) = bank.orders
    told: list[tuple[GeoPoint, list[int]]] = []
    for n, east_m in enumerate((20, 29, 40, 45), 1):
        moved = seen("s1", "mute", at(east_m), 3 / n, since_s=4 * n, phase=Phase.CONTINUES)
        bank.desk.on_sighting(moved)
        bank.desk.on_sighting(moved)
        with bank.store.read() as unit:
            known = unit.orders.get(order.id)
        assert known is not None
        told.append((known.place, [round(one.moved_m) for one in known.corrections]))
    assert told == [(at(0), [])] * 2 + [(at(40), [40])] * 2
    assert bank.said("order.place") == 1
