"""Are the recordings what the ledgers say, and can all of them be read? And mending it.

There is no index beside the files and the ledger of gaps, so this is also how either is rebuilt
from the other. Nothing that can be played is ever deleted, and mending twice is mending once.
"""

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from core.clock import iso
from core.value import Value
from recorder.account import FOREVER_NS, Interval, false_gaps, holes, of_gap
from recorder.clock_log import FILE_NAME as CLOCK_FILE
from recorder.disk import Disk
from recorder.errors import RecorderError
from recorder.hashes import PREFIX as HASHES
from recorder.ledger import FILE_NAME as GAPS_FILE
from recorder.ledger import Gap, GapLedger, drop_torn, read_gaps, torn_lines
from recorder.removal import BOOK, deleted_ranges
from recorder.shelf import Segment, aside, cameras, homes, roots, segment_path, segments
from recorder.torn import ends, tail_of
from recorder.volume import MARKER

BROKEN = "broken"
"""Folder of a camera for files that hold nothing that can be played."""

Kind = Literal[
    "torn",
    "headless",
    "damaged",
    "misplaced",
    "temporary",
    "unknown",
    "hole",
    "false_gap",
    "ledger",
]
_NOTES = ("unknown",)
_BESIDE = {GAPS_FILE, CLOCK_FILE}
_DAILY = re.compile(r"(activity-\d{4}-\d{2}-\d{2}\.bin|signatures-\d{4}-\d{2}-\d{2}\.jsonl)")
_TOP = {MARKER, "locks.json", "locks.lock", BOOK}
_TEMPORARY = (".new", ".wardwatch-probe")


class Finding(Value):
    """One thing that is not as it should be."""

    kind: Kind
    camera: str
    path: str
    detail: str
    mended: bool = False


class Report(Value):
    """What a check found; ``ok`` when nothing is left to mend or to worry about."""

    format: int = 1
    ok: bool
    cameras: int
    files: int
    findings: tuple[Finding, ...]


@dataclass
class Check:
    """One pass over a recordings folder and its volumes.

    Args:
        repair: mend what can be mended. Nobody may be recording then.
        running: somebody is: the newest file of each camera, which grows, is left out.
    """

    root: Path
    repair: bool = False
    running: bool = False
    disk: Disk = field(default_factory=Disk)
    _found: list[Finding] = field(default_factory=list)
    _files: int = 0

    def run(self) -> Report:
        """Look at everything.

        Raises:
            RecorderError: a folder cannot be read, or mending was refused by the disk.
        """
        try:
            names = cameras(self.root)
            self._top()
            for camera in names:
                self._leftovers(camera)
                played = list(self._play(camera))
                self._ledger_lines(camera)
                self._account(camera, played)
        except OSError as error:
            raise RecorderError(f"{error.filename}: {error.strerror}") from error
        bad = [one for one in self._found if not one.mended and one.kind not in _NOTES]
        return Report(
            ok=not bad, cameras=len(names), files=self._files, findings=tuple(self._found)
        )

    def _top(self) -> None:
        for base in roots(self.root):
            if base.is_dir():
                self._strangers("", (p for p in base.iterdir() if p.is_file()), _TOP)

    def _leftovers(self, camera: str) -> None:
        """Files of a camera that are no recordings."""
        known = {s.path for s in (*segments(self.root, camera), *aside(self.root, camera))}
        for home in homes(self.root, camera):
            inside = (p for p in home.rglob("*") if p.is_file() and p not in known)
            loose = (p for p in inside if BROKEN not in p.relative_to(home).parts)
            self._strangers(camera, loose, _BESIDE)

    def _strangers(self, camera: str, paths: Iterator[Path], expected: set[str]) -> None:
        for path in sorted(paths):
            if path.name in expected or path.name.startswith(HASHES):
                continue
            if camera and _DAILY.fullmatch(path.name):
                continue
            if path.name.endswith(_TEMPORARY):
                self._tell(
                    "temporary", camera, path, "left behind", partial(self.disk.unlink, path)
                )
            else:
                self._tell("unknown", camera, path, "not one of ours; left alone")

    def _play(self, camera: str) -> Iterator[Interval]:
        """What of a camera can be played."""
        found = segments(self.root, camera)
        for number, segment in enumerate((*found, *aside(self.root, camera))):
            self._files += 1
            growing = self.running and number == len(found) - 1
            counted = number < len(found)
            interval = self._play_one(segment, growing)
            if interval is not None and counted:
                self._place(segment)
                yield interval

    def _play_one(self, segment: Segment, growing: bool) -> Interval | None:
        path, camera = segment.path, segment.camera
        try:
            found = segment.scan()
            tail = None if growing else tail_of(path)
        except RecorderError as error:
            if not growing:
                detail = f"nothing in it can be played: {error}"
                self._tell("headless", camera, path, detail, partial(self._set_apart, path))
            return None
        if tail is not None:
            bad = tail.size_bytes - tail.good_bytes
            if tail.inside:
                detail = f"damaged at octet {tail.good_bytes}, fragments follow; left alone"
                self._tell("damaged", camera, path, detail)
            else:
                detail = f"{bad} octets of an unfinished fragment at its end"
                self._tell("torn", camera, path, detail, partial(self._cut, path, tail.good_bytes))
        good = ends(found, tail)
        if not good:
            return None
        end_dts = max(one.end_dts for one in good)
        return Interval(segment.start_ns, segment.utc_ns(end_dts, found.timescale))

    def _place(self, segment: Segment) -> None:
        """It lies where its name says, or readers do not find it."""
        base = segment.path.parents[2]
        right = segment_path(base, segment.camera, segment.start_ns)
        if right != segment.path and right.parent != segment.path.parent:
            self._tell(
                "misplaced",
                segment.camera,
                segment.path,
                f"belongs to {right.relative_to(base)}",
                None if right.exists() else partial(self._move, segment.path, right),
            )

    def _ledger_lines(self, camera: str) -> None:
        torn = torn_lines(self.root, camera)
        if torn:
            path = self.root / camera / GAPS_FILE
            mend = partial(drop_torn, self.disk, self.root, camera)
            self._tell("ledger", camera, path, f"{torn} lines cannot be read", mend)

    def _account(self, camera: str, played: list[Interval]) -> None:
        """Every moment between the first and the last picture is recorded, a gap, or deleted."""
        path = self.root / camera / GAPS_FILE
        gaps = read_gaps(self.root, camera)
        for gap, left in false_gaps(gaps, played):
            if self.running and gap.last_ns is None:
                continue
            detail = f"{gap.reason} from {iso(gap.first_ns)}: there are recordings in it"
            mend = partial(self._correct, camera, gap, left)
            self._tell("false_gap", camera, path, detail, mend)
        explained = [of_gap(gap) for gap in gaps]
        explained += deleted_ranges(self.root, camera)
        for hole in holes(played, explained):
            words = f"{hole.seconds:.1f} s from {iso(hole.first_ns)}: neither recorded nor noted"
            self._tell("hole", camera, path, words, partial(self._note, camera, hole))

    def _tell(
        self,
        kind: Kind,
        camera: str,
        path: Path,
        detail: str,
        mend: Callable[[], None] | None = None,
    ) -> None:
        if mend is not None and self.repair:
            mend()
        mended = mend is not None and self.repair
        self._found.append(
            Finding(kind=kind, camera=camera, path=str(path), detail=detail, mended=mended)
        )

    def _cut(self, path: Path, length: int) -> None:
        fd = os.open(path, os.O_WRONLY)
        try:
            os.ftruncate(fd, length)
            os.fsync(fd)
        finally:
            os.close(fd)

    def _set_apart(self, path: Path) -> None:
        """Nothing in it can be played: an empty file goes, any other is kept apart."""
        if path.stat().st_size == 0:
            self.disk.unlink(path)
        else:
            self._move(path, path.parents[1] / BROKEN / path.name)

    def _move(self, old: Path, new: Path) -> None:
        self.disk.make_folder(new.parent)
        self.disk.rename(old, new)
        self.disk.sync_folder(new.parent)

    def _note(self, camera: str, hole: Interval) -> None:
        ledger = GapLedger(self.root, camera)
        ledger.note(hole.first_ns, hole.last_ns, "unexplained", "found by a check of the files")

    def _correct(self, camera: str, gap: Gap, left: list[Interval]) -> None:
        """Keep of a gap what was not recorded."""
        ledger = GapLedger(self.root, camera)
        if not left or left[0].first_ns != gap.first_ns:
            ledger.correct(gap.model_copy(update={"last_ns": gap.first_ns}))
        for piece in left:
            last_ns = None if piece.last_ns == FOREVER_NS else piece.last_ns
            update = {"first_ns": piece.first_ns, "last_ns": last_ns}
            ledger.correct(gap.model_copy(update=update))
