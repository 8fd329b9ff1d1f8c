"""A decoded picture as a core Frame: brightness for free, colour on demand."""

import numpy as np
from av.video.frame import VideoFrame

from core.video import Bgr, Frame, Luma

# Formats whose first plane is 8-bit brightness, one byte a pixel.
_LUMA_FIRST = frozenset(
    {
        "gray", "nv12", "nv21",
        "yuv410p", "yuv411p", "yuv420p", "yuv422p", "yuv440p", "yuv444p",
        "yuvj411p", "yuvj420p", "yuvj422p", "yuvj440p", "yuvj444p",
    }
)  # fmt: skip


def frame_of(picture: VideoFrame, camera: str, time_ns: int, index: int) -> Frame:
    """Wrap a decoded picture; no pixel is copied until ``to_bgr`` is called."""

    def to_bgr() -> Bgr:
        return picture.to_ndarray(format="bgr24").astype(np.uint8, copy=False)

    return Frame(camera=camera, time_ns=time_ns, index=index, luma=luma_of(picture), to_bgr=to_bgr)


def luma_of(picture: VideoFrame) -> Luma:
    """The (H, W) uint8 brightness plane, a view into the decoder's buffer.

    The decoder pads its lines; the view leaves the padding out. Formats without an 8-bit
    brightness plane (RGB, 10 bit) are converted. The view keeps the picture alive.
    """
    name = picture.format.name
    if name not in _LUMA_FIRST:
        picture = picture.reformat(format="gray")
    plane = picture.planes[0]
    lines: Luma = np.frombuffer(memoryview(plane), dtype=np.uint8)
    return lines.reshape(-1, plane.line_size)[: picture.height, : picture.width]
