"""SHA-256 of every recorded file, taken as soon as it is closed.

Then it is still in the system's memory, so that hashing it costs no reading; a month later, when
it is deleted, every octet would have to come from the disk. And the hash is that of what was
recorded, whoever touched the file since.

``<root>/<camera>/sha256-<YYYY-MM-DD>.txt``, one line a file: start, size, hash. Not synced: a
hash that a power cut takes along is computed anew when the file is deleted.
"""

import contextlib
import hashlib
import os
import queue
import threading
from pathlib import Path

import structlog

from recorder.shelf import day_folders, day_of

PREFIX = "sha256-"
MOST_WAITING = 1000
"""Files not yet hashed; with more, some are left to be hashed when they are deleted."""
_PIECE = 1 << 20

log = structlog.get_logger()

Known = dict[int, tuple[int, str]]
"""Size and hash by start."""


class SegmentHashes:
    """Hashes what is recorded, in a thread of its own.

    Args:
        root: folder of the recordings.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._queue: queue.Queue[tuple[str, Path, int] | None] = queue.Queue(MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="hashes", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Hash what is waiting and end; True when that was done in time."""
        if self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=timeout_s)
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def closed(self, camera: str, path: Path, start_ns: int) -> None:
        """Take notice of a closed file; returns at once and never raises."""
        try:
            self._queue.put_nowait((camera, path, start_ns))
        except queue.Full:
            log.warning("not hashed now, too much is waiting", file=str(path))

    def _run(self) -> None:
        while (found := self._queue.get()) is not None:
            camera, path, start_ns = found
            try:
                self._note(camera, start_ns, *sha256_of(path))
            except FileNotFoundError:
                continue  # an empty one
            except OSError as error:
                log.warning("not hashed now", file=str(path), error=str(error))

    def _note(self, camera: str, start_ns: int, size: int, digest: str) -> None:
        path = _file(self._root, camera, day_of(start_ns))
        fresh = not path.exists()
        path.parent.mkdir(exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
        try:
            os.write(fd, f"{start_ns} {size} {digest}\n".encode())
        finally:
            os.close(fd)
        if fresh:
            self._trim(camera, path)

    def _trim(self, camera: str, newest: Path) -> None:
        """Forget the days of which no recording is left."""
        days = {folder.name for folder in day_folders(self._root, camera)}
        for path in newest.parent.glob(f"{PREFIX}*.txt"):
            day = path.stem.removeprefix(PREFIX)
            if path.name < newest.name and day not in days:
                path.unlink(missing_ok=True)


class HashBook:
    """Looks the hashes up; remembers the day it was last asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._at: tuple[str, str, int] | None = None
        self._known: Known = {}

    def of(self, camera: str, start_ns: int, size: int) -> str | None:
        """The hash of a file of that size; None: not hashed, or it was changed since."""
        day = day_of(start_ns)
        path = _file(self._root, camera, day)
        try:
            at = camera, day, path.stat().st_size
        except OSError:
            return None
        if at != self._at:
            self._known, self._at = _read(path), at
        found = self._known.get(start_ns)
        return found[1] if found is not None and found[0] == size else None


def sha256_of(path: Path) -> tuple[int, str]:
    """Size and SHA-256 of a file. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb", buffering=0) as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def _file(root: Path, camera: str, day: str) -> Path:
    return root / camera / f"{PREFIX}{day}.txt"


def _read(path: Path) -> Known:
    found: Known = {}
    try:
        lines = path.read_text("ascii", errors="replace").splitlines()
    except OSError:
        return found
    for line in lines:
        words = line.split(" ")
        if len(words) == 3 and words[0].isdigit() and words[1].isdigit() and len(words[2]) == 64:
            found[int(words[0])] = int(words[1]), words[2]
    return found
