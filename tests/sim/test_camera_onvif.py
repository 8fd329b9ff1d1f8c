"""The virtual camera's ONVIF services: an independent client, and clients that misbehave."""

import asyncio
import base64
import contextlib
import hashlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from core.clock import ManualClock, SystemClock, iso
from sim.camera import VirtualTownship
from sim.camera.errors import VirtualCameraError
from sim.camera.onvif.head import SPEED, Head
from sim.camera.onvif.options import OnvifOptions
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township


@pytest.fixture(scope="module")
def running() -> Iterator[VirtualTownship]:
    with township(onvif_port=0, onvif_options=OnvifOptions(sign_in="token")) as cameras:
        yield cameras


def exchange(running: VirtualTownship, data: bytes) -> bytes:
    """Send bytes, read until the server closes or answers."""
    assert running.onvif is not None
    with socket.create_connection(("127.0.0.1", running.onvif.port), timeout=5) as wire:
        wire.sendall(data)
        wire.shutdown(socket.SHUT_WR)
        parts = []
        while part := wire.recv(65536):
            parts.append(part)
        return b"".join(parts)


def post(body: bytes, path: str = "/river/onvif/device_service", extra: str = "") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


@pytest.mark.peer
def test_an_independent_client_agrees(running: VirtualTownship) -> None:
    """onvif-zeep-async reads every answer by the ONVIF schemas."""
    onvif = pytest.importorskip("onvif", reason="onvif-zeep-async is not installed")
    assert running.onvif is not None
    port = running.onvif.port

    async def talk() -> dict[str, Any]:
        camera = onvif.ONVIFCamera("127.0.0.1", port, USER, PASSWORD)
        try:
            await camera.update_xaddrs()
            device = await camera.create_devicemgmt_service()
            media = await camera.create_media_service()
            ptz = await camera.create_ptz_service()
            imaging = await camera.create_imaging_service()
            events = await camera.create_events_service()
            information = await device.GetDeviceInformation()
            capabilities = await device.GetCapabilities({"Category": "All"})
            services = await device.GetServices({"IncludeCapability": False})
            time = await device.GetSystemDateAndTime()
            relays = await device.GetRelayOutputs()
            profiles = await media.GetProfiles()
            setup = {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}
            uri = await media.GetStreamUri({"StreamSetup": setup, "ProfileToken": "main"})
            await ptz.AbsoluteMove(
                {"ProfileToken": "main", "Position": {"PanTilt": {"x": 0.02, "y": 0.0}}}
            )
            presets = await ptz.GetPresets({"ProfileToken": "main"})
            status = await ptz.GetStatus({"ProfileToken": "main"})
            settings = await imaging.GetImagingSettings({"VideoSourceToken": "video_source"})
            subscription = await events.CreatePullPointSubscription()
            return {
                "model": information.Model,
                "ptz": capabilities.PTZ.XAddr,
                "services": len(services),
                "year": time.UTCDateTime.Date.Year,
                "relays": [relay.token for relay in relays],
                "widths": [p.VideoEncoderConfiguration.Resolution.Width for p in profiles],
                "uri": uri.Uri,
                "presets": [preset.Name for preset in presets],
                "pan": status.Position.PanTilt.x,
                "ir": settings.IrCutFilter,
                "pull": subscription.SubscriptionReference.Address._value_1,
            }
        finally:
            await camera.close()

    told = asyncio.run(talk())
    assert told["model"] == "Virtual Camera"
    assert told["ptz"] == f"http://127.0.0.1:{port}/river/onvif/ptz"
    assert told["services"] == 5
    assert told["year"] >= 2024
    assert told["relays"] == ["siren"]
    assert told["widths"] == [320, 640]
    assert told["uri"] == running.url("river")
    assert told["presets"] == ["全景", "近岸", "对岸"]
    assert 0 <= told["pan"] <= 0.02
    assert told["ir"] == "AUTO"
    assert told["pull"].startswith(f"http://127.0.0.1:{port}/river/onvif/events/")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\x00\x01\x02\r\n\r\n", 400),
        (b"GET /\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 999999999\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"a" * 70_000 + b"\r\n\r\n", 413),
        (b"GET /nobody/snapshot.jpg HTTP/1.1\r\n\r\n", 404),
        (b"GET /river/onvif/device_service HTTP/1.1\r\n\r\n", 405),
        (b"GET /river/snapshot.jpg HTTP/1.1\r\n\r\n", 401),
        (post(b"<nothing"), 400),
        (post(b"<!DOCTYPE a><a/>"), 400),
        (post(b"<Envelope><Body/></Envelope>"), 400),
    ],
)
def test_bad_requests_are_answered(running: VirtualTownship, data: bytes, status: int) -> None:
    assert exchange(running, data).startswith(f"HTTP/1.1 {status} ".encode())


def test_a_token_is_good_once(running: VirtualTownship) -> None:
    """Replaying a recorded request does not let anybody in."""
    created, nonce = iso(SystemClock().utc_ns()), b"0123456789abcdef"
    digest = base64.b64encode(
        hashlib.sha1(nonce + created.encode() + PASSWORD.encode()).digest()
    ).decode()
    request = post(
        f"<e:Envelope xmlns:e='urn:e'><e:Header><e:Security><e:UsernameToken>"
        f"<e:Username>{USER}</e:Username><e:Password>{digest}</e:Password>"
        f"<e:Nonce>{base64.b64encode(nonce).decode()}</e:Nonce><e:Created>{created}</e:Created>"
        f"</e:UsernameToken></e:Security></e:Header><e:Body><d:GetDeviceInformation "
        f"xmlns:d='http://www.onvif.org/ver10/device/wsdl'/></e:Body></e:Envelope>".encode()
    )
    assert b"Virtual Camera" in exchange(running, request)
    assert b"ter:NotAuthorized" in exchange(running, request)


def test_head_stops_at_the_end_of_its_way() -> None:
    clock = ManualClock()
    head = Head(clock)
    head.move((1.0, 0.0, 1.0), 1.0)
    clock.advance(0.5)
    assert head.aim() == pytest.approx((0.5 * SPEED, 0.0, 0.5 * SPEED))
    assert head.moving
    clock.advance(5)
    assert head.aim() == pytest.approx((SPEED, 0.0, SPEED))
    assert not head.moving
    head.move((1.0, -1.0, -1.0), 60.0)
    clock.advance(60)
    assert head.aim() == (1.0, -1.0, 0.0)
    head.move_to((-1.0, 0.0, 0.5))
    clock.advance(2 / SPEED)
    assert head.aim() == pytest.approx((-1.0, 0.0, 0.5))


def test_nothing_is_left_when_it_ends() -> None:
    before = set(threading.enumerate())
    with township(onvif_port=0) as cameras:
        assert cameras.onvif is not None
        assert set(threading.enumerate()) != before
        wire = socket.create_connection(("127.0.0.1", cameras.onvif.port), timeout=5)
    with wire, contextlib.suppress(ConnectionResetError):  # which is as good an end
        assert wire.recv(1) == b""
    assert set(threading.enumerate()) == before


def test_a_port_that_is_taken_is_named(running: VirtualTownship) -> None:
    assert running.onvif is not None
    with (
        pytest.raises(VirtualCameraError, match=f"ONVIF cannot listen on .*{running.onvif.port}"),
        township(onvif_port=running.onvif.port),
    ):
        pass


def test_without_a_port_there_is_no_onvif() -> None:
    cameras = VirtualTownship(
        {"river": BoxScene()}, username=USER, password=PASSWORD, clock=ManualClock()
    )
    with pytest.raises(VirtualCameraError, match="speak no ONVIF"):
        cameras.onvif_url("river")
