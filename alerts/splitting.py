"""拆分: a person takes sightings out of an incident that they do not belong to.

They become an incident of their own. What was done and sealed stays with the first one, for
nothing is ever taken out of a sealed file; the new one has clips of its own, cut again from the
same recordings. What is heard of the sightings later belongs to the new one, whatever it fits.
"""

import hashlib

from alerts import case_words, evidence, regroup, repeats, resolution, respond, tips, words
from alerts.lifecycle import ENDS
from alerts.triage import REPEAT, open_incident
from alerts.work import Work
from core.cases import Incident
from core.messages import Command
from core.value import Text


def why_not(work: Work, incident: Incident, command: Command) -> Text | None:
    """Why the sightings named cannot be taken out; None: they can."""
    if incident.state in ENDS:
        return words.not_in_this_state(command.action.value, incident.state.value)
    if not command.reason.strip():
        return words.reason_needed()
    taken, left = set(command.sightings), set(incident.sightings)
    known = {one.id for one in work.unit.sightings_of(incident)}
    if not taken or not taken <= known or not known - taken:
        return case_words.cannot_split()
    left -= taken
    for name in incident.joined:
        joined = work.unit.incidents.get(name)
        came = set(joined.sightings) if joined else set()
        if joined and (taken & came or not left - came):
            return case_words.came_by_joining(name)
        left -= came
    return None


def split(work: Work, incident: Incident, command: Command) -> None:
    """Take sightings out of an incident; both are judged by what they have then."""
    moved = [one for one in work.unit.sightings_of(incident) if one.id in command.sightings]
    first, names = moved[0], tuple(one.id for one in moved)
    left = tuple(name for name in incident.sightings if name not in names)
    repeat = repeats.before(work, first)
    opened = open_incident(work.site, first, work.judge, repeat)
    opened = opened.model_copy(update={"id": _name(command), "split_from": incident.id})
    facts: dict[str, object] = {"command": command.id, "into": opened.id, "sightings": list(names)}
    work.note("incident.split", incident.id, command.reason, facts, command.user)
    changes = {"split": (*incident.split, opened.id)}
    without = {cue for one in moved for cue in one.cues if cue != REPEAT}
    rest = regroup.hold(work, incident.model_copy(update=changes), left, without)
    work.note_detected(opened, command.user, sightings=list(names), split_from=incident.id)
    opened = regroup.hold(work, opened, names)
    tips.move(work, rest, opened, command.user)
    regroup.ended(work, incident, work.unit.incidents.get(rest.id) or rest)
    opened = work.unit.incidents.get(opened.id) or opened
    for one in moved:
        evidence.want_clip(work, opened, one)
    opened = respond.respond(work, opened)
    last = regroup.last_to_end(work, opened)
    if not opened.active and last is not None:
        resolution.ended(work, opened, last, case_words.over_when_split(incident.id))


def _name(command: Command) -> str:
    """Made from the command's id: asked twice, it is one."""
    return f"inc-{hashlib.sha256(f'split {command.id}'.encode()).hexdigest()[:10]}"
