"""Which evidence is wanted of an incident, and when.

A clip around the moment a sighting fired is wanted at once: before anybody decides anything it
is locked. Once the act is over a second one (role ``after``) shows the place as it was left.
"""

import hashlib

from alerts.work import Work
from core.cases import Incident, IncidentState
from core.clock import NS_PER_S
from core.config.site import Site
from core.messages import EVIDENCE_WANTED, EvidenceWanted
from core.seeing import Phase, Sighting
from core.store.unit import Unit

AFTER_STATES = (IncidentState.COMPLIED, IncidentState.CHECKED)
"""States that wait for the evidence of afterwards before the incident is closed."""


def of_sighting(site: Site, incident: Incident, sighting: Sighting) -> EvidenceWanted:
    """The clip of a sighting, around the frame on which it fired."""
    # Not its place among the others, which changes when some of them are taken out.
    name = hashlib.sha256(sighting.id.encode()).hexdigest()[:8]
    # The box belongs to the frame only as long as the sighting has not moved on.
    box = sighting.box if sighting.phase is Phase.FIRED else None
    return EvidenceWanted(
        id=f"{incident.id}-clip-{name}",
        incident=incident.id,
        camera=sighting.camera,
        moment_ns=sighting.fired_ns,
        first_ns=sighting.fired_ns - _ns(site.evidence.before_s),
        last_ns=sighting.fired_ns + _ns(site.evidence.after_s),
        box=box,
        zone=sighting.zone,
        caption=sighting.why.text,
        role="clip",
        # What led to it is not in the clip, yet must not be deleted: the act began earlier.
        lock_first_ns=sighting.started_ns - _ns(site.evidence.before_s),
    )


def want_clip(work: Work, incident: Incident, sighting: Sighting) -> None:
    """Ask for the clip of a sighting; what only a person told us of is in no recording."""
    if sighting.camera:
        work.send(EVIDENCE_WANTED, of_sighting(work.site, incident, sighting))


def want_afterwards(work: Work, incident: Incident) -> None:
    """Ask for the clip that shows the place as it was left, where a camera shows it."""
    if incident.camera:
        work.send(EVIDENCE_WANTED, of_afterwards(work.site, incident))


def of_afterwards(site: Site, incident: Incident) -> EvidenceWanted:
    """The clip that shows the place once the incident was complied with or checked."""
    moment_ns, number = _last_after(incident)
    return EvidenceWanted(
        id=f"{incident.id}-after{number}",
        incident=incident.id,
        camera=incident.camera,
        moment_ns=moment_ns,
        first_ns=moment_ns - _ns(site.evidence.before_s),
        last_ns=moment_ns + _ns(site.evidence.after_s),
        zone=incident.zone,
        caption=incident.history[-1].reason,
        role="after",
        lock_first_ns=incident.started_ns - _ns(site.evidence.before_s),
    )


def after_is_sealed(unit: Unit, incident: Incident) -> bool:
    """True when evidence of afterwards has come that shows the latest end of the act."""
    moment_ns, _ = _last_after(incident)
    items = unit.evidence.find(incident=incident.id, role="after")
    return any(item.last_ns >= moment_ns for item in items)


def _last_after(incident: Incident) -> tuple[int, int]:
    names = [state.value for state in AFTER_STATES]
    moments = [step.at_ns for step in incident.history if step.state in names]
    return (moments[-1] if moments else incident.last_seen_ns, len(moments))


def _ns(seconds: float) -> int:
    return round(seconds * NS_PER_S)
