"""Keeps the sound of what was said, as evidence."""

import os
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from broadcast.audio import Audio, sha256
from broadcast.errors import BroadcastError
from core.clock import NS_PER_S, Clock


def put(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        BroadcastError: it cannot be written.
    """
    part = path.with_suffix(f".{threading.get_ident()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as problem:
        raise BroadcastError(f"{path}: cannot keep the audio: {problem.strerror}") from None
    finally:
        with suppress(OSError):
            part.unlink()


class Shelf:
    """A directory a day of sounds under their own hashes; the same words are kept once a day."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root, self._clock = root, clock

    def keep(self, audio: Audio) -> tuple[Path, str]:
        """Where the sound is kept, and its SHA-256.

        Raises:
            BroadcastError: it cannot be written.
        """
        wav = audio.wav()
        digest = sha256(wav)
        day = datetime.fromtimestamp(self._clock.utc_ns() // NS_PER_S, UTC)
        path = self._root / f"{day:%Y-%m-%d}" / f"{digest}.wav"
        if not path.exists() or sha256(path.read_bytes()) != digest:
            put(path, wav)
        return path, digest
