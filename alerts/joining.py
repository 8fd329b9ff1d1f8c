"""并案: a person says that two incidents are the same act.

One goes on and answers for both; the other is closed with a reason that names it, and keeps its
history, warnings, orders and evidence. Its sightings belong to the one that goes on from then on,
whatever is heard of them later. Reopening the closed one takes it out again.
"""

from alerts import case_words, dispatch, regroup, words
from alerts.lifecycle import ENDS, OPEN
from alerts.triage import REPEAT
from alerts.work import Work
from core.cases import Incident, IncidentState
from core.messages import Command
from core.store.unit import Home
from core.value import Text


def why_not(work: Work, incident: Incident, command: Command) -> Text | None:
    """Why an incident cannot be joined to the one named; None: it can."""
    if incident.state in ENDS:
        return words.not_in_this_state(command.action.value, incident.state.value)
    into = work.unit.incidents.get(command.into)
    if into is None or into.id == incident.id:
        return case_words.not_joined_to(command.into)
    if into.state not in OPEN or into.kind is not incident.kind:
        return case_words.not_joined_to(command.into)
    led = dispatch.open_order(work.unit, incident) is not None
    if led and dispatch.open_order(work.unit, into) is None:
        return case_words.officer_is_there()
    return None


def join(work: Work, incident: Incident, command: Command) -> None:
    """End an incident as the same act as another, which takes its sightings over."""
    into = work.unit.incidents.get(command.into)
    if into is None:
        return
    reason = case_words.same_act_as(into.id, command.reason.strip())
    incident = dispatch.call_off(work, incident, reason, actor=command.user)
    incident = incident.model_copy(update={"same_as": into.id})
    detail = {"same_as": into.id}
    work.step(incident, IncidentState.CLOSED, reason, actor=command.user, detail=detail)
    changes = {
        "joined": (*into.joined, incident.id),
        "tips": _both(into.tips, incident.tips),
    }
    into = into.model_copy(update=changes)
    sightings = _both(into.sightings, incident.sightings)
    _tell(work, into, sightings, command)
    regroup.hold(work, into, sightings)


def part(work: Work, incident: Incident, command: Command) -> Incident:
    """Take a reopened incident out of the one it was joined to; else nothing is done."""
    if incident.same_as is None:
        return incident
    after: str | None = incident.same_as
    mine = set(incident.sightings)
    incident = work.save(incident.model_copy(update={"same_as": None}))
    for name in incident.sightings:
        work.unit.homes.put(Home(sighting=name, incident=incident.id))
    while after is not None:  # that one may have been joined to another meanwhile
        other = work.unit.incidents.get(after)
        if other is None:
            break
        left = tuple(name for name in other.sightings if name not in mine)
        joined = tuple(name for name in other.joined if name != incident.id)
        other = other.model_copy(update={"joined": joined})
        after = other.same_as
        if after is None:
            _tell(work, other, left, command)
            without = set(incident.cues) - {REPEAT}
            regroup.ended(work, other, regroup.hold(work, other, left, without))
        else:
            work.save(other.model_copy(update={"sightings": left}))
    return incident


def _tell(work: Work, incident: Incident, sightings: tuple[str, ...], command: Command) -> None:
    facts = {"command": command.id, "joined": list(incident.joined), "sightings": list(sightings)}
    work.note("incident.joined", incident.id, command.reason, facts, command.user)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
