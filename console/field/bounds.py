"""Where an unfinished film may be joined: what WebM and fragmented MP4 have in common here.

A phone's film is read as it comes, in pieces cut anywhere. A scanner finds where its
initialisation ends, what a player must be told of it, and the newest place from which it can be
played. It keeps headers only; pictures and sound pass by.
"""

from abc import ABC, abstractmethod

from console.errors import ConsoleError

MOST_HEADER = 1 << 20
"""Octets of one header that are kept in memory; real ones have some hundred."""


class FilmError(ConsoleError):
    """The film cannot be shown live; what came of it is kept, and sealed all the same."""


class Scanner(ABC):
    """Reads a film from its first octet on.

    Attributes:
        codecs: RFC 6381, of all tracks; None until the initialisation was read.
        init_end: octets of the initialisation; None until it was read.
        joins: places found so far that begin with a picture that needs no other.
        join: the newest of them, in octets from the beginning.
    """

    def __init__(self) -> None:
        self.codecs: str | None = None
        self.init_end: int | None = None
        self.joins = 0
        self.join: int | None = None
        self._held = bytearray()
        self._at = 0
        self._pass = 0

    @property
    def scanned(self) -> int:
        """Octets that were fed."""
        return self._at + len(self._held)

    def feed(self, content: bytes | memoryview) -> None:
        """Read on.

        Raises:
            FilmError: it is not what it should be; says where.
        """
        if self._pass:
            passed = min(self._pass, len(content))
            self._pass -= passed
            self._at += passed
            content = content[passed:]
        self._held += content
        while self._held:
            used = self._step(self._held, self._at)
            if used == 0:
                if len(self._held) > MOST_HEADER + 64:
                    raise self._wrong("a header is too long")
                return
            here = min(used, len(self._held))
            del self._held[:here]
            self._at += here
            self._pass = used - here
            if self._pass:
                return

    @abstractmethod
    def _step(self, held: bytearray, at: int) -> int:
        """Understand what ``held`` begins with.

        Returns:
            Octets that are done with, which may be more than there are; 0: more are needed.
        """

    def _found(self, at: int) -> None:
        self.joins += 1
        self.join = at

    def _wrong(self, what: str, at: int | None = None) -> FilmError:
        return FilmError(
            f"the film cannot be shown live: {what} at octet {self._at if at is None else at}"
        )
