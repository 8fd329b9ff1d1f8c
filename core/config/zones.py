"""Zones: where in a camera's picture what is watched for, when, and what happens then."""

import hashlib
from datetime import datetime, time
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from core.config.base import Hours, Id, Section
from core.config.times import Schedule, Window
from core.config.warnings import said_once
from core.geometry import Polygon
from core.seeing import Kind
from core.value import Language, Text


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
    night_by_sun: bool = Field(
        default=False,
        title="按日落判夜",
        description="Night is when it is dark at the camera's place, whatever the hour: from the "
        "end of the evening's civil twilight to the beginning of the morning's.",
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
        default=0.01,
        gt=0,
        le=1,
        title="大堆",
        description="From here on it is a large pile, share of the frame; only where the camera "
        "has no `ground`.",
    )
    large_m2: float = Field(
        default=2.5,
        gt=0,
        title="大堆（平方米）",
        description="The same in square metres of ground, where the camera has `ground`; a cargo "
        "tricycle tips about so much.",
    )


class TimedLimit(Window):
    """Another limit for some hours, e.g. goods may stand on the market street until 08:30."""

    limit_s: Annotated[float, Field(gt=0)] | None = Field(
        title="时限", description="Seconds allowed in these hours; null: as long as they last."
    )


class OccupationRule(Section):
    """A vehicle, stall or goods stay in a no-occupation zone beyond the limit."""

    kind: Literal[Kind.OCCUPATION] = Kind.OCCUPATION
    limit_s: float = Field(default=300, gt=0, title="时限", description="Seconds allowed.")
    limits: tuple[TimedLimit, ...] = Field(
        default=(),
        title="分时时限",
        description="Hours with a limit of their own; the first that fits goes before `limit_s`.",
    )
    min_area: float = Field(
        default=0.002,
        gt=0,
        le=1,
        title="最小面积",
        description="Smallest thing, share of the frame.",
    )

    def window(self, local: datetime) -> TimedLimit | None:
        """The hours whose limit holds at this local time; None where `limit_s` does."""
        return next((one for one in self.limits if one.holds(local)), None)


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
    languages: tuple[Language, ...] = Field(
        default=(),
        max_length=2,
        title="喊话语言",
        description="Of warnings here, one after the other; as everywhere when empty.",
    )

    @field_validator("languages")
    @classmethod
    def _languages_differ(cls, languages: tuple[Language, ...]) -> tuple[Language, ...]:
        return said_once(languages)

    @property
    def version(self) -> str:
        """Hash of all that judges: tells which rule, limits and polygon were in force."""
        judging = self.model_dump_json(exclude={"languages"})
        return hashlib.sha256(judging.encode()).hexdigest()
