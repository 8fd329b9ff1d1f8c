"""Files from strangers: told by their content, made anew in a process of its own, kept apart.

``<root>/<tip>/<number>.jpg`` is the clean picture; beside it ``<number>.original`` if the
configuration wants it, which no address serves.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import structlog

from console.errors import ConsoleError, ProblemError
from console.field.magic import has_exif
from console.tips import cleaner
from core.geometry import GeoPoint

LONGEST_EDGE = 2560
PATIENCE_S = 30
AT_ONCE = 2
WAIT_S = 20
LEAST_FREE_BYTES = 1 << 30
HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_log = structlog.get_logger()


class PhotoError(ConsoleError):
    """A file that is no photo we take; ``code`` is a stable word for programs."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Clean:
    """A picture made anew, and what its file said of time and place."""

    jpeg: bytes
    sha256: str
    width: int
    height: int
    taken: str
    place: GeoPoint | None


def is_photo(head: bytes) -> bool:
    """True for JPEG, PNG, WebP and HEIC, by the first octets.

    ITU-T T.81; PNG 3rd edition 5.2; RFC 9649; ISO/IEC 23008-12 10.2 for the brands of HEIF.
    """
    return (
        head.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"))
        or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")
        or (head[4:8] == b"ftyp" and head[8:12] in HEIF_BRANDS)
    )  # fmt: skip


class Cleaners:
    """Makes pictures anew, a few at a time."""

    def __init__(self) -> None:
        self._free = threading.Semaphore(AT_ONCE)

    def clean(self, content: bytes, max_pixels: int) -> Clean:
        """The picture without anything that is not the picture.

        Raises:
            PhotoError: it is none, it is broken, too large, or cost too much.
            ProblemError: 503, too many are being made anew.
        """
        if not is_photo(content[:16]):
            raise PhotoError("not-a-photo", "JPEG, PNG, WebP and HEIC are taken")
        if not self._free.acquire(timeout=WAIT_S):
            raise ProblemError(
                503, "busy", "Too many photos at once", "Try again.", {"retry-after": "20"}
            )
        try:
            return _run(content, max_pixels)
        finally:
            self._free.release()


def _run(content: bytes, max_pixels: int) -> Clean:
    command = [sys.executable, "-I", cleaner.__file__, str(max_pixels), str(LONGEST_EDGE)]
    # A file, since the limit on what the process writes holds for files and not for pipes.
    with tempfile.TemporaryFile() as out:
        try:
            done = subprocess.run(
                command,
                input=content,
                stdout=out,
                stderr=subprocess.DEVNULL,
                env={},
                cwd="/",
                timeout=PATIENCE_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise PhotoError("broken-photo", "the photo takes too long to decode") from None
        out.seek(0)
        result = out.read(cleaner.OUTPUT_BYTES)
    if done.returncode == cleaner.TOO_LARGE:
        raise PhotoError("large-photo", f"more than {max_pixels / 1e6:.0f} million pixels")
    line, _, jpeg = result.partition(b"\n")
    # What comes back is not believed either.
    if done.returncode != 0 or not jpeg.startswith(b"\xff\xd8\xff\xe0") or has_exif(jpeg):
        _log.warning("tips.photo_refused", code=done.returncode, bytes=len(content))
        raise PhotoError("broken-photo", "the photo cannot be decoded")
    try:
        facts = json.loads(line)
        place = GeoPoint(**facts["place"]) if "place" in facts else None
        width, height = int(facts["width"]), int(facts["height"])
    except (ValueError, TypeError, KeyError):
        raise PhotoError("broken-photo", "the photo cannot be decoded") from None
    taken = str(facts.get("taken", ""))[:40]
    return Clean(jpeg, hashlib.sha256(jpeg).hexdigest(), width, height, taken, place)


class Album:
    """The photos of all tips on the disk, with a bound for all of them together."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        self._used: int | None = None

    def path(self, tip: str, number: int) -> Path:
        """Where the clean photo lies."""
        return self.root / tip / f"{number}.jpg"

    def check_room(self, most_bytes: int) -> None:
        """Make sure that another photo has room.

        Raises:
            ProblemError: 507, the photos take all they may, or the disk is nearly full.
        """
        self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
        free = shutil.disk_usage(self.root).free
        if self.used() >= most_bytes:
            with self._lock:  # what was forgotten meanwhile is counted here
                self._used = None
        if self.used() >= most_bytes or free < LEAST_FREE_BYTES:
            raise ProblemError(
                507,
                "no-room",
                "No room for photos at present",
                "The tip itself has arrived.",
                {"retry-after": "3600"},
            )

    def put(self, tip: str, number: int, jpeg: bytes, original: bytes | None) -> int:
        """Keep a photo, whole or not at all; how many octets it takes."""
        folder = self.root / tip
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if original is not None:
            _write(folder / f"{number}.original", original)
        _write(self.path(tip, number), jpeg)
        size = len(jpeg) + len(original or b"")
        with self._lock:
            if self._used is not None:
                self._used += size
        return size

    def drop(self, tip: str) -> None:
        """Forget the photos of a tip."""
        shutil.rmtree(self.root / tip, ignore_errors=True)

    def used(self) -> int:
        """Octets that all photos take; counted once, then kept account of."""
        with self._lock:
            if self._used is None:
                files = (one for one in self.root.glob("*/*") if one.is_file())
                self._used = sum(one.stat().st_size for one in files)
            return self._used


def _write(path: Path, content: bytes) -> None:
    fresh = path.with_suffix(path.suffix + ".tmp")
    with fresh.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.chmod(0o600)
    fresh.replace(path)
