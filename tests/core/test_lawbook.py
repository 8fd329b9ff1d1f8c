"""Versions of the catalogue, their confirmation, and the list of powers."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from core.clock import ManualClock
from core.config.catalogue import Authority, Catalogue, CatalogueRow
from core.lawbook import (
    LawError,
    amend,
    clashes,
    confirm,
    disposal,
    empower,
    end_power,
    finding,
    on,
    seed,
    stored,
    versions,
)
from core.powers import RowVersion
from core.seeing import Kind
from core.store.database import Store, open_store
from core.store.users import Role, User

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)


def row(name: str, *when: str, begins: date = MAY, ends: date | None = None) -> CatalogueRow:
    plain: dict[str, Any] = {"zh": name, "en": name}
    return CatalogueRow.model_validate(
        {
            "id": name, "kind": "fishing", "act": plain, "basis": "第44条", "sanction": plain,
            "authority": "delegated", "department": plain, "severity": "minor", "when": when,
            "source": "V", "effective_from": begins, "effective_to": ends,
        }
    )  # fmt: skip


def version(
    name: str, number: int, valid: date, *when: str, ends: date | None = None
) -> RowVersion:
    content = row(name, *when, begins=date(2020, 1, 1), ends=ends)
    return RowVersion(
        row=name, version=number, kind=Kind.FISHING, valid_from=valid, made_ns=number,
        made_by="chief", reason="改", content=content,
    )  # fmt: skip


FILE = Catalogue(rows=(row("angling"), row("netting", "net")))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = open_store(f"sqlite:///{tmp_path / 'law.db'}", ManualClock())
    with made.begin() as unit:
        for name, role in (("fazhi", Role.REVIEWER), ("desk", Role.MONITOR)):
            unit.users.put(User(name=name, password_hash="-", role=role, created_ns=0))
    yield made
    made.close()


def test_the_file_is_stored_once_and_edits_outlive_it(store: Store) -> None:
    with store.begin() as unit:
        assert seed(unit, FILE, 1) == 2
        assert seed(unit, FILE, 2) == 0
        changed = row("angling").model_copy(update={"basis": "第44条、第78条"})
        amend(unit, FILE, changed, "fazhi", "补全条款", JULY, 3, seen=1)
        assert seed(unit, FILE, 4) == 0
        both = [one for one in stored(unit) if one.row == "angling"]
        assert [(one.version, one.made_by) for one in both] == [
            (1, "catalogue.yaml"),
            (2, "fazhi"),
        ]
        found = versions(unit, FILE)
        before = {one.row: one for one in on(found, JULY - timedelta(days=1))}
        after = {one.row: one for one in on(found, JULY)}
        assert before["angling"].content.basis == "第44条"
        assert after["angling"].content.basis == "第44条、第78条"
        (entry,) = [one for one in unit.audit.entries() if one.action == "catalogue.version"]
        assert (entry.actor, entry.object, entry.reason) == ("fazhi", "angling@2", "补全条款")


def test_edits_that_are_refused_change_nothing(store: Store) -> None:
    with store.begin() as unit:
        seed(unit, FILE, 1)
        with pytest.raises(LawError, match="version 1 was made meanwhile"):
            amend(unit, FILE, row("angling", "boat"), "fazhi", "改", JUNE, 2, seen=0)
        with pytest.raises(LawError, match="say why"):
            amend(unit, FILE, row("angling", "boat"), "fazhi", " ", JUNE, 2)
        with pytest.raises(LawError, match="nothing is changed"):
            amend(unit, FILE, row("angling"), "fazhi", "改", MAY, 2)
        with pytest.raises(LawError, match="rows angling and netting are both in force"):
            amend(unit, FILE, row("angling", "net"), "fazhi", "改", JUNE, 2)
        with pytest.raises(LawError, match="rows angling and other are both in force"):
            amend(unit, FILE, row("other"), "fazhi", "加", JUNE, 2)
        assert len(stored(unit)) == 2


def test_a_file_with_two_rows_for_the_same_cues_is_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="rows 'a' and 'b' are both in force from 2026-06-01"):
        Catalogue(rows=(row("a", "net"), row("b", "net", begins=JUNE)))
    Catalogue(rows=(row("a", "net", ends=JUNE - timedelta(days=1)), row("b", "net", begins=JUNE)))


days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), days, st.sampled_from([(), ("net",)]), st.none() | days),
        max_size=8,
    ),
    days,
)
def test_exactly_one_row_is_in_force_or_the_error_names_them(
    made: list[tuple[str, date, tuple[str, ...], date | None]], day: date
) -> None:
    numbers = dict.fromkeys("abc", 0)
    found = []
    for name, valid, when, ends in made:
        numbers[name] += 1
        found.append(version(name, numbers[name], valid, *when, ends=ends))
    alike: dict[frozenset[str], list[str]] = {}
    for one in on(found, day):
        later = [two for two in found if two.row == one.row and two.version > one.version]
        assert one.applies(day)
        assert all(two.valid_from > day for two in later)
        alike.setdefault(frozenset(one.content.when), []).append(one.row)
    told = clashes(found)
    for rows in alike.values():
        assert len(set(rows)) == len(rows)
        if len(rows) > 1:
            assert any(f"rows {' and '.join(sorted(rows))} are" in one for one in told)


def test_only_who_may_review_confirms_a_version(store: Store) -> None:
    with store.begin() as unit:
        seed(unit, FILE, 1)
        with pytest.raises(LawError, match="'desk' is no account that may confirm"):
            confirm(unit, "angling@1", "desk", "法制审核员", True, "官方公报", 2)
        with pytest.raises(LawError, match="no version 'angling@2'"):
            confirm(unit, "angling@2", "fazhi", "法制审核员", True, "官方公报", 2)
        confirm(unit, "angling@1", "fazhi", "法制审核员", True, "官方公报", 2)
        confirm(unit, "angling@1", "fazhi", "法制审核员", False, "施行日期有误", 2)
        newest = finding(unit, "angling@1")
        assert newest is not None
        assert (newest.confirmed, newest.basis) == (False, "施行日期有误")


def test_the_list_decides_between_acting_and_transferring(store: Store) -> None:
    with store.begin() as unit:
        seed(unit, FILE, 1)
        angling, netting = on(stored(unit), JULY)
        assert disposal(unit, angling, JULY).way == "unknown"
        with pytest.raises(LawError, match="say who delegates"):
            empower(unit, "angling", Authority.DELEGATED, "协议1号", JUNE, "fazhi", "委托", 2)
        held = empower(
            unit, "angling", Authority.DELEGATED, "协议1号", JUNE, "fazhi", "委托", 2,
            delegator="县农业农村局",
        )  # fmt: skip
        with pytest.raises(LawError, match=r"协议1号 .* holds on some of these days"):
            empower(unit, "angling", Authority.ASSIGNED, "清单2号", JULY, "fazhi", "赋权", 3)
        acting = disposal(unit, angling, JUNE)
        assert (acting.way, acting.power) == ("act", held)
        assert disposal(unit, angling, JUNE - timedelta(days=1)).way == "transfer"
        assert disposal(unit, netting, JULY).way == "transfer"
        assert disposal(unit, netting, JULY).department.zh == "netting"
        assert disposal(unit, None, JULY).way == "unknown"
        end_power(unit, held.id, JULY - timedelta(days=1), "fazhi", "协议终止")
        assert disposal(unit, angling, JULY).way == "transfer"
        assert disposal(unit, angling, JUNE).way == "act"
        empower(unit, "angling", Authority.ASSIGNED, "清单2号", JULY, "fazhi", "赋权", 3)
        assert disposal(unit, angling, JULY).way == "act"
