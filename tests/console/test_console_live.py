"""Events and live pictures: delivery, refusal, slow viewers."""

import asyncio
import contextlib
import io
import json
import threading

import av
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient, WebSocketDenialResponse
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from console.api import events, live
from console.errors import ConsoleError
from console.feed import MAX_WAITING, Feed
from console.services import PartKind
from console.sessions import COOKIE, CSRF_HEADER
from console.viewer import ViewerQueue
from core.cases import OfficerPosition, OfficerStatus
from core.geometry import GeoPoint
from core.messages import CameraHealth, IncidentChanged, ObjectsSeen
from tests.console import fake_live
from tests.console.conftest import ORIGIN, Desk, Server

WS = f"{ORIGIN.replace('http', 'ws')}/api/v1/live"


def _position(officer: str, n: int) -> OfficerPosition:
    return OfficerPosition(
        officer=officer, at_ns=n, place=GeoPoint(lon=120, lat=30), status=OfficerStatus.FREE
    )


def _sign_in(url: str) -> httpx.Client:
    client = httpx.Client(base_url=url, timeout=10)
    answer = client.post("/api/v1/session", json={"name": "viewer", "password": "watch-and-keep"})
    assert answer.status_code == 200
    return client


def test_events_reach_a_browser_whole_and_with_iso_times(server: Server) -> None:
    with server.services.store.read() as unit:
        incident = unit.incidents.get("inc-river-1")
    assert incident is not None
    feed = server.services.feed
    heard: list[tuple[str, dict[str, object]]] = []
    with (
        contextlib.closing(_sign_in(server.url)) as client,
        client.stream("GET", "/api/v1/events", params={"topic": ["incidents", "positions"]}) as got,
    ):
        name = ""
        for line in got.iter_lines():
            if line.startswith("event:"):
                name = line.removeprefix("event:").strip()
            elif line.startswith("data:"):
                heard.append((name, json.loads(line.removeprefix("data:"))))
                if name == "hello":
                    threading.Timer(0.1, _push_all, (feed, incident)).start()
            if len(heard) == 3:
                break
    names = [one for one, _ in heard]
    assert names == ["hello", "incidents", "positions"], "objects were not asked for"
    told = heard[1][1]["incident"]
    assert isinstance(told, dict)
    assert told["id"] == "inc-river-1"
    assert str(told["started"]).endswith("Z")


def _push_all(feed: Feed, incident: object) -> None:
    feed.push("objects", ObjectsSeen(camera="river", time_ns=1, looked=True, objects=()))
    feed.push("incidents", IncidentChanged.model_validate({"incident": incident}))
    feed.push("positions", _position("officer-1", 5))


def test_a_slow_listener_gets_the_latest_of_each_thing() -> None:
    async def run() -> list[tuple[str, object]]:
        feed = Feed()
        with feed.listen(["positions"]) as listener:
            for n in range(1000):
                feed.push("positions", _position(f"officer-{n % 3}", n))
            assert feed.listeners == 1
            batch = await listener.take(1)
            assert await listener.take(0.01) == []
        assert feed.listeners == 0
        return [(topic, getattr(message, "at_ns", None)) for topic, message in batch]

    assert sorted(asyncio.run(run())) == [("positions", n) for n in (997, 998, 999)]


def test_a_listener_that_lost_messages_is_told() -> None:
    async def run() -> list[str]:
        feed = Feed()
        with feed.listen(["positions"]) as listener:
            for n in range(MAX_WAITING + 1):
                feed.push("positions", _position(f"officer-{n}", n))
            return [topic for topic, _ in await listener.take(1)]

    topics = asyncio.run(run())
    assert topics[0] == "resync"
    assert len(topics) == MAX_WAITING + 1


def test_the_health_of_a_removed_camera_is_forgotten() -> None:
    def health(camera: str) -> CameraHealth:
        return CameraHealth(camera=camera, process="recorder", state="online", since_ns=1, at_ns=1)

    feed = Feed()
    feed.push("health", health("river"))
    feed.push("health", health("lane"))
    feed.keep_cameras(["river", "gate"])
    assert [one.camera for one in feed.health()] == ["river"]
    feed.push("health", health("lane"))  # its last word comes late
    feed.push("health", health("gate"))
    assert [one.camera for one in feed.health()] == ["river", "gate"]


def test_a_message_of_the_wrong_topic_is_refused() -> None:
    with pytest.raises(ConsoleError, match="OfficerPosition does not belong"):
        Feed().push("health", _position("a", 1))


def test_live_pictures_decode(server: Server) -> None:
    with contextlib.closing(_sign_in(server.url)) as client:
        cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    address = f"{server.url.replace('http', 'ws')}/api/v1/live/river"
    data = bytearray()
    with connect(address, additional_headers={"cookie": cookie}) as socket:
        codec = json.loads(socket.recv())["codec"]
        while data.count(b"moof") < 20:
            part = socket.recv(timeout=10)
            assert isinstance(part, bytes)
            data += part
    assert codec.startswith("avc1.")
    with av.open(io.BytesIO(bytes(data)), format="mp4") as container:
        frames = list(container.decode(video=0))
    assert len(frames) >= 18
    assert frames[0].width == 960
    with server.services.store.read() as unit:
        views = [one for one in unit.audit.entries("river") if one.action == "live.view"]
    assert [one.actor for one in views] == ["viewer"]


@pytest.mark.parametrize(
    ("name", "camera", "origin", "status"),
    [
        (None, "river", ORIGIN, 401),
        ("viewer", "nowhere", ORIGIN, 404),
        ("viewer", "river", "https://evil.test", 403),
    ],
)
def test_live_pictures_are_refused(
    desk: Desk, name: str | None, camera: str, origin: str, status: int
) -> None:
    client: TestClient = desk.sign_in(name) if name else desk.new_client()
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        client.websocket_connect(f"{WS}/{camera}", headers={"origin": origin}),
    ):
        pass
    assert refused.value.status_code == status


def _receive_to_the_end(socket: ClientConnection) -> None:
    while True:
        socket.recv(timeout=10)


def test_streams_end_with_the_session(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "CHECK_SESSION_S", 0.2)
    monkeypatch.setattr(events, "CHECK_SESSION_S", 0.2)
    address = f"{server.url.replace('http', 'ws')}/api/v1/live/river"
    with contextlib.closing(_sign_in(server.url)) as client:
        token = client.get("/api/v1/session").json()["csrf"]
        cookie = f"{COOKIE}={client.cookies[COOKIE]}"
        with (
            connect(address, additional_headers={"cookie": cookie}) as socket,
            client.stream("GET", "/api/v1/events") as got,
        ):
            lines = got.iter_lines()
            assert next(lines) == "event: hello"
            headers = {"cookie": cookie, CSRF_HEADER: token}
            assert httpx.delete(f"{server.url}/api/v1/session", headers=headers).status_code == 204
            assert "event: signed-out" in list(lines)
            with pytest.raises(ConnectionClosedError) as closed:
                _receive_to_the_end(socket)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == live.SIGNED_OUT


def _part(kind: PartKind, n: int, size: int = 10) -> fake_live.Part:
    return fake_live.Part(kind, "avc1.42c01f" if kind == "init" else "", bytes([n % 256]) * size)


def test_a_slow_viewer_goes_on_with_a_key_frame() -> None:
    async def run() -> list[PartKind]:
        queue = ViewerQueue(max_parts=10)
        queue.put(_part("init", 0))
        queue.put(_part("key", 0))
        got = [await queue.take(), await queue.take()]
        waiting = asyncio.create_task(queue.take())
        await asyncio.sleep(0)  # caught up: from now on the limit holds
        for n in range(1, 12):
            queue.put(_part("delta", n))
        queue.put(_part("delta", 12))
        queue.put(_part("key", 13))
        got.append(await waiting)
        queue.put(_part("delta", 14))
        queue.end()
        while (part := await queue.take()) is not None:
            got.append(part)
        assert queue.dropped == 12
        return [part.kind for part in got if part]

    kinds = asyncio.run(run())
    assert kinds == ["init", "key", "key", "delta"]


@given(
    st.lists(st.sampled_from(["init", "key", "delta", "take"]), max_size=200), st.integers(1, 12)
)
def test_no_viewer_ever_gets_a_picture_that_cannot_be_decoded(steps: list[str], most: int) -> None:
    """Whatever is dropped: what goes out is decodable, and memory is bounded."""

    async def run() -> None:
        queue = ViewerQueue(max_parts=most)
        out: list[tuple[str, int]] = []
        numbers = iter(range(10_000))
        for step in ["init", *steps]:
            if step == "take":
                task = asyncio.create_task(queue.take())
                await asyncio.sleep(0)
                if task.done():
                    part = task.result()
                    assert part is not None
                    out.append((part.kind, int.from_bytes(part.data, "big")))
                else:
                    task.cancel()
                    await asyncio.gather(task, return_exceptions=True)
            else:
                data = next(numbers).to_bytes(4, "big")
                kind: PartKind = "init" if step == "init" else "key" if step == "key" else "delta"
                queue.put(fake_live.Part(kind, "", data))
        queue.end()
        while (part := await queue.take()) is not None:
            out.append((part.kind, int.from_bytes(part.data, "big")))
        last = -1
        for at, (kind, number) in enumerate(out):
            assert number > last, "order is kept"
            if kind == "delta":
                assert at > 0
                assert out[at - 1] == (out[at - 1][0], number - 1), "follows what it needs"
                assert out[at - 1][0] != "init"
            last = number

    asyncio.run(run())
