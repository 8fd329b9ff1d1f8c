"""The ground in a fixed camera's picture: from image points to metres and back.

A plane and a pinhole camera give a homography, fitted to pairs of points (Hartley, Zisserman,
Multiple View Geometry, 2nd ed., algorithm 4.2: normalised direct linear transformation). The
lens is taken to be free of distortion and the ground to be flat; what stands up from the ground
is not on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

Pair = tuple[float, float]
Matrix = NDArray[np.float64]

_LINE = 0.02
"""Four points of which three are nearer to a line than this share of their extent fix nothing."""
_LEAST_SPREAD = 0.05
_LARGEST_RESIDUAL = 0.02
_CLICK = 0.01
_LEAST_CERTAIN = 0.15
"""Where a hundredth of the picture is more than this share of the distance, nothing is measured."""


class GroundError(ValueError):
    """These points give no usable plane; the message says which and why."""


@dataclass(frozen=True)
class Scale:
    """How large things are at one point of the ground.

    Attributes:
        across_m: metres that one frame width shows of something facing the camera.
        flatness: the same over what it shows lengthwise, 0..1: 1 seen from straight above,
            towards 0 at the horizon (sine of the angle at which the ground is seen).
    """

    across_m: float
    flatness: float


@dataclass(frozen=True, eq=False)
class Plane:
    """A flat ground.

    Attributes:
        matrix: (3, 3) homography from image points (0..1, origin top left) to metres. Its third
            row is positive on this side of the horizon and 1 at most where the points lie.
        residual: farthest that a point lies from where the others put it, in frame sizes.
    """

    matrix: Matrix
    residual: float

    @classmethod
    def fit(cls, image: Sequence[Pair], metres: Sequence[Pair]) -> Self:
        """The plane of at least four pairs.

        Args:
            image: points in the picture, 0..1.
            metres: the same points on the ground, in any right-angled frame.

        Raises:
            GroundError: too few pairs, pairs that do not fix a plane, or that contradict.
        """
        if len(image) != len(metres) or len(image) < 4:
            raise GroundError(f"a ground needs at least 4 points, this one has {len(image)}")
        pixels, places = np.array(image, float), np.array(metres, float)
        for points, where in ((pixels, "in the picture"), (places, "on the ground")):
            _demand_spread(points, where)
        if (pixels.max(axis=0) - pixels.min(axis=0)).max() < _LEAST_SPREAD:
            raise GroundError(
                "the points lie within a twentieth of the picture; take some that are farther apart"
            )
        # Clicked points err in the picture, so the way from the ground to it is fitted.
        away = _direct(places, pixels)
        residuals = np.nan_to_num(np.hypot(*(_through(away, places) - pixels).T), nan=np.inf)
        worst = int(residuals.argmax())
        if residuals[worst] > _LARGEST_RESIDUAL:
            raise GroundError(
                f"the points contradict each other: point {worst + 1} lies {residuals[worst]:.1%} "
                "of the picture from where the others put it; is it mistyped, or off the plane?"
            )
        matrix = np.linalg.inv(away / np.linalg.norm(away))
        depth = _depth(matrix, pixels)
        if depth.min() <= 0 <= depth.max():
            raise GroundError(
                "no camera sees these points so: the horizon would pass between them; "
                "check their order"
            )
        return cls(matrix / depth[np.abs(depth).argmax()], float(residuals[worst]))

    def metres(self, point: Pair) -> Pair | None:
        """The place on the ground that an image point shows; None at or above the horizon."""
        x, y, depth = (float(value) for value in self.matrix @ (*point, 1.0))
        return (x / depth, y / depth) if depth > 0 else None

    def image(self, place: Pair) -> Pair | None:
        """Where a place on the ground appears, 0..1 within the picture; None behind the camera."""
        x, y, depth = (float(value) for value in np.linalg.solve(self.matrix, (*place, 1.0)))
        return (x / depth, y / depth) if depth > 0 else None

    def scale(self, point: Pair, aspect: float) -> Scale | None:
        """How large things are there; None towards the horizon, where nothing can be measured.

        Args:
            point: image point on the ground.
            aspect: width of the picture over its height.
        """
        x, y, depth = (float(value) for value in self.matrix @ (*point, 1.0))
        top, low = self.matrix[:2, :2], self.matrix[2, :2]
        if float(np.linalg.norm(low)) * _CLICK > depth * _LEAST_CERTAIN:
            return None
        slope = (top - np.outer((x / depth, y / depth), low)) / depth
        lengthwise, across = np.linalg.svd(slope * (1.0, aspect), compute_uv=False)
        return Scale(float(across), float(across / lengthwise))

    @property
    def mirrored(self) -> bool:
        """True when left and right are changed, as on a plan looked at from below."""
        return float(np.linalg.det(self.matrix)) > 0


def _demand_spread(points: Matrix, where: str) -> None:
    """Refuse points of which no four fix a plane: too many of them lie on one line."""
    extent = float(np.linalg.norm(points.max(axis=0) - points.min(axis=0)))
    if extent <= 0:
        raise GroundError(f"all points are the same {where}")
    for four in combinations(range(len(points)), 4):
        if all(_height(points[list(three)]) > _LINE * extent for three in combinations(four, 3)):
            return
    raise GroundError(
        f"no four of the points form a quadrilateral {where}: too many lie on one line; "
        "take some nearer and some farther, left and right"
    )


def _height(three: Matrix) -> float:
    """The smallest height of a triangle."""
    first, second = three[1] - three[0], three[2] - three[0]
    doubled = abs(float(first[0] * second[1] - first[1] * second[0]))
    longest = max(float(np.linalg.norm(a - b)) for a, b in combinations(three, 2))
    return doubled / max(longest, 1e-12)


def _direct(source: Matrix, target: Matrix) -> Matrix:
    """Least-squares homography from one set of points to the other."""
    to_source, to_target = _normaliser(source), _normaliser(target)
    rows = []
    for (x, y), (u, v) in zip(
        _through(to_source, source), _through(to_target, target), strict=True
    ):
        rows.append((x, y, 1, 0, 0, 0, -u * x, -u * y, -u))
        rows.append((0, 0, 0, x, y, 1, -v * x, -v * y, -v))
    normal = np.linalg.svd(np.array(rows))[2][-1].reshape(3, 3)
    return np.asarray(np.linalg.inv(to_target) @ normal @ to_source)


def _normaliser(points: Matrix) -> Matrix:
    """Moves the middle of the points to 0 and their mean distance from it to √2."""
    middle = points.mean(axis=0)
    by = np.sqrt(2) / float(np.hypot(*(points - middle).T).mean())
    return np.array([[by, 0, -by * middle[0]], [0, by, -by * middle[1]], [0, 0, 1]])


def _depth(matrix: Matrix, points: Matrix) -> Matrix:
    return np.asarray(points @ matrix[2, :2] + matrix[2, 2])


def _through(matrix: Matrix, points: Matrix) -> Matrix:
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    return np.asarray(moved[:, :2] / moved[:, 2:])
