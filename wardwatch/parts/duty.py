"""Time and health for the duty desk; and the notices that go out."""

import threading

import structlog

from alerts.duty.equipment import Equipment
from alerts.notify.notifier import Notifier
from core.cases import Notice
from core.config.site import Site
from core.messages import HEALTH, NOTICES, CameraHealth
from core.store.database import Store
from wardwatch.duty.desk import DutyDesk
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

log = structlog.get_logger()

_TICK_S = 1.0


class DutyPart(Part):
    """Feeds the duty desk and the notifier; the console is given both."""

    name = "duty"

    def __init__(self, context: Context, store: Store) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self.desk = DutyDesk(context.site, store, context.clock)
        self.notifier = Notifier(context.site, store, context.clock, self._tell)
        self._equipment = Equipment(store, context.clock, context.site.duty.settle_s)
        self._keep(context.site)

    def run(self) -> None:
        threads = [
            threading.Thread(target=self._tick, name="duty-clock"),
            threading.Thread(target=self._watch, name="duty-health"),
        ]
        for thread in threads:
            thread.start()
        self.notifier.start()
        for thread in threads:
            thread.join()
        self.notifier.stop()
        self._bus.close()

    def use(self, site: Site) -> None:
        self.desk.use(site)
        self.notifier.use(site)
        self._keep(site)

    def _keep(self, site: Site) -> None:
        self._equipment.settle_s = site.duty.settle_s
        self._equipment.keep(one.id for one in site.cameras if one.enabled)

    def _tell(self, notice: Notice) -> None:
        try:
            self._bus.publish(NOTICES, notice)
        except Exception:
            log.exception("notice not on the bus; the desk finds it in its inbox")

    def _tick(self) -> None:
        while not self.context.clock.wait(self.context.stop, _TICK_S):
            try:
                self.desk.tick()
                self._equipment.tick()
            except Exception:
                log.exception("duty desk could not look at its timers")

    def _watch(self) -> None:
        for health in self._bus.tail(HEALTH, CameraHealth, self.context.stop):
            try:
                self._equipment.hear(health)
            except Exception:
                log.exception("health not taken", camera=health.camera)
