"""RTP (RFC 3550) for G.711 audio (RFC 3551), and the pacing that real time needs.

Cameras have little memory: a packet every 20 ms on the beat plays smoothly, bursts and large
packets come out choppy. The beat is counted from the first packet on the monotonic clock, so
small delays do not add up; after a long stall the beat starts again instead of bursting.
"""

import struct
import threading
from dataclasses import dataclass

from broadcast.errors import SpeakerError
from core.clock import NS_PER_S, Clock

PACKET_MS = 20
"""The default packet interval of RFC 3551, section 4.2."""
_LATEST_NS = 100_000_000
_HEADER = struct.Struct("!BBHII")


@dataclass(frozen=True)
class RtpPacket:
    """The fixed header of RFC 3550, section 5.1, and the payload."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def pack(self) -> bytes:
        """The packet as it goes over the wire: version 2, no padding, no extension."""
        return (
            _HEADER.pack(
                0x80,
                (0x80 if self.marker else 0) | self.payload_type,
                self.sequence,
                self.timestamp,
                self.ssrc,
            )
            + self.payload
        )

    @classmethod
    def parse(cls, data: bytes) -> "RtpPacket":
        """Read a packet; contributing sources, extension and padding are passed over.

        Raises:
            SpeakerError: it is truncated or not version 2.
        """
        if len(data) < _HEADER.size:
            raise SpeakerError(f"RTP packet of {len(data)} bytes is shorter than its header")
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        if first >> 6 != 2:
            raise SpeakerError(f"RTP version {first >> 6}, expected 2")
        start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
        if first & 0x10:
            if end < start + 4:
                raise SpeakerError("RTP header extension is truncated")
            start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
        if first & 0x20:
            end -= data[-1]
        if end < start:
            raise SpeakerError("RTP packet is shorter than its own header says")
        return cls(
            second & 0x7F, sequence, timestamp, ssrc, data[start:end], marker=bool(second & 0x80)
        )


class Pacer:
    """Keeps the 20 ms beat on the monotonic clock."""

    def __init__(self, clock: Clock, stop: threading.Event) -> None:
        self._clock = clock
        self._stop = stop
        self._due_ns: int | None = None

    def wait(self) -> bool:
        """Wait for the next beat; True when told to stop."""
        now_ns = self._clock.monotonic_ns()
        if self._due_ns is None or now_ns - self._due_ns > _LATEST_NS:
            self._due_ns = now_ns
        while (missing_ns := self._due_ns - self._clock.monotonic_ns()) > 0:
            if self._clock.wait(self._stop, missing_ns / NS_PER_S):
                return True
        self._due_ns += PACKET_MS * 1_000_000
        return self._stop.is_set()
