"""Past incidents with a pattern in them, for the page of patterns."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.cases import IncidentState, Repeat
from core.clock import NS_PER_S
from core.store.database import Store
from tests.console import fake_township

S = IncidentState
ZONE = ZoneInfo("Asia/Shanghai")


def fill(store: Store, now_ns: int) -> None:
    """Anglers on seven Saturdays at five, heaps at any time, two seen by a drone."""
    now = datetime.fromtimestamp(now_ns / NS_PER_S, ZONE)
    saturday = now.replace(hour=0, minute=0, second=0) - timedelta(days=(now.weekday() + 2) % 7)
    river = [
        saturday - timedelta(weeks=k) + timedelta(hours=5, minutes=10 + 7 * k) for k in range(7)
    ]
    river += [saturday - timedelta(days=12, hours=-15), saturday - timedelta(days=31, hours=-9)]
    lane = [now - timedelta(days=n, hours=(7 * n) % 24) for n in (2, 5, 9, 20, 33)]
    drone = [now - timedelta(days=n, hours=3) for n in (1, 4)]
    with store.begin() as unit:
        for name, camera, times in (
            ("river", "river", river), ("lane", "lane", lane), ("drone", "", drone),
        ):  # fmt: skip
            for n, at in enumerate(at for at in times if at < now - timedelta(hours=1)):
                ago_s = (now - at).total_seconds()
                steps = [(S.DETECTED, ago_s), (S.CLOSED, ago_s - 600)]
                made = fake_township.incident(
                    f"inc-{name}-old-{n}", camera or "lane", steps, now_ns, False
                )
                if not camera:
                    place = fake_township._place(640 + 9 * n, 410)
                    made = made.model_copy(
                        update={"camera": "", "zone": "", "place": place, "place_error_m": 9.4}
                    )
                unit.incidents.put(made)
        again = unit.incidents.get("inc-river-1")
        assert again is not None
        earlier = ("inc-river-old-0", "inc-river-old-7")
        unit.incidents.put(
            again.model_copy(
                update={
                    "place_error_m": 8.2,
                    "repeat": Repeat(times=3, days=14, earlier=earlier),
                    "cues": (*again.cues, "repeat"),
                }
            )
        )
        other = fake_township.incident("inc-river-2", "river", [(S.DETECTED, 70.0)], now_ns, True)
        place = fake_township._place(-380, 300)
        unit.incidents.put(
            other.model_copy(
                update={"camera": "", "zone": "", "place": place, "place_error_m": 35.0}
            )
        )
