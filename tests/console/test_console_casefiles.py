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
        return [one for one, _ in self.asked if incident in one.incidents]

    def finish(self) -> None:
        export, password = self.asked[-1]
        facts = {"state": "done", "sha256": "ab" * 32, "bytes": len(CONTENT), "evidence": False}
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
