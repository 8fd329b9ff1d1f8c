"""How long the figures of a year take, and how much memory.

PYTHONPATH=. python bench/supervision.py --incidents 50000
"""

import argparse
import random
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

from sqlalchemy import create_engine

from core.cases import Hearing, Incident, IncidentState, Receipt, Severity, StateChange
from core.clock import NS_PER_S, SystemClock, parse_iso
from core.config.load import load
from core.geometry import Box
from core.seeing import ENDED, Ending, Kind, Phase, Sighting, Why
from core.store import tables
from core.store.database import open_store
from core.supervision import By, report
from core.value import Text

SITE = load(Path(__file__).parents[1] / "configs" / "demo")
START_NS = parse_iso("2026-01-01T00:00:00+08:00")
YEAR_S = 365 * 86400
WHY = Text(zh="一人在禁钓区岸边停留 94 秒", en="One person stayed at the closed shore for 94 s")


def fill(url: str, number: int) -> None:
    """Write incidents with nine steps at most, a sighting and a receipt each.

    They go past the entity layer, which would take minutes.
    """
    chance = random.Random(1)
    places = [(camera.id, zone) for camera in SITE.cameras for zone in camera.zones]
    incidents, receipts, sightings = [], [], []
    for n in range(number):
        camera, zone = chance.choice(places)
        at_ns = START_NS + round(chance.random() * YEAR_S) * NS_PER_S
        way = ["detected", "confirmed", "warning"]
        way += chance.choice(
            [["complied", "closed"], ["dismissed"], ["persisting", "dispatched", "acknowledged",
             "en_route", "on_scene", "handled", "checked", "closed"]]
        )  # fmt: skip
        history, step_ns = [], at_ns
        for state in way:
            step_ns += chance.randrange(5, 300) * NS_PER_S
            history.append(StateChange(state=state, at_ns=step_ns, actor="system", reason=WHY))
        one = Incident(
            id=f"inc-{n:06d}", kind=Kind(zone.rule.kind), severity=Severity.MINOR, camera=camera,
            zone=zone.id, state=IncidentState(way[-1]), history=tuple(history), started_ns=at_ns,
            last_seen_ns=step_ns, active=False, box=Box(0.1, 0.1, 0.1, 0.1), why=WHY,
            sightings=(f"sig-{n:06d}",), catalogue_row="fishing-2026-general", catalogue_version=1,
        )  # fmt: skip
        seen = Sighting(
            id=one.sightings[0], camera=camera, zone=zone.id, kind=one.kind, phase=Phase.ENDED,
            started_ns=at_ns, fired_ns=at_ns, last_ns=step_ns, box=one.box, tracks=(4,),
            ended_ns=history[min(3, len(history) - 1)].at_ns, labels=("person",), cues=("rod",),
            why=Why(text=WHY, facts={
                "dwell_s": 94.2, "limit_s": 60, "displacement": 0.0123, "frames": 471,
                ENDED: chance.choice([*Ending]).value,
            }),
            model="yolox-nano", model_sha256="0" * 64, min_score=0.61, zone_version="0" * 64,
        )  # fmt: skip
        said = Receipt(
            announcement=f"ann-{n:06d}", incident=one.id, camera=camera, ok=True, driver="onvif",
            text=WHY.zh, started_ns=at_ns,
            hearing=Hearing(verdict=chance.choice(["heard", "not_heard", "unknown"]),
                            microphone=camera),
        )  # fmt: skip
        incidents.append({
            "id": one.id, "kind": one.kind, "severity": one.severity, "camera": camera,
            "zone": zone.id, "state": one.state, "active": False, "started_ns": at_ns,
            "body": one.model_dump(mode="json"),
        })  # fmt: skip
        sightings.append({
            "id": seen.id, "camera": camera, "zone": zone.id, "kind": one.kind,
            "started_ns": at_ns, "body": seen.model_dump(mode="json"),
        })  # fmt: skip
        receipts.append({
            "id": said.announcement, "incident": one.id, "camera": camera, "ok": True,
            "body": said.model_dump(mode="json"),
        })  # fmt: skip
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(tables.incidents.insert(), incidents)
        connection.execute(tables.receipts.insert(), receipts)
        connection.execute(tables.sightings.insert(), sightings)
    engine.dispose()


def main() -> None:
    """Print a line for each grouping."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=50_000)
    number = parser.parse_args().incidents
    with tempfile.TemporaryDirectory(prefix="ww-") as folder:
        url = f"sqlite:///{folder}/year.db"
        store = open_store(url)
        fill(url, number)
        now_ns = SystemClock().utc_ns()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for by in (By.ZONE, By.KIND, By.SHIFT, By.MONTH):
            began, began_cpu = time.perf_counter(), time.process_time()
            with store.read() as unit:
                made = report(unit, SITE, date(2026, 1, 1), date(2026, 12, 31), by, now_ns)
            took, cpu = time.perf_counter() - began, time.process_time() - began_cpu
            assert made.whole.incidents == number
            print(f"{number} incidents by {by.value}: {took:.2f} s wall, {cpu:.2f} s of processor")
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"memory grew by {(after - before) / 1024:.0f} MB over filling")
        store.close()


if __name__ == "__main__":
    main()
