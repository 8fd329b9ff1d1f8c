"""Films in the inbox get into the store, each failure is said once, crashes cost nothing."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.audit import AuditEntry
from core.config.site import Inbox, Site
from core.store.database import Store, open_store, sqlite_url
from tests.ingest.push_peers import make_ts
from tests.sim.camera_kit import wait_for
from wardwatch.parts.inbox import InboxPart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context


@pytest.fixture
def store(paths: Paths) -> Iterator[Store]:
    store = open_store(sqlite_url(paths.data / "wardwatch.db"))
    yield store
    store.close()


Running = Callable[[], "Iterator[None]"]


@pytest.fixture
def running(bare_site: Site, paths: Paths, store: Store) -> Running:
    @contextmanager
    def run() -> Iterator[None]:
        context = Context("hub", bare_site, paths, stop=threading.Event())
        part = InboxPart(context, store, Inbox(folder=paths.data / "inbox"), steady_s=0)
        part.start()
        yield
        context.stop.set()
        part.join()

    return run


def said(store: Store, action: str) -> list[AuditEntry]:
    with store.read() as unit:
        return [one for one in unit.audit.entries() if one.action == action]


def test_a_film_is_imported_and_a_bad_one_is_said_once(
    paths: Paths, store: Store, running: Running, tmp_path: Path
) -> None:
    home = paths.data / "inbox" / "drone-1"
    home.mkdir(parents=True)
    film = make_ts(home / "DJI_20260501093000_0001.ts", [], seconds=2)
    (home / "torn.mp4").write_bytes(b"no film at all")
    digest = hashlib.sha256(film.read_bytes()).hexdigest()
    with running():
        wait_for(lambda: said(store, "film.imported") and said(store, "film.failed"), 30)
    with store.read() as unit:
        found = unit.films.get(digest)
    assert found is not None
    assert (found.source, found.file) == ("drone-1", film.name)
    assert (found.clock_source, found.video["width"]) == ("file name", 160)
    assert found.end_ns > found.start_ns
    assert (paths.films / found.source / found.id / found.file).read_bytes() == film.read_bytes()
    # A crash between the folder and the store: the manifest is there, the entry is not.
    with store.begin() as unit:
        unit.films.remove(digest)
    (home / "torn.mp4").touch()
    with running():
        wait_for(lambda: len(said(store, "film.imported")) == 2, 30)
    with running():
        pass
    assert [one.object for one in said(store, "film.imported")] == [digest, digest]
    assert [one.object for one in said(store, "film.failed")] == ["drone-1/torn.mp4"]
