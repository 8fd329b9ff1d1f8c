"""Staying with a camera over ONVIF: what it notices, whether it is steered, its clock."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import ip_network

import pytest
import structlog

from core.clock import NS_PER_S, ManualClock, SystemClock
from core.messages import CameraEvent, CameraEventKind
from core.networks import Networks
from ingest.camera_says import AGAIN_S, FORGET_S, CameraSays
from ingest.health import HealthMeter
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.events import OnvifEvent
from ingest.onvif.follow import Follower, Pace
from ingest.onvif.kinds import camera_event, kind_of
from ingest.onvif.times import ClockCheck
from sim.camera import VirtualTownship
from sim.camera.onvif.body import Body
from sim.camera.onvif.options import OnvifOptions
from tests.sim.camera_kit import PASSWORD, USER, BoxScene

TAMPER = "tns1:RuleEngine/TamperDetector/Tamper"
LOOPBACK = Networks((ip_network("127.0.0.0/8"),))
PATIENCE_S = 60.0
QUICK = Pace(pull_s=1.0, steered_s=0.2, clock_s=600.0, refused_s=0.3, round_s=0.05)


@pytest.fixture(scope="module")
def town() -> Iterator[VirtualTownship]:
    with VirtualTownship(
        {"river": BoxScene()}, username=USER, password=PASSWORD, clock=SystemClock(), onvif_port=0
    ) as township:
        yield township


@dataclass
class Heard:
    """What a follower has told so far."""

    events: list[CameraEvent] = field(default_factory=list)
    clocks: list[ClockCheck] = field(default_factory=list)
    connections: int = 0

    def of(self, kind: CameraEventKind) -> list[bool | None]:
        return [event.active for event in self.events if event.kind is kind]


@pytest.fixture
def body(town: VirtualTownship) -> Iterator[Body]:
    assert town.onvif is not None
    camera = town.onvif.camera("river")
    camera.options = OnvifOptions()
    yield camera
    camera.options = OnvifOptions()


async def until(condition: Callable[[], object]) -> None:
    for _ in range(round(PATIENCE_S / 0.02)):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


def follow(
    town: VirtualTownship, talk: Callable[[Heard], Awaitable[None]], pace: Pace = QUICK
) -> Heard:
    """Follow the camera while ``talk`` goes on."""
    heard = Heard()

    def connect() -> OnvifCamera:
        heard.connections += 1
        return OnvifCamera(
            "river",
            town.onvif_url("river"),
            username=USER,
            password=PASSWORD,
            clock=SystemClock(),
            timeout_s=2.0,
            networks=LOOPBACK,
        )

    async def whole() -> None:
        follower = Follower(
            "river",
            connect,
            SystemClock(),
            heard.events.append,
            heard.clocks.append,
            pace=pace,
            rng=random.Random(1),
        )
        task = asyncio.create_task(follower.run())
        try:
            await talk(heard)
        finally:
            task.cancel()
            await asyncio.wait([task], timeout=10)
            assert task.cancelled()

    asyncio.run(whole())
    return heard


def test_events_are_told_and_the_subscription_is_ended(town: VirtualTownship, body: Body) -> None:
    server = town.onvif
    assert server is not None

    async def talk(heard: Heard) -> None:
        await until(lambda: CameraEventKind.MOTION in {e.kind for e in heard.events})
        server.notify("river", TAMPER, state=True)
        server.notify("river", "tns1:VideoSource/SignalLoss", state=False)
        server.notify("river", "tns1:Device/Trigger/DigitalInput", state=True)
        server.notify("river", TAMPER, state=True)
        server.notify("river", "tns1:Somewhere/Else", state=True)
        await until(lambda: heard.of(CameraEventKind.OTHER))

    body.options = OnvifOptions(skew_s=600)
    heard = follow(town, talk)
    assert heard.of(CameraEventKind.TAMPER) == [True, True]
    assert heard.of(CameraEventKind.SIGNAL_LOSS) == [False]
    assert heard.of(CameraEventKind.DIGITAL_INPUT) == [True]
    first, second = (e for e in heard.events if e.kind is CameraEventKind.TAMPER)
    assert (first.again, second.again) == (False, True)
    assert (first.topic, first.operation) == ("RuleEngine/TamperDetector/Tamper", "Changed")
    assert first.source == {"VideoSourceToken": "video_source"}
    assert first.camera_ns is not None
    assert abs(first.camera_ns - first.at_ns - 600 * NS_PER_S) < 60 * NS_PER_S
    assert len(body.subscriptions) == 0
    (check,) = heard.clocks
    assert abs(check.offset_s - 600) <= check.uncertainty_s


def test_a_steered_head_is_noticed(town: VirtualTownship, body: Body) -> None:
    async def talk(heard: Heard) -> None:
        await until(lambda: heard.events)
        body.head.move((0.1, 0.0, 0.0), 600.0)
        await until(lambda: heard.of(CameraEventKind.STEERED) == [True])
        body.head.stop()
        await until(lambda: heard.of(CameraEventKind.STEERED)[-1] is False)

    heard = follow(town, talk)
    assert heard.of(CameraEventKind.STEERED)[-1] is False


def test_no_events_and_no_head(town: VirtualTownship, body: Body) -> None:
    body.options = OnvifOptions(events=False, ptz=False)

    async def talk(heard: Heard) -> None:
        await until(lambda: len(heard.clocks) > 3)

    with structlog.testing.capture_logs() as logs:
        heard = follow(town, talk, Pace(pull_s=0.05, clock_s=0.05, round_s=0.05))
    assert heard.events == []
    assert heard.connections == 1
    assert [log["event"] for log in logs if log["log_level"] == "info"] == [
        "camera tells no events"
    ]


@pytest.mark.parametrize(
    "trouble", [OnvifOptions(refuse=True), OnvifOptions(fault="*"), OnvifOptions(delay_s=10.0)]
)
def test_it_comes_back(town: VirtualTownship, body: Body, trouble: OnvifOptions) -> None:
    server = town.onvif
    assert server is not None

    async def talk(heard: Heard) -> None:
        await until(lambda: heard.events)
        before = heard.connections
        body.options = trouble
        await until(lambda: heard.connections > before)
        body.options = OnvifOptions()
        async with asyncio.timeout(PATIENCE_S):
            while not heard.of(CameraEventKind.TAMPER):  # none before it has subscribed again
                server.notify("river", TAMPER, state=True)
                await asyncio.sleep(0.2)

    with structlog.testing.capture_logs() as logs:
        follow(town, talk)
    assert PASSWORD not in str(logs)
    assert sum(log["log_level"] == "warning" for log in logs) <= 2


def test_a_server_that_is_gone_and_returns(town: VirtualTownship, body: Body) -> None:
    server = town.onvif
    assert server is not None

    async def talk(heard: Heard) -> None:
        await until(lambda: heard.events)
        before = heard.connections
        await asyncio.to_thread(server.stop)
        await until(lambda: heard.connections > before + 1)
        told = len(heard.events)
        await asyncio.to_thread(server.start)
        await until(lambda: len(heard.events) > told)

    follow(town, talk)


def test_a_refused_password_is_not_tried_again_soon(town: VirtualTownship, body: Body) -> None:
    body.options = OnvifOptions(refuse=True)

    async def talk(heard: Heard) -> None:
        await until(lambda: heard.connections == 1)
        await asyncio.sleep(0.5)
        body.options = OnvifOptions()
        await asyncio.sleep(1.0)

    assert follow(town, talk, Pace()).connections == 1


@pytest.mark.parametrize(
    ("topic", "kind"),
    [
        ("VideoSource/MotionAlarm", "motion"),
        ("RuleEngine/CellMotionDetector/Motion", "motion"),
        ("VideoSource/GlobalSceneChange/ImagingService", "scene_change"),
        ("VideoSource/ImageTooDark/AnalyticsService", "picture"),
        ("VideoSource/SignalLoss", "signal_loss"),
        ("Device/Trigger/DigitalInput", "digital_input"),
        ("Device/Trigger/Relay", "relay"),
        ("Device/HardwareFailure/StorageFailure", "storage_failure"),
        ("PTZController/Move/Channel_1", "steered"),
        ("PTZController/PTZPresets/Channel_1", "steered"),
        ("UserAlarm/GuardTour", "other"),
        ("", "other"),
    ],
)
def test_kinds(topic: str, kind: str) -> None:
    assert kind_of(topic) == kind


@pytest.mark.parametrize(
    ("data", "operation", "active"),
    [
        ({"IsTamper": "true"}, "Changed", True),
        ({"LogicalState": "inactive"}, "Initialized", False),
        ({"State": "odd", "active": "1"}, "", True),
        ({"State": "true"}, "Deleted", None),
        ({"Token": "true"}, "Changed", None),
    ],
)
def test_states(data: dict[str, str], operation: str, active: bool | None) -> None:
    event = OnvifEvent("A/B", 5, operation, {"S": "x" * 1000}, data)
    told = camera_event("c", event, 7)
    assert (told.active, told.camera_ns, told.at_ns) == (active, 5, 7)
    assert len(told.source["S"]) == 200


def said(kind: CameraEventKind, active: bool | None) -> CameraEvent:
    return CameraEvent(camera="c", at_ns=0, kind=kind, active=active)


def test_a_complaint_counts_for_as_long_as_it_is_said(clock: ManualClock) -> None:
    says = CameraSays(clock)
    says.take(said(CameraEventKind.TAMPER, True))
    for _ in range(10):
        clock.advance(AGAIN_S)
        says.take(said(CameraEventKind.TAMPER, True))
    assert says.complaint() == "the camera reports tampering"
    clock.advance(FORGET_S + 1)
    assert says.complaint() == ""
    says.take(said(CameraEventKind.SIGNAL_LOSS, True))
    says.take(said(CameraEventKind.MOTION, True))
    says.take(said(CameraEventKind.SIGNAL_LOSS, False))
    assert says.complaint() == ""


def test_a_steered_camera_may_see_another_scene(clock: ManualClock) -> None:
    says = CameraSays(clock)
    says.take(said(CameraEventKind.SCENE_CHANGE, True))
    assert says.complaint() == "the camera reports another scene"
    says.take(said(CameraEventKind.STEERED, True))
    assert says.complaint() == ""
    says.take(said(CameraEventKind.SCENE_CHANGE, True))
    assert says.complaint() == ""
    clock.advance(60)
    says.take(said(CameraEventKind.SCENE_CHANGE, True))
    assert says.complaint() == "the camera reports another scene"


def test_health_says_what_the_camera_says(clock: ManualClock) -> None:
    meter = HealthMeter("c", "analyst", clock)
    meter.connected(10.0)
    meter.packet(1000, clock.utc_ns(), keyframe=True)
    assert meter.now().state == "online"
    meter.camera_says(said(CameraEventKind.TAMPER, True))
    assert (meter.now().state, meter.now().reason) == ("degraded", "the camera reports tampering")
    meter.camera_says(said(CameraEventKind.TAMPER, False))
    assert meter.now().state == "online"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()
