"""Disks that fill, fall silent, turn read-only or are gone: recording moves, and says so."""

import contextlib
import errno
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.clock import NS_PER_S, ManualClock, SystemClock
from ingest.file import FileSource
from recorder.alarm import StorageAlarm
from recorder.camera import CameraRecorder
from recorder.errors import RecorderError
from recorder.ledger import GapLedger, read_gaps
from recorder.recorder import Recorder
from recorder.shelf import latest_end_ns, segments
from recorder.volume import MARKER, Mark, Place, known, known_file, remember
from recorder.volumes import Volumes
from tests.recorder.conftest import CAMERA, make_mp4
from tests.recorder.disks import FaultyDisk, may_mount, tmpfs
from tests.sim.camera_kit import wait_for

CLOCK = SystemClock()


class House:
    """A recorder of one camera with two volumes."""

    def __init__(self, root: Path, film: Path, places: list[Path], mounted: bool) -> None:
        self.root, self.places = root, places
        self.disk = FaultyDisk()
        self.alarms: list[StorageAlarm] = []
        self.volumes = Volumes(
            root,
            CLOCK,
            [Place(place, mounted=mounted) for place in places],
            disk=self.disk,
            on_alarm=self.alarms.append,
        )
        source = FileSource(CAMERA, film, CLOCK, loop=True)
        self.recorder = Recorder(root, [source], CLOCK, segment_s=60, volumes=self.volumes)

    def recorded(self, place: Path, fragments: int = 2) -> bool:
        """Whether there is something of the camera on a volume."""
        files = [path for path in place.rglob("*.mp4") if path.stat().st_size]
        found = [s for s in segments(self.root, CAMERA) if s.path in files]
        return sum(len(s.scan().fragments) for s in found) >= fragments

    def kinds(self) -> list[str]:
        return [alarm.kind for alarm in self.alarms]


@pytest.fixture(scope="module")
def minute(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key frame every 0.6 s."""
    return make_mp4(tmp_path_factory.mktemp("film") / "film.mp4", seconds=60, fps=5, gop=3)


@pytest.fixture
def house(minute: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    with ExitStack() as stack:

        def build(*, mounted: bool, count: int = 2) -> House:
            if mounted and not may_mount(tmp_path / "try"):
                pytest.skip("this machine lets nobody mount a file system")
            places = [tmp_path / f"disk{n}" for n in range(count)]
            for place in places:
                if mounted:
                    stack.enter_context(tmpfs(place))
            made = House(tmp_path / "recordings", minute, places, mounted)
            stack.callback(made.recorder.stop)
            stack.callback(made.disk.answers.set)
            made.recorder.start()
            return made

        yield build


def unmount(_: House, place: Path) -> None:
    subprocess.run(["umount", "-l", str(place)], check=True)


def read_only(_: House, place: Path) -> None:
    # A kernel that meets an error does this by force; asked, it spares files that are open.
    subprocess.run(["mount", "--bind", str(place), str(place)], check=True)
    subprocess.run(["mount", "-o", "remount,ro,bind", str(place)], check=True)


def fill(_: House, place: Path) -> None:
    with contextlib.suppress(OSError), (place / "other").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


@pytest.mark.parametrize("hurt", [unmount, read_only, fill])
def test_mounted_volume_goes_wrong(
    house: Callable[..., House], hurt: Callable[[House, Path], None]
) -> None:
    made = house(mounted=True)
    first, other = _first_and_other(made)
    hurt(made, first)
    wait_for(lambda: made.recorded(other), 60)
    assert "volume_lost" in made.kinds()
    assert str(first) in next(a.message for a in made.alarms if a.kind == "volume_lost")
    if hurt is unmount:
        assert list(first.iterdir()) == []  # not onto the disk below
    (gap,) = read_gaps(made.root, CAMERA)[1:]
    assert gap.reason in ("volume_lost", "disk_refused")
    assert gap.last_ns == min(
        s.start_ns for s in segments(made.root, CAMERA) if other in s.path.parents
    )
    assert gap.first_ns < gap.last_ns


def test_disk_with_errors_is_left_and_comes_back_alone(house: Callable[..., House]) -> None:
    made = house(mounted=False)
    first, other = _first_and_other(made)
    made.disk.error, made.disk.hurt = errno.EIO, first
    wait_for(lambda: made.recorded(other), 60)
    (gap,) = read_gaps(made.root, CAMERA)[1:]
    on_first = [s for s in segments(made.root, CAMERA) if first in s.path.parents][-1]
    found = on_first.scan()
    # What was written, but not synced, does not count.
    end_ns = on_first.utc_ns(found.end_dts, found.timescale)
    assert end_ns - 2 * NS_PER_S < gap.first_ns < end_ns + NS_PER_S // 1000
    made.disk.hurt = None
    wait_for(lambda: "volume_back" in made.kinds(), 60)
    assert all(volume.usable for volume in made.volumes.all)


def test_disk_that_hangs_is_left_without_a_picture_lost(house: Callable[..., House]) -> None:
    made = house(mounted=False)
    first, other = _first_and_other(made)
    made.disk.hurt = first
    made.disk.answers.clear()
    wait_for(lambda: made.recorded(other), 60)
    assert "does not answer" in made.alarms[0].message
    made.disk.answers.set()  # what waited is written after all
    wait_for(lambda: "volume_back" in made.kinds(), 60)
    before, after = segments(made.root, CAMERA)[:2]
    wait_for(
        lambda: before.utc_ns(before.scan().end_dts, 90_000) > after.start_ns - NS_PER_S // 1000
    )
    assert read_gaps(made.root, CAMERA)[1:] == []


def test_only_volume_gone_stops_with_an_alarm_and_goes_on_when_it_is_back(
    house: Callable[..., House],
) -> None:
    made = house(mounted=False, count=1)
    (place,) = made.places
    wait_for(lambda: made.recorded(place), 60)
    made.disk.error, made.disk.hurt = errno.EROFS, place
    wait_for(lambda: "no_volume" in made.kinds(), 60)
    wait_for(lambda: GapLedger(made.root, CAMERA).open_gap is not None, 60)
    made.disk.hurt = None
    wait_for(lambda: GapLedger(made.root, CAMERA).open_gap is None, 60)
    assert len(read_gaps(made.root, CAMERA)) == 2
    assert len(segments(made.root, CAMERA)) == 2


def _first_and_other(made: House) -> tuple[Path, Path]:
    wait_for(lambda: any(made.recorded(place) for place in made.places), 60)
    return (
        (made.places[0], made.places[1])
        if made.recorded(made.places[0])
        else (made.places[1], made.places[0])
    )


def test_folder_without_its_disk_is_not_recorded_to(tmp_path: Path, clock: ManualClock) -> None:
    root, place = tmp_path / "recordings", tmp_path / "disk"
    place.mkdir()
    remember(root, (Mark(id="vol-1", path=str(place), mount=True),))
    alarms: list[StorageAlarm] = []
    volumes = Volumes(root, clock, [Place(place, mounted=False)], on_alarm=alarms.append)
    assert volumes.choose(CAMERA) is None
    assert volumes.why_none()[0] == "no_volume"
    assert [alarm.kind for alarm in alarms] == ["volume_lost"]
    assert list(place.iterdir()) == []


def test_recordings_of_all_volumes_are_one(film: Path, tmp_path: Path, clock: ManualClock) -> None:
    root = tmp_path / "recordings"
    for number in range(2):
        place = tmp_path / f"disk{number}"
        volumes = Volumes(root, clock, [Place(place, mounted=False)], sync=False)
        CameraRecorder(
            root, FileSource(CAMERA, film, clock), clock, segment_s=3, volumes=volumes
        ).run(threading.Event())
        clock.advance(60)
    found = segments(root, CAMERA)
    assert len(found) == 8
    assert {s.path.parents[2] for s in found} == {tmp_path / "disk0", tmp_path / "disk1"}
    last = found[-1].scan()
    assert latest_end_ns(root, CAMERA) == found[-1].utc_ns(last.end_dts, last.timescale)
    assert {mark.path for mark in known(root)} == {str(tmp_path / f"disk{n}") for n in range(2)}
    assert all((tmp_path / f"disk{n}" / MARKER).is_file() for n in range(2))


def test_damaged_list_of_volumes_is_named(tmp_path: Path) -> None:
    root = tmp_path / "recordings"
    known_file(root).write_text("{")
    with pytest.raises(RecorderError, match=r"recordings\.volumes\.json"):
        segments(root, CAMERA)
