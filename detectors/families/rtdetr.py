"""RT-DETR and its relatives (D-FINE, DEIM): queries with normalised boxes, no doubles.

Three shapes occur, all with centre and size as parts of the input's width and height:

- two outputs, ``pred_boxes`` (B, N, 4) and ``logits`` or ``pred_logits`` (B, N, classes), whose
  sigmoid is the score (Zhao et al. 2023, DETRs Beat YOLOs on Real-time Object Detection; the
  classes share no softmax, so one query may give several);
- ultralytics, one output (B, N, 4 + classes) with scores;
- ultralytics since 8.4, one output (B, N, 6) with score and class number.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.families.base import Entry, Outputs, Raw

_BOX = 4
_RANKED_COLUMNS = 6
_MOST = 2.0
"""No box reaches so far beyond the picture; pixels do."""


class RtDetr:
    """Input RGB 0-1, bent to the input's size as in training."""

    entry = Entry(rgb=True, scale=1 / 255, fill=114, centred=False, bent=True)

    def decode(self, outputs: Outputs, index: int, size: tuple[int, int], min_score: float) -> Raw:
        """See :class:`detectors.families.base.Family`."""
        boxes, scores, classes = _candidates(outputs, index, min_score)
        wide_high = np.array([size[1], size[0]] * 2, np.float32)
        pixels = boxes * wide_high
        centre, half = pixels[:, :2], pixels[:, 2:] / 2
        corners = np.concatenate([centre - half, centre + half], axis=1)
        return Raw(corners, scores, classes, distinct=True)


def _candidates(
    outputs: Outputs, index: int, min_score: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Boxes (N, 4), scores (N,) and classes (N,) above the threshold."""
    logits = next((v[index] for name, v in outputs.items() if name.endswith("logits")), None)
    boxes = next((v[index] for name, v in outputs.items() if name.endswith("boxes")), None)
    if logits is not None and boxes is not None:
        if boxes.ndim != 2 or boxes.shape[1] != _BOX or len(logits) != len(boxes):
            raise ValueError(f"expected boxes (N, 4) and logits (N, classes), got {boxes.shape}")
        scores = 1 / (1 + np.exp(-logits.astype(np.float32)))
        return _above(boxes, scores, min_score)
    table = next(iter(outputs.values()))[index]
    if len(outputs) != 1 or table.ndim != 2 or table.shape[1] <= _BOX:
        raise ValueError(f"expected (N, 4 + classes) or boxes and logits, got {table.shape}")
    boxes, rest = table[:, :_BOX], table[:, _BOX:]
    if len(boxes) and float(np.abs(boxes).max()) > _MOST:
        raise ValueError("expected boxes as parts of the input, got pixels")
    # With two classes both of the ultralytics shapes have six columns; class numbers are whole.
    if table.shape[1] == _RANKED_COLUMNS and bool((rest[:, 1] == np.floor(rest[:, 1])).all()):
        keep = rest[:, 0] >= min_score
        return boxes[keep], rest[keep, 0], rest[keep, 1].astype(np.int64)
    return _above(boxes, rest, min_score)


def _above(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], min_score: float
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Every query and class above the threshold."""
    rows, classes = np.nonzero(scores >= min_score)
    return boxes[rows], scores[rows, classes], classes.astype(np.int64)
