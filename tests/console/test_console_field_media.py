"""Pictures, voice and film from phones: in pieces, once, checked, sealed."""

import hashlib
import socket
import time
from typing import Any

import cv2
import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from console.field import magic, media
from console.field.media import GIVEN_UP_S, SILENT_S, forget_given_up, seal_silent
from console.sessions import CSRF_HEADER
from core.clock import NS_PER_S, iso
from core.errors import WardwatchError
from recorder.vault import Vault
from tests.console import fake_field, fake_services
from tests.console.conftest import Desk, Server

MEDIA = "/api/v1/field/media"
WEBM = bytes.fromhex("1a45dfa3 9f 4286 81 01 42f7 81 01 42f2 81 04 42f3 81 08 4282 84 7765626d")
HERE = {"lon": 120.6131, "lat": 30.4616, "accuracy_m": 8.0}


def jpeg() -> bytes:
    done, data = cv2.imencode(".jpg", np.full((48, 64, 3), 127, np.uint8))
    assert done
    return data.tobytes()


@pytest.fixture
def alerts(desk: Desk) -> fake_field.Alerts:
    return fake_field.equip(desk.services)


@pytest.fixture
def order(alerts: fake_field.Alerts) -> str:
    return alerts.offer("officer-1").id


@pytest.fixture
def phone(desk: Desk, alerts: fake_field.Alerts) -> TestClient:
    return desk.sign_in("officer-1")


def begin(desk: Desk, phone: TestClient, name: str, order: str | None, **more: Any) -> Any:
    now = iso(desk.clock.utc_ns())
    body = {"kind": "photo", "mime": "image/jpeg", "order": order, "at": now, "sent": now,
            "fix": HERE, **more}  # fmt: skip
    return phone.put(f"{MEDIA}/{name}", json=body)


def piece(phone: TestClient, name: str, number: int, content: bytes) -> Any:
    return phone.put(f"{MEDIA}/{name}/pieces/{number}", content=content)


def test_a_picture_is_sealed_once_with_who_when_where_and_hash(
    desk: Desk, alerts: fake_field.Alerts, phone: TestClient, order: str
) -> None:
    picture = jpeg()
    digest = hashlib.sha256(picture).hexdigest()
    original = hashlib.sha256(b"as the camera made it").hexdigest()
    for _ in range(2):
        begun = begin(desk, phone, "photo-0001", order, original_sha256=original,
                      original_taken="2026:09:21 22:13:18+08:00")  # fmt: skip
        assert begun.status_code == 200, begun.text
        assert piece(phone, "photo-0001", 0, picture).json()["next"] == 1
        done = phone.post(f"{MEDIA}/photo-0001/finish", json={"pieces": 1, "sha256": digest})
        assert done.json()["state"] == "sealed"
        assert done.json()["sha256"] == digest
    incident = alerts.order(order).incident
    with desk.services.store.read() as unit:
        (item,) = unit.evidence.find(incident=incident, role="field_photo")
        assert item.id in unit.incidents.get(incident).evidence  # type: ignore[union-attr]  # it is there
    assert (desk.services.vault_root / item.path).read_bytes() == picture
    assert item.camera == "officer-1"
    for fact in ("officer-1", "120.613100,30.461600 WGS-84 ±8 m", original, "22:13:18+08:00"):
        assert fact in item.note
    (entry,) = desk.audit("field.media_sealed")
    assert (entry.actor, entry.object, entry.detail["sha256"]) == ("officer-1", incident, digest)
    assert Vault(desk.services.vault_root, desk.clock).manifest(incident).items == (item,)
    shown = desk.sign_in("monitor").get(f"/api/v1/evidence/{item.id}/file")
    assert shown.content == picture
    assert not (desk.services.field_root / "photo-0001").exists()


def test_film_comes_in_pieces_any_of_them_again(
    desk: Desk, alerts: fake_field.Alerts, phone: TestClient, order: str
) -> None:
    parts = [WEBM + b"a" * 900, b"b" * 500, b"c" * 700]
    begin(desk, phone, "video-0001", order, kind="video", mime="video/webm")
    assert piece(phone, "video-0001", 1, parts[1]).status_code == 409, "the first is missing"
    for number in (0, 0, 1, 0, 1):
        assert piece(phone, "video-0001", number, parts[number]).status_code == 200
    assert piece(phone, "video-0001", 1, b"other").json()["type"].endswith(":other-piece")
    finish = f"{MEDIA}/video-0001/finish"
    assert phone.post(finish, json={"pieces": 3}).status_code == 409
    assert piece(phone, "video-0001", 2, parts[2]).json()["bytes"] == sum(map(len, parts))
    desk.clock.advance(30)
    done = phone.post(finish, json={"pieces": 3, "seconds": 12.5}).json()
    assert done["sha256"] == hashlib.sha256(b"".join(parts)).hexdigest()
    with desk.services.store.read() as unit:
        item = unit.evidence.get(done["evidence"])
    assert item is not None
    assert (item.role, item.mime) == ("field_video", "video/webm")
    assert item.last_ns - item.first_ns == round(12.5 * NS_PER_S)


@pytest.mark.parametrize(
    ("kind", "mime", "content", "status"),
    [
        ("photo", "image/jpeg", b"<script>alert(1)</script>", 415),
        ("photo", "image/jpeg", b"\x89PNG\r\n\x1a\n" + b"0" * 60, 415),
        ("video", "video/mp4", b"MZ\x90\x00" + b"0" * 60, 415),
        ("video", "video/webm", b"\x1a\x45\xdf\xa3" + b"matroska" * 8, 415),
        ("audio", "audio/ogg", WEBM, 415),
        ("audio", "audio/webm", b"", 422),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(
    desk: Desk, phone: TestClient, order: str, kind: str, mime: str, content: bytes, status: int
) -> None:
    begin(desk, phone, "file-00001", order, kind=kind, mime=mime)
    assert piece(phone, "file-00001", 0, content).status_code == status
    if status == 415:
        assert piece(phone, "file-00001", 0, content).status_code == 404, "it is forgotten"
        assert "begins with" in desk.audit("field.media_refused")[0].reason


def test_types_sizes_and_left_over_exif_are_refused(
    desk: Desk, phone: TestClient, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert begin(desk, phone, "file-00001", order, mime="image/svg+xml").status_code == 422
    assert begin(desk, phone, "file-00001", order, mime="video/mp4").status_code == 422
    assert begin(desk, phone, "Not_an_id..", order).status_code == 422
    assert begin(desk, phone, "file-00001", "ord-of-nobody").status_code == 404
    begin(desk, phone, "file-00001", order)
    assert piece(phone, "file-00001", 0, b"\xff" * (media.PIECE_BYTES + 1)).status_code == 413
    monkeypatch.setitem(media.MOST_BYTES, "photo", 100)
    assert piece(phone, "file-00001", 0, b"\xff\xd8\xff" + b"0" * 98).status_code == 413
    monkeypatch.setitem(media.MOST_BYTES, "photo", 1 << 20)
    told = bytes.fromhex("ffd8 ffe1 0010 457869660000") + b"position!!" + jpeg()[2:]
    begin(desk, phone, "file-00002", order)
    piece(phone, "file-00002", 0, told)
    refused = phone.post(f"{MEDIA}/file-00002/finish", json={"pieces": 1})
    assert refused.json()["type"].endswith(":exif")
    begin(desk, phone, "file-00003", order)
    piece(phone, "file-00003", 0, jpeg())
    wrong = phone.post(f"{MEDIA}/file-00003/finish", json={"pieces": 1, "sha256": "0" * 64})
    assert wrong.json()["type"].endswith(":altered")


def test_another_officers_file_does_not_exist(desk: Desk, phone: TestClient, order: str) -> None:
    begin(desk, phone, "photo-0001", order)
    other = desk.sign_in("officer-2")
    assert begin(desk, other, "photo-0001", order).status_code == 404
    assert piece(other, "photo-0001", 0, jpeg()).status_code == 404
    assert other.post(f"{MEDIA}/photo-0001/finish", json={"pieces": 1}).status_code == 404


def test_a_vault_out_of_reach_loses_nothing(desk: Desk, phone: TestClient, order: str) -> None:
    begin(desk, phone, "photo-0001", order)
    piece(phone, "photo-0001", 0, jpeg())
    finish = f"{MEDIA}/photo-0001/finish"

    class Away:
        def seal(self, *_: object, **__: object) -> Any:
            raise WardwatchError("vault: no space left")

    intake, desk.services.intake = desk.services.intake, Away()
    assert phone.post(finish, json={"pieces": 1}).status_code == 503
    desk.services.intake = intake
    assert phone.post(finish, json={"pieces": 1}).json()["state"] == "sealed"


def test_what_a_silent_phone_had_sent_is_sealed_and_the_rest_beside_it(
    desk: Desk, alerts: fake_field.Alerts, phone: TestClient, order: str
) -> None:
    begin(desk, phone, "video-0001", order, kind="video", mime="video/webm")
    begin(desk, phone, "video-0002", order, kind="video", mime="video/webm")
    piece(phone, "video-0001", 0, WEBM + b"a" * 100)
    assert seal_silent(desk.services) == []
    desk.clock.advance(SILENT_S + 1)
    assert [one.id for one in seal_silent(desk.services)] == ["video-0001"]
    assert seal_silent(desk.services) == []
    piece(phone, "video-0001", 1, b"b" * 100)
    done = phone.post(f"{MEDIA}/video-0001/finish", json={"pieces": 2}).json()
    with desk.services.store.read() as unit:
        items = unit.evidence.find(incident=alerts.order(order).incident, role="field_video")
    assert {one.bytes for one in items} == {len(WEBM) + 100, len(WEBM) + 200}
    assert "fell silent" in next(one for one in items if one.id != done["evidence"]).note


def test_files_nobody_goes_on_with_are_forgotten_and_a_full_disk_takes_no_more(
    desk: Desk, phone: TestClient, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(desk, phone, "photo-0001", order)
    piece(phone, "photo-0001", 0, jpeg())
    assert forget_given_up(desk.services) == []
    monkeypatch.setattr(media, "LEAST_FREE_BYTES", 1 << 62)
    assert piece(phone, "photo-0001", 1, jpeg()).status_code == 503
    desk.clock.advance(GIVEN_UP_S + 1)
    assert [one.id for one in forget_given_up(desk.services)] == ["photo-0001"]
    assert not (desk.services.field_root / "photo-0001").exists()
    assert desk.audit("field.media_given_up")[0].detail["media"] == "photo-0001"


@given(st.binary(max_size=300))
def test_no_bytes_break_the_checks(content: bytes) -> None:
    magic.has_exif(content)
    for mime in magic.SUFFIX:
        try:
            magic.check(mime, content)
        except magic.NotWhatItSaysError as error:
            assert mime in str(error)  # noqa: PT017 (most contents are refused, some fit)


@given(st.sampled_from(sorted(magic.SUFFIX)), st.binary(max_size=magic.HEAD + 8))
def test_a_head_that_goes_on_is_refused_only_when_nothing_can_mend_it(
    mime: str, content: bytes
) -> None:
    for end in range(len(content) + 1):
        try:
            magic.check(mime, content[:end], goes_on=True)
        except magic.NotWhatItSaysError:
            for more in (b"", b"\xff\xd8\xff", b"ftyp", WEBM, b"OggS\x00" * 20):
                with pytest.raises(magic.NotWhatItSaysError):
                    magic.check(mime, content[:end] + more)
            return


@pytest.mark.parametrize("first", [1, 3, 4, 20, len(WEBM)])
def test_a_film_may_be_cut_after_any_octet(
    desk: Desk, phone: TestClient, order: str, first: int
) -> None:
    """Chromium's recorder makes a piece of the first octets alone when it began late."""
    film = WEBM + bytes(200)
    begin(desk, phone, "film-0001", order, kind="video", mime="video/webm")
    for number, part in enumerate((film[:first], film[first : first + 30], film[first + 30 :])):
        assert piece(phone, "film-0001", number, part).status_code == 200
    done = phone.post(f"{MEDIA}/film-0001/finish", json={"pieces": 3}).json()
    assert done["sha256"] == hashlib.sha256(film).hexdigest()


@pytest.mark.parametrize("parts", [(b"\x1a", b"\x45\xdf\xa4"), (WEBM[:4], bytes(70)), (b"\x00",)])
def test_what_is_no_film_is_refused_by_the_piece_that_tells(
    desk: Desk, phone: TestClient, order: str, parts: tuple[bytes, ...]
) -> None:
    begin(desk, phone, "film-0001", order, kind="video", mime="video/webm")
    for number, part in enumerate(parts[:-1]):
        assert piece(phone, "film-0001", number, part).status_code == 200
    answer = piece(phone, "film-0001", len(parts) - 1, parts[-1])
    assert (answer.status_code, answer.json()["type"]) == (415, "urn:wardwatch:problem:type")


def test_a_film_that_ends_before_it_can_be_told_is_refused(
    desk: Desk, phone: TestClient, order: str
) -> None:
    begin(desk, phone, "film-0001", order, kind="video", mime="video/webm")
    assert piece(phone, "film-0001", 0, WEBM[:4]).status_code == 200
    assert phone.post(f"{MEDIA}/film-0001/finish", json={"pieces": 1}).status_code == 415


def test_an_upload_that_breaks_off_in_a_dead_zone_is_no_defect_and_comes_again(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    alerts = fake_field.equip(server.services)
    order = alerts.offer("officer-1").id
    with httpx.Client(base_url=server.url) as phone:
        given = {"name": "officer-1", "password": fake_services.PASSWORD}
        signed = phone.post("/api/v1/session", json=given).json()
        phone.headers[CSRF_HEADER] = signed["csrf"]
        now = iso(server.services.clock.utc_ns())
        said = {"kind": "video", "mime": "video/webm", "order": order, "at": now, "sent": now,
                "fix": None}  # fmt: skip
        assert phone.put(f"{MEDIA}/film-0001", json=said).status_code == 200
        request = phone.build_request("PUT", f"{MEDIA}/film-0001/pieces/0", content=WEBM)
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        cookie = "; ".join(f"{name}={value}" for name, value in phone.cookies.items())
        address = (request.url.host, request.url.port or 0)
        with socket.create_connection(address) as line:
            line.sendall(
                f"PUT {request.url.path} HTTP/1.1\r\n{head}cookie: {cookie}\r\n\r\n".encode()
                + WEBM[:10]
            )
        said_so = ""
        for _ in range(300):
            said_so += capsys.readouterr().out
            if "upload_broken_off" in said_so:
                break
            time.sleep(0.1)
        assert "upload_broken_off" in said_so
        assert "defect" not in said_so
        assert phone.send(request).json()["next"] == 1
