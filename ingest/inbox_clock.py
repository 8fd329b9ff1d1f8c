"""When a film from a card began: what its own clocks say, and how far they are believed."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from core.clock import NS_PER_S, iso

Source = Literal["klv", "subtitles", "container", "file name", "file time"]
Confidence = Literal["high", "medium", "low"]

RANKED: tuple[tuple[Source, Confidence], ...] = (
    ("klv", "high"),  # GNSS time, picture by picture
    ("subtitles", "high"),  # the drone's GNSS time, its zone is configured
    ("container", "medium"),  # a device clock; UTC by the standard, local time in many devices
    ("file name", "medium"),  # a device clock
    ("file time", "low"),  # when the device closed the file, if the copy kept it
)
AGREE_S = 60
EARLIEST_NS = 946_684_800 * NS_PER_S  # 2000-01-01
AHEAD_S = 86_400
HALF_HOUR_S = 1800

_NAME = re.compile(
    r"(?<!\d)(20\d\d)[-_.]?(\d\d)[-_.]?(\d\d)[-_.T ]*(\d\d)[-_.:]?(\d\d)[-_.:]?(\d\d)(?!\d)"
)


@dataclass(frozen=True)
class Reading:
    """What one clock says: UTC of the first picture."""

    source: Source
    start_ns: int


@dataclass(frozen=True)
class Start:
    """When the film began, and why that is thought."""

    start_ns: int
    source: Source
    confidence: Confidence
    notes: tuple[str, ...]


def from_name(name: str, zone: tzinfo) -> Reading | None:
    """A time in a file name such as ``DJI_20260501093000_0001_V.MP4``, in local time."""
    for match in _NAME.finditer(name):
        try:
            year, month, day, hour, minute, second = (int(part) for part in match.groups())
            local = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        except ValueError:
            continue
        return Reading("file name", int(local.timestamp()) * NS_PER_S)
    return None


def from_local(source: Source, local: datetime, zone: tzinfo) -> Reading:
    """A time of day without a zone, put into one."""
    whole = local.replace(tzinfo=zone)
    return Reading(source, int(whole.timestamp()) * NS_PER_S + whole.microsecond * 1000)


def chosen(readings: Sequence[Reading], now_ns: int) -> Start | None:
    """The best of the readings.

    Times before 2000 and more than a day ahead are clocks that were never set. When another
    clock of the film contradicts the best one, it is believed a degree less and that is said.
    """
    notes: list[str] = []
    usable: dict[Source, int] = {}
    for reading in readings:
        if EARLIEST_NS < reading.start_ns < now_ns + AHEAD_S * NS_PER_S:
            usable.setdefault(reading.source, reading.start_ns)
        else:
            notes.append(f"the clock of the {reading.source} was never set or runs ahead")
    for source, confidence in RANKED:
        if source not in usable:
            continue
        start_ns = usable[source]
        for other, other_ns in usable.items():
            apart_s = abs(other_ns - start_ns) / NS_PER_S
            if other in (source, "file time") or apart_s <= AGREE_S:
                continue
            zones = apart_s % HALF_HOUR_S
            hint = (
                "; that is a whole number of half hours, so check the time zone"
                if min(zones, HALF_HOUR_S - zones) <= AGREE_S and apart_s < 15 * 3600
                else ""
            )
            notes.append(f"{source} says {iso(start_ns)}, {other} says {iso(other_ns)}{hint}")
            confidence = "medium" if confidence == "high" else "low"
        return Start(start_ns, source, confidence, tuple(notes))
    return None
