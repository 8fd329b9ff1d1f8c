"""The catalogue over HTTP: who may edit, confirm, choose and hand over."""

from datetime import date
from typing import Any

from console.accounts import create_user
from core.cases import EvidenceItem
from core.lawbook import seed
from core.messages import EVIDENCE_SEALED, Action, Command
from core.powers import PaperKind
from core.store.users import Role
from core.value import Value
from recorder.vault import Vault
from tests.console import fake_services
from tests.console.conftest import Desk
from wardwatch.field import Intake

API = "/api/v1/catalogue"
INCIDENT = "/api/v1/incidents/inc-river-1"


class OnePaper:
    """Sets a paper that says what was asked for."""

    def paper(self, incident: str, kind: PaperKind, by: str) -> bytes:
        return f"%PDF {incident} {kind.value} {by}".encode()

    def assessment(self, sheet: object) -> bytes:
        return b"%PDF sheet"


def ready(desk: Desk) -> None:
    clock = desk.services.clock
    desk.services.papers = OnePaper()
    create_user(desk.services.store, "fazhi", fake_services.PASSWORD, Role.REVIEWER, clock)
    with desk.services.store.begin() as unit:
        seed(unit, desk.services.site.catalogue, clock.utc_ns())


def row_of(book: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [one for one in book["rows"] if one["row"] == name]
    return dict(found)


def test_a_row_is_edited_confirmed_and_listed(desk: Desk) -> None:
    ready(desk)
    legal, looker = desk.sign_in("fazhi"), desk.sign_in("viewer")
    row = row_of(looker.get(API).json(), "fishing-78-3")
    assert row["disposal"]["way"] == "unknown"
    assert row["versions"][0]["finding"] is None
    change = {
        "content": {**row["versions"][0]["content"], "basis": "渔业法第四十四条"},
        "reason": "改正条款",
        "valid_from": "2026-05-01",
        "seen": 1,
    }
    assert looker.post(f"{API}/rows/fishing-78-3", json=change).status_code == 403
    made = legal.post(f"{API}/rows/fishing-78-3", json=change)
    assert made.status_code == 201, made.text
    assert made.json()["id"] == "fishing-78-3@2"
    again = legal.post(f"{API}/rows/fishing-78-3", json=change)
    assert again.status_code == 409
    assert "version 2 was made meanwhile" in again.json()["detail"]
    anew = legal.post(f"{API}/rows/fishing-78-3", json={**change, "seen": None})
    assert "one of that id already" in anew.json()["detail"]
    said = legal.post(
        f"{API}/versions/fishing-78-3@2/confirmations",
        json={"office": "法制审核员", "confirmed": True, "basis": "国务院公报"},
    )
    assert said.status_code == 201, said.text
    power = legal.post(
        f"{API}/rows/fishing-78-3/powers",
        json={
            "authority": "assigned",
            "document": "赋权清单第7号",
            "valid_from": "2026-01-01",
            "reason": "省政府公布",
        },
    )
    assert power.status_code == 201, power.text
    book = looker.get(API, params={"day": "2026-11-22"}).json()
    row = row_of(book, "fishing-78-3")
    assert [one["version"] for one in row["versions"]] == [2, 1]
    assert [one["judging"] for one in row["versions"]] == [True, False]
    assert row["versions"][0]["finding"]["by"] == "fazhi"
    assert row["disposal"]["way"] == "act"
    assert row_of(book, "dumping-1169-3")["disposal"]["way"] == "transfer"
    assert book["clashes"] == []
    ended = legal.post(
        f"{API}/powers/{power.json()['id']}/end", json={"last": "2026-06-30", "reason": "调整"}
    )
    assert ended.status_code == 200, ended.text
    assert row_of(looker.get(API).json(), "fishing-78-3")["disposal"]["way"] == "transfer"


def test_the_incident_shows_what_judged_it_and_where_it_goes(desk: Desk) -> None:
    ready(desk)
    legal, monitor = desk.sign_in("fazhi"), desk.sign_in("monitor")
    with desk.services.store.begin() as unit:
        found = unit.incidents.get("inc-river-1")
        assert found is not None
        first = desk.services.site.catalogue.rows[0]
        other = first.model_copy(
            update={"id": "waters-86", "when": ("key_waters",), "effective_from": date(2021, 3, 1)}
        )
        seed(unit, type(desk.services.site.catalogue)(rows=(other,)), 1)
        unit.incidents.put(found.model_copy(update={"catalogue_version": 1}))
    seen = monitor.get(f"{INCIDENT}/basis").json()
    assert seen["judged"]["id"] == "fishing-78-3@1"
    assert [one["row"] for one in seen["others"]] == ["waters-86"]
    assert (seen["may_choose"], seen["may_transfer"]) == (False, True)
    choice = {"row": "waters-86", "reason": "属长江流域重点水域"}
    assert monitor.post(f"{INCIDENT}/basis", json=choice).status_code == 403
    sent: list[Command] = []

    def send(stream: str, message: Value) -> None:
        assert isinstance(message, Command)
        sent.append(message)

    desk.services.send = send
    assert legal.post(f"{INCIDENT}/basis", json=choice).status_code == 202
    assert (sent[0].action, sent[0].row, sent[0].user) == (Action.CHOOSE, "waters-86", "fazhi")
    handed = {"to": "县农业农村局", "reason": "不在清单"}
    assert legal.post(f"{INCIDENT}/transfer", json=handed).status_code == 403
    assert monitor.post(f"{INCIDENT}/transfer", json=handed).status_code == 202
    assert (sent[1].to, sent[1].documents) == ("县农业农村局", ("inc-river-1-transfer",))
    paper = monitor.get(f"{INCIDENT}/papers/transfer")
    assert paper.content == b"%PDF inc-river-1 transfer monitor"
    assert len(desk.audit("paper.made")) == 1
    assert len(desk.audit("command.choose")) == 1


def test_a_paper_is_kept_once_with_the_evidence(desk: Desk) -> None:
    ready(desk)
    monitor, looker = desk.sign_in("monitor"), desk.sign_in("viewer")
    address = f"{INCIDENT}/papers/correction"
    desk.services.intake = None
    assert monitor.post(address).status_code == 503
    told: list[tuple[str, Value]] = []
    vault = Vault(desk.services.vault_root, desk.services.clock)
    desk.services.intake = Intake(vault, lambda stream, item: told.append((stream, item)))
    assert looker.post(address).status_code == 403
    kept = monitor.post(address)
    assert kept.status_code == 201, kept.text
    assert monitor.post(address).json() == kept.json()
    stream, item = told[0]
    assert isinstance(item, EvidenceItem)
    assert (stream, item.role, item.mime) == (EVIDENCE_SEALED, "paper", "application/pdf")
    assert item.incident == "inc-river-1"
    assert {one.id for _, one in told if isinstance(one, EvidenceItem)} == {kept.json()["evidence"]}
    assert (desk.services.vault_root / item.path).read_bytes().startswith(b"%PDF inc-river-1")
    assert len(desk.audit("paper.kept")) == 1
    assert monitor.post(f"{INCIDENT}-none/papers/correction").status_code == 404
