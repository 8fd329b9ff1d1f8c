"""How long everybody needs to one place: one search on the reversed graph answers for all.

Dijkstra's search is SciPy's (``scipy.sparse.csgraph``), which was a dependency before and was the
quickest of those measured; see ``docs/design/dispatch.md``.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Proj
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

from alerts.roads.osm import RoadMap
from alerts.roads.tags import MODES
from core.config.people import Travel
from core.geometry import GeoPoint

FARTHEST_S = 3 * 3600.0
"""Searches end there: nobody is sent from farther away."""
WALK_MS = 1.25
"""Metres a second between a road and a place beside it."""
BARRIER_S = 5.0
"""To open a gate, or to get around a bollard."""
_PIECE_M = 1000.0
"""Roads that hang together over less than this, and not with the rest, are mistakes of the map:
nobody is taken to stand on them."""
_PUSHED_M = 20.0
"""So far a one-way street is gone the wrong way on foot, to the next crossing."""
_KEPT_BYTES = 64e6
"""Searches that are kept for the next question about the same place, at least four."""
_BYTES_A_VERTEX = 24


@dataclass(frozen=True)
class Spot:
    """A place on a segment.

    Attributes:
        segment: its number.
        share: how far along it, 0..1.
        off_m: how far the place itself lies from the road.
    """

    segment: int
    share: float
    off_m: float


@dataclass(frozen=True)
class Route:
    """The way by road: infinite where there is none."""

    seconds: float
    metres: float


NO_ROUTE = Route(math.inf, math.inf)


@dataclass(frozen=True)
class _Search:
    """What a search from the two ends of a goal's segment found.

    Attributes:
        spot: the goal.
        last_s: (2,) from each end to the goal.
        seconds: (2, V) from every vertex to each end.
        onward: (2, V) the vertex that comes next on that way.
    """

    spot: Spot
    last_s: tuple[float, float]
    seconds: NDArray[np.float64]
    onward: NDArray[np.int32]


class Roads:
    """A road map to search. It never changes, so threads may share it.

    Args:
        snap_m: places farther than this from any road of their kind are not on it.
    """

    def __init__(self, roads: RoadMap, snap_m: float) -> None:
        self.map = roads
        self.snap_m = snap_m
        lon, lat = np.median(roads.lonlat, axis=0)
        # Azimuthal equidistant: true to some centimetres in a hundred metres over a county.
        self._plane = Proj(proj="aeqd", ellps="WGS84", lon_0=lon, lat_0=lat)
        self.xy = np.column_stack(self._plane(*roads.lonlat.T))
        self._tree = shapely.STRtree(shapely.linestrings(self.xy[roads.ends]))
        self._usable = np.column_stack([self._on_the_net(mode) for mode in range(len(MODES))])
        # Per object, so that a map that is replaced is forgotten.
        self._back = lru_cache(len(MODES))(self._reversed)
        kept = max(4, int(_KEPT_BYTES / (_BYTES_A_VERTEX * len(self.xy))))
        self._search = lru_cache(min(kept, 64))(self._search_from)

    @property
    def segments(self) -> int:
        return len(self.map.ends)

    def spot(self, place: GeoPoint, travel: Travel) -> Spot | None:
        """The nearest place on a road of that kind, None when there is none within ``snap_m``."""
        x, y = self._plane(place.lon, place.lat)
        if not (math.isfinite(x) and math.isfinite(y)):
            return None
        near = self._tree.query(shapely.Point(x, y), "dwithin", self.snap_m)
        near = np.sort(near[self._usable[near, MODES.index(travel)]])
        if not len(near):
            return None
        start, end = self.xy[self.map.ends[near]].swapaxes(0, 1)
        along = end - start
        square = np.maximum((along**2).sum(axis=1), 1e-12)
        share = np.clip((((x, y) - start) * along).sum(axis=1) / square, 0, 1)
        off = np.hypot(*(start + along * share[:, None] - (x, y)).T)
        best = int(off.argmin())
        return Spot(int(near[best]), float(share[best]), float(off[best]))

    def routes(
        self, goal: GeoPoint, starts: Sequence[GeoPoint], travel: Travel
    ) -> list[Route | None]:
        """The way from each start to the goal.

        Returns:
            For each start a route, :data:`NO_ROUTE` where no road leads there, or None when the
            start or the goal lies off the roads.
        """
        search = self._search(goal, travel)
        if search is None:
            return [None] * len(starts)
        found = []
        for start in starts:
            spot = self.spot(start, travel)
            found.append(None if spot is None else self._route(spot, search, travel))
        return found

    def times_from(self, starts: Sequence[GeoPoint], travel: Travel) -> NDArray[np.float64]:
        """(V,) seconds to every vertex from the nearest of several starts."""
        least = np.full(len(self.xy), np.inf)
        onward = self._matrix(travel, reverse=False)
        for start in starts:
            spot = self.spot(start, travel)
            if spot is None:
                continue
            seconds = dijkstra(onward, indices=self.map.ends[spot.segment], limit=FARTHEST_S)
            for end, first_s in zip(seconds, self._to_ends(spot, travel), strict=True):
                np.minimum(least, end + first_s, out=least)
        return least

    def usable(self, travel: Travel) -> NDArray[np.bool_]:
        """(S,) segments of the net for one kind of travel."""
        return self._usable[:, MODES.index(travel)]

    def speeds_ms(self, travel: Travel) -> NDArray[np.float64]:
        """(S,) metres a second on each segment, in its quicker direction."""
        speeds = self.map.profiles[:, :, MODES.index(travel)].max(axis=1) / 3.6
        return np.asarray(speeds[self.map.profile], np.float64)

    def to_lonlat(self, xy: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N, 2) places of the plane of ``xy`` in degrees."""
        return np.column_stack(self._plane(xy[:, 0], xy[:, 1], inverse=True))

    def _route(self, spot: Spot, search: _Search, travel: Travel) -> Route:
        best = self._within_segment(spot, search, travel)
        length_m = float(self.map.length_m[spot.segment])
        first_m = (length_m * spot.share, length_m * (1 - spot.share))
        goal_m = float(self.map.length_m[search.spot.segment])
        last_m = (goal_m * search.spot.share, goal_m * (1 - search.spot.share))
        chosen: tuple[int, int] | None = None
        for near, first_s in enumerate(self._to_ends(spot, travel)):
            vertex = int(self.map.ends[spot.segment, near])
            for far in (0, 1):
                seconds = first_s + search.seconds[far, vertex] + search.last_s[far]
                if seconds < best.seconds:
                    best, chosen = Route(float(seconds), 0.0), (near, far)
        if chosen is None:
            return best
        near, far = chosen
        vertex = int(self.map.ends[spot.segment, near])
        metres = first_m[near] + self._metres(vertex, search.onward[far]) + last_m[far]
        off_m = spot.off_m + search.spot.off_m
        return Route(best.seconds, metres + off_m)

    def _within_segment(self, spot: Spot, search: _Search, travel: Travel) -> Route:
        """Straight along, where both stand on the same segment and it may be gone that way."""
        if spot.segment != search.spot.segment:
            return NO_ROUTE
        share = search.spot.share - spot.share
        metres = abs(share) * float(self.map.length_m[spot.segment])
        speed_ms = self._speed_ms(spot.segment, travel)[0 if share >= 0 else 1]
        if speed_ms == 0:
            return NO_ROUTE
        off_m = spot.off_m + search.spot.off_m
        return Route(metres / speed_ms + off_m / WALK_MS, metres + off_m)

    def _metres(self, vertex: int, onward: NDArray[np.int32]) -> float:
        way = [vertex]
        while onward[way[-1]] >= 0:
            way.append(int(onward[way[-1]]))
        return float(np.hypot(*np.diff(self.xy[way], axis=0).T).sum())

    def _search_from(self, goal: GeoPoint, travel: Travel) -> _Search | None:
        spot = self.spot(goal, travel)
        if spot is None:
            return None
        seconds, onward = dijkstra(
            self._back(travel),
            indices=self.map.ends[spot.segment],
            limit=FARTHEST_S,
            return_predecessors=True,
        )
        along_ms, against_ms = self._speed_ms(spot.segment, travel)
        length_m = float(self.map.length_m[spot.segment])
        walk_s = spot.off_m / WALK_MS
        last_s = (
            _seconds(length_m * spot.share, along_ms) + walk_s,
            _seconds(length_m * (1 - spot.share), against_ms) + walk_s,
        )
        return _Search(spot, last_s, seconds, onward)

    def _to_ends(self, spot: Spot, travel: Travel) -> tuple[float, float]:
        """Seconds from a spot to the two ends of its segment."""
        along_ms, against_ms = self._speed_ms(spot.segment, travel)
        length_m = float(self.map.length_m[spot.segment])
        walk_s = spot.off_m / WALK_MS
        return (
            _seconds(length_m * spot.share, against_ms) + walk_s,
            _seconds(length_m * (1 - spot.share), along_ms) + walk_s,
        )

    def _speed_ms(self, segment: int, travel: Travel) -> tuple[float, float]:
        both = self.map.profiles[self.map.profile[segment], :, MODES.index(travel)] / 3.6
        return float(both[0]), float(both[1])

    def _reversed(self, travel: Travel) -> csr_matrix:
        return self._matrix(travel, reverse=True)

    def _matrix(self, travel: Travel, *, reverse: bool) -> csr_matrix:
        """Seconds from vertex to vertex; of several segments between two the quickest."""
        speeds = self.map.profiles[self.map.profile, :, MODES.index(travel)] / 3.6
        here, there = self.map.ends.T
        starts, ends = np.concatenate([here, there]), np.concatenate([there, here])
        speed_ms = np.concatenate([speeds[:, 0], speeds[:, 1]]).astype(np.float64)
        length_m = np.tile(self.map.length_m, 2).astype(np.float64)
        open_ones = speed_ms > 0
        starts, ends, length_m = starts[open_ones], ends[open_ones], length_m[open_ones]
        seconds = np.where(length_m > 0, length_m / speed_ms[open_ones], BARRIER_S)
        if reverse:
            starts, ends = ends, starts
        order = np.lexsort((seconds, ends, starts))
        starts, ends, seconds = starts[order], ends[order], seconds[order]
        first = np.ones(len(starts), bool)
        first[1:] = (starts[1:] != starts[:-1]) | (ends[1:] != ends[:-1])
        size = len(self.xy)
        return csr_matrix((seconds[first], (starts[first], ends[first])), shape=(size, size))

    def _on_the_net(self, mode: int) -> NDArray[np.bool_]:
        ends, length_m = self.map.ends, self.map.length_m
        of_profile = np.asarray((self.map.profiles[:, :, mode] > 0).any(axis=1))
        open_ones = of_profile[self.map.profile]
        size = len(self.xy)
        links = csr_matrix(
            (np.ones(int(open_ones.sum()), np.int8), tuple(ends[open_ones].T)), shape=(size, size)
        )
        _, piece = connected_components(links, directed=False)
        of_piece_m = np.bincount(piece[ends[open_ones, 0]], length_m[open_ones], minlength=1)
        enough_m = min(_PIECE_M, 0.1 * of_piece_m.max(initial=0))
        wide = np.zeros(size, bool)
        wide[ends[open_ones, 0]] = of_piece_m[piece[ends[open_ones, 0]]] >= enough_m
        return open_ones & wide[ends[:, 0]] & (length_m > 0)


def _seconds(metres: float, speed_ms: float) -> float:
    if speed_ms > 0:
        return metres / speed_ms
    # A position at a crossing may be taken for one on the one-way street that begins there.
    return metres / WALK_MS if metres <= _PUSHED_M else math.inf
