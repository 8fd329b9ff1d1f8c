"""The gap ledger: every interval that was not recorded, and why.

``<root>/<camera>/gaps.jsonl``, append-only. A gap is written when it opens (so that it is on
disk even if nothing is ever recorded again) and once more when it closes.
"""

import errno
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import structlog
from pydantic import Field, ValidationError

from core.value import Value
from recorder.disk import Disk, replace_whole

FILE_NAME = "gaps.jsonl"
AWAY = ("removed", "disabled")
"""Reasons that hold until a person has the camera recorded again."""

log = structlog.get_logger()


class Gap(Value):
    """An interval without recording; open while ``last_ns`` is None."""

    first_ns: int
    last_ns: int | None = None
    reason: str = Field(description="unreachable, stalled, shutdown, removed, changed, crash …")
    detail: str = ""

    def overlaps(self, first_ns: int, last_ns: int) -> bool:
        """Whether any of the range lies in the gap."""
        return self.first_ns < last_ns and (self.last_ns is None or self.last_ns > first_ns)


class GapLedger:
    """One camera's ledger; one writer, any number of readers.

    What cannot be written is kept and written before the next entry: a full disk must not stop
    a recording that goes on elsewhere, nor be forgotten.

    Args:
        disk: what it is written with.
        present: whether the recordings folder is there and is the right one.
    """

    def __init__(
        self,
        root: Path,
        camera: str,
        *,
        disk: Disk | None = None,
        present: Callable[[], bool] = lambda: True,
    ) -> None:
        self._path = root / camera / FILE_NAME
        self._disk, self._present = disk or Disk(), present
        self._unwritten: list[bytes] = []
        self._lock = threading.Lock()
        self._root, self._camera = root, camera
        self._open: Gap | None = None
        self.refresh()
        self._end_torn_line()

    @property
    def open_gap(self) -> Gap | None:
        """The gap that is going on."""
        return self._open

    def refresh(self) -> None:
        """Read which gap is open, after somebody else has written."""
        gaps = read_gaps(self._root, self._camera)
        with self._lock:
            self._open = next((gap for gap in reversed(gaps) if gap.last_ns is None), None)

    def begin(self, first_ns: int, reason: str, detail: str = "") -> None:
        """Nothing is recorded from here on; the first reason of a running gap stays."""
        with self._lock:
            if self._open is None:
                self._open = Gap(first_ns=first_ns, reason=reason, detail=detail)
                self._append(self._open)

    def end(self, last_ns: int) -> Gap | None:
        """Recording goes on; returns the gap that is now closed, if one was open."""
        with self._lock:
            if self._open is None:
                return None
            closed = self._open.model_copy(update={"last_ns": max(last_ns, self._open.first_ns)})
            self._append(closed)
            self._open = None
            return closed

    def turn(self, at_ns: int, reason: str, detail: str = "") -> None:
        """Still nothing is recorded, but from here on for another reason."""
        if self._open is None or self._open.reason != reason:
            self.end(at_ns)
            self.begin(at_ns, reason, detail)

    def note(self, first_ns: int, last_ns: int, reason: str, detail: str = "") -> None:
        """An interval that turns out not to have been recorded, whatever is open now."""
        with self._lock:
            self._append(Gap(first_ns=first_ns, last_ns=last_ns, reason=reason, detail=detail))

    def correct(self, gap: Gap) -> None:
        """Write an entry as it is; it takes the place of one that begins at the same time."""
        with self._lock:
            self._append(gap)

    def catch_up(self) -> None:
        """Try again to write what could not be written."""
        if self._unwritten:
            with self._lock:
                self._write()

    def _append(self, gap: Gap) -> None:
        self._unwritten.append((json.dumps(gap.model_dump(), ensure_ascii=False) + "\n").encode())
        self._write()

    def _write(self) -> None:
        lines = b"".join(self._unwritten)
        try:
            if not self._present():
                raise OSError(errno.ENODEV, "the disk is not mounted any more")
            self._disk.make_folder(self._path.parent)
            new = not self._path.exists()
            fd = self._disk.append(self._path)
            try:
                self._disk.write(fd, lines)
                self._disk.datasync(fd)
            finally:
                self._disk.close(fd)
            if new:
                self._disk.sync_folder(self._path.parent)
        except OSError as error:
            log.error("gap ledger not written yet", camera=self._camera, error=str(error))
            if not self._unwritten[0].startswith(b"\n"):  # part of it may have been written
                self._unwritten.insert(0, b"\n")
            return
        self._unwritten.clear()

    def _end_torn_line(self) -> None:
        """After a power cut the last line may lack its end; do not glue the next one to it."""
        if self._path.is_file() and self._path.stat().st_size:
            with self._path.open("rb+") as stream:
                stream.seek(-1, os.SEEK_END)
                if stream.read(1) != b"\n":
                    stream.write(b"\n")


def read_gaps(
    root: Path, camera: str, first_ns: int | None = None, last_ns: int | None = None
) -> list[Gap]:
    """A camera's gaps in order, those that touch a range if one is given."""
    path = root / camera / FILE_NAME
    found: dict[int, Gap] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                gap = Gap.model_validate_json(line)
            except ValidationError:
                continue  # a line torn by a power cut
            found[gap.first_ns] = gap
    gaps = sorted(found.values(), key=lambda gap: gap.first_ns)
    if first_ns is not None and last_ns is not None:
        gaps = [gap for gap in gaps if gap.overlaps(first_ns, last_ns)]
    return gaps


def torn_lines(root: Path, camera: str) -> int:
    """How many lines of a ledger cannot be read; a power cut leaves one at most."""
    return sum(1 for line in _lines(root, camera) if line.strip() and not _readable(line))


def drop_torn(disk: Disk, root: Path, camera: str) -> None:
    """Write a ledger anew without the lines that cannot be read."""
    good = [line for line in _lines(root, camera) if _readable(line)]
    replace_whole(disk, root / camera / FILE_NAME, b"".join(line + b"\n" for line in good))


def _lines(root: Path, camera: str) -> list[bytes]:
    try:
        return (root / camera / FILE_NAME).read_bytes().splitlines()
    except FileNotFoundError:
        return []


def _readable(line: bytes) -> bool:
    try:
        Gap.model_validate_json(line)
    except ValidationError:
        return False
    return True
