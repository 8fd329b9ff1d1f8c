"""What follows for an incident when a person gives sightings to it, or takes some out of it."""

from collections.abc import Collection

from alerts import dispatch, resolution, respond, words
from alerts.ground import best_place, stands, takes_over
from alerts.triage import judged_anew, still_active
from alerts.work import Work
from core.cases import Incident
from core.seeing import Phase, Sighting
from core.store.unit import Home


def hold(
    work: Work, incident: Incident, sightings: tuple[str, ...], without: Collection[str] = ()
) -> Incident:
    """Give an incident these sightings, and all that follows from them but its end.

    Whatever is heard of them later is part of it. Place, times, cues and the camera that answers
    are theirs; severity is judged anew and does not fall.

    Args:
        without: cues that only sightings taken out of it gave.
    """
    before = incident
    for name in sightings:
        work.unit.homes.put(Home(sighting=name, incident=incident.id))
    incident = incident.model_copy(update={"sightings": sightings})
    heard = work.unit.sightings_of(incident)
    if not heard:
        return work.save(incident)
    incident = _of_its_camera(work, incident, heard)
    merge_s = work.site.warnings.merge_s
    seen = {cue for one in heard for cue in one.cues}
    cues = tuple(sorted({*(cue for cue in incident.cues if cue not in without), *seen}))
    changes: dict[str, object] = {
        "cues": cues,
        "started_ns": min(one.started_ns for one in heard),
        "last_seen_ns": max(one.last_ns for one in heard),
        "active": still_active(heard, merge_s),
    }
    if before.sightings[:1] != sightings[:1]:
        changes["why"] = heard[0].why.text
    place = best_place(heard, merge_s)
    if not place and incident.place_error_m is not None:
        camera = work.camera(incident)
        place = {"place": camera.place if camera else None, "place_error_m": None}
    changes |= place
    if cues != incident.cues and incident.basis is None:
        changes |= judged_anew(work.site, incident.model_copy(update=changes), cues, work.judge)
    after = work.save(incident.model_copy(update=changes))
    dispatch.follow_place(work, before, after)
    if work.serious(after) and not work.serious(before):
        work.note("incident.severity", after.id, words.worse(after.cues))
        after = respond.got_worse(work, after)
    return after


def ended(work: Work, before: Incident, incident: Incident) -> Incident:
    """The end of an act that only what was taken out of its incident had kept going."""
    last = last_to_end(work, incident)
    if not before.active or incident.active or last is None:
        return incident
    return resolution.ended(work, incident, last)


def last_to_end(work: Work, incident: Incident) -> Sighting | None:
    """The sighting of an incident that ended last."""
    over = [one for one in work.unit.sightings_of(incident) if one.phase is Phase.ENDED]
    return max(over, key=lambda one: (one.last_ns, one.id), default=None)


def _of_its_camera(work: Work, incident: Incident, heard: list[Sighting]) -> Incident:
    """The incident as that of a camera which saw it: one that stands, where there is one."""
    theirs = [(one.camera, one.zone) for one in heard]
    if (incident.camera, incident.zone) not in theirs:
        best = next((one for one in heard if stands(work.site, one.camera)), heard[0])
        incident = incident.model_copy(update={"camera": best.camera, "zone": best.zone})
    for one in heard:
        if takes_over(work.site, incident, one, heard):
            incident = incident.model_copy(update={"camera": one.camera, "zone": one.zone})
    own = [one for one in heard if (one.camera, one.zone) == (incident.camera, incident.zone)]
    return incident.model_copy(update={"box": max(own, key=lambda one: one.last_ns).box})
