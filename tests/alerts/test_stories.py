"""Whole stories, from the first sighting to the end."""

from collections.abc import Callable

import pytest

from core.cases import OrderState, Severity
from core.clock import NS_PER_S
from core.messages import EVIDENCE_WANTED
from tests.alerts.stories import (
    DUMPED,
    LEFT,
    STAYED,
    stall_stays,
    truck_dumps,
    warned_and_leaves,
)
from tests.alerts.world import World

MakeWorld = Callable[..., World]


def test_an_angler_is_warned_and_leaves(world: World) -> None:
    warned_and_leaves(world)
    incident = world.incident
    assert world.states() == LEFT
    assert world.told[-1] == incident
    assert incident.severity is Severity.MINOR
    assert incident.catalogue_row == "fishing"
    assert [one.text for one in world.announcements] == ["river fishing 1"]
    assert world.orders == []
    assert incident.history[2].reason.zh == "第1次喊话后离开"
    assert incident.history[2].reason.en == "left after warning 1"
    assert incident.history[0].reason == incident.why
    assert not incident.active
    clip, after = world.wanted
    assert (clip.role, after.role) == ("clip", "after")
    assert incident.evidence == (f"ev-{clip.id}", f"ev-{after.id}")


def test_evidence_is_wanted_before_anything_else(world: World) -> None:
    sighting = world.see("s1")
    stream, wanted = world.sent[0]
    assert stream == EVIDENCE_WANTED
    assert wanted == world.wanted[0]
    assert wanted.moment_ns == sighting.fired_ns
    assert wanted.first_ns == sighting.fired_ns - 10 * NS_PER_S
    assert wanted.lock_first_ns == sighting.started_ns - 10 * NS_PER_S
    assert wanted.last_ns == sighting.fired_ns + 10 * NS_PER_S
    assert (wanted.box, wanted.zone, wanted.caption) == (sighting.box, "shore", sighting.why.text)


def test_a_truck_dumps_and_the_nearest_officer_goes(world: World) -> None:
    truck_dumps(world)
    assert world.states() == DUMPED
    assert world.incident.severity is Severity.SERIOUS
    assert world.announcements == []
    (order,) = world.orders
    assert order.officer == "near"
    assert order.distance_m == pytest.approx(200, rel=1e-3)
    assert order.eta_s == pytest.approx(20, rel=1e-3)
    assert world.order_state(order.id) is OrderState.HANDLED
    assert world.incident.history[-2].reason.zh == "依据队员反馈：已通知清运"


def test_a_stall_is_warned_twice_and_an_officer_is_sent(world: World) -> None:
    stall_stays(world)
    assert world.states() == STAYED
    assert [one.attempt for one in world.announcements] == [1, 2]
    assert len(world.orders) == 1
    assert world.incident.history[2].reason.zh == "喊话2次，15秒后仍在"
    assert world.incident.history[-2].reason.zh == "画面确认已消除"


@pytest.mark.parametrize(
    ("story", "states"),
    [(warned_and_leaves, LEFT), (truck_dumps, DUMPED), (stall_stays, STAYED)],
)
def test_every_message_twice_gives_the_same_end(
    world_of: MakeWorld, story: Callable[[World], None], states: list[str]
) -> None:
    world = world_of(twice=True)
    story(world)
    assert world.states() == states
    names = [one.id for one in [*world.announcements, *world.orders, *world.wanted]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("story", "states"),
    [(warned_and_leaves, LEFT), (truck_dumps, DUMPED), (stall_stays, STAYED)],
)
def test_a_restart_after_every_step_changes_nothing(
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    story: Callable[[World], None],
    states: list[str],
) -> None:
    deliver, once = world._deliver, {"wanted": 0}

    def deliver_and_restart(handler: object, message: object) -> None:
        deliver(getattr(world.desk, handler.__name__), message)
        before = len(world.sent)
        world.restart()
        # What was sent again was heard before: whoever gets it twice ignores it by its id.
        again = world.sent[before:]
        assert {getattr(m, "id", "") for _, m in again} <= {
            getattr(m, "id", "") for _, m in world.sent[:before]
        }
        del world.sent[before:]
        once["wanted"] += 1

    monkeypatch.setattr(world, "_deliver", deliver_and_restart)
    story(world)
    assert once["wanted"] >= 5
    assert world.states() == states


def test_four_stories_side_by_side_share_the_officers(world: World) -> None:
    truck_dumps(world)
    stall_stays(world)
    warned_and_leaves(world)
    assert {one.camera: one.state.value for one in world.incidents} == {
        "lane": "closed",
        "market": "closed",
        "river": "closed",
    }
    assert world.said("incident.detected") == 3
