"""The register: every look and export with its reason; copies; recordings kept and released."""

import pytest

from core.copies import COPIES_WANTED, CopyWanted
from core.custody import Kept
from tests.console.conftest import Desk
from tests.console.fake_custody import FakeCustody

API = "/api/v1"
INCIDENT = "inc-river-1"
CLIP = f"{API}/evidence/ev-inc-river-1-clip"
RANGE = {"camera": "river", "first": "2026-11-22T08:00:00Z", "last": "2026-11-22T08:10:00Z"}


def events(desk: Desk) -> list[tuple[str, str, str]]:
    answer = desk.sign_in("viewer").get(f"{API}/incidents/{INCIDENT}/register")
    assert answer.status_code == 200, answer.text
    return [(one["action"], one["actor"], one["reason"]) for one in answer.json()]


def broken(desk: Desk) -> FakeCustody:
    custody = desk.services.custody
    assert isinstance(custody, FakeCustody)
    custody.broken = True
    return custody


def test_looks_exports_and_handing_over_are_in_the_register(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    for _ in range(3):
        client.get(f"{CLIP}/file")
    client.get(f"{CLIP}/file", params={"download": True, "reason": "立案"})
    given = {"download": True, "reason": " 移送 ", "recipient": "县农业农村局"}
    assert client.get(f"{CLIP}/file", params=given).status_code == 200
    assert events(desk) == [
        ("viewed", "monitor", "值班处置 on duty"),
        ("exported", "monitor", "立案"),
        ("shared", "monitor", "移送 → 县农业农村局"),
    ]
    (shared,) = desk.audit("evidence.share")
    assert (shared.reason, shared.detail["recipient"]) == ("移送", "县农业农村局")
    answer = client.get(f"{API}/incidents/inc-nobody/register")
    assert answer.status_code == 404


def test_nothing_leaves_without_a_reason(desk: Desk) -> None:
    client = desk.sign_in("chief")
    for reason in ("", " ", "x", "  x "):
        given = {"download": True, "reason": reason}
        answer = client.get(f"{CLIP}/file", params=given)
        assert answer.status_code == 422
        assert answer.json()["type"].endswith("reason")
    assert events(desk) == []
    assert desk.audit("evidence.export") == []


def test_nothing_leaves_when_the_register_cannot_be_written(desk: Desk) -> None:
    broken(desk)
    client = desk.sign_in("chief")
    answer = client.get(f"{CLIP}/file", params={"download": True, "reason": "办案"})
    assert answer.status_code == 503
    assert "damaged" in answer.json()["detail"]
    # Who must find out what happened may look; the audit log has it.
    assert client.get(f"{CLIP}/file").status_code == 200
    assert len(desk.audit("evidence.view")) == 1


def test_a_copy_is_asked_for_with_a_reason(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    mask = {"from_s": 1, "to_s": 2.5, "box": [0.1, 0.1, 0.2, 0.2]}
    given = {"kind": "redacted", "reason": "公开", "masking": {"people": "head", "manual": [mask]}}
    answer = client.post(f"{CLIP}/copies", json=given)
    assert answer.status_code == 202, answer.text
    assert client.post(f"{CLIP}/copies", json={"kind": "working", "reason": "汇报"}).is_success
    (stream, masked), (_, working) = desk.bus.sent
    assert stream == COPIES_WANTED
    assert isinstance(masked, CopyWanted)
    assert isinstance(working, CopyWanted)
    assert masked.id == answer.json()["copy_id"]
    assert masked.masking is not None
    assert (masked.masking.people, masked.sound, masked.by) == ("head", False, "monitor")
    assert masked.masking.manual[0].from_s == 1
    assert (working.masking, working.sound) == (None, True)
    assert [one.reason for one in desk.audit("evidence.copy")] == ["公开", "汇报"]


def test_wrong_wishes_for_copies(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    backwards = {"manual": [{"from_s": 2, "to_s": 1, "box": [0, 0, 1, 1]}]}
    for path, given, status in (
        (CLIP, {"kind": "working"}, 422),
        (CLIP, {"kind": "working", "reason": "汇报", "masking": {}}, 422),
        (CLIP, {"kind": "redacted", "reason": "公开", "masking": backwards}, 422),
        (f"{API}/evidence/ev-inc-river-1-snapshot", {"kind": "working", "reason": "汇报"}, 409),
        (f"{API}/evidence/ev-none", {"kind": "working", "reason": "汇报"}, 404),
    ):
        assert client.post(f"{path}/copies", json=given).status_code == status, given
    assert desk.bus.sent == []


@pytest.mark.parametrize(
    ("mask", "why"),
    [
        ({"from_s": 2, "to_s": 1}, "manual.1: a mask ends (1 s) before it begins (2 s)"),
        ({"box": [0.9, 0, 0.2, 0.1]}, "manual.1: a mask reaches out of the picture"),
        ({"box": [0, 0, 0, 0.1]}, "manual.1: a mask has no width or no height"),
        ({"box": [0, -1, 0.1, 0.1]}, "manual.1.box.1: "),
        ({"from_s": 9e5, "to_s": 1e6}, "mask 2 begins at 900000 s, the clip lasts "),
    ],
)
def test_a_wrong_mask_is_named(desk: Desk, mask: dict[str, object], why: str) -> None:
    good = {"from_s": 0, "to_s": 1, "box": [0.1, 0.1, 0.2, 0.2]}
    given = {"kind": "redacted", "reason": "公开", "masking": {"manual": [good, {**good, **mask}]}}
    answer = desk.sign_in("monitor").post(f"{CLIP}/copies", json=given)
    assert answer.status_code == 422
    assert why in answer.json()["detail"]
    assert ";" not in answer.json()["detail"], "one error"
    assert desk.bus.sent == []


def test_copies_are_not_for_viewers_and_the_bus_may_be_away(desk: Desk) -> None:
    given = {"kind": "working", "reason": "汇报"}
    assert desk.sign_in("viewer").post(f"{CLIP}/copies", json=given).status_code == 403
    desk.bus.broken = True
    assert desk.sign_in("monitor").post(f"{CLIP}/copies", json=given).status_code == 503


def test_keeping_and_releasing_are_rights_with_reasons(desk: Desk) -> None:
    monitor, chief = desk.sign_in("monitor"), desk.sign_in("chief")
    given = {**RANGE, "reason": "群众来访", "incident": INCIDENT}
    assert desk.sign_in("viewer").post(f"{API}/locks", json=given).status_code == 403
    answer = monitor.post(f"{API}/locks", json=given)
    assert answer.status_code == 201, answer.text
    owner = answer.json()["owner"]
    (kept,) = monitor.get(f"{API}/locks").json()
    assert (kept["by"], kept["reason"], kept["last"]) == (
        "monitor",
        "群众来访",
        "2026-11-22T08:10:00.000Z",
    )
    path = f"{API}/locks/{owner}/release"
    assert monitor.post(path, json={"reason": "已办结"}).status_code == 403
    assert chief.post(path, json={"reason": " "}).status_code == 422
    assert chief.post(path, json={"reason": "已办结"}).status_code == 200
    assert chief.post(path, json={"reason": "已办结"}).status_code == 404
    assert monitor.get(f"{API}/locks").json() == []
    assert events(desk) == [
        ("locked", "monitor", "群众来访"),
        ("released", "chief", "已办结"),
    ]
    assert [one.reason for one in desk.audit("recording.release")] == ["已办结"]


def test_locks_of_one_incident(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    mine = {**RANGE, "reason": "保全", "incident": INCIDENT}
    owner = chief.post(f"{API}/locks", json=mine).json()["owner"]
    chief.post(f"{API}/locks", json={**RANGE, "reason": "群众来访"})
    automatic = Kept(owner=INCIDENT, camera="river", first_ns=1, last_ns=2)
    assert desk.services.custody is not None
    desk.services.custody.keep(automatic)
    found = chief.get(f"{API}/locks", params={"incident": INCIDENT}).json()
    assert [one["owner"] for one in found] == [owner, INCIDENT]
    assert len(chief.get(f"{API}/locks").json()) == 3


def test_wrong_locks(desk: Desk) -> None:
    client = desk.sign_in("chief")
    for change, status in (
        ({"last": RANGE["first"]}, 422),
        ({"last": "2027-11-22T08:00:00Z"}, 422),
        ({"camera": "nowhere"}, 404),
        ({"incident": "inc-nobody"}, 404),
        ({"reason": ""}, 422),
    ):
        given = {**RANGE, "reason": "保全", **change}
        assert client.post(f"{API}/locks", json=given).status_code == status, change
    assert client.get(f"{API}/locks").json() == []


def test_a_lock_stays_when_its_release_cannot_be_told(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    owner = chief.post(f"{API}/locks", json={**RANGE, "reason": "保全"}).json()["owner"]
    broken(desk)
    assert chief.post(f"{API}/locks/{owner}/release", json={"reason": "办结"}).status_code == 503
    assert len(chief.get(f"{API}/locks").json()) == 1
