"""Fixtures: the npm package fetched once a machine."""

import importlib.util
from pathlib import Path

import pytest

from models import npm, registry
from models.cache import default_directory
from models.errors import SourceError
from models.registry import NpmSource
from models.sources import sha256

collect_ignore = [] if importlib.util.find_spec("ultralytics") else ["test_ultralytics.py"]
"""What needs an extra that the product runs without is no test where the extra is missing."""


@pytest.fixture(scope="session")
def npm_source() -> NpmSource:
    entry = registry.load().entry("centernet-mbv3")
    assert entry is not None
    return next(source for source in entry.sources if isinstance(source, NpmSource))


@pytest.fixture(scope="session")
def centernet_files(npm_source: NpmSource) -> dict[str, bytes]:
    """Members of the npm package; kept beside the model cache between test runs."""
    kept = default_directory() / "test-npm"
    found: dict[str, bytes] = {}
    for member in npm_source.members:
        path = kept / Path(member.path).name
        if path.exists() and sha256(path.read_bytes()) == member.sha256:
            found[member.path] = path.read_bytes()
    if len(found) < len(npm_source.members):
        paths = [member.path for member in npm_source.members]
        try:
            found = npm.fetch(npm_source.package, npm_source.version, paths)
        except SourceError as error:
            pytest.skip(f"the npm package cannot be fetched here: {error}")
        kept.mkdir(parents=True, exist_ok=True)
        for name, content in found.items():
            (kept / Path(name).name).write_bytes(content)
    return found
