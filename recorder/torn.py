"""How far a recording can be believed after its writer was killed or the power went.

A killed writer leaves a fragment that is cut off. A power cut may also leave blocks of zeros
where something was written, but not synced. In H.264 and H.265 that shows: no NAL unit holds
three zero octets in a row (emulation prevention, ITU-T H.264 §7.4.1, H.265 §7.4.2).
"""

import io
import struct
from dataclasses import dataclass
from pathlib import Path

from recorder.boxes import Atom, Fragment, Scan, atoms, scan
from recorder.errors import RecorderError

_NAL_FORMATS = (b"avc1", b"avc3", b"hvc1", b"hev1")
_HEADER_MOST = 1 << 16


@dataclass(frozen=True)
class Tail:
    """What follows the last good fragment.

    Attributes:
        good_bytes: the file may be believed up to here.
        inside: there are fragments behind the bad part, so it is no mere torn end.
    """

    good_bytes: int
    size_bytes: int
    inside: bool


def tail_of(path: Path) -> Tail | None:
    """The bad end of a recording; None when it is good to its end.

    Raises:
        RecorderError: it has no complete header, or cannot be read.
    """
    found = scan(path)
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, io.SEEK_END)
            stream.seek(0)
            head = stream.read(_HEADER_MOST)
            good = found.complete_bytes
            last = found.fragments[-1] if found.fragments else None
            if last is not None and any(name in head for name in _NAL_FORMATS):
                stream.seek(last.offset)
                if not _whole(stream.read(last.end - last.offset)):
                    good = last.offset
            if good == size:
                return None
            stream.seek(good)
            rest = stream.read(size - good)
    except OSError as error:
        raise RecorderError(f"{path}: cannot be read ({error.strerror})") from error
    return Tail(good, size, inside=good == found.complete_bytes and _goes_on(rest))


def ends(found: Scan, tail: Tail | None) -> tuple[Fragment, ...]:
    """The fragments that can be believed."""
    return tuple(f for f in found.fragments if tail is None or f.end <= tail.good_bytes)


def _goes_on(rest: bytes) -> bool:
    """Whether a whole fragment follows somewhere."""
    at = rest.find(b"moof", 8)
    while at >= 4:
        kinds = [atom.kind for atom in atoms(io.BytesIO(rest), at - 4, len(rest))]
        if kinds[:2] == [b"moof", b"mdat"]:
            return True
        at = rest.find(b"moof", at + 4)
    return False


def _whole(data: bytes) -> bool:
    """Whether every sample of a fragment is a chain of NAL units without lost blocks."""
    boxes = list(atoms(io.BytesIO(data), 0, len(data)))
    if [box.kind for box in boxes[:2]] != [b"moof", b"mdat"]:
        return False
    at, end = boxes[1].body, boxes[1].end
    for size in _sample_sizes(data, boxes[0]):
        stop = at + size
        if stop > end:
            return False
        while at < stop:
            if at + 4 > stop:
                return False
            length = int.from_bytes(data[at : at + 4], "big")
            at += 4 + length
            if not length or at > stop or b"\0\0\0" in data[at - length : at].rstrip(b"\0"):
                return False
            if data[at - 1] == 0:  # a NAL unit never ends with zero (§7.4.1)
                return False
    return True


def _sample_sizes(data: bytes, moof: Atom) -> list[int]:
    """The sizes in the first run (trun, ISO/IEC 14496-12 §8.8.8), or the default (tfhd)."""
    default = 0
    for traf in atoms(io.BytesIO(data), moof.body, moof.end):
        if traf.kind != b"traf":
            continue
        for box in atoms(io.BytesIO(data), traf.body, traf.end):
            present = int.from_bytes(data[box.body + 1 : box.body + 4], "big")
            if box.kind == b"tfhd":
                at = box.body + 8 + 8 * bool(present & 1) + 4 * bool(present & 2)
                at += 4 * bool(present & 8)
                default = struct.unpack_from(">I", data, at)[0] if present & 0x10 else 0
            elif box.kind == b"trun":
                count = struct.unpack_from(">I", data, box.body + 4)[0]
                at = box.body + 8 + 4 * bool(present & 1) + 4 * bool(present & 4)
                if not present & 0x200:
                    return [default] * count
                step = 4 * sum(bool(present & bit) for bit in (0x100, 0x200, 0x400, 0x800))
                at += 4 * bool(present & 0x100)
                return [struct.unpack_from(">I", data, at + n * step)[0] for n in range(count)]
    return []
