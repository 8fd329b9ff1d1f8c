"""The ONVIF client against what real cameras have answered."""

import asyncio
import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from core.clock import NS_PER_S, ManualClock, parse_iso
from ingest.onvif import soap
from ingest.onvif.caller import Question
from ingest.onvif.camera import OnvifCamera, Probe
from ingest.onvif.device import DeviceInformation
from ingest.onvif.errors import OnvifError, OnvifFault, OnvifRefusedError
from ingest.onvif.events import read_messages
from ingest.onvif.soap import element
from tests.ingest.onvif_matrix import DOCUMENT, client_operations, matrix
from tests.ingest.onvif_recorded import Recorded, recorded

PASSWORD = "watch-the-river"
T = TypeVar("T")

pytestmark = pytest.mark.assets


@pytest.fixture
def answers() -> Path:
    """Folder of the recorded answers."""
    assets = os.environ.get("WARDWATCH_ASSETS")
    if not assets:
        pytest.skip("WARDWATCH_ASSETS is not set: no recorded ONVIF answers")
    return Path(assets) / "onvif"


def ask(camera: Recorded, question: Callable[[OnvifCamera], Awaitable[T]]) -> T:
    """One question to a recorded camera; our clock stands at noon of 2018-02-27."""

    async def run() -> T:
        async with OnvifCamera(
            "bridge",
            camera.address,
            username="admin",
            password=PASSWORD,
            clock=ManualClock(utc_ns=parse_iso("2018-02-27T12:00:00Z")),
            timeout_s=5,
        ) as client:
            return await question(client)

    with recorded(camera):
        return asyncio.run(run())


def probe(camera: Recorded) -> Probe:
    return ask(camera, lambda client: client.probe())


def test_hikvision_tells_about_itself(answers: Path) -> None:
    found = probe(Recorded(answers / "hikvision"))
    assert found.information == DeviceInformation(
        "HIKVISION",
        "DS-2DF7276-AEL",
        "V5.1.6 build 140401",
        "DS-2DF7276-AEL20140613CCWR468714298B",
        "88",
    )
    assert found.problems == ()
    assert set(found.services) == {"device", "media", "ptz", "imaging", "events", "deviceio"}
    assert [(p.token, p.encoding, p.width, p.height, p.fps, p.kbps) for p in found.profiles] == [
        ("Profile_1", "H264", 1280, 720, 10.0, 4096),
        ("Profile_2", "H264", 704, 480, 30.0, 1024),
        ("Profile_3", "H264", 704, 480, 30.0, 1024),
    ]
    assert found.streams is not None
    assert found.streams.main_profile.token == "Profile_1"
    assert found.streams.sub_profile is not None
    assert found.streams.sub_profile.token == "Profile_2"
    assert found.audio_outputs == ("AudioOutputConfigToken",)
    assert [(r.token, r.bistable, r.delay_s, r.idle_closed) for r in found.relay_outputs] == [
        ("AlarmOut_0", False, 5.0, True),
        ("AlarmOut_1", False, 5.0, True),
    ]


def test_clock_offset_is_camera_minus_ours(answers: Path) -> None:
    check = ask(Recorded(answers / "hikvision"), lambda client: client.clock_check())
    assert check.offset_s == 6 * 3600 + 28 * 60 + 1 + 0.5
    assert check.camera_utc_ns == parse_iso("2018-02-27T18:28:01Z")
    assert not check.ntp
    assert check.time_zone.startswith("CST7:00:00DST")


def test_tokens_are_dated_by_the_camera(answers: Path) -> None:
    camera = Recorded(answers / "hikvision")
    ask(camera, lambda client: client.device_information())
    assert b"Security" not in camera.requests("GetSystemDateAndTime")[0]
    request = camera.requests("GetDeviceInformation")[0]
    created = re.search(rb"<wsu:Created>([^<]+)", request)
    assert created is not None
    camera_ns = parse_iso("2018-02-27T18:28:01Z")
    assert abs(parse_iso(created[1].decode()) - camera_ns) <= NS_PER_S
    assert all(PASSWORD.encode() not in body for _, _, body in camera.asked)


def test_host_in_answers_is_not_believed(answers: Path) -> None:
    camera = Recorded(answers / "hikvision")
    found = probe(camera)
    assert found.streams is not None
    assert found.streams.main == (
        "rtsp://127.0.0.1/Streaming/Channels/3?transportmode=unicast&profile=Profile_3"
    )
    assert found.snapshot_uri == f"http://{camera.address}/onvif/snapshot"
    paths = {operation: path for operation, path, _ in camera.asked}
    assert paths["GetProfiles"] == "/onvif/Media"


def test_axis_without_get_services(answers: Path) -> None:
    camera = Recorded(answers / "axis")
    found = probe(camera)
    assert found.information is not None
    assert found.information.manufacturer == "AXIS"
    assert {"device", "media", "ptz", "events"} <= set(found.services)
    assert camera.requests("GetCapabilities")
    assert [(p.token, p.encoding) for p in found.profiles] == [
        ("profile_1_h264", "H264"),
        ("profile_1_jpeg", "JPEG"),
    ]
    assert found.streams is not None
    assert found.streams.main_profile.token == "profile_1_h264"
    assert found.streams.main.startswith("rtsp://127.0.0.1/onvif-media/media.amp?profile=")
    assert found.relay_outputs == ()
    (problem,) = found.problems
    assert problem == (
        "camera bridge: GetAudioOutputs: fault Receiver/Action: Action failed; "
        "The requested SOAP action failed"
    )


@pytest.mark.parametrize("brand", ["axis", "hikvision"])
def test_steering(answers: Path, brand: str) -> None:
    camera = Recorded(answers / brand)

    async def steer(client: OnvifCamera) -> list[str]:
        await client.ptz.move(pan=0.5, tilt=-0.25, timeout_s=2.5)
        await client.ptz.stop()
        await client.ptz.move_to(0.1, 0.2, 0.3)
        await client.ptz.home()
        presets = await client.ptz.presets()
        await client.ptz.go_to(presets[0].token)
        return [preset.name for preset in presets]

    names = ask(camera, steer)
    known = {"axis": ["Living Room", "Window"], "hikvision": ["preset 1", "preset 1"]}
    assert names[:2] == known[brand]
    (move,) = camera.requests("ContinuousMove")
    assert b'<tt:PanTilt x="0.500000" y="-0.250000"' in move
    assert b"<tptz:Timeout>PT2.500S</tptz:Timeout>" in move
    (goto,) = camera.requests("AbsoluteMove")
    assert b'<tt:Zoom x="0.300000"' in goto


def test_aim_of_hikvision(answers: Path) -> None:
    aim = ask(Recorded(answers / "hikvision"), lambda client: client.ptz.aim())
    assert (aim.pan, aim.tilt, aim.zoom) == (0.333167, -0.682, 0.0)


def test_axis_subscription_echoes_the_reference_parameter(answers: Path) -> None:
    camera = Recorded(answers / "axis")

    async def subscribe(client: OnvifCamera) -> None:
        subscription = await client.events.subscribe()
        with pytest.raises(OnvifFault, match="camera bridge: PullMessages: fault Sender/Inval"):
            await subscription.pull(wait_s=0.1)

    ask(camera, subscribe)
    (pull,) = camera.requests("PullMessages")
    assert (
        b'<SubscriptionId xmlns="http://www.axis.com/2009/event" '
        b'wsa:IsReferenceParameter="true">5</SubscriptionId>'
    ) in pull
    assert b"<wsa:To>http://192.168.0.19/onvif/services</wsa:To>" in pull


def test_hikvision_subscription_is_pulled_at_its_own_address(answers: Path) -> None:
    camera = Recorded(answers / "hikvision")

    async def subscribe(client: OnvifCamera) -> int:
        return len(await (await client.events.subscribe()).pull(wait_s=0.1))

    assert ask(camera, subscribe) == 0
    assert camera.asked[-1][:2] == (
        "PullMessages",
        "/onvif/Events/PullSubManager_2018-02-27T18:28:52Z_5",
    )


@pytest.mark.parametrize("brand", ["axis", "hikvision"])
def test_every_recorded_error_gives_one_clear_message(answers: Path, brand: str) -> None:
    files = sorted((answers / brand).glob("*/*.Error.xml"))
    assert files
    camera = Recorded(answers / brand, prefer="Error")
    messages: dict[str, OnvifError] = {}

    async def collect(client: OnvifCamera) -> None:
        for name in (file.name.partition(".")[0] for file in files):
            question = Question(name, element(f"tds:{name}"))
            with pytest.raises(OnvifError) as caught:
                await client._caller.ask_at(f"http://{camera.address}/onvif", question)
            messages[name] = caught.value

    ask(camera, collect)
    for name, error in messages.items():
        text = str(error)
        assert text.startswith(f"camera bridge: {name}: "), text
        assert "\n" not in text
        assert 20 < len(text) < 700, text
        assert PASSWORD not in text
        assert isinstance(error, OnvifFault | OnvifRefusedError), text


@pytest.mark.parametrize("brand", ["axis", "hikvision"])
def test_every_recorded_answer_can_be_opened(answers: Path, brand: str) -> None:
    files = sorted((answers / brand).glob("*/*.Response.xml"))
    assert len(files) > 40
    for file in files:
        operation = file.name.partition(".")[0]
        answer = soap.open_answer(file.read_bytes(), operation)
        assert answer.name == f"{operation}Response"
        read_messages(answer)


def test_the_support_matrix_is_what_the_sources_say(answers: Path) -> None:
    assert len(client_operations()) >= 24
    assert matrix(answers) in DOCUMENT.read_text("utf-8")
