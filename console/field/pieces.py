"""Pieces of files on their way from phones, on the disk.

``<root>/<file id>/<number>.piece``; a piece is written under another name and moved, so that one
that is there is whole. Pieces come in order, each may come again.
"""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from console.errors import ConsoleError

_COPY = 1 << 20


class PieceError(ConsoleError):
    """A piece came again and is another one."""


@dataclass(frozen=True)
class Whole:
    """All pieces in one file."""

    path: Path
    sha256: str
    bytes: int


class Pieces:
    """The pieces of all files."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, file_id: str, number: int, content: bytes) -> None:
        """Keep a piece.

        Raises:
            PieceError: another piece has that number.
        """
        folder = self.root / file_id
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / _name(number)
        if path.exists():
            if path.read_bytes() != content:
                raise PieceError(f"piece {number} of {file_id} is here already, and is another")
            return
        fresh = path.with_suffix(".tmp")
        with fresh.open("wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)

    def head(self, file_id: str, count: int, most: int) -> bytes:
        """The first octets of a file of which ``count`` pieces are here."""
        head = b""
        for number in range(count):
            if len(head) < most:
                head += self.read(file_id, number, 0, most - len(head))
        return head

    def read(self, file_id: str, number: int, at: int, most: int) -> bytes:
        """Some octets of a piece, from ``at`` on."""
        with (self.root / file_id / _name(number)).open("rb") as stream:
            stream.seek(at)
            return stream.read(most)

    def join(self, file_id: str, count: int, suffix: str) -> Whole:
        """Put the first ``count`` pieces together; the pieces stay."""
        path = self.root / file_id / f"whole{suffix}"
        digest, size = hashlib.sha256(), 0
        with path.open("wb") as out:
            for number in range(count):
                with (self.root / file_id / _name(number)).open("rb") as piece:
                    while content := piece.read(_COPY):
                        digest.update(content)
                        size += out.write(content)
        return Whole(path, digest.hexdigest(), size)

    def free_bytes(self) -> int:
        """Room that is left on the disk."""
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        return shutil.disk_usage(self.root).free

    def drop(self, file_id: str) -> None:
        """Forget the pieces of a file."""
        shutil.rmtree(self.root / file_id, ignore_errors=True)


def _name(number: int) -> str:
    return f"{number:06d}.piece"
