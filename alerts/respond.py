"""What the program does about an incident by itself: warn, watch, send somebody."""

from alerts import dispatch, speech, words
from alerts.work import Work
from core.cases import Incident, IncidentState
from core.config.cameras import Camera
from core.value import Text

UNANSWERED = frozenset(
    {
        IncidentState.DETECTED,
        IncidentState.CONFIRMED,
        IncidentState.REOPENED,
        IncidentState.PERSISTING,
    }
)
"""States in which something is to be done next."""


def respond(work: Work, incident: Incident) -> Incident:
    """Take the next step that the zone and the catalogue allow, if any.

    May be asked again at any time: it decides from what is stored alone.
    """
    if incident.state not in UNANSWERED:
        return incident
    if not work.may_act(incident):
        if incident.catalogue_row is None:
            key = f"{incident.id}:no-row"
            work.note_once(key, "incident.waits", incident.id, words.person_decides())
        return incident
    if not incident.active and not work.serious(incident):
        return incident
    camera = work.camera(incident)
    why_officer = _why_officer(work, incident, camera)
    if why_officer is not None:
        return dispatch.send_officer(work, incident, why_officer)
    if camera is None or not speech.free_to_speak(work, camera):
        return incident
    incident = speech.warn(work, incident, camera)
    return work.step(incident, IncidentState.WARNING, words.warned(len(incident.announcements)))


def watch(work: Work, incident: Incident) -> Incident:
    """Compare what is seen with the compliance deadline of the newest warning.

    Only a frame after the deadline on which the act still goes on proves that it persists.
    """
    newest = speech.latest(work, incident)
    if not speech.in_warning(incident) or newest is None:
        return incident
    announcement, receipt = newest
    if receipt is None or not receipt.ok:
        return incident
    if incident.last_seen_ns < speech.deadline_ns(work, announcement, receipt):
        return incident
    camera = work.camera(incident)
    if work.may_act(incident) and camera and _why_officer(work, incident, camera) is None:
        if not speech.free_to_speak(work, camera):
            return incident
        return speech.warn(work, incident, camera)
    incident = work.step(
        incident,
        IncidentState.PERSISTING,
        words.persists(len(incident.announcements), work.site.warnings.compliance_s),
        at_ns=incident.last_seen_ns,
    )
    return respond(work, incident)


def warning_failed(work: Work, incident: Incident) -> Incident:
    """Send somebody when the newest warning was not heard; never ask for it again."""
    if not speech.in_warning(incident) or not work.may_act(incident):
        return incident
    why = speech.failure(work, incident)
    return incident if why is None else dispatch.send_officer(work, incident, why)


def got_worse(work: Work, incident: Incident) -> Incident:
    """A minor act turned out to be serious while it was being watched."""
    if not work.may_act(incident):
        return incident
    if incident.state in UNANSWERED or speech.in_warning(incident):
        return dispatch.send_officer(work, incident, words.worse(incident.cues))
    return incident


def say_unseen(work: Work, incident: Incident) -> None:
    """Say once that nobody looked at the scene since a warning; claim nothing about it."""
    newest = speech.latest(work, incident)
    if not speech.in_warning(incident) or newest is None:
        return
    announcement, receipt = newest
    if receipt is None or not receipt.ok:
        return
    deadline_ns = speech.deadline_ns(work, announcement, receipt)
    silent = work.ago_s(deadline_ns) > work.patience.silence_s
    if silent and incident.last_seen_ns < deadline_ns:
        key = f"{announcement.id}:unseen"
        work.note_once(key, "incident.unseen", incident.id, words.unseen())


def _why_officer(work: Work, incident: Incident, camera: Camera | None) -> Text | None:
    """Why an officer is to be sent rather than a warning spoken; None: warn."""
    attempts = len(incident.announcements)
    if work.serious(incident):
        return words.serious()
    if incident.state is IncidentState.PERSISTING or speech.enough(work, incident):
        return words.warned_enough(attempts)
    if work.told_only(incident):
        return words.nobody_watches()
    if camera is None or camera.speaker is None:
        return words.no_speaker()
    if speech.quiet(work):
        return words.quiet_hours()
    wording = work.wording(incident, camera)
    return None if wording.parts else wording.why
