"""Pictures to H.264 access units, as fast as a processor can."""

from fractions import Fraction

import av
import cv2
import numpy as np
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from core.video import Bgr
from sim.camera.h264 import ParameterSets, nal_units, parameter_sets

_TICKS_PER_S = 90_000


class H264Encoder:
    """One libx264 stream: no B-frames, no lookahead, a key frame every second.

    Args:
        size: width and height, both even; pictures of another size are scaled to it.
        fps: nominal rate of the pictures.

    One thread at a time may use it.
    """

    def __init__(self, size: tuple[int, int], fps: float) -> None:
        self._size = size
        self._fps = fps
        self._context: VideoCodecContext | None = self._open()
        self.sets: ParameterSets = parameter_sets(bytes(self._context.extradata or b""))

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
        context = av.CodecContext.create("libx264", "w")
        assert isinstance(context, VideoCodecContext)
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = Fraction(1, _TICKS_PER_S)
        context.framerate = Fraction(self._fps).limit_denominator(1001)
        context.color_range = 1  # limited ("mpeg") and BT.601: what cv2's I420 conversion makes
        context.colorspace = 6
        context.thread_count = 1
        context.flags |= Flags.global_header  # parameter sets come once, in the extradata
        most_kbps = max(400, round(width * height * self._fps / 2500))
        context.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "profile": "baseline",
            "crf": "24",
            "maxrate": f"{most_kbps}k",
            "bufsize": f"{most_kbps}k",
            "g": str(max(1, round(self._fps))),
            "bf": "0",
            "forced-idr": "1",
        }
        context.open()
        return context
