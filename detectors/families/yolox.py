"""YOLOX (Megvii): anchor-free, three strides, outputs not yet decoded.

The arithmetic is that of ``demo_postprocess`` in the YOLOX repository: a row holds the centre
relative to its grid cell, the logarithm of the size, objectness and class scores.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from detectors.families.base import Entry, Outputs, Raw

STRIDES = (8, 16, 32)


@lru_cache(maxsize=8)
def grid(size: tuple[int, int]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cell corners (N, 2) as x, y and strides (N, 1) for an input of (height, width)."""
    cells, strides = [], []
    for stride in STRIDES:
        ys, xs = np.mgrid[0 : size[0] // stride, 0 : size[1] // stride]
        cells.append(np.stack([xs.ravel(), ys.ravel()], axis=1))
        strides.append(np.full((xs.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


class Yolox:
    """Input BGR 0-255, padded with 114 to the right and below; output (B, N, 5 + classes)."""

    entry = Entry(rgb=False, scale=1.0, fill=114, centred=False)

    def decode(self, outputs: Outputs, index: int, size: tuple[int, int], min_score: float) -> Raw:
        """See :class:`detectors.families.base.Family`."""
        rows = next(iter(outputs.values()))[index]
        cells, strides = grid(size)
        if rows.ndim != 2 or len(rows) != len(cells) or rows.shape[1] < 6:
            raise ValueError(f"expected ({len(cells)}, 5 + classes) rows, got {rows.shape}")
        # No class score exceeds 1, so rows below the threshold drop out by objectness alone.
        near = np.flatnonzero(rows[:, 4] >= min_score)
        rows = rows[near]
        scores = rows[:, 4:5] * rows[:, 5:]
        best = scores.argmax(axis=1)
        top = scores[np.arange(len(rows)), best]
        keep = top >= min_score
        rows, near, best, top = rows[keep], near[keep], best[keep], top[keep]
        centre = (rows[:, 0:2] + cells[near]) * strides[near]
        half = np.exp(np.minimum(rows[:, 2:4], 10.0)) * strides[near] / 2
        return Raw(np.concatenate([centre - half, centre + half], axis=1), top, best)
