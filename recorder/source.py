"""What the recorder needs of a source of packets, said structurally.

Any object with these attributes will do; the room that reads cameras is never imported. The
literal ``event`` tags tell the events apart.
"""

import threading
from collections.abc import Iterator
from typing import Literal, NamedTuple, Protocol

from av.packet import Packet
from av.stream import Stream

from core.clock import NS_PER_S


class ConnectedEvent(Protocol):
    """A session began; ``streams`` holds the video stream first, then perhaps sound."""

    @property
    def event(self) -> Literal["connected"]: ...
    @property
    def streams(self) -> tuple[Stream, ...]: ...
    @property
    def at_ns(self) -> int: ...


class PacketEvent(Protocol):
    """One packet with its UTC times in nanoseconds."""

    @property
    def event(self) -> Literal["packet"]: ...
    @property
    def packet(self) -> "Packet[Stream]": ...
    @property
    def kind(self) -> Literal["video", "audio"]: ...
    @property
    def time_ns(self) -> int: ...
    @property
    def dts_ns(self) -> int: ...
    @property
    def arrived_ns(self) -> int: ...
    @property
    def keyframe(self) -> bool: ...
    @property
    def data(self) -> bytes | None: ...


class ReanchoredEvent(Protocol):
    """The source moved its time line by ``by_s``."""

    @property
    def event(self) -> Literal["reanchored"]: ...
    @property
    def kind(self) -> Literal["video", "audio"]: ...
    @property
    def at_ns(self) -> int: ...
    @property
    def by_s(self) -> float: ...
    @property
    def why(self) -> str: ...


class LostEvent(Protocol):
    """The session is over, or none could be opened."""

    @property
    def event(self) -> Literal["lost"]: ...
    @property
    def reason(self) -> str: ...
    @property
    def detail(self) -> str: ...
    @property
    def at_ns(self) -> int: ...


MediaEvent = ConnectedEvent | PacketEvent | ReanchoredEvent | LostEvent


class PacketSource(Protocol):
    """One camera's packets."""

    @property
    def camera(self) -> str: ...

    def packets(self, stop: threading.Event) -> Iterator[MediaEvent]:
        """Events until ``stop`` is set or the source is exhausted."""


class Sample(NamedTuple):
    """A packet's bytes and times, copied out once and shared by disk and live viewers."""

    kind: Literal["video", "audio"]
    data: bytes
    time_ns: int
    dts_ns: int
    keyframe: bool
    duration_ns: int = 0
    """Of sound, as the source says it; 0 when it does not."""

    @classmethod
    def of(cls, event: PacketEvent) -> "Sample":
        """Copy a packet, unless the source has done so."""
        packet = event.packet
        data = event.data
        if data is None:
            data = bytes(packet)
        lasts_ns = 0
        tick = packet.time_base if event.kind == "audio" else None
        if tick is not None and packet.duration:
            lasts_ns = packet.duration * tick.numerator * NS_PER_S // tick.denominator
        return cls(event.kind, data, event.time_ns, event.dts_ns, event.keyframe, lasts_ns)
