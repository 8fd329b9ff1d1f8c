"""ONVIF in the running system: from the camera over the bus to health, and the clock log."""

import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.clock import SystemClock
from core.config.site import Site
from core.credentials import Credential, credentials_of
from core.errors import BusError
from ingest.frames import LiveFrames
from ingest.onvif.follow import Pace
from ingest.rtsp import RtspSource
from recorder.clock_log import ClockLog
from sim.camera import VirtualTownship
from tests.sim.camera_kit import PASSWORD, USER, BoxScene
from wardwatch.parts.onvif import OnvifPart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context
from wardwatch.sources.hearing import Hearing
from wardwatch.supervisor import Supervisor

PATIENCE_S = 60.0
QUICK = Pace(pull_s=0.5, steered_s=0.5, round_s=0.05)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)


@pytest.fixture
def town() -> Iterator[VirtualTownship]:
    with VirtualTownship(
        {"river": BoxScene()}, username=USER, password=PASSWORD, clock=SystemClock(), onvif_port=0
    ) as township:
        yield township


@pytest.fixture
def bus(paths: Paths) -> Iterator[RedisBus]:
    supervisor = Supervisor(paths, SystemClock())
    supervisor.spawn("bus")
    bus = RedisBus(socket_url(paths.run), "test", paths.spool)

    def answers() -> bool:
        try:
            bus.ping()
        except BusError:
            return False
        return True

    supervisor.wait_ready("bus", answers=answers)
    yield bus
    bus.close()
    supervisor.stop()


def site_of(bare_site: Site, paths: Paths, town: VirtualTownship) -> Site:
    camera = {
        "id": "river",
        "name": {"zh": "河", "en": "River"},
        "streams": {"main": town.url("river")},
        "onvif": town.onvif_url("river"),
    }
    site = Site.model_validate(
        {
            **bare_site.model_dump(mode="json"),
            "cameras": [camera],
            "networks": ["127.0.0.0/8"],
            "data_dir": str(paths.data),
        }
    )
    credentials_of(site).put("river", Credential(USER, PASSWORD))
    return site


def test_from_the_camera_to_its_health(
    bare_site: Site, paths: Paths, town: VirtualTownship, bus: RedisBus
) -> None:
    site = site_of(bare_site, paths, town)
    assert town.onvif is not None
    server, body, stop = town.onvif, town.onvif.camera("river"), threading.Event()
    source = RtspSource(
        "river",
        town.url("river"),
        SystemClock(),
        username=USER,
        password=PASSWORD,
        process="analyst",
        rng=random.Random(1),
    )
    part = OnvifPart(Context("hub", site, paths, stop=stop), QUICK)
    hearing = Hearing(bus, stop)
    try:
        part.start()
        hearing.start()
        with LiveFrames(source, 5.0) as frames, hearing.of(frames):
            until(lambda: len(body.subscriptions) == 1)
            until(lambda: source.health.now().state == "online")

            def tampered(state: bool) -> bool:
                server.notify("river", "tns1:RuleEngine/TamperDetector/Tamper", state=state)
                time.sleep(0.2)
                return (source.health.now().reason == "the camera reports tampering") is state

            until(lambda: tampered(True))
            assert source.health.now().state == "degraded"
            until(lambda: tampered(False))
        (measured,) = ClockLog(paths.recordings, "river").readings()
        assert measured.source == "onvif"
        assert abs(measured.offset_s) <= measured.uncertainty_s + 1
        part.use(site.model_copy(update={"cameras": ()}))
        until(lambda: len(body.subscriptions) == 0)
        part.use(site)
        until(lambda: len(body.subscriptions) == 1)
    finally:
        stop.set()
        part.join()
        hearing.join()
    assert len(body.subscriptions) == 0
