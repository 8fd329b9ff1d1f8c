"""How many messages a desk handles a second, and what a tick costs with many open incidents.

    python -m bench.alerts_desk [--incidents 200] [--database URL]

Every message is a transaction that is on the disk before the next one begins, so the disk decides;
figures of one run may be compared with each other only.
"""

import argparse
import json
import logging
import tempfile
from collections.abc import Callable
from pathlib import Path

import structlog

from alerts.desk import Desk
from core.clock import NS_PER_S, Clock, SystemClock
from core.config.site import Site
from core.geometry import Box
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import open_store
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


def _timed(clock: Clock, work: Callable[[], None]) -> float:
    """Seconds that ``work`` takes."""
    began_ns = clock.monotonic_ns()
    work()
    return (clock.monotonic_ns() - began_ns) / NS_PER_S


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--incidents", type=int, default=200)
    options.add_argument("--database", help="address; a new SQLite file when absent")
    chosen = options.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    clock = SystemClock()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(chosen.database or f"sqlite:///{Path(folder) / 'bench.db'}", clock)
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
                    )
                )

        fired_s = _timed(clock, lambda: see(Phase.FIRED))
        continues_s = _timed(clock, lambda: see(Phase.CONTINUES))
        tick_s = _timed(clock, desk.tick)
        idle_tick_s = _timed(clock, desk.tick)
        store.close()
    each_ms = 1000 / chosen.incidents
    print(
        json.dumps(
            {
                "incidents": chosen.incidents,
                "fired_ms": round(fired_s * each_ms, 2),
                "continues_ms": round(continues_s * each_ms, 2),
                "first_tick_ms": round(tick_s * each_ms, 2),
                "idle_tick_ms": round(idle_tick_s * each_ms, 2),
                "unit": "milliseconds an incident",
            }
        )
    )


if __name__ == "__main__":
    main()
