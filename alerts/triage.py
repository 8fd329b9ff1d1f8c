"""Sightings to incidents: what is the same act, what is a new one.

Two sightings belong to one incident when kind and ground are the same and the second one begins
while the first act still goes on, or not later than ``merge_s`` after it was last seen; where that
ground is, :mod:`alerts.ground` decides.
Everything here looks at frame time alone, so a replay merges as the live run did.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable
from datetime import date

from alerts import ground
from alerts.catalogue import Judge, act_day
from alerts.lifecycle import ENDS, SYSTEM, since_ns
from core.cases import Incident, IncidentState, Repeat, Severity, StateChange
from core.clock import NS_PER_S
from core.config.site import Site
from core.seeing import Phase, Sighting

REPEAT = "repeat"
"""The cue of an act that has happened on its ground before: place and time, never a person."""


def is_news(known: Sighting | None, heard: Sighting) -> bool:
    """False for a message that was heard before or that an earlier one has overtaken.

    An ended sighting is over; within a sighting the frame time goes forward.
    """
    if known is None:
        return True
    if known.phase is Phase.ENDED or heard.phase is Phase.FIRED:
        return False
    return heard.phase is Phase.ENDED or heard.last_ns > known.last_ns


Recall = Callable[[Incident], list[Sighting]]
"""Gives the sightings of an incident as they were last heard."""


def remembered(known: Sighting | None, heard: Sighting) -> Sighting:
    """What is heard of a sighting, with the place that was known of it where none is told now."""
    if known is None or known.place is None or heard.place is not None:
        return heard
    kept = {"place": known.place, "place_error_m": known.place_error_m}
    return heard.model_copy(update=kept)


def same_act(
    site: Site, incident: Incident, sighting: Sighting, merge_s: float, recall: Recall
) -> bool:
    """True when a new sighting belongs to an incident that is there already."""
    if incident.same_as is not None or incident.kind is not sighting.kind:
        return False
    gap_ns = round(merge_s * NS_PER_S)
    going_on = incident.active and incident.state not in ENDS
    last_ns = incident.last_seen_ns
    if incident.state in ENDS:
        # A pile that was answered and still lies there must not swallow the next one.
        last_ns = min(last_ns, since_ns(incident))
    early = sighting.last_ns < incident.started_ns - gap_ns
    if not going_on and (early or sighting.started_ns > last_ns + gap_ns):
        return False
    heard = recall(incident)
    if ground.one_zone(site, incident, sighting, heard):
        return True
    return not early and ground.one_place(site.places, sighting, heard)


def home(
    site: Site, incidents: Iterable[Incident], sighting: Sighting, recall: Recall
) -> Incident | None:
    """The incident a sighting belongs to: the one that has it, else the newest it fits."""
    pool = sorted(incidents, key=lambda one: (one.last_seen_ns, one.id), reverse=True)
    for incident in pool:
        if sighting.id in incident.sightings and incident.same_as is None:
            return incident
    merge_s = site.warnings.merge_s
    return next((one for one in pool if same_act(site, one, sighting, merge_s, recall)), None)


def all_cues(cues: Iterable[str], repeat: Repeat | None) -> tuple[str, ...]:
    """The cues of a sighting and what its ground adds to them."""
    return tuple(sorted({*cues, REPEAT} if repeat else set(cues)))


def incident_id(sighting: Sighting) -> str:
    """The id of the incident a sighting opens: made from the sighting's, so twice the same."""
    return f"inc-{hashlib.sha256(sighting.id.encode()).hexdigest()[:10]}"


def open_incident(
    site: Site, sighting: Sighting, judge: Judge, repeat: Repeat | None = None
) -> Incident:
    """A new incident in state ``detected``; severity by the catalogue of the day of the act.

    Without a row in force the incident is minor and ``catalogue_row`` stays None.

    Args:
        repeat: what happened on the same ground before; gives the cue :data:`REPEAT`.
    """
    camera = site.camera(sighting.camera)
    cues = all_cues(sighting.cues, repeat)
    law = judge(sighting.kind, cues, act_day(sighting.started_ns, site.zone_info))
    known = sighting.place is not None
    first = StateChange(
        state=IncidentState.DETECTED.value,
        at_ns=sighting.fired_ns,
        actor=SYSTEM,
        reason=sighting.why.text,
    )
    return Incident(
        id=incident_id(sighting),
        kind=sighting.kind,
        severity=law.content.severity if law else Severity.MINOR,
        camera=sighting.camera,
        zone=sighting.zone,
        place=sighting.place if known or camera is None else camera.place,
        place_error_m=sighting.place_error_m if known else None,
        state=IncidentState.DETECTED,
        history=(first,),
        started_ns=sighting.started_ns,
        last_seen_ns=sighting.last_ns,
        active=sighting.phase is not Phase.ENDED,
        box=sighting.box,
        why=sighting.why.text,
        cues=cues,
        repeat=repeat,
        catalogue_row=law.row if law else None,
        catalogue_version=law.version if law else None,
        sightings=(sighting.id,),
    )


def absorb(
    site: Site,
    incident: Incident,
    sighting: Sighting,
    others: Collection[Sighting],
    judge: Judge,
) -> Incident:
    """The incident with what a (new or continued) sighting adds.

    Its place becomes the best one known. Camera and zone stay those of the first, unless that
    was none that could answer the act; see :func:`alerts.ground.stands`.

    Severity may rise with new cues, never fall: a person lowers it by dismissing. The version of
    the catalogue that judged stays while no cue is new, and the row that a reviewer chose always.

    Args:
        others: the incident's other sightings as they were last heard.
    """
    merge_s = site.warnings.merge_s
    cues = tuple(sorted({*incident.cues, *sighting.cues}))
    changes: dict[str, object] = {
        "cues": cues,
        "last_seen_ns": max(incident.last_seen_ns, sighting.last_ns),
        "active": still_active([sighting, *others], merge_s),
    }
    if incident.catalogue_row is None or (incident.basis is None and cues != incident.cues):
        changes |= judged_anew(site, incident, cues, judge)
    changes |= ground.best_place([sighting, *others], merge_s)
    if ground.takes_over(site, incident, sighting, others):
        changes |= {"camera": sighting.camera, "zone": sighting.zone, "box": sighting.box}
    elif sighting.last_ns >= incident.last_seen_ns and sighting.camera == incident.camera:
        changes["box"] = sighting.box
    if sighting.id not in incident.sightings:
        changes["sightings"] = (*incident.sightings, sighting.id)
    return incident.model_copy(update=changes)


def judged_anew(
    site: Site, incident: Incident, cues: Collection[str], judge: Judge
) -> dict[str, object]:
    """What the row of the catalogue for these cues changes, unless it were milder."""
    law = judge(incident.kind, cues, _day(site, incident))
    if law is None:
        return {}
    severity = law.content.severity
    if incident.severity is Severity.SERIOUS and severity is Severity.MINOR:
        return {}
    return {
        "severity": severity,
        "catalogue_row": law.row,
        "catalogue_version": law.version,
    }


def _day(site: Site, incident: Incident) -> date:
    return act_day(incident.started_ns, site.zone_info)


def still_active(sightings: Iterable[Sighting], merge_s: float) -> bool:
    """True while one of an incident's sightings has not ended.

    A sighting whose analyst died never says that it ended; once a later one at the same place
    has outlived it by ``merge_s`` it no longer counts.
    """
    heard = list(sightings)
    newest_ns = max(one.last_ns for one in heard)
    return any(
        one.phase is not Phase.ENDED and one.last_ns >= newest_ns - merge_s * NS_PER_S
        for one in heard
    )
