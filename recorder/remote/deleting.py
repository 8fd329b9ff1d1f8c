"""Deleting elsewhere what was deleted here.

All that lies under the incident's name goes, in every version; then it is looked whether anything
is left. What is locked there stays a problem with its date and is tried again then. Nothing is
sent of an incident until that is done, so what lies there is what was deleted.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog

from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from recorder.remote.base import Remote, Version
from recorder.remote.errors import AwayError, LockedError, RemoteError
from recorder.remote.owed import Locked, Owed
from recorder.remote.vault import RemoteVault

AGAIN_S = 3600.0
"""What time alone will not mend is tried again this much later."""
LOOK_S = 86_400.0
"""What is locked is tried this often, for somebody may have lifted the lock, and at its end."""

_ONE_NAME = (None, "null")
"""Versions that a later content of the name would bear, too."""

log = structlog.get_logger()


class Deleting:
    """Works off what is owed to the copies elsewhere of one vault; one of them at a time."""

    def __init__(self, vault: RemoteVault, remote: Remote, clock: Clock) -> None:
        self._vault, self._remote, self._clock = vault, remote, clock
        self._mutex = threading.Lock()
        self._owed: dict[str, Owed | None] = {}
        self._problems: dict[str, str] = {}
        self._not_before: dict[str, int] = {}
        self._unfinished: set[str] = set()

    def finish_here(self) -> None:
        """Finish deletions that were cut short on the local disk; asks nobody."""
        unfinished = set(self._vault.owed.incidents())
        for incident in sorted(unfinished):
            with self._noted(incident, 0):
                owed = self._vault.owed.of(incident)
                if owed is not None and not owed.swept:
                    self._vault.finish_deletion(owed)
                unfinished.remove(incident)
        self._unfinished = unfinished

    def once(self, stop: threading.Event) -> None:
        """Delete what is owed and due.

        Raises:
            AwayError: the storage is away; the rest is deleted later.
            OSError: a note cannot be changed.
        """
        self._take_note()
        for incident in self._vault.owed.incidents():
            if stop.is_set():
                return
            early = self._clock.monotonic_ns() < self._not_before.get(incident, 0)
            if early or incident in self._unfinished:
                continue
            with self._noted(incident):
                owed = self._vault.owed.of(incident)
                if owed is not None:
                    self._delete(owed)
                with self._mutex:
                    self._problems.pop(incident, None)
        self._take_note()

    @property
    def waiting(self) -> int:
        """Of how many incidents something is still there."""
        with self._mutex:
            return len(self._owed)

    @property
    def oldest_ns(self) -> int | None:
        """When the oldest was deleted here of which not only what is locked is left."""
        with self._mutex:
            known = [one for one in self._owed.values() if one is not None and not one.locked]
            return min((one.at_ns for one in known), default=None)

    def problems(self) -> list[str]:
        """Why something cannot be deleted: a person must look."""
        with self._mutex:
            return list(self._problems.values())

    def locks(self) -> list[str]:
        """What stays until the storage may let go of it, a line for each incident."""
        with self._mutex:
            return [
                f"{one.incident}: was deleted here; {len(one.locked)} of its copies there are "
                f"{until(one.locked)}"
                for one in self._owed.values()
                if one is not None and one.locked
            ]

    def _delete(self, owed: Owed) -> None:
        incident, prefix = owed.incident, f"{owed.incident}/"
        if owed.swept:
            there = [one.one for one in owed.locked]
        else:
            self._vault.finish_deletion(owed)
            for name in owed.files:
                self._remote.abandon(prefix + name)
            there = self._remote.versions(prefix)
        locked = self._deleted(there)
        kept = {(one.key, one.version) for one in locked}
        if not owed.swept:
            for one in self._remote.versions(prefix):
                if (one.key, one.version) not in kept:
                    raise RemoteError(f"{self._remote.name}: {one.key}: was deleted and is there")
        if not locked:
            self._vault.owed.replace(owed, None)
            log.info("deleted elsewhere", incident=incident, objects=len(there))
            return
        # Where a new content would bear the same version, nothing new is sent before all is gone.
        swept = not any(one.version in _ONE_NAME for one in locked)
        left = tuple(locked)
        now = owed.model_copy(update={"swept": swept, "locked": left})
        self._vault.owed.replace(owed, now)
        self._wait(incident, min(self._left_s(left), LOOK_S))
        log.warning("locked elsewhere", incident=incident, objects=len(left), how=until(left))

    def _deleted(self, there: list[Version]) -> list[Locked]:
        """What is locked and therefore left.

        Raises:
            RemoteError: something else could not be deleted; what could be was.
        """
        locked, trouble = [], None
        for one in there:
            try:
                self._remote.delete(one)
            except LockedError as error:
                locked.append(
                    Locked(key=one.key, size=one.size, version=one.version, until_ns=error.until_ns)
                )
            except AwayError:
                raise
            except RemoteError as error:
                trouble = trouble or error
        if trouble is not None:
            raise trouble
        return locked

    def _left_s(self, locked: tuple[Locked, ...]) -> float:
        """To the end of the first lock."""
        ends = [one.until_ns for one in locked if one.until_ns is not None]
        first_ns = min(ends, default=None)
        if first_ns is None:
            return LOOK_S
        left_s = (first_ns - self._clock.utc_ns()) / NS_PER_S
        # The storage's clock decides; it may be behind ours.
        return left_s + 1 if left_s > 0 else AGAIN_S

    def _wait(self, incident: str, seconds: float) -> None:
        self._not_before[incident] = self._clock.monotonic_ns() + round(seconds * NS_PER_S)

    def _take_note(self) -> None:
        """What is owed, for those who ask."""
        found: dict[str, Owed | None] = {}
        for incident in self._vault.owed.incidents():
            found[incident] = None
            with self._noted(incident):
                found[incident] = self._vault.owed.of(incident)
        with self._mutex:
            self._owed = found
            for gone in self._problems.keys() - found.keys():
                del self._problems[gone]
        for gone in self._not_before.keys() - found.keys():
            del self._not_before[gone]

    @contextmanager
    def _noted(self, incident: str, again_s: float = AGAIN_S) -> Iterator[None]:
        """Trouble with one incident does not keep others from being deleted."""
        try:
            yield
        except AwayError:
            raise
        except WardwatchError as error:
            self._wait(incident, again_s)
            with self._mutex:
                new = self._problems.get(incident) != str(error)
                self._problems[incident] = str(error)
            if new:
                log.error("not deleted elsewhere", incident=incident, error=str(error))


def until(locked: tuple[Locked, ...]) -> str:
    """How long, for people."""
    ends = [one.until_ns for one in locked if one.until_ns is not None]
    said = []
    if ends:
        last = datetime.fromtimestamp(max(ends) // NS_PER_S, UTC)
        said.append(f"locked until {last:%Y-%m-%d %H:%M} UTC")
    if len(ends) < len(locked):
        said.append("on legal hold until a person lifts it there")
    return ", or ".join(said)
