"""Keeps what people decide, so that models can be taught by it."""

import threading
from typing import cast

import structlog

from core.config.site import Site
from core.messages import OBJECTS, SIGHTINGS, ObjectsSeen
from core.seeing import Sighting
from core.store.database import Store
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context
from wardwatch.teaching.keeper import Keeper
from wardwatch.teaching.moments import Moments
from wardwatch.vaults import open_vault

log = structlog.get_logger()

_LOOK_S = 15.0


class TeachingPart(Part):
    """Notes what was seen when sightings fire, and keeps the pictures of judged incidents."""

    name = "teaching"

    def __init__(self, context: Context, store: Store, *, look_s: float = _LOOK_S) -> None:
        super().__init__(context)
        self._site, self._look_s = context.site, look_s
        root = context.paths.teaching
        self._moments = Moments(root / "moments")
        vault = open_vault(context.site, context.paths, context.clock)
        self._keeper = Keeper(root, vault, store, context.clock, self._moments)
        self._bus = context.bus(self.name)

    def use(self, site: Site) -> None:
        self._site = site

    def run(self) -> None:
        stop = self.context.stop
        threads = [
            threading.Thread(target=self._watch_objects, name="teaching-objects"),
            threading.Thread(target=self._keep, name="teaching-keeper"),
        ]
        for thread in threads:
            thread.start()

        def take(message: Value) -> None:
            self._moments.on_sighting(cast(Sighting, message))

        self._bus.consume("teaching", {SIGHTINGS: (Sighting, take)}, stop)
        for thread in threads:
            thread.join()
        self._bus.close()

    def _watch_objects(self) -> None:
        for seen in self._bus.tail(OBJECTS, ObjectsSeen, self.context.stop):
            try:
                self._moments.on_objects(seen)
            except OSError as error:
                log.error("moment not kept", camera=seen.camera, error=str(error))

    def _keep(self) -> None:
        while not self.context.clock.wait(self.context.stop, self._look_s):
            try:
                self._keeper.look(self._site)
            except Exception:
                log.exception("judged incidents could not be kept")
