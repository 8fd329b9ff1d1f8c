"""Wishes for copies of evidence to sealed copies, one after the other."""

import subprocess
import sys
from typing import cast

import structlog

from core.copies import COPIES_WANTED, CopyWanted
from core.errors import WardwatchError
from core.messages import EVIDENCE_SEALED
from core.store.database import Store
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context
from wardwatch.processes.copier import ITEMS

log = structlog.get_logger()

_POLL_S = 0.5
_WORDS = 500


class CopyError(WardwatchError):
    """A copy was not made."""


class CopiesPart(Part):
    """Has a process of low priority make each copy; what a restart cuts short is begun anew."""

    name = "copies"

    def __init__(self, context: Context, store: Store) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self._store = store

    def run(self) -> None:
        self._bus.consume("copies", {COPIES_WANTED: (CopyWanted, self._copy)}, self.context.stop)
        self._bus.close()

    def _copy(self, message: Value) -> None:
        wanted = cast(CopyWanted, message)
        try:
            done = self._made(wanted)
        except CopyError as error:
            if self.context.stop.is_set():
                raise  # stays on the bus
            log.error("no copy", incident=wanted.incident, copy=wanted.id, error=str(error))
            with self._store.begin() as unit:
                detail = {"copy": wanted.id, "item": wanted.item}
                unit.audit.append(
                    "system", "evidence.copy_failed", wanted.incident, str(error), detail
                )
            return
        for item in ITEMS.validate_json(done):
            self._bus.publish(EVIDENCE_SEALED, item)

    def _made(self, wanted: CopyWanted) -> bytes:
        """What the process says.

        Raises:
            CopyError: it failed, or the hub ends.
        """
        process = subprocess.Popen(
            [sys.executable, "-m", "wardwatch.processes", "copier", str(self.context.paths.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        given: bytes | None = wanted.model_dump_json().encode()
        while True:
            try:
                done, complaint = process.communicate(given, timeout=_POLL_S)
                break
            except subprocess.TimeoutExpired:
                given = None
                if self.context.stop.is_set():
                    process.terminate()
        if process.returncode != 0:
            said = complaint.decode(errors="replace").strip().rsplit("\n", 1)[-1]
            raise CopyError(said[:_WORDS] or f"the process ended with {process.returncode}")
        return done
