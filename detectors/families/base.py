"""What a family of models knows: how pictures go in and how answers come out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Outputs = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Entry:
    """How a family wants its pictures.

    Attributes:
        rgb: red first; else blue first.
        scale: factor on the 0..255 values.
        fill: grey of the padding, 0..255.
        centred: padding on both sides; else only to the right and below.
        bent: width and height are scaled each by itself, so that nothing is padded.
    """

    rgb: bool
    scale: float
    fill: int
    centred: bool
    bent: bool = False


@dataclass(frozen=True, eq=False)
class Raw:
    """Candidates of one picture in input pixels.

    Attributes:
        xyxy: (N, 4) float32 corners.
        scores: (N,) float32.
        classes: (N,) int64 class numbers.
        distinct: True when the model has already removed doubles.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]
    distinct: bool = False


class Family(Protocol):
    """One family of models."""

    entry: Entry

    def decode(self, outputs: Outputs, index: int, size: tuple[int, int], min_score: float) -> Raw:
        """Candidates of picture ``index`` of the batch; ``size`` is the input's (height, width).

        Raises:
            ValueError: the outputs are not those of this family.
        """
