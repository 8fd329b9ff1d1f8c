"""One stream's packets on the UTC time line."""

from fractions import Fraction
from typing import Literal

from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from core.clock import NS_PER_S
from ingest.anchor import Anchor
from ingest.events import MediaPacket, Reanchored

UNTIMED_MOST = 30


class Timeline:
    """Puts one stream's packets on the UTC time line.

    Some servers send their first packets before the time line is known to the demuxer; those
    are held (a few) and dated backwards from the first that has a time.
    """

    def __init__(self, stream: Stream, floor_ns: int = 0, *, rtp: bool = False) -> None:
        self._kind: Literal["video", "audio"] = "video" if stream.type == "video" else "audio"
        self._time_base = stream.time_base or Fraction(1, 90_000)
        self._tick_numerator = self._time_base.numerator * NS_PER_S
        self._tick_denominator = self._time_base.denominator
        self._spacing_ns = round(NS_PER_S / float(nominal_rate(stream) or 25))
        self._floor_ns = floor_ns
        self._anchor = Anchor(floor_ns)
        # RTP times are known modulo 2^32 ticks (RFC 3550 §5.1); FFmpeg takes a step back for
        # a wrap, which would be reported as a jump of half a day.
        self._wrap_s = float(self._time_base * 2**32) if rtp else 0.0
        self._untimed: list[tuple[Packet[Stream], int, bytes | None]] = []
        self._last_dts_ns: int | None = None

    def take(
        self, packet: "Packet[Stream]", arrived_ns: int, data: bytes | None = None
    ) -> list[MediaPacket | Reanchored]:
        """The events that a demuxed packet makes: none, itself, or several.

        Args:
            packet: as demuxed.
            arrived_ns: UTC nanoseconds.
            data: its octets, if they are at hand.
        """
        raw, pts = packet.dts, packet.pts
        if raw is None:
            raw = pts
        if raw is None and self._last_dts_ns is None:
            if len(self._untimed) < UNTIMED_MOST:
                self._untimed.append((packet, arrived_ns, data))
            return []
        if raw is None:
            dts_ns = (self._last_dts_ns or 0) + self._duration_ns(packet)
        else:
            dts_ns = self._ns(raw)
        events: list[MediaPacket | Reanchored] = []
        if self._untimed:
            held_ns = sum(self._duration_ns(held) for held, _, _ in self._untimed)
            self._anchor = Anchor(self._floor_ns + held_ns)
        moved = self._anchor.place(dts_ns, arrived_ns)
        if moved is not None:
            by_s = moved.by_ns / NS_PER_S
            if self._wrap_s:
                by_s = (by_s + self._wrap_s / 2) % self._wrap_s - self._wrap_s / 2
            events.append(Reanchored(self._kind, arrived_ns, by_s, moved.why))
        if self._untimed:
            early_ns = dts_ns
            for held, held_arrived_ns, octets in reversed(self._untimed):
                early_ns -= self._duration_ns(held)
                events.insert(0, self._event(held, early_ns, early_ns, held_arrived_ns, octets))
            self._untimed.clear()
        pts_ns = dts_ns if pts is None or pts == raw else self._ns(pts)
        self._last_dts_ns = dts_ns
        events.append(self._event(packet, pts_ns, dts_ns, arrived_ns, data))
        return events

    def _duration_ns(self, packet: "Packet[Stream]") -> int:
        if packet.duration:
            return self._ns(packet.duration)
        return self._spacing_ns

    def _ns(self, ticks: int) -> int:
        """A time of the stream in nanoseconds; in whole numbers, for fractions are slow."""
        return (2 * ticks * self._tick_numerator + self._tick_denominator) // (
            2 * self._tick_denominator
        )

    def _event(
        self,
        packet: "Packet[Stream]",
        pts_ns: int,
        dts_ns: int,
        arrived_ns: int,
        data: bytes | None,
    ) -> MediaPacket:
        decoded_ns = self._anchor.utc_ns(dts_ns)
        return MediaPacket(
            packet,
            self._kind,
            decoded_ns + pts_ns - dts_ns,
            decoded_ns,
            arrived_ns,
            packet.is_keyframe,
            data,
        )


def nominal_rate(stream: Stream) -> Fraction | None:
    """Pictures a second as the stream declares them, if they are believable."""
    if not isinstance(stream, VideoStream):
        return None
    rate = stream.average_rate or stream.guessed_rate
    return rate if rate is not None and 0 < rate <= 240 else None
