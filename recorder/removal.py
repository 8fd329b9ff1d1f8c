"""Taking recordings away: first the record of it, then the files.

``<root>/deletions.jsonl`` (``recorder.seal.deletion``) says what was deleted, when, why and by
which rule, with size, range and SHA-256. A record is on disk before the first of its files goes.
What stayed after all, because the disk refused or the program ended in between, gets a record of
its own that says so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import structlog

from core.clock import NS_PER_S, Clock
from recorder.account import Interval
from recorder.errors import RecorderError
from recorder.hashes import HashBook, sha256_of
from recorder.seal.book import Thing
from recorder.seal.deletion import Act, Deleted, Deletions, Why, entries
from recorder.stock import Item

BOOK = "deletions.jsonl"
MOST = 256
"""Files of one record: what a crash between record and deletion leaves to be told of."""
HASHING_NS = 5 * NS_PER_S
"""Reading for hashes that were not taken when the files were closed, in one sweep, at most."""
_RECENT_BYTES = 1 << 20
_LATE_MOST = 100_000

Cause = Literal["age", "total", "class", "camera", "volume", "space"]

log = structlog.get_logger()


@dataclass(frozen=True)
class Going:
    """A recording that is to go.

    Attributes:
        why: ``age``: past its days; ``total``, ``class``, ``camera``, ``volume``: over that limit
            of bytes; ``space``: the disk was nearly full.
        rule: the rule in words.
    """

    item: Item
    why: Cause
    rule: str

    @property
    def early(self) -> bool:
        """Before its days were over; then it goes even if that cannot be written down yet."""
        return self.why != "age"


class Removal:
    """Deletes recordings, and tells of it before.

    Args:
        book: where records are written to; None: unsigned ones beside the recordings.
    """

    def __init__(self, root: Path, clock: Clock, book: Deletions | None = None) -> None:
        self._clock = clock
        self._book = book or Deletions(root / BOOK, None, clock)
        self._hashes = HashBook(root)
        self._late: list[tuple[Deleted, Why]] = []
        self._hashing_ns = HASHING_NS

    @property
    def unsigned(self) -> bool:
        """Records wait for a key, or for room to be written at all."""
        return bool(self._late) or self._book.waiting

    def begin(self) -> None:
        """Before a sweep: write and sign what could not be until now."""
        self._hashing_ns = HASHING_NS
        late, self._late = self._late, []
        for why in dict.fromkeys(why for _, why in late):
            things = [thing for thing, its in late if its == why]
            if not self._told(things, why):
                self._late += [(thing, why) for thing in things]
        self._book.tend()

    def remove(self, going: Sequence[Going]) -> set[Path]:
        """Delete at most ``MOST`` recordings; the paths of those that are gone."""
        gone: set[Path] = set()
        for why in dict.fromkeys(_why(one) for one in going):
            batch = [one for one in going if _why(one) == why]
            if not batch[0].early and self._hashing_ns <= 0:
                continue  # reading for hashes took long enough; they go at the next sweep
            things = [self._thing(one) for one in batch]
            if not self._told(things, why):
                if not batch[0].early:
                    continue
                # A full disk cannot wait for the record; it is written as soon as it can be.
                self._late = [*self._late, *((thing, why) for thing in things)][-_LATE_MOST:]
            stayed: dict[str, list[Deleted]] = {}
            for one, thing in zip(batch, things, strict=True):
                path = one.item.segment.path
                try:
                    path.unlink(missing_ok=True)
                    gone.add(path)
                except OSError as error:
                    log.error("recording not deleted", path=str(path), error=str(error))
                    stayed.setdefault(error.strerror or str(error), []).append(thing)
            for said, kept in stayed.items():
                self._told(kept, Why("retention", "not deleted", said), "kept")
        return gone

    def look_back(self, folder_of: Callable[[str], Path | None]) -> int:
        """Tell of recordings that are there although the newest records say that they went.

        A crash or a power cut leaves them. They are not deleted on the word of a record: the next
        sweep decides anew.

        Args:
            folder_of: where the volume of an id is; None: not here.

        Returns:
            How many.
        """
        last: dict[tuple[str, str], tuple[str, Thing]] = {}
        try:
            for entry in entries(self._book.file, _RECENT_BYTES):
                for thing in entry.things:
                    last[thing.volume, thing.path] = entry.act, thing
        except RecorderError as error:
            log.error("deletions cannot be read", error=str(error))
            return 0
        there = []
        for (volume, path), (act, thing) in last.items():
            folder = folder_of(volume)
            if act == "deleted" and folder is not None and (folder / path).is_file():
                there.append(_again(thing))
        for at in range(0, len(there), MOST):
            why = Why("system", "interrupted", "still there when the recorder began again")
            self._told(there[at : at + MOST], why, "kept")
        return len(there)

    def _told(self, things: Sequence[Deleted], why: Why, act: Act = "deleted") -> bool:
        try:
            self._book.record(things, why, act, may_wait=True)
        except Exception as error:
            log.error("deletion not written down", reason=why.reason, error=str(error))
            return False
        return True

    def _thing(self, one: Going) -> Deleted:
        item = one.item
        path, start_ns = item.segment.path, item.segment.start_ns
        digest = self._hashes.of(item.segment.camera, start_ns, item.size)
        hashed: Literal["closing", "deletion", ""] = "closing" if digest else ""
        if digest is None and self._hashing_ns > 0:
            began_ns = self._clock.monotonic_ns()
            try:
                _, digest = sha256_of(path)
                hashed = "deletion"
            except OSError as error:
                log.warning("goes without a hash", path=str(path), error=str(error))
            self._hashing_ns -= self._clock.monotonic_ns() - began_ns
        return Deleted(
            path=str(path.relative_to(item.volume.path)),
            size=item.size,
            sha256=digest,
            camera=item.segment.camera,
            first_ns=start_ns,
            last_ns=item.end_ns,
            volume=item.volume.mark.id if item.volume.mark else "",
            hashed=hashed,
        )


def deleted_ranges(root: Path, camera: str) -> list[Interval]:
    """What of a camera was recorded and is gone, in order, joined where it touches."""
    found: list[Interval] = []
    for entry in entries(root / BOOK):
        for thing in entry.things:
            if thing.camera != camera or thing.first_ns is None or thing.last_ns is None:
                continue
            if found and found[-1].first_ns <= thing.first_ns <= found[-1].last_ns:
                last_ns = max(found[-1].last_ns, thing.last_ns)
                found[-1] = Interval(found[-1].first_ns, last_ns)
            else:
                found.append(Interval(thing.first_ns, thing.last_ns))
    return sorted(found)


def _why(one: Going) -> Why:
    return Why("retention", one.why, one.rule)


def _again(thing: Thing) -> Deleted:
    return Deleted(
        path=thing.path,
        size=thing.size,
        sha256=thing.sha256,
        camera=thing.camera,
        first_ns=thing.first_ns,
        last_ns=thing.last_ns,
        volume=thing.volume,
    )
