"""A camera that takes SHA-256 alone, which FFmpeg cannot do."""

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import SystemClock
from ingest.errors import IngestError
from ingest.events import Connected, Lost, MediaPacket
from ingest.rtsp import RtspSource
from ingest.rtsp_sign import Message, Messages, SigningGateway
from sim.camera import VirtualTownship
from sim.camera.digest import Authenticator
from tests.sim.camera_kit import PASSWORD, USER, township, wait_for


@pytest.fixture
def cameras() -> Iterator[VirtualTownship]:
    with township(md5_auth=False) as running:
        yield running


@pytest.fixture
def signed(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many requests with a sign-in the cameras saw, by method and verdict."""
    seen: Counter[str] = Counter()
    judge = Authenticator.allows

    def allows(self: Authenticator, method: str, url: str, authorization: str, nonce: str) -> bool:
        good = judge(self, method, url, authorization, nonce)
        if authorization:
            seen[f"{method} {'good' if good else 'wrong'}"] += 1
        return good

    monkeypatch.setattr(Authenticator, "allows", allows)
    return seen


def source(url: str, password: str = PASSWORD, transport: str = "tcp") -> RtspSource:
    return RtspSource(
        "river", url, SystemClock(), username=USER, password=password, transport=transport,
        open_s=5, stall_s=3,
    )  # fmt: skip


def test_ffmpeg_itself_cannot(cameras: VirtualTownship) -> None:
    """When it can, the gateway is to go."""
    url = cameras.url("river").replace("rtsp://", f"rtsp://{USER}:{PASSWORD}@")
    with pytest.raises(av.error.HTTPUnauthorizedError):
        av.open(url, options={"rtsp_transport": "tcp"}, timeout=10)


@pytest.mark.parametrize("transport", ["tcp", "auto"])
def test_pictures_come_and_the_session_is_closed(
    cameras: VirtualTownship, transport: str, signed: Counter[str]
) -> None:
    stop = threading.Event()
    pictures = 0
    with closing(source(cameras.url("river"), transport=transport).packets(stop)) as events:
        assert isinstance(next(events), Connected)
        for event in events:
            if isinstance(event, MediaPacket):
                pictures += 1
                if pictures == 25:
                    assert cameras.sessions == 1
                    stop.set()
            elif isinstance(event, Lost):
                assert event.reason == "stopped"
    assert pictures >= 25
    wait_for(lambda: cameras.sessions == 0)
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "sign-river"])
    assert signed["TEARDOWN good"] == 1
    assert not [name for name in signed if name.endswith("wrong")]


def test_a_wrong_password_is_tried_once(cameras: VirtualTownship, signed: Counter[str]) -> None:
    events = source(cameras.url("river"), password="wrong").packets(threading.Event())
    with closing(events):
        lost = next(events)
    assert isinstance(lost, Lost)
    assert lost.reason == "refused"
    assert "user name or password wrong" in lost.detail
    assert "wrong" not in lost.detail.replace("password wrong", "")
    assert signed == Counter({"DESCRIBE wrong": 1})


def test_a_nonce_that_has_grown_old_costs_nothing(
    cameras: VirtualTownship, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 7616 §3.3: ``stale=true`` asks for the same proof with the new nonce."""
    refused = []
    judge = Authenticator.allows

    def allows(self: Authenticator, method: str, url: str, authorization: str, nonce: str) -> bool:
        if method == "PLAY" and not refused:
            refused.append(method)
            return False
        return judge(self, method, url, authorization, nonce)

    offer = Authenticator.challenges
    monkeypatch.setattr(Authenticator, "allows", allows)
    monkeypatch.setattr(
        Authenticator,
        "challenges",
        lambda self, nonce: tuple(
            (name, f"{line}, stale=true") for name, line in offer(self, nonce)
        ),
    )
    stop = threading.Event()
    with closing(source(cameras.url("river")).packets(stop)) as events:
        assert isinstance(next(events), Connected)
        assert isinstance(next(events), MediaPacket)
        stop.set()
    assert refused == ["PLAY"]


def test_nobody_else_gets_through(cameras: VirtualTownship) -> None:
    place = ("127.0.0.1", cameras.port)
    gateway = SigningGateway("river", *place, cameras.url("river"), (USER, PASSWORD), 5)
    port = int(gateway.address.split(":")[2].split("/")[0])
    with socket.create_connection(("127.0.0.1", port), 5) as stranger:
        ask = f"DESCRIBE rtsp://127.0.0.1:{port}/guess RTSP/1.0\r\nCSeq: 1\r\n\r\n"
        stranger.sendall(ask.encode())
        stranger.settimeout(5)
        assert stranger.recv(100) == b""
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "sign-river"])
    assert cameras.sessions == 0


TEXT = b"RTSP/1.0 200 OK\r\nCSeq: 3\r\nContent-Length: 5\r\n\r\nv=0\r\n"
FRAME = b"$\x00\x00\x04abcd"


@given(st.lists(st.sampled_from([TEXT, FRAME]), max_size=8), st.lists(st.integers(1, 40)))
def test_messages_do_not_depend_on_packet_borders(parts: list[bytes], cuts: list[int]) -> None:
    data, messages, out = b"".join(parts), Messages(), b""
    for cut in [*cuts, len(data) or 1]:
        out += b"".join(one.raw for one in messages.feed(data[:cut]))
        data = data[cut:]
    assert out == b"".join(parts)


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_are_cut_or_refused(data: bytes) -> None:
    try:
        found = list(Messages().feed(data))
    except IngestError:
        return
    assert all(isinstance(one, Message) for one in found)
    assert sum(len(one.body) for one in found) <= len(data)
