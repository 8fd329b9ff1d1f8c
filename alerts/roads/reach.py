"""Where a number of minutes goes, for planning: isochrones of the posts, and what lies beyond.

The areas are drawn around the reached parts of roads, ``ASIDE_M`` to each side; everything between
two roads farther apart stays white, because nobody gets there sooner on foot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import mapping

from alerts.roads.graph import Roads
from core.config.people import Officer, Travel
from core.config.site import Site
from core.geometry import GeoPoint

ASIDE_M = 150.0
_SIMPLER_M = 20.0
_S_PER_MINUTE = 60.0


@dataclass(frozen=True)
class Post:
    """A place that officers start from.

    Attributes:
        speed_kmh: by the straight line, where no road is near.
    """

    name: str
    place: GeoPoint
    travel: Travel
    speed_kmh: float


def posts_of(site: Site, officers: Iterable[Officer] | None = None) -> list[Post]:
    """The configured posts of officers, each with what that officer travels with."""
    vehicles = {one.id: one for one in site.dispatch.vehicles}
    found = []
    for officer in site.officers if officers is None else officers:
        vehicle = vehicles.get(officer.vehicle or "")
        by = vehicle or officer
        found.append(Post(officer.id, officer.place, by.travel, by.speed_kmh))
    return found


def isochrones(
    site: Site, roads: Roads | None, posts: Sequence[Post], minutes: Sequence[float]
) -> dict[str, Any]:
    """GeoJSON: an area for each number of minutes, the posts, and the cameras with their times.

    Cameras say by ``minutes`` how soon somebody is there and by ``reached`` whether that is within
    the circle (``dispatch.circle_minutes``); ``zones`` names what is watched there. Coordinates are
    WGS-84 (RFC 7946). Without a road map there are no areas, and times go by the straight line.
    """
    features = [] if roads is None else _areas(roads, posts, sorted(minutes))
    features += [
        _point(post.place, {"class": "post", "id": post.name, "travel": post.travel.value})
        for post in posts
    ]
    for camera in site.cameras:
        if camera.place is None:
            continue
        best_s, post = min(
            ((_seconds(site, roads, one, camera.place), one.name) for one in posts),
            default=(np.inf, None),
        )
        within = best_s <= site.dispatch.circle_minutes * _S_PER_MINUTE
        features.append(
            _point(
                camera.place,
                {
                    "class": "camera",
                    "id": camera.id,
                    "zones": [zone.id for zone in camera.zones],
                    "minutes": round(best_s / _S_PER_MINUTE, 1) if np.isfinite(best_s) else None,
                    "post": post if np.isfinite(best_s) else None,
                    "reached": bool(within),
                },
            )
        )
    return {"type": "FeatureCollection", "features": features}


def not_reached(found: dict[str, Any]) -> list[dict[str, Any]]:
    """The properties of the cameras that nobody reaches within the circle."""
    properties = (feature["properties"] for feature in found["features"])
    return [one for one in properties if one["class"] == "camera" and not one["reached"]]


def _seconds(site: Site, roads: Roads | None, post: Post, place: GeoPoint) -> float:
    if roads is not None:
        (route,) = roads.routes(place, [post.place], post.travel)
        if route is not None:
            return route.seconds
    return post.place.distance_m(place) * site.dispatch.detour / (post.speed_kmh / 3.6)


def _areas(roads: Roads, posts: Sequence[Post], minutes: Sequence[float]) -> list[dict[str, Any]]:
    by_travel: dict[Travel, NDArray[np.float64]] = {}
    for travel in {post.travel for post in posts}:
        starts = [post.place for post in posts if post.travel is travel]
        by_travel[travel] = roads.times_from(starts, travel)
    features = []
    for limit in minutes:
        parts = [_area(roads, times, travel, limit) for travel, times in by_travel.items()]
        area = shapely.union_all(parts)
        if area.is_empty:
            continue
        outline = shapely.transform(area.simplify(_SIMPLER_M), roads.to_lonlat)
        features.append(
            {
                "type": "Feature",
                "properties": {"class": "isochrone", "minutes": limit},
                "geometry": mapping(shapely.set_precision(outline, 1e-6)),
            }
        )
    return features


def _area(
    roads: Roads, times: NDArray[np.float64], travel: Travel, minutes: float
) -> shapely.Geometry:
    """The ground beside the parts of roads that are reached in time."""
    limit_s = minutes * _S_PER_MINUTE
    ends = roads.map.ends[roads.usable(travel)]
    first, second = times[ends[:, 0]], times[ends[:, 1]]
    whole = (first <= limit_s) & (second <= limit_s)
    lines = roads.xy[ends[whole]]
    # Of a segment with one end beyond, the part is drawn that the time suffices for.
    split = (first <= limit_s) != (second <= limit_s)
    near = np.where(first[split] <= limit_s, 0, 1)
    numbers = np.arange(int(split.sum()))
    both = roads.xy[ends[split]]
    start, end = both[numbers, near], both[numbers, 1 - near]
    near_s = np.minimum(first[split], second[split])
    length_m = np.hypot(*(end - start).T)
    speed_ms = roads.speeds_ms(travel)[roads.usable(travel)][split]
    share = np.clip((limit_s - near_s) * speed_ms / np.maximum(length_m, 1e-9), 0, 1)
    parts = np.stack([start, start + (end - start) * share[:, None]], axis=1)
    drawn = shapely.multilinestrings(shapely.linestrings(np.concatenate([lines, parts])))
    return shapely.buffer(shapely.line_merge(drawn), ASIDE_M, quad_segs=2)


def _point(place: GeoPoint, properties: dict[str, Any]) -> dict[str, Any]:
    geometry = {"type": "Point", "coordinates": [place.lon, place.lat]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}
