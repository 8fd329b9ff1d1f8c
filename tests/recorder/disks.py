"""Disks that go wrong, for tests."""

import errno
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from recorder.disk import Disk


class FaultyDisk(Disk):
    """Real files; below one folder everything fails, or waits, once that is told.

    Attributes:
        error: errno that each write and sync below ``hurt`` ends with.
        answers: cleared, nothing below ``hurt`` returns.
        delay_s: how long each write and sync below ``hurt`` takes.
    """

    def __init__(self) -> None:
        self.hurt: Path | None = None
        self.error = 0
        self.delay_s: Callable[[], float] = lambda: 0.0
        self.answers = threading.Event()
        self.answers.set()
        self._of: dict[int, Path] = {}

    def create(self, path: Path) -> int:
        self._meet(path)
        fd = super().create(path)
        self._of[fd] = path
        return fd

    def append(self, path: Path) -> int:
        self._meet(path)
        fd = super().append(path)
        self._of[fd] = path
        return fd

    def close(self, fd: int) -> None:
        self._of.pop(fd, None)  # the number may be another file's next
        super().close(fd)

    def write(self, fd: int, data: bytes) -> None:
        self._meet(self._of.get(fd))
        super().write(fd, data)

    def datasync(self, fd: int) -> None:
        self._meet(self._of.get(fd))
        super().datasync(fd)

    def _meet(self, path: Path | None) -> None:
        if path is None or self.hurt is None or not path.is_relative_to(self.hurt):
            return
        self.answers.wait(60)
        time.sleep(self.delay_s())
        if self.error:
            raise OSError(self.error, errno.errorcode[self.error], str(path))


@contextmanager
def tmpfs(folder: Path, megabytes: int = 8) -> Iterator[Path]:
    """A small file system of its own, mounted there for a while."""
    folder.mkdir()
    subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder)], check=True
    )
    try:
        yield folder
    finally:
        while folder.is_mount():
            subprocess.run(["umount", "-l", str(folder)], check=True)


def may_mount(folder: Path) -> bool:
    """Whether this machine lets us mount."""
    try:
        with tmpfs(folder):
            return True
    except (subprocess.CalledProcessError, FileNotFoundError):
        return False
