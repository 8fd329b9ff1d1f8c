"""Deletes case files that could be fetched long enough."""

import structlog

from recorder.casefile.exports import Exports
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

log = structlog.get_logger()

_LOOK_S = 600.0


class CaseFilesPart(Part):
    """Looks every few minutes."""

    name = "casefiles"

    def __init__(self, context: Context, exports: Exports, *, look_s: float = _LOOK_S) -> None:
        super().__init__(context)
        self._exports, self._look_s = exports, look_s

    def run(self) -> None:
        while True:
            cleared = self._exports.clear_old()
            if cleared:
                log.info("case files cleared", number=cleared)
            if self.context.clock.wait(self.context.stop, self._look_s):
                return
