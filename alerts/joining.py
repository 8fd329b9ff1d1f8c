"""并案: a person says that two incidents are the same act.

One goes on and answers for both; the other is closed with a reason that names it, and keeps its
history, warnings, orders and evidence. Its sightings belong to the one that goes on from then on,
whatever is heard of them later. Reopening the closed one takes it out again.
"""

from alerts import dispatch, respond, words
from alerts.ground import best_place, takes_over
from alerts.lifecycle import ENDS, OPEN
from alerts.triage import judged_anew, still_active
from alerts.work import Work, sightings_of
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
        return words.not_joined_to(command.into)
    if into.state not in OPEN or into.kind is not incident.kind:
        return words.not_joined_to(command.into)
    led = dispatch.open_order(work.unit, incident) is not None
    if led and dispatch.open_order(work.unit, into) is None:
        return words.officer_is_there()
    return None


def join(work: Work, incident: Incident, command: Command) -> None:
    """End an incident as the same act as another, which takes its sightings over."""
    into = work.unit.incidents.get(command.into)
    if into is None:
        return
    reason = words.same_act_as(into.id, command.reason.strip())
    incident = dispatch.call_off(work, incident, reason, actor=command.user)
    incident = incident.model_copy(update={"same_as": into.id})
    detail = {"same_as": into.id}
    work.step(incident, IncidentState.CLOSED, reason, actor=command.user, detail=detail)
    changes = {
        "joined": (*into.joined, incident.id),
        "tips": _both(into.tips, incident.tips),
        "started_ns": min(into.started_ns, incident.started_ns),
    }
    _take(work, into.model_copy(update=changes), _both(into.sightings, incident.sightings), command)


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
            _take(work, other, left, command)
        else:
            work.save(other.model_copy(update={"sightings": left}))
    return incident


def _take(work: Work, incident: Incident, sightings: tuple[str, ...], command: Command) -> None:
    """Give an incident these sightings and what follows from them; severity does not fall."""
    before = work.serious(incident)
    incident = incident.model_copy(update={"sightings": sightings})
    heard = sightings_of(work.unit, incident)
    for name in sightings:
        work.unit.homes.put(Home(sighting=name, incident=incident.id))
    for one in heard:
        if takes_over(work.site, incident, one, heard):
            of_camera = {"camera": one.camera, "zone": one.zone, "box": one.box}
            incident = incident.model_copy(update=of_camera)
    facts = {"command": command.id, "joined": list(incident.joined), "sightings": list(sightings)}
    work.note("incident.joined", incident.id, command.reason, facts, command.user)
    merge_s = work.site.warnings.merge_s
    cues = tuple(sorted({*incident.cues, *(cue for one in heard for cue in one.cues)}))
    changes: dict[str, object] = {**best_place(heard, merge_s), "cues": cues}
    if heard:
        changes["last_seen_ns"] = max(one.last_ns for one in heard)
        changes["active"] = still_active(heard, merge_s)
    if cues != incident.cues and incident.basis is None:
        changes |= judged_anew(work.site, incident, cues, work.judge)
    after = work.save(incident.model_copy(update=changes))
    dispatch.follow_place(work, incident, after)
    if work.serious(after) and not before:
        work.note("incident.severity", after.id, words.worse(after.cues))
        respond.got_worse(work, after)


def _both(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*one, *other)))
