"""The console with everything around it in one process. Run it to work on the pages.

PYTHONPATH=. python tests/console/fake_services.py --port 8600
"""

import argparse
import math
import tempfile
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import uvicorn

from broadcast.voice import Voice
from console.accounts import create_user
from console.app import create_app
from console.feed import Feed
from console.services import LivePart, Services
from core.cases import IncidentState, OfficerPosition, OfficerStatus, StateChange
from core.clock import NS_PER_S, Clock, SystemClock
from core.errors import WardwatchError
from core.geometry import Box, GeoPoint
from core.messages import (
    Action,
    CameraHealth,
    Command,
    IncidentChanged,
    ObjectsSeen,
    SeenObject,
)
from core.store.database import Store, open_store, sqlite_url
from core.store.users import Role
from core.value import Text, Value
from tests.console import fake_live, fake_many, fake_township
from tests.console.fake_custody import FakeCustody
from tests.console.fake_office import FakeOffice
from tests.console.fake_storage import FakeBooks, push_storage

PASSWORD = "watch-and-keep"
WEB_ROOT = Path(__file__).resolve().parents[2] / "console" / "web" / "dist"
USERS = (("viewer", Role.VIEWER), ("monitor", Role.MONITOR), ("chief", Role.CHIEF))


class Bus:
    """Remembers what was sent, and answers commands as the alerts room would."""

    def __init__(self, store: Store, feed: Feed, clock: Clock) -> None:
        self.sent: list[tuple[str, Value]] = []
        self.broken = False
        self._store, self._feed, self._clock = store, feed, clock

    def send(self, stream: str, message: Value) -> None:
        if self.broken:
            raise WardwatchError("bus: connection refused")
        self.sent.append((stream, message))
        if not isinstance(message, Command):
            return
        state = {
            Action.CONFIRM: IncidentState.CONFIRMED,
            Action.DISMISS: IncidentState.DISMISSED,
            Action.WARN: IncidentState.WARNING,
            Action.DISPATCH: IncidentState.DISPATCHED,
            Action.CLOSE: IncidentState.CLOSED,
            Action.TRANSFER: IncidentState.TRANSFERRED,
            Action.REOPEN: IncidentState.REOPENED,
        }.get(message.action)
        with self._store.begin() as unit:
            one = unit.incidents.get(message.incident)
            if one is None or state is None:
                return
            change = StateChange(
                state=state.value,
                at_ns=message.at_ns,
                actor=message.user,
                reason=Text.same(message.reason),
            )
            one = one.model_copy(update={"state": state, "history": (*one.history, change)})
            unit.incidents.put(one)
            unit.audit.append(
                message.user, "incident.state", one.id, message.reason, {"state": state.value}
            )
        self._feed.push("incidents", IncidentChanged(incident=one))


def furnish(directory: Path, clock: Clock) -> None:
    """Make a database with incidents and three accounts, a vault and a map."""
    vault = directory / "vault"
    vault.mkdir()
    fake_township.write_map(directory / "map.geojson")
    store = open_store(sqlite_url(directory / "wardwatch.db"), clock)
    fake_township.fill(store, vault, clock.utc_ns())
    for name, role in USERS:
        create_user(store, name, PASSWORD, role, clock)
    store.close()


def services(
    directory: Path, clock: Clock | None = None, web_root: Path = WEB_ROOT
) -> tuple[Services, Bus]:
    """Services over the furnished ``directory``."""
    clock = clock or SystemClock()
    vault, map_path = directory / "vault", directory / "map.geojson"
    store = open_store(sqlite_url(directory / "wardwatch.db"), clock)
    feed = Feed()
    bus = Bus(store, feed, clock)

    def live(camera: str) -> AsyncIterator[LivePart]:
        return fake_live.live(camera)

    office = FakeOffice()
    made = Services(
        site=fake_township.site(map_path),
        store=store,
        clock=clock,
        send=bus.send,
        vault_root=vault,
        films_root=directory / "films",
        tips_root=directory / "tips",
        secret=b"0123456789abcdef" * 2,
        live=live,
        feed=feed,
        web_root=web_root,
        cameras=office,
        custody=FakeCustody(clock),
        deletions=FakeBooks(clock),
        voice=Voice(directory / "voice"),
    )
    office.services = made
    push_health(made)
    push_storage(made)
    return made, bus


def push_health(made: Services) -> None:
    """All cameras online, the quiet street degraded."""
    now_ns = made.clock.utc_ns()
    for camera in made.site.cameras[:4]:
        quiet = camera.id == "street"
        for process in ("recorder", "analyst"):
            analyst = process == "analyst"
            made.feed.push(
                "health",
                CameraHealth(
                    camera=camera.id,
                    process=process,
                    state="degraded" if quiet and process == "analyst" else "online",
                    since_ns=now_ns - 3600 * NS_PER_S,
                    at_ns=now_ns,
                    fps=12.0 if process == "recorder" else 4.8,
                    bitrate_kbps=912,
                    lag_s=2.4 if quiet else 0.3,
                    skipped=None if not analyst else 0.64 if camera.id == "market" else 0.0,
                    reconnects=0 if analyst else 3,
                    last_keyframe_age_s=None if analyst else 0.8,
                    loss=None if analyst else 0.0004,
                    clock_uncertainty_s=None if analyst else 0.002,
                    dropped=2 if analyst else None,
                    reason="picture covered" if quiet and analyst else "",
                    clock_offset_s=None if analyst else -119.9,
                    picture=("covered" if quiet else "ok") if analyst else None,
                    picture_since_ns=now_ns - 60 * NS_PER_S if analyst else None,
                    signed=None if analyst else "broken" if quiet else "yes",
                    analysed_fps=None if not analyst else 1.8 if camera.id == "market" else 4.8,
                ),
            )


def _move(made: Services, stop: threading.Event) -> None:
    """Officers walk, boxes move, and after a while a new incident appears."""
    step = 0
    while not stop.wait(0.5):
        step += 1
        now_ns = made.clock.utc_ns()
        for n, officer in enumerate(made.site.officers):
            angle = step / 40 + n
            made.feed.push(
                "positions",
                OfficerPosition(
                    officer=officer.id,
                    at_ns=now_ns,
                    place=GeoPoint(
                        lon=officer.place.lon + 0.0008 * math.cos(angle),
                        lat=officer.place.lat + 0.0008 * math.sin(angle),
                    ),
                    status=OfficerStatus.BUSY if n == 2 else OfficerStatus.FREE,
                ),
            )
        for camera in made.site.cameras:
            x = 0.53 + 0.02 * math.sin(step / 3)
            person = SeenObject(
                track=1, label="person", score=0.87, box=Box(x, 0.38, 0.08, 0.24),
                subject=camera.id == "river")  # fmt: skip
            made.feed.push(
                "objects",
                ObjectsSeen(camera=camera.id, time_ns=now_ns, looked=True, objects=(person,)),
            )
        if step % 10 == 0:
            push_health(made)
            push_storage(made)
            for one in fake_many.health(made):
                made.feed.push("health", one)
        if step == 120:
            fresh = fake_township.incident(
                "inc-river-2", "river", [(IncidentState.DETECTED, 0)], now_ns, True
            )
            with made.store.begin() as unit:
                unit.incidents.put(fresh)
            made.feed.push("incidents", IncidentChanged(incident=fresh))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8600)
    parser.add_argument("--many", action="store_true", help="64 cameras, some of them ill")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="wardwatch-console-") as directory:
        furnish(Path(directory), SystemClock())
        made, _ = services(Path(directory))
        print(f"http://127.0.0.1:{given.port}  {'  '.join(n for n, _ in USERS)}  {PASSWORD}")
        if given.many:
            fake_many.extend(made)
        stop = threading.Event()
        mover = threading.Thread(target=_move, args=(made, stop), daemon=True)
        mover.start()
        try:
            uvicorn.run(create_app(made), host="127.0.0.1", port=given.port, log_level="warning")
        finally:
            stop.set()
            mover.join()
            made.store.close()


if __name__ == "__main__":
    main()
