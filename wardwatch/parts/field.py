"""Looks after files whose phones have fallen silent."""

import structlog

from console.field.media import forget_given_up, seal_silent
from console.services import Services
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

log = structlog.get_logger()

_LOOK_S = 60


class FieldPart(Part):
    """Seals what had come of films and voice messages that were never finished."""

    name = "field"

    def __init__(self, context: Context, services: Services) -> None:
        super().__init__(context)
        self._services = services

    def run(self) -> None:
        while not self.context.clock.wait(self.context.stop, _LOOK_S):
            for media in seal_silent(self._services):
                log.warning("field file sealed as far as it came", media=media.id)
            for media in forget_given_up(self._services):
                log.warning("field file given up", media=media.id, officer=media.officer)
