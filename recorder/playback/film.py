"""A range as one fragmented MP4 that exists only while it is read.

Its octets follow from the recordings alone: sizes do not change when fragments are moved, so the
length is known before the first octet is sent, and a download that broke off goes on where it was.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, count

from core.clock import NS_PER_S
from core.playback import Hole
from recorder.errors import RecorderError
from recorder.playback.headers import Header, recorded
from recorder.playback.moving import moved
from recorder.playback.pieces import Group, Piece


@dataclass(frozen=True)
class _Bit:
    piece: Piece
    group: Group
    number: int
    """Running number of its first fragment."""


class RangeFilm:
    """Pieces that need the same header, one after the other; see :class:`core.playback.Film`."""

    def __init__(self, pieces: Sequence[Piece], holes: Sequence[Hole]) -> None:
        self.first_ns, self.last_ns = pieces[0].first_ns, pieces[-1].last_ns
        self.holes = tuple(holes)
        known = pieces[0].known
        self._header: Header = recorded(known.read(0, known.head))
        self.suffix = ".mov" if self._header.data[8:12] == b"qt  " else ".mp4"
        # A group holds a few fragments; numbers need only rise.
        bits = [(piece, group) for piece in pieces for group in piece.groups]
        self._bits = [_Bit(p, g, 1 + 64 * n) for n, (p, g) in enumerate(bits)]
        sizes = (bit.group.end - bit.group.first for bit in self._bits)
        self._ends = list(accumulate(sizes, initial=len(self._header.data)))
        self.size = self._ends[-1]
        parts = (f"{p.known.segment.start_ns}:{p.octets}" for p in pieces)
        self.tag = hashlib.sha256("\n".join(parts).encode() + self._header.data).hexdigest()[:32]

    def read(self, first: int, end: int) -> Iterator[bytes]:
        """The octets from ``first`` up to ``end``, group by group.

        Raises:
            RecorderError: a segment was deleted or changed meanwhile.
        """
        if first < self._ends[0]:
            yield self._header.data[first : min(end, self._ends[0])]
        for number in range(max(0, bisect_right(self._ends, first) - 1), len(self._bits)):
            start = self._ends[number]
            if start >= end:
                return
            data = self._group(self._bits[number])
            yield bytes(memoryview(data)[max(0, first - start) : end - start])

    def _group(self, bit: _Bit) -> bytearray:
        segment, group = bit.piece.known.segment, bit.group
        lead_ns = segment.start_ns - self.first_ns
        shifts = {
            track: round(lead_ns * units / NS_PER_S)
            for track, units in self._header.timescales.items()
        }
        data = bit.piece.known.read(group.first, group.end)
        out = moved(data, shifts, numbers=count(bit.number))
        if len(out) != group.end - group.first:
            raise RecorderError(f"{segment.path}: was changed while it was played")
        return out
