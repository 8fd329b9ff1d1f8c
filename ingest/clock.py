"""How far a camera's clock is from ours, and how much of what it sent has come.

Both come from RTCP sender reports (RFC 3550 §6.4.1). FFmpeg 8 hands them on as side data of the
packet that follows: the report itself, and with every packet the camera's own UTC of it
(producer reference time), which is the last report carried on by the RTP time stamps.
"""

import struct
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any, cast, get_args

from av.packet import Packet, PacketSideData, PktSideDataT
from av.stream import Stream

from core.clock import NS_PER_S

KEPT_S = 30
LEAST_S = 3
"""From fewer seconds no spread can be told; and what queued up while the stream was opened comes
late, so the first reading makes a true clock look slow."""
STEP_S = 5
STEP_LEAST_NS = NS_PER_S // 2
STEP_SPREAD_NS = NS_PER_S // 4
LOSS_WINDOW_NS = 300 * NS_PER_S

_KINDS = get_args(PktSideDataT)
_REFERENCE_TIME = struct.Struct("=qi")  # AVProducerReferenceTime: microseconds since 1970, flags
_SENDER_REPORT = struct.Struct("@IQIII")  # AVRTCPSenderReport: ssrc, ntp, rtp, packets, octets
NTP_EPOCH_S = 2_208_988_800  # from 1900 to 1970 (RFC 5905 §6)
_PLAUSIBLE_NS = 86_400 * NS_PER_S  # a camera that never was set counts from 1970 or 1900
# These parsers give a picture out when the next one begins (ITU-T H.264 §7.4.1.2.3).
_HELD_BY_PARSER = frozenset({"h264", "hevc"})


@dataclass(frozen=True)
class SenderReport:
    """What the sender says it has sent, and when (RFC 3550 §6.4.1)."""

    ssrc: int
    utc_ns: int
    rtp_timestamp: int
    packets: int
    octets: int


@dataclass(frozen=True)
class ClockOffset:
    """The camera's clock minus ours.

    The time a picture takes from the lens to us cannot be told from a slow clock, so the true
    offset is larger than ``offset_s`` by that delay (20 to 300 ms with most cameras).

    Attributes:
        uncertainty_s: spread of the readings of the last half minute.
    """

    offset_s: float
    uncertainty_s: float


def reference_time_ns(packet: "Packet[Stream]") -> int | None:
    """The camera's own UTC of a packet; None before its first sender report."""
    return sender_times(packet)[0]


def sender_times(packet: "Packet[Stream]") -> tuple[int | None, SenderReport | None]:
    """The camera's own UTC of a packet, and the sender report that came just before it.

    In one look: asking PyAV for a kind of side data by name costs as much as copying a picture.
    """
    camera_ns, report = None, None
    for side in packet.iter_sidedata():
        kind = side.data_type
        if kind == "prft" and side.buffer_size >= _REFERENCE_TIME.size:
            camera_ns = int(_REFERENCE_TIME.unpack_from(bytes(side))[0]) * 1000
        elif kind == "rtcp_sr" and side.buffer_size >= _SENDER_REPORT.size:
            report = _sender_report(bytes(side))
    return camera_ns, report


def side_data(kind: PktSideDataT, data: bytes) -> PacketSideData:
    """Side data of a packet that FFmpeg did not put together, as FFmpeg would give it."""
    # PyAV's stubs leave the constructor out.
    made = cast(Any, PacketSideData)(_KINDS.index(kind), len(data))
    memoryview(made)[:] = data
    return cast(PacketSideData, made)


def reference_time(camera_ns: int) -> PacketSideData:
    """What :func:`sender_times` reads as the camera's own UTC."""
    return side_data("prft", _REFERENCE_TIME.pack(camera_ns // 1000, 0))


def report_of(report: SenderReport) -> PacketSideData:
    """What :func:`sender_times` reads as a sender report."""
    seconds, rest_ns = divmod(report.utc_ns, NS_PER_S)
    ntp = ((seconds + NTP_EPOCH_S) & 0xFFFFFFFF) << 32 | (rest_ns << 32) // NS_PER_S
    fields = (report.ssrc, ntp, report.rtp_timestamp, report.packets, report.octets)
    return side_data("rtcp_sr", _SENDER_REPORT.pack(*fields))


def _sender_report(data: bytes) -> SenderReport:
    ssrc, ntp, rtp, packets, octets = _SENDER_REPORT.unpack_from(data)
    utc_ns = ((ntp >> 32) - NTP_EPOCH_S) * NS_PER_S + ((ntp & 0xFFFFFFFF) * NS_PER_S >> 32)
    return SenderReport(ssrc, utc_ns, rtp, packets, octets)


class CameraClock:
    """Smooths readings of one camera's clock, and follows when either clock is set.

    Of every second the reading with the least delay counts; the offset is the median of the
    last half minute. When the last five seconds agree with each other and not with the rest, a
    clock was set, and the rest is forgotten. A network that stalls and catches up does not look
    like that: its readings disagree among themselves.
    """

    def __init__(self) -> None:
        self._best: deque[int] = deque(maxlen=KEPT_S)
        self._second = 0

    def read(self, camera_ns: int, arrived_ns: int, monotonic_ns: int) -> None:
        """One reading: what the camera's clock said, and ours when it came."""
        difference_ns = camera_ns - arrived_ns
        second = monotonic_ns // NS_PER_S
        if self._best and second == self._second:
            self._best[-1] = max(self._best[-1], difference_ns)
            return
        self._forget_old()
        self._second = second
        self._best.append(difference_ns)

    def offset(self) -> ClockOffset | None:
        """The present estimate; None before there are readings of three seconds."""
        if len(self._best) < LEAST_S:
            return None
        spread_ns = max(self._best) - min(self._best)
        return ClockOffset(round(median(self._best) / NS_PER_S, 3), round(spread_ns / NS_PER_S, 3))

    def _forget_old(self) -> None:
        newest = list(self._best)[-STEP_S:]
        if len(newest) < STEP_S or max(newest) - min(newest) > STEP_SPREAD_NS:
            return
        while abs(self._best[0] - median(newest)) > STEP_LEAST_NS:
            self._best.popleft()


class Delivery:
    """Compares the octets that a camera says it sent with those that came.

    The packets that FFmpeg puts together are a little larger than what was sent (start codes
    for fragment headers), and a report may come a picture early or late. So one picture, the
    largest, is granted: the share is a lower bound and zero on a sound line.
    """

    def __init__(self) -> None:
        self._received = 0
        self._largest = 0
        self._reports: deque[tuple[int, int, int, int]] = deque()  # monotonic, ssrc, sent, received

    def came(self, size_bytes: int) -> None:
        """A packet came."""
        self._received += size_bytes
        if size_bytes > self._largest:
            self._largest = size_bytes

    def reported(self, report: SenderReport, monotonic_ns: int) -> None:
        """A sender report came."""
        reports = self._reports
        if reports and reports[-1][1] != report.ssrc:
            reports.clear()
        if reports and (report.octets - reports[-1][2]) & 0xFFFFFFFF == 0:
            return
        reports.append((monotonic_ns, report.ssrc, report.octets, self._received))
        while reports[0][0] < monotonic_ns - LOSS_WINDOW_NS:
            reports.popleft()

    def loss(self) -> float | None:
        """Share lost within the last five minutes, at least; None before two reports."""
        if len(self._reports) < 2:
            return None
        first, last = self._reports[0], self._reports[-1]
        sent = (last[2] - first[2]) & 0xFFFFFFFF
        missing = sent - (last[3] - first[3]) - self._largest
        return round(max(0.0, missing / sent), 4)


class SenderTime:
    """Reads what the demuxed packets of one session tell of clock and delivery."""

    def __init__(self, codec: str) -> None:
        self.clock = CameraClock()
        self.delivery = Delivery()
        self._held = codec in _HELD_BY_PARSER
        self._began: tuple[int, int] | None = None

    def take(self, packet: "Packet[Stream]", arrived_ns: int, monotonic_ns: int) -> None:
        """A packet as demuxed, in order; ``arrived_ns`` is our UTC."""
        self.delivery.came(packet.size)
        camera_ns, report = sender_times(packet)
        if report is not None:
            self.delivery.reported(report, monotonic_ns)
        # A parser gives out a picture when the next begins, so this one began to arrive when
        # the one before it was given out.
        began = self._began if self._held else (arrived_ns, monotonic_ns)
        self._began = (arrived_ns, monotonic_ns)
        if began is None or camera_ns is None or camera_ns < _PLAUSIBLE_NS:
            return
        self.clock.read(camera_ns, *began)
