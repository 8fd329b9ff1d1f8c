"""A few encoded pictures as RTP packets, H.264 or H.265."""

from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from sim.camera.h264 import nal_units
from sim.camera.rtp import rtp_header

FPS = 10
LIMIT = 1400


class Pictures:
    """A loop of ten pictures, the first a key picture with its parameter sets."""

    def __init__(self, codec: str, payload_type: int) -> None:
        self.codec, self.payload_type = codec, payload_type
        self._units = [nal_units(unit) for unit in encoded(codec)]
        self._sequence = 0

    def packets(self, index: int) -> list[bytes]:
        """RTP packets of one picture."""
        found = []
        payloads = [p for unit in self._units[index % len(self._units)] for p in self._cut(unit)]
        for number, payload in enumerate(payloads):
            last = number == len(payloads) - 1
            found.append(
                rtp_header(self.payload_type, last, self._sequence, index * 90_000 // FPS, 7)
                + payload
            )
            self._sequence += 1
        return found

    def _cut(self, unit: bytes) -> list[bytes]:
        """FU-A of RFC 6184 §5.8, FU of RFC 7798 §4.4.3."""
        if len(unit) <= LIMIT:
            return [unit]
        head = 1 if self.codec == "h264" else 2
        kind = unit[0] & 0x1F if head == 1 else (unit[0] >> 1) & 0x3F
        mark = (
            bytes([unit[0] & 0xE0 | 28])
            if head == 1
            else bytes([unit[0] & 0x81 | 49 << 1, unit[1]])
        )
        pieces = [unit[at : at + LIMIT] for at in range(head, len(unit), LIMIT)]
        last = len(pieces) - 1
        return [
            mark + bytes([(0x80 if i == 0 else 0) | (0x40 if i == last else 0) | kind]) + piece
            for i, piece in enumerate(pieces)
        ]


def encoded(codec: str, size: tuple[int, int] = (320, 240), count: int = 10) -> list[bytes]:
    """Annex B access units, parameter sets repeated in front of the key picture."""
    context = av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[codec], "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, FPS)
    context.options = {"preset": "ultrafast", "tune": "zerolatency", "g": str(count), "bf": "0"}
    if codec == "hevc":
        context.options |= {"x265-params": "log-level=none:repeat-headers=1:pools=1"}
    units = []
    for index in range(count):
        picture = np.full((size[1], size[0], 3), 60, np.uint8)
        picture[40:120, 10 * index : 10 * index + 80] = 220
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = index
        units.append(b"".join(bytes(packet) for packet in context.encode(frame)))
    return [unit for unit in units if unit]
