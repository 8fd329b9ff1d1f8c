"""Who at the desk looks at films while they are taken; the phone shows that somebody does."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from console.services import Services
from core.fieldwork import FieldMedia, FilmNow


class Watchers:
    """Counts open views; a view that ends for whatever reason is counted no longer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._views: dict[tuple[str, str], int] = {}

    def count(self, media: FieldMedia) -> int:
        """How many look at it."""
        with self._lock:
            return self._views.get((media.officer, media.id), 0)

    def of(self, officer: str) -> list[str]:
        """The officer's films that somebody looks at."""
        with self._lock:
            return sorted(film for owner, film in self._views if owner == officer)

    @contextmanager
    def one_more(self, services: Services, media: FieldMedia) -> Iterator[None]:
        """A view for as long as the block lasts."""
        self._add(media, 1)
        services.feed.push("watching", film_now(self, media))
        try:
            yield
        finally:
            self._add(media, -1)
            services.feed.push("watching", film_now(self, media))

    def _add(self, media: FieldMedia, more: int) -> None:
        key = media.officer, media.id
        with self._lock:
            self._views[key] = self._views.get(key, 0) + more
            if self._views[key] <= 0:
                del self._views[key]


def film_now(watchers: Watchers, media: FieldMedia) -> FilmNow:
    """As desks are told of it."""
    fields = FilmNow.model_fields.keys() & FieldMedia.model_fields.keys()
    given = {name: getattr(media, name) for name in fields}
    return FilmNow(**given, bytes=media.bytes, watching=watchers.count(media))


def tell(services: Services, watchers: Watchers, media: FieldMedia) -> None:
    """Tell the desks of a film that has grown or ended; voice and pictures come when whole."""
    if media.kind == "video":
        services.feed.push("films", film_now(watchers, media))
