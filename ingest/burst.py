"""When packets arrived, those included that queued up while the stream was being opened.

Opening a stream means reading ahead for up to a second. What was read then is handed out at once
afterwards; taken at its word, the first picture would be dated late by all that time, and the
whole session with it. So packets that come without any wait are held until one has to be waited
for: the last of them has just arrived, and the camera's own spacing dates the others back.
"""

from collections.abc import Callable, Iterator

import av
from av.packet import Packet
from av.stream import Stream

from core.clock import NS_PER_S

WAIT_NS = NS_PER_S // 50
"""A read that takes so long had to wait: the queue is empty."""
MOST = 512
"""So many packets are held at most; a source that never makes one wait is no live one."""

Arrived = tuple["Packet[Stream]", int]


def dated(
    packets: "Iterator[Packet[Stream]]",
    utc_ns: Callable[[], int],
    monotonic_ns: Callable[[], int],
) -> Iterator[Arrived]:
    """Packets of a live session with the UTC nanoseconds of their arrival.

    Raises:
        av.error.FFmpegError, OSError: as the demuxer does, after the packets before it.
    """
    queued: list[Arrived] = []
    after: list[Arrived] = []
    problem: Exception | None = None
    while len(queued) < MOST:
        before_ns = monotonic_ns()
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            problem = error
            break
        if packet is None:
            break
        arrived = (packet, utc_ns())
        if queued and monotonic_ns() - before_ns >= WAIT_NS:
            after.append(arrived)
            break
        queued.append(arrived)
    yield from _dated_back(queued)
    yield from after
    if problem is not None:
        raise problem
    for packet in packets:
        yield packet, utc_ns()


def _dated_back(queued: list[Arrived]) -> Iterator[Arrived]:
    """Each as long before the last of its stream as the camera's own times say."""
    last: dict[int, tuple[int, int]] = {}
    for packet, arrived_ns in queued:
        taken_ns = _taken_ns(packet)
        if taken_ns is not None:
            last[packet.stream_index] = (taken_ns, arrived_ns)
    for packet, arrived_ns in queued:
        taken_ns = _taken_ns(packet)
        if taken_ns is not None:
            newest_ns, newest_arrived_ns = last[packet.stream_index]
            arrived_ns = min(arrived_ns, newest_arrived_ns - (newest_ns - taken_ns))
        yield packet, arrived_ns


def _taken_ns(packet: "Packet[Stream]") -> int | None:
    """The camera's own time of a packet, from its arbitrary zero."""
    raw = packet.dts if packet.dts is not None else packet.pts
    if raw is None or packet.time_base is None:
        return None
    return round(raw * packet.time_base * NS_PER_S)
