"""What came of warnings, from the record alone."""

import pytest

from core.cases import Announcement, Incident, IncidentState, Receipt, StateChange
from core.clock import NS_PER_S
from core.compliance import compliance
from core.geometry import Box
from core.seeing import Kind, Phase, Sighting, Why
from core.value import Text
from tests.console import fake_township
from tests.console.conftest import Desk

S = IncidentState


def test_the_figures_of_a_day_are_told(desk: Desk) -> None:
    page = desk.sign_in("viewer").get("/metrics").text
    heeded = 'wardwatch_warned_incidents{answer="stayed",kind="fishing",outcome="persisted"} 1.0'
    assert heeded in page
    assert 'incidents{answer="unseen",kind="fishing",outcome="lost"} 1.0' in page
    assert 'wardwatch_seconds_to_comply{kind="occupation",quantile="0.5"}' in page


def _incident(kind: Kind, *steps: tuple[IncidentState, int]) -> Incident:
    one = fake_township.incident("inc-1", "river", [(S.DETECTED, 0)], 0, True)
    history = tuple(
        StateChange(state=state.value, at_ns=at_s * NS_PER_S, actor="system")
        for state, at_s in steps
    )
    return one.model_copy(update={"kind": kind, "state": steps[-1][0], "history": history})


def _said(number: int, at_s: int | None, ok: bool = True) -> tuple[Announcement, Receipt]:
    name = f"inc-1-warn{number}"
    announcement = Announcement(
        id=name, incident="inc-1", camera="river", text="x", attempt=number, requested_ns=0
    )
    begun = None if at_s is None else at_s * NS_PER_S
    receipt = Receipt(
        announcement=name, incident="inc-1", camera="river", ok=ok, driver="file", text="x",
        started_ns=begun, seconds=5)  # fmt: skip
    return announcement, receipt


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [(Kind.FISHING, "left"), (Kind.OCCUPATION, "packed_up"), (Kind.DUMPING, "removed")],
)
def test_heeded_after_the_second_warning(kind: Kind, outcome: str) -> None:
    said = [_said(1, 10), _said(2, 80)]
    one = _incident(kind, (S.DETECTED, 0), (S.WARNING, 9), (S.COMPLIED, 95), (S.REOPENED, 300))
    found = compliance(one, [a for a, _ in said], [r for _, r in said], [])
    assert found is not None
    assert (found.outcome, found.warnings, found.seconds) == (outcome, 2, 85.0)
    assert found.inferred


@pytest.mark.parametrize(
    ("kind", "seen", "outcome"),
    [
        (Kind.FISHING, [("left_zone", 95)], "left"),
        (Kind.OCCUPATION, [("left_zone", 95)], "left"),
        (Kind.OCCUPATION, [("thing_gone", 95)], "packed_up"),
        (Kind.DUMPING, [("thing_gone", 95)], "removed"),
        (Kind.FISHING, [("left_picture", 60), ("left_zone", 95)], "left_picture"),
        (Kind.FISHING, [("lost", 60), ("left_zone", 95)], "lost"),
        (Kind.FISHING, [("lost", 5), ("left_zone", 95)], "left"),  # went before any warning
        (Kind.FISHING, [("left_zone", 95), ("lost", 400)], "left"),  # after it was heeded
        (Kind.OCCUPATION, [("moved", 95)], "moved"),
        (Kind.FISHING, [("allowed", 95)], "allowed"),
    ],
)
def test_of_several_the_one_of_whom_least_is_known_counts(
    kind: Kind, seen: list[tuple[str, int]], outcome: str
) -> None:
    said = _said(1, 10)
    one = _incident(kind, (S.DETECTED, 0), (S.WARNING, 9), (S.COMPLIED, 95))
    sightings = [_ended(kind, how, at_s) for how, at_s in seen]
    found = compliance(one, [said[0]], [said[1]], sightings)
    assert found is not None
    assert (found.outcome, found.inferred, found.seconds) == (outcome, False, 85.0)
    untold = compliance(one, [said[0]], [said[1]], [*sightings, _ended(kind, None, 94)])
    assert untold is not None
    assert untold.inferred is (outcome not in ("lost", "allowed"))
    counts = {"lost": "unseen", "allowed": "hours_over"}
    assert found.answer == counts.get(outcome, "complied")
    assert untold.answer == ("hours_over" if outcome == "allowed" else "unseen")


def _ended(kind: Kind, how: str | None, at_s: int) -> Sighting:
    return Sighting(
        id=f"sgt-{at_s}", camera="river", zone="z", kind=kind, phase=Phase.ENDED, started_ns=0,
        fired_ns=0, last_ns=0, ended_ns=at_s * NS_PER_S, box=Box(0, 0, 1, 1),
        why=Why(text=Text.same("x"), facts={"ended": how} if how else {}))  # fmt: skip


def test_not_heeded_unheard_and_not_yet_known() -> None:
    said = _said(1, 10)
    still = _incident(Kind.FISHING, (S.DETECTED, 0), (S.WARNING, 9), (S.PERSISTING, 130),
                      (S.DISPATCHED, 131), (S.COMPLIED, 500))  # fmt: skip
    found = compliance(still, [said[0]], [said[1]], [])
    assert found is not None
    assert (found.outcome, found.seconds) == ("persisted", None)
    waits = _incident(Kind.FISHING, (S.DETECTED, 0), (S.WARNING, 9))
    for receipts, outcome in (([said[1]], "watching"), ([], "watching")):
        told = compliance(waits, [said[0]], receipts, [])
        assert told is not None
        assert told.outcome == outcome
    broken = _said(1, None, ok=False)
    sent = _incident(Kind.FISHING, (S.DETECTED, 0), (S.WARNING, 9), (S.DISPATCHED, 20))
    told = compliance(sent, [broken[0]], [broken[1]], [])
    assert told is not None
    assert told.outcome == "unheard"
    assert compliance(waits, [], [], []) is None
