"""The disks that recordings are on: how they are, what was deleted from them and why."""

from collections.abc import Sequence
from typing import Literal, Protocol

from pydantic import Field

from core.value import Value

AlarmKind = Literal[
    "short_ahead",
    "kept_short",
    "disk_low",
    "disk_full",
    "volume_lost",
    "volume_slow",
    "no_volume",
    "unsigned",
]
"""``short_ahead``: at the present rate the room will not do for the retention time.
``kept_short``: files younger than the retention time had to go for want of room.
``disk_low``: little is left. ``disk_full``: only locked files are left, recording stops.
``volume_lost``: a volume cannot be written to. ``volume_slow``: it does not keep up.
``no_volume``: no volume can be written to, recording stops.
``unsigned``: deletions wait to be signed."""

STOPPED: tuple[AlarmKind, ...] = ("disk_full", "no_volume")
"""Nothing is recorded while one of these holds."""

VolumeCondition = Literal["ok", "short", "low", "full", "slow", "lost"]


class VolumeState(Value):
    """One volume. None stands for what is not known."""

    volume: str = Field(description="Its label; where it is mounted is nobody's business.")
    condition: VolumeCondition
    since_ns: int
    size_bytes: int = 0
    free_bytes: int = 0
    recorded_bytes: int = 0
    locked_bytes: int = Field(default=0, description="Of the recordings, those that are locked.")
    most_bytes: int | None = Field(default=None, description="More may not be recorded on it.")
    oldest_ns: int | None = Field(default=None, description="When its oldest recording begins.")
    days: float | None = Field(
        default=None, description="Days of recordings there is room for at the last day's rate."
    )
    detail: str = Field(default="", description="What is wrong with it, for technicians.")


class StorageTrouble(Value):
    """Something about the disks that a person should know, as long as it lasts."""

    kind: AlarmKind
    since_ns: int
    volume: str = Field(default="", description="Label; empty: all of them.")
    detail: str = ""


class StorageState(Value):
    """All volumes of one recorder. Told on every change, and again and again."""

    at_ns: int
    volumes: tuple[VolumeState, ...]
    troubles: tuple[StorageTrouble, ...] = ()
    days_wanted: float = Field(description="Days that recordings are to be kept.")
    days: float | None = Field(
        default=None, description="Days there is room for on all volumes, at the last day's rate."
    )


class Removed(Value):
    """One record of deletions."""

    seq: int
    at_ns: int
    act: str = Field(description="deleted, or kept: not deleted after all.")
    by: str
    reason: str
    rule: str
    unit: str = ""
    signed: bool
    things: int
    size_bytes: int
    cameras: tuple[str, ...] = ()
    first_ns: int | None = None
    last_ns: int | None = None
    example: str = Field(default="", description="Path of the first thing.")


class DeletionBooks(Protocol):
    """What was deleted lately."""

    def newest(self, limit: int) -> Sequence[Removed]:
        """The newest records, newest first.

        Raises:
            core.errors.WardwatchError: they cannot be read.
        """
