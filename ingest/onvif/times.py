"""Times as ONVIF writes them, and the camera's clock against ours."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from core.clock import NS_PER_S
from ingest.onvif.errors import AnswerError
from ingest.onvif.tree import Node, whole

_DURATION = re.compile(
    r"(-)?P(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?"
)
_MOMENT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True)
class ClockCheck:
    """A camera's clock against ours.

    Attributes:
        offset_s: camera minus us: positive when the camera is ahead.
        uncertainty_s: half the round trip, and half of the second that the camera cuts off.
        round_trip_s: of the question.
        camera_utc_ns: what the camera said.
        ntp: it sets its clock by NTP (else by hand).
        time_zone: POSIX string, may be empty.
    """

    offset_s: float
    uncertainty_s: float
    round_trip_s: float
    camera_utc_ns: int
    ntp: bool
    time_zone: str


def read_clock(answer: Node, asked_ns: int, round_trip_ns: int) -> ClockCheck:
    """GetSystemDateAndTime (ONVIF Core, section 8.3.5).

    The camera is taken to have read its clock half way through the round trip, and to have cut
    off the fraction of the second, half a second on the average.

    Args:
        asked_ns: our UTC when the question left.

    Raises:
        AnswerError: there is no UTC time in it.
    """
    told = answer.find("SystemDateAndTime")
    moment = None if told is None else told.find("UTCDateTime")
    if told is None or moment is None:
        raise AnswerError("the camera does not tell its time in UTC")
    fields = [("Date", "Year"), ("Date", "Month"), ("Date", "Day")]
    fields += [("Time", "Hour"), ("Time", "Minute"), ("Time", "Second")]
    values = [whole(moment.word(*path)) for path in fields]
    year, month, day, hour, minute, second = (-1 if value is None else value for value in values)
    try:  # a leap second (xs:int 60 or 61 by the schema) is the last one of its minute
        whole_second = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    except (ValueError, OverflowError):
        raise AnswerError("the camera's time is no time") from None
    camera_ns = int(whole_second.timestamp()) * NS_PER_S
    middle_ns = asked_ns + round_trip_ns // 2
    return ClockCheck(
        offset_s=(camera_ns + NS_PER_S // 2 - middle_ns) / NS_PER_S,
        uncertainty_s=0.5 + round_trip_ns / 2 / NS_PER_S,
        round_trip_s=round_trip_ns / NS_PER_S,
        camera_utc_ns=camera_ns,
        ntp=told.word("DateTimeType").upper() == "NTP",
        time_zone=told.word("TimeZone", "TZ")[:100],
    )


def read_moment(text: str) -> int | None:
    """xs:dateTime as UTC nanoseconds; without an offset it is taken as UTC. None for others.

    >>> read_moment("2018-02-27T18:28:52Z")
    1519756132000000000
    """
    found = _MOMENT.fullmatch(text.strip())
    if found is None:
        return None
    zone = found[8] or "Z"
    try:
        moment = datetime.fromisoformat(f"{text.strip()[:19]}{'+00:00' if zone == 'Z' else zone}")
        seconds = int(moment.timestamp())
    except (ValueError, OverflowError):
        return None
    return seconds * NS_PER_S + int((found[7] or "0")[:9].ljust(9, "0"))


def read_duration(text: str) -> float | None:
    """xs:duration without years and months, in seconds.

    >>> read_duration("PT1M30.5S")
    90.5
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or not any(found.groups()[1:]):
        return None
    sign, days, hours, minutes, seconds = found.groups()
    total = int(days or 0) * 86400 + int(hours or 0) * 3600 + int(minutes or 0) * 60
    return (total + float(seconds or 0)) * (-1 if sign else 1)


def write_duration(seconds: float) -> str:
    """
    >>> write_duration(2.5)
    'PT2.500S'
    """
    return f"PT{seconds:.3f}S" if seconds % 1 else f"PT{int(seconds)}S"
