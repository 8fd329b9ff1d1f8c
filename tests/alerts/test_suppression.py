"""The same false alarm in the same place: held back, counted, shown, undone; nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts import suppression
from core.cases import Suppression
from core.geometry import Box
from core.messages import Action
from core.seeing import Kind, Phase, Sighting, Why
from core.suppressions import lift
from core.value import Text
from tests.alerts.world import START_NS, World

MakeWorld = Callable[..., World]
DAY_S = 86_400
BUOY = Box(0.4, 0.4, 0.1, 0.2)


def rules(world: World) -> list[Suppression]:
    with world.store.read() as unit:
        return unit.suppressions.find()


def audit(world: World, action: str) -> list[str]:
    with world.store.read() as unit:
        return [entry.object for entry in unit.audit.entries() if entry.action == action]


def dismissed(world: World, reason: str = "误报", **seen: Any) -> None:
    """A false alarm is seen, ends and is dismissed; an hour passes."""
    world.see("first", **seen)
    assert world.command(Action.DISMISS, reason=reason) is None
    world.see("first", Phase.ENDED, **seen)
    world.clock.advance(3600)


def test_the_same_false_alarm_opens_no_incident_and_is_counted(world: World) -> None:
    dismissed(world)
    (rule,) = rules(world)
    assert (rule.camera, rule.zone, rule.kind) == ("river", "shore", Kind.FISHING)
    assert rule.made_by == "zhou"
    assert audit(world, "suppression.made") == [rule.id]
    for number in range(3):
        world.see(f"again{number}")
        world.see(f"again{number}", Phase.CONTINUES)
        world.clock.advance(600)
    assert len(world.incidents) == 1
    (rule,) = rules(world)
    assert rule.hits == 3
    assert len(audit(world, "suppression.hit")) == 1  # one a day, with the count
    world.clock.advance(DAY_S)
    world.see("tomorrow")
    assert len(audit(world, "suppression.hit")) == 2
    with world.store.read() as unit:
        assert unit.sightings.get("again0") is not None  # nothing vanishes


def test_it_can_be_undone_while_the_act_goes_on(world: World) -> None:
    dismissed(world)
    world.see("again")
    assert len(world.incidents) == 1
    (rule,) = rules(world)
    with world.store.begin() as unit:
        assert lift(unit, rule.id, "li", "people fish there now") == rule
        assert lift(unit, rule.id, "li", "once more") is None
        assert not unit.suppressions.change(rule)  # counting it then does not bring it back
    assert rules(world) == []
    assert audit(world, "suppression.removed") == [rule.id]
    world.clock.advance(5)
    world.see("again", Phase.CONTINUES)
    assert len(world.incidents) == 2


def test_it_ends_by_itself_and_is_renewed_by_the_next_dismissal(world: World) -> None:
    dismissed(world)
    (before,) = rules(world)
    world.clock.advance(14 * DAY_S)
    world.see("later")
    assert len(world.incidents) == 2
    later = world.incidents[0]
    assert world.command(Action.DISMISS, reason="误报：浮标", incident=later.id) is None
    (after,) = rules(world)
    assert after.id == before.id
    assert after.expires_ns > before.expires_ns
    assert audit(world, "suppression.renewed") == [before.id]


@pytest.mark.parametrize("reason", ["情形合法", "工作人员", "重复事件", "没有误报"])
def test_other_reasons_make_no_rule(world: World, reason: str) -> None:
    dismissed(world, reason)
    assert rules(world) == []
    world.see("again")
    assert len(world.incidents) == 2


@pytest.mark.parametrize("reason", ["False alarm", " false alarm, a buoy", "误报（浮标）"])
def test_both_languages_say_it(world: World, reason: str) -> None:
    dismissed(world, reason)
    assert len(rules(world)) == 1


def test_nothing_serious_is_held_back(world: World) -> None:
    dismissed(world)
    world.see("netting", cues=("net",))
    assert len(world.incidents) == 2


def test_what_becomes_serious_is_no_longer_held_back(world: World) -> None:
    dismissed(world)
    world.see("angler")
    assert len(world.incidents) == 1
    world.clock.advance(5)
    world.see("angler", Phase.CONTINUES, cues=("net",))
    assert len(world.incidents) == 2


def test_a_serious_incident_makes_no_rule(world: World) -> None:
    dismissed(world, cues=("net",))
    assert rules(world) == []


def test_it_can_be_switched_off(world_of: MakeWorld) -> None:
    world = world_of(teaching={"hold_back_days": 0})
    dismissed(world)
    assert rules(world) == []


def test_messages_that_come_twice_count_once(world_of: MakeWorld) -> None:
    world = world_of(twice=True)
    dismissed(world)
    world.see("again")
    world.restart()
    world.see("again", Phase.CONTINUES)
    assert [rule.hits for rule in rules(world)] == [1]


# ---- what differs is never held back ---------------------------------------------------------

RULE = Suppression(
    id="sup-1", camera="river", zone="shore", kind=Kind.FISHING, box=BUOY, labels=("person",),
    cues=("night",), incident="inc-1", made_ns=START_NS, made_by="zhou",
    expires_ns=START_NS + 1000,
)  # fmt: skip
part = st.floats(0, 1, allow_nan=False)
boxes = st.tuples(part, part, part, part).map(
    lambda b: Box(b[0] * 0.9, b[1] * 0.9, 0.01 + b[2] * 0.3, 0.01 + b[3] * 0.3)
)
sightings = st.builds(
    Sighting,
    id=st.just("s"),
    camera=st.sampled_from(["river", "lane"]),
    zone=st.sampled_from(["shore", "bridge"]),
    kind=st.sampled_from(list(Kind)),
    phase=st.sampled_from(list(Phase)),
    started_ns=st.just(START_NS),
    fired_ns=st.just(START_NS),
    last_ns=st.sampled_from([START_NS, START_NS + 999, START_NS + 1000]),
    box=st.one_of(st.just(BUOY), boxes),
    labels=st.sampled_from([(), ("person",), ("boat",), ("person", "boat"), ("person", "person")]),
    cues=st.sampled_from([(), ("night",), ("rod",), ("night", "group")]),
    why=st.just(Why(text=Text.same("."))),
)


@given(sightings)
def test_only_what_is_the_same_in_everything_matches(sighting: Sighting) -> None:
    same = (
        sighting.camera == "river"
        and sighting.zone == "shore"
        and sighting.kind is Kind.FISHING
        and sighting.last_ns < START_NS + 1000
        and set(sighting.labels) == {"person"}
        and "rod" not in sighting.cues
        and "group" not in sighting.cues
        and BUOY.iou(sighting.box) >= suppression.MIN_IOU
    )
    assert suppression.matches(RULE, sighting) == same


@given(st.floats(-0.4, 0.4), st.floats(-0.4, 0.4), st.floats(0.2, 5))
def test_another_place_or_size_never_matches(dx: float, dy: float, scale: float) -> None:
    moved = Box(BUOY.x + dx, BUOY.y + dy, BUOY.w * scale, BUOY.h * scale)
    far = abs(moved.centre[0] - BUOY.centre[0]) > 0.25 * max(BUOY.w, moved.w)
    sighting = Sighting(
        id="s", camera="river", zone="shore", kind=Kind.FISHING, phase=Phase.FIRED,
        started_ns=START_NS, fired_ns=START_NS, last_ns=START_NS, box=moved, labels=("person",),
        why=Why(text=Text.same(".")),
    )  # fmt: skip
    if far or not 0.77 <= scale <= 1.3:
        assert not suppression.matches(RULE, sighting)
