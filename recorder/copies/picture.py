"""One picture as its three planes (YUV 4:2:0), to be written into."""

from dataclasses import dataclass

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

Plane = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Picture:
    """Luma (H, W) and two chroma planes (H/2, W/2) of even height and width."""

    y: Plane
    u: Plane
    v: Plane

    @classmethod
    def of(cls, frame: VideoFrame) -> "Picture":
        """A copy of a decoded picture. An odd column or row at the edge is scaled away."""
        width, height = frame.width & ~1, frame.height & ~1
        plain = frame.reformat(width=width, height=height, format="yuv420p")
        flat = np.asarray(plain.to_ndarray(), np.uint8).ravel()
        whole, part = width * height, width * height // 4
        half = (height // 2, width // 2)
        return cls(
            flat[:whole].reshape(height, width).copy(),
            flat[whole : whole + part].reshape(half).copy(),
            flat[whole + part :].reshape(half).copy(),
        )

    @property
    def height(self) -> int:
        return int(self.y.shape[0])

    @property
    def width(self) -> int:
        return int(self.y.shape[1])

    def above(self, other: "Picture") -> "Picture":
        """The two as one, this one on top; they are equally wide."""
        return Picture(
            np.vstack((self.y, other.y)),
            np.vstack((self.u, other.u)),
            np.vstack((self.v, other.v)),
        )

    def frame(self) -> VideoFrame:
        """As the encoder takes it."""
        flat = np.concatenate((self.y.ravel(), self.u.ravel(), self.v.ravel()))
        return VideoFrame.from_ndarray(flat.reshape(-1, self.width), format="yuv420p")
