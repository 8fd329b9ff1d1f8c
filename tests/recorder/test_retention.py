"""Old recordings go, locked ones stay, and nobody is surprised."""

from pathlib import Path

import pytest

from core.clock import NS_PER_S, ManualClock
from recorder.alarm import StorageAlarm
from recorder.errors import RecorderError
from recorder.keeping import KeepClass, Keeping
from recorder.locks import Lock, Locks
from recorder.removal import BOOK
from recorder.retention import Retention
from recorder.seal.book import Entry
from recorder.seal.deletion import Deletions, entries
from recorder.shelf import ASIDE, segment_path, segments
from recorder.volume import Place
from recorder.volumes import Volumes

DAY_NS = 86_400 * NS_PER_S


def place(root: Path, clock: ManualClock, age_days: float, camera: str = "a") -> Path:
    path = segment_path(root, camera, clock.utc_ns() - round(age_days * DAY_NS))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * 1000)
    return path


def book(root: Path) -> list[Entry]:
    """What was written down, oldest first."""
    return list(entries(root / BOOK))


class Disk:
    """Free space of a small disk with these recordings on it."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __call__(self, root: Path) -> int:
        return self.size - sum(p.stat().st_size for p in root.rglob("*.mp4"))


def keeper(root: Path, clock: ManualClock, alarms: list[StorageAlarm], **more: object) -> Retention:
    keeping = Keeping(30, int(str(more.pop("max_bytes", 10**9))))
    settings = {
        "low_bytes": 0,
        "stop_bytes": 0,
        "locks": Locks(root).all,
        "on_alarm": alarms.append,
        **more,
    }
    return Retention(root, clock, keeping, **settings)


def test_age_takes_the_old_but_not_the_locked_nor_todays(
    tmp_path: Path, clock: ManualClock
) -> None:
    old, locked, young, today = (place(tmp_path, clock, d) for d in (40, 35, 20, 0.01))
    for day in range(1, 4):
        place(tmp_path, clock, day * 0.99)
    Locks(tmp_path).add(
        Lock(
            owner="inc-1",
            camera="a",
            first_ns=clock.utc_ns() - 35 * DAY_NS + NS_PER_S,
            last_ns=clock.utc_ns() - 35 * DAY_NS + 2 * NS_PER_S,
        )
    )
    alarms: list[StorageAlarm] = []
    swept = keeper(tmp_path, clock, alarms).sweep()
    assert swept.deleted == 1
    assert not old.parent.exists()
    assert locked.exists()
    assert young.exists()
    assert today.exists()
    assert alarms == []
    assert Locks(tmp_path).release("inc-1") == 1
    keeper(tmp_path, clock, alarms).sweep()
    assert not locked.exists()


def test_a_clock_that_leapt_does_not_make_everything_old(
    tmp_path: Path, clock: ManualClock
) -> None:
    paths = [place(tmp_path, clock, n / 2) for n in range(20)]
    clock.step(3650 * 86_400)
    place(tmp_path, clock, 0)
    keeper(tmp_path, clock, []).sweep()
    assert all(path.exists() for path in paths)
    clock.step(-3650 * 86_400)
    keeper(tmp_path, clock, []).sweep()
    assert all(path.exists() for path in paths)
    clock.advance(3650 * 86_400)  # ten years really pass
    for n in range(4):
        place(tmp_path, clock, n / 2)
    keeper(tmp_path, clock, []).sweep()
    assert not any(path.exists() for path in paths)


def test_what_was_set_aside_goes_by_age_and_is_locked_like_the_rest(
    tmp_path: Path, clock: ManualClock
) -> None:
    home = tmp_path / "a" / ASIDE
    home.mkdir(parents=True)
    old, kept = (
        place(tmp_path, clock, age).rename(home / f"000000_{clock.utc_ns() - age * DAY_NS}.mp4")
        for age in (50, 40)
    )
    Locks(tmp_path).add(
        Lock(owner="i", camera="a", first_ns=0, last_ns=clock.utc_ns() - 40 * DAY_NS)
    )
    for n in range(4):
        place(tmp_path, clock, n / 2)
    retention = keeper(tmp_path, clock, [])
    assert retention.sweep().deleted == 0
    Locks(tmp_path).release("i")
    assert retention.sweep().deleted == 2
    assert not home.exists()
    assert not old.exists()
    assert not kept.exists()


def test_size_takes_the_oldest_of_all_cameras_and_says_so(
    tmp_path: Path, clock: ManualClock
) -> None:
    paths = [place(tmp_path, clock, 9 - n, "ab"[n % 2]) for n in range(8)]
    alarms: list[StorageAlarm] = []
    retention = keeper(tmp_path, clock, alarms, max_bytes=5000)
    retention.sweep()
    assert [p.exists() for p in paths] == [False] * 3 + [True] * 5
    assert [a.kind for a in alarms] == ["kept_short"]
    assert "30 days were asked for" in alarms[0].message
    retention.sweep()
    assert len(alarms) == 1


def test_low_disk_alarms_before_it_is_full_and_never_takes_locked_files(
    tmp_path: Path, clock: ManualClock
) -> None:
    paths = [place(tmp_path, clock, 9 - n) for n in range(8)]
    Locks(tmp_path).add(Lock(owner="i", camera="a", first_ns=0, last_ns=clock.utc_ns()))
    alarms: list[StorageAlarm] = []
    disk = Disk(9500)
    retention = keeper(tmp_path, clock, alarms, low_bytes=2000, stop_bytes=1000, free_bytes=disk)
    retention.sweep()
    assert all(p.exists() for p in paths)
    assert [a.kind for a in alarms] == ["disk_low"]
    assert not retention.blocked
    disk.size = 8500
    retention.sweep()
    assert retention.blocked
    assert alarms[-1].kind == "disk_full"
    assert all(p.exists() for p in paths)
    Locks(tmp_path).release("i")
    retention.sweep()
    assert not retention.blocked
    assert sum(p.exists() for p in paths) == 6
    assert paths[-1].exists()


def test_newest_file_of_a_camera_never_goes(tmp_path: Path, clock: ManualClock) -> None:
    place(tmp_path, clock, 400)
    keeper(tmp_path, clock, []).sweep()
    assert len(segments(tmp_path, "a")) == 1


@pytest.mark.parametrize("times", [1, 2])
def test_lock_is_kept_once(tmp_path: Path, times: int) -> None:
    for _ in range(times):
        Locks(tmp_path).add(Lock(owner="i", camera="a", first_ns=0, last_ns=1))
    assert len(Locks(tmp_path).all()) == 1


def test_class_and_camera_limits_take_the_oldest_of_their_own(
    tmp_path: Path, clock: ManualClock
) -> None:
    paths = {
        camera: [place(tmp_path, clock, 9 - n + shift, camera) for n in range(4)]
        for shift, camera in enumerate(("a", "b", "c"))
    }
    keeping = Keeping(
        30,
        10**9,
        max_bytes_per_camera=3000,
        classes=(KeepClass("river", frozenset("ab"), max_bytes=5000),),
    )
    Retention(tmp_path, clock, keeping, low_bytes=0, stop_bytes=0).sweep()
    assert [sum(p.exists() for p in paths[camera]) for camera in "abc"] == [3, 2, 3]
    by_camera, by_class = book(tmp_path)
    assert (by_camera.reason, [one.camera for one in by_camera.things]) == ("camera", ["c"])
    assert (by_class.reason, [one.camera for one in by_class.things]) == ("class", ["b", "a", "b"])
    assert by_class.rule == "class of river > 0.0 GB, before days=30"
    assert all(one.size == 1000 for one in (*by_camera.things, *by_class.things))


def test_class_is_kept_for_its_own_days(tmp_path: Path, clock: ManualClock) -> None:
    both = [place(tmp_path, clock, 40, camera) for camera in "ab"]
    for camera in "ab":
        for day in range(4):
            place(tmp_path, clock, day * 0.99, camera)
    keeping = Keeping(30, 10**9, classes=(KeepClass("gate", frozenset("b"), days=60),))
    Retention(tmp_path, clock, keeping, low_bytes=0, stop_bytes=0).sweep()
    assert [path.exists() for path in both] == [False, True]
    (record,) = book(tmp_path)
    assert (record.by, record.reason, record.rule) == ("retention", "age", "days=30")
    assert [one.path for one in record.things] == [str(both[0].relative_to(tmp_path))]


@pytest.mark.parametrize("days", [29, 366])
def test_floor_and_ceiling_of_the_law(days: int) -> None:
    with pytest.raises(RecorderError, match="the law wants at least 30"):
        Keeping(30, 1, classes=(KeepClass("x", frozenset(), days=days),))


def test_old_file_stays_until_its_deletion_can_be_noted(tmp_path: Path, clock: ManualClock) -> None:
    old = place(tmp_path, clock, 40)
    for day in range(4):
        place(tmp_path, clock, day * 0.99)

    (tmp_path / "book").mkdir()
    retention = keeper(tmp_path, clock, [], book=Deletions(tmp_path / "book", None, clock))
    retention.sweep()
    assert old.exists()
    keeper(tmp_path, clock, []).sweep()
    assert not old.exists()


def test_each_volume_makes_room_for_itself(tmp_path: Path, clock: ManualClock) -> None:
    root = tmp_path / "recordings"
    disks = [tmp_path / "small", tmp_path / "large"]
    volumes = Volumes(root, clock, [Place(disk, mounted=False) for disk in disks])
    paths = {disk: [place(disk, clock, 9 - n) for n in range(4)] for disk in disks}
    place(disks[1], clock, 0.1)  # the newest of all
    room = {disks[0]: 3000, disks[1]: 100_000}
    retention = Retention(
        root,
        clock,
        Keeping(30, 10**9),
        volumes=volumes,
        low_bytes=1000,
        stop_bytes=500,
        free_bytes=lambda disk: Disk(room[disk])(disk),
    )
    retention.sweep()
    assert [sum(p.exists() for p in paths[disk]) for disk in disks] == [2, 4]
    assert [volume.short for volume in volumes.all] == [True, False]
    chosen = volumes.choose("new")
    assert chosen is not None
    assert chosen.path == disks[1]


def test_alarm_comes_before_the_first_file_goes_early(tmp_path: Path, clock: ManualClock) -> None:
    for hour in range(24):
        place(tmp_path, clock, hour / 24 + 0.01)
    alarms: list[StorageAlarm] = []
    keeper(tmp_path, clock, alarms, max_bytes=240_000).sweep()  # ten days' worth
    assert [alarm.kind for alarm in alarms] == ["short_ahead"]
    assert "room for 10" in alarms[0].message or "room for 9." in alarms[0].message


def test_what_is_locked_while_a_sweep_runs_stays(tmp_path: Path, clock: ManualClock) -> None:
    old = [place(tmp_path, clock, 40 + n / 10) for n in range(2)]
    for day in range(4):
        place(tmp_path, clock, day * 0.99)
    start_ns = clock.utc_ns() - 40 * DAY_NS
    late = Lock(owner="i", camera="a", first_ns=start_ns, last_ns=start_ns + NS_PER_S)
    asked: list[int] = []

    def locks() -> tuple[Lock, ...]:
        asked.append(1)
        return (late,) if len(asked) > 1 else ()

    keeper(tmp_path, clock, [], locks=locks).sweep()
    assert [path.exists() for path in old] == [True, False]
    assert [len(one.things) for one in book(tmp_path)] == [1]
