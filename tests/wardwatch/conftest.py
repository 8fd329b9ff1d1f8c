"""A small site for the composition's tests."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.clock import ManualClock
from core.config.site import Site
from wardwatch.paths import Paths


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def bare_site() -> Site:
    return Site.model_validate(
        {
            "name": {"zh": "镇", "en": "Town"},
            "centre": {"lon": 112.0, "lat": 30.0},
            "catalogue": {"rows": []},
            "warning_texts": {"texts": []},
        }
    )


@pytest.fixture
def paths(bare_site: Site) -> Iterator[Paths]:
    """A prepared data directory with a short name, as unix sockets need."""
    with TemporaryDirectory(prefix="ww-") as directory:
        paths = Paths(Path(directory))
        paths.make()
        paths.site_file.write_text(bare_site.model_dump_json(), encoding="utf-8")
        yield paths
