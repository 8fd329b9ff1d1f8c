"""Evidence that lies on storage elsewhere, at the console."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.cases import EvidenceItem
from core.errors import WardwatchError
from core.remote import RemoteState
from tests.console.conftest import Desk

API = "/api/v1"
FILE = f"{API}/evidence/ev-inc-river-1-clip/file"


class Storage:
    """Holds all that lay in a vault folder, which is moved away."""

    def __init__(self, vault: Path) -> None:
        self.vault, self.folder = vault, vault.with_name("elsewhere")
        vault.rename(self.folder)
        vault.mkdir()
        self.away = False
        self.asked: list[tuple[int, int]] = []

    def state(self) -> RemoteState:
        return RemoteState(
            where="s3://evidence at https://storage.example",
            state="stuck",
            waiting=2,
            waiting_bytes=30,
            oldest_ns=1_790_000_000_000_000_000,
            failures=3,
            error="the keys are refused",
        )

    def holds(self, item: EvidenceItem) -> bool:
        return (self.folder / item.path).is_file()

    def read(self, item: EvidenceItem, first: int, last: int) -> Iterator[bytes]:
        if self.away:
            raise WardwatchError("the storage is away")
        self.asked.append((first, last))
        content = (self.folder / item.path).read_bytes()[first : last + 1]
        return iter([content[:7], content[7:]])

    def at_hand(self, item: EvidenceItem) -> Path:
        if self.away:
            raise WardwatchError("the storage is away")
        target = self.vault / item.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.folder / item.path, target)
        return target


@pytest.fixture
def storage(desk: Desk) -> Storage:
    made = Storage(desk.services.vault_root)
    desk.services.remote = made
    return made


def clip(desk: Desk, storage: Storage) -> bytes:
    with desk.services.store.read() as unit:
        item = unit.evidence.get("ev-inc-river-1-clip")
    assert item is not None
    return (storage.folder / item.path).read_bytes()


def test_a_clip_plays_from_elsewhere(desk: Desk, storage: Storage) -> None:
    browser = desk.sign_in("viewer")
    content = clip(desk, storage)
    size = len(content)
    whole = browser.get(FILE)
    assert (whole.status_code, whole.content) == (200, content)
    assert whole.headers["accept-ranges"] == "bytes"
    for asked, first, last in (
        ("bytes=0-", 0, size - 1),
        ("bytes=10-19", 10, 19),
        (f"bytes=10-{size + 5}", 10, size - 1),
        ("bytes=-8", size - 8, size - 1),
    ):
        part = browser.get(FILE, headers={"range": asked})
        assert (part.status_code, part.content) == (206, content[first : last + 1])
        assert part.headers["content-range"] == f"bytes {first}-{last}/{size}"
        assert int(part.headers["content-length"]) == last - first + 1
    assert browser.get(FILE, headers={"range": f"bytes={size}-"}).status_code == 416
    assert browser.get(FILE, headers={"range": "bytes=5-2"}).status_code == 416
    for odd in ("bytes=1-2,5-6", "lines=1-2", "bytes=-", "bytes=a-b"):
        assert browser.get(FILE, headers={"range": odd}).content == content
    changed = {"range": "bytes=0-4", "if-range": '"another"'}
    assert browser.get(FILE, headers=changed).content == content
    same = {"range": "bytes=0-4", "if-range": whole.headers["etag"]}
    assert browser.get(FILE, headers=same).content == content[:5]
    asked_before = len(storage.asked)
    head = browser.head(FILE)
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))
    assert len(storage.asked) == asked_before
    assert len(desk.audit("evidence.view")) == 1


def test_taking_out_fetches_the_whole_file(desk: Desk, storage: Storage) -> None:
    browser = desk.sign_in("monitor")
    taken = browser.get(FILE, params={"download": True, "reason": "办案"})
    assert (taken.status_code, taken.content) == (200, clip(desk, storage))
    assert storage.asked == [], "not a part of it unseen"
    assert "attachment" in taken.headers["content-disposition"]


def test_a_storage_that_is_away_is_told(desk: Desk, storage: Storage) -> None:
    storage.away = True
    for one in ({}, {"download": True, "reason": "办案"}):
        answer = desk.sign_in("monitor").get(FILE, params=one)
        assert answer.status_code == 503
        assert answer.json()["type"] == "urn:wardwatch:problem:elsewhere"
    assert desk.audit("evidence.export") == []
    storage.away = False
    shutil.rmtree(storage.folder)
    assert desk.sign_in("monitor").get(FILE).status_code == 410


def test_how_far_storing_has_come(desk: Desk) -> None:
    browser = desk.sign_in("viewer")
    assert browser.get(f"{API}/evidence/elsewhere").json() is None
    assert "elsewhere" not in desk.new_client().get("/metrics").text
    desk.services.remote = Storage(desk.services.vault_root)
    found = browser.get(f"{API}/evidence/elsewhere").json()
    assert (found["state"], found["waiting"]) == ("stuck", 2)
    assert found["oldest"] == "2026-09-21T14:13:20.000Z"
    page = desk.new_client().get("/metrics").text
    assert 'wardwatch_evidence_elsewhere_state{state="stuck"} 1.0' in page
    assert "wardwatch_evidence_elsewhere_waiting_bytes 30.0" in page
    assert "wardwatch_evidence_elsewhere_failures_total 3.0" in page
    assert desk.new_client().get(f"{API}/evidence/elsewhere").status_code == 401
