"""Old recordings make room, oldest first; locked ones never do, and nobody is surprised."""

import contextlib
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from core.clock import NS_PER_S, Clock
from recorder.activity import trim
from recorder.alarm import AlarmKind, StorageAlarm
from recorder.clock_log import ClockLog
from recorder.inventory import Inventory
from recorder.keeping import Keeping
from recorder.locks import Lock
from recorder.removal import MOST, Cause, Going, Removal
from recorder.seal.deletion import Deletions
from recorder.shelf import ASIDE, cameras, homes
from recorder.stock import Held, Item, Key, Stock, has_no_hole
from recorder.volume import Volume
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


@dataclass
class _Pass:
    """One sweep under way: what is left when all that was chosen is gone.

    Attributes:
        used: octets by what they count for.
        free: room by volume.
        going: chosen, and not yet deleted.
        oldest: what stays, and was chosen first.
        short: the last that went before its days were over.
        shortened: volumes on which that happened.
    """

    used: dict[Key, int]
    free: dict[Path, int]
    going: list[Going] = field(default_factory=list)
    oldest: Item | None = None
    short: Item | None = None
    shortened: set[Path] = field(default_factory=set)
    deleted: int = 0
    freed: int = 0

    def stays(self, item: Item) -> None:
        self.oldest = self.oldest or item

    def goes(self, going: Going) -> None:
        self.going.append(going)
        self._count(going.item, -going.item.size)

    def came_back(self, item: Item) -> None:
        self._count(item, item.size)
        if self.oldest is None or item.segment < self.oldest.segment:
            self.oldest = item

    def _count(self, item: Item, octets: int) -> None:
        for key in item.limits:
            self.used[key] += octets
        if item.volume.path in self.free:
            self.free[item.volume.path] -= octets


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
        book: where deletions are written to before they happen. While that fails, what is only
            old stays; what must go for want of room goes, and is written down later.

    Attributes:
        keeping: the rules; may be replaced while it works.
        alarm: what was wrong when it last swept.
        held: what each volume held then, by its folder.
        days_left: for how many days of recordings there was room then, at the present rate.
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
        book: Deletions | None = None,
        free_bytes: Callable[[Path], int] = lambda root: shutil.disk_usage(root).free,
    ) -> None:
        self._root, self._clock, self.keeping = root, clock, keeping
        self._volumes = volumes or Volumes(root, clock)
        self._low_bytes, self._stop_bytes = low_bytes, stop_bytes
        self._locks, self._on_alarm, self._free = locks, on_alarm, free_bytes
        self._removal = Removal(root, clock, book)
        self._inventory = Inventory(root)
        self._looked_back = False
        self.alarm = StorageAlarm("ok", "", 0, clock.utc_ns())
        self.held: dict[str, Held] = {}
        self.days_left: float | None = None

    @property
    def low_bytes(self) -> int:
        """Less free than this on a volume is too little."""
        return self._low_bytes

    @property
    def unsigned(self) -> bool:
        """Deletions wait to be signed, or to be written down at all."""
        return self._removal.unsigned

    @property
    def blocked(self) -> bool:
        """Nothing more may be recorded: locked files fill every volume."""
        there = [volume for volume in self._volumes.all if not volume.trouble]
        return bool(there) and all(volume.full for volume in there)

    def sweep(self) -> Swept:
        """Delete what must go; raises the alarm when room is short."""
        if not self._looked_back:
            self._looked_back = True
            self._removal.look_back(self._folder_of)
        self._removal.begin()
        now_ns = self._clock.utc_ns()
        stock = self._stock()
        pass_ = _Pass(stock.used(), {v.path: self._free(v.path) for v in self._present()})
        most, total = stock.most(), stock.octets
        settled = has_no_hole(stock, now_ns, DAY_NS)
        horizon_ns = self._latest_horizon_ns(now_ns)
        for item in stock.items():
            young = not settled or item.segment.start_ns >= horizon_ns
            if pass_.oldest is not None and young and not self._pressed(pass_, most):
                break  # nothing that is younger must go either
            old = settled and item.end_ns < self._horizon_ns(item.segment.camera, now_ns)
            why = "age" if old else self._wanting(item, pass_)
            if why is None or item.locked or item.newest or item.volume.trouble:
                pass_.stays(item)
                continue
            pass_.goes(Going(item, why, self._rule(item, why)))
            if len(pass_.going) == MOST:
                self._remove(pass_)
        self._remove(pass_)
        self._drop_empty_days()
        if not any(volume.trouble for volume in self._volumes.all):
            for camera in cameras(self._root):
                trim(self._root, camera)
        if settled:
            for camera in cameras(self._root):
                ClockLog(self._root, camera).trim(self._horizon_ns(camera, now_ns))
        if pass_.deleted:
            log.info("old recordings deleted", files=pass_.deleted, bytes=pass_.freed)
        short, oldest = pass_.short, pass_.oldest
        if short is None and self.alarm.kind == "kept_short" and oldest and not oldest.newest:
            # Still short: the oldest file has not yet reached the age asked for.
            horizon_ns = self._horizon_ns(oldest.segment.camera, now_ns) if settled else 0
            short = oldest if oldest.end_ns >= horizon_ns + NS_PER_S else None
        for volume in self._volumes.all:
            if volume.path in pass_.free:
                volume.full = pass_.free[volume.path] < self._stop_bytes
                volume.short = volume.path in pass_.shortened or (
                    volume.short and short is not None
                )
        if pass_.deleted:
            stock = self._stock()
        total -= pass_.freed
        self.held = stock.held(now_ns - DAY_NS, now_ns)
        self._judge(stock, total, pass_.free, short, now_ns)
        return Swept(pass_.deleted, pass_.freed, total, min(pass_.free.values(), default=0))

    def _remove(self, pass_: "_Pass") -> None:
        """Delete what was chosen; what stays after all counts again."""
        going, pass_.going = pass_.going, []
        if not going:
            return
        locks = tuple(self._locks())  # somebody may have locked it since the sweep began
        gone = self._removal.remove([one for one in going if not _locked(one.item, locks)])
        for one in going:
            if one.item.segment.path not in gone:
                pass_.came_back(one.item)
                continue
            pass_.deleted += 1
            pass_.freed += one.item.size
            if one.early:
                pass_.short = one.item
                pass_.shortened.add(one.item.volume.path)
        for path in {one.item.volume.path for one in going}:
            pass_.free[path] = self._free(path)

    def _pressed(self, pass_: "_Pass", most: dict[Key, int]) -> bool:
        """Some limit is exceeded, or some disk nearly full."""
        return any(pass_.used[key] > limit for key, limit in most.items()) or any(
            count < self._low_bytes for count in pass_.free.values()
        )

    def _wanting(self, item: Item, pass_: "_Pass") -> Cause | None:
        """What there is not enough of for an item to stay."""
        for key, limit in item.limits.items():
            if pass_.used[key] > limit:
                return key[0]
        free = pass_.free.get(item.volume.path, self._low_bytes)
        return "space" if free < self._low_bytes else None

    def _rule(self, item: Item, why: Cause) -> str:
        """The rule that an item goes by, for the record."""
        camera = item.segment.camera
        days, of = self.keeping.days_of(camera), self.keeping.class_of(camera)
        if why == "age":
            named = f" (class {of.name})" if of is not None and of.days is not None else ""
            return f"days={days:g}{named}"
        if why == "space":
            said = f"free < {_gb(self._low_bytes)}"
        else:
            name, limit = next((key[1], most) for key, most in item.limits.items() if key[0] == why)
            whose = f" of {name}" if why == "class" else ""
            said = f"{why}{whose} > {_gb(limit)}"
        return f"{said}, before days={days:g}"

    def _present(self) -> list[Volume]:
        return [volume for volume in self._volumes.all if not volume.trouble]

    def _folder_of(self, volume_id: str) -> Path | None:
        """The folder of a volume that is here."""
        known = ((v.mark.id if v.mark else "", v.path) for v in self._present())
        return next((path for name, path in known if name == volume_id), None)

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
        self.days_left = self._days_of_room(stock, total, free, now_ns)
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
        elif self.days_left is not None and self.days_left < self.keeping.days:
            kind = "short_ahead"
            message = (
                f"at the present rate there is room for {self.days_left:.1f} days of recordings; "
                f"{self.keeping.days:g} were asked for, add a disk or raise max_gb"
            )
        else:
            kind, message = "ok", f"{_gib(least)} free, {_gib(total)} recorded"
        changed = kind != self.alarm.kind
        since_ns = now_ns if changed else self.alarm.at_ns
        self.alarm = StorageAlarm(kind, message, least, since_ns, str(place))
        if changed:
            self._on_alarm(self.alarm)

    def _days_of_room(
        self, stock: Stock, total: int, free: dict[Path, int], now_ns: int
    ) -> float | None:
        """How many days of recordings there is room for at the rate of the last day."""
        first_ns, octets = stock.since(now_ns - DAY_NS, now_ns)
        if not free or first_ns is None or now_ns - first_ns < RATE_LEAST_NS:
            return None
        a_day = octets * DAY_NS / (now_ns - first_ns)
        room = total + sum(max(0, count - self._low_bytes) for count in free.values())
        return min(room, self.keeping.max_bytes) / max(1.0, a_day)


def _locked(item: Item, locks: Iterable[Lock]) -> bool:
    camera, start_ns = item.segment.camera, item.segment.start_ns
    return any(
        one.camera == camera and one.first_ns <= item.end_ns and one.last_ns >= start_ns
        for one in locks
    )


def _days_ago_ns(now_ns: int, days: float) -> int:
    today = datetime.fromtimestamp(now_ns // NS_PER_S, UTC).replace(
        hour=0, minute=0, second=0, microsecond=0
    )
    return int((today - timedelta(days=days)).timestamp()) * NS_PER_S


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB"


def _gb(count: int) -> str:
    """As limits are configured."""
    return f"{count / 1e9:.1f} GB"
