"""What is past its days goes, once an hour."""

from core.config.site import Site
from core.store.database import Store
from wardwatch.expiry import Expiry
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

EVERY_S = 3600.0


class ExpiryPart(Part):
    """Deletes evidence, case files and films that have served their purpose."""

    name = "expiry"

    def __init__(self, context: Context, store: Store) -> None:
        super().__init__(context)
        self._expiry = Expiry(context.site, context.paths, store, context.clock)

    def use(self, site: Site) -> None:
        self._expiry.site = site

    def run(self) -> None:
        while not self.context.stop.is_set():
            self._expiry.look()
            self.context.clock.wait(self.context.stop, EVERY_S)
