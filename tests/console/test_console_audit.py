"""The audit log by its addresses: who may look, what is found, and that looking is recorded."""

import csv
import io
import sqlite3

from console.accounts import create_user
from core.store.users import Role
from tests.console import fake_services
from tests.console.conftest import Desk

API = "/api/v1/audit"


def ready(desk: Desk) -> None:
    services = desk.services
    create_user(services.store, "jiandu", fake_services.PASSWORD, Role.SUPERVISOR, services.clock)
    with services.store.begin() as unit:
        for number in range(150):
            unit.audit.append("monitor", "evidence.view", f"inc-{number}", "", {"n": number})
        unit.audit.append("chief", "command.close", "inc-7", "=1+1", {})


def test_only_those_who_supervise_may_look(desk: Desk) -> None:
    ready(desk)
    for name, status in (("viewer", 403), ("monitor", 403), ("chief", 200), ("jiandu", 200)):
        assert desk.sign_in(name).get(API).status_code == status, name
    supervisor = desk.sign_in("jiandu")
    assert supervisor.get("/api/v1/supervision").status_code == 200
    assert supervisor.get("/api/v1/incidents").status_code == 200
    act = {"action": "confirm", "reason": ""}
    assert supervisor.post("/api/v1/incidents/inc-river-1/actions", json=act).status_code == 403


def test_entries_are_found_page_by_page_and_looking_is_one_of_them(desk: Desk) -> None:
    ready(desk)
    supervisor = desk.sign_in("jiandu")
    page = supervisor.get(API, params={"action": "evidence.view"}).json()
    assert len(page["items"]) == 100
    assert page["items"][0]["deed"] == {"zh": "查看证据", "en": "evidence viewed"}
    rest = supervisor.get(API, params={"action": "evidence.view", "before": page["next"]}).json()
    numbers = [one["detail"]["n"] for one in (*page["items"], *rest["items"])]
    assert numbers == list(range(149, -1, -1))
    assert rest["next"] is None
    about = supervisor.get(API, params={"object": "inc-7"}).json()["items"]
    assert [one["action"] for one in about] == ["command.close", "evidence.view"]
    closed = supervisor.get(API, params={"action": "command.", "actor": "chief"}).json()["items"]
    assert [one["object"] for one in closed] == ["inc-7"]
    none = supervisor.get(API, params={"first": "2020-01-01", "last": "2020-01-02"}).json()
    assert none["items"] == []
    looked = desk.audit("audit.view")
    assert {one.actor for one in looked} == {"jiandu"}
    assert looked[0].detail == {"what": "evidence.view"}
    assert (
        supervisor.get(API, params={"first": "2026-02-01", "last": "2020-01-02"}).status_code == 422
    )


def test_a_table_is_taken_out_for_a_reason(desk: Desk) -> None:
    ready(desk)
    supervisor = desk.sign_in("jiandu")
    address = f"{API}/entries.csv"
    assert supervisor.get(address, params={"actor": "chief"}).status_code == 422
    made = supervisor.get(address, params={"actor": "chief", "reason": "年度检查"})
    rows = list(csv.reader(io.StringIO(made.content.decode("utf-8-sig"))))
    assert [row[3:7] for row in rows[1:]] == [["command.close", "人工办结", "inc-7", "'=1+1"]]
    (taken,) = desk.audit("audit.export")
    assert (taken.actor, taken.reason, taken.detail) == ("jiandu", "年度检查", {"by": "chief"})


def test_the_chain_is_verified_and_a_change_is_named(desk: Desk) -> None:
    ready(desk)
    supervisor = desk.sign_in("jiandu")
    found = supervisor.post(f"{API}/verify").json()
    assert found["whole"]
    assert found["entries"] > 150
    assert len(found["head"]) == 64
    database = next(desk.services.vault_root.parent.rglob("*.db"))
    with sqlite3.connect(database) as connection:
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
        ).fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("UPDATE audit SET reason = 'something else' WHERE object = 'inc-7'")
    broken = supervisor.post(f"{API}/verify").json()
    assert not broken["whole"]
    assert "was changed after it was written" in broken["problem"]
