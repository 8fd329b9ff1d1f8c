"""A viewer or listener: RTP of one stream to one client."""

import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from core.clock import NS_PER_S
from sim.camera.faults import SOUND, Fault
from sim.camera.paths import Path
from sim.camera.rtp import goodbye, rtp_header, sender_report
from sim.camera.sdp import VIDEO_PAYLOAD_TYPE
from sim.camera.stream import AccessUnit, Watched
from sim.g711 import PCMA, RATE_HZ


@dataclass(frozen=True)
class Medium:
    """How RTP tells what it carries.

    Attributes:
        rate_hz: of the time stamps.
        marks: the last packet of each unit is marked (RFC 6184, 5.1; not so sound, RFC 3551, 4.1).
    """

    payload_type: int
    rate_hz: int
    marks: bool


VIDEO = Medium(VIDEO_PAYLOAD_TYPE, 90_000, marks=True)
AUDIO = Medium(PCMA, RATE_HZ, marks=False)

_REPORT_EVERY_NS = 5 * NS_PER_S


class Viewer:
    """Numbers and stamps the shared payloads for one client.

    A viewer begins with a key frame. One that cannot take more loses whole pictures up to the
    next key frame, so its picture stays sound and our memory bounded.

    Args:
        now_ns: UTC as the camera counts it, for sender reports.
        fault: what the camera does wrong at present.
    """

    def __init__(
        self,
        stream: Watched,
        path: Path,
        now_ns: Callable[[], int],
        fault: Callable[[], Fault] = lambda: SOUND,
        medium: Medium = VIDEO,
    ) -> None:
        self.ssrc = secrets.randbits(32)
        self.path = path
        self.pictures_left_out = 0
        self._stream = stream
        self._now_ns = now_ns
        self._fault = fault
        self._medium = medium
        self._dice = random.Random(self.ssrc)
        self._sequence = secrets.randbits(16)
        self._packets = self._octets = 0
        self._waits_for_key = True
        first = fault().first_timestamp
        self._first_timestamp = secrets.randbits(32) if first is None else first
        self._first_ns: int | None = None
        self._reported_ns = 0

    def play(self) -> tuple[int, int]:
        """Begin with the next picture; returns the first sequence number and RTP timestamp."""
        if self._first_ns is not None:  # after a pause: go on where the time stamps stood
            self._first_timestamp = self._timestamp(self._now_ns())
            self._first_ns = None
        self._waits_for_key = True
        self._stream.watch(self)
        return self._sequence, self._first_timestamp

    def pause(self) -> None:
        """Send no more pictures until the next :meth:`play`."""
        self._stream.leave(self)

    def jump(self, seconds: float) -> None:
        """Let the RTP clock step, as after a firmware's clock change."""
        ticks = round(seconds * self._medium.rate_hz)
        self._first_timestamp = (self._first_timestamp + ticks) & 0xFFFFFFFF

    def close(self) -> None:
        """Say goodbye."""
        self._stream.leave(self)
        if self._packets and not self._mute:
            self.path.send_rtcp(goodbye(self.ssrc))
        self.path.close()

    def show(self, unit: AccessUnit) -> None:
        """Send a picture, or leave it out."""
        if self.path.congested() or self._mute:
            self._waits_for_key = True
        if self._waits_for_key:
            if not unit.key or self._mute or self.path.congested():
                self.pictures_left_out += 1
                return
            self._waits_for_key = False
        if self._first_ns is None:
            self._first_ns = unit.utc_ns
            self._reported_ns = 0
        self._report()
        timestamp = self._timestamp(unit.utc_ns)
        last = len(unit.payloads) - 1 if self._medium.marks else None
        packets: list[bytes] = []
        loss = self._fault().loss
        for index, payload in enumerate(unit.payloads):
            header = rtp_header(
                self._medium.payload_type, index == last, self._sequence, timestamp, self.ssrc
            )
            if not loss or self._dice.random() >= loss:
                packets.append(header + payload)
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._octets += len(payload)
        self._packets += len(unit.payloads)
        self.path.send(packets)

    @property
    def _mute(self) -> bool:
        fault = self._fault()
        return fault.half_open or self.path.over in fault.silent

    def _timestamp(self, utc_ns: int) -> int:
        since_ns = utc_ns - (self._first_ns if self._first_ns is not None else utc_ns)
        ticks = (since_ns * self._medium.rate_hz + NS_PER_S // 2) // NS_PER_S
        return (self._first_timestamp + ticks) & 0xFFFFFFFF

    def _report(self) -> None:
        """A sender report with the first picture, then every five seconds (RFC 3550, 6.2)."""
        now_ns = self._now_ns()
        if now_ns - self._reported_ns < _REPORT_EVERY_NS:
            return
        self._reported_ns = now_ns
        self.path.send_rtcp(
            sender_report(
                self.ssrc,
                now_ns,
                self._timestamp(now_ns),
                self._packets,
                self._octets,
                f"wardwatch-{self.ssrc:08x}",
            )
        )
