"""Reading the boxes of fragmented MP4 (ISO/IEC 14496-12) without decoding anything.

A recording is its own index: the fragments' headers tell what is in them and where they end,
also while the file grows and after its writer was killed.
"""

import io
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from recorder.errors import RecorderError

_NOT_SYNC = 0x10000  # sample_is_non_sync_sample, §8.8.3.1


@dataclass(frozen=True)
class Atom:
    """One box: its type, where it starts, where its contents start, where it ends."""

    kind: bytes
    start: int
    body: int
    end: int


@dataclass(frozen=True)
class Fragment:
    """One moof with its mdat, as far as the video track is concerned.

    Attributes:
        offset: first byte of the moof.
        end: byte after the mdat.
        first_dts, end_dts: decoding times in the track's time scale; ``end_dts`` includes the
            last sample's duration.
        samples: number of pictures.
        key: the first picture is a sync sample.
    """

    offset: int
    end: int
    first_dts: int
    end_dts: int
    samples: int
    key: bool


@dataclass(frozen=True)
class Scan:
    """What a fragmented file holds.

    Attributes:
        timescale: units a second of the video track.
        fragments: complete fragments only.
        complete_bytes: a reader may use the file up to here; anything after it is the torn
            tail of a fragment that was being written.
    """

    timescale: int
    fragments: tuple[Fragment, ...]
    complete_bytes: int

    @property
    def end_dts(self) -> int:
        return max((f.end_dts for f in self.fragments), default=0)

    @property
    def samples(self) -> int:
        return sum(f.samples for f in self.fragments)

    def groups(self) -> Iterator[list[Fragment]]:
        """Fragments by group of pictures: one each, unless a group was too long for one."""
        group: list[Fragment] = []
        for fragment in self.fragments:
            if not fragment.samples:
                continue
            if fragment.key and group:
                yield group
                group = []
            if fragment.key or group:
                group.append(fragment)
        if group:
            yield group


@dataclass(frozen=True)
class Track:
    """A video track's id, time scale and the defaults of its fragments (trex, §8.8.3)."""

    id: int
    timescale: int
    default_duration: int
    default_flags: int


def atoms(stream: BinaryIO, start: int, end: int) -> Iterator[Atom]:
    """The complete boxes between two offsets; stops quietly where one is torn."""
    at = start
    while at + 8 <= end:
        stream.seek(at)
        header = stream.read(16)
        if len(header) < 8:
            return
        size, kind = struct.unpack_from(">I4s", header)
        body = at + 8
        if size == 1 and len(header) == 16:
            size, body = struct.unpack_from(">Q", header, 8)[0], at + 16
        elif size == 0:
            size = end - at
        if size < body - at or at + size > end or kind == b"\0\0\0\0":
            return  # torn; zeros are what a power cut leaves of blocks that were not written
        yield Atom(kind, at, body, at + size)
        at += size


def scan(path: Path) -> Scan:
    """Read a recording's fragment headers.

    Raises:
        RecorderError: the file cannot be read or has no complete header (moov).
    """
    try:
        with path.open("rb") as stream:
            return _scan(stream, stream.seek(0, io.SEEK_END), path)
    except OSError as error:
        raise RecorderError(f"{path}: cannot be read ({error.strerror})") from error
    except struct.error as error:
        raise RecorderError(f"{path}: damaged fragment header") from error


def _scan(stream: BinaryIO, size: int, path: Path) -> Scan:
    track: Track | None = None
    fragments: list[Fragment] = []
    complete = 0
    moof: Atom | None = None
    for atom in atoms(stream, 0, size):
        if atom.kind == b"moov":
            track = video_track(_read(stream, atom))
            complete = atom.end
        elif atom.kind == b"moof":
            moof = atom
        elif atom.kind == b"mdat" and moof is not None and track is not None:
            found = _fragment(_read(stream, moof), track, moof.start, atom.end)
            if found is not None:
                fragments.append(found)
            complete, moof = atom.end, None
        elif moof is None:
            complete = atom.end
    if track is None:
        raise RecorderError(f"{path}: no complete header; nothing was written to it yet")
    return Scan(track.timescale, tuple(fragments), complete)


def _read(stream: BinaryIO, atom: Atom) -> bytes:
    stream.seek(atom.body)
    return stream.read(atom.end - atom.body)


def _children(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    for atom in atoms(io.BytesIO(data), 0, len(data)):
        yield atom.kind, data[atom.body : atom.end]


def _first(data: bytes, *path: bytes) -> bytes | None:
    for wanted in path:
        found = next((body for kind, body in _children(data) if kind == wanted), None)
        if found is None:
            return None
        data = found
    return data


def video_track(moov: bytes) -> Track | None:
    """The video track described in the contents of a moov box, if there is one."""
    for kind, trak in _children(moov):
        if kind != b"trak":
            continue
        handler = _first(trak, b"mdia", b"hdlr")
        header, media = _first(trak, b"tkhd"), _first(trak, b"mdia", b"mdhd")
        if handler is None or header is None or media is None or handler[8:12] != b"vide":
            continue
        track_id, timescale = _track_id(header), _timescale(media)
        duration = flags = 0
        for box, body in _children(_first(moov, b"mvex") or b""):
            if box == b"trex" and struct.unpack_from(">I", body, 4)[0] == track_id:
                duration, _, flags = struct.unpack_from(">III", body, 12)
        return Track(track_id, timescale, duration, flags)
    return None


def timescales(head: bytes) -> dict[int, int]:
    """Units a second by track id, from ftyp and moov.

    Raises:
        RecorderError: there is no track.
    """
    found: dict[int, int] = {}
    for kind, trak in _children(_first(head, b"moov") or b""):
        header, media = (_first(trak, b"tkhd"), _first(trak, b"mdia", b"mdhd"))
        if kind == b"trak" and header and media:
            found[_track_id(header)] = _timescale(media)
    if not found:
        raise RecorderError("a header without tracks")
    return found


def _track_id(tkhd: bytes) -> int:
    (track,) = struct.unpack_from(">I", tkhd, 20 if tkhd[0] == 1 else 12)
    return int(track)


def _timescale(mdhd: bytes) -> int:
    (units,) = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)
    return int(units)


def _fragment(moof: bytes, track: Track, offset: int, end: int) -> Fragment | None:
    for kind, traf in _children(moof):
        header = _first(traf, b"tfhd") if kind == b"traf" else None
        if header is None or struct.unpack_from(">I", header, 4)[0] != track.id:
            continue
        duration, flags = _fragment_defaults(header, track)
        start = _first(traf, b"tfdt")
        if start is None:
            return None
        first_dts = struct.unpack_from(">Q" if start[0] == 1 else ">I", start, 4)[0]
        length, samples, key = 0, 0, False
        for box, body in _children(traf):
            if box == b"trun":
                run_length, run_samples, run_key = _run(body, duration, flags)
                key = key or (samples == 0 and run_key)
                length, samples = length + run_length, samples + run_samples
        return Fragment(offset, end, first_dts, first_dts + length, samples, key)
    return None


def _fragment_defaults(tfhd: bytes, track: Track) -> tuple[int, int]:
    """Default sample duration and flags, §8.8.7."""
    present = int.from_bytes(tfhd[1:4], "big")
    at = 8 + (8 if present & 0x1 else 0) + (4 if present & 0x2 else 0)
    duration, flags = track.default_duration, track.default_flags
    if present & 0x8:
        duration = struct.unpack_from(">I", tfhd, at)[0]
        at += 4
    if present & 0x10:
        at += 4
    if present & 0x20:
        flags = struct.unpack_from(">I", tfhd, at)[0]
    return duration, flags


def _run(trun: bytes, duration: int, flags: int) -> tuple[int, int, bool]:
    """Total duration, number of samples, and whether the first is a sync sample, §8.8.8."""
    present = int.from_bytes(trun[1:4], "big")
    count = struct.unpack_from(">I", trun, 4)[0]
    at = 8 + (4 if present & 0x1 else 0)
    first_flags = flags
    if present & 0x4:
        first_flags = struct.unpack_from(">I", trun, at)[0]
        at += 4
    fields = [bit for bit in (0x100, 0x200, 0x400, 0x800) if present & bit]
    total = 0
    for number in range(count):
        values = dict(zip(fields, struct.unpack_from(f">{len(fields)}I", trun, at), strict=True))
        at += 4 * len(fields)
        total += values.get(0x100, duration)
        if number == 0 and 0x400 in values and not present & 0x4:
            first_flags = values[0x400]
    return total, count, count > 0 and not first_flags & _NOT_SYNC
