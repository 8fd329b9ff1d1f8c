"""What the figures of supervision (执法监督) are measured against."""

from datetime import time
from typing import Self

from pydantic import Field, model_validator

from core.config.base import Hours, Section
from core.value import Text


class Limits(Section):
    """Limits of time, seconds."""

    complied_s: float = Field(
        default=120, gt=0, title="喊话见效", description="From the first warning to leaving."
    )
    acknowledge_s: float = Field(
        default=60, gt=0, title="签收", description="From dispatch to acknowledgement."
    )
    arrive_s: float = Field(
        default=900, gt=0, title="到场", description="From dispatch to the scene."
    )
    handle_s: float = Field(
        default=3600, gt=0, title="处置", description="From the scene to the result."
    )
    close_s: float = Field(
        default=86400, gt=0, title="办结", description="From detection to the end."
    )


class Shift(Section):
    """A shift that figures are grouped by."""

    name: Text
    hours: Hours


DAY_AND_NIGHT = (
    Shift(name=Text(zh="白班", en="Day"), hours=Hours(start=time(8), end=time(20))),
    Shift(name=Text(zh="夜班", en="Night"), hours=Hours(start=time(20), end=time(8))),
)


class Supervision(Section):
    """Limits and shifts."""

    limits: Limits = Limits()
    shifts: tuple[Shift, ...] = Field(
        default=(),
        title="班次",
        description="The first that covers the beginning of the act counts. When empty: those of "
        "duty.yaml, and day and night where that has none either.",
    )

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [shift.name.zh for shift in self.shifts]
        if len(set(names)) < len(names):
            raise ValueError("supervision.shifts: two shifts have one name")
        return self
