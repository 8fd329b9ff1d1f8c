"""The demo: the whole township on simulated cameras, with a real detector.

Everything is as in earnest — RTSP cameras, recorder, analyst, hub, loudspeakers, officers' phones,
reviews and case files — but the pictures are drawn, the officers and those who review are
simulated, and the data directory is new each time.
"""

import json
import secrets
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import httpx

from console.accounts import create_user
from core.clock import NS_PER_S, Clock, SystemClock
from core.config.cameras import Camera
from core.config.load import SHIPPED, load
from core.config.site import Site
from core.errors import WardwatchError
from core.messages import CameraHealth
from core.model import ModelCard
from core.store.database import Store, open_store
from core.store.users import Role
from models.store import Store as ModelStore
from wardwatch import demo_report, lock
from wardwatch.command_centre import CommandCentre
from wardwatch.demo_case import ACCOUNTS, CaseDesk
from wardwatch.demo_crew import Crew, account_of
from wardwatch.demo_tip import ACCOUNT, CAMERA, TipStory
from wardwatch.paths import Paths

CONFIG = SHIPPED / "demo"
USER = "monitor"
PAUSE_S = 45.0
_SETTLE_S = 60.0
_TIMEOUT_S = 30.0


class DemoError(WardwatchError):
    """The demo cannot run as asked."""


@dataclass(frozen=True)
class Demo:
    """A demo that is running.

    Attributes:
        url: address of the console.
        user, password: a sign-in made for this run.
    """

    centre: CommandCentre
    model: ModelCard
    url: str
    user: str
    password: str
    cases: CaseDesk
    tip: TipStory | None


@contextmanager
def running(
    data: Path,
    *,
    model: str = "auto",
    port: int | None = None,
    clock: Clock | None = None,
    pause_s: float = PAUSE_S,
) -> Iterator[Demo]:
    """Run the demo within the block.

    Args:
        data: data directory; what an earlier demo left there is removed.
        model: registry name, or ``auto``.
        port: of the console; the configured one when None.
        pause_s: so long a person may review and export a case that is over before it is done.

    Raises:
        WardwatchError: with one clear message; nothing is left running.
    """
    clock = clock or SystemClock()
    site = load(CONFIG, data_dir=data.resolve(), mode="demo")
    card = ModelStore().default() if model == "auto" else ModelStore().ensure(model)
    site = _resolved(site, card.name, port)
    _clear(site.data_dir)
    paths = Paths(site.data_dir)
    paths.make()
    password, own = secrets.token_urlsafe(9), secrets.token_urlsafe(24)
    store = open_store(paths.database_url(site), clock)
    _make_accounts(store, site, password, own, clock)
    variables = {camera.password_env for camera in site.cameras if camera.password_env}
    camera_password = secrets.token_urlsafe(12)
    centre = CommandCentre(
        site,
        simulate=True,
        environment=dict.fromkeys(variables, camera_password),
        clock=clock,
    )
    with ExitStack() as last:
        last.callback(store.close)
        announced = centre.start()
        last.callback(centre.stop)
        connect = partial(httpx.Client, base_url=announced["url"], timeout=_TIMEOUT_S)
        crew = Crew(connect, site, own, store, clock)
        cases = CaseDesk(connect, own, clock, pause_s)
        told, truth = site.camera(CAMERA), paths.township / "truth.jsonl"
        tip = TipStory(connect, own, clock, told, truth, pause_s) if told else None
        for someone in (crew, cases, tip):
            if someone is not None:
                someone.start()
                last.callback(someone.stop)
        yield Demo(centre, card, announced["url"], USER, password, cases, tip)


def _make_accounts(store: Store, site: Site, password: str, own: str, clock: Clock) -> None:
    """Those that a person may use with one password, and those of the simulated people."""
    create_user(store, USER, password, Role.CHIEF, clock)
    for name, role in {**ACCOUNTS, ACCOUNT: Role.MONITOR}.items():
        create_user(store, name, own, role, clock)
    for officer in site.officers:
        create_user(store, officer.id, password, Role.OFFICER, clock, officer=officer.id)
        create_user(store, account_of(officer.id), own, Role.OFFICER, clock, officer=officer.id)


def play(
    demo: Demo, stop: threading.Event, seconds: float | None, report: Path | None
) -> list[str]:
    """Let the demo run until ``stop`` or for some seconds, then write its report.

    A case file that is due when the time is over is waited for.

    Returns:
        What happened, one line a story.
    """
    centre = demo.centre
    bus_stop = threading.Event()
    health: dict[tuple[str, str], CameraHealth] = {}
    listener = threading.Thread(target=_listen, args=(centre, health, bus_stop), daemon=True)
    listener.start()
    started_ns = centre.clock.monotonic_ns()
    centre.wait(stop, seconds)
    if seconds is not None:
        demo.cases.settle(stop, _SETTLE_S)
    bus_stop.set()
    listener.join()
    store = open_store(centre.paths.database_url(centre.site), centre.clock)
    content = demo_report.build(
        centre.site,
        centre.paths,
        store,
        seconds=(centre.clock.monotonic_ns() - started_ns) / NS_PER_S,
        model=demo.model.label,
        health=health.values(),
        clock=centre.clock,
        restarts=centre.restarts(),
        tip=demo.tip.outcome() if demo.tip is not None else None,
    )
    store.close()
    if report is not None:
        text = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        report.write_text(text, encoding="utf-8")
    return demo_report.lines(content, centre.site)


def _listen(
    centre: CommandCentre, health: dict[tuple[str, str], CameraHealth], stop: threading.Event
) -> None:
    bus = centre.bus("demo")
    for one in bus.tail("health", CameraHealth, stop):
        health[one.camera, one.process] = one
    bus.close()


def _resolved(site: Site, model: str, port: int | None) -> Site:
    rtsp_port = _free_port()
    cameras = tuple(_at_port(camera, rtsp_port) for camera in site.cameras)
    console = site.console if port is None else site.console.model_copy(update={"port": port})
    analysis = site.analysis.model_copy(update={"model": model})
    return site.model_copy(update={"cameras": cameras, "console": console, "analysis": analysis})


def _at_port(camera: Camera, port: int) -> Camera:
    streams = camera.streams
    moved = {
        role: urlunsplit(urlsplit(url)._replace(netloc=f"127.0.0.1:{port}"))
        for role, url in (("main", streams.main), ("sub", streams.sub))
        if url is not None
    }
    return camera.model_copy(update={"streams": streams.model_copy(update=moved)})


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _clear(data: Path) -> None:
    """Remove an earlier demo, and only that: the mark says that the directory is one."""
    mark = data / ".wardwatch-demo"
    if data.exists() and any(data.iterdir()) and not mark.exists():
        raise DemoError(f"{data} holds something that is not a demo; name another --data")
    with lock.held(data):
        mark.touch()
        for path in data.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in (lock.NAME, mark.name):
                path.unlink()
