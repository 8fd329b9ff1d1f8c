"""Pictures to H.264 or H.265 access units, as fast as a processor can."""

from fractions import Fraction
from typing import Literal

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from core.video import Bgr
from sim.camera.h264 import ParameterSets, nal_units, parameter_sets
from sim.camera.h265 import H265Sets, h265_sets

_TICKS_PER_S = 90_000

Codec = Literal["h264", "h265"]


class Encoder:
    """One stream of libx264 or libx265: no B-frames, no lookahead, a key frame every second.

    Args:
        size: width and height, both even; pictures of another size are scaled to it.
        fps: nominal rate of the pictures.

    One thread at a time may use it.
    """

    def __init__(self, size: tuple[int, int], fps: float, codec: Codec = "h264") -> None:
        self._size = size
        self._fps = fps
        self._codec = codec
        self._context: VideoCodecContext | None = self._open()
        extradata = bytes(self._context.extradata or b"")
        self.sets: ParameterSets | H265Sets = (
            parameter_sets(extradata) if codec == "h264" else h265_sets(extradata)
        )

    def encode(self, picture: Bgr, t_s: float, *, key: bool) -> list[bytes]:
        """NAL units of one access unit.

        Args:
            picture: (H, W, 3) uint8 BGR.
            t_s: scene time; must grow from call to call.
            key: make it an IDR picture.
        """
        if self._context is None:
            self._context = self._open()
        if (picture.shape[1], picture.shape[0]) != self._size:
            scaled = cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA)
            picture = np.asarray(scaled, np.uint8)
        planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
        frame = av.VideoFrame.from_ndarray(np.asarray(planes, np.uint8), format="yuv420p")
        frame.pts = round(t_s * _TICKS_PER_S)
        frame.time_base = Fraction(1, _TICKS_PER_S)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return nal_units(b"".join(bytes(packet) for packet in self._context.encode(frame)))

    def close(self) -> None:
        """Free the encoder's memory; the next picture opens it again with the same headers."""
        self._context = None

    def _open(self) -> VideoCodecContext:
        width, height = self._size
        library = {"h264": "libx264", "h265": "libx265"}[self._codec]
        context = av.CodecContext.create(library, "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, _TICKS_PER_S)
        context.framerate = Fraction(self._fps).limit_denominator(1001)
        context.color_range = 1  # limited ("mpeg") and BT.601: what cv2's I420 conversion makes
        context.colorspace = 6
        context.thread_count = 1
        context.flags |= Flags.global_header  # parameter sets come once, in the extradata
        most_kbps = max(400, round(width * height * self._fps / 2500))
        second = max(1, round(self._fps))
        common = {"preset": "ultrafast", "tune": "zerolatency", "crf": "24", "forced-idr": "1"}
        rate = {"maxrate": f"{most_kbps}k", "bufsize": f"{most_kbps}k", "g": str(second), "bf": "0"}
        quiet = f"log-level=none:keyint={second}:bframes=0:pools=none:frame-threads=1"
        own = {"profile": "baseline"} if self._codec == "h264" else {"x265-params": quiet}
        context.options = common | rate | own
        context.open()
        return context
