"""再犯地点: the same kind of act on the same ground, shortly before.

The ground alone is compared, never who it was. Dismissed incidents do not count, and of those
that a person joined the one that went on does. What was known when an incident was opened stays
with it, so that its severity can be explained later.
"""

from alerts.work import Work
from core.cases import Repeat
from core.clock import NS_PER_S
from core.patterns import Spot, counts, same_ground
from core.seeing import Sighting

_S_PER_DAY = 86_400
_SHOWN = 10


def before(work: Work, sighting: Sighting) -> Repeat | None:
    """What happened on the ground of a new sighting before it; None: not often enough."""
    site, places = work.site, work.site.places
    spot = Spot(sighting.camera, sighting.zone, sighting.place, sighting.place_error_m)
    cameras = sorted({camera for camera, _ in site.same_ground(spot.camera, spot.zone) if camera})
    if not cameras and spot.place is None:
        return None
    past = work.unit.figures.acts(
        sighting.started_ns - round(places.repeat_days * _S_PER_DAY * NS_PER_S),
        sighting.started_ns,
        kind=sighting.kind.value,
        cameras=cameras,
        around=(spot.place, places.repeat_m) if spot.place else None,
    )
    earlier = [
        one for one in past if counts(one) and same_ground(site, spot, Spot.of(one))
    ]  # newest first
    if len(earlier) + 1 < places.repeat_times:
        return None
    return Repeat(
        times=len(earlier) + 1,
        days=places.repeat_days,
        earlier=tuple(one.id for one in earlier[:_SHOWN]),
    )
