"""The version that judged an incident stays, and a reviewer chooses between statutes."""

from datetime import date
from pathlib import Path

from alerts.words import reason_needed
from core.cases import Severity
from core.clock import ManualClock
from core.lawbook import amend, ruling, seed
from core.messages import Action, Command
from core.store.database import open_store
from core.store.users import Role, User
from tests.alerts.world import START_NS, World, make_site, sqlite


def world(tmp_path: Path) -> World:
    clock = ManualClock(START_NS)
    store = open_store(sqlite(tmp_path), clock)
    made = World(store, clock, make_site())
    with store.begin() as unit:
        seed(unit, made.site.catalogue, START_NS)
    return made


def test_an_incident_keeps_the_version_that_judged_it(tmp_path: Path) -> None:
    town = world(tmp_path)
    town.see("s1")
    assert (town.incident.catalogue_row, town.incident.catalogue_version) == ("fishing", 1)
    first = town.site.catalogue.rows[0]
    changed = first.model_copy(update={"severity": Severity.SERIOUS})
    with town.store.begin() as unit:
        amend(unit, town.site.catalogue, changed, "chief", "加重", date(2026, 1, 1), START_NS)
    town.pass_s(1)
    town.see("s1")
    assert town.incident.catalogue_version == 1
    assert town.incident.severity is Severity.MINOR
    with town.store.read() as unit:
        law = ruling(unit, town.site.catalogue, town.incident)
    assert law is not None
    assert (law.version, law.content.severity) == (1, Severity.MINOR)
    town.see("s2", camera="asked")
    newest = next(one for one in town.incidents if one.camera == "asked")
    assert (newest.catalogue_version, newest.severity) == (2, Severity.SERIOUS)


def test_a_reviewer_chooses_the_row_and_the_program_keeps_it(tmp_path: Path) -> None:
    town = world(tmp_path)
    town.see("s1", camera="asked")
    refused = choose(town, "netting", "重点水域")
    assert refused is not None
    assert "审核人员" in refused
    with town.store.begin() as unit:
        unit.users.put(User(name="zhou", password_hash="-", role=Role.REVIEWER, created_ns=0))
    assert choose(town, "netting", "") == reason_needed().zh
    assert "dumping" in (choose(town, "dumping", "改") or "")
    assert choose(town, "netting", "属长江重点水域") is None
    chosen = town.incident
    assert (chosen.catalogue_row, chosen.catalogue_version) == ("netting", 1)
    assert chosen.severity is Severity.SERIOUS
    assert chosen.basis is not None
    assert (chosen.basis.by, chosen.basis.reason) == ("zhou", "属长江重点水域")
    assert chosen.basis.instead_of == "fishing@1"
    assert town.said("incident.basis") == 1
    town.pass_s(1)
    town.see("s1", camera="asked", cues=["night"])
    assert town.incident.catalogue_row == "netting"


def choose(town: World, row: str, reason: str) -> str | None:
    town.numbers += 1
    refusal = town.desk.on_command(
        Command(
            id=f"cmd-{town.numbers}", incident=town.incident.id, action=Action.CHOOSE,
            user="zhou", at_ns=town.clock.utc_ns(), reason=reason, row=row,
        )
    )  # fmt: skip
    return None if refusal is None else refusal.text.zh
