"""The books of deletions of a site: shown, and verified."""

from collections.abc import Iterator
from itertools import islice

from core.clock import Clock
from core.config.site import Site
from core.storage import Removed
from recorder.seal.book import Entry
from recorder.seal.deletion import Deletions, Verified, entries
from wardwatch.paths import Paths
from wardwatch.vaults import evidence_book, recordings_book, sealer_of

_NEWEST_BYTES = 1 << 20


class Books:
    """Satisfies :class:`core.storage.DeletionBooks` for one site."""

    def __init__(self, site: Site, paths: Paths, clock: Clock) -> None:
        self._site, self._paths, self._clock = site, paths, clock
        self.books: tuple[Deletions, ...] = (
            recordings_book(site, paths, clock),
            evidence_book(site, paths, clock),
        )

    def newest(self, limit: int) -> list[Removed]:
        """The newest records of both books, newest first.

        Raises:
            SealError: one cannot be read.
        """
        found = [
            removed(entry)
            for book in self.books
            for entry in entries(book.file, _NEWEST_BYTES)
            if entry.act != "signed"
        ]
        found.sort(key=lambda one: (one.at_ns, one.seq), reverse=True)
        return list(islice(found, limit))

    def verify(self) -> Iterator[tuple[Deletions, Verified]]:
        """Check every record of each.

        Raises:
            SealError: names the first that is wrong.
        """
        trust = sealer_of(self._site, self._paths, self._clock).trust()
        for book in self.books:
            yield book, book.verify(trust)


def removed(entry: Entry) -> Removed:
    """A record in short."""
    firsts = [one.first_ns for one in entry.things if one.first_ns is not None]
    lasts = [one.last_ns for one in entry.things if one.last_ns is not None]
    return Removed(
        seq=entry.seq,
        at_ns=entry.at_ns,
        act=entry.act,
        by=entry.by,
        reason=entry.reason,
        rule=entry.rule,
        unit=entry.unit,
        signed=entry.signed,
        things=len(entry.things),
        size_bytes=sum(one.size for one in entry.things),
        cameras=tuple(sorted({one.camera for one in entry.things if one.camera})),
        first_ns=min(firsts, default=None),
        last_ns=max(lasts, default=None),
        example=entry.things[0].path if entry.things else "",
    )
