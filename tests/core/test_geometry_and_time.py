"""Properties of boxes, places, schedules and times."""

from datetime import UTC, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import iso, parse_iso
from core.config.base import Hours
from core.config.times import ClosedPeriod
from core.geometry import Box, GeoPoint, bounding_box

unit = st.floats(0, 1)
boxes = st.builds(Box, unit, unit, st.floats(0.001, 1), st.floats(0.001, 1))
places = st.builds(
    lambda lon, lat: GeoPoint(lon=lon, lat=lat), st.floats(-179, 179), st.floats(-80, 80)
)
times = st.times()


@given(boxes, boxes)
def test_iou_is_symmetric_and_bounded(a: Box, b: Box) -> None:
    assert a.iou(b) == pytest.approx(b.iou(a))
    assert -1e-9 <= a.iou(b) <= 1 + 1e-9
    assert a.iou(a) == pytest.approx(1)


@given(st.lists(boxes, min_size=1, max_size=5))
def test_bounding_box_holds_all(some: list[Box]) -> None:
    outer = bounding_box(some)
    for box in some:
        assert outer.x <= box.x
        assert outer.y <= box.y
        assert outer.x + outer.w >= box.x + box.w - 1e-9
        assert outer.y + outer.h >= box.y + box.h - 1e-9


@given(places, places, st.floats(0, 1e6))
def test_walking_toward_a_place_gets_nearer(start: GeoPoint, goal: GeoPoint, step: float) -> None:
    after = start.toward(goal, step)
    assert after.distance_m(goal) == pytest.approx(
        max(0.0, start.distance_m(goal) - step), abs=0.01
    )


@given(st.integers(0, 4_000_000_000_000))
def test_iso_round_trip(ms: int) -> None:
    assert parse_iso(iso(ms * 1_000_000)) == ms * 1_000_000


def test_a_time_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        parse_iso("2026-01-01T00:00:00")


@given(times, times, times)
def test_hours_and_their_complement_share_no_moment(start: time, end: time, now: time) -> None:
    if start != end:
        assert Hours(start=start, end=end).covers(now) != Hours(start=end, end=start).covers(now)


def test_a_closed_period_may_pass_new_year() -> None:
    winter = ClosedPeriod(first="11-15", last="02-10")
    assert winter.covers(datetime(2026, 12, 31, tzinfo=UTC))
    assert winter.covers(datetime(2026, 2, 10, tzinfo=UTC))
    assert not winter.covers(datetime(2026, 2, 11, tzinfo=UTC))
