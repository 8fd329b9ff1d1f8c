"""Reading a folder or a ZIP file that somebody else made, and may have made to deceive."""

import os
import stat
import struct
import unicodedata
import zipfile
import zlib
from abc import ABC, abstractmethod
from pathlib import Path
from typing import IO

from recorder.seal.check.canonical import UnreadableError

LOCK = ".lock"
_LOCAL_HEADER, _END, _ZIP64_END, _ZIP64_LOCATOR = 30, 22, 56, 20
_DESCRIPTORS = (12, 16, 20, 24)


class OutOfReachError(Exception):
    """A content lies elsewhere and cannot be had now: no word for or against it."""


class Container(ABC):
    """Named contents.

    Attributes:
        names: of all regular files, each once.
        flaws: ``(code, name, detail)`` of what is wrong with the container itself.
        locked: it is nothing but one encrypted entry, which holds the case file.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.flaws: list[tuple[str, str, str]] = []
        self.locked = False

    @abstractmethod
    def open(self, name: str) -> IO[bytes]:
        """The content of one of the names.

        Raises:
            UnreadableError: it cannot be read.
            OutOfReachError: it lies elsewhere and cannot be had; also when it is read.
        """

    def read(self, name: str, most: int) -> bytes:
        """A small content as a whole.

        Raises:
            UnreadableError: it cannot be read or is longer than ``most`` bytes.
        """
        with self.open(name) as stream:
            content = read_some(stream, most + 1)
        if len(content) > most:
            raise UnreadableError(f"longer than {most} bytes")
        return content

    def _take(self, names: list[str]) -> None:
        """Keep the good names, each once; the others are flaws."""
        seen: dict[str, str] = {}
        for name in names:
            if not is_safe(name):
                self.flaws.append(("path_unsafe", name, ""))
            elif name.casefold() in seen:
                self.flaws.append(("path_twice", name, seen[name.casefold()]))
            else:
                seen[name.casefold()] = name
                self.names.append(name)


def read_some(stream: IO[bytes], size: int) -> bytes:
    """Read from a stream that may be damaged.

    Raises:
        UnreadableError: it is.
    """
    try:
        return stream.read(size)
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UnreadableError(f"cannot be read: {error}") from None


def is_safe(name: str) -> bool:
    """Whether a path stays inside wherever it is unpacked, on every system."""
    parts = name.split("/")
    plain = not any(ord(letter) < 32 or letter in '\\:*?"<>|\x7f' for letter in name)
    steps = all(part not in ("", ".", "..") and part == part.strip(" ") for part in parts)
    return plain and steps and len(name) < 1000 and unicodedata.normalize("NFC", name) == name


class Folder(Container):
    """A folder; links are not followed."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self._root = root
        names = []
        for place, folders, files in os.walk(root):
            for entry in (*folders, *files):
                path = Path(place, entry)
                mode = path.lstat().st_mode
                name = path.relative_to(root).as_posix()
                if stat.S_ISREG(mode) and name != LOCK:
                    names.append(name)
                elif not stat.S_ISDIR(mode) and name != LOCK:
                    self.flaws.append(("not_a_file", name, ""))
        self._take(sorted(names))

    def open(self, name: str) -> IO[bytes]:
        try:
            return (self._root / name).open("rb")
        except OSError as error:
            raise UnreadableError(f"cannot be read: {error.strerror}") from None


class Zip(Container):
    """A ZIP file in which every byte belongs to one entry, and every name to one.

    Raises:
        UnreadableError: it is no ZIP file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            self._zip = zipfile.ZipFile(path)
        except (OSError, ValueError, zipfile.BadZipFile) as error:
            raise UnreadableError(f"{path.name}: no whole ZIP file: {error}") from None
        files = []
        for info in self._zip.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if info.flag_bits & 1:
                self.flaws.append(("encrypted", info.filename, ""))
            elif info.is_dir() and info.file_size == 0:
                if not is_safe(info.filename.rstrip("/")):
                    self.flaws.append(("path_unsafe", info.filename, ""))
            elif kind not in (0, stat.S_IFREG):
                self.flaws.append(("not_a_file", info.filename, ""))
            else:
                # orig_filename: zipfile cuts names at a NUL, other programs do not.
                files.append(info.orig_filename)
        self._take(files)
        self._look_for_strays(path)
        self.locked = not files and [one[0] for one in self.flaws] == ["encrypted"]

    def open(self, name: str) -> IO[bytes]:
        try:
            return self._zip.open(name)
        except (OSError, KeyError, RuntimeError, ValueError, zipfile.BadZipFile) as error:
            raise UnreadableError(f"cannot be read: {error}") from None

    def _look_for_strays(self, path: Path) -> None:
        """Bytes that belong to no entry: prepended, appended, between, or two entries in one."""
        try:
            with path.open("rb") as stream:
                whole = self._is_whole(stream, path.stat().st_size)
        except (OSError, struct.error):
            whole = False
        if not whole:
            self.flaws.append(("stray_bytes", "", path.name))

    def _is_whole(self, stream: IO[bytes], size: int) -> bool:
        at, described = 0, False
        for info in sorted(self._zip.infolist(), key=lambda one: one.header_offset):
            stray = info.header_offset - at
            if stray and not (stray in _DESCRIPTORS and described):
                return False
            stream.seek(info.header_offset)
            header = stream.read(_LOCAL_HEADER)
            name, extra = struct.unpack("<HH", header[26:30])
            at = info.header_offset + _LOCAL_HEADER + name + extra + info.compress_size
            described = bool(info.flag_bits & 8)
        stray = self._zip.start_dir - at
        if stray and not (stray in _DESCRIPTORS and described):
            return False
        if self._zip.comment:
            return False
        stream.seek(size - _END)
        directory = struct.unpack("<I", stream.read(_END)[12:16])[0]
        after = size - _END - self._zip.start_dir - directory
        return after in (0, _ZIP64_END + _ZIP64_LOCATOR)
