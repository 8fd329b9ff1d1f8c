"""Cameras found, tried, added, changed and removed; and what of it is told to whom."""

import asyncio
from typing import Any

import httpx
import pytest

from console.app import PROBES, create_app
from console.discretion import shown
from console.errors import ProblemError
from core.credentials import Credential
from core.roster import CameraDraft
from core.value import Text
from tests.console.conftest import ORIGIN, Desk
from tests.console.fake_office import HOST, PASSWORD, PROBLEM, FakeOffice

CAMERAS = "/api/v1/cameras"
SIGN_IN = {"username": "admin", "password": PASSWORD}
NEW: dict[str, Any] = {
    "id": "gate",
    "name": {"zh": "北门", "en": "North gate"},
    "main": f"rtsp://{HOST}:554/Streaming/Channels/101",
    "onvif": f"{HOST}:80",
    "place": {"lon": 120.6, "lat": 30.4},
    "bearing_deg": 90,
    **SIGN_IN,
}
EVERY = [
    ("POST", "/discover", None),
    ("POST", "/probe", {"address": HOST}),
    ("POST", "", NEW),
    ("PATCH", "/river", {"enabled": False}),
    ("DELETE", "/river", None),
    ("GET", "/river/snapshot", None),
]


def office_of(desk: Desk) -> FakeOffice:
    office = desk.services.cameras
    assert isinstance(office, FakeOffice)
    return office


def told(desk: Desk) -> str:
    """The whole audit log as text."""
    with desk.services.store.read() as unit:
        return "\n".join(repr(one) for one in unit.audit.entries())


def test_only_a_chief_may(desk: Desk) -> None:
    without_token = desk.sign_in("chief")
    del without_token.headers["x-csrf-token"]
    refused = {
        "role": [desk.sign_in("viewer"), desk.sign_in("monitor")],
        "sign-in": [desk.new_client()],
        "csrf": [without_token],
    }
    for method, path, body in EVERY:
        for code, clients in refused.items():
            if code == "csrf" and method == "GET":
                continue
            for client in clients:
                answer = client.request(method, CAMERAS + path, json=body)
                assert answer.status_code in (401, 403)
                assert answer.json()["type"].endswith(f":{code}"), (method, path)
    assert office_of(desk).calls == []


def test_where_cameras_are_fixed_it_says_so(desk: Desk) -> None:
    desk.services.cameras = None
    chief = desk.sign_in("chief")
    for method, path, body in EVERY:
        answer = chief.request(method, CAMERAS + path, json=body)
        assert (answer.status_code, answer.json()["title"]) == (
            409, "Cameras are fixed here (demo)")  # fmt: skip
    assert chief.get(CAMERAS).json()["changeable"] is False


def test_a_viewer_sees_states_and_no_addresses(desk: Desk) -> None:
    answer = desk.sign_in("viewer").get(CAMERAS)
    roster = answer.json()
    assert roster["changeable"] is False
    assert "rtsp:" not in answer.text
    street = next(one for one in roster["cameras"] if one["id"] == "street")
    assert street["analyst"]["reason"] == "picture covered"
    assert street["recorder"]["clock_offset_s"] == -119.9
    chief = desk.sign_in("chief").get(CAMERAS).json()
    assert chief["changeable"] is True
    assert chief["cameras"][0]["main"] == "rtsp://127.0.0.1:8554/river"


def test_searching_tells_what_stands_where(desk: Desk) -> None:
    devices = desk.sign_in("chief").post(f"{CAMERAS}/discover").json()["devices"]
    assert [(one["host"], one["permitted"], one["camera"]) for one in devices] == [
        (HOST, True, None),
        ("192.168.1.20", True, "river"),
        ("169.254.7.9", False, None),
    ]
    assert desk.audit("camera.discover")[0].actor == "chief"


def test_one_search_at_a_time(desk: Desk) -> None:
    office, cookies = office_of(desk), desk.sign_in("chief")

    async def twice() -> list[int]:
        office.answers.clear()
        app = create_app(desk.services)
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(
            transport=transport, base_url=ORIGIN, cookies=dict(cookies.cookies),
            headers={"x-csrf-token": cookies.headers["x-csrf-token"]},
        ) as client:  # fmt: skip
            first = asyncio.create_task(client.post(f"{CAMERAS}/discover"))
            await office.asked.wait()
            second = await client.post(f"{CAMERAS}/discover")
            office.answers.set()
            after = [await first, await client.post(f"{CAMERAS}/discover")]
        assert second.json()["type"].endswith(":busy")
        return [second.status_code, *(one.status_code for one in after)]

    assert asyncio.run(twice()) == [409, 200, 200]


def test_a_probe_tells_everything_but_the_password(desk: Desk) -> None:
    answer = desk.sign_in("chief").post(f"{CAMERAS}/probe", json={"address": HOST, **SIGN_IN})
    assert answer.status_code == 200
    probed = answer.json()
    assert probed["model"] == "DS-2CD2143G2-I"
    assert probed["streams"][0]["url"] == f"rtsp://{HOST}:554/Streaming/Channels/101"
    assert probed["problems"] == [PROBLEM]
    assert PASSWORD not in answer.text
    assert office_of(desk).calls[0][3] == Credential("admin", PASSWORD)
    entry = desk.audit("camera.probe")[0]
    assert (entry.actor, entry.object, entry.detail["password"]) == ("chief", HOST, "given")
    assert PASSWORD not in told(desk)


def test_what_a_device_says_wrong_reaches_the_page_without_the_password(desk: Desk) -> None:
    wrong = {"address": HOST, "username": "admin", "password": "not-that-one"}
    answer = desk.sign_in("chief").post(f"{CAMERAS}/probe", json=wrong)
    assert answer.status_code == 409
    assert "user name or password wrong" in answer.json()["detail"]
    assert "not-that-one" not in answer.text + told(desk)
    assert desk.audit("camera.failed")[0].actor == "system"


def test_an_address_outside_the_networks_is_refused_by_name(desk: Desk) -> None:
    answer = desk.sign_in("chief").post(f"{CAMERAS}/probe", json={"address": "169.254.169.254"})
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:wardwatch:problem:network")
    assert "township.yaml" in answer.json()["detail"]


def test_knocking_at_many_addresses_is_slowed_down_for_each_person(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    for n in range(PROBES):
        chief.post(f"{CAMERAS}/probe", json={"address": f"10.0.0.{n}"})
    held = chief.post(f"{CAMERAS}/probe", json={"address": HOST, **SIGN_IN})
    assert held.status_code == 429
    assert 0 < int(held.headers["retry-after"]) <= 60
    assert len(office_of(desk).calls) == PROBES
    desk.clock.advance(60)
    assert chief.post(f"{CAMERAS}/probe", json={"address": HOST, **SIGN_IN}).status_code == 200


def test_a_camera_comes_changes_and_goes(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    answer = chief.post(CAMERAS, json=NEW)
    assert (answer.status_code, answer.json()["id"]) == (201, "gate")
    name, camera, draft, credential = office_of(desk).calls[-1]
    assert (name, camera, credential) == ("add", "gate", Credential("admin", PASSWORD))
    assert draft is not None
    assert (draft.name, draft.bearing_deg) == (Text(zh="北门", en="North gate"), 90)
    gate = next(one for one in chief.get(CAMERAS).json()["cameras"] if one["id"] == "gate")
    assert (gate["username"], gate["recorder"]["state"]) == ("admin", "offline")

    again = chief.post(CAMERAS, json=NEW)
    assert (again.status_code, again.json()["type"][-7:]) == (409, ":exists")

    assert chief.patch(f"{CAMERAS}/gate", json={"enabled": False}).status_code == 200
    assert office_of(desk).calls[-1] == ("change", "gate", CameraDraft(enabled=False), None)
    assert chief.delete(f"{CAMERAS}/gate").status_code == 200
    assert chief.delete(f"{CAMERAS}/gate").status_code == 404
    assert [desk.audit(f"camera.{verb}")[0].object for verb in ("add", "change", "remove")] == [
        "gate"] * 3  # fmt: skip
    assert desk.audit("camera.add")[0].detail["password"] == "given"
    assert PASSWORD not in told(desk) + chief.get(CAMERAS).text


def test_a_sign_in_is_kept_unless_a_new_one_is_given_whole(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    chief.post(CAMERAS, json=NEW)
    chief.patch(f"{CAMERAS}/gate", json={"username": "admin", "bearing_deg": 10})
    assert office_of(desk).calls[-1][3] is None
    half = chief.patch(f"{CAMERAS}/gate", json={"username": "operator"})
    assert half.status_code == 422
    chief.patch(f"{CAMERAS}/gate", json={"username": "operator", "password": "fresh-one"})
    assert office_of(desk).calls[-1][3] == Credential("operator", "fresh-one")


def test_an_address_that_comes_back_as_it_was_shown_is_not_changed(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    main = f"rtsp://{HOST}/user=admin&password=in-the-path&channel=1"
    chief.post(CAMERAS, json={**NEW, "main": main})
    said = chief.get(CAMERAS)
    gate = next(one for one in said.json()["cameras"] if one["id"] == "gate")
    assert gate["main"] == f"rtsp://{HOST}/user=admin&password=***&channel=1"
    assert "in-the-path" not in said.text + told(desk)
    chief.patch(f"{CAMERAS}/gate", json={"main": gate["main"], "bearing_deg": 5})
    assert office_of(desk).calls[-1][2] == CameraDraft(bearing_deg=5)


REFUSED = [
    ("POST", "/probe", {"address": f"rtsp://admin:{PASSWORD}@{HOST}/"}),
    ("POST", "/probe", {"address": f"admin:{PASSWORD}@{HOST}"}),
    ("POST", "", {**NEW, "main": f"rtsp://admin:{PASSWORD}@{HOST}/1"}),
    ("POST", "", {**NEW, "main": f"rtsp://admin:p/{PASSWORD}@{HOST}/1"}),
    ("POST", "", {**NEW, "main": f"/srv/{PASSWORD}.mp4"}),
    ("POST", "", {**NEW, "sub": f"file:///srv/{PASSWORD}.mp4"}),
    ("POST", "", {**NEW, "sub": ""}),
    ("POST", "", {**NEW, "bearing_deg": 400}),
    ("POST", "", {**NEW, "id": "Not An Id"}),
    ("POST", "", {"id": "gate", **SIGN_IN}),
    ("POST", "", {**NEW, "username": None}),
    ("POST", "", {**NEW, "password": {"as": PASSWORD}}),
    ("POST", "", {**NEW, "password": PASSWORD * 20}),
    ("PATCH", "/river", {"sub": f"rtsp://admin:{PASSWORD}@{HOST}/2"}),
]


def test_what_is_refused_is_not_echoed(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    for method, path, body in REFUSED:
        answer = chief.request(method, CAMERAS + path, json=body)
        assert answer.status_code == 422, body
        assert PASSWORD not in answer.text
    assert PASSWORD not in told(desk)
    assert office_of(desk).calls == []


def test_a_picture_is_noted_and_not_kept(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    answer = chief.get(f"{CAMERAS}/river/snapshot")
    assert answer.content[:2] == b"\xff\xd8"
    assert (answer.headers["content-type"], answer.headers["cache-control"]) == (
        "image/jpeg", "no-store")  # fmt: skip
    entry = desk.audit("camera.snapshot")[0]
    assert (entry.actor, entry.object) == ("chief", "river")
    assert chief.get(f"{CAMERAS}/none/snapshot").status_code == 404
    failed = chief.get(f"{CAMERAS}/street/snapshot")
    assert (failed.status_code, failed.json()["detail"][:14]) == (409, "camera street:")


def test_a_change_that_the_log_cannot_hold_is_not_made(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief = desk.sign_in("chief")

    def refuse() -> None:
        raise ProblemError(503, "database", "The disk is full")

    monkeypatch.setattr(desk.services.store, "begin", refuse)
    assert chief.delete(f"{CAMERAS}/river").status_code == 503
    assert office_of(desk).calls == []


def test_a_removed_camera_is_no_longer_in_the_list_of_health(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    assert "street" in chief.get("/api/v1/health").text
    chief.delete(f"{CAMERAS}/street")
    assert "street" not in chief.get("/api/v1/health").text


def test_messages_lose_every_kind_of_password() -> None:
    assert shown("rtsps://u:p@h/x and http://a:b@c:80/d") == "rtsps://h/x and http://c:80/d"
    assert shown("rtsp://u:p@ss@h/x") == "rtsp://h/x"
    assert shown("srt://h:9?passphrase=abc&mode=caller") == "srt://h:9?passphrase=***&mode=caller"
