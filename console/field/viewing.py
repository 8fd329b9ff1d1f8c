"""A film for one viewer while it is taken: read from the disk as it comes, joined where it can be.

Nothing of it is kept in memory but one chunk. Who reads too slowly, or looks on while a dead zone's
worth of pieces comes at once, is led to the newest place that can be played.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from typing import Literal

from console.api.evidence import vault_file
from console.field.bounds import MOST_HEADER, FilmError, Scanner
from console.field.fmp4 import FragmentedMp4
from console.field.media import pieces_of
from console.field.webm import WebM
from console.services import Services
from core.fieldwork import FieldMedia

CHUNK = 128 << 10
LATE_BYTES = 4 << 20
"""Farther behind than this, about twenty-five seconds, a viewer leaves out what lies between."""
_SCANNERS: dict[str, Callable[[], Scanner]] = {"video/webm": WebM, "video/mp4": FragmentedMp4}


@dataclass(frozen=True)
class Part:
    """What a viewer gets next: ``init`` begins anew and tells the content type."""

    kind: Literal["init", "more"]
    data: bytes
    mime: str = ""


class Viewing:
    """Where one viewer stands in one film. :meth:`next` is called by one thread at a time."""

    def __init__(self, services: Services, media: FieldMedia) -> None:
        self._services, self._id = services, media.id
        self._scanner = _SCANNERS[media.mime]()
        self._mime = media.mime
        self._at: int | None = None
        self.media: FieldMedia | None = media

    def next(self) -> Part | None:
        """The next part; None while nothing more has come (see ``media`` for whether it will).

        Raises:
            FilmError: it is no film that can be shown; where it is not.
        """
        with self._services.store.read() as unit:
            self.media = unit.field_media.get(self._id)
        media = self.media
        if media is None:
            return None
        if self._at is None:
            return self._join(media)
        if media.bytes - self._at > LATE_BYTES:
            self._scan(media)
            if (self._scanner.join or 0) - self._at > LATE_BYTES // 2:
                return self._join(media)
        data = self._read(media, self._at)
        if not data:
            return None
        self._at += len(data)
        return Part("more", data)

    def _join(self, media: FieldMedia) -> Part | None:
        self._scan(media)
        scanner = self._scanner
        if scanner.init_end is None:
            return None
        if scanner.init_end > MOST_HEADER:
            raise FilmError("the film cannot be shown live: its initialisation is too long")
        self._at = scanner.init_end if scanner.join is None else scanner.join
        head = bytearray()
        while len(head) < scanner.init_end:
            more = self._read(media, len(head), scanner.init_end - len(head))
            if not more:
                return None
            head += more
        return Part("init", bytes(head), f'{self._mime};codecs="{scanner.codecs}"')

    def _scan(self, media: FieldMedia) -> None:
        while data := self._read(media, self._scanner.scanned):
            self._scanner.feed(data)

    def _read(self, media: FieldMedia, at: int, most: int = CHUNK) -> bytes:
        if at >= media.bytes:
            return b""
        try:
            begins = 0
            for number, ends in enumerate(accumulate(media.sizes)):
                if at < ends:
                    most = min(most, CHUNK)
                    return pieces_of(self._services).read(media.id, number, at - begins, most)
                begins = ends
        except FileNotFoundError:
            return self._sealed(at, most)
        return b""

    def _sealed(self, at: int, most: int) -> bytes:
        """The pieces were put together meanwhile: the same octets lie in the vault."""
        with self._services.store.read() as unit:
            self.media = media = unit.field_media.get(self._id)
            item = unit.evidence.get(media.evidence) if media and media.evidence else None
        if item is None:
            return b""
        with vault_file(self._services.vault_root, item).open("rb") as stream:
            stream.seek(at)
            return stream.read(most)


__all__ = ["FilmError", "Part", "Viewing"]
