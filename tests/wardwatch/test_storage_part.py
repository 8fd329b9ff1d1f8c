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
        told = [
            (one.action, one.object, one.detail["kind"], one.reason) for one in unit.audit.entries()
        ]
    store.close()
    assert told == [
        ("storage.alarm", "disk1", "volume_lost", "read-only"),
        ("storage.alarm", "recordings", "disk_full", ""),
        ("storage.alarm", "disk1", "ok", ""),
        ("storage.alarm", "recordings", "ok", ""),
    ]


def test_what_goes_on_at_a_disk_is_told_again_when_another_trouble_there_ends(
    bare_site: Site, paths: Paths, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = StorageTrouble(kind="volume_slow", since_ns=1, volume="disk1")
    low = StorageTrouble(kind="disk_low", since_ns=2, volume="disk1", detail="2 GB left")
    bus = _Bus(state(slow, low), state(low))
    monkeypatch.setattr(Context, "bus", lambda *_: bus)
    store = open_store(paths.database_url(bare_site), clock)
    StoragePart(Context("hub", bare_site, paths, clock=clock), store).run()
    with store.read() as unit:
        told = [one.detail["kind"] for one in unit.audit.entries()]
    store.close()
    assert told == ["volume_slow", "disk_low", "ok", "disk_low"]
