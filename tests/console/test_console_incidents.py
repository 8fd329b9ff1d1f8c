"""Incidents, commands, evidence: what is shown, what is allowed, what is written down."""

import hashlib
import re

import pytest

from console.context import VIEW_AGAIN_S
from core.cases import EvidenceItem
from core.messages import COMMANDS, Action, Command
from tests.console.conftest import Desk

API = "/api/v1"
CLIP = f"{API}/evidence/ev-inc-river-1-clip/file"
ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")


def test_the_list_pages_through_everything_once_newest_first(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    seen, cursor = [], None
    while True:
        params = {"limit": 4} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"{API}/incidents", params=params).json()
        seen += [(one["started"], one["id"]) for one in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert len(seen) == len({key for _, key in seen}) == 9
    assert [at for at, _ in seen] == sorted((at for at, _ in seen), reverse=True)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"open": True}, {"inc-river-1", "inc-lane-1", "inc-market-1"}),
        ({"severity": "serious"}, {"inc-lane-1"}),
        ({"camera": "river", "open": True}, {"inc-river-1"}),
        ({"kind": ["dumping", "occupation"], "open": True}, {"inc-lane-1", "inc-market-1"}),
        ({"state": "detected"}, {"inc-market-1"}),
    ],
)
def test_the_list_filters(desk: Desk, params: dict[str, object], expected: set[str]) -> None:
    answer = desk.sign_in("viewer").get(f"{API}/incidents", params=params)
    assert {one["id"] for one in answer.json()["items"]} == expected


def test_an_incident_comes_with_all_that_belongs_to_it(desk: Desk) -> None:
    file = desk.sign_in("chief").get(f"{API}/incidents/inc-river-1").json()
    assert [one["state"] for one in file["incident"]["history"]] == [
        "detected", "warning", "persisting"]  # fmt: skip
    assert file["announcements"][0]["receipt"]["ok"] is True
    assert {one["role"] for one in file["evidence"]} == {"clip", "snapshot", "warning_audio"}
    assert file["catalogue"]["basis"].startswith("渔业法")
    assert file["actions"] == ["warn", "dispatch", "dismiss", "join", "transfer", "close"]
    assert desk.audit("incident.view")[0].actor == "chief"
    assert file["audit"][-1]["action"] == "incident.view", "its own view is in what it shows"


def test_no_number_leaves_that_a_browser_cannot_hold(desk: Desk) -> None:
    client = desk.sign_in("chief")
    times: list[str] = []

    def look(data: object) -> None:
        if isinstance(data, dict):
            for name, content in data.items():
                assert not name.endswith("_ns"), name
                named = name in ("at", "started", "last_seen", "sealed", "requested", "since")
                if named and content is not None:
                    times.append(content)
                look(content)
        elif isinstance(data, list):
            for one in data:
                look(one)
        elif isinstance(data, int):
            assert abs(data) < 2**53

    for path in ("/incidents", "/incidents/inc-lane-1", "/incidents/inc-river-1", "/health",
                 "/officers", "/site"):  # fmt: skip
        look(client.get(f"{API}{path}").json())
    assert len(times) > 50
    assert all(ISO.match(one) for one in times)


@pytest.mark.parametrize(
    ("name", "allowed"),
    [("viewer", []), ("monitor", ["confirm", "warn", "dispatch", "dismiss", "join"]),
     ("chief", ["confirm", "warn", "dispatch", "dismiss", "join", "transfer", "close"])],
)  # fmt: skip
def test_roles(desk: Desk, name: str, allowed: list[str]) -> None:
    client = desk.sign_in(name)
    file = client.get(f"{API}/incidents/inc-market-1").json()
    assert file["actions"] == allowed
    for action in ("confirm", "warn", "dispatch", "dismiss", "close"):
        before = len(desk.bus.sent)
        given = {"action": action, "reason": "" if action == "warn" else "理由"}
        answer = client.post(f"{API}/incidents/inc-market-1/actions", json=given)
        if action in allowed and answer.status_code != 409:
            assert answer.status_code == 202
            assert len(desk.bus.sent) == before + 1
        else:
            assert answer.status_code in (403, 409)
            assert len(desk.bus.sent) == before


def test_a_command_is_logged_and_sent(desk: Desk) -> None:
    given = {"action": "dispatch", "reason": "已两次喊话", "officer": "officer-2"}
    answer = desk.sign_in("monitor").post(f"{API}/incidents/inc-river-1/actions", json=given)
    assert answer.status_code == 202
    stream, command = desk.bus.sent[0]
    assert stream == COMMANDS
    assert isinstance(command, Command)
    assert command.id == answer.json()["command"]
    assert command.model_dump(exclude={"id"}, exclude_defaults=True) == {
        "incident": "inc-river-1", "action": Action.DISPATCH, "user": "monitor",
        "at_ns": desk.clock.utc_ns(), "reason": "已两次喊话", "officer": "officer-2"}  # fmt: skip
    entry = desk.audit("command.dispatch")[0]
    assert (entry.actor, entry.object, entry.reason) == ("monitor", "inc-river-1", "已两次喊话")
    assert entry.detail["command"] == command.id


def test_a_command_that_cannot_be_handed_over_is_said_and_logged(desk: Desk) -> None:
    desk.bus.broken = True
    answer = desk.sign_in("monitor").post(
        f"{API}/incidents/inc-river-1/actions", json={"action": "warn"}
    )
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert len(desk.audit("command.warn")) == len(desk.audit("command.failed")) == 1


@pytest.mark.parametrize(
    ("incident", "given", "status", "code"),
    [
        ("inc-none", {"action": "confirm"}, 404, "not-found"),
        ("inc-market-1", {"action": "dismiss", "reason": "  "}, 422, "reason"),
        ("inc-market-1", {"action": "destroy"}, 422, "invalid"),
        ("inc-market-1", {"action": "confirm", "more": 1}, 422, "invalid"),
        ("inc-market-1", {"action": "dispatch", "officer": "nobody"}, 404, "not-found"),
        ("inc-market-1", {"action": "confirm", "officer": "officer-1"}, 422, "officer"),
        ("inc-river-1", {"action": "confirm"}, 409, "state"),
        ("inc-past-1", {"action": "warn"}, 409, "state"),
        ("inc-river-1", {"action": "warn", "reason": "夜间紧急"}, 403, "override"),
    ],
)
def test_commands_that_make_no_sense(
    desk: Desk, incident: str, given: dict[str, object], status: int, code: str
) -> None:
    answer = desk.sign_in("monitor").post(f"{API}/incidents/{incident}/actions", json=given)
    assert answer.status_code == status
    assert answer.json()["type"] == f"urn:wardwatch:problem:{code}"
    assert desk.bus.sent == []


def test_a_chief_may_override(desk: Desk) -> None:
    given = {"action": "warn", "reason": "夜间紧急"}
    answer = desk.sign_in("chief").post(f"{API}/incidents/inc-river-1/actions", json=given)
    assert answer.status_code == 202


def test_video_seeks_by_ranges_and_is_the_sealed_file(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    whole = client.get(CLIP)
    with desk.services.store.read() as unit:
        item = unit.evidence.get("ev-inc-river-1-clip")
    assert item is not None
    assert hashlib.sha256(whole.content).hexdigest() == item.sha256
    assert whole.headers["content-type"] == "video/mp4"
    part = client.get(CLIP, headers={"range": "bytes=1000-1099"})
    assert part.status_code == 206
    assert part.content == whole.content[1000:1100]
    assert part.headers["content-range"] == f"bytes 1000-1099/{item.bytes}"
    assert client.get(CLIP, headers={"range": "bytes=-10"}).content == whole.content[-10:]
    beyond = client.get(CLIP, headers={"range": f"bytes={item.bytes}-"})
    assert beyond.status_code == 416
    assert client.head(CLIP).headers["content-length"] == str(item.bytes)


def test_looking_and_exporting_are_logged_once_a_while(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    for start in range(5):
        client.get(CLIP, headers={"range": f"bytes={start}-"})
    client.get(f"{API}/evidence/ev-inc-river-1-snapshot/file")
    views = desk.audit("evidence.view")
    assert [one.detail["evidence"] for one in views] == [
        "ev-inc-river-1-clip", "ev-inc-river-1-snapshot"]  # fmt: skip
    desk.clock.advance(VIEW_AGAIN_S)
    client.get(CLIP)
    assert len(desk.audit("evidence.view")) == 3
    taking = {"download": True, "reason": "办案"}
    for start in (7, 0, 9):
        answer = client.get(CLIP, params=taking, headers={"range": f"bytes={start}-"})
        assert answer.headers["content-disposition"].startswith("attachment")
    assert len(desk.audit("evidence.export")) == 1
    client.get(CLIP, params={**taking, "reason": "移送"})
    desk.sign_in("chief").get(CLIP, params=taking)
    assert len(desk.audit("evidence.export")) == 3, "another reason, another person"
    desk.clock.advance(VIEW_AGAIN_S)
    client.get(CLIP, params=taking)
    assert len(desk.audit("evidence.export")) == 4


def test_asking_for_the_head_alone_is_no_look(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    taking = {"download": True, "reason": "办案"}
    assert client.head(CLIP).status_code == 200
    assert client.head(CLIP, params=taking).status_code == 200
    assert client.head(CLIP, params={"download": True}).status_code == 422
    assert desk.sign_in("viewer").head(CLIP, params=taking).status_code == 403
    assert desk.audit("evidence.view") == desk.audit("evidence.export") == []
    with desk.services.store.read() as unit:
        unit.audit.verify()


def test_a_viewer_may_look_but_not_take_out(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    assert client.get(CLIP).status_code == 200
    assert client.get(CLIP, params={"download": True, "reason": "办案"}).status_code == 403
    assert desk.audit("evidence.export") == []


@pytest.mark.parametrize("path", ["../wardwatch.db", "/etc/passwd", "a/../../wardwatch.db", ".."])
def test_a_path_out_of_the_vault_leads_nowhere(desk: Desk, path: str) -> None:
    with desk.services.store.begin() as unit:
        item = unit.evidence.get("ev-inc-river-1-clip")
        assert isinstance(item, EvidenceItem)
        unit.evidence.put(item.model_copy(update={"path": path}))
        receipt = unit.receipts.get("ann-inc-river-1-1")
        assert receipt is not None
        unit.receipts.put(receipt.model_copy(update={"audio_path": path}))
    client = desk.sign_in("viewer")
    assert client.get(CLIP).status_code == 404
    assert client.get(f"{API}/announcements/ann-inc-river-1-1/audio").status_code == 404


def test_a_symlink_out_of_the_vault_leads_nowhere(desk: Desk) -> None:
    clip = desk.services.vault_root / "inc-river-1-clip.mp4"
    clip.unlink()
    clip.symlink_to("/etc/hostname")
    assert desk.sign_in("viewer").get(CLIP).status_code == 404


def test_evidence_that_is_gone_is_called_gone(desk: Desk) -> None:
    (desk.services.vault_root / "inc-river-1-clip.mp4").unlink()
    assert desk.sign_in("viewer").get(CLIP).status_code == 410


def test_a_warning_is_heard_again_only_as_it_was_sealed(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    audio = client.get(f"{API}/announcements/ann-inc-river-1-1/audio")
    assert audio.content[:4] == b"RIFF"
    file = desk.services.vault_root / "ann-inc-river-1-1.wav"
    file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    assert client.get(f"{API}/announcements/ann-inc-river-1-1/audio").status_code == 409


def test_a_script_in_the_vault_is_never_shown_in_place(desk: Desk) -> None:
    path = desk.services.vault_root / "note.html"
    path.write_text("<script>alert(1)</script>")
    with desk.services.store.begin() as unit:
        item = unit.evidence.get("ev-inc-river-1-clip")
        assert item is not None
        changed = {"id": "ev-html", "path": "note.html", "mime": "text/html"}
        unit.evidence.put(item.model_copy(update=changed))
    answer = desk.sign_in("viewer").get(f"{API}/evidence/ev-html/file")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["content-disposition"].startswith("attachment")


def test_officers_come_with_their_orders(desk: Desk) -> None:
    people = {one["officer"]: one for one in desk.sign_in("viewer").get(f"{API}/officers").json()}
    assert people["officer-3"]["status"] == "busy"
    assert people["officer-3"]["order"]["incident"] == "inc-lane-1"
    assert people["officer-1"]["order"] is None


def test_an_order_tells_by_which_channel_its_officer_was_reached_in_the_end(desk: Desk) -> None:
    with desk.services.store.begin() as unit:
        order = unit.orders.find(limit=1)[0]
        about = {"officer": order.officer, "event": "officer.order"}
        for channel, action in (
            ("wecom", "summons.failed"), ("sms", "summons.failed"), ("wecom", "summons.sent"),
        ):  # fmt: skip
            detail = {**about, "channel": channel, "delivery": f"{channel}/1"}
            unit.audit.append("system", action, order.id, "", detail)
    told = desk.sign_in("viewer").get(f"/api/v1/incidents/{order.incident}").json()["summons"]
    assert {one["channel"]: one["reached"] for one in told} == {"wecom": True, "sms": False}
