"""The life cycle allows what its table says and nothing else."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alerts.errors import TransitionError
from alerts.lifecycle import ENDS, OPEN, SYSTEM, TRANSITIONS, advance, allowed, has_been
from core.cases import Incident, IncidentState, Severity, StateChange
from core.errors import WardwatchError
from core.geometry import Box
from core.seeing import Kind
from core.value import Text

S = IncidentState


def an_incident(state: IncidentState = S.DETECTED, *, active: bool = True) -> Incident:
    return Incident(
        id="inc-1",
        kind=Kind.FISHING,
        severity=Severity.MINOR,
        camera="river",
        zone="shore",
        state=state,
        history=(StateChange(state=state.value, at_ns=100, actor=SYSTEM),),
        started_ns=90,
        last_seen_ns=100,
        active=active,
        box=Box(0, 0, 1, 1),
        why=Text(zh="久留", en="stayed"),
    )


def test_every_state_is_in_the_table_and_can_be_reached() -> None:
    assert set(TRANSITIONS) == set(S)
    reached, border = {S.DETECTED}, [S.DETECTED]
    while border:
        for state in TRANSITIONS[border.pop()]:
            if state not in reached:
                reached.add(state)
                border.append(state)
    assert reached == set(S)


def test_every_open_state_can_come_to_an_end() -> None:
    for state in OPEN:
        assert set(TRANSITIONS[state]) >= ENDS


@given(st.sampled_from(S), st.sampled_from(S), st.booleans(), st.sampled_from([SYSTEM, "zhou"]))
def test_only_the_steps_of_the_table(
    here: IncidentState, there: IncidentState, active: bool, actor: str
) -> None:
    incident = an_incident(here, active=active)
    if there not in TRANSITIONS[here] and there is not here:
        with pytest.raises(TransitionError, match=f"{here.value} cannot become {there.value}"):
            advance(incident, there, 200, actor, Text.same("why"))
        return
    try:
        after = advance(incident, there, 200, actor, Text.same("why"))
    except TransitionError:
        # The step is in the table; only these guards may refuse it when a reason is given.
        by_person_only = there in ENDS - {S.CLOSED} or here in ENDS or there is S.CLOSED
        assert (there is S.COMPLIED and active) or (by_person_only and actor == SYSTEM)
        return
    assert after.state is there
    assert len(after.history) == len(incident.history) + (there is not here)


def test_the_same_state_again_changes_nothing() -> None:
    incident = an_incident(S.WARNING)
    assert advance(incident, S.WARNING, 900, "zhou", Text.same("again")) is incident


def test_a_refusal_says_what_is_possible() -> None:
    with pytest.raises(WardwatchError) as caught:
        advance(an_incident(S.CLOSED), S.WARNING, 200, SYSTEM)
    assert str(caught.value) == (
        "incident inc-1: closed cannot become warning; possible now: reopened"
    )
    assert allowed(an_incident(S.CLOSED)) == (S.REOPENED,)


def test_nothing_is_complied_with_while_it_goes_on() -> None:
    with pytest.raises(TransitionError, match="still going on"):
        advance(an_incident(S.WARNING), S.COMPLIED, 200, SYSTEM, Text.same("left"))
    assert advance(an_incident(S.WARNING, active=False), S.COMPLIED, 200, SYSTEM, Text.same("left"))


@pytest.mark.parametrize("end", sorted(ENDS))
def test_the_program_never_ends_what_was_not_resolved(end: IncidentState) -> None:
    for state in OPEN - {S.COMPLIED, S.CHECKED}:
        with pytest.raises(TransitionError, match="only a person"):
            advance(an_incident(state), end, 200, SYSTEM, Text.same("enough"))
        with pytest.raises(TransitionError, match="needs a reason"):
            advance(an_incident(state), end, 200, "zhou", Text.same("  "))
        assert advance(an_incident(state), end, 200, "zhou", Text.same("enough")).state is end


class Life(RuleBasedStateMachine):
    """Anybody asks for anything at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.incident = an_incident()

    @rule(
        to=st.sampled_from(S),
        at_ns=st.integers(0, 10_000),
        actor=st.sampled_from([SYSTEM, "zhou"]),
        reason=st.sampled_from(["", "why"]),
    )
    def ask(self, to: IncidentState, at_ns: int, actor: str, reason: str) -> None:
        before = self.incident
        try:
            self.incident = advance(before, to, at_ns, actor, Text.same(reason))
        except TransitionError:
            assert self.incident is before
            return
        if to is before.state:
            assert self.incident is before
        else:
            assert to in TRANSITIONS[before.state]
            assert self.incident.history[:-1] == before.history
            assert has_been(self.incident, to)

    @rule(active=st.booleans())
    def act(self, active: bool) -> None:
        self.incident = self.incident.model_copy(update={"active": active})

    @precondition(lambda self: self.incident.state in ENDS)
    @rule(to=st.sampled_from(sorted(OPEN - {S.REOPENED})))
    def an_end_is_left_by_reopening_only(self, to: IncidentState) -> None:
        with pytest.raises(TransitionError):
            advance(self.incident, to, 0, "zhou", Text.same("why"))

    @invariant()
    def history_runs_forward(self) -> None:
        times = [step.at_ns for step in self.incident.history]
        assert times == sorted(times)

    @invariant()
    def history_tells_the_state_and_every_step_is_allowed(self) -> None:
        names = [S(step.state) for step in self.incident.history]
        assert names[0] is S.DETECTED
        assert names[-1] is self.incident.state
        for here, there in pairwise(names):
            assert there in TRANSITIONS[here]


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase
