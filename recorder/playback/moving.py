"""Fragments moved on the time axis: the only octets of a recording that playing changes.

A segment's media time begins with its own first picture. Played one after the other, and beside
other cameras, fragments need one time for all: only the decode times (tfdt, ISO/IEC 14496-12
§8.8.12) and the running numbers (mfhd, §8.8.5) are written anew, sizes stay.
"""

import io
import struct
from collections.abc import Iterator, Mapping
from itertools import count

from recorder.boxes import Atom, atoms
from recorder.errors import RecorderError


def moved(
    data: bytes, shifts: Mapping[int, int], *, numbers: Iterator[int] | None = None
) -> bytearray:
    """Whole fragments (moof, mdat) at other times.

    Args:
        data: fragments as they lie in a file.
        shifts: by id of a track, what is added to its times, in its own units. Fragments of
            tracks that are not named are left out.
        numbers: running numbers for the fragments; None counts from 1.

    Raises:
        RecorderError: a box is torn or lacks a part, or a time does not fit into its field.
    """
    numbers = count(1) if numbers is None else numbers
    out = bytearray()
    source = io.BytesIO(data)
    kept = False
    at = 0
    for atom in atoms(source, 0, len(data)):
        at = atom.end
        if atom.kind == b"moof":
            moof = bytearray(data[atom.start : atom.end])
            try:
                kept = _move(moof, shifts)
            except (KeyError, struct.error) as error:
                raise RecorderError(f"a fragment's header is damaged ({error})") from error
            if kept:
                struct.pack_into(">I", moof, 20, next(numbers) & 0xFFFFFFFF)
                out += moof
        elif kept:
            out += memoryview(data)[atom.start : atom.end]
    if at != len(data):
        raise RecorderError(f"a fragment is torn at octet {at} of {len(data)}")
    return out


def _move(moof: bytearray, shifts: Mapping[int, int]) -> bool:
    """Write the times of a moof; False when its track is not wanted."""
    source = io.BytesIO(moof)
    for traf in atoms(source, 8, len(moof)):
        if traf.kind != b"traf":
            continue
        boxes = {box.kind: box for box in atoms(source, traf.body, traf.end)}
        (track,) = struct.unpack_from(">I", moof, boxes[b"tfhd"].body + 4)
        if track not in shifts:
            return False
        _shift(moof, boxes[b"tfdt"], shifts[track])
    return True


def _shift(moof: bytearray, tfdt: Atom, units: int) -> None:
    form = ">Q" if moof[tfdt.body] == 1 else ">I"
    (dts,) = struct.unpack_from(form, moof, tfdt.body + 4)
    try:
        struct.pack_into(form, moof, tfdt.body + 4, dts + units)
    except struct.error:
        raise RecorderError(
            f"media time {dts + units} does not fit; choose an earlier epoch"
        ) from None
