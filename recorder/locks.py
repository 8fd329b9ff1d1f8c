"""Which recordings must not be deleted: the ranges around incidents.

One JSON file, replaced as a whole, so that every process sees a consistent set.
"""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import TypeAdapter

from core.custody import Kept

FILE_NAME = "locks.json"


class Lock(Kept):
    """Recordings of one camera over a range are kept, because of ``owner`` (an incident)."""


_LOCKS = TypeAdapter(tuple[Lock, ...])


class Locks:
    """The locked ranges under one recordings folder."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE_NAME

    def all(self) -> tuple[Lock, ...]:
        """Every lock."""
        try:
            return _LOCKS.validate_json(self._path.read_bytes())
        except FileNotFoundError:
            return ()

    def add(self, lock: Lock) -> None:
        """Keep a range; adding the same lock twice changes nothing."""
        with self._exclusive():
            locks = self.all()
            if lock not in locks:
                self._write((*locks, lock))

    def release(self, owner: str) -> int:
        """Drop all locks of an owner; returns how many there were."""
        with self._exclusive():
            locks = self.all()
            kept = tuple(lock for lock in locks if lock.owner != owner)
            if len(kept) < len(locks):
                self._write(kept)
            return len(locks) - len(kept)

    def _write(self, locks: tuple[Lock, ...]) -> None:
        temporary = self._path.with_suffix(".new")
        with temporary.open("w", encoding="utf-8") as stream:
            json.dump([lock.model_dump() for lock in locks], stream, ensure_ascii=False, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(self._path)

    @contextmanager
    def _exclusive(self) -> Iterator[None]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.with_suffix(".lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield
