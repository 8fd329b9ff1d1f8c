"""Small pieces that several configuration sections share."""

from datetime import time
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


class Section(BaseModel):
    """A section of the configuration: frozen, unknown keys refused, defaults checked."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


Id = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,62}$"),
    Field(description="Lower-case letters, digits, - and _; used in paths and addresses."),
]


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no IANA time zone, write e.g. Asia/Shanghai") from None
    return name


TimeZone = Annotated[str, AfterValidator(_known_timezone)]
"""The IANA name of a time zone."""


class Hours(Section):
    """A span of local time within a day; it may pass midnight."""

    start: time = Field(title="开始", description="First minute, local time, e.g. 22:00.")
    end: time = Field(title="结束", description="First minute after the span, e.g. 06:00.")

    def covers(self, moment: time) -> bool:
        """True when the local time of day lies in the span.

        >>> Hours(start=time(22), end=time(6)).covers(time(23, 30))
        True
        """
        if self.start == self.end:
            return True
        if self.start < self.end:
            return self.start <= moment < self.end
        return moment >= self.start or moment < self.end
