"""Fragmented MP4 as browsers record it: ``moov``, then ``moof`` and ``mdat`` (ISO/IEC 14496-12)."""

import struct
from collections.abc import Iterator
from struct import unpack_from

from console.field.bounds import MOST_HEADER, Scanner
from console.field.webm import av1

_NOT_SYNC = 0x10000
"""``sample_is_non_sync_sample`` (section 8.8.3.1)."""
_VISUAL, _AUDIO = 78, 28
"""Octets of a sample entry before its boxes (sections 12.1.3, 12.2.3)."""
_FOR_EVER = 1 << 63


class FragmentedMp4(Scanner):
    """A fragment whose first picture is a sync sample is a place to join at."""

    def __init__(self) -> None:
        super().__init__()
        self._video: dict[int, int] = {}
        """Default sample flags by video track."""

    def _step(self, held: bytearray, at: int) -> int:
        if len(held) < 16:
            return 0
        size, name = unpack_from(">I4s", held)
        start = 8
        if size == 1:
            (size,), start = unpack_from(">Q", held, 8), 16
        if size == 0:
            size = _FOR_EVER  # up to the end of the file, which has none yet
        if size < start or (at == 0 and name != b"ftyp"):
            raise self._wrong("no MP4 box", at)
        if name not in (b"moov", b"moof"):
            if name == b"mdat" and self.init_end is None:
                raise self._wrong("it is not fragmented: pictures before its table", at)
            return int(size)
        if size > MOST_HEADER:
            raise self._wrong(f"box {name.decode()} is too long", at)
        if len(held) < size:
            return 0
        content = bytes(held[start:size])
        try:
            if name == b"moov":
                self._moov(content)
                self.init_end = at + size
            elif self.init_end is None:
                raise ValueError("a fragment before the table")
            elif self._sync(content):
                self._found(at)
        except (KeyError, ValueError, IndexError, struct.error) as error:
            raise self._wrong(f"box {name.decode()} says nothing ({error})", at) from None
        return int(size)

    def _moov(self, content: bytes) -> None:
        boxes = list(_boxes(content))
        extends = [one for name, one in boxes if name == b"mvex"]
        if not extends:
            raise ValueError("it is not fragmented")
        flags = {}
        for name, one in _boxes(extends[0]):
            if name == b"trex":
                track, _, _, _, default = unpack_from(">IIIII", one, 4)
                flags[track] = default
        codecs, self._video = [], {}
        for name, trak in boxes:
            if name != b"trak":
                continue
            inside = dict(_boxes(trak))
            wide = inside[b"tkhd"][0] == 1
            (track,) = unpack_from(">I", inside[b"tkhd"], 20 if wide else 12)
            mdia = dict(_boxes(inside[b"mdia"]))
            table = dict(_boxes(dict(_boxes(mdia[b"minf"]))[b"stbl"]))
            codecs.append(_codec(*next(_boxes(table[b"stsd"][8:]))))
            if mdia[b"hdlr"][8:12] == b"vide":
                self._video[track] = flags.get(track, 0)
        if not codecs:
            raise ValueError("no tracks")
        self.codecs = ",".join(codecs)

    def _sync(self, moof: bytes) -> bool:
        """Whether the fragment's first picture needs no other; without pictures any does."""
        for name, traf in _boxes(moof):
            if name != b"traf":
                continue
            inside = list(_boxes(traf))
            head = dict(inside)[b"tfhd"]
            given, track = unpack_from(">II", head)
            if track not in self._video:
                continue
            default = self._video[track]
            if given & 0x20:
                at = 8 + 8 * bool(given & 1) + 4 * sum(bool(given & bit) for bit in (2, 8, 16))
                (default,) = unpack_from(">I", head, at)
            return not _first(dict(inside)[b"trun"], default) & _NOT_SYNC
        return not self._video


def _first(trun: bytes, default: int) -> int:
    """Flags of the first sample of a run (section 8.8.8)."""
    given, count = unpack_from(">II", trun)
    if count == 0:
        return _NOT_SYNC
    at = 8 + 4 * bool(given & 1)
    if given & 4:
        return int(unpack_from(">I", trun, at)[0])
    if given & 0x400:
        return int(
            unpack_from(">I", trun, at + 4 * bool(given & 0x100) + 4 * bool(given & 0x200))[0]
        )
    return default


def _codec(name: bytes, entry: bytes) -> str:
    """RFC 6381 of a sample entry."""
    match name:
        case b"avc1" | b"avc3":
            config = dict(_boxes(entry[_VISUAL:]))[b"avcC"]
            return f"{name.decode()}.{config[1:4].hex()}"
        case b"vp09":
            config = dict(_boxes(entry[_VISUAL:]))[b"vpcC"]
            return f"vp09.{config[4]:02d}.{config[5]:02d}.{config[6] >> 4:02d}"
        case b"av01":
            return av1(dict(_boxes(entry[_VISUAL:]))[b"av1C"])
        case b"Opus":
            return "opus"
        case b"mp4a":
            return f"mp4a.40.{_object_type(dict(_boxes(entry[_AUDIO:]))[b'esds'][4:])}"
    raise ValueError(f"codec {name.decode('ascii', 'replace')}")


def _object_type(esds: bytes) -> int:
    """Audio object type: descriptors 3, 4 and 5 inside each other (ISO/IEC 14496-1, 7.2.6)."""
    at = 0
    for tag, skip in ((3, 3), (4, 13), (5, 0)):
        if esds[at] != tag:
            raise ValueError(f"descriptor {tag} is missing")
        at += 1
        while esds[at] & 0x80:
            at += 1
        at += 1 + skip
    return esds[at] >> 3


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(content):
        size, name = unpack_from(">I4s", content, at)
        if size < 8 or at + size > len(content):
            raise ValueError("a box is cut off")
        yield name, content[at + 8 : at + size]
        at += size
