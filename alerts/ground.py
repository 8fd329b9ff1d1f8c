"""Where acts are: one ground, and which of several places is the best.

Two grounds are one when a person said so (one zone of one camera, or zones that ``overlaps``
names together), or when two places are known well enough and lie within their errors and
``merge_m``. The zone of a flying camera is a part of its picture and no place: there it counts
only as long as the places do not say otherwise. A tip belongs to what is there by its place alone.

A place must fit to every place that an incident has. So an incident never grows along a bank from
one act to the next, in whatever order they are heard.
"""

from collections.abc import Collection, Iterable

from core.cases import Incident
from core.clock import NS_PER_S
from core.config.places import Places
from core.config.site import Site
from core.places import allowance_m
from core.seeing import Sighting


def one_zone(
    site: Site, incident: Incident, sighting: Sighting, heard: Collection[Sighting]
) -> bool:
    """True when both are in one zone, by the configuration.

    Args:
        heard: the incident's sightings.
    """
    here = (incident.camera, incident.zone)
    if sighting.source == "tip" or here not in site.same_ground(sighting.camera, sighting.zone):
        return False
    seen = any(one.source != "tip" and (one.camera, one.zone) == here for one in heard)
    if seen and not flies(site, sighting.camera):
        return True
    # Of a tip's incident a person said that this camera shows it; places may know better.
    return _agree(site.places, sighting, heard)


def one_place(places: Places, sighting: Sighting, heard: Iterable[Sighting]) -> bool:
    """True when a sighting's place proves it to be where an incident is."""
    known = [one for one in heard if one.place is not None]
    proof = any(usable(places, one) for one in known)
    return proof and usable(places, sighting) and _agree(places, sighting, known)


def usable(places: Places, sighting: Sighting) -> bool:
    """True when a place is known well enough to merge by."""
    error_m = sighting.place_error_m
    return sighting.place is not None and error_m is not None and error_m <= places.merge_error_m


def reach_m(places: Places, sighting: Sighting) -> float:
    """No incident that a usable place may belong to lies farther away than this."""
    return allowance_m(sighting.place_error_m or 0.0, places.merge_error_m, places.merge_m)


def best_place(heard: Iterable[Sighting], merge_s: float) -> dict[str, object]:
    """What an incident says of where it is: the place with the smallest error.

    Places of those who were last seen long before the others do not count: people walk.

    Returns:
        Fields of the incident; empty when no sighting has a place.
    """
    known = [
        (one.place_error_m, one.id, one.last_ns, one.place)
        for one in heard
        if one.place is not None and one.place_error_m is not None
    ]
    if not known:
        return {}
    since_ns = max(last_ns for _, _, last_ns, _ in known) - round(merge_s * NS_PER_S)
    error_m, _, _, place = min((one for one in known if one[2] >= since_ns), key=lambda o: o[:2])
    return {"place": place, "place_error_m": error_m}


def takes_over(
    site: Site, incident: Incident, sighting: Sighting, others: Iterable[Sighting]
) -> bool:
    """True when an incident becomes that of the sighting's camera.

    That is so for a standing camera whose act was known from a tip alone, or from a drone that
    cannot speak: zone, rule of response and loudspeaker are then the standing camera's.
    """
    if sighting.source != "camera" or not stands(site, sighting.camera):
        return False
    if (sighting.camera, sighting.zone) == (incident.camera, incident.zone):
        return False
    if all(one.source == "tip" for one in others if one.camera == incident.camera):
        return True
    camera = site.camera(incident.camera)
    return camera is not None and camera.flight is not None and camera.speaker is None


def stands(site: Site, camera_id: str) -> bool:
    """True for a camera of the configuration that does not fly."""
    camera = site.camera(camera_id)
    return camera is not None and camera.flight is None


def flies(site: Site, camera_id: str) -> bool:
    """True for a camera of the configuration that flies."""
    camera = site.camera(camera_id)
    return camera is not None and camera.flight is not None


def _agree(places: Places, sighting: Sighting, heard: Iterable[Sighting]) -> bool:
    """True unless a place contradicts another; what is not known contradicts nothing."""
    if sighting.place is None or sighting.place_error_m is None:
        return True
    return all(
        one.place.distance_m(sighting.place)
        <= allowance_m(one.place_error_m, sighting.place_error_m, places.merge_m)
        for one in heard
        if one.place is not None and one.place_error_m is not None
    )
