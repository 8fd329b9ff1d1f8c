"""On duty by phone, else by the roster."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from core.config.base import Hours
from core.config.load import load
from core.config.rotation import begun_by
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
    words = hours_of(site, site.officers[0], date(2026, 11, 22))
    assert words.zh == "早班 08:00-16:00、周六 18:00-20:00"
    assert hours_of(DEMO, A, date(2026, 11, 22)).blank
    with pytest.raises(ValueError, match="no shift 'dawn' in duty"):
        _site(shifts=["dawn"])


# Four teams, three shifts: two days each, then two of rest. The teams stand two days apart.
CYCLE = ["day", "day", "evening", "evening", "night", "night", "rest", "rest"]
ANCHOR = date(2026, 11, 2)


def _turns(cycle: list[str] = CYCLE, **changed: object) -> Site:
    officers = [{**A.model_dump(), "id": f"o{n}", "shifts": [], "hours": []} for n in range(4)]
    teams = [
        {"name": {"zh": f"{n}班", "en": f"Team {n}"}, "begins": 1 + 2 * n, "officers": [f"o{n}"]}
        for n in range(4)
    ]
    turns = {"id": "four", "anchor": ANCHOR, "cycle": cycle, "teams": teams, **changed}
    given = DEMO.model_dump()
    given["duty"]["rotations"] = [turns]
    return Site.model_validate({**given, "officers": officers})


TURNS = _turns()


@given(st.integers(-600_000, 600_000))
def test_of_four_teams_exactly_the_one_of_the_shift_is_due(minute: int) -> None:
    local = datetime(2026, 11, 2, tzinfo=UTC) + timedelta(minutes=minute)
    due = [one.id for one in TURNS.officers if due_by(TURNS, one, local)]
    shift = next(one for one in TURNS.duty.shifts if one.covers(local.time()))
    passes = shift.end <= shift.start and local.time() < shift.end
    begun = local.date() - timedelta(days=1) if passes else local.date()
    first_day = (begun - ANCHOR).days % 8
    assert due == [f"o{n}" for n in range(4) if CYCLE[(first_day + 2 * n) % 8] == shift.id]
    assert len(due) == 1


@given(st.integers(-60, 60), st.integers(-2000, 2000))
def test_the_anchor_may_be_moved_by_whole_cycles(cycles: int, day: int) -> None:
    (rotation,) = TURNS.duty.rotations
    moved = _turns(anchor=ANCHOR + timedelta(days=8 * cycles)).duty.rotations[0]
    there = ANCHOR + timedelta(days=day)
    for team in rotation.teams:
        assert rotation.shift_on(team, there) == moved.shift_on(team, there)


@given(st.times(), st.times(), st.integers(0, 2 * 1440))
def test_a_shift_belongs_to_the_day_on_which_it_begins(start: time, end: time, minute: int) -> None:
    day = date(2026, 11, 21)
    begins = datetime.combine(day, start)
    ends = datetime.combine(day if start < end else day + timedelta(days=1), end)
    local = datetime.combine(day, time()) + timedelta(minutes=minute)
    assert begun_by(Hours(start=start, end=end), local, day) == (begins <= local < ends)


def test_turns_in_words_and_mistakes_in_them() -> None:
    first = TURNS.officers[0]
    assert hours_of(TURNS, first, ANCHOR).zh == "0班 今日早班 08:00-16:00"
    assert hours_of(TURNS, first, ANCHOR + timedelta(days=7)).en == "Team 0, today off"
    with pytest.raises(ValueError, match="rotation 'four': there is no shift 'dawn'"):
        _turns(["dawn", "rest"], teams=TURNS.duty.rotations[0].model_dump()["teams"][:1])
    with pytest.raises(ValueError, match="team '3班' begins on day 7 of a cycle of 6 days"):
        _turns(CYCLE[:6])
    team = {"name": {"zh": "甲班", "en": "A"}, "officers": ["o1", "o9"]}
    with pytest.raises(ValueError, match="rotation 'four': no officer 'o9' in officers"):
        _turns(teams=[team])
    with pytest.raises(ValueError, match="rotation 'four': 'o1' is in two teams"):
        _turns(teams=[{**team, "officers": ["o1"]}] * 2)


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
