"""What went wrong with the disks, into the audit log."""

import hashlib
from collections.abc import Iterable
from typing import cast

from core.messages import STORAGE
from core.storage import StorageState, StorageTrouble
from core.store.database import Store
from core.store.unit import Unit
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

ALARM, ALL = "storage.alarm", "recordings"
"""The action in the audit log, and what it is about when that is no single volume."""


class StoragePart(Part):
    """Writes down when a trouble with the disks began and when it was over, once each.

    The recorder publishes every change; what happened while the bus or the hub was away comes
    later.
    """

    name = "storage"

    def __init__(self, context: Context, store: Store) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self._store = store
        self._before: dict[str, StorageTrouble] = {}

    def run(self) -> None:
        self._bus.consume("storage", {STORAGE: (StorageState, self._note)}, self.context.stop)
        self._bus.close()

    def _note(self, message: Value) -> None:
        state = cast(StorageState, message)
        now = {_key(one): one for one in state.troubles}
        over = {key: one for key, one in self._before.items() if key not in now}
        with self._store.begin() as unit:
            for key, one in over.items():
                if unit.first_time(f"storage-over-{key}"):
                    detail = {"kind": "ok", "over": one.kind}
                    unit.audit.append("system", ALARM, one.volume or ALL, detail=detail)
                    # What goes on there is told again, so that the newest entry is how it is.
                    _tell(unit, (other for other in now.values() if other.volume == one.volume))
            _tell(unit, (one for key, one in now.items() if unit.first_time(f"storage-{key}")))
        self._before = now


def _tell(unit: Unit, troubles: Iterable[StorageTrouble]) -> None:
    for one in troubles:
        detail = {"kind": one.kind}
        unit.audit.append("system", ALARM, one.volume or ALL, one.detail, detail)


def _key(one: StorageTrouble) -> str:
    words = f"{one.kind} {one.volume} {one.since_ns}"
    return hashlib.sha256(words.encode()).hexdigest()[:40]
