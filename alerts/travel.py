"""How long the way takes everybody: by road where both ends lie on one, else by the line."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from alerts.officers import means, where
from alerts.roads.graph import NO_ROUTE
from alerts.work import Work
from core.config.people import Officer, Travel
from core.geometry import GeoPoint


@dataclass(frozen=True)
class Journey:
    """An officer's way to a place.

    Attributes:
        distance_m: along the road, or of the straight line.
        reckoned: which of the two.
        reachable: False where both ends lie on roads that do not meet; the line is given then.
    """

    officer: Officer
    distance_m: float
    eta_s: float
    reckoned: Literal["road", "line"]
    reachable: bool = True


def journeys(work: Work, place: GeoPoint, officers: Sequence[Officer]) -> list[Journey]:
    """The way of each officer to a place; one search on the road map for each kind of travel."""
    groups: dict[Travel, list[Officer]] = {}
    for officer in officers:
        groups.setdefault(means(work, officer).travel, []).append(officer)
    found = {}
    for travel, members in groups.items():
        starts = [where(work, officer) for officer in members]
        routes = work.roads.routes(place, starts, travel) if work.roads else [None] * len(starts)
        for officer, start, route in zip(members, starts, routes, strict=True):
            if route is None or route == NO_ROUTE:
                journey = _by_line(work, officer, start, place, reachable=route is None)
            else:
                journey = Journey(officer, route.metres, route.seconds, "road")
            found[officer.id] = journey
    return [found[officer.id] for officer in officers]


def _by_line(
    work: Work, officer: Officer, start: GeoPoint, place: GeoPoint, *, reachable: bool
) -> Journey:
    distance_m = start.distance_m(place)
    speed_ms = means(work, officer).speed_kmh / 3.6
    eta_s = distance_m * work.site.dispatch.detour / speed_ms
    return Journey(officer, distance_m, eta_s, "line", reachable)
