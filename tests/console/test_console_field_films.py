"""Films while they are taken: where they can be joined, however they are cut; and who looks on."""

import contextlib
import io
import json
import re
from collections.abc import Sequence
from concurrent.futures import CancelledError
from functools import cache
from itertools import pairwise

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient, WebSocketDenialResponse

from console.field import viewing
from console.field.bounds import MOST_HEADER, FilmError, Scanner
from console.field.fmp4 import FragmentedMp4
from console.field.media import SILENT_S, seal_silent
from console.field.webm import WebM
from tests.console import fake_field
from tests.console.conftest import ORIGIN, Desk
from tests.console.test_console_field_media import MEDIA, begin, piece

WS = f"{ORIGIN.replace('http', 'ws')}/api/v1/live/films"
CLIENT = {"mime": "video/webm", "kind": "video"}
FORMATS = {"webm": WebM, "mp4": FragmentedMp4}
WANTED = {"webm": "vp8,opus", "mp4": "avc1.42c0..,mp4a.40.2"}


@cache
def film(kind: str) -> bytes:
    """Four seconds as a browser would record them, a key frame a second."""
    out = io.BytesIO()
    live = (
        {"live": "1"}
        if kind == "webm"
        else {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    )
    with av.open(out, "w", format=kind, options=live) as box:
        options = (
            {"profile": "baseline", "tune": "zerolatency", "sc_threshold": "0"}
            if kind == "mp4"
            else {}
        )
        video = box.add_stream("libx264" if kind == "mp4" else "libvpx", rate=10, options=options)
        video.width, video.height, video.pix_fmt, video.gop_size = 160, 96, "yuv420p", 10
        sound = box.add_stream("aac" if kind == "mp4" else "libopus", rate=48_000)
        noise = np.random.default_rng(7)
        for number in range(40):
            shade = noise.integers(0, 255, (96, 160, 3), np.uint8)
            picture = av.VideoFrame.from_ndarray(shade, format="rgb24")
            picture.pts = number
            box.mux(video.encode(picture))
            tone = av.AudioFrame.from_ndarray(
                np.zeros((1, 4_800), np.float32), format="fltp", layout="mono"
            )
            tone.rate, tone.pts = 48_000, number * 4_800
            box.mux(sound.encode(tone))
        box.mux(video.encode(None))
        box.mux(sound.encode(None))
    return out.getvalue()


def scan(scanner: Scanner, parts: Sequence[bytes]) -> tuple[object, ...]:
    """All that it finds; an error is one of the things that can be found."""
    try:
        for one in parts:
            scanner.feed(one)
    except FilmError as error:
        return (str(error),)
    return scanner.codecs, scanner.init_end, scanner.joins, scanner.join


def cut(content: bytes, places: Sequence[int]) -> list[bytes]:
    return [content[a:b] for a, b in pairwise([0, *sorted(places), len(content)])]


def pictures(content: bytes) -> int:
    with av.open(io.BytesIO(content)) as box:
        return sum(1 for one in box.decode(video=0) if isinstance(one, av.VideoFrame))


@pytest.mark.parametrize("kind", FORMATS)
def test_a_film_can_be_played_from_where_it_is_joined(kind: str) -> None:
    scanner = FORMATS[kind]()
    scanner.feed(film(kind))
    assert re.fullmatch(WANTED[kind], scanner.codecs or "")
    assert scanner.joins >= 4
    assert scanner.init_end is not None
    assert scanner.join is not None
    assert pictures(film(kind)) == 40
    joined = film(kind)[: scanner.init_end] + film(kind)[scanner.join :]
    assert 0 < pictures(joined) <= 10, "the last second alone"


@pytest.mark.parametrize("kind", FORMATS)
@given(data=st.data())
def test_any_cut_into_pieces_gives_the_same(kind: str, data: st.DataObject) -> None:
    content = film(kind)
    places = data.draw(st.lists(st.integers(0, len(content)), max_size=60))
    whole = scan(FORMATS[kind](), [content])
    assert scan(FORMATS[kind](), cut(content, places)) == whole


@pytest.mark.parametrize("kind", FORMATS)
@given(data=st.data())
def test_damaged_films_give_one_clear_error_or_none(kind: str, data: st.DataObject) -> None:
    content = bytearray(film(kind))
    for _ in range(data.draw(st.integers(1, 8))):
        content[data.draw(st.integers(0, 3_000))] = data.draw(st.integers(0, 255))
    places = data.draw(st.lists(st.integers(0, len(content)), max_size=20))
    found = scan(FORMATS[kind](), [bytes(content)])
    assert scan(FORMATS[kind](), cut(bytes(content), places)) == found
    if len(found) == 1:
        assert str(found[0]).startswith("the film cannot be shown live: ")


@pytest.mark.parametrize(
    ("scanner", "content", "why"),
    [
        (WebM, b"RIFFxxxxWEBPVP8 ", "no EBML header at octet 0"),
        (WebM, bytes.fromhex("1a45dfa3 80 00"), "there is no element where one must be at octet 5"),
        (WebM, bytes.fromhex("1a45dfa3 80 1f43b675 ff"), "pictures before the list of tracks"),
        (WebM, bytes.fromhex("1a45dfa3 80 1654ae6b 10 7fffff"), "the list of tracks is too long"),
        (FragmentedMp4, b"\0\0\0\x10moovxxxxxxxx", "no MP4 box at octet 0"),
        (FragmentedMp4, b"\0\0\0\x10ftypiso5\0\0\0\0\0\0\0\0mdatxxxxxxxx", "it is not fragmented"),
        (FragmentedMp4, b"\0\0\0\x10ftypiso5\0\0\0\0\x7f\xff\xff\xffmoovxxxxxxxx", "is too long"),
        (FragmentedMp4, b"\0\0\0\x10ftypiso5\0\0\0\0\0\0\0\x10moov\0\0\0\x08mvex", "no tracks"),
    ],
)
def test_what_is_no_film_is_one_clear_error(
    scanner: type[Scanner], content: bytes, why: str
) -> None:
    with pytest.raises(FilmError, match=why):
        scanner().feed(content)


def test_a_header_without_end_costs_no_memory() -> None:
    scanner = WebM()
    scanner.feed(bytes.fromhex("1a45dfa3 80 ec 08 ffffffffff"))  # Void of 2**59 octets and more
    for _ in range(64):
        scanner.feed(bytes(64 << 10))
    assert len(scanner._held) < MOST_HEADER


@pytest.fixture
def order(desk: Desk) -> str:
    return fake_field.equip(desk.services).offer("officer-1").id


def heard(browser: TestClient, name: str, most: int = 60) -> tuple[list[dict[str, object]], bytes]:
    """What a viewer is told and shown up to the first word about silence or the end."""
    words, shown = [], b""
    with (
        # The test client cancels an application that still waits for pictures.
        contextlib.suppress(CancelledError),
        browser.websocket_connect(f"{WS}/{name}", headers={"origin": ORIGIN}) as socket,
    ):
        for _ in range(most):
            said = socket.receive()
            if said.get("bytes") is not None:
                shown += said["bytes"]
                continue
            words.append(json.loads(said["text"]))
            if not words[-1].get("mime"):
                break
    return words, shown


def test_who_joins_late_begins_at_the_newest_key_frame_and_is_written_down_once(
    desk: Desk, order: str
) -> None:
    phone, viewer = desk.sign_in("officer-1"), desk.sign_in("viewer")
    content = film("webm")
    scanner = WebM()
    scanner.feed(content)
    assert begin(desk, phone, "film-0001", order, **CLIENT).status_code == 200
    pieces = cut(content, range(5_000, len(content), 5_000))
    assert piece(phone, "film-0001", 0, pieces[0][:40]).status_code == 200
    assert heard(viewer, "film-0001") == ([{"quiet_s": 0.0}], b"")  # not yet enough to show
    pieces[0] = pieces[0][40:]
    for number, one in enumerate(pieces, 1):
        assert piece(phone, "film-0001", number, one).status_code == 200
    desk.clock.advance(12)
    words, shown = heard(viewer, "film-0001")
    assert words == [{"mime": 'video/webm;codecs="vp8,opus"'}, {"quiet_s": 12.0}]
    assert shown == content[: scanner.init_end] + content[scanner.join :]
    (looked,) = desk.audit("field_film.view")
    assert (looked.actor, looked.detail["media"]) == ("viewer", "film-0001")
    (listed,) = viewer.get("/api/v1/field-films").json()
    assert (listed["state"], listed["bytes"], listed["order"]) == ("open", len(content), order)
    with desk.services.store.read() as unit:
        media = unit.field_media.get("film-0001")
    assert media is not None
    view = viewing.Viewing(desk.services, media)
    done = phone.post(f"{MEDIA}/film-0001/finish", json={"pieces": len(pieces) + 1})
    assert done.json()["state"] == "sealed"
    assert heard(viewer, "film-0001") == ([{"over": "sealed", "evidence": "fm-film-0001"}], b"")
    shown = b"".join(part.data for part in iter(view.next, None))
    assert 0 < pictures(shown) <= 10, "from the vault: the pieces are gone"


def test_who_is_too_slow_is_led_to_the_newest_pictures(
    desk: Desk, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone = desk.sign_in("officer-1")
    content = film("webm")
    monkeypatch.setattr(viewing, "LATE_BYTES", 2_000)
    monkeypatch.setattr(viewing, "CHUNK", 500)
    begin(desk, phone, "film-0002", order, **CLIENT)
    piece(phone, "film-0002", 0, content[:1_500])
    with desk.services.store.read() as unit:
        media = unit.field_media.get("film-0002")
    assert media is not None
    view = viewing.Viewing(desk.services, media)
    first = view.next()
    assert first is not None
    assert first.kind == "init"
    piece(phone, "film-0002", 1, content[1_500:])
    parts = []
    while (part := view.next()) is not None:
        parts.append(part)
    assert [one.kind for one in parts].count("init") == 1
    at = next(n for n, one in enumerate(parts) if one.kind == "init")
    assert 0 < pictures(b"".join(one.data for one in parts[at:])) <= 10


def test_what_cannot_be_shown_says_so_and_is_sealed_all_the_same(desk: Desk, order: str) -> None:
    phone, viewer = desk.sign_in("officer-1"), desk.sign_in("viewer")
    broken = film("webm")[:40] + bytes(400)
    begin(desk, phone, "film-0003", order, **CLIENT)
    assert piece(phone, "film-0003", 0, broken).status_code == 200
    (said,), shown = heard(viewer, "film-0003")
    assert "eight octets at octet 3" in str(said["broken"])
    assert shown == b""
    desk.clock.advance(SILENT_S + 1)
    (cut_off,) = seal_silent(desk.services)
    with desk.services.store.read() as unit:
        item = unit.evidence.get(cut_off.evidence or "")
    assert item is not None
    assert (desk.services.vault_root / item.path).read_bytes() == broken


def test_a_call_for_help_is_filmed_without_an_order_by_whom_it_is(desk: Desk, order: str) -> None:
    phone = desk.sign_in("officer-1")
    call = {**CLIENT, "alarm": "help-0001"}
    assert begin(desk, phone, "film-0004", None, **call).status_code == 425
    now = {"at": "2026-11-22T08:00:00Z", "sent": "2026-11-22T08:00:00Z"}
    assert phone.post("/api/v1/field/alarms", json={"id": "help-0001", **now}).status_code == 200
    assert begin(desk, phone, "film-0004", None, **call).status_code == 200
    piece(phone, "film-0004", 0, film("webm"))
    phone.post(f"{MEDIA}/film-0004/finish", json={"pieces": 1})
    viewer = desk.sign_in("viewer")
    (listed,) = viewer.get("/api/v1/field-films").json()
    assert (listed["incident"], listed["evidence"]) == ("call-help-0001", "fm-film-0004")
    assert viewer.get("/api/v1/evidence/fm-film-0004/file").content == film("webm")
    other = desk.sign_in("officer-2")
    assert begin(desk, other, "film-0005", None, **call).status_code == 404
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        other.websocket_connect(f"{WS}/film-0004", headers={"origin": ORIGIN}),
    ):
        pass
    assert refused.value.status_code == 403
