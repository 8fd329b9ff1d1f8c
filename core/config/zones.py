"""Zones: where in a camera's picture what is watched for, when, and what happens then."""

from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from core.config.base import Hours, Id, Section
from core.geometry import Polygon
from core.seeing import Kind
from core.value import Text


class ClosedPeriod(Section):
    """A part of the year, e.g. the fishing ban from 1 March to 30 June. May pass New Year."""

    first: str = Field(
        title="起",
        pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
        description="MM-DD, first day.",
    )
    last: str = Field(
        title="止",
        pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$",
        description="MM-DD, last day.",
    )

    def covers(self, day: datetime) -> bool:
        """True when the local date lies in the period, both ends included."""
        month_day = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= month_day <= self.last
        return month_day >= self.first or month_day <= self.last


class Schedule(Section):
    """When a zone is watched. Empty lists mean always."""

    hours: tuple[Hours, ...] = Field(default=(), title="时段", description="Hours of the day.")
    periods: tuple[ClosedPeriod, ...] = Field(
        default=(), title="禁期", description="Parts of the year."
    )

    def active(self, local: datetime) -> bool:
        """True when the zone is watched at this local time."""
        moment: time = local.time()
        return (not self.hours or any(h.covers(moment) for h in self.hours)) and (
            not self.periods or any(p.covers(local) for p in self.periods)
        )


class FishingRule(Section):
    """Someone stays at the water's edge with hardly any movement."""

    kind: Literal[Kind.FISHING] = Kind.FISHING
    dwell_s: float = Field(
        default=60, gt=0, title="停留", description="Seconds of staying before it is a sighting."
    )
    max_displacement: float = Field(
        default=0.06,
        gt=0,
        le=1,
        title="最大位移",
        description="How far the foot point may wander meanwhile, in frame widths.",
    )
    night: Hours = Field(
        default=Hours(start=time(19), end=time(6)),
        title="夜间",
        description="Hours that count as night fishing (raises severity).",
    )
    group: int = Field(
        default=3, ge=2, title="多人", description="So many together count as a group."
    )


class DumpingRule(Section):
    """Something that was not there stays after the one who brought it has left."""

    kind: Literal[Kind.DUMPING] = Kind.DUMPING
    settle_s: float = Field(
        default=20, gt=0, title="静置", description="Seconds the thing must lie still."
    )
    min_area: float = Field(
        default=0.0004,
        gt=0,
        le=1,
        title="最小面积",
        description="Smallest thing, share of the frame.",
    )
    large_area: float = Field(
        default=0.01, gt=0, le=1, title="大堆", description="From here on it is a large pile."
    )


class OccupationRule(Section):
    """A vehicle, stall or goods stay in a no-occupation zone beyond the limit."""

    kind: Literal[Kind.OCCUPATION] = Kind.OCCUPATION
    limit_s: float = Field(default=300, gt=0, title="时限", description="Seconds allowed.")
    min_area: float = Field(
        default=0.002,
        gt=0,
        le=1,
        title="最小面积",
        description="Smallest thing, share of the frame.",
    )


Rule = Annotated[FishingRule | DumpingRule | OccupationRule, Field(discriminator="kind")]


class Response(StrEnum):
    """What the program may do by itself when a sighting comes from this zone."""

    AUTOMATIC = "automatic"  # warn and dispatch by itself
    CONFIRM = "confirm"  # a person confirms first
    OFF = "off"  # keep the incident, do nothing


class Zone(Section):
    """One polygon in one camera's picture and the rule that holds there."""

    id: Id
    name: Text = Field(title="名称", description="Shown to people and spoken in warnings.")
    polygon: Polygon = Field(title="区域", description="Corners, normalised image coordinates.")
    rule: Rule = Field(title="规则", description="What is watched for.")
    schedule: Schedule = Field(default=Schedule(), title="时间", description="When it is watched.")
    response: Response = Field(
        default=Response.AUTOMATIC, title="处置方式", description="automatic, confirm or off."
    )
