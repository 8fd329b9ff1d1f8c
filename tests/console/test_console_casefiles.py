"""Case files and reviews over HTTP."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from console.accounts import create_user
from core.casefiles import Export, NoCaseFileError
from core.store.users import Role
from tests.console.conftest import Desk
from tests.console.fake_services import PASSWORD

INCIDENT = "inc-river-1"
CONTENT = b"PK" + bytes(range(256)) * 8
ADDRESS = f"/api/v1/incidents/{INCIDENT}/casefile"
OTHER = "inc-lane-1"
BARE = "inc-bare-1"
LIST = "/api/v1/casefiles"
REVIEWS = f"/api/v1/incidents/{INCIDENT}/reviews"


@dataclass
class FakeCaseFiles:
    """Whole when a test says so."""

    folder: Path
    asked: list[tuple[Export, str | None]] = field(default_factory=list)

    def begin(self, incidents: Sequence[str], by: str, reason: str, password: str | None) -> Export:
        export = Export(
            id=f"case-{len(self.asked)}", incidents=tuple(incidents), by=by, reason=reason,
            asked_ns=1_790_000_000_000_000_000, encrypted=password is not None,
        )  # fmt: skip
        self.asked.append((export, password))
        return export

    def of(self, incident: str) -> list[Export]:
        return [one for one in self.all() if incident in one.incidents]

    def all(self) -> list[Export]:
        return [one for one, _ in reversed(self.asked)]

    def clear(self, export_id: str, by: str, reason: str) -> Export:
        for number, (one, password) in enumerate(self.asked):
            if (one.id, one.state) == (export_id, "done"):
                told = {"cleared_ns": one.asked_ns, "cleared_by": by, "cleared_why": reason}
                one = one.model_copy(update={"state": "cleared", **told})
                self.asked[number] = (one, password)
                return one
        raise NoCaseFileError(f"{export_id}: nothing to clear")

    def finish(self) -> None:
        export, password = self.asked[-1]
        facts = {
            "state": "done", "sha256": "ab" * 32, "bytes": len(CONTENT), "evidence": False,
            "verdict": "authentic", "ended_ns": export.asked_ns,
        }  # fmt: skip
        self.asked[-1] = (export.model_copy(update=facts), password)
        (self.folder / "case.zip").write_bytes(CONTENT)

    def whole(self, export_id: str) -> tuple[Export, Path]:
        for one, _ in self.asked:
            if (one.id, one.state) == (export_id, "done"):
                return one, self.folder / "case.zip"
        raise NoCaseFileError(f"{export_id} is not whole")


@pytest.fixture
def made(desk: Desk, tmp_path: Path) -> FakeCaseFiles:
    desk.services.case_files = fake = FakeCaseFiles(tmp_path)
    return fake


def test_asked_for_and_fetched_when_whole(desk: Desk, made: FakeCaseFiles) -> None:
    client = desk.sign_in("monitor")
    assert client.get(ADDRESS).json()["may_export"] is True
    answer = client.post(ADDRESS, json={"reason": "立案调查", "password": "a long password"})
    assert answer.status_code == 202
    ((export, password),) = made.asked
    assert (export.by, export.reason, password) == ("monitor", "立案调查", "a long password")
    assert "password" not in answer.text
    file = f"/api/v1/casefiles/{export.id}/file"
    assert client.get(file).status_code == 404
    made.finish()
    (shown,) = client.get(ADDRESS).json()["exports"]
    assert (shown["state"], shown["evidence"], shown["encrypted"]) == ("done", False, True)
    assert client.head(file).status_code == 200
    assert desk.audit("evidence.download") == []
    whole = client.get(file)
    assert whole.content == CONTENT
    assert whole.headers["etag"] == f'"{"ab" * 32}"'
    rest = client.get(file, headers={"range": "bytes=100-"})
    assert (rest.status_code, rest.content) == (206, CONTENT[100:])
    (told,) = desk.audit("evidence.download")
    assert (told.actor, told.object, told.detail["case"]) == ("monitor", INCIDENT, export.id)


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({}, 422),
        ({"reason": ""}, 422),
        ({"reason": "   "}, 422),
        ({"reason": "立案", "password": "short"}, 422),
        ({"reason": "立案", "out": "/etc/passwd"}, 422),
    ],
)
def test_what_is_refused(
    given: dict[str, str], status: int, desk: Desk, made: FakeCaseFiles
) -> None:
    assert desk.sign_in("monitor").post(ADDRESS, json=given).status_code == status
    assert made.asked == []


def test_rights(desk: Desk, made: FakeCaseFiles) -> None:
    viewer, monitor = desk.sign_in("viewer"), desk.sign_in("monitor")
    assert viewer.post(ADDRESS, json={"reason": "立案"}).status_code == 403
    assert viewer.get(ADDRESS).json()["may_export"] is False
    given = {"kind": "legal", "office": "法制审核员", "passed": True, "basis": "符合规定"}
    assert monitor.post(REVIEWS, json=given).status_code == 403
    made.begin([INCIDENT], "monitor", "立案", None)
    made.finish()
    assert viewer.get("/api/v1/casefiles/case-0/file").status_code == 403
    assert desk.new_client().get("/api/v1/casefiles/case-0/file").status_code == 401
    missing = monitor.post("/api/v1/incidents/none/casefile", json={"reason": "立案"})
    assert missing.status_code == 404


def test_one_case_file_of_many_incidents(desk: Desk, made: FakeCaseFiles) -> None:
    monitor, chief = desk.sign_in("monitor"), desk.sign_in("chief")
    with desk.services.store.begin() as unit:
        known = unit.incidents.get(INCIDENT)
        assert known is not None
        unit.incidents.put(known.model_copy(update={"id": BARE}))
    given = {"incidents": [INCIDENT, OTHER, INCIDENT], "reason": "移送"}
    assert desk.sign_in("viewer").post(LIST, json=given).status_code == 403
    answer = monitor.post(LIST, json=given)
    assert answer.status_code == 202, answer.text
    assert answer.json()["incidents"] == [INCIDENT, OTHER]
    ((export, _),) = made.asked
    assert export.incidents == (INCIDENT, OTHER)
    for wrong, status in (
        ({"incidents": []}, 422),
        ({"incidents": [INCIDENT, "inc-none"]}, 404),
        ({"incidents": [BARE]}, 409),
        ({"reason": " "}, 422),
        ({"password": "short"}, 422),
    ):
        assert monitor.post(LIST, json={**given, **wrong}).status_code == status, wrong
    assert len(made.asked) == 1

    clear = f"{LIST}/{export.id}/clear"
    assert chief.post(clear, json={"reason": "不再需要"}).status_code == 409
    made.finish()
    assert monitor.post(clear, json={"reason": "不再需要"}).status_code == 403
    assert chief.post(clear, json={"reason": " "}).status_code == 422
    assert chief.post(clear, json={"reason": "不再需要"}).status_code == 200
    assert monitor.get(f"{LIST}/{export.id}/file").status_code == 404
    listed = monitor.get(LIST).json()
    (one,) = listed["items"]
    assert (one["state"], one["cleared_by"], one["cleared_why"]) == ("cleared", "chief", "不再需要")
    assert (listed["may_export"], listed["may_clear"]) == (True, False)
    assert chief.get(LIST).json()["may_clear"] is True


def test_a_reviewer_looks_and_reviews_and_nothing_else(desk: Desk, made: FakeCaseFiles) -> None:
    create_user(desk.services.store, "reviewer", PASSWORD, Role.REVIEWER, desk.clock)
    reviewer, chief = desk.sign_in("reviewer"), desk.sign_in("chief")
    found = reviewer.get(ADDRESS).json()
    assert (found["may_review"], found["may_export"]) == (True, False)
    assert reviewer.get(f"/api/v1/evidence/ev-{INCIDENT}-clip/file").status_code == 200
    given = {"kind": "legal", "office": "法制审核员", "passed": True, "basis": "符合规定"}
    assert reviewer.post(REVIEWS, json=given).status_code == 201
    assert reviewer.post(REVIEWS, json={**given, "kind": "technical"}).status_code == 409
    incident = f"/api/v1/incidents/{INCIDENT}"
    assert reviewer.get(incident).json()["standing"]["evidence"] is False
    technical = {**given, "kind": "technical", "office": "技术审核员"}
    assert chief.post(REVIEWS, json=technical).status_code == 201
    standing = reviewer.get(incident).json()["standing"]
    assert standing["evidence"] is True
    assert standing["why"]["zh"] == "已通过法制审核和技术审核"

    made.begin([INCIDENT], "monitor", "立案", None)
    made.finish()
    refused = [
        reviewer.post(ADDRESS, json={"reason": "立案"}),
        reviewer.get("/api/v1/casefiles/case-0/file"),
        reviewer.post(f"{incident}/actions", json={"action": "confirm"}),
        reviewer.post(f"{LIST}/case-0/clear", json={"reason": "清除"}),
        reviewer.post(
            "/api/v1/locks",
            json={"camera": "river", "first": "2026-11-22T08:00:00Z",
                  "last": "2026-11-22T08:10:00Z", "reason": "保全"},
        ),
        reviewer.get(
            f"/api/v1/evidence/ev-{INCIDENT}-clip/file",
            params={"download": True, "reason": "办案"},
        ),
    ]  # fmt: skip
    assert [one.status_code for one in refused] == [403] * len(refused)


def test_two_accounts_make_it_evidence(desk: Desk, made: FakeCaseFiles) -> None:
    create_user(desk.services.store, "admin", PASSWORD, Role.ADMIN, desk.clock)
    chief, admin = desk.sign_in("chief"), desk.sign_in("admin")
    given = {"kind": "legal", "office": "法制审核员", "passed": True, "basis": "符合规定"}
    assert chief.post(REVIEWS, json=given).status_code == 201
    technical = {**given, "kind": "technical", "office": "技术审核员"}
    assert chief.post(REVIEWS, json=technical).status_code == 409
    assert chief.get(ADDRESS).json()["evidence"] is False
    assert admin.post(REVIEWS, json=technical).status_code == 201
    found = chief.get(ADDRESS).json()
    assert (found["evidence"], [one["reviewer"] for one in found["reviews"]]) == (
        True, ["chief", "admin"],
    )  # fmt: skip
    assert [one.actor for one in desk.audit("evidence.review")] == ["chief", "admin"]
    desk.clock.step(-3600)
    assert chief.post(REVIEWS, json={**given, "passed": False}).status_code == 201
    assert chief.get(ADDRESS).json()["evidence"] is False


def test_without_a_maker(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    assert client.get(ADDRESS).json()["may_export"] is False
    assert client.post(ADDRESS, json={"reason": "立案"}).status_code == 503
