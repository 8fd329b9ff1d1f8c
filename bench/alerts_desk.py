"""How many messages a desk handles a second, and what a tick costs with many open incidents.

    python -m bench.alerts_desk [--incidents 200] [--stored 10000] [--database URL]

Every message is a transaction that is on the disk before the next one begins, so the disk decides;
figures of one run may be compared with each other only. ``cpu`` is what the processor did.
"""

import argparse
import json
import logging
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import structlog

from alerts.desk import Desk
from core.cases import Incident, IncidentState, Severity, StateChange
from core.clock import NS_PER_S, Clock, SystemClock
from core.config.site import Site
from core.geometry import Box, GeoPoint
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store, open_store
from core.value import Text
from core.wording import Wording


def _text(words: str) -> dict[str, str]:
    return {"zh": words, "en": words}


def _site(cameras: int) -> Site:
    place = {"lon": 112.46, "lat": 30.42}
    zone = {
        "id": "shore",
        "name": _text("shore"),
        "polygon": {"points": [[0, 0], [1, 0], [1, 1]]},
        "rule": {"kind": "fishing"},
    }
    row = {
        "id": "fishing",
        "kind": "fishing",
        "act": _text("fishing"),
        "basis": "§",
        "sanction": _text("-"),
        "authority": "own",
        "department": _text("-"),
        "severity": "minor",
        "source": "bench",
        "effective_from": "2020-01-01",
    }
    return Site.model_validate(
        {
            "name": _text("bench"),
            "centre": place,
            "cameras": [
                {
                    "id": f"camera-{n}",
                    "name": _text(str(n)),
                    "place": place,
                    "streams": {"main": "rtsp://127.0.0.1/bench"},
                    "speaker": {"driver": "onvif"},
                    "zones": [zone],
                }
                for n in range(cameras)
            ],
            "catalogue": {"rows": [row]},
            "warning_texts": {"texts": []},
        }
    )


def _timed(clock: Clock, work: Callable[[], None]) -> tuple[float, float]:
    """Seconds that ``work`` takes, by the clock and of the processor."""
    began_ns, began_s = clock.monotonic_ns(), time.process_time()
    work()
    return (clock.monotonic_ns() - began_ns) / NS_PER_S, time.process_time() - began_s


def _place(number: int) -> GeoPoint:
    """Where the act of a camera is: 40 m apart, along a river."""
    return GeoPoint(lon=112.46 + number * 40 / 96_000, lat=30.42)


def _fill(store: Store, now_ns: int, cameras: int, stored: int) -> None:
    """Incidents that were closed in the last sixty days."""
    with store.begin() as unit:
        for number in range(stored):
            begun_ns = now_ns - round((60 - 59.9 * number / stored) * 86_400) * NS_PER_S
            steps = tuple(
                StateChange(state=state, at_ns=begun_ns + n * NS_PER_S, actor="system")
                for n, state in enumerate(("detected", "warning", "complied", "closed"))
            )
            unit.incidents.put(
                Incident(
                    id=f"old-{number}",
                    kind=Kind.FISHING,
                    severity=Severity.MINOR,
                    camera=f"camera-{number % cameras}",
                    zone="shore",
                    place=_place(number % cameras),
                    place_error_m=6,
                    state=IncidentState.CLOSED,
                    history=steps,
                    started_ns=begun_ns,
                    last_seen_ns=begun_ns,
                    active=False,
                    box=Box(0, 0, 1, 1),
                    why=Text(zh="久留", en="stayed"),
                    sightings=(f"past-{number}",),
                )
            )


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--incidents", type=int, default=200)
    options.add_argument("--stored", type=int, default=0, help="settled incidents of before")
    options.add_argument("--database", help="address; a new SQLite file when absent")
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(chosen.database or f"sqlite:///{Path(folder) / 'bench.db'}", clock)
        _fill(store, clock.utc_ns(), chosen.incidents, chosen.stored)
        desk = Desk(
            _site(chosen.incidents),
            store,
            clock,
            lambda *_: None,
            lambda *_: Wording.plain("leave"),
        )

        def see(phase: Phase) -> None:
            now_ns = clock.utc_ns()
            for number in range(chosen.incidents):
                desk.on_sighting(
                    Sighting(
                        id=f"s{number}",
                        camera=f"camera-{number}",
                        zone="shore",
                        kind=Kind.FISHING,
                        phase=phase,
                        started_ns=now_ns - 60 * NS_PER_S,
                        fired_ns=now_ns,
                        last_ns=now_ns,
                        box=Box(0, 0, 1, 1),
                        why=Why(text=Text(zh="久留", en="stayed")),
                        place=_place(number),
                        place_error_m=6,
                    )
                )

        spent = {
            "fired": _timed(clock, lambda: see(Phase.FIRED)),
            "continues": _timed(clock, lambda: see(Phase.CONTINUES)),
            "first_tick": _timed(clock, desk.tick),
            "idle_tick": _timed(clock, desk.tick),
        }
        store.close()
    each_ms = 1000 / chosen.incidents
    figures: dict[str, object] = {"incidents": chosen.incidents, "stored": chosen.stored}
    for name, (wall_s, cpu_s) in spent.items():
        figures[f"{name}_ms"] = round(wall_s * each_ms, 2)
        figures[f"{name}_cpu_ms"] = round(cpu_s * each_ms, 2)
    print(json.dumps({**figures, "unit": "milliseconds an incident"}))


if __name__ == "__main__":
    main()
