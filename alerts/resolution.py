"""How incidents end: complied with, checked after an officer handled them, closed."""

from alerts import evidence, words
from alerts.lifecycle import since_ns
from alerts.work import Work
from core.cases import Incident, IncidentState
from core.clock import NS_PER_S
from core.config.zones import Response
from core.seeing import Kind, Sighting
from core.talking import LONGEST_S
from core.value import NO_WORDS, Text

BEFORE_OFFICER = frozenset(
    {
        IncidentState.DETECTED,
        IncidentState.CONFIRMED,
        IncidentState.REOPENED,
        IncidentState.WARNING,
        IncidentState.PERSISTING,
    }
)
"""States in which a minor act that ends is complied with."""


def ended(
    work: Work, incident: Incident, sighting: Sighting, known_late: Text | None = None
) -> Incident:
    """The act was seen to end.

    A minor one is complied with; a serious one still waits for its officer: that the truck has
    left does not settle what it left behind. In a zone that is switched off nothing happens.

    Args:
        known_late: why it is only now that this is this incident's end; None: it has just ended.
    """
    moment_ns = sighting.ended_ns if sighting.ended_ns is not None else sighting.last_ns
    how = sighting.ending
    facts = {"sighting": sighting.id, "ended_ns": moment_ns, "how": how}
    work.note("incident.act_ended", incident.id, "", facts)
    if incident.state is IncidentState.HANDLED:
        return check(work, incident)
    if work.serious(incident) or incident.state not in BEFORE_OFFICER:
        return incident
    if incident.state is IncidentState.DETECTED and _switched_off(work, incident):
        return incident
    if known_late is not None:
        incident = work.step(incident, IncidentState.COMPLIED, known_late)
        evidence.want_afterwards(work, incident)
        return incident
    spoken = _warnings_heard(work, incident, moment_ns)
    if spoken:
        reason = words.ended_after_warning(spoken, how)
    elif _somebody_speaks(work, incident):
        reason = words.ended_during_talk(how)
    else:
        reason = words.ended_by_himself(how)
    incident = work.step(incident, IncidentState.COMPLIED, reason, at_ns=moment_ns)
    evidence.want_afterwards(work, incident)
    return incident


def check(work: Work, incident: Incident) -> Incident:
    """After an officer handled it: checked once the act is seen to be over.

    A dumped pile may lie there until it is fetched, so there the officer's report will do; and it
    must do where no camera saw the act.
    """
    told_only = work.told_only(incident)
    if not incident.active and not told_only:
        reason = words.seen_to_have_ended()
    else:
        result = _report(work, incident)
        if (incident.kind is not Kind.DUMPING and not told_only) or result.blank:
            return incident
        reason = words.officers_report(result)
    incident = work.step(incident, IncidentState.CHECKED, reason)
    evidence.want_afterwards(work, incident)
    return incident


def say_still_there(work: Work, incident: Incident) -> None:
    """Say once that what an officer handled is still seen; a person decides what follows."""
    if incident.state is not IncidentState.HANDLED or not incident.active:
        return
    handled_ns = since_ns(incident)
    if (incident.last_seen_ns - handled_ns) / NS_PER_S >= work.patience.handled_s:
        key = f"{incident.id}:still-there:{len(incident.orders)}"
        work.note_once(key, "incident.still_there", incident.id, words.still_there())


def close_when_due(work: Work, incident: Incident) -> Incident:
    """Close what is complied with or checked once its evidence is sealed, or is given up."""
    if incident.state not in evidence.AFTER_STATES:
        return incident
    if not incident.camera:
        return work.step(incident, IncidentState.CLOSED, words.reported_without_camera())
    if evidence.after_is_sealed(work.unit, incident):
        return work.step(incident, IncidentState.CLOSED, words.after_sealed())
    patience_s = work.site.evidence.after_s + work.patience.evidence_s
    if work.ago_s(since_ns(incident)) >= patience_s:
        return work.step(incident, IncidentState.CLOSED, words.after_missing(patience_s))
    return incident


def _report(work: Work, incident: Incident) -> Text:
    """What the officer who handled it last has to say."""
    orders = (work.unit.orders.get(name) for name in reversed(incident.orders))
    leads = (order for order in orders if order is not None and order.role == "lead")
    return next((order.result for order in leads), NO_WORDS)


def _switched_off(work: Work, incident: Incident) -> bool:
    camera = work.camera(incident)
    zone = camera.zone(incident.zone) if camera else None
    return zone is not None and zone.response is Response.OFF


def _warnings_heard(work: Work, incident: Incident, before_ns: int) -> int:
    """How many warnings had begun to sound before a moment."""
    receipts = (work.unit.receipts.get(name) for name in incident.announcements)
    return sum(
        one is not None and one.ok and (one.started_ns is None or one.started_ns <= before_ns)
        for one in receipts
    )


def _somebody_speaks(work: Work, incident: Incident) -> bool:
    """A live talk has begun and is not known to be over."""
    return any(
        one.live
        and work.unit.receipts.get(one.id) is None
        and work.ago_s(one.requested_ns) <= LONGEST_S + work.patience.receipt_s
        for one in work.unit.announcements.find(incident=incident.id)
    )
