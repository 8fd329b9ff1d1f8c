"""Decoded pictures on their way from ingest to the detectors."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.uint8]
Bgr = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Frame:
    """One decoded picture.

    Colour is converted only when somebody asks for it: the motion gate needs luma alone, and
    most frames are never looked at by a model.

    Attributes:
        camera: id of the camera.
        time_ns: UTC nanoseconds of the picture; in a replay, of the recording.
        index: running number within the source, from 0.
        luma: (H, W) uint8, the decoder's own Y plane (a view, do not write to it).
        to_bgr: makes the (H, W, 3) uint8 BGR picture.
    """

    camera: str
    time_ns: int
    index: int
    luma: Luma
    to_bgr: Callable[[], Bgr]

    @property
    def height(self) -> int:
        return int(self.luma.shape[0])

    @property
    def width(self) -> int:
        return int(self.luma.shape[1])
