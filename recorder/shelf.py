"""Where recordings lie and how they are found again.

``<root>/<camera>/<YYYY-MM-DD>/<HHMMSS>_<start_ns>.mp4``, all in UTC. The name is final from
the first byte; ``start_ns`` is the UTC time of the file's media time zero. With several volumes
there is the same below each, and what is found is what all of them hold together.
"""

import io
import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from core.clock import NS_PER_S
from recorder.boxes import Scan, scan
from recorder.errors import RecorderError
from recorder.volume import known

ASIDE = "aside"
"""Folder of a camera for segments that no longer count (``recorder/own_clock.py``)."""

_NAME = re.compile(r"\d{6}_(\d+)\.mp4")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, order=True)
class Segment:
    """One recorded file."""

    start_ns: int
    camera: str
    path: Path

    def scan(self) -> Scan:
        """Its fragments; raises RecorderError for a file with nothing in it."""
        return scan(self.path)

    def utc_ns(self, dts: int, timescale: int) -> int:
        """UTC of a time in the file."""
        return self.start_ns + round(dts * NS_PER_S / timescale)


def segment_path(root: Path, camera: str, start_ns: int) -> Path:
    """The file for a segment that starts at that time."""
    return root / camera / day_of(start_ns) / segment_name(start_ns)


def segment_name(start_ns: int) -> str:
    """What a segment that starts at that time is called."""
    return f"{datetime.fromtimestamp(start_ns // NS_PER_S, UTC):%H%M%S}_{start_ns}.mp4"


def day_of(utc_ns: int, shift: int = 0) -> str:
    """What the folder of a time's day is called, or of some days later."""
    moment = datetime.fromtimestamp(utc_ns // NS_PER_S, UTC) + timedelta(days=shift)
    return f"{moment:%Y-%m-%d}"


def start_of(path: Path) -> int | None:
    """UTC of a segment's media time zero by its name; None for other files."""
    match = _NAME.fullmatch(path.name)
    return int(match[1]) if match else None


def roots(root: Path) -> list[Path]:
    """The recordings folder and the volumes that its recordings are spread over."""
    others = (Path(mark.path) for mark in known(root))
    return [root, *(path for path in others if path != root)]


def homes(root: Path, camera: str) -> list[Path]:
    """A camera's folders, one a volume that is there."""
    return [home for home in (base / camera for base in roots(root)) if home.is_dir()]


def cameras(root: Path) -> list[str]:
    """Ids of the cameras that have recordings."""
    there = (base for base in roots(root) if base.is_dir())
    return sorted({p.name for base in there for p in base.iterdir() if p.is_dir()})


def segments(
    root: Path, camera: str, first_ns: int | None = None, last_ns: int | None = None
) -> list[Segment]:
    """A camera's segments in order of time; those that may hold part of a range, if given."""
    found: list[Segment] = []
    first_day = day_of(first_ns, -1) if first_ns is not None else ""
    last_day = day_of(last_ns) if last_ns is not None else "9999"
    for day in day_folders(root, camera):
        if first_day <= day.name <= last_day:
            found += segments_of_day(day, camera)
    found.sort()
    if last_ns is not None:
        found = [s for s in found if s.start_ns <= last_ns]
    if first_ns is not None:
        # A segment reaches at most to about the next one's start; two predecessors cover a
        # time line that was set back by a little.
        earlier = [s for s in found if s.start_ns <= first_ns]
        found = earlier[-2:] + found[len(earlier) :]
    return found


def segments_of_day(day: Path, camera: str) -> list[Segment]:
    """The segments in one day's folder."""
    out = []
    for path in day.iterdir():
        match = _NAME.fullmatch(path.name)
        if match:
            out.append(Segment(int(match[1]), camera, path))
    return out


def aside(root: Path, camera: str) -> list[Segment]:
    """Segments that were set aside because their times are those of others, in order."""
    folders = (home / ASIDE for home in homes(root, camera))
    return sorted(s for f in folders if f.is_dir() for s in segments_of_day(f, camera))


def latest_end_ns(root: Path, camera: str, before_ns: int | None = None) -> int | None:
    """UTC up to which a camera is on disk, or None when nothing readable is.

    Args:
        before_ns: leave out segments that begin later.
    """
    last_day = day_of(before_ns) if before_ns is not None else "9999"
    by_name = itertools.groupby(
        (day for day in reversed(day_folders(root, camera)) if day.name <= last_day),
        key=lambda day: day.name,
    )
    for _, days in by_name:
        of_day = [segment for day in days for segment in segments_of_day(day, camera)]
        for segment in sorted(of_day, reverse=True):
            if before_ns is not None and segment.start_ns > before_ns:
                continue
            try:
                found = segment.scan()
            except RecorderError:
                continue
            if found.fragments:
                return segment.utc_ns(found.end_dts, found.timescale)
    return None


def day_folders(root: Path, camera: str) -> list[Path]:
    """The folders of a camera's days, in order of the days."""
    found = (day for home in homes(root, camera) for day in home.iterdir())
    return sorted((day for day in found if _DAY.fullmatch(day.name)), key=lambda day: day.name)


class CompletePart(io.RawIOBase):
    """A growing file, read-only, as if it ended after its last complete fragment."""

    def __init__(self, path: Path, length: int) -> None:
        super().__init__()
        self._file = path.open("rb")
        self._length = length
        self._at = 0
        self.name = str(path)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._length - self._at)
        self._file.seek(self._at)
        data = self._file.read(left if size < 0 else min(size, left))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._file.close()
        super().close()
