"""A station with incidents to export."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import ManualClock
from tests.recorder.casefile.world import World, world_in
from tests.recorder.conftest import make_mp4


@pytest.fixture(scope="session")
def short_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mp4(tmp_path_factory.mktemp("short") / "film.mp4", seconds=1)


@pytest.fixture
def world(tmp_path: Path, clock: ManualClock, short_film: Path) -> Iterator[World]:
    made = world_in(tmp_path, clock, short_film)
    yield made
    made.store.close()
