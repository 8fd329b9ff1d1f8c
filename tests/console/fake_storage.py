"""Two disks, and what was deleted from them."""

from collections.abc import Sequence

from console.services import Services
from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from core.storage import Removed, StorageState, StorageTrouble, VolumeState

HOUR_NS = 3600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
TB = 10**12


def storage(now_ns: int, *troubles: StorageTrouble, lost: bool = False) -> StorageState:
    """A large disk in order, and a small one that may be lost."""
    since_ns = now_ns - 9 * DAY_NS
    return StorageState(
        at_ns=now_ns,
        days_wanted=30,
        days=41.7,
        troubles=troubles,
        volumes=(
            VolumeState(
                volume="disk1",
                condition="ok",
                since_ns=since_ns,
                size_bytes=8 * TB,
                free_bytes=2 * TB + TB // 10,
                recorded_bytes=5 * TB + TB // 2,
                locked_bytes=TB // 25,
                oldest_ns=now_ns - 30 * DAY_NS,
                days=43.2,
            ),
            VolumeState(
                volume="disk2",
                condition="lost" if lost else "ok",
                since_ns=now_ns - HOUR_NS if lost else since_ns,
                size_bytes=2 * TB,
                free_bytes=TB // 10,
                recorded_bytes=TB,
                most_bytes=TB,
                oldest_ns=now_ns - 12 * DAY_NS,
                days=None if lost else 33.1,
                detail="disk2: the disk is read-only" if lost else "",
            ),
        ),
    )


def lost_disk(now_ns: int) -> StorageTrouble:
    return StorageTrouble(
        kind="volume_lost",
        since_ns=now_ns - HOUR_NS,
        volume="disk2",
        detail="disk2: the disk is read-only",
    )


def push_storage(made: Services) -> None:
    """All is well."""
    made.feed.push("storage", storage(made.clock.utc_ns()))


class FakeBooks:
    """Satisfies ``core.storage.DeletionBooks``.

    Attributes:
        broken: nothing can be read.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.broken = False

    def newest(self, limit: int) -> Sequence[Removed]:
        if self.broken:
            raise WardwatchError("deletions.jsonl: cannot be read: Input/output error")
        now_ns = self._clock.utc_ns()
        return [
            Removed(
                seq=2, at_ns=now_ns - 60 * NS_PER_S, act="deleted", by="chief",
                reason="误报，当事人申请删除", rule="", unit="望守镇", signed=True, things=7,
                size_bytes=31_000_000, example="inc-market-0/clip-ev-1.mp4",
            ),
            Removed(
                seq=8140, at_ns=now_ns - 300 * NS_PER_S, act="deleted", by="retention",
                reason="age", rule="days=30", signed=True, things=24, size_bytes=61_440_000,
                cameras=("market", "river"), first_ns=now_ns - 31 * DAY_NS,
                last_ns=now_ns - 31 * DAY_NS + 240 * NS_PER_S, example="river/x.mp4",
            ),
            Removed(
                seq=8139, at_ns=now_ns - HOUR_NS, act="deleted", by="retention", reason="volume",
                rule="volume > 1000.0 GB, before days=30", signed=False, things=3,
                size_bytes=7_700_000, cameras=("lane",), first_ns=now_ns - 12 * DAY_NS,
                last_ns=now_ns - 12 * DAY_NS + 30 * NS_PER_S, example="lane/x.mp4",
            ),
        ][:limit]  # fmt: skip
