"""Places and hours that come again: planted ones are found, noise is not taken for any."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S
from core.config.duty import Patrol
from core.config.site import Site
from core.geometry import GeoPoint
from core.patterns import (
    HOURS,
    Hotspot,
    Usual,
    hotspots,
    next_window,
    one_visit_each,
    usual_hours,
)
from core.seeing import Kind
from core.store.figures import ActRow
from tests.alerts.world import HERE, camera, make_site, zone

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 23, 12, tzinfo=SHANGHAI)  # a Monday
NOW_NS = round(NOW.timestamp()) * NS_PER_S
ALWAYS = np.ones(HOURS)
RULES = {"least_days": 4, "chance": 0.01}


def town(**schedule: object) -> Site:
    shore = {**zone("shore", Kind.FISHING), **({"schedule": schedule} if schedule else {})}
    drone = {**camera("drone", zone("below", Kind.FISHING)), "flight": {}}
    return make_site(cameras=[camera("river", shore), camera("quay", shore), drone])


def act(at: datetime, n: int, by: str = "river", **more: object) -> ActRow:
    at_ns = round(at.timestamp()) * NS_PER_S
    where = {"river": "shore", "quay": "shore", "drone": "below", "": ""}[by]
    row = ActRow(f"inc-{n:04d}", "fishing", by, where, at_ns, "closed", None, None, None)
    return row._replace(**more)


def saturdays(n: int, *, hour: float = 5.5) -> list[datetime]:
    """The last n Saturdays at an hour."""
    last = NOW.replace(hour=0) - timedelta(days=2)
    assert last.weekday() == 5
    return [last - timedelta(weeks=k) + timedelta(hours=hour + 0.3 * (k % 3)) for k in range(n)]


def east(metres: float) -> GeoPoint:
    return HERE.toward(GeoPoint(lon=HERE.lon + 1, lat=HERE.lat), metres)


def test_planted_saturdays_are_found() -> None:
    noise = [NOW - timedelta(days=11, hours=3), NOW - timedelta(days=27, hours=20)]
    acts = [act(at, n) for n, at in enumerate([*saturdays(6), *noise])]
    (spot,) = hotspots(town(), acts, NOW_NS)
    assert spot.usual is not None
    assert (spot.usual.days, spot.usual.start_h, spot.usual.hours) == ((5,), 5, 2)
    assert (spot.usual.visits, spot.usual.of) == (6, 8)
    assert spot.usual.chance < 1e-4
    assert spot.next_ns is not None
    begin = datetime.fromtimestamp(spot.next_ns[0] / NS_PER_S, SHANGHAI)
    assert begin == datetime(2026, 11, 28, 5, tzinfo=SHANGHAI)
    assert [one.started_ns for one in spot.acts] == sorted(
        (one.started_ns for one in acts), reverse=True
    )


def test_every_morning_is_every_day() -> None:
    acts = [act(NOW - timedelta(days=5 * k, hours=6 - 0.4 * (k % 4)), k) for k in range(9)]
    (spot,) = hotspots(town(), acts, NOW_NS)
    assert spot.usual is not None
    assert spot.usual.days == (0, 1, 2, 3, 4, 5, 6)
    assert spot.usual.start_h == 6


def test_random_times_are_said_to_be_usual_in_less_than_one_of_a_hundred() -> None:
    """A place with Poisson acts in eight weeks; seed fixed, so the share is a figure."""
    rng = np.random.default_rng(7)
    false = 0
    for _ in range(2000):
        number = rng.poisson(rng.uniform(4, 40))
        hours = np.sort(rng.uniform(0, 56 * 24, number))
        times = one_visit_each(round(hour * 3600) * NS_PER_S for hour in hours)
        visits = [NOW - timedelta(weeks=8) + timedelta(seconds=at // NS_PER_S) for at in times]
        false += usual_hours(visits, ALWAYS, **RULES) is not None
    assert false / 2000 <= 0.01


def test_hours_that_are_watched_are_not_usual_for_that() -> None:
    """A zone that is watched on Saturdays from five to seven sees nothing at other times."""
    window = {"start": "05:00", "end": "07:00", "days": ["sat"]}
    acts = [act(at, n) for n, at in enumerate(saturdays(8))]
    assert hotspots(town(), acts, NOW_NS)[0].usual is not None
    assert hotspots(town(hours=[window]), acts, NOW_NS)[0].usual is None


def test_one_morning_with_many_acts_is_one_visit() -> None:
    acts = [act(saturdays(1)[0] + timedelta(minutes=20 * n), n) for n in range(8)]
    (spot,) = hotspots(town(), acts, NOW_NS)
    assert spot.usual is None
    assert spot.hours.sum() == 1


def test_drones_and_tips_say_nothing_of_hours() -> None:
    acts = [
        act(at, n, by, place=east(5.0 * n), place_error_m=5.0)
        for n, (at, by) in enumerate((at, by) for by in ("drone", "") for at in saturdays(6))
    ]
    (spot,) = hotspots(town(), acts, NOW_NS)
    assert len(spot.acts) == 12
    assert spot.usual is None


def test_grounds_do_not_creep_along_the_bank() -> None:
    acts = [
        act(NOW - timedelta(days=40 - n), n, "drone", place=east(30.0 * n), place_error_m=5.0)
        for n in range(12)
    ]
    found = hotspots(town(), acts, NOW_NS)
    assert [len(one.acts) for one in found] == [2] * 6


def test_what_does_not_count() -> None:
    first, second, third = (act(at, n) for n, at in enumerate(saturdays(3)))
    badly = act(NOW, 7, "drone", place=HERE, place_error_m=400.0)
    left = [first, second._replace(state="dismissed"), third._replace(same_as="inc-0"), badly]
    assert hotspots(town(), left, NOW_NS) == []
    other = [first, second._replace(kind="dumping"), third._replace(camera="quay")]
    assert hotspots(town(), other, NOW_NS) == []


@given(st.permutations(range(10)))
def test_the_order_of_reading_changes_nothing(order: list[int]) -> None:
    acts = [
        act(NOW - timedelta(days=3 * n), n, "drone", place=east(22.0 * (n % 4)), place_error_m=3.0)
        for n in range(10)
    ]

    def names(found: list[Hotspot]) -> list[list[str]]:
        return [[one.id for one in spot.acts] for spot in found]

    site = town()
    assert names(hotspots(site, [acts[n] for n in order], NOW_NS)) == names(
        hotspots(site, acts, NOW_NS)
    )


@given(
    st.sets(st.integers(0, 6), min_size=1), st.integers(0, 23), st.integers(1, 4),
    st.integers(0, 14 * 24 * 60),
)  # fmt: skip
def test_the_next_window_lies_ahead_or_goes_on(
    days: set[int], start_h: int, hours: int, minutes: int
) -> None:
    usual = Usual(tuple(sorted(days)), start_h, hours, 4, 4, 0.001)
    now = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=minutes)
    begin, end = next_window(usual, now)
    assert end > now
    assert begin - now < timedelta(days=7)
    assert begin.weekday() in days
    assert (begin.hour, end - begin) == (start_h, timedelta(hours=hours))


@pytest.mark.parametrize(("days", "due"), [((), True), (("mon",), True), (("sat", "sun"), False)])
def test_patrols_may_have_days(days: tuple[str, ...], due: bool) -> None:
    row = {"id": "p", "name": {"zh": "-", "en": "-"}, "times": ["05:00"], "days": days}
    assert Patrol.model_validate(row).due_on(NOW.date()) is due
