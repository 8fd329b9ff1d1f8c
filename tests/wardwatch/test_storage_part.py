"""Troubles with the disks are in the audit log, once each."""

import threading
from collections.abc import Callable, Mapping

import pytest

from core.clock import ManualClock
from core.config.site import Site
from core.messages import STORAGE
from core.storage import StorageState, StorageTrouble
from core.store.database import open_store
from core.value import Value
from wardwatch.parts.storage import StoragePart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context


class _Bus:
    """Hands messages over, some of them twice."""

    def __init__(self, *messages: Value) -> None:
        self._messages = messages

    def consume(
        self,
        group: str,
        handlers: Mapping[str, tuple[type[Value], Callable[[Value], None]]],
        stop: threading.Event,
    ) -> None:
        for one in self._messages:
            handlers[STORAGE][1](one)

    def close(self) -> None: ...


def state(*troubles: StorageTrouble) -> StorageState:
    return StorageState(at_ns=5, volumes=(), troubles=troubles, days_wanted=30)


def test_each_trouble_begins_and_ends_once(
    bare_site: Site, paths: Paths, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = StorageTrouble(kind="volume_lost", since_ns=1, volume="disk1", detail="read-only")
    full = StorageTrouble(kind="disk_full", since_ns=2)
    bus = _Bus(state(lost), state(lost), state(lost, full), state(full), state(full), state())
    monkeypatch.setattr(Context, "bus", lambda *_: bus)
    store = open_store(paths.database_url(bare_site), clock)
    StoragePart(Context("hub", bare_site, paths, clock=clock), store).run()
    StoragePart(Context("hub", bare_site, paths, clock=clock), store).run()  # after a restart
    with store.read() as unit:
        told = [(one.action, one.object, one.reason) for one in unit.audit.entries()]
    store.close()
    assert told == [
        ("storage.volume_lost", "disk1", "read-only"),
        ("storage.disk_full", "all", ""),
        ("storage.over", "disk1", ""),
        ("storage.over", "all", ""),
    ]
