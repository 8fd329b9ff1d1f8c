"""The console over a real store, in process and as a real server."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from starlette.testclient import TestClient

from console.app import create_app
from console.services import Services
from console.sessions import CSRF_HEADER
from core.audit import AuditEntry
from core.clock import ManualClock, SystemClock
from tests.console import fake_services

ORIGIN = "http://desk.test"


@dataclass
class Desk:
    """One application and everything behind it."""

    services: Services
    bus: fake_services.Bus
    clock: ManualClock
    new_client: Callable[[], TestClient]

    def sign_in(self, name: str) -> TestClient:
        """A browser of that person; its requests carry the token."""
        client = self.new_client()
        answer = client.post(
            "/api/v1/session", json={"name": name, "password": fake_services.PASSWORD}
        )
        assert answer.status_code == 200, answer.text
        client.headers[CSRF_HEADER] = answer.json()["csrf"]
        return client

    def audit(self, action: str) -> list[AuditEntry]:
        """All entries of one action."""
        with self.services.store.read() as unit:
            return [one for one in unit.audit.entries() if one.action == action]


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A filled database and vault, to be copied: making one takes a second."""
    directory = tmp_path_factory.mktemp("furnished")
    fake_services.furnish(directory, ManualClock())
    return directory


@pytest.fixture
def desk(tmp_path: Path, furnished: Path) -> Iterator[Desk]:
    clock = ManualClock()
    shutil.copytree(furnished, tmp_path, dirs_exist_ok=True)
    pages = tmp_path / "pages"
    (pages / "assets").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html><title>望守</title>", encoding="utf-8")
    (pages / "assets" / "app-1a2b.js").write_text("export {};", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("not a page", encoding="utf-8")
    services, bus = fake_services.services(tmp_path, clock, pages)
    app = create_app(services)
    yield Desk(services, bus, clock, lambda: TestClient(app, base_url=ORIGIN))
    services.store.close()


@dataclass
class Server:
    """The same application behind a real socket."""

    services: Services
    bus: fake_services.Bus
    url: str


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    fake_services.furnish(tmp_path, SystemClock())
    services, bus = fake_services.services(tmp_path)
    config = uvicorn.Config(create_app(services), host="127.0.0.1", port=0, log_level="warning")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    deadline = time.monotonic() + 20
    while not running.started and time.monotonic() < deadline:
        time.sleep(0.02)
    port = running.servers[0].sockets[0].getsockname()[1]
    yield Server(services, bus, f"http://127.0.0.1:{port}")
    running.should_exit = True
    thread.join(10)
    assert not thread.is_alive(), "the server did not stop: a stream keeps it open"
    services.store.close()
