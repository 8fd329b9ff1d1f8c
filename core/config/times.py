"""Times of the day, of the week and of the year, always in the site's local time."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, Field, StringConstraints

from core.config.base import Hours, Section
from core.value import Text

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAYS_ZH = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
_LEAP_YEAR = 2024


class Window(Hours):
    """A span of local time on some days of the week; one that passes midnight belongs to the
    day on which it begins."""

    days: tuple[Day, ...] = Field(
        default=(), title="星期", description="mon, tue … on which it begins; every day when empty."
    )

    def holds(self, local: datetime) -> bool:
        """True when this local time lies in the span.

        >>> fridays = Window(start=time(22), end=time(6), days=("fri",))
        >>> fridays.holds(datetime(2026, 11, 21, 2))  # a Saturday
        True
        """
        if not self.covers(local.time()):
            return False
        begun_today = self.start <= local.time() or self.start == self.end
        day = local if begun_today else local - timedelta(days=1)
        return not self.days or DAYS[day.weekday()] in self.days

    @property
    def words(self) -> Text:
        """The span for people, e.g. 06:00-08:30 (mon, sat)."""
        hours = f"{self.start:%H:%M}-{self.end:%H:%M}" if self.start != self.end else "0-24"
        if not self.days:
            return Text.same(hours)
        named = "、".join(_DAYS_ZH[DAYS.index(day)] for day in self.days)
        return Text(zh=f"{named} {hours}", en=f"{hours} ({', '.join(self.days)})")


def _in_calendar(month_day: str) -> str:
    try:
        date.fromisoformat(f"{_LEAP_YEAR}-{month_day}")
    except ValueError:
        raise ValueError(f"{month_day} is no day of the year") from None
    return month_day


MonthDay = Annotated[str, StringConstraints(pattern=r"^\d\d-\d\d$"), AfterValidator(_in_calendar)]
"""A day of every year, MM-DD."""


class ClosedPeriod(Section):
    """A part of the year, e.g. the fishing ban from 1 March to 30 June. May pass New Year."""

    first: MonthDay = Field(title="起", description="MM-DD, first day.")
    last: MonthDay = Field(title="止", description="MM-DD, last day.")
    hours: tuple[Window, ...] = Field(
        default=(),
        title="时段",
        description="Hours of the day in this period, in place of the schedule's own.",
    )
    name: Text | None = Field(
        default=None, title="名称", description="What it is called, e.g. 长江禁渔期."
    )

    def covers(self, day: datetime) -> bool:
        """True when the local date lies in the period, both ends included."""
        month_day = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last

    @property
    def words(self) -> Text:
        """Name and days of the period, for people."""
        days = f"{self.first}/{self.last}"
        if self.name is None:
            return Text(zh=f"禁期 {days}", en=f"closed {days}")
        return Text(zh=f"{self.name.zh} {days}", en=f"{self.name.en} {days}")


class InForce(NamedTuple):
    """By what a zone is watched at one moment; None for what was left empty: always."""

    period: ClosedPeriod | None
    hours: Window | None


class Schedule(Section):
    """When a zone is watched. Empty lists mean always."""

    hours: tuple[Window, ...] = Field(
        default=(), title="时段", description="Hours of the day, days of the week."
    )
    periods: tuple[ClosedPeriod, ...] = Field(
        default=(), title="禁期", description="Parts of the year; the first that fits counts."
    )

    def in_force(self, local: datetime) -> InForce | None:
        """By what the zone is watched at this local time; None when it is not."""
        for period in self.periods or (None,):
            if period is not None and not period.covers(local):
                continue
            hours = (period.hours if period else ()) or self.hours
            if not hours:
                return InForce(period, None)
            for window in hours:
                if window.holds(local):
                    return InForce(period, window)
        return None

    @property
    def words(self) -> Text:
        """All of it for people."""
        spans = [*(one.words for one in self.periods), *(one.words for one in self.hours)]
        spans += [one.words for period in self.periods for one in period.hours]
        return Text(zh="，".join(one.zh for one in spans), en=", ".join(one.en for one in spans))

    def active(self, local: datetime) -> bool:
        """True when the zone is watched at this local time."""
        return self.in_force(local) is not None


def meeting(one: Schedule, other: Schedule) -> datetime | None:
    """A local time at which both hold; None when there is none in any year.

    What a schedule holds begins on the first day of a period or the day after one, or on New
    Year's Day, and with a span or at midnight; so the first moment of what two share is made of
    a day and a time out of these, and only the day of the week is left to try.
    """
    periods = (*one.periods, *other.periods)
    days = {date(_LEAP_YEAR, 1, 1)}
    for period in periods:
        days.add(date.fromisoformat(f"{_LEAP_YEAR}-{period.first}"))
        days.add(date.fromisoformat(f"{_LEAP_YEAR}-{period.last}") + timedelta(days=1))
    spans = [*one.hours, *other.hours, *(span for period in periods for span in period.hours)]
    times = sorted({time(0), *(span.start for span in spans)})
    for day in sorted(days):
        for same in _on_every_weekday(day):
            for moment in times:
                local = datetime.combine(same, moment)
                if one.active(local) and other.active(local):
                    return local
    return None


def _on_every_weekday(day: date) -> list[date]:
    """The same day of seven years in which it falls on each day of the week."""
    found: dict[int, date] = {}
    for year in range(_LEAP_YEAR, _LEAP_YEAR + 28):  # the calendar comes round in 28 years
        if (day.month, day.day) != (2, 29) or year % 4 == 0:
            same = date(year, day.month, day.day)
            found.setdefault(same.weekday(), same)
    return list(found.values())
