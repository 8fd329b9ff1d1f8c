"""The roster as turns: which shift of which day, from when to when, and who."""

from datetime import date, datetime, timedelta, tzinfo

from core.clock import NS_PER_S
from core.config.duty import Crew, Duty, Shift
from core.duty import PlannedTurn

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BACK, _AHEAD = 2, 8
"""So many days around now are looked at: a night shift began yesterday, a free week may follow."""


def utc_ns(local: datetime) -> int:
    """A local time with its zone, as UTC nanoseconds."""
    return round(local.timestamp()) * NS_PER_S


def local_time(at_ns: int, zone: tzinfo) -> datetime:
    """UTC nanoseconds as local time, to the second."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, zone)


def crew_of(duty: Duty, shift: Shift, day: date) -> Crew | None:
    """Who works a shift that begins on ``day``; None when it falls out.

    A dated exception goes before the weekly pattern; a shift that no row names has no crew yet.
    """
    for one in duty.roster.exceptions:
        if (one.date, one.shift) == (day, shift.id):
            return one if one.people else None
    for row in duty.roster.week:
        if row.shift != shift.id or (row.days and _DAYS[day.weekday()] not in row.days):
            continue
        if row.weeks and _week(duty, day) not in row.weeks:
            continue
        return row
    return Crew()


def _week(duty: Duty, day: date) -> int:
    """The week of the cycle, from 1; weeks begin on Monday."""
    start = duty.roster.cycle_start
    monday = start - timedelta(days=start.weekday())
    return (day - monday).days // 7 % duty.roster.cycle_weeks + 1


def turns_of(duty: Duty, zone: tzinfo, day: date) -> list[PlannedTurn]:
    """The turns that begin on a day, in order."""
    made = []
    for shift in duty.shifts:
        crew = crew_of(duty, shift, day)
        if crew is None:
            continue
        start = datetime.combine(day, shift.start, zone)
        last = day if shift.end > shift.start else day + timedelta(days=1)
        made.append(
            PlannedTurn(
                id=f"{day.isoformat()}.{shift.id}",
                shift=shift.id,
                name=shift.name,
                start_ns=utc_ns(start),
                end_ns=utc_ns(datetime.combine(last, shift.end, zone)),
                people=crew.people,
                chief=crew.chief,
            )
        )
    return sorted(made, key=lambda one: (one.start_ns, one.id))


def turns_around(duty: Duty, zone: tzinfo, now_ns: int) -> list[PlannedTurn]:
    """Turns from two days ago until a week ahead, in order."""
    today = local_time(now_ns, zone).date()
    days = (today + timedelta(days=n) for n in range(-_BACK, _AHEAD + 1))
    found = [turn for day in days for turn in turns_of(duty, zone, day)]
    return sorted(found, key=lambda one: (one.start_ns, one.id))


def current(duty: Duty, zone: tzinfo, now_ns: int) -> PlannedTurn | None:
    """The turn whose hours these are; where two overlap, the one that began later."""
    holding = [one for one in turns_around(duty, zone, now_ns) if one.start_ns <= now_ns]
    return next((one for one in reversed(holding) if now_ns < one.end_ns), None)


def following(
    duty: Duty, zone: tzinfo, now_ns: int, leaving: PlannedTurn | None
) -> PlannedTurn | None:
    """Who comes after the turn that is leaving: whose hours these are, or the next to come."""
    for one in turns_around(duty, zone, now_ns):
        if one.end_ns <= now_ns:
            continue
        if leaving is None or (one.start_ns, one.id) > (leaving.start_ns, leaving.id):
            if one.start_ns <= now_ns:
                newest = current(duty, zone, now_ns)
                return newest if newest is not None else one
            return one
    return None
