"""What a person should know about the disks."""

from dataclasses import dataclass
from typing import Literal

AlarmKind = Literal[
    "ok",
    "short_ahead",
    "kept_short",
    "disk_low",
    "disk_full",
    "volume_lost",
    "volume_back",
    "no_volume",
]


@dataclass(frozen=True)
class StorageAlarm:
    """Something about the disks that a person should know.

    ``short_ahead``: at the present rate the room will not do for the retention time.
    ``kept_short``: files younger than the retention time had to go for want of room.
    ``disk_low``: little is left. ``disk_full``: only locked files are left, recording stops.
    ``volume_lost``: a volume cannot be written to; ``volume_back``: it can be again.
    ``no_volume``: no volume can be written to, recording stops.
    ``ok``: the trouble of one of the first four kinds is over.
    """

    kind: AlarmKind
    message: str
    free_bytes: int
    at_ns: int
    volume: str = ""
