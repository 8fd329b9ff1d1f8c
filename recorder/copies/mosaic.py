"""Making a part of a picture unrecognisable for good.

Every block of a region becomes its mean, rounded to steps of 16: all pictures that agree in
their blocks' means give the same result, so nothing can tell which of them it was. The blocks are
a power of two and lie on a grid of the frame, not of the region, so that they do not crawl over
what they hide: from many mosaics of one face, each a little elsewhere, a better picture can be
computed. Whoever fears that a film of many moments still gives too much takes ``fill``.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.geometry import Box
from recorder.copies.picture import Picture, Plane

LEAST_PX = 8
PER_SIDE = 3
"""So many blocks or fewer along the shorter side of a region. The head of a standing person,
a third of the shoulders' width, is then about one block."""
_STEP = 16
_GREY = 128


@dataclass(frozen=True)
class Area:
    """A rectangle in pixels, all of them even, and the edge of its blocks (0: filled)."""

    x: int
    y: int
    w: int
    h: int
    block: int

    @classmethod
    def of(
        cls, box: Box, width: int, height: int, style: Literal["pixelate", "fill"]
    ) -> "Area | None":
        """A normalised box, widened to whole blocks; None when it lies outside."""
        left, top = max(0.0, box.x) * width, max(0.0, box.y) * height
        right, bottom = min(1.0, box.x + box.w) * width, min(1.0, box.y + box.h) * height
        if right - left < 1 or bottom - top < 1:
            return None
        block = LEAST_PX
        while block * PER_SIDE < min(right - left, bottom - top):
            block *= 2
        x, y = int(left) // block * block, int(top) // block * block
        w = min(width, -(-int(np.ceil(right)) // block) * block) - x
        h = min(height, -(-int(np.ceil(bottom)) // block) * block) - y
        return cls(x, y, w, h, block if style == "pixelate" else 0)


def mask(picture: Picture, area: Area) -> None:
    """Write over an area of a picture."""
    for plane, scale in ((picture.y, 1), (picture.u, 2), (picture.v, 2)):
        x, y = area.x // scale, area.y // scale
        part = plane[y : y + area.h // scale, x : x + area.w // scale]
        if area.block:
            part[:] = _means(part, area.block // scale)
        else:
            part[:] = _GREY


def _means(part: Plane, block: int) -> Plane:
    height, width = part.shape
    rows, columns = np.arange(0, height, block), np.arange(0, width, block)
    sums = np.add.reduceat(np.add.reduceat(part.astype(np.uint32), rows, 0), columns, 1)
    counts = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    # Rounded, so that grey stays grey.
    steps = np.minimum((sums // counts + _STEP // 2) // _STEP * _STEP, 255).astype(np.uint8)
    whole: Plane = steps.repeat(block, 0).repeat(block, 1)[:height, :width]
    return whole
