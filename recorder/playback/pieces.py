"""What of each segment belongs to a range, found by reading headers and remembered."""

import hashlib
import os
import threading
from bisect import bisect_left, bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from core.playback import NotRecordedError
from recorder.boxes import Scan, atoms, scan
from recorder.errors import RecorderError
from recorder.shelf import Segment, segments

_ROUNDING_NS = 1_000_000
"""Times are rounded to the tracks' units; neighbours may overlap by less than this."""
REMEMBERED = 20_000
"""Segments, of ten seconds two days of one camera; about 1.5 KiB each."""


@dataclass(frozen=True)
class Group:
    """A group of pictures with the sound written behind it.

    Attributes:
        first, end: octets in the file.
        first_ns, last_ns: UTC of its first picture and of the end of its last one.
    """

    first: int
    end: int
    first_ns: int
    last_ns: int


@dataclass(frozen=True)
class Known:
    """A segment whose headers were read.

    Attributes:
        head: octets of ftyp and moov at its beginning.
        likeness: equal for segments whose players need to be told the same.
        timescale: units a second of the video track.
    """

    segment: Segment
    head: int
    likeness: str
    timescale: int
    groups: tuple[Group, ...]

    def read(self, first: int, end: int) -> bytes:
        """Octets of the file.

        Raises:
            NotRecordedError: it was deleted meanwhile.
            RecorderError: it cannot be read.
        """
        try:
            with self.segment.path.open("rb") as file:
                file.seek(first)
                return file.read(end - first)
        except FileNotFoundError as error:
            raise NotRecordedError(f"{self.segment.path}: has been deleted") from error
        except OSError as error:
            raise RecorderError(
                f"{self.segment.path}: cannot be read ({error.strerror})"
            ) from error

    def within(self, first_ns: int, last_ns: int) -> tuple[Group, ...]:
        """The groups that show a part of a range."""
        low = bisect_right(self.groups, first_ns, key=lambda group: group.last_ns)
        high = bisect_left(self.groups, last_ns, key=lambda group: group.first_ns)
        return self.groups[low:high]


@dataclass(frozen=True)
class Piece:
    """Groups of one segment, in order and without a hole between them."""

    known: Known
    groups: tuple[Group, ...]

    @property
    def first_ns(self) -> int:
        return self.groups[0].first_ns

    @property
    def last_ns(self) -> int:
        return self.groups[-1].last_ns

    @property
    def octets(self) -> tuple[int, int]:
        return self.groups[0].first, self.groups[-1].end


class Pieces:
    """Finds the pieces of a range; what was read of a segment is read again only if it grew."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: OrderedDict[Path, tuple[int, Known]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, camera: str, first_ns: int, last_ns: int) -> list[Piece]:
        """The pieces of a range in order; segments with nothing readable in them are left out."""
        found: list[Piece] = []
        for segment in segments(self.root, camera, first_ns, last_ns):
            known = self.known(segment)
            groups = known.within(first_ns, last_ns) if known else ()
            if found:
                # A clock that was set back leaves a little twice: who shows it first shows it.
                shown_ns = found[-1].last_ns - _ROUNDING_NS
                groups = tuple(group for group in groups if group.first_ns >= shown_ns)
            if known is not None and groups:
                found.append(Piece(known, groups))
        return found

    def segment(self, camera: str, start_ns: int) -> Known | None:
        """One segment by its start."""
        near = [
            s for s in segments(self.root, camera, start_ns, start_ns) if s.start_ns == start_ns
        ]
        return self.known(near[0]) if near else None

    def known(self, segment: Segment) -> Known | None:
        """A segment's groups; None when nothing of it can be read."""
        try:
            size = segment.path.stat().st_size
        except OSError:
            return None  # retention was quicker
        with self._lock:
            remembered = self._known.get(segment.path)
            if remembered is not None and remembered[0] == size:
                self._known.move_to_end(segment.path)
                return remembered[1]
        try:
            known = _read(segment, scan(segment.path))
        except (RecorderError, OSError):
            return None
        with self._lock:
            self._known[segment.path] = (size, known)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return known


def _read(segment: Segment, found: Scan) -> Known:
    runs = list(found.groups())
    ends = [*(run[0].offset for run in runs[1:]), found.complete_bytes][: len(runs)]
    groups = tuple(
        Group(
            run[0].offset,
            end,
            segment.utc_ns(run[0].first_dts, found.timescale),
            segment.utc_ns(run[-1].end_dts, found.timescale),
        )
        for run, end in zip(runs, ends, strict=True)
    )
    with segment.path.open("rb") as file:
        head = 0
        for atom in atoms(file, 0, os.fstat(file.fileno()).st_size):
            if atom.kind not in (b"ftyp", b"moov"):
                break
            head = atom.end
        file.seek(0)
        likeness = hashlib.sha256(file.read(head)).hexdigest()
    return Known(segment, head, likeness, found.timescale, groups)
