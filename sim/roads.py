"""A road network among hills and along a river, made from a seed, as an OpenStreetMap extract.

A jittered grid stands for the plain. Every second road of the hills is missing, what is left winds,
and dead ends run up the valleys. A river crosses the whole, with a few bridges only; the straight
line between two places beside it says little about the way.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pyproj import Proj

from core.geometry import GeoPoint

_MAIN_EVERY = 6
"""Every so many rows and columns of the grid are a main road."""
_WINDINGS = 4
"""Segments between two junctions."""


@dataclass(frozen=True)
class Network:
    """A network and the places on it.

    Attributes:
        osm: the extract, OpenStreetMap XML.
        junctions: (N, 2) degrees, longitude first.
        ends: (D, 2) where the dead ends end.
        segments: how many pairs of neighbouring nodes the ways have.
    """

    osm: str
    junctions: NDArray[np.float64]
    ends: NDArray[np.float64]
    segments: int


def hill_and_river(
    seed: int,
    centre: GeoPoint,
    *,
    columns: int = 40,
    rows: int = 30,
    spacing_m: float = 450,
    bridges: int = 3,
) -> Network:
    """A network of about ``columns`` by ``rows`` junctions.

    Args:
        centre: its middle.
        bridges: how many cross the river, evenly spread.
    """
    maker = _Maker(np.random.default_rng(seed), centre, columns, rows, spacing_m)
    maker.lay_grid(bridges)
    maker.lay_dead_ends()
    maker.lay_footpaths()
    maker.lay_river()
    return maker.finish()


@dataclass
class _Maker:
    rng: np.random.Generator
    centre: GeoPoint
    columns: int
    rows: int
    spacing_m: float
    nodes: list[tuple[float, float]] = field(default_factory=list)
    barriers: dict[int, str] = field(default_factory=dict)
    ways: list[tuple[list[int], dict[str, str]]] = field(default_factory=list)
    grid: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 2)))
    dead_ends: list[int] = field(default_factory=list)

    def lay_grid(self, bridges: int) -> None:
        """The plain, the hills, and the bridges; whatever would be cut off keeps one road."""
        across, up = np.meshgrid(np.arange(self.columns), np.arange(self.rows))
        jitter = self.rng.uniform(-0.25, 0.25, (across.size, 2))
        self.grid = (np.column_stack([across.ravel(), up.ravel()]) + jitter) * self.spacing_m
        self.nodes.extend(map(tuple, self.grid))
        over = {int((k + 0.5) * self.columns / bridges) for k in range(bridges)}
        kept, dropped = [], []
        for here, there in self._neighbours():
            if self._beyond_river(here) != self._beyond_river(there):
                if here % self.columns in over and there - here == self.columns:
                    kept.append((here, there, True))
            elif self._is_main(here, there) or self.rng.random() > self._roughness(here):
                kept.append((here, there, False))
            else:
                dropped.append((here, there))
        group = list(range(self.columns * self.rows))
        for here, there, _ in kept:
            _join(group, here, there)
        for number in self.rng.permutation(len(dropped)):
            here, there = dropped[number]
            if _join(group, here, there):
                kept.append((here, there, False))
        for here, there, bridge in kept:
            self._road(here, there, bridge)

    def lay_dead_ends(self) -> None:
        """A spur at every eighth junction, longer in the hills; some are closed by a gate."""
        for start in range(0, len(self.grid), 8):
            rough = self._roughness(start)
            length = self.spacing_m * (0.4 + 2.5 * rough)
            heading = self.rng.uniform(0, 2 * np.pi)
            goal = self.grid[start] + length * np.array([np.cos(heading), np.sin(heading)])
            if self._above(goal) != self._beyond_river(start):
                continue
            nodes = [start, *self._wind(self.grid[start], goal, 0.35)]
            self.nodes.append((float(goal[0]), float(goal[1])))
            nodes.append(len(self.nodes) - 1)
            self.dead_ends.append(nodes[-1])
            kind = "track" if rough > 0.3 else "residential"
            self.ways.append((nodes, {"highway": kind}))
            if self.rng.random() < 0.1:
                self.barriers[nodes[2]] = "bollard"

    def lay_footpaths(self) -> None:
        """Steps straight over some blocks, for those on foot."""
        for here in range(0, len(self.grid) - self.columns - 1, 11):
            there = here + self.columns + 1
            same_row = (here + 1) % self.columns != 0
            if same_row and self._beyond_river(here) == self._beyond_river(there):
                self.ways.append(([here, there], {"highway": "steps"}))

    def lay_river(self) -> None:
        """The river itself, for boats."""
        nodes = []
        for x in np.linspace(0, self.columns * self.spacing_m, self.columns * 2):
            self.nodes.append((float(x), self._river(float(x))))
            nodes.append(len(self.nodes) - 1)
        self.ways.append((nodes, {"waterway": "river"}))

    def finish(self) -> Network:
        middle = np.array([self.columns, self.rows]) * self.spacing_m / 2
        plane = Proj(proj="aeqd", ellps="WGS84", lon_0=self.centre.lon, lat_0=self.centre.lat)
        metres = np.array(self.nodes) - middle
        lonlat = np.column_stack(plane(metres[:, 0], metres[:, 1], inverse=True))
        return Network(
            osm="".join(self._xml(lonlat)),
            junctions=lonlat[: len(self.grid)],
            ends=lonlat[self.dead_ends],
            segments=sum(len(nodes) - 1 for nodes, _ in self.ways),
        )

    def _xml(self, lonlat: NDArray[np.float64]) -> Iterator[str]:
        yield '<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n'
        for number, (lon, lat) in enumerate(lonlat):
            begin = f'<node id="{number + 1}" lat="{lat:.7f}" lon="{lon:.7f}"'
            barrier = self.barriers.get(number)
            yield (
                f'{begin}><tag k="barrier" v="{barrier}"/></node>\n' if barrier else begin + "/>\n"
            )
        for number, (nodes, tags) in enumerate(self.ways):
            refs = "".join(f'<nd ref="{node + 1}"/>' for node in nodes)
            marks = "".join(f'<tag k="{key}" v="{value}"/>' for key, value in tags.items())
            yield f'<way id="{number + 1}">{refs}{marks}</way>\n'
        yield "</osm>\n"

    def _neighbours(self) -> Iterator[tuple[int, int]]:
        for here in range(self.columns * self.rows):
            if (here + 1) % self.columns:
                yield here, here + 1
            if here + self.columns < self.columns * self.rows:
                yield here, here + self.columns

    def _road(self, here: int, there: int, bridge: bool) -> None:
        main = self._is_main(here, there)
        sway = 0.05 if main or bridge else 0.1 + 0.4 * self._roughness(here)
        between = [] if bridge else self._wind(self.grid[here], self.grid[there], sway)
        tags = {"highway": "secondary" if main or bridge else "unclassified"}
        if bridge:
            tags |= {"bridge": "yes", "layer": "1"}
        elif not main and self._roughness(here) < 0.1 and self.rng.random() < 0.08:
            tags["oneway"] = "yes"
        self.ways.append(([here, *between, there], tags))

    def _wind(
        self, start: NDArray[np.float64], goal: NDArray[np.float64], sway: float
    ) -> list[int]:
        """Nodes between two places, aside from the straight line by a share of its length."""
        along = goal - start
        aside = np.array([-along[1], along[0]])
        made = []
        for step in range(1, _WINDINGS):
            away = aside * self.rng.uniform(-sway, sway)
            x, y = start + along * step / _WINDINGS + away
            self.nodes.append((float(x), float(y)))
            made.append(len(self.nodes) - 1)
        return made

    def _is_main(self, here: int, there: int) -> bool:
        if there - here == 1:
            return (here // self.columns) % _MAIN_EVERY == 2
        return here % self.columns % _MAIN_EVERY == 2

    def _roughness(self, node: int) -> float:
        """0 in the plain by the river, up to 0.6 in the hills at the upper and lower edge."""
        x, y = self.grid[node]
        away = abs(y - self._river(x)) / (self.rows * self.spacing_m / 2)
        return float(np.clip(away - 0.3, 0, 0.6))

    def _river(self, x: float) -> float:
        height = self.rows * self.spacing_m
        return height / 2 + 0.12 * height * float(np.sin(x / (7 * self.spacing_m)))

    def _above(self, place: NDArray[np.float64]) -> bool:
        return bool(place[1] > self._river(float(place[0])))

    def _beyond_river(self, node: int) -> bool:
        return self._above(self.grid[node])


def _join(group: list[int], one: int, other: int) -> bool:
    """Union of two groups; False when they were one already."""
    roots = []
    for member in (one, other):
        while group[member] != member:
            group[member] = group[group[member]]
            member = group[member]
        roots.append(member)
    group[roots[0]] = roots[1]
    return roots[0] != roots[1]
