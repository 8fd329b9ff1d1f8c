"""A disk that takes 0.2 to 2 s for every write: noticed, left, and told of where it costs.

The delay is in the layer that all of the recorder's writing goes through; delays by the kernel
(dm-delay) need rights that few machines give.
"""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.clock import NS_PER_S, ManualClock, SystemClock
from ingest.file import FileSource
from recorder import camera, writer
from recorder.alarm import StorageAlarm
from recorder.check import Check
from recorder.disk import Disk
from recorder.ledger import read_gaps
from recorder.recorder import Recorder
from recorder.shelf import segments
from recorder.volume import BEHIND_S, Place
from recorder.volumes import Volumes
from tests.recorder.conftest import make_mp4
from tests.recorder.disks import FaultyDisk
from tests.sim.camera_kit import wait_for

CLOCK = SystemClock()
PATIENCE_S = 90
SLOWEST_S = 2.0


class House:
    """A recorder of one camera a volume."""

    def __init__(self, root: Path, film: Path, volumes: int) -> None:
        self.root = root
        self.places = [root.with_name(f"disk{n}") for n in range(volumes)]
        self.disk = FaultyDisk()
        self.alarms: list[StorageAlarm] = []
        self.volumes = Volumes(
            root,
            CLOCK,
            [Place(place, mounted=False) for place in self.places],
            disk=self.disk,
            on_alarm=self.alarms.append,
        )
        names = [f"cam-{n}" for n in range(volumes)]
        sources = [FileSource(name, film, CLOCK, loop=True) for name in names]
        self.recorder = Recorder(root, sources, CLOCK, segment_s=60, volumes=self.volumes)
        self.recorder.start()
        wait_for(lambda: all(self.pieces(name) > 1 for name in names), PATIENCE_S)

    def pieces(self, name: str, place: Path | None = None) -> int:
        """Fragments of a camera on a volume, or on all."""
        return sum(
            len(one.scan().fragments)
            for one in segments(self.root, name)
            if one.path.stat().st_size and (place is None or place in one.path.parents)
        )

    def home(self, name: str) -> Path:
        return segments(self.root, name)[0].path.parents[2]

    def slow_down(self, place: Path) -> None:
        dice = random.Random(5)
        self.disk.delay_s = lambda: dice.uniform(0.2, SLOWEST_S)
        self.disk.hurt = place

    def mend(self) -> None:
        self.disk.hurt = None

    def gaps(self, name: str) -> list[tuple[str, str]]:
        """Reasons and details, without that of the first start."""
        return [(gap.reason, gap.detail) for gap in read_gaps(self.root, name)[1:]]

    def says(self, words: str) -> bool:
        return any(words in alarm.message for alarm in self.alarms)


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Callable[[int], House]]:
    film = make_mp4(tmp_path / "film.mp4", seconds=60, fps=5, gop=3)
    with ExitStack() as stack:

        def make(volumes: int) -> House:
            made = House(tmp_path / "recordings", film, volumes)
            stack.callback(made.recorder.stop)
            stack.callback(made.mend)
            return made

        yield make


def test_its_cameras_go_on_elsewhere_and_lose_nothing(build: Callable[[int], House]) -> None:
    made = build(2)
    slow, other = made.home("cam-0"), made.home("cam-1")
    assert slow != other
    made.slow_down(slow)
    wait_for(lambda: made.pieces("cam-0", other) > 1, PATIENCE_S)
    assert made.says(f"{slow}: the disk does not")
    assert made.says(f"its cameras go on at {other}")
    made.mend()
    wait_for(lambda: made.says("recorded to again"), PATIENCE_S)
    before, after = segments(made.root, "cam-0")[:2]
    wait_for(
        lambda: before.utc_ns(before.scan().end_dts, 90_000) > after.start_ns - NS_PER_S // 1000,
        PATIENCE_S,
    )
    assert made.gaps("cam-0") == made.gaps("cam-1") == []
    assert [one.path.parents[2] for one in segments(made.root, "cam-1")] == [other]


def test_the_only_disk_is_waited_for_up_to_a_bound_and_then_the_ledger_says_why(
    build: Callable[[int], House], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = build(1)
    (place,) = made.places
    piece = segments(made.root, "cam-0")[0].scan().fragments[0]
    # As in earnest, but with room for a few groups of pictures instead of minutes of them.
    monkeypatch.setattr(writer, "BACKLOG_MOST_BYTES", 6 * (piece.end - piece.offset))
    monkeypatch.setattr(camera, "RETRY_S", 1.0)
    monkeypatch.setattr(camera, "SETTLE_S", 1.0)
    made.slow_down(place)
    wait_for(lambda: made.says("what is recorded waits for it"), PATIENCE_S)
    wait_for(lambda: made.gaps("cam-0") != [], PATIENCE_S)
    assert made.gaps("cam-0")[0] == ("disk_refused", "the disk does not keep up")
    made.mend()
    wait_for(lambda: read_gaps(made.root, "cam-0")[-1].last_ns is not None, PATIENCE_S)
    wait_for(lambda: made.says("recorded to again"), PATIENCE_S)
    assert made.recorder.stop(30)
    # What still reached the disk although it was given up is taken out of the gap.
    assert Check(made.root, repair=True).run().ok
    assert Check(made.root).run().findings == ()


def test_slowness_is_noticed_when_what_waits_has_waited_for_three_seconds(
    tmp_path: Path, clock: ManualClock
) -> None:
    (volume,) = Volumes(tmp_path / "rec", clock, disk=Disk(), sync=False).all
    volume.writer.start()
    began = [threading.Event() for _ in range(3)]
    done = [threading.Event() for _ in range(3)]

    def job(number: int) -> Callable[[], None]:
        def work() -> None:
            began[number].set()
            done[number].wait(60)

        return work

    for number in range(3):
        volume.writer.submit(job(number), 1)
    assert began[0].wait(60)
    clock.advance(SLOWEST_S)
    volume.look()
    assert volume.complaint == ""
    done[0].set()
    assert began[1].wait(60)
    clock.advance(BEHIND_S - SLOWEST_S + 0.1)
    volume.look()
    assert not volume.stuck
    assert volume.complaint.endswith("the disk does not keep up")
    assert volume.rank > 1
    for one in done[1:]:
        one.set()
    wait_for(lambda: volume.writer.behind_s() == 0.0, PATIENCE_S)
    volume.look()
    assert volume.complaint == ""
    assert volume.writer.stop(60)
