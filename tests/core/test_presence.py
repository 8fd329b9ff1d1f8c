"""On duty by phone, else by the roster."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from core.config.load import load
from core.config.site import Site
from core.fieldwork import FieldDuty
from core.presence import due_by, hours_of, phones, presence
from core.store.database import open_store, sqlite_url
from core.store.users import Role, User

DEMO = load(Path(__file__).parents[2] / "configs" / "demo")
A = DEMO.officers[0]


def _site(**officer: object) -> Site:
    changed = {**A.model_dump(), **officer}
    return Site.model_validate({**DEMO.model_dump(), "officers": [changed]})


@given(st.integers(0, 525_600))
def test_shifts_and_hours_add_up(minute: int) -> None:
    local = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minute)
    site = _site(shifts=["night"], hours=[{"start": "22:00", "end": "02:00", "days": ["fri"]}])
    weekday = (local - timedelta(hours=4)).weekday()
    market = weekday == 4 and (local.time() >= time(22) or local.time() < time(2))
    assert due_by(site, site.officers[0], local) == (local.time() < time(8) or market)
    assert due_by(DEMO, A, local), "no hours: always"


def test_hours_in_words_and_shifts_that_there_are_none() -> None:
    site = _site(shifts=["day"], hours=[{"start": "18:00", "end": "20:00", "days": ["sat"]}])
    assert hours_of(site, site.officers[0]).zh == "早班 08:00-16:00、周六 18:00-20:00"
    assert hours_of(DEMO, A).blank
    with pytest.raises(ValueError, match="no shift 'dawn' in duty"):
        _site(shifts=["dawn"])


def test_an_account_is_a_phone_and_the_phone_alone_tells(tmp_path: Path) -> None:
    clock = ManualClock()
    store = open_store(sqlite_url(tmp_path / "w.db"), clock)
    site = _site(hours=[{"start": "00:00", "end": "00:00"}])
    account = User(name="a", password_hash="-", role=Role.OFFICER, created_ns=0, officer=A.id)
    with store.begin() as unit:
        now_ns = clock.utc_ns()
        told = presence(unit, site, A, now_ns, phones(unit))
        assert (told.on, told.by) == (True, "roster")
        unit.users.put(account)
        told = presence(unit, site, A, now_ns, phones(unit))
        assert (told.on, told.by, told.since_ns, told.due) == (False, "phone", None, True)
        duty = FieldDuty(id="d1", officer=A.id, user="a", start_ns=now_ns)
        unit.field_duties.put(duty)
        assert presence(unit, site, A, now_ns, phones(unit)).on
        end_ns = now_ns + 60 * NS_PER_S
        unit.field_duties.put(duty.model_copy(update={"end_ns": end_ns}))
        told = presence(unit, site, A, end_ns, phones(unit))
        assert (told.on, told.since_ns) == (False, end_ns)
    store.close()
