"""What a source yields: sessions opened and lost, and the packets between them.

Every event carries a literal ``event`` tag, so that a consumer in another room can tell them
apart by structure alone and never needs to import this module.
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from av.packet import Packet
from av.stream import Stream

LostReason = Literal["unreachable", "refused", "stalled", "broken", "ended", "stopped", "clock"]


@dataclass(frozen=True, eq=False)
class Connected:
    """A session began, or goes on with another picture (then no Lost came before it).

    Attributes:
        streams: the streams whose packets follow, with their codec parameters.
        at_ns: UTC nanoseconds.
    """

    streams: tuple[Stream, ...]
    at_ns: int
    event: Literal["connected"] = field(default="connected", init=False)


class MediaPacket(NamedTuple):
    """One compressed picture or piece of sound, with its time.

    Attributes:
        packet: as demuxed; ``packet.stream`` is one of the session's streams as it was opened.
        kind: what it holds.
        time_ns: UTC nanoseconds of presentation.
        dts_ns: UTC nanoseconds of decoding (equal to ``time_ns`` without B pictures).
        arrived_ns: UTC nanoseconds at which it was read.
        keyframe: decoding can start here.
        data: the packet's octets, where they had to be copied out anyway.
    """

    packet: "Packet[Stream]"
    kind: Literal["video", "audio"]
    time_ns: int
    dts_ns: int
    arrived_ns: int
    keyframe: bool
    data: bytes | None = None
    event: Literal["packet"] = "packet"


@dataclass(frozen=True)
class Reanchored:
    """The camera's time line no longer fitted the clock; packets from here on are re-timed.

    Attributes:
        kind: the stream concerned.
        by_s: how far the time line moved; positive is forward.
        why: ``jump``, ``backwards`` or ``drift``.
    """

    kind: Literal["video", "audio"]
    at_ns: int
    by_s: float
    why: str
    event: Literal["reanchored"] = field(default="reanchored", init=False)


@dataclass(frozen=True)
class Lost:
    """The session is over, or could not be opened at all (then no Connected came before it)."""

    reason: LostReason
    detail: str
    at_ns: int
    event: Literal["lost"] = field(default="lost", init=False)


Event = Connected | MediaPacket | Reanchored | Lost
