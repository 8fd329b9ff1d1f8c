"""Old recordings make room, oldest first; locked ones never do, and nobody is surprised."""

import contextlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import structlog

from core.clock import NS_PER_S, Clock
from recorder.activity import trim
from recorder.alarm import AlarmKind, StorageAlarm
from recorder.clock_log import ClockLog
from recorder.deletions import Deletion, DeletionLog, Why
from recorder.inventory import Inventory
from recorder.keeping import Keeping
from recorder.locks import Lock
from recorder.shelf import ASIDE, cameras, homes
from recorder.stock import Item, Key, Stock, has_no_hole
from recorder.volumes import Volumes

GIB = 1 << 30
DAY_NS = 86_400 * NS_PER_S
RATE_LEAST_NS = 3600 * NS_PER_S
"""What was recorded in less time says nothing about a day."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Swept:
    """What a sweep did."""

    deleted: int
    freed_bytes: int
    kept_bytes: int
    free_bytes: int


class Retention:
    """Deletes by age, by size and by free space: the oldest first, never what is locked.

    By age, what ended more than its days ago goes, counted in full days; today's files never go
    by age. After a leap of more than a day, be it of the clock or a standstill, age waits for a
    day: a clock that leapt ten years by mistake must not cost all recordings.
    Of each camera the newest file, which is being written, never goes.

    Args:
        volumes: where recordings are; None: under ``root``. Their ``full`` and ``short`` are set.
        low_bytes: less free than this on a volume is an alarm, and the oldest there goes.
        stop_bytes: less than this, and nothing is recorded to it.
        on_delete: told of each file before it goes. When it fails, what is only old stays until
            it works again; what must go for want of room goes.

    Attributes:
        keeping: the rules; may be replaced while it works.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        keeping: Keeping,
        *,
        volumes: Volumes | None = None,
        low_bytes: int = 5 * GIB,
        stop_bytes: int = GIB,
        locks: Callable[[], Iterable[Lock]] = tuple,
        on_alarm: Callable[[StorageAlarm], None] = lambda _: None,
        on_delete: Callable[[Deletion], None] | None = None,
        free_bytes: Callable[[Path], int] = lambda root: shutil.disk_usage(root).free,
    ) -> None:
        self._root, self._clock, self.keeping = root, clock, keeping
        self._volumes = volumes or Volumes(root, clock)
        self._low_bytes, self._stop_bytes = low_bytes, stop_bytes
        self._locks, self._on_alarm, self._free = locks, on_alarm, free_bytes
        self._on_delete = on_delete or DeletionLog(root).note
        self._inventory = Inventory(root)
        self._last_alarm: AlarmKind = "ok"

    @property
    def blocked(self) -> bool:
        """Nothing more may be recorded: locked files fill every volume."""
        there = [volume for volume in self._volumes.all if not volume.trouble]
        return bool(there) and all(volume.full for volume in there)

    def sweep(self) -> Swept:
        """Delete what must go; raises the alarm when room is short."""
        now_ns = self._clock.utc_ns()
        stock = self._stock()
        used, most = stock.used(), stock.most()
        total = stock.octets
        free = {v.path: self._free(v.path) for v in self._volumes.all if not v.trouble}
        settled = has_no_hole(stock, now_ns, DAY_NS)
        deleted = freed = 0
        short: Item | None = None
        oldest: Item | None = None
        shortened: set[Path] = set()
        horizon_ns = self._latest_horizon_ns(now_ns)
        for item in stock.items():
            young = not settled or item.segment.start_ns >= horizon_ns
            if oldest is not None and young and not self._pressed(used, most, free):
                break  # nothing that is younger must go either
            old = settled and item.end_ns < self._horizon_ns(item.segment.camera, now_ns)
            why = "age" if old else self._wanting(item, used, free)
            movable = not item.locked and not item.newest and not item.volume.trouble
            if why is None or not movable or not self._delete(item, why, old, now_ns):
                oldest = oldest or item
                continue
            for key in item.limits:
                used[key] -= item.size
            free[item.volume.path] = self._free(item.volume.path)
            total -= item.size
            freed += item.size
            deleted += 1
            if not old:
                short = item
                shortened.add(item.volume.path)
        self._drop_empty_days()
        if not any(volume.trouble for volume in self._volumes.all):
            for camera in cameras(self._root):
                trim(self._root, camera)
        if settled:
            for camera in cameras(self._root):
                ClockLog(self._root, camera).trim(self._horizon_ns(camera, now_ns))
        if deleted:
            log.info("old recordings deleted", files=deleted, bytes=freed)
        if short is None and self._last_alarm == "kept_short" and oldest and not oldest.newest:
            # Still short: the oldest file has not yet reached the age asked for.
            horizon_ns = self._horizon_ns(oldest.segment.camera, now_ns) if settled else 0
            short = oldest if oldest.end_ns >= horizon_ns + NS_PER_S else None
        for volume in self._volumes.all:
            if volume.path in free:
                volume.full = free[volume.path] < self._stop_bytes
                volume.short = volume.path in shortened or (volume.short and short is not None)
        self._judge(self._stock() if deleted else stock, total, free, short, now_ns)
        return Swept(deleted, freed, total, min(free.values(), default=0))

    def _pressed(self, used: dict[Key, int], most: dict[Key, int], free: dict[Path, int]) -> bool:
        """Some limit is exceeded, or some disk nearly full."""
        return any(used[key] > limit for key, limit in most.items()) or any(
            count < self._low_bytes for count in free.values()
        )

    def _wanting(
        self, item: Item, used: dict[Key, int], free: dict[Path, int]
    ) -> Literal["total", "class", "camera", "volume", "space"] | None:
        """What there is not enough of for an item to stay."""
        for key, limit in item.limits.items():
            if used[key] > limit:
                return key[0]
        return "space" if free.get(item.volume.path, self._low_bytes) < self._low_bytes else None

    def _delete(self, item: Item, why: Why, old: bool, now_ns: int) -> bool:
        path = item.segment.path
        deletion = Deletion(
            camera=item.segment.camera,
            path=str(path.relative_to(item.volume.path)),
            volume=item.volume.mark.id if item.volume.mark else "",
            first_ns=item.segment.start_ns,
            last_ns=item.end_ns,
            size_bytes=item.size,
            at_ns=now_ns,
            why=why,
            early=not old,
        )
        try:
            self._on_delete(deletion)
        except Exception as error:
            log.error("deletion not noted", path=str(path), error=str(error), goes=not old)
            if old:
                return False
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.error("recording not deleted", path=str(path), error=str(error))
            return False
        return True

    def _horizon_ns(self, camera: str, now_ns: int) -> int:
        return _days_ago_ns(now_ns, self.keeping.days_of(camera))

    def _stock(self) -> Stock:
        locks = tuple(self._locks())
        return Stock(self._inventory.days(), self._volumes.all, self.keeping, locks)

    def _latest_horizon_ns(self, now_ns: int) -> int:
        """What starts after this is too young for every camera's days."""
        own = (one.days for one in self.keeping.classes if one.days is not None)
        return _days_ago_ns(now_ns, min([self.keeping.days, *own]))

    def _drop_empty_days(self) -> None:
        for home in (home for camera in cameras(self._root) for home in homes(self._root, camera)):
            days = sorted(p for p in home.iterdir() if p.is_dir())
            past = [day for day in days if day.name != ASIDE][:-1]
            for day in (*past, home / ASIDE):
                with contextlib.suppress(OSError):  # not empty
                    day.rmdir()

    def _judge(
        self,
        stock: Stock,
        total: int,
        free: dict[Path, int],
        short: Item | None,
        now_ns: int,
    ) -> None:
        least, place = min(((count, path) for path, count in free.items()), default=(0, self._root))
        kind: AlarmKind
        if self.blocked:
            kind = "disk_full"
            message = (
                f"recording stops: {_gib(least)} free under {place} and only locked files "
                "are left; release locks or add a disk"
            )
        elif free and least < self._low_bytes:
            kind = "disk_low"
            message = f"{_gib(least)} free under {place}; release locks or add a disk"
        elif short is not None:
            kind = "kept_short"
            age_days = (now_ns - short.segment.start_ns) / DAY_NS
            message = (
                f"recordings only {age_days:.1f} days old were deleted for want of room; "
                f"{self.keeping.days_of(short.segment.camera):g} days were asked for, add a disk "
                "or raise max_gb"
            )
        elif (days := self._days_of_room(stock, total, free, now_ns)) < self.keeping.days:
            kind = "short_ahead"
            message = (
                f"at the present rate there is room for {days:.1f} days of recordings; "
                f"{self.keeping.days:g} were asked for, add a disk or raise max_gb"
            )
        else:
            kind, message = "ok", f"{_gib(least)} free, {_gib(total)} recorded"
        if kind != self._last_alarm:
            self._last_alarm = kind
            self._on_alarm(StorageAlarm(kind, message, least, now_ns, str(place)))

    def _days_of_room(self, stock: Stock, total: int, free: dict[Path, int], now_ns: int) -> float:
        """How many days of recordings there is room for at the rate of the last day."""
        first_ns, octets = stock.since(now_ns - DAY_NS, now_ns)
        if first_ns is None or now_ns - first_ns < RATE_LEAST_NS:
            return float("inf")
        a_day = octets * DAY_NS / (now_ns - first_ns)
        room = total + sum(max(0, count - self._low_bytes) for count in free.values())
        return min(room, self.keeping.max_bytes) / max(1.0, a_day)


def _days_ago_ns(now_ns: int, days: float) -> int:
    today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return int((today - timedelta(days=days)).timestamp()) * NS_PER_S


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"
