"""Whether an officer is on duty (在勤), and by what that is told.

Officers with a phone are on duty from 上勤 to 下勤 and at no other time: an order reaches them
through the phone alone. A phone is an account that is tied to the officer. All others are on duty
in the hours of ``officers.yaml`` and the turns of ``duty.yaml``, always when these give none,
unless their device says off.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Literal

from pydantic import Field

from core.cases import OfficerStatus
from core.clock import NS_PER_S
from core.config.duty import Shift
from core.config.people import Officer
from core.config.rotation import Rotation, Team, begun_by
from core.config.site import Site
from core.fieldwork import RUNNING_NS, FieldDuty
from core.store.unit import Unit
from core.value import Text, Value


class Presence(Value):
    """Of one officer at one moment."""

    on: bool
    by: Literal["phone", "roster"] = Field(description="What tells it.")
    since_ns: int | None = Field(
        default=None, description="By phone: it is so since then; None: never on duty yet."
    )
    due: bool = Field(description="The roster has the officer on duty now.")
    hours: Text = Field(description="What the roster says; blank: nothing.")


def phones(unit: Unit) -> frozenset[str]:
    """Officers who have one."""
    return frozenset(user.officer for user in unit.users.find() if user.officer is not None)


def presence(
    unit: Unit, site: Site, officer: Officer, now_ns: int, with_phone: Collection[str]
) -> Presence:
    """Whether an officer is on duty now.

    Args:
        with_phone: see :func:`phones`; asked for once when several officers are looked at.
    """
    local = datetime.fromtimestamp(now_ns / NS_PER_S, site.zone_info)
    due, hours = due_by(site, officer, local), hours_of(site, officer, local.date())
    if officer.id in with_phone:
        duty = duty_by_phone(unit, officer.id)
        if duty is None:
            return Presence(on=False, by="phone", due=due, hours=hours)
        since_ns = duty.start_ns if duty.on else duty.end_ns
        return Presence(on=duty.on, by="phone", since_ns=since_ns, due=due, hours=hours)
    position = unit.positions.get(officer.id)
    off = position is not None and position.status is OfficerStatus.OFF
    return Presence(on=due and not off, by="roster", due=due, hours=hours)


def duty_by_phone(unit: Unit, officer: str) -> FieldDuty | None:
    """The stretch of duty that runs, else the newest one; None: there never was any.

    Phones whose clock is wrong may begin a stretch before an older one began.
    """
    duties, mine = unit.field_duties, {"officer": officer}
    found = duties.spanning(since_ns=RUNNING_NS, limit=1, where=mine)
    found = found or duties.spanning(limit=1, where=mine)
    return found[0] if found else None


def due_by(site: Site, officer: Officer, local: datetime) -> bool:
    """True when the roster has the officer on duty at this local time."""
    turn = site.duty.team_of(officer.id)
    if not officer.shifts and not officer.hours and turn is None:
        return True
    if any(window.holds(local) for window in officer.hours):
        return True
    shifts = (site.duty.shift(name) for name in officer.shifts)
    if any(shift is not None and shift.covers(local.time()) for shift in shifts):
        return True
    return turn is not None and _has_the_turn(site, turn, local)


def _has_the_turn(site: Site, turn: tuple[Rotation, Team], local: datetime) -> bool:
    rotation, team = turn
    for day in (local.date(), local.date() - timedelta(days=1)):
        name = rotation.shift_on(team, day)
        shift = site.duty.shift(name) if name else None
        if shift is not None and begun_by(shift, local, day):
            return True
    return False


def hours_of(site: Site, officer: Officer, today: date) -> Text:
    """The officer's shifts and hours for people, today's of a rotation; blank without any."""
    found = [_named(shift) for name in officer.shifts if (shift := site.duty.shift(name))]
    found += [window.words for window in officer.hours]
    if (turn := site.duty.team_of(officer.id)) is not None:
        rotation, team = turn
        name = rotation.shift_on(team, today)
        shift = site.duty.shift(name) if name else None
        work = _named(shift) if shift else Text(zh="休息", en="off")
        found.append(
            Text(zh=f"{team.name.zh} 今日{work.zh}", en=f"{team.name.en}, today {work.en}")
        )
    return Text(zh="、".join(one.zh for one in found), en=", ".join(one.en for one in found))


def _named(shift: Shift) -> Text:
    span = f"{shift.start:%H:%M}-{shift.end:%H:%M}"
    return Text(zh=f"{shift.name.zh} {span}", en=f"{shift.name.en} {span}")
