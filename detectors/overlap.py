"""Overlap of boxes in NumPy, and the removal of doubles."""

import cv2
import numpy as np
from numpy.typing import NDArray


def intersections(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Common areas (A, B) of ``x, y, w, h`` boxes."""
    left_top = np.maximum(a[:, None, :2], b[None, :, :2])
    right_bottom = np.minimum(a[:, None, :2] + a[:, None, 2:], b[None, :, :2] + b[None, :, 2:])
    sides = np.maximum(right_bottom - left_top, 0)
    common: NDArray[np.float32] = sides[..., 0] * sides[..., 1]
    return common


def ious(a: NDArray[np.float32], b: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union (A, B) of ``x, y, w, h`` boxes."""
    common = intersections(a, b)
    union = (a[:, 2] * a[:, 3])[:, None] + (b[:, 2] * b[:, 3])[None, :] - common
    ratio: NDArray[np.float32] = (common / np.maximum(union, 1e-12)).astype(np.float32)
    return ratio


def distinct(
    xywh: NDArray[np.float32],
    scores: NDArray[np.float32],
    classes: NDArray[np.int64],
    max_iou: float,
) -> NDArray[np.int64]:
    """Class-wise non-maximum suppression: indices to keep, best score first."""
    if len(scores) == 0:
        return np.zeros(0, np.int64)
    kept = cv2.dnn.NMSBoxesBatched(
        xywh.astype(np.float64).tolist(), scores.tolist(), classes.tolist(), 0.0, max_iou
    )
    return np.asarray(kept, np.int64).ravel()
