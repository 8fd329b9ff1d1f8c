"""Shifts, who works them, and what the desk is reminded of (``duty.yaml``)."""

from datetime import date, time
from typing import Self

from pydantic import Field, model_validator

from core.config.base import Hours, Id, Section
from core.config.rotation import REST, Rotation, Team
from core.config.times import DAYS, Day
from core.value import NO_WORDS, Text


class Shift(Hours):
    """A shift (班次) of every day; it may pass midnight and belongs to the day it begins on."""

    id: Id
    name: Text = Field(title="名称", description="As people say it.")


class Crew(Section):
    """Who is on duty: accounts of the console."""

    people: tuple[str, ...] = Field(
        default=(), title="坐席员", description="Accounts that work the shift."
    )
    chief: str | None = Field(
        default=None, title="值班长", description="Account that is told first when something fails."
    )


class Pattern(Crew):
    """A row of the weekly roster. The first row that fits a shift is taken."""

    shift: Id
    days: tuple[Day, ...] = Field(
        default=(), title="星期", description="On which the shift begins; every day when empty."
    )
    weeks: tuple[int, ...] = Field(
        default=(), title="周次", description="Weeks of the cycle, from 1; every week when empty."
    )


class DatedException(Crew):
    """Another crew for one shift of one day; with no people in it the shift falls out."""

    date: date
    shift: Id


class Roster(Section):
    """Who works when (排班)."""

    cycle_weeks: int = Field(
        default=1, ge=1, le=52, title="轮换周数", description="After so many weeks it begins anew."
    )
    cycle_start: date = Field(
        default=date(2024, 1, 1), title="起始周", description="Any day of the first week."
    )
    week: tuple[Pattern, ...] = Field(default=(), title="周排班")
    exceptions: tuple[DatedException, ...] = Field(default=(), title="例外")

    @model_validator(mode="after")
    def _weeks_exist(self) -> Self:
        for row in self.week:
            for week in row.weeks:
                if not 1 <= week <= self.cycle_weeks:
                    raise ValueError(f"week {week} is not in a cycle of {self.cycle_weeks}")
        return self


class Patrol(Section):
    """A key place to be looked at at key hours (巡查)."""

    id: Id
    name: Text = Field(title="名称", description="What is to be looked at.")
    cameras: tuple[str, ...] = Field(default=(), title="摄像头", description="That show it.")
    times: tuple[time, ...] = Field(min_length=1, title="时刻", description="Local times of day.")
    days: tuple[Day, ...] = Field(
        default=(), title="星期", description="On which it is made; every day when empty."
    )
    within_s: float = Field(
        default=900, gt=0, title="时限", description="Seconds until it is overdue."
    )
    ask: Text = Field(default=NO_WORDS, title="要求", description="What to look for.")

    def due_on(self, day: date) -> bool:
        """True when it is made on this day."""
        return not self.days or DAYS[day.weekday()] in self.days


class Awake(Section):
    """Asks at night whether somebody watches (在岗确认)."""

    hours: tuple[Hours, ...] = Field(
        default=(), title="时段", description="Local hours in which it asks; never when empty."
    )
    every_s: int = Field(
        default=1800, ge=60, le=86_400, title="间隔", description="Seconds between two questions."
    )
    answer_s: float = Field(
        default=180, gt=0, le=3600, title="应答", description="Seconds to answer."
    )


class Duty(Section):
    """The duty desk (值班台). Without shifts there is none."""

    shifts: tuple[Shift, ...] = Field(default=(), title="班次")
    roster: Roster = Roster()
    rotations: tuple[Rotation, ...] = Field(
        default=(), title="轮班", description="Teams of officers that take turns."
    )
    late_s: float = Field(
        default=600, ge=0, title="迟到", description="Seconds after which a sign-on is late."
    )
    escalate_s: float = Field(
        default=300,
        gt=0,
        title="升级",
        description="Seconds after the duty chief was told until those above are told.",
    )
    settle_s: float = Field(
        default=30,
        ge=0,
        title="稳定",
        description="Seconds that a camera's new state must last to be written down.",
    )
    patrols: tuple[Patrol, ...] = Field(default=(), title="巡查")
    awake: Awake = Awake()

    @model_validator(mode="after")
    def _ids_differ(self) -> Self:
        for what, ids in (
            ("shift", [one.id for one in self.shifts]),
            ("patrol", [one.id for one in self.patrols]),
            ("rotation", [one.id for one in self.rotations]),
        ):
            for one in ids:
                if ids.count(one) > 1:
                    raise ValueError(f"{what} id {one!r} appears twice")
        return self

    @model_validator(mode="after")
    def _shifts_exist(self) -> Self:
        known = {one.id for one in self.shifts}
        named = [one.shift for one in self.roster.week]
        named += [one.shift for one in self.roster.exceptions]
        for shift in named:
            if shift not in known:
                raise ValueError(f"roster: there is no shift {shift!r}")
        return self

    @model_validator(mode="after")
    def _turns_are_clear(self) -> Self:
        known = {one.id for one in self.shifts}
        if REST in known and self.rotations:
            raise ValueError(f"shift {REST!r}: in a rotation that is a day of rest")
        placed: set[str] = set()
        for rotation in self.rotations:
            for shift in rotation.cycle:
                if shift not in known | {REST}:
                    raise ValueError(f"rotation {rotation.id!r}: there is no shift {shift!r}")
            for officer in (name for team in rotation.teams for name in team.officers):
                if officer in placed:
                    raise ValueError(f"rotation {rotation.id!r}: {officer!r} is in two teams")
                placed.add(officer)
        return self

    def team_of(self, officer_id: str) -> tuple[Rotation, Team] | None:
        """The rotation and the team that an officer belongs to, or None."""
        for rotation in self.rotations:
            for team in rotation.teams:
                if officer_id in team.officers:
                    return rotation, team
        return None

    def shift(self, shift_id: str) -> Shift | None:
        """The shift of that id, or None."""
        return next((one for one in self.shifts if one.id == shift_id), None)
