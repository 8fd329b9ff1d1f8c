"""The ONVIF client with the virtual camera, sound and misbehaving, over real sockets."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import cv2
import numpy as np
import pytest

from core.clock import NS_PER_S, SystemClock
from core.geometry import Box
from ingest.errors import RefusedError
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.errors import (
    OnvifError,
    OnvifFault,
    OnvifRefusedError,
    OnvifUnreachableError,
    OnvifUnsupportedError,
)
from sim.base import ScenePicture, TruthEvent, TruthObject
from sim.camera import VirtualTownship
from sim.camera.onvif.body import Body
from sim.camera.onvif.options import OnvifOptions

USER, PASSWORD = "operator", "river-2026"
T = TypeVar("T")


@dataclass
class Walker:
    """A box that stands still until it is told to walk."""

    name: str = "walker"
    size: tuple[int, int] = (960, 540)
    fps: float = 10.0
    events: list[TruthEvent] = field(default_factory=list)
    walking: bool = False
    index: int = 0
    x: float = 0.1

    def step(self) -> ScenePicture:
        self.index += 1
        if self.walking:
            self.x = (self.x + 0.01) % 0.9
        picture = np.full((self.size[1], self.size[0], 3), 90, np.uint8)
        box = Box(self.x, 0.4, 0.1, 0.2)
        return ScenePicture(
            self.index, self.index / self.fps, picture, (TruthObject(1, "person", box),)
        )

    def hear(self, seconds: float) -> None:
        """Nobody is there."""


@pytest.fixture(scope="module")
def scene() -> Walker:
    return Walker()


@pytest.fixture(scope="module")
def running(scene: Walker) -> Iterator[VirtualTownship]:
    with VirtualTownship(
        {"河边 1": scene}, username=USER, password=PASSWORD, clock=SystemClock(), onvif_port=0
    ) as township:
        yield township


@pytest.fixture
def body(running: VirtualTownship) -> Iterator[Body]:
    """The camera behind the services; it is sound again after each test."""
    assert running.onvif is not None
    camera = running.onvif.camera("河边 1")
    yield camera
    camera.options = OnvifOptions()


@pytest.fixture
def ask(
    running: VirtualTownship, body: Body
) -> Callable[[Callable[[OnvifCamera], Awaitable[Any]]], Any]:
    """Runs one conversation with the camera."""

    def run(talk: Callable[[OnvifCamera], Awaitable[T]], **options: Any) -> T:
        account = {"username": USER, "password": PASSWORD, "clock": SystemClock()}

        async def whole() -> T:
            address = running.onvif_url("河边 1")
            async with OnvifCamera("bridge", address, **{**account, **options}) as camera:
                return await talk(camera)

        return asyncio.run(whole())

    return run


async def until(condition: Callable[[], bool]) -> None:
    """Poll; an error when it has not come about in ten seconds."""
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen in time")


def test_probe_tells_everything(running: VirtualTownship, ask: Any) -> None:
    found = ask(lambda camera: camera.probe())
    assert found.problems == ()
    assert found.information.serial == "河边 1"
    assert set(found.services) == {"device", "media", "ptz", "imaging", "events"}
    assert found.streams.main == running.url("河边 1")
    assert found.streams.sub == running.url("河边 1", "sub")
    assert [(p.width, p.height) for p in found.profiles] == [(960, 540), (640, 360)]
    assert found.audio_outputs == ("loudspeaker",)
    assert found.sign_in == "token"
    assert abs(found.clock.offset_s) <= found.clock.uncertainty_s


@pytest.mark.parametrize("sign_in", ["token", "digest"])
def test_both_ways_of_sign_in(body: Body, ask: Any, sign_in: str) -> None:
    body.options = OnvifOptions(sign_in=sign_in)  # type: ignore[arg-type]
    found = ask(lambda camera: camera.probe())
    assert found.problems == ()
    assert found.sign_in == sign_in


@pytest.mark.parametrize("skew_s", [-86_400.0 * 365, 3600.0])
def test_wrong_time_does_not_keep_us_out(body: Body, ask: Any, skew_s: float) -> None:
    body.options = OnvifOptions(sign_in="token", skew_s=skew_s)
    found = ask(lambda camera: camera.probe())
    assert found.information.manufacturer == "Wardwatch"
    assert abs(found.clock.offset_s - skew_s) <= found.clock.uncertainty_s


def test_clock_that_steps_between_two_questions_is_asked_again(body: Body, ask: Any) -> None:
    body.options = OnvifOptions(sign_in="either")

    async def talk(camera: OnvifCamera) -> str:
        await camera.device_information()
        body.options = OnvifOptions(sign_in="either", skew_s=7200)  # the token is old: digest
        await camera.device_information()
        body.options = OnvifOptions(sign_in="token", skew_s=7200)  # no digest: a new token
        return (await camera.device_information()).model

    assert ask(talk) == "Virtual Camera"


@pytest.mark.parametrize("sign_in", ["token", "digest"])
def test_clock_step_and_refusal_end_in_bounded_time(body: Body, ask: Any, sign_in: str) -> None:
    body.options = OnvifOptions(sign_in=sign_in)  # type: ignore[arg-type]

    async def talk(camera: OnvifCamera) -> str:
        await camera.device_information()
        body.options = OnvifOptions(sign_in=sign_in, skew_s=-7200)  # type: ignore[arg-type]
        model = (await camera.device_information()).model
        body.options = OnvifOptions(refuse=True)
        with pytest.raises(OnvifRefusedError):
            await camera.device_information()
        return model

    assert ask(talk) == "Virtual Camera"


def test_wrong_host_and_old_services(running: VirtualTownship, body: Body, ask: Any) -> None:
    body.options = OnvifOptions(host="192.168.1.64", get_services=False)
    found = ask(lambda camera: camera.probe())
    assert found.problems == ()
    assert found.streams.main == running.url("河边 1")
    assert "192.168.1.64" not in found.snapshot_uri


def test_media2(running: VirtualTownship, body: Body, ask: Any) -> None:
    body.options = OnvifOptions(media2=True)
    found = ask(lambda camera: camera.probe())
    assert {profile.service for profile in found.profiles} == {"media2"}
    assert found.streams.sub == running.url("河边 1", "sub")
    assert found.streams.main_profile.encoding == "H264"


def test_snapshot_is_a_picture_of_the_scene(ask: Any) -> None:
    jpeg = ask(lambda camera: camera.snapshot())
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (540, 960, 3)
    assert abs(float(picture.mean()) - 90) < 3


def test_steering(body: Body, ask: Any) -> None:
    async def talk(camera: OnvifCamera) -> None:
        await camera.ptz.home()
        await camera.ptz.move(pan=1.0, timeout_s=30)
        await asyncio.sleep(0.3)
        assert body.head.moving
        await camera.ptz.stop()
        aim = await camera.ptz.aim()
        assert not body.head.moving
        assert aim.pan is not None
        assert 0.05 < aim.pan <= 1
        assert (await camera.ptz.aim()).pan == pytest.approx(aim.pan)
        presets = await camera.ptz.presets()
        assert [preset.name for preset in presets] == ["全景", "近岸", "对岸"]
        await camera.ptz.move_to(aim.pan, 0.0, 0.05)
        await until(lambda: not body.head.moving)
        assert (await camera.ptz.aim()).zoom == pytest.approx(0.05)
        await camera.ptz.go_to(presets[0].token)
        await until(lambda: not body.head.moving)
        assert (await camera.ptz.aim()).pan == pytest.approx(0.0)

    ask(talk)


def test_the_camera_itself_ends_a_movement(body: Body, ask: Any) -> None:
    async def talk(camera: OnvifCamera) -> None:
        await camera.ptz.move(tilt=-0.2, timeout_s=0.2)
        await asyncio.sleep(0.3)
        assert not body.head.moving

    ask(talk)


@pytest.mark.parametrize(
    ("talk", "what"),
    [
        (lambda camera: camera.ptz.move(pan=2), "ContinuousMove: pan 2 is not in -1..1"),
        (lambda camera: camera.ptz.move(pan=float("nan")), "ContinuousMove: pan nan"),
        (lambda camera: camera.ptz.move_to(zoom=-1), "AbsoluteMove: zoom -1 is not in 0..1"),
        (lambda camera: camera.ptz.move_to(pan=1), "AbsoluteMove: give pan and tilt"),
        (lambda camera: camera.imaging.focus(3), "Move: focus speed 3 is not in"),
        (lambda camera: camera.ptz.go_to("nowhere"), "GotoPreset: fault Sender/InvalidArgVal/No"),
        (lambda camera: camera.set_relay("door", active=True), "SetRelayOutputState: fault"),
    ],
)
def test_wrong_commands_are_refused(ask: Any, talk: Any, what: str) -> None:
    with pytest.raises(OnvifError) as caught:
        ask(talk)
    assert str(caught.value).startswith(f"camera bridge: {what}")


def test_imaging_and_relays(body: Body, ask: Any) -> None:
    async def talk(camera: OnvifCamera) -> None:
        await camera.imaging.set_ir_cut("off")
        await camera.imaging.set_autofocus(on=False)
        settings = await camera.imaging.settings()
        assert (settings.ir_cut, settings.autofocus) == ("off", False)
        await camera.imaging.focus(-0.5)
        assert body.imaging.focus_speed == -0.5
        await camera.imaging.focus_stop()
        assert body.imaging.focus_speed == 0
        (relay,) = await camera.relay_outputs()
        await camera.set_relay(relay.token, active=True)
        assert body.relays == {"siren": True}

    ask(talk)


@pytest.mark.parametrize("shared", [False, True])
def test_motion_events(body: Body, scene: Walker, ask: Any, shared: bool) -> None:
    body.options = OnvifOptions(shared_events=shared, skew_s=600)
    scene.walking = False

    async def next_motion(subscription: Any) -> Any:
        for _ in range(20):
            for event in await subscription.pull(wait_s=1.0):
                return event
        raise AssertionError("no event came")

    async def talk(camera: OnvifCamera) -> None:
        await until(lambda: not body.eye.motion)
        async with await camera.events.subscribe() as subscription:
            assert len(body.subscriptions) == 1
            first = await next_motion(subscription)
            assert (first.operation, first.motion) == ("Initialized", False)
            scene.walking = True
            second = await next_motion(subscription)
            assert (second.operation, second.motion) == ("Changed", True)
            assert second.topic == "VideoSource/MotionAlarm"
            assert second.source == {"VideoSourceToken": "video_source"}
            ahead_s = (second.camera_utc_ns - SystemClock().utc_ns()) / NS_PER_S
            assert 570 < ahead_s < 601
            scene.walking = False
            assert (await next_motion(subscription)).motion is False
            await subscription.renew()
        assert len(body.subscriptions) == 0

    ask(talk)


@pytest.mark.parametrize("options", [OnvifOptions(refuse=True), OnvifOptions()])
def test_refusal(body: Body, ask: Any, options: OnvifOptions) -> None:
    body.options = options
    with pytest.raises(RefusedError) as caught:
        ask(lambda camera: camera.probe(), password="wrong-secret")
    assert isinstance(caught.value, OnvifRefusedError)
    assert "camera bridge: " in str(caught.value)
    assert "refuses the user name or password" in str(caught.value)
    assert "wrong-secret" not in str(caught.value)


def test_snapshot_with_the_wrong_password(body: Body, ask: Any) -> None:
    async def talk(camera: OnvifCamera) -> None:
        await camera.profiles()
        body.options = OnvifOptions(refuse=True)
        with pytest.raises(OnvifRefusedError):
            await camera.snapshot()

    ask(talk)


def test_without_an_account(ask: Any) -> None:
    with pytest.raises(OnvifRefusedError, match="wants a user name and password; none are"):
        ask(lambda camera: camera.device_information(), username=None, password=None)


def test_no_ptz(body: Body, ask: Any) -> None:
    body.options = OnvifOptions(ptz=False)
    with pytest.raises(OnvifUnsupportedError, match=r"^camera bridge: Stop: the camera has no ptz"):
        ask(lambda camera: camera.ptz.stop())


def test_fault_of_one_operation_leaves_the_others(body: Body, ask: Any) -> None:
    body.options = OnvifOptions(fault="GetSnapshotUri")
    found = ask(lambda camera: camera.probe())
    assert found.snapshot_uri is None
    assert found.streams is not None
    assert found.problems == ("camera bridge: GetSnapshotUri: fault Receiver/Action: told to fail",)


def test_faults_of_all_operations(body: Body, ask: Any) -> None:
    body.options = OnvifOptions(fault="*")
    with pytest.raises(OnvifFault, match=r"^camera bridge: GetDeviceInformation: fault Receiver"):
        ask(lambda camera: camera.probe())


def test_slow_answer(body: Body, ask: Any) -> None:
    body.options = OnvifOptions(delay_s=5)
    with pytest.raises(
        OnvifUnreachableError, match=r"GetSystemDateAndTime: no answer within 0\.2 s$"
    ):
        ask(lambda camera: camera.profiles(), timeout_s=0.2)
