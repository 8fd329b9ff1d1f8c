"""Where scenarios are played: six places, seen by cameras that differ from seed to seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.seeing import Kind
from core.video import Bgr
from sim.draw.view import View
from sim.scenes import sets

Ground = tuple[float, float]
Painted = tuple[Bgr, NDArray[np.float32] | None]

_NEAREST_M = 8.3


@dataclass(frozen=True)
class Area:
    """A zone on the ground; the acts of its kind happen at ``spots`` in it.

    Attributes:
        x, z: nearest and farthest metres of the zone across and along.
        spots: (x range, z range) of places inside it where things stand well within view.
    """

    name: str
    kind: Kind
    x: Ground
    z: Ground
    spots: tuple[Ground, Ground]

    def corners(self) -> list[Ground]:
        (left, right), (near, far) = self.x, self.z
        return [(left, far), (right, far), (right, near), (left, near)]


@dataclass(frozen=True, eq=False)
class Place:
    """One place before one camera.

    Attributes:
        paint: paints all that never changes, by day, and gives the pixel polygon of the water
            where there is any.
        areas: what is watched there.
        paths: depths at which people walk by without stopping.
        front: depth at which passers-by hide those who act.
        roads: depth and direction (left?) of the lanes.
        parking: a place outside every zone where a car may stand.
        bench: a place outside every zone where people rest.
        trees: where trees grow (x, z, height).
        lamps: ground points under street lamps, by night.
        away: heading of somebody who looks at the water.
        afloat: depth at which boats, ducks and wood float, if there is water.
    """

    name: str
    view: View
    paint: Callable[[], Painted]
    areas: tuple[Area, ...]
    paths: tuple[float, ...]
    front: float
    trees: tuple[tuple[float, float, float], ...]
    lamps: tuple[Ground, ...]
    parking: Ground
    bench: Ground
    roads: tuple[tuple[float, bool], ...] = ()
    away: float = 60.0
    afloat: float | None = None

    def area(self, kind: Kind) -> Area:
        """The first area of that kind."""
        return next(area for area in self.areas if area.kind is kind)


def _bank(view: View, seed: int) -> Place:
    return Place(
        "bank", view, lambda: sets.bank(view, seed),
        (
            Area("shore", Kind.FISHING, (-5.0, 5.0), (8.3, 11.6), ((-3.0, 3.0), (10.0, 10.7))),
            Area("meadow", Kind.DUMPING, (-5.0, -0.3), (11.9, 14.8), ((-3.4, -1.4), (12.8, 13.8))),
            Area("slope", Kind.OCCUPATION, (0.3, 5.2), (11.9, 14.8), ((1.8, 3.2), (12.8, 13.8))),
        ),
        paths=(16.2, 17.2), front=9.7,
        trees=((-7.6, 19.6, 5.4), (-1.2, 20.4, 5.0), (5.2, 19.4, 5.4)),
        lamps=((-4.0, 13.0), (4.5, 12.0)), parking=(-5.2, 18.6), bench=(4.4, 15.4),
        away=60.0, afloat=8.75,
    )  # fmt: skip


def _quay(view: View, seed: int, bridge: bool = False) -> Place:
    return Place(
        "bridge" if bridge else "quay", view, lambda: sets.quay(view, seed, bridge),
        (
            Area("edge", Kind.FISHING, (-5.5, 5.5), (11.6, 13.9), ((-3.4, 3.4), (12.5, 13.0))),
            Area("steps", Kind.DUMPING, (-5.0, -0.4), (9.6, 11.5), ((-3.2, -1.4), (10.2, 10.9))),
            Area("promenade", Kind.OCCUPATION, (0.4, 5.0), (9.6, 11.5), ((1.6, 2.9), (10.2, 10.9))),
        ),
        paths=(8.4, 8.9), front=9.2, trees=((-6.4, 11.0, 4.6), (6.8, 11.6, 4.8)),
        lamps=((-3.0, 10.5), (3.6, 12.6)), parking=(-4.0, 7.4), bench=(4.2, 9.0),
        away=285.0, afloat=15.0,
    )  # fmt: skip


def _bridge(view: View, seed: int) -> Place:
    return _quay(view, seed, bridge=True)


def _lane(view: View, seed: int) -> Place:
    return Place(
        "lane", view, lambda: (sets.country(view, seed), None),
        (
            Area("verge", Kind.DUMPING, (-6.0, 0.4), (10.0, 13.1), ((-2.6, -1.6), (11.8, 12.3))),
            Area("layby", Kind.OCCUPATION, (0.8, 6.0), (10.0, 13.3), ((1.9, 2.5), (11.7, 12.2))),
        ),
        paths=(17.0, 17.4), front=9.3, trees=((-5.9, 21.5, 5.6), (4.4, 22.0, 5.2)),
        lamps=((-4.0, 13.4), (3.4, 12.8)), parking=(-3.6, 19.4), bench=(5.0, 18.6),
        roads=((14.0, False), (15.8, True)),
    )  # fmt: skip


def _yard(view: View, seed: int) -> Place:
    colours = ((132, 142, 140), (120, 128, 132), (142, 156, 164))
    return Place(
        "yard", view, lambda: (sets.plain(view, seed, colours[seed % 3]), None),
        (
            Area("wall", Kind.DUMPING, (-5.2, -0.4), (10.4, 14.2), ((-3.4, -1.6), (12.0, 13.2))),
            Area("gate", Kind.OCCUPATION, (0.3, 6.0), (10.4, 14.2), ((2.8, 3.4), (11.8, 12.8))),
        ),
        paths=(15.8, 17.4), front=9.4,
        trees=((-6.6, 18.2, 4.8), (0.6, 19.4, 4.6), (7.0, 18.0, 5.0)),
        lamps=((-3.0, 14.0), (4.0, 14.5)), parking=(-3.0, 19.0), bench=(5.4, 16.4),
        roads=((18.4, True),),
    )  # fmt: skip


def _market(view: View, seed: int) -> Place:
    return Place(
        "market", view, lambda: (sets.town(view, seed, square=True), None),
        (
            Area("square", Kind.OCCUPATION, (-2.2, 4.8), (10.2, 13.4), ((0.6, 2.4), (11.3, 12.2))),
            Area("arcade", Kind.DUMPING, (-6.6, -2.5), (10.6, 14.2), ((-4.8, -3.6), (12.0, 13.2))),
        ),
        paths=(14.8, 15.6, 16.6), front=9.4, trees=((-5.4, 17.4, 4.6), (6.2, 17.8, 4.6)),
        lamps=((-4.4, 13.4), (3.4, 12.6)), parking=(-3.4, 7.6), bench=(5.8, 16.2),
        roads=((8.2, False),),
    )  # fmt: skip


def _street(view: View, seed: int) -> Place:
    return Place(
        "street", view, lambda: (sets.town(view, seed, square=False), None),
        (
            Area("kerb", Kind.OCCUPATION, (-6.5, 6.5), (15.3, 17.3), ((-1.6, 1.6), (16.5, 16.8))),
            Area("pavement", Kind.OCCUPATION, (0.6, 5.0), (9.3, 11.7), ((1.8, 3.0), (10.4, 11.0))),
            Area("corner", Kind.DUMPING, (-5.0, -0.6), (9.3, 11.7), ((-3.4, -1.8), (10.2, 10.9))),
        ),
        paths=(18.2, 18.6), front=9.0, trees=((-5.6, 18.9, 4.6), (5.8, 18.9, 4.4)),
        lamps=((-6.3, 17.6), (4.5, 17.6), (0.6, 10.8)), parking=(-4.4, 12.6), bench=(5.6, 17.9),
        roads=((13.3, False), (15.0, True)),
    )  # fmt: skip


_PLACES: dict[str, Callable[[View, int], Place]] = {
    "bank": _bank,
    "quay": _quay,
    "bridge": _bridge,
    "lane": _lane,
    "yard": _yard,
    "market": _market,
    "street": _street,
}
NAMES: tuple[str, ...] = tuple(_PLACES)


def place(name: str, seed: int, rng: np.random.Generator, small: bool = False) -> Place:
    """A place before a camera of its own: height, lens and tilt are drawn by ``rng``.

    Args:
        small: a wide lens far away, so that people are about 45 to 60 pixels high.
    """
    height = float(rng.uniform(3.3, 4.6))
    focal = float(rng.uniform(0.84, 0.98))
    horizon = 0.20 - 0.08 * (height - 3.3)
    if small:
        focal, horizon, height = float(rng.uniform(0.26, 0.32)), 0.30, height + 0.4
    else:
        # The nearest zone must lie within the picture.
        height = min(height, (0.995 - horizon) * 720 * _NEAREST_M / (focal * 1280))
    view = View((1280, 720), round(height, 2), round(horizon, 3), round(focal, 3))
    return _PLACES[name](view, seed % 5)
