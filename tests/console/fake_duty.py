"""A real duty desk behind the console, with documents, and channels to look at."""

from typing import Any

from console.services import Services
from core.config.duty import Duty
from core.notifications import ChannelNow
from wardwatch.duty.desk import DutyDesk

ROUND_THE_CLOCK: dict[str, Any] = {
    "shifts": [
        {
            "id": "day",
            "name": {"zh": "早班", "en": "Day shift"},
            "start": "00:00",
            "end": "12:00",
        },
        {
            "id": "late",
            "name": {"zh": "晚班", "en": "Late shift"},
            "start": "12:00",
            "end": "00:00",
        },
    ],
    "roster": {
        "week": [{"shift": one, "people": ["monitor"], "chief": "chief"} for one in ("day", "late")]
    },
    "awake": {"hours": [{"start": "00:00", "end": "00:00"}], "every_s": 60, "answer_s": 50},
    "patrols": [
        {
            "id": "ferry",
            "name": {"zh": "渡口江滩", "en": "Ferry bank"},
            "times": ["22:15", "10:00"],
            "cameras": ["river"],
            "ask": {"zh": "看有无垂钓", "en": "look for anglers"},
        }
    ],
}


class FakeChannels:
    """Two channels: one works, one fails."""

    def channels(self) -> tuple[ChannelNow, ...]:
        return (
            ChannelNow(id="wecom", kind="apprise", enabled=True, last_ok_ns=5, delivered=7),
            ChannelNow(
                id="county",
                kind="webhook",
                enabled=True,
                failing_since_ns=9,
                waiting=3,
                error="channel county (10.1.2.3): answered 503",
            ),
        )


def furnish(services: Services, **changes: Any) -> DutyDesk:
    """Give the console a desk."""
    duty = Duty.model_validate({**ROUND_THE_CLOCK, **changes})
    services.site = services.site.model_copy(update={"duty": duty})
    desk = DutyDesk(services.site, services.store, services.clock)
    services.duty, services.notifications = desk, FakeChannels()
    desk.tick()
    return desk
