"""MobileNetV3-CenterNet: peaks of a heat map and the distances to the four sides.

Outputs, at a quarter of the input's size: ``keypoints`` (B, H, W, classes), zero except at
peaks of a 3x3 neighbourhood, and ``wh`` (B, H, W, 4): left, top, right and bottom in input
pixels from the point (4 x, 4 y). Objects as Points, Zhou et al. 2019, section 4.
"""

import numpy as np
from numpy.typing import NDArray

from detectors.families.base import Entry, Outputs, Raw

STRIDE = 4


class Centernet:
    """Input RGB 0-255, padded with 0 to the right and below."""

    entry = Entry(rgb=True, scale=1.0, fill=0, centred=False)

    def decode(self, outputs: Outputs, index: int, size: tuple[int, int], min_score: float) -> Raw:
        """See :class:`detectors.families.base.Family`."""
        cells = (size[0] // STRIDE, size[1] // STRIDE)
        peaks = _channels_last(_named(outputs, "keypoints")[index], cells)
        sides = _channels_last(_named(outputs, "wh")[index], cells)
        ys, xs, classes = np.nonzero(peaks >= min_score)
        left, top, right, bottom = sides[ys, xs].T
        x, y = xs * float(STRIDE), ys * float(STRIDE)
        xyxy = np.stack([x - left, y - top, x + right, y + bottom], axis=1)
        return Raw(xyxy.astype(np.float32), peaks[ys, xs, classes], classes)


def _named(outputs: Outputs, word: str) -> NDArray[np.float32]:
    for name, value in outputs.items():
        if word in name:
            return value
    raise ValueError(f"no output named {word!r} among {sorted(outputs)}")


def _channels_last(tensor: NDArray[np.float32], cells: tuple[int, int]) -> NDArray[np.float32]:
    if tensor.shape[:2] == cells:
        return tensor
    if tensor.shape[1:] == cells:
        return np.moveaxis(tensor, 0, -1)
    raise ValueError(f"expected a map of {cells} cells, got {tensor.shape}")
