"""What people are told of the disks."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import NS_PER_S, ManualClock
from core.storage import StorageState
from recorder.keeping import Keeping
from recorder.locks import Lock, Locks
from recorder.retention import Retention
from recorder.shelf import segment_path
from recorder.storage import StorageWatch, labels
from recorder.volume import Place
from recorder.volumes import Volumes
from tests.sim.camera_kit import wait_for

DAY_NS = 86_400 * NS_PER_S


class House:
    """Two disks with a file of 1000 octets an hour on the first, for a day."""

    def __init__(self, folder: Path, clock: ManualClock, max_bytes: int = 10**9) -> None:
        self.root, self.clock = folder / "recordings", clock
        self.disks = [folder / "disk1" / "ward", folder / "disk2" / "ward"]
        self.free = 50_000
        self.volumes = Volumes(
            self.root,
            clock,
            [Place(disk, mounted=False) for disk in self.disks],
            on_alarm=lambda _: self.woken.set(),
        )
        self.told: list[tuple[StorageState, bool]] = []
        self.woken = threading.Event()
        self.retention = Retention(
            self.root,
            clock,
            Keeping(30, max_bytes),
            volumes=self.volumes,
            low_bytes=10_000,
            stop_bytes=5_000,
            locks=Locks(self.root).all,
            free_bytes=lambda _: self.free,
        )
        self.watch = StorageWatch(
            self.volumes,
            self.retention,
            clock,
            lambda state, changed: self.told.append((state, changed)),
            self.woken,
        )
        for hour in range(24):
            path = segment_path(self.disks[0], "a", clock.utc_ns() - hour * 3600 * NS_PER_S)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(bytes(1000))

    def look(self) -> StorageState:
        self.retention.sweep()
        for volume in self.volumes.all:
            volume.free_bytes = self.free
        self.watch.look()
        return self.told[-1][0]

    def kinds(self) -> list[tuple[str, str]]:
        return [(one.kind, one.volume) for one in self.look().troubles]


@pytest.fixture
def build(tmp_path: Path, clock: ManualClock) -> Callable[..., House]:
    return lambda **more: House(tmp_path, clock, **more)


def test_volumes_are_told_by_label_with_what_they_hold(build: Callable[..., House]) -> None:
    made = build()
    now_ns = made.clock.utc_ns()
    Locks(made.root).add(
        Lock(owner="i", camera="a", first_ns=now_ns - 2 * 3600 * NS_PER_S, last_ns=now_ns)
    )
    Locks(made.root).add(
        Lock(owner="j", camera="a", first_ns=now_ns - 3600 * NS_PER_S, last_ns=now_ns)
    )
    one, two = made.look().volumes
    assert (one.volume, two.volume) == ("disk1", "disk2")
    assert (one.recorded_bytes, one.locked_bytes, one.free_bytes) == (24_000, 3000, 50_000)
    assert one.oldest_ns == now_ns - 23 * 3600 * NS_PER_S
    # 24,000 in 23 hours: 25,043 a day, into 24,000 + 40,000
    assert one.days == pytest.approx(2.56, abs=0.01)
    assert (two.recorded_bytes, two.days, two.oldest_ns) == (0, None, None)
    assert str(made.disks[0]) not in made.told[-1][0].model_dump_json()


def test_a_trouble_keeps_its_beginning_and_only_changes_are_changes(
    build: Callable[..., House],
) -> None:
    made = build()
    assert made.kinds() == [("short_ahead", "")]
    began_ns = made.clock.utc_ns()
    made.clock.advance(60)
    (trouble,) = made.look().troubles
    assert trouble.since_ns == began_ns
    assert [changed for _, changed in made.told] == [True, False]
    made.free = 7000
    assert made.kinds()[0][0] in ("disk_low", "kept_short")
    assert made.told[-1][1]
    made.free = 10**9
    assert made.kinds() == [("unsigned", "")]  # what went, for there are no keys here
    assert made.told[-1][1]


def test_a_lost_volume_is_told_and_the_last_one_stops_recording(
    build: Callable[..., House],
) -> None:
    made = build()
    made.free = 10**9
    assert made.kinds() == []
    for disk in made.disks:
        volume = next(one for one in made.volumes.all if one.path == disk)
        volume.trouble = f"{disk}: Input/output error"
        state = made.look()
        shown = next(one for one in state.volumes if disk.parent.name == one.volume)
        assert (shown.condition, shown.detail) == ("lost", f"{shown.volume}: Input/output error")
    assert made.kinds() == [("no_volume", "disk1"), ("no_volume", "disk2")]


def test_it_is_told_at_once_and_again_and_a_bus_that_fails_ends_nothing(
    tmp_path: Path, build: Callable[..., House]
) -> None:
    made = build()
    calls = []

    def fail(state: StorageState, changed: bool) -> None:
        calls.append(changed)
        raise OSError("the bus is away")

    watch = StorageWatch(made.volumes, made.retention, made.clock, fail, made.woken)
    watch.start()
    wait_for(lambda: len(calls) > 2, 60)  # the clock of this test does not let it wait
    watch.stop(60)
    assert calls[0]


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["/mnt/a/ward", "/mnt/b/ward"], ["a", "b"]),
        (["/mnt/a", "/mnt/a/b"], ["a", "a/b"]),
        (["/data/recordings"], ["recordings"]),
        (["/x/1/y/ward", "/x/2/z/ward", "/x/1/z/ward"], ["1/y", "2/z", "1/z"]),
    ],
)
def test_labels_tell_disks_apart(paths: list[str], names: list[str]) -> None:
    found = labels([Path(one) for one in paths])
    assert len(set(found.values())) == len(paths)
    assert list(found.values()) == names
