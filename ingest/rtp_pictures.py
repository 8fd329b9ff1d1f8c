"""Pictures of H.264 (RFC 6184) and H.265 (RFC 7798) put together from RTP packets.

What comes out is what FFmpeg's client and parser would give out, by the same rules: units behind
start codes, whole pictures, each when the next one begins.
"""

from typing import Literal, NamedTuple

from ingest.rtp import payload, steps

Codec = Literal["h264", "hevc"]

MOST_PARTS = 1 << 15
"""A picture has not more; a sender that never begins another must not fill the memory."""
_START = b"\0\0\0\1"

# A unit is one of these to us, by its type: H.264 table 7-1, H.265 table 7-1.
_SLICE, _KEY, _LEADS, _OTHER = range(4)
_LEADING = {"h264": {6, 7, 8, 9, *range(14, 19)}, "hevc": {*range(32, 36), 39, *range(41, 45)}}


def _meaning(codec: Codec) -> bytes:
    """Type of unit to meaning; what leads begins the next picture when it follows a slice."""
    table = bytearray([_OTHER]) * 64
    for number in range(64):
        if codec == "h264" and 1 <= number <= 5:
            table[number] = _KEY if number == 5 else _SLICE
        elif codec == "hevc" and number < 32:
            table[number] = _KEY if 16 <= number <= 23 else _SLICE
        elif number in _LEADING[codec]:
            table[number] = _LEADS
    return bytes(table)


class Picture(NamedTuple):
    """One picture: annex B, time stamp counted on over wraps, whether decoding can start there."""

    data: bytes
    timestamp: int
    key: bool


class Pictures:
    """Takes one stream's packets in order. Pictures are those of the time stamps.

    Attributes:
        ready: pictures that are whole; whoever takes them empties it.
        source: SSRC of the last picture.
        sequence: number of the last packet.
        stamp, time: its time stamp as it came, and counted on over wraps.
    """

    def __init__(self, codec: Codec, payload_type: int) -> None:
        self.ready: list[Picture] = []
        self.source = self.sequence = 0
        self._payload_type = payload_type
        self._hevc = codec == "hevc"
        # How a fragment shows that it is one, and where its header lies behind a frame's '$'.
        self._fragments = (0x7E, 49 << 1, 18) if self._hevc else (0x1F, 28, 17)
        self._octets = b""  # the time stamp as it came
        self._meaning = _meaning(codec)
        self.stamp: int | None = None
        self.time = 0
        self._parts: list[bytes] = []
        self._slices = self._key = self._next_key = self._marked = False
        self._next_at: int | None = None  # from this part on it belongs to the next picture

    def frames(self, data: bytes, at: int) -> int:
        """Interleaved frames (RFC 2326 §10.12) as long as they are this stream's and whole.

        Nearly all packets are fragments that go on with a unit: they are dealt with here, for
        each call costs more than what there is to do.

        Returns:
            Where something else begins.
        """
        size, payload_type, parts = len(data), self._payload_type, self._parts
        kind_mask, kind, part_at = self._fragments
        last = -1
        while at + 20 < size and data[at] == 0x24 and data[at + 5] & 0x7F == payload_type:
            end = at + 4 + (data[at + 2] << 8 | data[at + 3])
            if end > size:
                break
            if (
                data[at + 16] & kind_mask == kind
                and data[at + part_at] < 0x80
                and data[at + 8 : at + 12] == self._octets
                and data[at + 4] == 0x80
                and end > at + part_at
            ):
                parts.append(data[at + part_at + 1 : end])
                last = at
            else:
                self.take(data, at + 4, end)
                parts, last = self._parts, -1
            at = end
        if last >= 0:
            self._marked = data[last + 5] > 0x7F
            self.sequence = data[last + 6] << 8 | data[last + 7]
        if len(parts) > MOST_PARTS:
            self._give_out()
        return at

    def take(self, data: bytes, at: int, end: int) -> None:
        """The RTP packet that lies in ``data`` from ``at`` up to ``end``."""
        if end - at < 13 or data[at + 1] & 0x7F != self._payload_type:
            return
        stamp = int.from_bytes(data[at + 4 : at + 8], "big")
        if stamp != self.stamp:
            self._turn(stamp)
            self._octets = data[at + 4 : at + 8]
            self.source = int.from_bytes(data[at + 8 : at + 12], "big")
        self._marked = data[at + 1] > 0x7F
        self.sequence = data[at + 2] << 8 | data[at + 3]
        begin = at + 12
        if data[at] != 0x80:
            begin, end = payload(data, at, end)
        if begin < end:
            (self._h265 if self._hevc else self._h264)(data, begin, end)
        if len(self._parts) > MOST_PARTS:
            self._give_out()

    def end(self) -> None:
        """No more will come: the last picture is whole if its last packet said so."""
        if self._slices and self._marked:
            self._give_out()

    def _turn(self, stamp: int) -> None:
        """A picture of another time begins."""
        if self._slices:
            self._give_out()
        if self.stamp is not None:
            self.time += steps(self.stamp, stamp)
        self.stamp = stamp

    def _give_out(self) -> None:
        parts, cut = self._parts, self._next_at
        whole = parts if cut is None else parts[:cut]
        self.ready.append(Picture(b"".join(whole), self.time, self._key))
        self._parts = [] if cut is None else parts[cut:]
        self._key, self._next_key = self._next_key, False
        self._slices, self._next_at = False, None

    def _unit(self, number: int, begins: bytes) -> None:
        """A unit begins; ``begins`` is as much of it as shows what it is."""
        meaning = self._meaning[number]
        if meaning == _LEADS:
            if self._slices and self._next_at is None:
                self._next_at = len(self._parts)
            if number == 6 and _recovers(begins):
                if self._slices:
                    self._next_key = True
                else:
                    self._key = True
        elif meaning != _OTHER:
            # More of the same picture: some senders repeat parameter sets between its slices.
            self._slices, self._next_at = True, None
            if meaning == _KEY or self._next_key:
                self._key, self._next_key = True, False
        self._parts.append(_START)

    def _h264(self, data: bytes, at: int, end: int) -> None:
        head = data[at]
        kind = head & 0x1F
        if kind == 28:  # FU-A, §5.8
            if end - at < 3:
                return
            part = data[at + 1]
            if part & 0x80:
                self._unit(part & 0x1F, b"")
                self._parts.append(bytes((head & 0xE0 | part & 0x1F,)))
            self._parts.append(data[at + 2 : end])
        elif kind < 24:
            unit = data[at:end]
            self._unit(kind, unit)
            self._parts.append(unit)
        elif kind == 24:  # STAP-A, §5.7.1
            self._together(data, at + 1, end)

    def _h265(self, data: bytes, at: int, end: int) -> None:
        if end - at < 3:
            return
        head, second = data[at], data[at + 1]
        kind = head >> 1 & 0x3F
        if head & 1 or second & 0xF8 or not second & 7:
            return  # another layer, or what is no H.265
        if kind == 49:  # fragmentation unit, §4.4.3
            part = data[at + 2]
            if part & 0x80:
                self._unit(part & 0x3F, b"")
                self._parts.append(bytes((head & 0x81 | (part & 0x3F) << 1, second)))
            self._parts.append(data[at + 3 : end])
        elif kind < 48:
            unit = data[at:end]
            self._unit(kind, unit)
            self._parts.append(unit)
        elif kind == 48:  # aggregation packet, §4.4.2
            self._together(data, at + 2, end)

    def _together(self, data: bytes, at: int, end: int) -> None:
        """Several units, each behind its length."""
        while at + 2 < end:
            length = data[at] << 8 | data[at + 1]
            unit = data[at + 2 : min(end, at + 2 + length)]
            if unit:
                self._unit(unit[0] >> 1 & 0x3F if self._hevc else unit[0] & 0x1F, unit)
                self._parts.append(unit)
            at += 2 + length


def _recovers(unit: bytes) -> bool:
    """Whether a message unit of H.264 holds a recovery point (§D.2.8): decoding can start there."""
    at = 1
    while at + 2 < len(unit) and unit[at] != 0x80:
        kind = size = 0
        while at < len(unit) and unit[at] == 0xFF:
            kind, at = kind + 255, at + 1
        if at >= len(unit):
            return False
        kind, at = kind + unit[at], at + 1
        while at < len(unit) and unit[at] == 0xFF:
            size, at = size + 255, at + 1
        if kind == 6:
            return True
        if at >= len(unit):
            return False
        at += 1 + size + unit[at]
    return False
