"""Old recordings make room, oldest first; locked ones never do, and nobody is surprised."""

import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog

from core.clock import NS_PER_S, Clock
from recorder.clock_log import ClockLog
from recorder.locks import Lock
from recorder.shelf import ASIDE, Segment, aside, cameras, segments

GIB = 1 << 30
LONGEST_NS = 600 * NS_PER_S
DAY_NS = 86_400 * NS_PER_S

log = structlog.get_logger()


@dataclass(frozen=True)
class StorageAlarm:
    """Something about the disk that a person should know.

    ``disk_low``: little is left. ``kept_short``: files younger than the retention time had to
    go for want of room. ``disk_full``: only locked files are left, recording stops.
    ``ok``: the trouble is over.
    """

    kind: Literal["disk_low", "kept_short", "disk_full", "ok"]
    message: str
    free_bytes: int
    at_ns: int


@dataclass(frozen=True)
class Swept:
    """What a sweep did."""

    deleted: int
    freed_bytes: int
    kept_bytes: int
    free_bytes: int


@dataclass
class _Item:
    segment: Segment
    size: int
    end_ns: int
    locked: bool
    newest: bool


class Retention:
    """Deletes by age, by total size and by free space.

    By age, what ended more than ``days`` full days ago goes; today's files never go by age.
    After a leap of more than a day, be it of the clock or a standstill, age waits for a day: a
    clock that leapt ten years by mistake must not cost all recordings.
    Of each camera the newest file, which is being written, never goes.

    Attributes:
        blocked: nothing more may be recorded, locked files fill the disk.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        *,
        days: float,
        max_bytes: int,
        low_bytes: int = 5 * GIB,
        stop_bytes: int = GIB,
        locks: Callable[[], Iterable[Lock]] = tuple,
        on_alarm: Callable[[StorageAlarm], None] = lambda _: None,
        free_bytes: Callable[[Path], int] = lambda root: shutil.disk_usage(root).free,
    ) -> None:
        self._root, self._clock = root, clock
        self._days, self._max_bytes = days, max_bytes
        self._low_bytes, self._stop_bytes = low_bytes, stop_bytes
        self._locks, self._on_alarm, self._free = locks, on_alarm, free_bytes
        self._last_alarm: str = "ok"
        self.blocked = False

    def sweep(self) -> Swept:
        """Delete what must go; raises the alarm when room is short."""
        self._root.mkdir(parents=True, exist_ok=True)
        now_ns = self._clock.utc_ns()
        items = self._items()
        total = sum(item.size for item in items)
        deleted = freed = 0
        short: _Item | None = None
        horizon_ns = self._horizon_ns(now_ns) if _settled(items, now_ns) else 0
        for item in items:
            old = item.end_ns < horizon_ns
            wanting = total > self._max_bytes or self._free(self._root) < self._low_bytes
            if not old and not wanting:
                break
            if item.locked or item.newest:
                continue
            item.segment.path.unlink(missing_ok=True)
            total -= item.size
            freed += item.size
            deleted += 1
            if not old:
                short = item
        self._drop_empty_days()
        for camera in cameras(self._root) if horizon_ns else ():
            ClockLog(self._root, camera).trim(horizon_ns)
        if deleted:
            log.info("old recordings deleted", files=deleted, bytes=freed)
        free = self._free(self._root)
        oldest = next((item for item in items if item.segment.path.exists()), None)
        if short is None and self._last_alarm == "kept_short" and oldest and not oldest.newest:
            # Still short: the oldest file has not yet reached the age asked for.
            short = oldest if oldest.end_ns >= horizon_ns + NS_PER_S else None
        self._judge(total, free, short, now_ns)
        return Swept(deleted, freed, total, free)

    def _horizon_ns(self, now_ns: int) -> int:
        today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        return int((today - timedelta(days=self._days)).timestamp()) * NS_PER_S

    def _items(self) -> list[_Item]:
        """All files, oldest first. A file ends where the next begins, or ten minutes on."""
        locks = tuple(self._locks())
        items = []
        for camera in cameras(self._root):
            ranges = [(k.first_ns, k.last_ns) for k in locks if k.camera == camera]
            files = segments(self._root, camera)
            for number, segment in enumerate((*files, *aside(self._root, camera))):
                end_ns = segment.start_ns + LONGEST_NS
                if number + 1 < len(files):
                    end_ns = min(end_ns, max(files[number + 1].start_ns, segment.start_ns))
                try:
                    size = segment.path.stat().st_size
                except FileNotFoundError:
                    continue
                locked = any(a <= end_ns and b >= segment.start_ns for a, b in ranges)
                newest = number + 1 == len(files)
                items.append(_Item(segment, size, end_ns, locked, newest))
        items.sort(key=lambda item: item.segment)
        return items

    def _drop_empty_days(self) -> None:
        for camera in cameras(self._root):
            days = sorted(p for p in (self._root / camera).iterdir() if p.is_dir())
            past = [day for day in days if day.name != ASIDE][:-1]
            for day in (*past, self._root / camera / ASIDE):
                if day.is_dir() and not any(day.iterdir()):
                    day.rmdir()

    def _judge(self, total: int, free: int, short: _Item | None, now_ns: int) -> None:
        if free < self._stop_bytes:
            kind: Literal["disk_low", "kept_short", "disk_full", "ok"] = "disk_full"
            message = (
                f"recording stops: {_gib(free)} free under {self._root} and only locked files "
                "are left; release locks or add a disk"
            )
        elif free < self._low_bytes:
            kind = "disk_low"
            message = f"{_gib(free)} free under {self._root}; release locks or add a disk"
        elif short is not None:
            kind = "kept_short"
            age_days = (now_ns - short.segment.start_ns) / (86_400 * NS_PER_S)
            message = (
                f"recordings only {age_days:.1f} days old were deleted for want of room; "
                f"{self._days:g} days were asked for, add a disk or raise max_gb"
            )
        else:
            kind, message = "ok", f"{_gib(free)} free, {_gib(total)} recorded"
        self.blocked = kind == "disk_full"
        if kind != self._last_alarm:
            self._last_alarm = kind
            self._on_alarm(StorageAlarm(kind, message, free, now_ns))


def _settled(items: list[_Item], now_ns: int) -> bool:
    """There are recordings, without a hole of a day, from at least a day ago until now."""
    began_ns = now_ns
    for item in reversed(items):
        if item.segment.start_ns > now_ns:
            continue
        if item.end_ns < began_ns - DAY_NS:
            break
        began_ns = item.segment.start_ns
        if began_ns < now_ns - DAY_NS:
            return True
    return False


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"
