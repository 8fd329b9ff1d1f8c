"""Worlds for the tests of the desk."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock
from core.store.database import Store, open_store
from tests.alerts.world import START_NS, World, make_site, sqlite


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START_NS)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    opened = open_store(sqlite(tmp_path), clock)
    yield opened
    opened.close()


@pytest.fixture
def world(store: Store, clock: ManualClock) -> World:
    return World(store, clock, make_site())


@pytest.fixture
def world_of(store: Store, clock: ManualClock) -> Callable[..., World]:
    """A world whose site differs in some fields."""

    def make(*, twice: bool = False, **changes: Any) -> World:
        return World(store, clock, make_site(**changes), twice=twice)

    return make
