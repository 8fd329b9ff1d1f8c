"""Storing one thing elsewhere, once, and comparing it with what was sealed."""

import hashlib
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.cases import EvidenceItem
from core.clock import NS_PER_S, Clock
from recorder.remote.base import PIECE, Held, Remote, Retention
from recorder.remote.errors import AwayError, DiffersError, TakenError
from recorder.remote.records import Sent

COPIES = ("working", "redacted", "derivation")
_NS_PER_DAY = 86_400 * NS_PER_S


@dataclass(frozen=True)
class Locking:
    """How long the storage must not let go of what it was given."""

    mode: Literal["governance", "compliance"]
    days: int
    copy_days: int

    def of(self, role: str, sealed_ns: int) -> Retention:
        """For something sealed at a moment."""
        days = self.copy_days if role in COPIES else self.days
        return Retention(self.mode, sealed_ns + days * _NS_PER_DAY)


def digest_there(remote: Remote, key: str, size: int) -> str:
    """SHA-256 of what lies there, of one piece more than is due at most.

    Raises:
        RemoteError: it cannot be read.
    """
    digest, read = hashlib.sha256(), 0
    with remote.open(key) as stream:
        while read <= size and (piece := stream.read(PIECE)):
            digest.update(piece)
            read += len(piece)
    return digest.hexdigest()


class Sender:
    """Stores and compares.

    Args:
        locking: None leaves it to the bucket.
        read_back: do not believe a checksum that the storage gives.
    """

    def __init__(
        self, remote: Remote, clock: Clock, locking: Locking | None, *, read_back: bool
    ) -> None:
        self.remote = remote
        self._clock, self._locking, self._read_back = clock, locking, read_back

    def send(self, item: EvidenceItem, source: Path, stop: threading.Event) -> Sent:
        """Store an item unless it is there, and compare.

        Raises:
            DiffersError: the file here, or what bears its name there, is not what was sealed.
            RemoteError: it cannot be stored.
            OSError: the file cannot be read.
        """
        lock = self._lock(item.role, item.sealed_ns)
        return self.store(item.path, source, item.sha256, item.bytes, lock, stop)

    def send_state(self, key: str, content: bytes, made_ns: int) -> None:
        """The same for a state."""
        digest = hashlib.sha256(content).hexdigest()
        self.store(key, content, digest, len(content), self._lock("state", made_ns), None)

    def store(
        self,
        key: str,
        source: Path | bytes,
        sha256: str,
        size: int,
        lock: Retention | None,
        stop: threading.Event | None,
    ) -> Sent:
        """Store under a name unless it is there, and compare; as :meth:`send`."""
        held = self.remote.head(key)
        if held is None:
            # Taken: by an attempt whose answer was lost, or by somebody; compared below.
            with suppress(TakenError):
                self.remote.put(key, source, sha256, lock, stop)
            held = self.remote.head(key)
        if held is None:
            raise AwayError(f"{self.remote.name}: {key}: was stored and is not there")
        return self._compared(key, source, sha256, size, held)

    def _compared(self, key: str, source: Path | bytes, sha256: str, size: int, held: Held) -> Sent:
        how: Literal["checksum", "read"] = "checksum"
        if held.size != size:
            raise self._differs(key, f"{held.size} bytes instead of {size}")
        due = self.remote.checksum_of(source, sha256)
        # One of another kind (other parts, another program) says nothing: then it is read.
        if self._read_back or held.checksum != due:
            found = digest_there(self.remote, key, size)
            if found != sha256:
                raise self._differs(key, f"sha256 {found[:12]}… instead of {sha256[:12]}…")
            how = "read"
        return Sent(
            size=size, sha256=sha256, checksum=held.checksum, how=how, at_ns=self._clock.utc_ns()
        )

    def _lock(self, role: str, sealed_ns: int) -> Retention | None:
        return self._locking.of(role, sealed_ns) if self._locking is not None else None

    def _differs(self, key: str, detail: str) -> DiffersError:
        return DiffersError(
            f"{self.remote.name}: {key}: what lies there is not what was sealed ({detail}); it is "
            "left alone, and the local copy stays"
        )
