"""What a storage elsewhere must be able to do."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

PIECE = 1 << 20


@dataclass(frozen=True)
class Held:
    """What the storage says of an object.

    Attributes:
        checksum: SHA-256 that the storage itself computed, as it writes it (``checksum_of``);
            None where it computes none.
    """

    size: int
    checksum: str | None = None


@dataclass(frozen=True)
class Listed:
    """One name in a listing."""

    key: str
    size: int


@dataclass(frozen=True)
class Version:
    """One content of a name, of which there may be several, or a mark that it was deleted.

    Attributes:
        version: None where the storage keeps only one.
    """

    key: str
    size: int
    version: str | None = None


@dataclass(frozen=True)
class Retention:
    """Until when the storage must not let an object be deleted."""

    mode: Literal["governance", "compliance"]
    until_ns: int


@dataclass(frozen=True)
class Ability:
    """Something a trial found out about the storage."""

    what: str
    good: bool
    detail: str


class Stream(Protocol):
    """Content on its way; a read raises :class:`recorder.remote.errors.RemoteError`."""

    def read(self, size: int) -> bytes:
        """At most that many bytes, none at the end."""


class Remote(ABC):
    """Named, unchangeable contents. Every method may raise ``AwayError`` or ``RefusedError``.

    Attributes:
        name: for messages.
    """

    name: str

    @abstractmethod
    def put(
        self,
        key: str,
        source: Path | bytes,
        sha256: str,
        retention: Retention | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        """Store under a name that is not taken; of large files no more than a part is in memory.

        What an interrupted call of the same name and content left is gone on with.

        Raises:
            TakenError: the name is taken.
            DiffersError: the source is not of that SHA-256; nothing is stored.
            AwayError: also when ``stop`` was set on the way.
            OSError: the source cannot be read.
        """

    @abstractmethod
    def head(self, key: str) -> Held | None:
        """What is known of an object; None when there is none."""

    @abstractmethod
    def open(
        self, key: str, first: int = 0, last: int | None = None
    ) -> AbstractContextManager[Stream]:
        """The bytes from ``first`` to ``last``, both included; to the end without ``last``.

        Raises:
            GoneError: there is none.
        """

    @abstractmethod
    def names(self, prefix: str, after: str = "") -> Iterator[Listed]:
        """All names that begin so, in order, those that come behind ``after``."""

    @abstractmethod
    def versions(self, prefix: str) -> list[Version]:
        """All that lies under names that begin so, also what no listing shows any more."""

    @abstractmethod
    def delete(self, one: Version) -> None:
        """Delete it for good; when there is none, all is well.

        Raises:
            LockedError: the storage must keep it for some time.
        """

    @abstractmethod
    def abandon(self, key: str) -> None:
        """Delete what interrupted calls of :meth:`put` left under a name."""

    @abstractmethod
    def checksum_of(self, source: Path | bytes, sha256: str) -> str:
        """What ``Held.checksum`` must be for this content, if the storage keeps checksums."""

    @abstractmethod
    def examine(self) -> list[Ability]:
        """Try everything out on an object made for it: stored, read, refused, deleted."""

    @abstractmethod
    def close(self) -> None:
        """Let connections go."""
