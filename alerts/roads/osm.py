"""Read an OpenStreetMap extract (``.osm`` XML or ``.osm.pbf``) into arrays.

Every pair of neighbouring nodes of a usable way becomes a segment, straight and of exact length.
Two ways meet where they share a node, so a bridge does not touch what runs beneath it. A node
with a barrier is taken apart: each way ends at its own copy, and only those who may pass get
from one copy to the next.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray
from osmium.filter import IdFilter, KeyFilter
from osmium.osm import NODE, WAY, osm_entity_bits
from pyproj import Geod

from alerts.errors import RoadsError
from alerts.roads.tags import MODES, Way, passes, way_of

MOST_SEGMENTS = 4_000_000
"""About a province; more would take gigabytes of memory."""
_THROUGH = 1.0
"""Speed in the profile of those who may pass a barrier; the segment has no length."""
_WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True)
class RoadMap:
    """A road map as arrays.

    Attributes:
        lonlat: (V, 2) degrees, WGS-84.
        ends: (S, 2) vertices that a segment joins.
        length_m: (S,) length of the geodesic; 0 where a barrier is passed.
        profile: (S,) row of ``profiles``.
        profiles: (P, 2, M) km/h along and against the segment by mode; 0: not that way.
    """

    lonlat: NDArray[np.float64]
    ends: NDArray[np.int32]
    length_m: NDArray[np.float32]
    profile: NDArray[np.int32]
    profiles: NDArray[np.float32]


def read(path: Path) -> RoadMap:
    """The roads of an extract.

    Raises:
        RoadsError: the file cannot be read, or there is no road in it; names the file and, as
            far as the format has them, the line or the element.
    """
    ways = _ways(path)
    wanted = {ref for refs, _ in ways for ref in refs}
    places, barriers = _nodes(path, wanted)
    drawing = _Drawing(places, barriers)
    for refs, way in ways:
        drawing.add(refs, way)
    made = drawing.finish()
    if made is None:
        raise RoadsError(f"{path}: no way in it lies between two nodes of the file")
    return made


def _ways(path: Path) -> list[tuple[list[int], Way]]:
    found: list[tuple[list[int], Way]] = []
    segments = 0
    for way in _elements(path, WAY, KeyFilter("highway", "waterway")):
        use = way_of({tag.k: tag.v for tag in way.tags})
        if use is None:
            continue
        refs = [node.ref for node in way.nodes]
        segments += len(refs) - 1
        if segments > MOST_SEGMENTS:
            raise RoadsError(
                f"{path}: more than {MOST_SEGMENTS} road segments; cut the county out first, e.g. "
                "`osmium extract --bbox …`"
            )
        found.append((refs, use))
    if not found:
        raise RoadsError(f"{path}: there is no way with a `highway` tag that anybody may use")
    return found


def _nodes(
    path: Path, wanted: set[int]
) -> tuple[dict[int, tuple[float, float]], dict[int, tuple[bool, ...]]]:
    places: dict[int, tuple[float, float]] = {}
    barriers: dict[int, tuple[bool, ...]] = {}
    for node in _elements(path, NODE, IdFilter(wanted)):
        if not node.location.valid():
            raise RoadsError(f"{path}: node {node.id}: its lat or lon is missing or impossible")
        places[node.id] = (node.location.lon, node.location.lat)
        if len(node.tags):
            closed_to = passes({tag.k: tag.v for tag in node.tags})
            if closed_to is not None:
                barriers[node.id] = closed_to
    return places, barriers


def _elements(path: Path, kind: osm_entity_bits, chosen: object) -> Iterator[Any]:
    element: Any
    last = "its beginning"
    try:
        for element in osmium.FileProcessor(str(path), kind).with_filter(chosen):
            yield element
            last = f"{'way' if element.is_way() else 'node'} {element.id}"
    except (RuntimeError, ValueError, osmium.InvalidLocationError) as error:
        raise RoadsError(f"{path}: after {last}: {error}") from None


class _Drawing:
    """Segments and vertices while they are collected."""

    def __init__(
        self, places: dict[int, tuple[float, float]], barriers: dict[int, tuple[bool, ...]]
    ) -> None:
        self._places, self._barriers = places, barriers
        self._vertices: dict[int, int] = {}
        self._lonlat: list[tuple[float, float]] = []
        self._ends: list[tuple[int, int]] = []
        self._profile: list[int] = []
        self._profiles: dict[Way, int] = {}

    def add(self, refs: list[int], way: Way) -> None:
        profile = self._number(way)
        for here, there in pairwise(refs):
            # An extract cuts ways at its border: what lies outside has no place.
            if here == there or here not in self._places or there not in self._places:
                continue
            self._ends.append((self._vertex(here), self._vertex(there)))
            self._profile.append(profile)

    def finish(self) -> RoadMap | None:
        if not self._ends:
            return None
        lonlat, ends = np.array(self._lonlat), np.array(self._ends, np.int32)
        (lon0, lat0), (lon1, lat1) = lonlat[ends[:, 0]].T, lonlat[ends[:, 1]].T
        length_m = _WGS84.inv(lon0, lat0, lon1, lat1)[2]
        return RoadMap(
            lonlat=lonlat,
            ends=ends,
            length_m=np.asarray(length_m, np.float32),
            profile=np.array(self._profile, np.int32),
            profiles=np.array(list(self._profiles), np.float32),
        )

    def _number(self, way: Way) -> int:
        return self._profiles.setdefault(way, len(self._profiles))

    def _vertex(self, ref: int) -> int:
        centre = self._vertices.get(ref)
        if centre is None:
            centre = self._vertices[ref] = self._new(ref)
        if ref not in self._barriers:
            return centre
        copy = self._new(ref)
        through = tuple(
            _THROUGH if self._barriers[ref][mode] else 0.0 for mode in range(len(MODES))
        )
        self._ends.append((copy, centre))
        self._profile.append(self._number(Way(through, through)))
        return copy

    def _new(self, ref: int) -> int:
        self._lonlat.append(self._places[ref])
        return len(self._lonlat) - 1
