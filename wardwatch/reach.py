"""How far officers get in time, for the map: reckoned once for the same places, then remembered."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import replace
from typing import Any

from alerts.roads.graph import Roads
from alerts.roads.reach import Post, isochrones, posts_of
from core.clock import Clock, iso
from core.config.site import Site
from core.presence import phones, presence
from core.store.database import Store
from core.store.unit import Unit

MINUTES = (5.0, 10.0, 15.0)
REMEMBERED = 4
_PLACES = 3
"""Decimals of degrees that make another place: about a hundred metres."""


class Reach:
    """Areas of the posts, or of the officers on duty. Safe to call from several threads.

    One is reckoned at a time, and the last few are kept: whoever loads the page again, or ten
    people at once, cost one search. Officers who moved less than a hundred metres cost none.

    Args:
        site: the configuration as it is now.
    """

    def __init__(
        self, site: Callable[[], Site], roads: Roads | None, store: Store, clock: Clock
    ) -> None:
        self._site, self._roads, self._store, self._clock = site, roads, store, clock
        self._lock = threading.Lock()
        self._known: OrderedDict[Hashable, dict[str, Any]] = OrderedDict()

    def __call__(self, now: bool) -> dict[str, Any]:
        """GeoJSON with ``reckoned``, ``circle`` (minutes) and ``at`` beside the features."""
        site = self._site()
        posts = self._posts_now(site) if now else posts_of(site)
        places = frozenset(
            (one.name, one.travel, round(one.place.lon, _PLACES), round(one.place.lat, _PLACES))
            for one in posts
        )
        # The site itself stands in the key, so that its identity is not given to another one.
        key = (_Same(site), places)
        with self._lock:
            found = self._known.get(key)
            if found is None:
                found = self._reckon(site, posts)
                self._known[key] = found
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
            self._known.move_to_end(key)
            return found

    def _reckon(self, site: Site, posts: list[Post]) -> dict[str, Any]:
        return {
            **isochrones(site, self._roads, posts, MINUTES),
            "reckoned": "line" if self._roads is None else "road",
            "circle": site.dispatch.circle_minutes,
            "at": iso(self._clock.utc_ns()),
        }

    def _posts_now(self, site: Site) -> list[Post]:
        with self._store.read() as unit:
            return posts_now(unit, site, self._clock.utc_ns())


def posts_now(unit: Unit, site: Site, now_ns: int) -> list[Post]:
    """Where those on duty are; who never said so is at the post."""
    places = {one.officer: one.place for one in unit.positions.find()}
    with_phone = phones(unit)
    there = [
        officer for officer in site.officers if presence(unit, site, officer, now_ns, with_phone).on
    ]
    return [
        replace(post, place=places.get(post.name, post.place)) for post in posts_of(site, there)
    ]


class _Same:
    """A configuration compared by identity: it is replaced as a whole."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._site is self._site

    def __hash__(self) -> int:
        return id(self._site)
