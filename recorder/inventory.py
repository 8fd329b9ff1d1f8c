"""Which files lie on the volumes and how large they are, remembered by day.

Eight cameras leave two million files a month. Listing them all at every sweep took half a minute
and a gigabyte; a folder of a past day changes only when something in it is deleted, so its times
and sizes are kept as plain arrays, 16 octets a file, until its modification time changes.
"""

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from recorder.shelf import ASIDE, cameras, day_folders, day_of, homes, segment_name, start_of

_GROWING = 3
"""So many of a folder's newest files may still grow: their sizes are asked for again."""


@dataclass(frozen=True)
class DayFiles:
    """A camera's files of one day in one folder, in order of time.

    Attributes:
        day: as its folder is called, ``2026-11-22``.
        aside: they no longer count (``recorder/own_clock.py``).
        starts: UTC nanoseconds.
        sizes: octets, of the same files.
        odd: names by start, of files whose name tells another time of day than their start.
    """

    camera: str
    day: str
    folder: Path
    aside: bool
    starts: "array[int]"
    sizes: "array[int]"
    odd: Mapping[int, str]

    @cached_property
    def octets(self) -> int:
        """All of them."""
        return sum(self.sizes)

    def path(self, number: int) -> Path:
        """The file of that number."""
        start_ns = self.starts[number]
        return self.folder / (self.odd.get(start_ns) or segment_name(start_ns))


class Inventory:
    """The files of all cameras; one thread at a time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[Path, tuple[int, DayFiles]] = {}

    def days(self) -> list[DayFiles]:
        """Everything that is there, by day and camera; empty folders are left out."""
        found = [day for camera in cameras(self._root) for day in self._of(camera)]
        there = {day.folder for day in found}
        self._known = {path: known for path, known in self._known.items() if path in there}
        return sorted(
            (day for day in found if day.starts), key=lambda day: (day.day, day.camera, day.aside)
        )

    def _of(self, camera: str) -> Iterator[DayFiles]:
        for folder in day_folders(self._root, camera):
            yield self._listed(camera, folder.name, folder)
        for home in homes(self._root, camera):
            if (home / ASIDE).is_dir():
                yield from _by_day(self._listed(camera, ASIDE, home / ASIDE))

    def _listed(self, camera: str, day: str, folder: Path) -> DayFiles:
        try:
            changed_ns = folder.stat().st_mtime_ns
        except OSError:
            changed_ns = -1
        before = self._known.get(folder)
        if before is None or before[0] != changed_ns:
            now = _list(camera, day, folder, before[1] if before else None)
        else:
            now = _grown(before[1])
        self._known[folder] = changed_ns, now
        return now


def _list(camera: str, day: str, folder: Path, before: DayFiles | None) -> DayFiles:
    known = dict(zip(before.starts[:-_GROWING], before.sizes, strict=False)) if before else {}
    found: list[tuple[int, int]] = []
    odd: dict[int, str] = {}
    try:
        for path in folder.iterdir():
            start_ns = start_of(path)
            if start_ns is None:
                continue
            if path.name != segment_name(start_ns):
                odd[start_ns] = path.name
            size = known.get(start_ns)
            found.append((start_ns, _size(path) if size is None else size))
    except OSError:
        found.clear()  # the volume went away
    found.sort()
    starts, sizes = array("q", (one[0] for one in found)), array("q", (one[1] for one in found))
    return DayFiles(camera, day, folder, day == ASIDE, starts, sizes, odd)


def _grown(day: DayFiles) -> DayFiles:
    newest = [_size(day.path(n)) for n in range(len(day.starts))[-_GROWING:]]
    if newest == list(day.sizes[-_GROWING:]):
        return day
    return replace(day, sizes=day.sizes[:-_GROWING] + array("q", newest))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # gone meanwhile


def _by_day(aside: DayFiles) -> Iterator[DayFiles]:
    """What was set aside lies in one folder; here it stands with the others of its time."""
    at = 0
    while at < len(aside.starts):
        day = day_of(aside.starts[at])
        end = at
        while end < len(aside.starts) and day_of(aside.starts[end]) == day:
            end += 1
        yield replace(aside, day=day, starts=aside.starts[at:end], sizes=aside.sizes[at:end])
        at = end
