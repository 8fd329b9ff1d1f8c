"""The few file operations that recordings are made of.

Everything the recorder writes goes through a :class:`Disk`, so that tests can put one in its
place that fails, is slow, or forgets what was not synced when the power goes.
"""

import os
from pathlib import Path


class Disk:
    """The real one. Every method raises OSError as the system does."""

    def make_folder(self, folder: Path) -> None:
        """Make a folder and those above it; each new one is synced into its parent.

        Without that a power cut may take a folder away with all the files that were synced in it.
        """
        missing = []
        while not folder.is_dir():
            missing.append(folder)
            folder = folder.parent
        for new in reversed(missing):
            self.mkdir(new)
            self.sync_folder(new.parent)

    def mkdir(self, folder: Path) -> None:
        """Make one folder, if it is not there."""
        folder.mkdir(exist_ok=True)

    def create(self, path: Path) -> int:
        """A new file to be written from its beginning; fails if the name is taken."""
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)

    def append(self, path: Path) -> int:
        """A file to be written at its end."""
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)

    def write(self, fd: int, data: bytes) -> None:
        """Write all of it."""
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view) :]

    def datasync(self, fd: int) -> None:
        """What was written to the file outlives a power cut from here on."""
        os.fdatasync(fd)

    def close(self, fd: int) -> None:
        """Let go of a file."""
        os.close(fd)

    def sync_folder(self, folder: Path) -> None:
        """The names in a folder outlive a power cut from here on."""
        fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def rename(self, old: Path, new: Path) -> None:
        """Give a file another name; one of that name is replaced."""
        old.replace(new)

    def unlink(self, path: Path) -> None:
        """Take a file's name away."""
        path.unlink(missing_ok=True)


def replace_whole(disk: Disk, path: Path, data: bytes) -> None:
    """Replace a small file so that a reader, or a power cut, sees the old one or the new one."""
    temporary = path.with_name(f"{path.name}.new")
    disk.unlink(temporary)
    fd = disk.create(temporary)
    try:
        disk.write(fd, data)
        disk.datasync(fd)
    finally:
        disk.close(fd)
    disk.rename(temporary, path)
    disk.sync_folder(path.parent)
