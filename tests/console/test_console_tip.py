"""The public's door through the real application: tips, photos, codes, refusals."""

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from console.errors import ProblemError
from console.field.magic import has_exif
from console.tips import cleaner
from console.tips.door import Door
from console.tips.keeper import Keeper
from console.tips.models import Received, TipIn
from console.tips.photos import Cleaners, PhotoError
from core.store.users import Role
from core.tipcode import tip_id
from core.tips import Tip, TipState
from core.value import Text
from recorder.vault import Vault
from tests.console import fake_field, tip_phone
from tests.console.conftest import Desk
from tests.console.tip_phone import (
    HOSTILE,
    SCRIPT,
    TIP,
    heic,
    located,
    of_other_types,
    photo,
    picture,
    send,
    token,
)


@pytest.fixture
def public(desk: Desk) -> TestClient:
    limits(desk, proof_bits=4)
    return desk.new_client()


def limits(desk: Desk, **more: Any) -> None:
    site = desk.services.site
    tips = site.tips.model_copy(update=more)
    desk.services.site = site.model_copy(update={"tips": tips})


def tip(desk: Desk, name: str) -> Tip:
    with desk.services.store.read() as unit:
        found = unit.tips.get(tip_id(name))
    assert found is not None
    return found


def problem(answer: Any) -> str:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return str(answer.json()["type"].split(":")[-1])


def test_a_tip_is_taken_once_and_its_state_is_told_by_code(desk: Desk, public: TestClient) -> None:
    page = public.get(TIP).json()
    assert page["enabled"]
    assert "不需要账号" in page["notice"]["zh"]
    assert public.get(f"{TIP}/map").json()["features"]
    name = token()
    first = send(public, desk.clock, name)
    assert first.status_code == 201, first.text
    code = first.json()["code"]
    # The answer was lost, the phone sends it again without another proof: the same tip and code.
    again = public.post(TIP, json=tip_phone.body(desk.clock, name, words="another"))
    assert again.json() == first.json()
    assert tip(desk, name).words == "有人电鱼"
    assert [one.object for one in desk.audit("tip.received")] == [tip_id(name)]
    stored = tip(desk, name).model_dump_json()
    assert code not in stored
    assert name not in stored

    asked = public.post(f"{TIP}/status", json={"code": code.lower().replace("-", "")})
    assert asked.json()["state"] == "received"
    assert set(asked.json()) == {"state", "submitted", "steps"}
    assert set(asked.json()["steps"][0]) == {"state", "at", "answer"}
    assert problem(public.post(f"{TIP}/status", json={"code": code[:-1]})) == "mistyped"
    other = send(public, desk.clock, token()).json()["code"]
    with desk.services.store.begin() as unit:
        unit.tips.remove(next(one.id for one in unit.tips.find() if one.id != tip_id(name)))
    assert problem(public.post(f"{TIP}/status", json={"code": other})) == "no-code"
    for answer in (public.get(TIP), first, asked):
        assert "set-cookie" not in answer.headers
    assert desk.new_client().get("/api/v1/tips").status_code == 401
    assert desk.sign_in("viewer").get("/api/v1/tips").status_code == 403


NOT_TAKEN: list[tuple[dict[str, Any], int, str]] = [
    ({"website": "http://spam"}, 400, "not-a-person"),
    ({"words": "", "photos": 0}, 422, "empty"),
    ({"words": "字" * 1001}, 422, "words"),
    ({"photos": 5}, 422, "photos"),
    ({"lat": 31.9}, 422, "far-away"),
    ({"happened": "2020-01-01T00:00:00Z"}, 422, "long-ago"),
    ({"happened": "yesterday"}, 422, "time"),
    ({"token": "short"}, 422, "invalid"),
    ({"lon": 1000}, 422, "invalid"),
    ({"accuracy_m": 0}, 422, "invalid"),
    ({"surprise": 1}, 422, "invalid"),
    ({"challenge": "a.0.b.c"}, 428, "challenge"),
]


def test_what_is_not_taken_is_one_clear_problem(desk: Desk, public: TestClient) -> None:
    for more, status, code in NOT_TAKEN:
        answer = send(public, desk.clock, token(), **more)
        assert (answer.status_code, problem(answer)) == (status, code), more
    with desk.services.store.read() as unit:
        assert unit.tips.find() == []


def test_limits_by_network_hour_and_desk_say_when_to_come_again(
    desk: Desk, public: TestClient
) -> None:
    def refused(**more: Any) -> tuple[int, str, int]:
        limits(desk, **more)
        answer = send(public, desk.clock, token())
        return answer.status_code, problem(answer), int(answer.headers["retry-after"])

    used = tip_phone.proof(public)
    assert send(public, desk.clock, token(), **used).status_code == 201
    assert problem(send(public, desk.clock, token(), **used)) == "challenge"
    limits(desk, network_burst=1, network_per_hour=1)
    assert send(public, desk.clock, token()).status_code == 201
    status, code, wait_s = refused()
    assert (status, code) == (429, "too-many")
    desk.clock.advance(wait_s)
    limits(desk, network_burst=50, network_per_hour=1000)
    assert send(public, desk.clock, token()).status_code == 201
    assert refused(total_per_hour=1)[:2] == (429, "many-tips")
    assert public.post(f"{TIP}/challenge").json()["bits"] == 10, "harder under load"
    assert refused(total_per_hour=300, max_open=3)[:2] == (503, "desk-full")
    assert refused(max_open=50, enabled=False)[:2] == (503, "closed")
    limits(desk, enabled=True, lookups_per_hour=3)
    codes = [public.post(f"{TIP}/status", json={"code": "x"}) for _ in range(8)]
    assert codes[-1].status_code == 429
    assert int(codes[-1].headers["retry-after"]) > 0


def test_photos_are_made_anew_upright_and_without_what_the_file_said(
    desk: Desk, public: TestClient
) -> None:
    name = token()
    assert problem(photo(public, name, 0, picture())) == "no-tip"
    send(public, desk.clock, name)
    sent = located() + b"PK\x03\x04" + SCRIPT  # a polyglot: a photo, and an archive behind it
    for _ in range(2):
        assert photo(public, name, 0, sent).json()["photos"] == [0]
    assert problem(photo(public, name, 0, picture())) == "other-photo"
    assert problem(photo(public, name, 2, picture())) == "number"
    assert photo(public, name, 1, picture((4000, 100), "PNG")).json()["photos"] == [0, 1]
    first, second = tip(desk, name).photos
    assert (first.taken, first.width, first.height) == ("2026:11:22 09:30:05", 240, 320)
    assert first.place is not None
    assert (first.place.lon, first.place.lat) == (120.6128, 30.4618)
    assert (second.width, second.height) == (2560, 64)
    kept = desk.services.tips_root / tip_id(name)
    assert sorted(one.name for one in kept.iterdir()) == ["0.jpg", "1.jpg"]
    clean = (kept / "0.jpg").read_bytes()
    assert not has_exif(clean)
    for secret in (b"Exif", b"GPS", b"SecretMaker", b"secret comment", b"PK\x03\x04", b"script"):
        assert secret not in clean
    with Image.open(io.BytesIO(clean)) as image:
        assert image.format == "JPEG"
        assert dict(image.getexif()) == {}


def test_photos_of_every_type_become_plain_jpegs() -> None:
    cleaners, contents = Cleaners(), of_other_types()
    with ThreadPoolExecutor(2) as pool:  # each in a process of its own
        found = list(pool.map(lambda one: cleaners.clean(one, 10_000), contents))
    for clean in found:
        assert (clean.width, clean.height) == (64, 48)
        assert clean.jpeg.startswith(b"\xff\xd8\xff\xe0")
    with pytest.raises(PhotoError, match="million"):
        cleaners.clean(contents[-1], 64 * 48 - 1)


def test_a_heic_tells_when_and_where_and_stands_upright() -> None:
    with Image.open(io.BytesIO(located())) as image:
        exif = image.getexif().tobytes()
    clean = Cleaners().clean(heic((320, 240), exif), 100_000)
    assert (clean.taken, clean.width, clean.height) == ("2026:11:22 09:30:05", 240, 320)
    assert clean.place is not None
    assert (clean.place.lon, clean.place.lat) == (120.6128, 30.4618)
    assert not has_exif(clean.jpeg)


def test_hostile_files_are_refused_and_nothing_is_left(desk: Desk, public: TestClient) -> None:
    limits(desk, network_burst=100)
    name = token()
    send(public, desk.clock, name)
    for what, content in HOSTILE.items():
        answer = photo(public, name, 0, content)
        assert answer.status_code == 422, what
        assert problem(answer) in ("not-a-photo", "broken-photo", "large-photo"), what
    assert tip(desk, name).photos == ()
    assert list(desk.services.tips_root.rglob("*.jpg*")) == []


def test_size_room_and_originals(desk: Desk, public: TestClient) -> None:
    name = token()
    send(public, desk.clock, name)
    limits(desk, max_photo_mb=0.01)
    answer = photo(public, name, 0, picture() + b"\0" * 20_000)
    assert (answer.status_code, problem(answer)) == (413, "too-large")
    limits(desk, max_photo_mb=10, max_gb=1e-9, keep_originals=True)
    assert photo(public, name, 0, picture()).status_code == 200, "an empty album has room for one"
    answer = photo(public, name, 1, picture((300, 300)))
    assert (answer.status_code, problem(answer)) == (507, "no-room")
    assert "retry-after" in answer.headers
    original = desk.services.tips_root / tip_id(name) / "0.original"
    assert original.read_bytes() == picture()
    monitor = desk.sign_in("monitor")
    base = f"/api/v1/tips/{tip_id(name)}/photos"
    assert monitor.get(f"{base}/0").headers["content-type"] == "image/jpeg"
    assert monitor.get(f"{base}/0.original").status_code == 422
    assert monitor.get(f"{base}/1").status_code == 404
    desk.clock.advance(25 * 3600)
    assert problem(photo(public, name, 1, picture())) == "too-late"


def test_the_cleaner_can_open_no_file_no_socket_and_little_memory() -> None:
    code = """
import sys, socket
sys.path.insert(0, sys.argv[1])
import cleaner
cleaner.give_away()
for what in (lambda: open("/etc/hostname"), socket.socket):
    try:
        what()
        print("opened")
    except OSError as error:
        print(error.errno)
try:
    bytearray(2 << 30)
    print("got it")
except MemoryError:
    print("no memory")
"""
    folder = str(Path(cleaner.__file__).parent)
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, folder], capture_output=True, text=True, check=True
    )
    assert done.stdout.split("\n")[:3] == ["24", "24", "no memory"]


def test_the_desk_decides_and_the_public_reads_what_came_of_it(
    desk: Desk, public: TestClient
) -> None:
    alerts = fake_field.equip(desk.services)
    names = [token() for _ in range(3)]
    with desk.services.store.read() as unit:
        river = unit.incidents.get("inc-river-1")
    assert river is not None
    assert river.place is not None
    at = {"lon": river.place.lon, "lat": river.place.lat + 0.001}
    codes = [send(public, desk.clock, name, **at).json()["code"] for name in names]
    photo(public, names[0], 0, located())
    monitor = desk.sign_in("monitor")
    listed = monitor.get("/api/v1/tips?waiting=true").json()
    assert (listed["waiting"], len(listed["items"])) == (3, 3)
    first = f"/api/v1/tips/{tip_id(names[0])}"
    seen = monitor.get(first).json()
    assert (seen["state"], seen["version"], seen["decidable"]) == ("reviewing", 2, True)
    assert seen["pictures"][0]["taken"] == "2026:11:22 09:30:05"
    assert seen["near"][0]["incident"]["id"] == "inc-river-1"
    assert 100 < seen["near"][0]["distance_m"] < 120
    assert seen["cameras"][0]["distance_m"] < seen["cameras"][1]["distance_m"]
    assert [one.actor for one in desk.audit("tip.view")] == ["monitor"]

    def decide(name: str, **what: Any) -> Any:
        at = f"/api/v1/tips/{tip_id(name)}"
        version = monitor.get(at).json()["version"]
        return monitor.post(f"{at}/decisions", json={"seen": version, **what})

    assert problem(decide(names[0], action="decline")) == "reason"
    assert problem(decide(names[0], action="open")) == "kind"
    assert problem(decide(names[0], action="transfer")) == "to"
    assert problem(decide(names[0], action="attach", incident="inc-no")) == "not-found"
    assert problem(decide(names[0], action="decline", answer="x", seen=1)) == "moved-on"
    alerts.broken = True
    broken = decide(names[0], action="open", kind="fishing", ongoing=True)
    assert (broken.status_code, problem(broken)) == (503, "bus")
    alerts.broken = False
    assert decide(names[0], action="open", kind="fishing", ongoing=True).status_code == 202
    assert alerts.refused is None
    after = monitor.get(first).json()
    assert (after["state"], after["decidable"]) == ("accepted", False)
    incident = after["incident"]

    keeper = Keeper(desk.services)
    assert (keeper.seal(), keeper.seal()) == (1, 0)
    with desk.services.store.read() as unit:
        (item,) = unit.evidence.find(incident=incident, role="tip_photo")
    assert "2026:11:22 09:30:05" in item.note
    assert Vault(desk.services.vault_root, desk.clock).verify(incident).verdict != "altered"
    assert monitor.get(f"{first}/photos/0").status_code == 200, "the desk still sees it"
    photo(public, names[0], 1, picture())
    assert keeper.seal() == 1, "a photo that comes late is sealed, too"

    whole = monitor.get(f"/api/v1/incidents/{incident}").json()
    assert whole["incident"]["camera"] == ""
    assert "warn" not in whole["actions"]
    (order,) = whole["orders"]
    who = order["officer"]
    with desk.services.store.begin() as unit:
        known = unit.users.get("monitor")
        assert known is not None  # its password is everybody's; hashing one takes its time
        officer = {"name": who, "role": Role.OFFICER, "officer": who}
        unit.users.put(known.model_copy(update=officer))
    state = desk.sign_in(who).get("/api/v1/field/state").json()
    task = next(one for one in state["orders"] if one["id"] == order["id"])
    assert task["incident"]["camera"]["zh"] == "群众举报地点"
    assert task["place"]["lat"] == at["lat"]
    assert [one["role"] for one in task["evidence"]] == ["tip_photo", "tip_photo"]
    talk = monitor.post(f"/api/v1/incidents/{incident}/talks", json={})
    assert talk.status_code >= 400
    told = monitor.get("/api/v1/incidents?open=true&source=tip").json()["items"]
    assert [one["id"] for one in told] == [incident]
    assert monitor.get("/api/v1/incidents?source=else").status_code == 422
    assert decide(names[1], action="decline", answer="该处已有许可").status_code == 202
    assert decide(names[2], action="attach", incident=incident).status_code == 202

    said = [public.post(f"{TIP}/status", json={"code": code}).json() for code in codes]
    assert [one["state"] for one in said] == ["accepted", "declined", "accepted"]
    assert said[1]["steps"][-1]["answer"]["zh"] == "该处已有许可"
    for one in said:
        assert "monitor" not in str(one)
        assert incident not in str(one)


def test_tips_are_forgotten_when_their_days_are_over(desk: Desk, public: TestClient) -> None:
    limits(desk, undecided_days=365)  # never longer than what was decided
    names = [token(), token()]
    for name in names:
        send(public, desk.clock, name)
        folder = desk.services.tips_root / tip_id(name)
        folder.mkdir(parents=True)
        (folder / "0.jpg").write_bytes(b"a photo")
        desk.clock.advance(3600)
    with desk.services.store.begin() as unit:
        known = unit.tips.get(tip_id(names[0]))
        assert known is not None
        now_ns = desk.clock.utc_ns()
        unit.tips.put(known.step(TipState.DECLINED, now_ns, "monitor", Text.same("重复")))
    keeper = Keeper(desk.services)
    days = desk.services.site.tips.keep_days
    # The second came an hour before the first was declined.
    desk.clock.advance(days * 86_400 - 3600 - 60)
    assert keeper.forget() == 0
    desk.clock.advance(120)
    assert (keeper.forget(), Keeper(desk.services).forget()) == (1, 0)
    with desk.services.store.read() as unit:
        assert [one.id for one in unit.tips.find()] == [tip_id(names[0])]
    assert not (desk.services.tips_root / tip_id(names[1])).exists()
    assert (desk.services.tips_root / tip_id(names[0])).is_dir()
    (gone,) = desk.audit("tip.expired")
    assert (gone.object, gone.detail["state"]) == (tip_id(names[1]), "received")
    assert gone.detail["rule"] == f"tips.undecided_days={days}"
    limits(desk, undecided_days=30)
    desk.clock.advance(3600)
    assert keeper.forget() == 1
    assert [one.object for one in desk.audit("tip.forgotten")] == [tip_id(names[0])]


def test_a_restart_gives_no_tips_of_the_hour_back(desk: Desk, public: TestClient) -> None:
    limits(desk, total_per_hour=2)
    for _ in range(2):
        assert send(public, desk.clock, token()).status_code == 201
        desk.clock.advance(60)
    again = Door(desk.services)
    assert again.bits() == 10, "as hard as before"

    def submit() -> Received:
        solved = {"challenge": again.challenges.new(0), "answer": "0"}
        given = TipIn.model_validate({**tip_phone.body(desk.clock, token()), **solved})
        return again.submit(given, "192.0.2.1")

    with pytest.raises(ProblemError) as refused:
        submit()
    assert refused.value.code == "many-tips"
    assert refused.value.headers["retry-after"] == str(3600 - 120)
    desk.clock.advance(3600 - 120)
    assert submit().state is TipState.RECEIVED


def test_only_the_page_of_tips_and_of_officers_may_ask_where_it_is(desk: Desk) -> None:
    pages = desk.services.web_root
    for name in ("tip", "field"):
        (pages / f"{name}.html").write_text(f"<title>{name}</title>", encoding="utf-8")
    client = desk.new_client()
    answer = client.get("/tip")
    assert "<title>tip" in answer.text
    assert "geolocation=(self)" in answer.headers["permissions-policy"]
    assert "microphone=()" in answer.headers["permissions-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "geolocation=()" in client.get("/tips").headers["permissions-policy"]
