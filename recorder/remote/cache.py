"""Giving up local copies of what is safely stored elsewhere."""

from collections.abc import Iterator
from dataclasses import dataclass

import structlog

from core.cases import EvidenceItem
from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from recorder.remote.records import Sent
from recorder.remote.sending import digest_there
from recorder.remote.vault import RemoteVault

LOOK_S = 300.0
LEAST_S = 3600.0
"""Nothing goes sooner after it was sealed or fetched: somebody may be about to open it."""

_NS_PER_DAY = 86_400 * NS_PER_S

log = structlog.get_logger()


@dataclass(frozen=True)
class Limits:
    """How long and how much is kept here; None: no limit."""

    days: float | None = None
    max_bytes: int | None = None

    @property
    def any(self) -> bool:
        """Whether anything is ever given up."""
        return self.days is not None or self.max_bytes is not None


@dataclass(frozen=True)
class _Copy:
    item: EvidenceItem
    sent: Sent
    since_ns: int


class Cache:
    """The local copies of one vault as a cache."""

    def __init__(self, vault: RemoteVault, clock: Clock, limits: Limits) -> None:
        self._vault, self._clock, self._limits = vault, clock, limits
        self._next_ns = clock.monotonic_ns()

    def look(self) -> Iterator[tuple[EvidenceItem, str]]:
        """Give up what is old or too much, at most every five minutes.

        Yields:
            Items that are no longer stored elsewhere as they were, and what is wrong.

        Raises:
            RemoteError: the storage is away or refuses; nothing more is given up.
        """
        if not self._limits.any or self._clock.monotonic_ns() < self._next_ns:
            return
        self._next_ns = self._clock.monotonic_ns() + round(LOOK_S * NS_PER_S)
        for copy in self._surplus():
            why = self._wrong(copy)
            if why:
                yield copy.item, why
                continue
            self._vault.give_up(copy.item)
            log.info("local copy given up", path=copy.item.path, bytes=copy.item.bytes)

    def _surplus(self) -> list[_Copy]:
        """Too old, or beyond the limit of bytes; the oldest first."""
        now_ns = self._clock.utc_ns()
        days, most = self._limits.days, self._limits.max_bytes
        copies = sorted(self._copies(), key=lambda one: (one.since_ns, one.item.path))
        held = sum(one.item.bytes for one in copies)
        found = []
        for one in copies:
            age_ns = now_ns - one.since_ns
            if age_ns < LEAST_S * NS_PER_S:
                break
            old = days is not None and age_ns > days * _NS_PER_DAY
            if old or (most is not None and held > most):
                found.append(one)
                held -= one.item.bytes
        return found

    def _copies(self) -> Iterator[_Copy]:
        """What is both here and there, of incidents all of which is stored."""
        for incident in self._vault.incidents():
            known = self._vault.library.records.of(incident)
            if known.state is None:
                continue
            try:
                items = self._vault.manifest(incident).items
            except WardwatchError:
                continue  # told where it is sent
            for item in items:
                sent = known.files.get(item.path.removeprefix(f"{incident}/"))
                if sent is not None and self._vault.path_of(item).is_file():
                    yield _Copy(item, sent, max(item.sealed_ns, sent.fetched_ns or 0))

    def _wrong(self, copy: _Copy) -> str:
        """Asked again before the last copy here goes: is it there, as it was when compared?"""
        remote, item = self._vault.library.remote, copy.item
        where = f"{remote.name}: {item.path}"
        held = remote.head(item.path)
        if held is None:
            return f"{where}: was stored and is gone there; the local copy stays"
        same = (held.size, held.checksum) == (copy.sent.size, copy.sent.checksum)
        if same and held.checksum is None:  # its size alone is too little
            same = digest_there(remote, item.path, item.bytes) == item.sha256
        return "" if same else f"{where}: was changed there; the local copy stays"
