"""WebM as browsers record it: clusters in a segment without end (RFC 8794, RFC 9559)."""

from collections.abc import Iterator

from console.field.bounds import MOST_HEADER, Scanner

_EBML, _SEGMENT, _CLUSTER, _TRACKS = 0x1A45DFA3, 0x18538067, 0x1F43B675, 0x1654AE6B
_SIMPLE_BLOCK, _BLOCK_GROUP, _BLOCK = 0xA3, 0xA0, 0xA1
_ENTRY, _NUMBER, _TYPE, _CODEC, _PRIVATE = 0xAE, 0xD7, 0x83, 0x86, 0x63A2
_ENTERED = (_SEGMENT, _CLUSTER, _BLOCK_GROUP)
"""What holds other elements that matter; ids are unique, so they are read as one row."""
_VIDEO = 1
_KEY = 0x80
_BLOCK_HEAD = 12
"""Octets that hold a block's track (8 at most), time (2) and flags (1)."""
_CODECS = {"V_VP8": "vp8", "V_VP9": "vp9", "A_OPUS": "opus", "A_VORBIS": "vorbis"}


class WebM(Scanner):
    """A cluster whose first picture is a key frame is a place to join at.

    Pictures in a ``BlockGroup`` tell only afterwards whether they refer to others; a cluster that
    begins with one is passed over.
    """

    def __init__(self) -> None:
        super().__init__()
        self._video: frozenset[int] = frozenset()
        self._cluster = 0
        self._undecided = False

    def _step(self, held: bytearray, at: int) -> int:
        try:
            head = _header(held)
        except ValueError as error:
            raise self._wrong(str(error), at) from None
        if head is None:
            return 0
        name, size, start = head
        if at == 0 and name != _EBML:
            raise self._wrong("no EBML header", at)
        if name == _EBML and at > 0:
            raise self._wrong("a second film begins", at)
        if size is None and name not in (_SEGMENT, _CLUSTER):
            raise self._wrong(f"element {name:X} without a size", at)
        if name == _CLUSTER:
            self._begin(at)
        if name in _ENTERED:
            return start
        assert size is not None
        if name == _TRACKS:
            if size > MOST_HEADER:
                raise self._wrong("the list of tracks is too long", at)
            if len(held) < start + size:
                return 0
            self._tracks(bytes(held[start : start + size]), at)
        elif name in (_SIMPLE_BLOCK, _BLOCK) and self._undecided:
            if len(held) < start + min(size, _BLOCK_HEAD):
                return 0
            self._block(bytes(held[start : start + min(size, _BLOCK_HEAD)]), name, at)
        return start + size

    def _begin(self, at: int) -> None:
        if self.codecs is None:
            raise self._wrong("pictures before the list of tracks", at)
        if self.init_end is None:
            self.init_end = at
        self._cluster, self._undecided = at, True
        if not self._video:
            self._undecided = False
            self._found(at)

    def _block(self, head: bytes, name: int, at: int) -> None:
        track = _number(head, 0) if head[:1] != b"\0" else None
        if track is None or len(head) < track[1] + 3:
            raise self._wrong("a block without a head", at)
        number, end = track
        if number not in self._video:
            return
        self._undecided = False
        if name == _SIMPLE_BLOCK and head[end + 2] & _KEY:
            self._found(self._cluster)

    def _tracks(self, content: bytes, at: int) -> None:
        codecs, video = [], set()
        try:
            for name, entry in _elements(content):
                if name != _ENTRY:
                    continue
                facts = dict(_elements(entry))
                codec = facts[_CODEC].rstrip(b"\0").decode("ascii")
                codecs.append(_rfc6381(codec, facts.get(_PRIVATE, b"")))
                if int.from_bytes(facts[_TYPE], "big") == _VIDEO:
                    video.add(int.from_bytes(facts[_NUMBER], "big"))
        except (KeyError, ValueError) as error:
            raise self._wrong(f"the list of tracks says nothing ({error})", at) from None
        if not codecs:
            raise self._wrong("no tracks", at)
        self.codecs, self._video = ",".join(codecs), frozenset(video)


def _rfc6381(codec: str, private: bytes) -> str:
    if codec == "V_AV1" and len(private) >= 3:
        return av1(private)
    if codec not in _CODECS:
        raise ValueError(f"codec {codec[:30]}")
    return _CODECS[codec]


def av1(config: bytes) -> str:
    """Of an ``AV1CodecConfigurationRecord`` (AV1 in ISOBMFF, section 2.3.3).

    >>> av1(bytes.fromhex("81084c00"))
    'av01.0.08M.10'
    """
    profile, level = config[1] >> 5, config[1] & 31
    tier = "H" if config[2] & 0x80 else "M"
    depth = 8 if not config[2] & 0x40 else 12 if config[2] & 0x20 else 10
    return f"av01.{profile}.{level:02d}{tier}.{depth:02d}"


def _elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at < len(content):
        head = _header(content, at)
        if head is None or head[1] is None or head[2] + head[1] > len(content):
            raise ValueError("an element is cut off")
        name, size, start = head
        assert size is not None
        yield name, content[start : start + size]
        at = start + size


def _header(held: bytes | bytearray, at: int = 0) -> tuple[int, int | None, int] | None:
    """Id, size (None: unknown) and where the content begins; None: more octets are needed.

    Raises:
        ValueError: no element begins here.
    """
    if len(held) <= at:
        return None
    if held[at] < 0x10:
        raise ValueError("there is no element where one must be")
    length = 9 - held[at].bit_length()
    if len(held) < at + length:
        return None
    name = int.from_bytes(held[at : at + length], "big")
    size = _number(held, at + length)
    if size is None:
        return None
    value, end = size
    unknown = value == (1 << 7 * (end - at - length)) - 1
    return name, None if unknown else value, end


def _number(held: bytes | bytearray, at: int) -> tuple[int, int] | None:
    """A number of variable length (RFC 8794 section 4), and where it ends."""
    if len(held) <= at:
        return None
    if held[at] == 0:
        raise ValueError("a number of more than eight octets")
    length = 9 - held[at].bit_length()
    if len(held) < at + length:
        return None
    mask = (1 << 7 * length) - 1
    return int.from_bytes(held[at : at + length], "big") & mask, at + length
