"""What one picture's brightness tells about the lens and the view, in a few cheap numbers."""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from core.video import Luma

Edges = NDArray[np.float32]

GRID = (160, 90)
BLOCKS = (8, 5)
"""Columns and rows of the blocks in which lost detail is counted."""
_FLAT = 1.5
"""Mean edge strength below which a block has nothing to be compared by, grey levels a pixel."""


@dataclass(frozen=True, eq=False)
class Measures:
    """Numbers of one picture.

    Attributes:
        mean, dark, light: mean brightness, and the levels that 1 % lie below and above.
        sample: pixels taken unchanged from a grid, to compare bit by bit.
        sharpness: steepest edges over two pixels by the steepest over a sixteenth of the width:
            near 1 where edges are hard, falling with blur, untouched by exposure.
        edges: (90, 160) float32 edge strength, compressed, so that no lamp outweighs a house.
        detail: mean edge strength of every block, grey levels a pixel.
    """

    mean: float
    dark: float
    light: float
    sample: Luma
    sharpness: float
    edges: Edges
    detail: Edges


def measure(luma: Luma) -> Measures:
    """Look at a picture: (H, W) uint8, at least 64 wide."""
    height, width = luma.shape
    step = max(1, width // 640)
    # Every second line is enough: edges over four of them are looked at.
    small = cv2.resize(luma[:: 2 * step, ::step], GRID, interpolation=cv2.INTER_AREA)
    apart = max(1, width // GRID[0])
    sample: Luma = np.ascontiguousarray(luma[apart // 2 :: apart, apart // 2 :: apart])
    dark, light = levels(small, 0.01, 0.99)
    strength = _strength(small)
    blocks = cv2.resize(strength, BLOCKS, interpolation=cv2.INTER_AREA)
    return Measures(
        mean=float(cv2.mean(small)[0]),
        dark=dark,
        light=light,
        sample=sample,
        sharpness=_sharpness(luma, height, width),
        edges=_floats(cv2.sqrt(cv2.blur(strength, (3, 3)))),
        detail=_floats(blocks),
    )


def levels(picture: MatLike, *shares: float) -> tuple[float, ...]:
    """The grey levels below which those shares of the pixels lie."""
    counts = cv2.calcHist([picture], [0], None, [256], [0, 256]).ravel().cumsum()
    return tuple(float(counts.searchsorted(share * counts[-1])) for share in shares)


def alikeness(one: Edges, other: Edges) -> float:
    """Normalised correlation of two edge pictures, -1 to 1."""
    count = one.size
    ones, others = cv2.sumElems(one)[0], cv2.sumElems(other)[0]
    both = float(np.vdot(one, other)) - ones * others / count
    spread_one = float(np.vdot(one, one)) - ones * ones / count
    spread_other = float(np.vdot(other, other)) - others * others / count
    return both / math.sqrt(max(1e-6, spread_one) * max(1e-6, spread_other))


def shift_of(reference: Edges, edges: Edges) -> tuple[float, float, float]:
    """By how much the view moved: (right, down) as shares of width and height, and certainty.

    Phase correlation (Kuglin and Hines 1975) of the edges; 0.1 to 1 is certain.
    """
    # Copies: OpenCV multiplies the pictures it is given by the window, in place.
    (right, down), certainty = cv2.phaseCorrelate(reference.copy(), edges.copy(), _window())
    return right / GRID[0], down / GRID[1], float(certainty)


def lost_share(reference: Edges, detail: Edges, least: float) -> float:
    """Share of the blocks with something in them that kept less than ``least`` of their edges."""
    full = reference > _FLAT
    count = int(np.count_nonzero(full))
    if count == 0:
        return 0.0
    return float(np.count_nonzero(full & (detail < least * reference))) / count


@cache
def _window() -> Edges:
    return _floats(cv2.createHanningWindow(GRID, cv2.CV_32F))


def _strength(small: MatLike) -> Edges:
    across = cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.125)
    down = cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.125)
    return _floats(cv2.magnitude(across, down))


def _sharpness(luma: Luma, height: int, width: int) -> float:
    rows = luma[:: max(1, height // 30)]
    near = max(1, width // 320)
    far = max(2, width // 16)
    fine = cv2.absdiff(rows[:, near:], rows[:, :-near])
    coarse = cv2.absdiff(rows[:, far:], rows[:, :-far])
    return levels(fine, 0.99)[0] / max(8.0, levels(coarse, 0.99)[0])


def _floats(picture: MatLike) -> Edges:
    return picture.astype(np.float32, copy=False)
