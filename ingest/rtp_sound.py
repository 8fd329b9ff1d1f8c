"""Sound from RTP packets: samples as they are (RFC 3551 §4.5), and AAC (RFC 3640)."""

import re
from typing import NamedTuple

from ingest.rtp import payload, steps

AAC_SAMPLES = 1024
_HBR = (("sizelength", "13"), ("indexlength", "3"), ("indexdeltalength", "3"))
_UNIT_MOST_BYTES = 1 << 16


class Piece(NamedTuple):
    """A piece of sound: octets, time stamp counted on over wraps, duration in its units."""

    data: bytes
    timestamp: int
    duration: int


def can_be_cut(format_parameters: str) -> bool:
    """Whether AAC comes as nearly all cameras send it: mode AAC-hbr (RFC 3640 §3.3.6)."""
    given = dict(re.findall(r"(?i)([a-z-]+)\s*=\s*([^;\s]+)", format_parameters.lower()))
    return given.get("mode") == "aac-hbr" and all(given.get(k) == v for k, v in _HBR)


class SoundPieces:
    """Takes one stream's packets in order.

    Args:
        octets_a_sample: of all channels; 0 when a packet's octets do not tell its length.
        aac: the payload is cut by RFC 3640.

    Attributes:
        ready: pieces that are whole; whoever takes them empties it.
        source, sequence: SSRC and number of the last packet.
        stamp, time: its time stamp as it came, and counted on over wraps.
    """

    def __init__(self, payload_type: int, octets_a_sample: int, *, aac: bool = False) -> None:
        self.ready: list[Piece] = []
        self.source = self.sequence = 0
        self._payload_type = payload_type
        self._octets_a_sample, self._aac = octets_a_sample, aac
        self.stamp: int | None = None
        self.time = 0
        self._begun = b""

    def take(self, data: bytes, at: int, end: int) -> None:
        """The RTP packet that lies in ``data`` from ``at`` up to ``end``."""
        if end - at < 13 or data[at + 1] & 0x7F != self._payload_type:
            return
        stamp = int.from_bytes(data[at + 4 : at + 8], "big")
        if self.stamp is not None:
            self.time += steps(self.stamp, stamp)
        self.stamp = stamp
        self.sequence = data[at + 2] << 8 | data[at + 3]
        self.source = int.from_bytes(data[at + 8 : at + 12], "big")
        begin, end = payload(data, at, end)
        if begin >= end:
            return
        if self._aac:
            self._units(data, begin, end)
            return
        lasts = (end - begin) // self._octets_a_sample if self._octets_a_sample else 0
        self.ready.append(Piece(data[begin:end], self.time, lasts))

    def end(self) -> None:
        """Nothing is held back."""

    def _units(self, data: bytes, at: int, end: int) -> None:
        """Access units behind their headers of 13 bits of size and 3 of index (§3.2.1)."""
        headers = (data[at] << 8 | data[at + 1]) // 16 if at + 2 <= end else 0
        at, body = at + 2, at + 2 + 2 * headers
        for number in range(headers):
            if at + 2 > end:
                return
            size = (data[at] << 8 | data[at + 1]) >> 3
            at += 2
            piece = data[body : min(end, body + size)]
            body += size
            if headers == 1 and size > len(piece) + len(self._begun):
                # A unit in fragments: each says how large the whole is (§3.2.3.1).
                self._begun = (self._begun + piece)[:_UNIT_MOST_BYTES]
                return
            if self._begun:
                piece, self._begun = self._begun + piece, b""
            if piece:
                time = self.time + number * AAC_SAMPLES
                self.ready.append(Piece(piece, time, AAC_SAMPLES))
