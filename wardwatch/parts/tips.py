"""Looks after what the public told us: photos into the vault, old tips away."""

import structlog

from console.services import Services
from console.tips.keeper import Keeper
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

log = structlog.get_logger()

_LOOK_S = 2
_FORGET_EVERY = 1800
"""Looks, an hour apart."""


class TipsPart(Part):
    """Seals photos of accepted tips; forgets what is past its days."""

    name = "tips"

    def __init__(self, context: Context, services: Services) -> None:
        super().__init__(context)
        self._keeper = Keeper(services)

    def run(self) -> None:
        looks = 0
        while not self.context.clock.wait(self.context.stop, _LOOK_S):
            try:
                self._keeper.seal()
                if looks % _FORGET_EVERY == 0:
                    self._keeper.forget()
            except Exception:
                log.exception("tips not looked after")
            looks += 1
