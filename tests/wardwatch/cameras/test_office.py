"""Trying and changing cameras, with a virtual camera over real sockets."""

import asyncio
import os
import socket
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.clock import SystemClock
from core.config.load import load
from core.credentials import Credential, credentials_of
from core.errors import ConfigError
from core.networks import AddressError
from core.roster import CameraDraft, CameraOffice, FoundDevice
from core.value import Text
from ingest.errors import IngestError, RefusedError
from ingest.onvif import discovery
from sim.camera import VirtualTownship
from sim.camera.onvif.body import Body
from sim.camera.onvif.options import OnvifOptions
from tests.wardwatch.cameras.conftest import CAMERAS, PASSWORD, USER
from wardwatch.cameras import discovering
from wardwatch.cameras.office import Office

ACCOUNT = Credential(USER, PASSWORD)
WEIR = CameraDraft(name=Text.same("堰"), main="rtsp://127.0.0.1:9/weir/main")


def test_it_is_the_office_that_the_console_asks_for(office: Office) -> None:
    promised: CameraOffice = office
    assert promised is office


def test_probe_tells_streams_and_abilities(office: Office, running: VirtualTownship) -> None:
    probed = asyncio.run(office.probe(running.onvif_url("river"), ACCOUNT))
    assert [(s.role, s.codec, s.width, s.height) for s in probed.streams] == [
        ("main", "h264", 640, 480),
        ("sub", "h264", 640, 360),
    ]
    assert [s.url for s in probed.streams] == [running.url("river"), running.url("river", "sub")]
    assert probed.model == "Virtual Camera"
    assert probed.onvif == running.onvif_url("river")
    assert probed.sign_in == "token"
    assert probed.snapshot
    assert probed.steerable
    assert probed.speaker
    assert probed.clock_offset_s is not None
    assert abs(probed.clock_offset_s) < 5
    assert probed.problems == ()
    assert PASSWORD not in repr(probed)


def test_probe_by_a_name_and_by_rtsp(office: Office, running: VirtualTownship) -> None:
    url = running.url("river", "sub").replace("127.0.0.1", "localhost")
    probed = asyncio.run(office.probe(url, ACCOUNT))
    assert [(s.role, s.url, s.codec, s.width) for s in probed.streams] == [
        ("main", url, "h264", 640)
    ]
    assert probed.onvif is None


def test_a_clock_that_is_off_is_told(office: Office, running: VirtualTownship, body: Body) -> None:
    body.options = OnvifOptions(skew_s=90)
    probed = asyncio.run(office.probe(running.onvif_url("river"), ACCOUNT))
    assert any("clock is off by +90 s; set NTP" in problem for problem in probed.problems)


def test_a_wrong_password_is_one_clear_error(office: Office, running: VirtualTownship) -> None:
    for address in (running.onvif_url("river"), running.url("river")):
        with pytest.raises(RefusedError, match="user name or password") as refused:
            asyncio.run(office.probe(address, Credential(USER, "Wrong-5%word")))
        assert "Wrong-5" not in str(refused.value)


def test_without_onvif_the_way_on_is_told(office: Office) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
    with pytest.raises(IngestError, match=r"give the rtsp:// address of its stream"):
        asyncio.run(office.probe(f"127.0.0.1:{port}"))


@pytest.mark.parametrize("scheme", ["", "http://", "rtsp://"])
def test_nothing_is_sent_outside_the_networks(
    config: Path, running: VirtualTownship, scheme: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (config / "township.yaml").write_text(
        (config / "township.yaml").read_text(encoding="utf-8").replace("127.0.0.0/8", "10.0.0.0/8"),
        encoding="utf-8",
    )
    office = Office(load(config), SystemClock())
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        # By a name, too: what counts is the address that it has.
        for host in ("127.0.0.1", "localhost"):
            address = f"{scheme}{host}:{listener.getsockname()[1]}"
            draft = WEIR.model_copy(update={"main": f"rtsp://{host}/x"})
            with pytest.raises(AddressError, match="outside the camera networks"):
                asyncio.run(office.probe(address, ACCOUNT))
            with pytest.raises(AddressError, match="outside the camera networks"):
                asyncio.run(office.snapshot_at(address, ACCOUNT))
            with pytest.raises(AddressError, match="outside the camera networks"):
                office.change("ford", CameraDraft(onvif=address.removeprefix("rtsp://")))
            with pytest.raises((AddressError, ConfigError), match="outside the camera networks"):
                office.add("weir", draft)
        with pytest.raises(TimeoutError):
            listener.accept()
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("ftp://127.0.0.1", "only cameras that are connected to can be asked"),
        ("file:///etc/passwd", "only cameras that are connected to can be asked"),
        ("rtsp://", "is no address"),
        ("http://127.0.0.1:99999/", "is no address"),
        ("rtsp://admin:Tor-9@127.0.0.1/", "has a user name or password in it"),
        ("127.0.0.1\r\nHost: x", "has a control character in it"),
        ("", "is no address"),
        ("http://[::1", "is no address"),
        ("[", "is no address"),
    ],
)
def test_what_is_no_address(office: Office, address: str, said: str) -> None:
    with pytest.raises(ConfigError, match=said) as refused:
        asyncio.run(office.probe(address))
    assert "Tor-9" not in str(refused.value)


@pytest.mark.parametrize("onvif", [True, False])
def test_snapshot_shows_what_the_camera_sees(
    config: Path, office: Office, running: VirtualTownship, onvif: bool
) -> None:
    draft = CameraDraft(
        name=Text.same("河"),
        main=running.url("river"),
        onvif=running.onvif_url("river") if onvif else None,
    )
    office.add("river", draft, ACCOUNT)
    jpeg = asyncio.run(office.snapshot("river"))
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (480, 640, 3)
    # Grey ground, and on a third of its height the yellow box, wherever it has got to.
    assert abs(int(picture[20, 20].mean()) - 90) < 12
    row = picture[480 // 3 + 30].astype(int)
    yellow = (row[:, 0] < 110) & (row[:, 1] > 170) & (row[:, 2] > 170)
    assert 40 <= yellow.sum() <= 80
    assert office._credentials.stored("river") == ACCOUNT


def test_snapshot_falls_back_to_the_stream(
    office: Office, running: VirtualTownship, body: Body
) -> None:
    draft = CameraDraft(
        name=Text.same("河"), main=running.url("river"), onvif=running.onvif_url("river")
    )
    office.add("river", draft, ACCOUNT)
    body.options = OnvifOptions(fault="GetSnapshotUri")
    assert asyncio.run(office.snapshot("river")).startswith(b"\xff\xd8\xff")
    body.options = OnvifOptions(refuse=True)
    with pytest.raises(RefusedError):  # no second try with the same password elsewhere
        asyncio.run(office.snapshot("river"))


def test_a_password_lies_encrypted_and_goes_with_its_camera(config: Path, office: Office) -> None:
    office.add("weir", WEIR, ACCOUNT)
    credentials = credentials_of(load(config))
    assert credentials.stored("weir") == ACCOUNT
    for path in config.parent.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path
    office.remove("weir")
    assert credentials.stored("weir") is None
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS.replace(
        "# the end\n", "# the end\n\n"
    ).rstrip() + "\n"


def test_a_new_camera_does_not_inherit_a_password(config: Path, office: Office) -> None:
    credentials = credentials_of(load(config))
    credentials.put("weir", ACCOUNT)
    office.add("weir", WEIR)
    assert credentials.stored("weir") is None


def test_an_add_that_fails_leaves_passwords_alone(config: Path, office: Office) -> None:
    credentials = credentials_of(load(config))
    credentials.put("ford", ACCOUNT)
    with pytest.raises(ConfigError, match="ford: there is a camera of that id already"):
        office.add("ford", WEIR, Credential("other", "other-pass"))
    assert credentials.stored("ford") == ACCOUNT
    (config / "cameras.yaml").write_text(f"{CAMERAS}- id: broken\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="broken → name"):
        office.change("ford", CameraDraft(), Credential("other", "other-pass"))
    assert credentials.stored("ford") == ACCOUNT


def test_a_camera_with_password_env_refuses_a_stored_one(config: Path, office: Office) -> None:
    text = CAMERAS.replace("  bearing_deg: 350\n", "  password_env: BRIDGE_PASSWORD\n")
    (config / "cameras.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"environment variable BRIDGE_PASSWORD \(password_env"):
        office.change("bridge", CameraDraft(enabled=False), ACCOUNT)
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == text
    assert not (config / "credentials.json").exists()


def test_a_user_name_in_the_file_follows(config: Path, office: Office) -> None:
    text = CAMERAS.replace("  bearing_deg: 350\n", "  username: old\n")
    (config / "cameras.yaml").write_text(text, encoding="utf-8")
    office.change("bridge", CameraDraft(), ACCOUNT)
    site = load(config)
    bridge = site.camera("bridge")
    assert bridge is not None
    assert credentials_of(site).of(bridge) == ACCOUNT


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (WEIR.model_copy(update={"main": None}), "main: is needed"),
        (WEIR.model_copy(update={"name": None}), "name: is needed"),
        (WEIR.model_copy(update={"name": Text.same(" ")}), "name: is empty"),
        (WEIR.model_copy(update={"main": "/etc/passwd"}), "main: write an address of rtsp"),
        (WEIR.model_copy(update={"main": "http://127.0.0.1/v"}), "main: write an address of rtsp"),
        (WEIR.model_copy(update={"main": "rtsp://a:Tor-9@127.0.0.1"}), "main: has a user name"),
        (WEIR.model_copy(update={"sub": "rtsp://127.0.0.1/\x1b[2J"}), "sub: has a control"),
        (WEIR.model_copy(update={"name": Text.same("n" * 2000)}), "name: longer than"),
    ],
)
def test_what_no_camera_is(config: Path, office: Office, draft: CameraDraft, said: str) -> None:
    with pytest.raises(ConfigError, match=f"camera weir: {said}") as refused:
        office.add("weir", draft)
    assert "Tor-9" not in str(refused.value)
    with pytest.raises(ConfigError, match="is no id"):
        office.add("../Weir", WEIR)
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS


def test_empty_words_take_fields_away(config: Path, office: Office) -> None:
    office.add("weir", WEIR.model_copy(update={"sub": "rtsp://127.0.0.1/s", "speaker": True}))
    weir = load(config).camera("weir")
    assert weir is not None
    assert weir.speaker is not None
    assert weir.streams.sub == "rtsp://127.0.0.1/s"
    office.change("weir", CameraDraft(sub="", speaker=False))
    weir = load(config).camera("weir")
    assert weir is not None
    assert weir.speaker is None
    assert weir.streams.sub is None


def test_a_file_that_cannot_be_replaced(config: Path, office: Office) -> None:
    """The new file's name is taken by a directory, which stops root, too."""
    (config / f".cameras.yaml.{os.getpid()}.tmp").mkdir()
    with pytest.raises(ConfigError, match=r"cameras.yaml: cannot be written"):
        office.add("weir", WEIR, ACCOUNT)
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS
    assert credentials_of(load(config)).stored("weir") is None


def test_devices_are_marked(
    config: Path, office: Office, running: VirtualTownship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A responder answers the probes; whose host is on the roster is known by its id."""
    answer = (
        "<e:Envelope xmlns:e='http://www.w3.org/2003/05/soap-envelope'><e:Body>"
        "<d:ProbeMatches xmlns:d='http://schemas.xmlsoap.org/ws/2005/04/discovery'>"
        "<d:ProbeMatch><a:EndpointReference xmlns:a='x'><a:Address>urn:uuid:{n}</a:Address>"
        "</a:EndpointReference><d:Types>NetworkVideoTransmitter</d:Types>"
        "<d:Scopes>onvif://www.onvif.org/name/Cam{n}</d:Scopes>"
        "<d:XAddrs>http://{host}/onvif/device_service</d:XAddrs></d:ProbeMatch>"
        "</d:ProbeMatches></e:Body></e:Envelope>"
    )

    class Devices(asyncio.DatagramProtocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            for number, host in enumerate(("127.0.0.1", "192.0.2.9")):
                self.transport.sendto(answer.format(n=number, host=host).encode(), addr)

    async def run() -> tuple[FoundDevice, ...]:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Devices, local_addr=("127.0.0.1", 0))
        monkeypatch.setattr(discovery, "MULTICAST", transport.get_extra_info("sockname"))
        monkeypatch.setattr(discovering, "own_addresses", lambda: (None,))
        try:
            return await office.discover(0.8)
        finally:
            transport.close()

    found = asyncio.run(run())
    assert [(d.host, d.name, d.permitted, d.camera) for d in found] == [
        ("127.0.0.1", "Cam0", True, "bridge"),
        ("127.0.0.1", "Cam1", False, "bridge"),
    ]
