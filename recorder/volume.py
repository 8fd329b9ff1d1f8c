"""One volume: a folder on a disk, which is known again by its marker and watched.

A folder where a disk should be mounted exists without the disk, too: then it lies on the root
disk. So a volume carries a marker, ``.wardwatch-volume.json``, and :class:`Known` remembers
beside the recordings which marker was found where and whether the folder was a mount point.
"""

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog
from pydantic import TypeAdapter, ValidationError

from core.clock import NS_PER_S, Clock
from core.value import Value, new_id
from recorder.disk import Disk, replace_whole
from recorder.errors import RecorderError
from recorder.writer import Writer

MARKER = ".wardwatch-volume.json"
PROBE = ".wardwatch-probe"
STUCK_S = 3.0
BEHIND_S = 3.0
CAUGHT_UP_S = 1.0
AGAIN_S = 5.0


@dataclass(frozen=True)
class Place:
    """A configured volume.

    Attributes:
        path: folder of the recordings on it.
        max_bytes: most that recordings may take on it; None: only free space counts.
        mounted: it must not lie on the root disk. False allows that.
    """

    path: Path
    max_bytes: int | None = None
    mounted: bool = True


class Mark(Value):
    """What is remembered of a volume."""

    id: str
    path: str
    mount: bool = False
    """Its folder lay on another disk than the root folder."""


log = structlog.get_logger()

_MARKS = TypeAdapter(tuple[Mark, ...])


def known_file(root: Path) -> Path:
    """Beside the recordings, for these may be a mount point themselves."""
    return root.with_name(f"{root.name}.volumes.json")


def known(root: Path) -> tuple[Mark, ...]:
    """The volumes of a recordings folder, as last written.

    Raises:
        RecorderError: the list was damaged.
    """
    path = known_file(root)
    try:
        return _MARKS.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as error:
        raise RecorderError(
            f"{path}: cannot be read; delete it, the recorder writes it anew from the markers "
            "on the volumes (see that all are mounted)"
        ) from error


def remember(root: Path, marks: tuple[Mark, ...]) -> None:
    """Write the list of volumes. Raises OSError."""
    data = json.dumps([mark.model_dump() for mark in marks], ensure_ascii=False, indent=1)
    replace_whole(Disk(), known_file(root), data.encode())


class Volume:
    """One place to record to, and whether that works.

    Args:
        mark: what is remembered of it.
        on_change: called when there is something wrong with it, and when that is over.

    Attributes:
        trouble: why it cannot be written to; empty when it can.
        stuck: it has not answered for a while; what is written to it waits.
        slow: it answers, but what is written to it waits for long.
        free_bytes, size_bytes: room on it, and all of it, when it was last examined.
        full: only locked files are left on it.
        short: files had to go before their time; others are to be preferred.
    """

    def __init__(
        self,
        place: Place,
        clock: Clock,
        disk: Disk,
        mark: Mark | None,
        *,
        sync: bool,
        on_change: Callable[["Volume"], None],
    ) -> None:
        self.place, self.path, self.mark = place, place.path, mark
        self.trouble = ""
        self.stuck = self.slow = self.full = self.short = False
        self._clock, self._disk, self._on_change = clock, disk, on_change
        self.free_bytes = self.size_bytes = 0
        self._device: int | None = None
        self._again_ns = 0
        self._looking = self._suspect = False
        self._complained = False
        self.writer = Writer(
            disk,
            clock,
            name=str(self.path),
            sync=sync,
            device=lambda: self._device,
            on_error=self._refused,
        )

    @property
    def usable(self) -> bool:
        """Whether a new file may be begun on it."""
        return not self.trouble and not self.full

    @property
    def complaint(self) -> str:
        """What is wrong with it, in words."""
        if self.trouble:
            return self.trouble
        if self.stuck:
            return f"{self.path}: the disk does not answer"
        return f"{self.path}: the disk does not keep up" if self.slow else ""

    @property
    def rank(self) -> int:
        """Of several volumes that of the lowest rank is to be used."""
        return 9 if not self.usable else 2 if self.stuck or self.slow else int(self.short)

    def is_here(self) -> bool:
        """Whether its folder is on its disk, be that in order or not."""
        may_be_made = not self.place.mounted and not (self.mark and self.mark.mount)
        if self._device is None:
            return may_be_made
        try:
            return self.path.stat().st_dev == self._device
        except FileNotFoundError:
            return may_be_made
        except OSError:
            return False

    def adopt(self) -> None:
        """Take possession of the folder: find its marker, or set one.

        Raises:
            RecorderError: it is not what it was, or it lies on the root disk against the rules.
            OSError: it cannot be written to.
        """
        mark = self.mark
        if not self.place.mounted and not (mark and mark.mount):
            self._disk.make_folder(self.path)
        mount = _on_own_disk(self.path)
        if self.place.mounted and not mount:
            raise RecorderError(
                f"{self.path}: no disk is mounted there; mount it, or set `mounted: false` for a "
                "folder of the root disk"
            )
        if mark is not None and mark.mount and not mount:
            raise RecorderError(f"{self.path}: the disk that was here is not mounted; mount it")
        found = _read_marker(self.path)
        if mark is not None and mark.mount and found != mark.id:
            raise RecorderError(
                f"{self.path}: another disk than volume {mark.id} is mounted here; mount the right "
                "one, or accept this one: `wardwatch recorder accept`"
            )
        if found is None:
            found = mark.id if mark is not None else new_id("vol")
            replace_whole(self._disk, self.path / MARKER, json.dumps({"id": found}).encode())
        self._device = self.path.stat().st_dev
        usage = shutil.disk_usage(self.path)
        self.free_bytes, self.size_bytes = usage.free, usage.total
        self.mark = Mark(id=found, path=str(self.path), mount=mount)

    def look(self) -> None:
        """Have the volume examined by its own thread, which may hang; called every second."""
        self.stuck = self.writer.stuck_s() > STUCK_S
        self.slow = self.writer.behind_s() > (CAUGHT_UP_S if self.slow else BEHIND_S)
        if self.stuck or self.slow:
            self._tell()
        if not self.stuck and not self._looking:
            self._looking = True
            self.writer.submit(self._examine, first=True)

    def _refused(self, error: OSError) -> None:
        """A file could not be written; whether the volume is to blame a probe will tell."""
        if self.writer.threaded:
            log.error("a file could not be written", volume=str(self.path), error=str(error))
            self._suspect = True
            self.writer.submit(self._examine, first=True)

    def _examine(self) -> None:
        try:
            found = self._find_trouble()
        except RecorderError as error:
            found = str(error)
        except OSError as error:
            found = f"{self.path}: {error.strerror}"
        finally:
            self._looking = False
        if found:
            self.writer.fail(OSError(errno.EIO, found, str(self.path)))
        self.trouble = found
        self._tell()

    def _find_trouble(self) -> str:
        now_ns = self._clock.monotonic_ns()
        if self.trouble:
            # Perhaps it is here again, and then perhaps by another device number.
            if now_ns < self._again_ns:
                return self.trouble
            self._again_ns = now_ns + round(AGAIN_S * NS_PER_S)
            self.adopt()
        elif self.path.stat().st_dev != self._device:
            return f"{self.path}: the disk is not mounted any more"
        elif self.mark is None or _read_marker(self.path) != self.mark.id:
            return f"{self.path}: the marker of the volume is gone"
        state = os.statvfs(self.path)
        self.free_bytes = state.f_bavail * state.f_frsize
        self.size_bytes = state.f_blocks * state.f_frsize
        if state.f_flag & os.ST_RDONLY:
            return f"{self.path}: the disk is read-only"
        if self.trouble or self._suspect:
            self._suspect = False
            self._probe()
        return ""

    def _probe(self) -> None:
        """Write and sync a little, as recording would."""
        path = self.path / PROBE
        self._disk.unlink(path)
        fd = self._disk.create(path)
        try:
            self._disk.write(fd, bytes(1 << 16))
            self._disk.datasync(fd)
        finally:
            self._disk.close(fd)
            self._disk.unlink(path)

    def _tell(self) -> None:
        wrong = bool(self.complaint)
        if wrong != self._complained:
            self._complained = wrong
            self._on_change(self)


def _on_own_disk(path: Path) -> bool:
    return path.stat().st_dev != Path("/").stat().st_dev


def _read_marker(path: Path) -> str | None:
    try:
        return str(json.loads((path / MARKER).read_bytes())["id"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise RecorderError(f"{path / MARKER}: damaged; restore it or delete it") from error
