"""Past incidents with a pattern in them, for the page of patterns."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from core.cases import IncidentState, Repeat
from core.clock import NS_PER_S
from core.seeing import Phase, Sighting, Why
from core.store.database import Store
from core.store.unit import Unit
from core.value import Text
from tests.console import fake_township

S = IncidentState
_NET = Text(zh="停留95秒，疑似使用渔网", en="stayed 95 s, with what looks like a net")
_TOLD = Text(zh="群众举报：有人在河边下网", en="a public tip: somebody sets a net by the river")
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
        _merge(unit, "inc-river-1", now_ns)
        other = fake_township.incident("inc-river-2", "river", [(S.DETECTED, 70.0)], now_ns, True)
        place = fake_township._place(-380, 300)
        unit.incidents.put(
            other.model_copy(
                update={"camera": "", "zone": "", "place": place, "place_error_m": 35.0}
            )
        )


def _merge(unit: Unit, name: str, now_ns: int) -> None:
    """Give an incident sightings: of its camera, of a drone, and one that was joined to it."""
    one = unit.incidents.get(name)
    assert one is not None
    told = [
        ("s-1", one.camera, one.zone, "camera", 190.0, None, one.why, ()),
        ("s-2", one.camera, one.zone, "camera", 120.0, 30.0, _NET, ("net",)),
        ("s-3", "", "", "tip", 300.0, None, _TOLD, ()),
    ]
    for key, camera, zone, source, began_s, ended_s, why, cues in told:
        last_ns = now_ns - round((ended_s or 0.0) * NS_PER_S)
        unit.sightings.put(
            Sighting(
                id=key, camera=camera, zone=zone, kind=one.kind, source=source,
                phase=Phase.CONTINUES if ended_s is None else Phase.ENDED,
                started_ns=now_ns - round(began_s * NS_PER_S), fired_ns=last_ns, last_ns=last_ns,
                ended_ns=None if ended_s is None else last_ns, box=one.box, cues=cues,
                why=Why(text=why),
            )
        )  # fmt: skip
    joined = fake_township.incident("inc-told-1", "river", [(S.CLOSED, 20.0)], now_ns, False)
    unit.incidents.put(joined.model_copy(update={"same_as": name, "sightings": ("s-3",)}))
    changes = {"sightings": ("s-1", "s-2", "s-3"), "joined": ("inc-told-1",)}
    unit.incidents.put(one.model_copy(update=changes))
