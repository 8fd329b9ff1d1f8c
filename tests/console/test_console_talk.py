"""Live talk over the WebSocket: who may, what is written down, and that it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from console.sessions import CSRF_HEADER
from tests.console.conftest import ORIGIN, Desk
from tests.console.fake_talks import FileTalks

TALK = f"{ORIGIN.replace('http', 'ws')}/api/v1/incidents/inc-river-1/talk"
PIECE = b"\x00\x10" * 320


def _hello(client: TestClient, **more: Any) -> str:
    return json.dumps({"csrf": client.headers[CSRF_HEADER], **more})


def _last(socket: Any) -> dict[str, Any]:
    """What is told at the end."""
    while True:
        told: dict[str, Any] = json.loads(socket.receive_text())
        if told.get("problem") or told["phase"] == "over":
            return told


def test_a_voice_is_heard_recorded_and_written_down(desk: Desk, tmp_path: Path) -> None:
    desk.services.talks = talks = FileTalks(desk.services, tmp_path)
    client = desk.sign_in("monitor")
    with client.websocket_connect(TALK) as socket:
        socket.send_text(_hello(client))
        while json.loads(socket.receive_text())["phase"] != "speaking":
            pass
        for _ in range(20):
            socket.send_bytes(PIECE)
        socket.send_text('{"end": true}')
        told = _last(socket)
    talks.join()
    (receipt,) = told["receipts"]
    assert receipt["ok"], receipt
    assert len(list(talks.horn.glob("*.wav"))) == 1
    with desk.services.store.read() as unit:
        (entry,) = [one for one in unit.audit.entries() if one.action == "talk.begun"]
    assert (entry.actor, entry.object) == ("monitor", "inc-river-1")
    file = client.get("/api/v1/incidents/inc-river-1").json()
    spoken = [one for one in file["announcements"] if "-talk-" in one["id"]]
    assert [one["receipt"]["ok"] for one in spoken] == [True]


def test_a_page_that_is_closed_ends_the_talk(desk: Desk, tmp_path: Path) -> None:
    desk.services.talks = talks = FileTalks(desk.services, tmp_path)
    client = desk.sign_in("monitor")
    with client.websocket_connect(TALK) as socket:
        socket.send_text(_hello(client))
        socket.receive_text()
        socket.send_bytes(PIECE)
    talks.join()
    assert len(talks.receipts) == 1


@pytest.mark.parametrize(
    ("name", "more", "problem"),
    [
        ("monitor", {"csrf": "guessed"}, "csrf"),
        ("monitor", {"reason": "夜间落水"}, "override"),
        ("monitor", {"group": "nowhere"}, "not-found"),
    ],
)
def test_what_is_refused_is_told(
    desk: Desk, tmp_path: Path, name: str, more: dict[str, str], problem: str
) -> None:
    desk.services.talks = talks = FileTalks(desk.services, tmp_path)
    client = desk.sign_in(name)
    with client.websocket_connect(TALK) as socket:
        socket.send_text(_hello(client, **more))
        assert _last(socket)["problem"] == problem
    assert not talks.receipts


def test_who_only_looks_or_comes_from_elsewhere_cannot_talk(desk: Desk) -> None:
    with pytest.raises(WebSocketDenialResponse) as denied:
        desk.sign_in("viewer").websocket_connect(TALK).__enter__()
    assert denied.value.status_code == 403
    client = desk.sign_in("monitor")
    with pytest.raises(WebSocketDenialResponse) as denied:
        client.websocket_connect(TALK, headers={"origin": "http://else.test"}).__enter__()
    assert denied.value.status_code == 403
