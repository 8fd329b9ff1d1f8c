"""Hours, days of the week and parts of the year, and where the sun stands."""

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import parse_iso
from core.config.load import load
from core.config.times import ClosedPeriod, Schedule, Window
from core.config.zones import OccupationRule
from core.errors import ConfigError
from core.geometry import GeoPoint
from core.sun import is_dark, sun_height_deg
from tests.core.test_config import broken, write

SATURDAY = datetime(2026, 11, 21, tzinfo=UTC)
minutes = st.integers(0, 1439).map(lambda n: time(n // 60, n % 60))
moments = st.integers(0, 400 * 1440).map(lambda n: SATURDAY + timedelta(minutes=n))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@given(minutes, minutes, st.sets(st.sampled_from(DAYS), min_size=1), moments)
def test_a_window_belongs_to_the_day_on_which_it_begins(
    start: time, end: time, days: set[str], local: datetime
) -> None:
    window = Window.model_validate({"start": start, "end": end, "days": tuple(sorted(days))})
    begins = [datetime.combine(local.date() - timedelta(days=back), start, UTC) for back in (0, 1)]
    length = (datetime.combine(local.date(), end, UTC) - begins[0]) % timedelta(days=1)
    length = length or timedelta(days=1)
    held = any(
        begin <= local < begin + length and DAYS[begin.weekday()] in days
        for begin in (begins if start != end else [datetime.combine(local.date(), time(), UTC)])
    )
    assert window.holds(local) == held


def test_several_periods_with_hours_and_names() -> None:
    schedule = Schedule.model_validate(
        {
            "periods": [
                {
                    "first": "03-01",
                    "last": "06-30",
                    "name": {"zh": "禁渔期", "en": "closed season"},
                },
                {"first": "11-01", "last": "02-10", "hours": [{"start": "20:00", "end": "05:00"}]},
            ]
        }
    )
    spring = schedule.in_force(datetime(2026, 4, 1, 12, tzinfo=UTC))
    assert spring is not None
    assert spring.period is not None
    assert spring.period.words.zh == "禁渔期 03-01/06-30"
    assert spring.hours is None
    assert not schedule.active(datetime(2026, 8, 1, 12, tzinfo=UTC))
    assert not schedule.active(datetime(2026, 12, 1, 12, tzinfo=UTC))
    assert schedule.active(datetime(2026, 12, 1, 22, tzinfo=UTC))
    assert schedule.active(datetime(2027, 1, 1, 4, tzinfo=UTC))


def test_hours_of_the_schedule_hold_where_a_period_has_none() -> None:
    schedule = Schedule(
        hours=(Window(start=time(8), end=time(18), days=("sat", "sun")),),
        periods=(ClosedPeriod(first="11-01", last="11-30"),),
    )
    found = schedule.in_force(SATURDAY.replace(hour=9))
    assert found is not None
    assert found.hours is not None
    assert found.hours.words.zh == "周六、周日 08:00-18:00"
    assert not schedule.active(SATURDAY.replace(hour=19))
    assert not schedule.active(datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert Schedule().in_force(SATURDAY) == (None, None)


def test_the_first_limit_that_fits_goes_before_the_common_one() -> None:
    rule = OccupationRule.model_validate(
        {
            "limits": [
                {"start": "06:00", "end": "08:30", "limit_s": None},
                {"start": "08:00", "end": "12:00", "limit_s": 600, "days": ["sat"]},
            ]
        }
    )
    at = {hour: rule.window(SATURDAY.replace(hour=hour, minute=15)) for hour in (7, 8, 9, 13)}
    assert [window and window.limit_s for window in at.values()] == [None, None, 600, None]
    assert at[13] is None
    assert rule.window(datetime(2026, 11, 20, 9, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("change", "value", "complaint"),
    [
        (
            "rule",
            {"kind": "occupation", "limits": [{"start": "06:00", "end": "08:30"}]},
            r"limits → 0 → limit_s: Field required",
        ),
        (
            "rule",
            {"kind": "occupation", "limits": [{"start": "06:00", "end": "8h", "limit_s": 60}]},
            r"limits → 0 → end: ",
        ),
        (
            "rule",
            {"kind": "occupation",
             "limits": [{"start": "06:00", "end": "08:30", "limit_s": 60, "days": ["funday"]}]},
            r"limits → 0 → days → 0: Input should be 'mon', ",
        ),
        (
            "rule",
            {"kind": "occupation", "limits": [{"start": "06:00", "end": "09:00", "limit_s": -1}]},
            r"limits → 0 → limit_s: Input should be greater than 0",
        ),
        ("rule", {"kind": "dumping", "large_m2": 0}, r"rule → dumping → large_m2: Input should"),
        (
            "schedule",
            {"periods": [{"first": "02-30", "last": "06-30"}]},
            r"schedule → periods → 0 → first: 02-30 is no day of the year",
        ),
        ("schedule", {"periods": [{"first": "03-01", "last": "juin"}]}, r"periods → 0 → last: "),
    ],
)  # fmt: skip
def test_each_mistake_names_zone_and_field(
    tmp_path: Path, change: str, value: Any, complaint: str
) -> None:
    with pytest.raises(ConfigError, match=r"cameras\.yaml: river → zones → shore → ") as error:
        load(write(tmp_path, cameras=broken(f"zones.0.{change}", value)))
    assert len(str(error.value).splitlines()) == 1
    assert error.match(complaint)


def test_night_by_the_sun_needs_a_place(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match="river: zone 'shore': night_by_sun: the camera's `place`"
    ):
        load(write(tmp_path, cameras=broken("zones.0.rule.night_by_sun", True)))


@pytest.mark.parametrize(
    ("place", "at"),
    [  # sunrise and sunset of published tables, to the minute
        ((116.4, 39.9), "2024-12-21T07:33:00+08:00"),
        ((116.4, 39.9), "2024-12-21T16:53:00+08:00"),
        ((-0.13, 51.5), "2024-06-21T04:43:00+01:00"),
        ((-0.13, 51.5), "2024-06-21T21:21:00+01:00"),
    ],
)
def test_the_sun_rises_and_sets_by_the_tables(place: tuple[float, float], at: str) -> None:
    lon, lat = place
    height = sun_height_deg(parse_iso(at), GeoPoint(lon=lon, lat=lat))
    assert height == pytest.approx(-0.83, abs=0.15)  # its upper edge, with refraction


def test_it_is_dark_by_night() -> None:
    here = GeoPoint(lon=112.46, lat=30.42)
    dark = [is_dark(parse_iso(f"2026-11-22T{hour:02}:00:00+08:00"), here) for hour in range(24)]
    assert [hour for hour in range(24) if not dark[hour]] == list(range(7, 18))
