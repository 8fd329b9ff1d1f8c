"""A duty desk on a clock that stands still until told."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from alerts.duty.desk import Desk
from core.audit import AuditEntry
from core.clock import NS_PER_S, ManualClock
from core.config.site import Site
from core.duty import HandoverWords, LogLine
from core.store.database import Store
from tests.alerts.world import make_site, text

ZONE = ZoneInfo("Asia/Shanghai")
PLAN: dict[str, Any] = {
    "shifts": [
        {"id": "day", "name": text("day"), "start": "08:00", "end": "16:00"},
        {"id": "evening", "name": text("evening"), "start": "16:00", "end": "23:30"},
        {"id": "night", "name": text("night"), "start": "23:30", "end": "08:00"},
    ],
    "roster": {
        "week": [
            {"shift": "day", "people": ["d1", "d2"], "chief": "boss"},
            {"shift": "evening", "people": ["e1"], "chief": "boss"},
            {"shift": "night", "people": ["n1"], "chief": "boss"},
        ]
    },
    "late_s": 600,
    "escalate_s": 300,
    "patrols": [
        {"id": "ferry", "name": text("ferry"), "times": ["10:00", "23:45"], "within_s": 900}
    ],
    "awake": {
        "hours": [{"start": "00:00", "end": "06:00"}],
        "every_s": 1800,
        "answer_s": 180,
    },
}


def duty_site(**changes: Any) -> Site:
    return make_site(duty={**PLAN, **changes})


def local(written: str) -> int:
    """A local time such as 2026-11-22 10:00, as UTC nanoseconds."""
    moment = datetime.fromisoformat(written).replace(tzinfo=ZONE)
    return round(moment.timestamp()) * NS_PER_S


class DeskWorld:
    """A desk that can be restarted, and its clock."""

    def __init__(self, store: Store, clock: ManualClock, site: Site | None = None) -> None:
        self.store, self.clock = store, clock
        self.site = site or duty_site()
        self.restart()

    def restart(self) -> None:
        self.desk = Desk(self.site, self.store, self.clock)

    def go(self, written: str, step_s: float = 60) -> None:
        """Let time pass until then, looking at the timers on the way."""
        until_ns = local(written)
        while self.clock.utc_ns() < until_ns:
            left_s = (until_ns - self.clock.utc_ns()) / NS_PER_S
            self.clock.advance(min(step_s, left_s))
            self.desk.tick()

    def audit(self, action: str) -> list[AuditEntry]:
        with self.store.read() as unit:
            return [one for one in unit.audit.entries() if one.action == action]

    def lines(self) -> tuple[LogLine, ...]:
        return self.desk.log(0, self.clock.utc_ns())

    def ready(self, user: str = "d1") -> int:
        """A handover with all its words; its revision."""
        draft = self.desk.prepare(user)
        words = HandoverWords(**{**draft.words.model_dump(), "instructions": "watch the ferry"})
        return self.desk.edit(user, draft.revision, words).revision
