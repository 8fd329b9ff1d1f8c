"""Fitting a picture into a model's input and the way back; bent only where a family wants it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from core.video import Bgr


@dataclass(frozen=True)
class Letterbox:
    """Where a picture lies in the model's input.

    Attributes:
        scale: input pixels a picture pixel, across.
        left, top: input pixels of padding before the picture.
        width, height: the picture's own size in pixels.
        bend: how much larger the scale is downwards than across; 1 where nothing is bent.
    """

    scale: float
    left: int
    top: int
    width: int
    height: int
    bend: float = 1.0

    @classmethod
    def fit(
        cls,
        picture: tuple[int, int],
        target: tuple[int, int],
        *,
        centred: bool,
        bent: bool = False,
    ) -> "Letterbox":
        """Largest placement of a (height, width) picture in a (height, width) input."""
        height, width = picture
        if bent:
            across, down = target[1] / width, target[0] / height
            return cls(across, 0, 0, width, height, down / across)
        scale = min(target[0] / height, target[1] / width)
        left = top = 0
        if centred:
            left = round((target[1] - width * scale) / 2 - 0.1)
            top = round((target[0] - height * scale) / 2 - 0.1)
        return cls(scale, left, top, width, height)

    def paint(
        self,
        picture: Bgr,
        target: tuple[int, int],
        fill: int,
        canvas: NDArray[np.uint8] | None = None,
    ) -> NDArray[np.uint8]:
        """The picture in a (height, width, 3) uint8 input, the rest filled with ``fill``.

        ``canvas`` is memory to paint on, of that shape; without it new memory is taken.
        """
        inner_w = min(max(round(self.width * self.scale), 1), target[1] - self.left)
        inner_h = min(max(round(self.height * self.scale * self.bend), 1), target[0] - self.top)
        if canvas is None:
            canvas = np.empty((*target, 3), np.uint8)
        bottom, right = self.top + inner_h, self.left + inner_w
        canvas[: self.top] = canvas[bottom:] = fill
        canvas[self.top : bottom, : self.left] = canvas[self.top : bottom, right:] = fill
        inner = canvas[self.top : bottom, self.left : right]
        # Linear as the models were trained; it also costs a third of area averaging.
        cv2.resize(picture, (inner_w, inner_h), dst=inner, interpolation=cv2.INTER_LINEAR)
        return canvas

    def unfit(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """(N, 4) corners in input pixels to ``x, y, w, h`` normalised to the picture, clipped."""
        offset = np.array([self.left, self.top] * 2, np.float32)
        size = np.array([self.width, self.height * self.bend] * 2, np.float32)
        corners: NDArray[np.float32] = np.clip((xyxy - offset) / self.scale / size, 0.0, 1.0)
        corners[:, 2:] -= corners[:, :2]
        return corners
