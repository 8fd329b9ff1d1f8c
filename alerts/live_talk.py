"""Live talk (实时喊话) counts as a warning: those who heard it have the same time to comply."""

from alerts import words
from alerts.lifecycle import ENDS
from alerts.resolution import BEFORE_OFFICER
from alerts.work import Work
from core.cases import Incident, IncidentState, Receipt

CONFIRMED_BY_SPEAKING = (IncidentState.DETECTED, IncidentState.REOPENED)


def counted(work: Work, incident: Incident, receipt: Receipt) -> Incident:
    """Take a talk that was spoken among the warnings of its incident, once.

    From its last word on the deadline of a warning runs, and it counts for the most repeats and
    for the warnings before somebody is sent. Whoever speaks has confirmed, like whoever warns.
    Nothing changes where an officer is under way or the act has ended, but it is listed.
    """
    talk = work.unit.announcements.get(receipt.announcement)
    if talk is None or not talk.live or not receipt.ok or receipt.started_ns is None:
        return incident
    if talk.id in incident.announcements or incident.state in ENDS:
        return incident
    names = (*incident.announcements, talk.id)
    incident = work.save(incident.model_copy(update={"announcements": names}))
    if not incident.active or incident.state not in BEFORE_OFFICER - {IncidentState.WARNING}:
        return incident
    actor, why = talk.requested_by, words.spoken_live(receipt.seconds)
    if incident.state in CONFIRMED_BY_SPEAKING:
        reason = words.by_hand(actor)
        incident = work.step(incident, IncidentState.CONFIRMED, reason, actor=actor)
    return work.step(incident, IncidentState.WARNING, why, actor=actor)
