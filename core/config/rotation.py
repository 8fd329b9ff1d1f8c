"""Teams of officers that take turns (轮班), e.g. four teams over three shifts (四班三运转)."""

from datetime import date, datetime, timedelta
from typing import Self

from pydantic import Field, model_validator

from core.config.base import Hours, Id, Section
from core.value import Text

REST = "rest"
"""A day of the cycle without a shift (not ``off``, which YAML reads as false)."""


class Team(Section):
    """Officers who work together."""

    name: Text = Field(title="名称", description="As people say it, e.g. 甲班.")
    begins: int = Field(
        default=1,
        ge=1,
        title="起始日",
        description="Day of the cycle it is in on `anchor`, from 1.",
    )
    officers: tuple[Id, ...] = Field(min_length=1, title="队员")


class Rotation(Section):
    """A cycle of days that the teams go through one after the other, for ever."""

    id: Id
    anchor: date = Field(title="基准日", description="On which each team is in its day `begins`.")
    cycle: tuple[Id, ...] = Field(
        min_length=1,
        max_length=366,
        title="周期",
        description="For each day a shift of `shifts`, or rest; a shift that passes midnight "
        "belongs to the day it begins on.",
    )
    teams: tuple[Team, ...] = Field(min_length=1, title="班组")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for team in self.teams:
            if team.begins > len(self.cycle):
                raise ValueError(
                    f"team {team.name.zh!r} begins on day {team.begins} "
                    f"of a cycle of {len(self.cycle)} days"
                )
        return self

    def shift_on(self, team: Team, day: date) -> Id | None:
        """The shift that a team begins on a day; None: it rests."""
        place = ((day - self.anchor).days + team.begins - 1) % len(self.cycle)
        return None if self.cycle[place] == REST else self.cycle[place]


def begun_by(span: Hours, local: datetime, day: date) -> bool:
    """True when a local time lies in the span that begins on that day.

    >>> night = Hours.model_validate({"start": "22:00", "end": "06:00"})
    >>> begun_by(night, datetime(2026, 11, 22, 3), date(2026, 11, 21))
    True
    """
    now = local.time()
    if local.date() == day:
        return now >= span.start and (span.end <= span.start or now < span.end)
    over_midnight = span.end <= span.start and now < span.end
    return over_midnight and local.date() == day + timedelta(days=1)
