"""Key pictures that arrive in pieces, put together again.

Some servers (GStreamer's rtph264pay with config-interval=-1 among them) repeat the parameter
sets before every slice of a key picture. FFmpeg's parser takes parameter sets for the start of
a new picture (ITU-T H.264 §7.4.1.2.3), so that one picture comes out as several packets of the
same time; decoded one by one, all but the first slice of each would be lost.
"""

import av
from av.packet import Packet
from av.stream import Stream

LEARN_FROM = 3


class SplitPictures:
    """Joins packets of one picture.

    To know that a piece follows, a key picture must wait for the packet after it. That is done
    for the first three key pictures of a session, and for all of them only if one was split.
    """

    def __init__(self) -> None:
        self._held: Packet[Stream] | None = None
        self._keys = 0
        self._splits = False

    @property
    def holds(self) -> bool:
        """A key picture waits for what comes after it."""
        return self._held is not None

    def push(self, packet: "Packet[Stream]") -> "list[Packet[Stream]]":
        """The whole packets that are known after this one, in order.

        What is no key picture may go past here while nothing is held.
        """
        if packet.stream.type != "video":
            return [packet]
        out = []
        held, self._held = self._held, None
        if held is not None:
            if packet.pts is not None and packet.pts == held.pts:
                self._splits = True
                self._held = _joined(held, packet)
                return []
            out.append(held)
        if packet.is_keyframe and (self._splits or self._keys < LEARN_FROM):
            self._keys += 1
            self._held = packet
        else:
            out.append(packet)
        return out


def _joined(first: "Packet[Stream]", second: "Packet[Stream]") -> "Packet[Stream]":
    """The NAL units of both, none changed, with the first one's times."""
    whole = av.Packet(bytes(first) + bytes(second))
    whole.stream = first.stream
    if first.time_base:
        whole.time_base = first.time_base
    whole.pts, whole.dts, whole.duration = first.pts, first.dts, first.duration
    whole.is_keyframe = first.is_keyframe
    return whole
