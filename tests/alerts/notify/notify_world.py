"""A township whose channels lead to this machine."""

from typing import Any

from alerts.notify.notifier import Notifier
from alerts.notify.worker import Worker
from core.audit import AuditEntry
from core.clock import Clock
from core.config.site import Site
from core.notifications import Delivery
from core.store.database import Store
from tests.alerts.world import make_site

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
LOCAL = ["127.0.0.0/8"]


def notify_site(channels: list[dict[str, Any]], rules: Any = None, **more: Any) -> Site:
    names = [one["id"] for one in channels]
    every = [{"channels": names}] if names and rules is None else rules or []
    plan = {"networks": LOCAL, "channels": channels, "rules": every, **more}
    return make_site(notify=plan, language="en")


def hook(url: str, **more: Any) -> dict[str, Any]:
    return {
        "id": "hook",
        "kind": "webhook",
        "url": url,
        "secret_env": "TEST_HOOK",
        "timeout_s": 2,
        **more,
    }


class NotifyWorld:
    """A notifier that can be restarted; its workers are stepped by hand."""

    def __init__(self, site: Site, store: Store, clock: Clock) -> None:
        self.site, self.store, self.clock = site, store, clock
        self.restart()
        self.notifier.pump()

    def restart(self) -> None:
        """As after ``kill -9``: all that was in memory is gone."""
        self.notifier = Notifier(self.site, self.store, self.clock)

    def worker(self, name: str = "hook") -> Worker:
        return self.notifier.workers[name]

    def happen(self, action: str = "duty.escalated", about: str = "task", **detail: Any) -> None:
        """Something is written into the audit log, and read."""
        with self.store.begin() as unit:
            unit.audit.append("system", action, about, "", detail)
        self.notifier.pump()

    def drain(self, name: str = "hook", most: int = 50) -> int:
        """Send until nothing may go any more; how many went."""
        sent = 0
        while sent < most and self.worker(name).step() == "sent":
            sent += 1
        return sent

    def deliveries(self, **where: str) -> list[Delivery]:
        with self.store.read() as unit:
            return unit.deliveries.find(**where)

    def audit(self, action: str) -> list[AuditEntry]:
        with self.store.read() as unit:
            return [one for one in unit.audit.entries() if one.action == action]
