"""Rosters: shifts over midnight, rotating weeks, dated exceptions."""

from datetime import date
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from alerts.duty.plan import current, following, turns_of
from alerts.duty.tasks import falling_due
from core.clock import NS_PER_S
from core.config.duty import Duty
from tests.alerts.duty.desk_world import PLAN, ZONE, duty_site, local
from tests.alerts.world import text

DUTY = duty_site().duty


def test_a_shift_over_midnight_belongs_to_the_day_it_begins_on() -> None:
    night = current(DUTY, ZONE, local("2026-11-23 03:00"))
    assert night is not None
    assert (night.id, night.people) == ("2026-11-22.night", ("n1",))
    assert night.end_ns == local("2026-11-23 08:00")


@given(st.integers(local("2026-01-01 00:00") // NS_PER_S, local("2027-01-01 00:00") // NS_PER_S))
def test_shifts_without_gaps_leave_no_moment_to_nobody(second: int) -> None:
    turn = current(DUTY, ZONE, second * NS_PER_S)
    assert turn is not None
    assert turn.start_ns <= second * NS_PER_S < turn.end_ns
    after = following(DUTY, ZONE, second * NS_PER_S, turn)
    assert after is not None
    assert after.start_ns == turn.end_ns


def test_weeks_rotate_and_a_dated_exception_goes_first() -> None:
    duty = Duty.model_validate(
        {
            "shifts": PLAN["shifts"][:1],
            "roster": {
                "cycle_weeks": 2,
                "cycle_start": "2026-11-18",  # a Wednesday: its week is the first
                "week": [
                    {"shift": "day", "weeks": [1], "days": ["mon", "tue"], "people": ["a"]},
                    {"shift": "day", "weeks": [2], "people": ["b"]},
                ],
                "exceptions": [
                    {"date": "2026-11-17", "shift": "day", "people": ["c"], "chief": "x"},
                    {"date": "2026-11-24", "shift": "day"},
                ],
            },
        }
    )

    def people(day: str) -> list[tuple[str, ...]]:
        return [one.people for one in turns_of(duty, ZONE, date.fromisoformat(day))]

    assert people("2026-11-16") == [("a",)]
    assert people("2026-11-17") == [("c",)]
    assert people("2026-11-18") == [()]  # nobody is named, the shift is there
    assert people("2026-11-23") == [("b",)]
    assert people("2026-11-24") == []
    assert people("2026-11-30") == [("a",)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"roster": {"week": [{"shift": "dawn", "people": ["a"]}]}}, "no shift 'dawn'"),
        ({"shifts": [PLAN["shifts"][0]] * 2}, "'day' appears twice"),
        ({"roster": {"week": [{"shift": "day", "weeks": [2]}]}}, "week 2 is not in a cycle of 1"),
    ],
)
def test_what_is_wrong_in_a_roster_is_named(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Duty.model_validate({**PLAN, **wrong})


def test_the_day_the_clocks_change_every_question_comes_once() -> None:
    """Berlin, 25 October 2026: the hour from two to three comes twice, a day has 25 hours."""
    zone = ZoneInfo("Europe/Berlin")
    duty = Duty.model_validate(
        {"awake": {"hours": [{"start": "00:00", "end": "06:00"}], "every_s": 1800}}
    )
    first = turns_of(
        Duty.model_validate(
            {"shifts": [{"id": "x", "name": text("x"), "start": "00:00", "end": "00:00"}]}
        ),
        zone,
        date(2026, 10, 25),
    )[0]
    found = list(falling_due(duty, zone, first.start_ns - 1, first.end_ns - 1))
    assert len({one.id for one in found}) == len(found) == 14
    assert [b.due_ns - a.due_ns for a, b in pairwise(found)] == [1800 * NS_PER_S] * 13
