"""Every fault of the virtual camera, over real sockets: noticed, over, one session, no thread."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from core.clock import NS_PER_S
from ingest.events import Connected, Lost, MediaPacket, Reanchored
from ingest.rtsp import RtspSource
from recorder.camera import CameraRecorder
from recorder.ledger import read_gaps
from recorder.shelf import segments
from sim.camera import VirtualTownship
from sim.camera.faults import SOUND, Fault
from tests.ingest.fault_kit import CAMERA, CLOCK, PAUSE, SCENARIOS, Scenario, Steady, Watch, run
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township, wait_for

FPS = 20.0


@pytest.fixture(scope="module")
def town() -> Iterator[VirtualTownship]:
    with township(scenes={CAMERA: BoxScene(fps=FPS)}) as running:
        yield running


def source(town: VirtualTownship, **more: object) -> RtspSource:
    settings = {"username": USER, "password": PASSWORD, "rng": Steady(0.02), "stall_s": 1.0, **more}
    return RtspSource(CAMERA, town.url(CAMERA), CLOCK, **settings)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_fault_is_noticed_and_over(town: VirtualTownship, scenario: Scenario) -> None:
    threads = threading.active_count()
    outcome = run(town, scenario, username=USER, password=PASSWORD, fps=FPS)
    if scenario.reasons:
        assert outcome.reason in scenario.reasons
    assert outcome.noticed_s is None or outcome.noticed_s < 6
    assert outcome.back_s < 10
    assert outcome.sessions == 1
    if scenario.shows in ("described", "reanchored"):
        assert outcome.pictures_lost <= 2  # at most what a loaded machine left out itself
    wait_for(lambda: town.connections == 0)
    assert threading.active_count() <= threads


def test_other_picture_is_described_before_its_first_key_frame(town: VirtualTownship) -> None:
    town.resize(CAMERA, (320, 240))
    with Watch(source(town)) as watch:
        assert watch.more(5)
        town.resize(CAMERA, (640, 352))
        assert watch.wait(lambda: len(watch.of(Connected)) >= 2)
        assert watch.more(3)
    at, second = watch.of(Connected)[-1]
    assert isinstance(second, Connected)
    context = second.streams[0].codec_context
    assert (context.name, context.width, context.height) == ("h264", 640, 352)
    assert context.extradata
    following = next(e for when, e in watch.events if when >= at and isinstance(e, MediaPacket))
    assert following.keyframe
    assert not [e for _, e in watch.of(Lost) if isinstance(e, Lost) and e.reason != "stopped"]


def test_clock_that_jumps_back_is_not_taken_for_a_wrap(town: VirtualTownship) -> None:
    with Watch(source(town)) as watch:
        assert watch.more(5)
        town.jump(-100)
        assert watch.wait(lambda: watch.of(Reanchored))
        assert watch.more(5)
    moved = watch.of(Reanchored)[0][1]
    assert isinstance(moved, Reanchored)
    assert moved.by_s == pytest.approx(100, abs=5)
    times = [picture.dts_ns for picture in watch.pictures()]
    assert times == sorted(times)


def test_fifty_flaps_leave_one_session_no_thread_flat_memory_and_an_honest_ledger(
    town: VirtualTownship, tmp_path: Path
) -> None:
    town.misbehave(SOUND)
    town.resize(CAMERA, (320, 240))
    wait_for(lambda: town.connections == 0)
    threads, process = threading.active_count(), psutil.Process()
    sizes = []

    def closed_gaps() -> int:
        return sum(gap.last_ns is not None for gap in read_gaps(tmp_path, CAMERA))

    with recording(town, tmp_path):
        for flap in range(50):
            wait_for(lambda flap=flap: closed_gaps() == flap + 1, 60)
            town.reset(CAMERA)
            sizes.append(process.memory_info().rss)
        wait_for(lambda: closed_gaps() == 51, 60)
        wait_for(lambda: town.sessions == 1 and town.connections == 1, 60)
    wait_for(lambda: town.connections == 0, 60)
    assert threading.active_count() <= threads
    assert max(sizes[40:]) - max(sizes[5:15]) < 8 * 2**20
    first, *flaps, last = read_gaps(tmp_path, CAMERA)
    assert (first.reason, last.reason, last.last_ns) == ("starting", "shutdown", None)
    assert len(flaps) == 50
    assert {gap.reason for gap in flaps} <= {"ended", "broken"}
    # None is open; one without length is a camera that was back before the next picture was due.
    assert all(gap.last_ns is not None and gap.last_ns >= gap.first_ns for gap in flaps)
    assert_all_accounted_for(tmp_path)


def test_camera_that_is_away_gathers_no_threads(town: VirtualTownship) -> None:
    """Attempt after attempt; what they cost is measured in bench/camera_faults.py."""
    town.misbehave(Fault(refuse=True))
    try:
        with Watch(source(town, rng=Steady(0.5))) as watch:
            assert watch.wait(lambda: watch.of(Lost))
            before = threading.active_count()
            CLOCK.wait(PAUSE, 1.5)
            assert threading.active_count() == before
    finally:
        town.misbehave(SOUND)


def test_recording_through_faults_leaves_an_honest_ledger(
    town: VirtualTownship, tmp_path: Path
) -> None:
    """Segments and gaps follow each other: no moment is missing, none is there twice."""
    town.resize(CAMERA, (320, 240))
    with recording(town, tmp_path):
        for fault in (lambda: town.reset(CAMERA), lambda: town.resize(CAMERA, (480, 320))) * 3:
            CLOCK.wait(PAUSE, 0.6)
            fault()
        CLOCK.wait(PAUSE, 1.0)
    gaps = read_gaps(tmp_path, CAMERA)
    assert [gap.reason for gap in gaps if gap.last_ns is None] == ["shutdown"]
    assert {gap.reason for gap in gaps} <= {
        "starting", "ended", "broken", "reconnected", "unreachable", "shutdown"
    }  # fmt: skip
    assert_all_accounted_for(tmp_path)


@contextmanager
def recording(town: VirtualTownship, root: Path) -> Iterator[CameraRecorder]:
    """A recorder that reads the camera until the end of the block."""
    camera = CameraRecorder(root, source(town), CLOCK, segment_s=60, sync=False)
    stop = threading.Event()
    thread = threading.Thread(target=camera.run, args=(stop,))
    thread.start()
    try:
        yield camera
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def assert_all_accounted_for(root: Path) -> None:
    """Segments and gaps follow each other from the start to now."""
    spans = [(gap.first_ns, gap.last_ns or CLOCK.utc_ns()) for gap in read_gaps(root, CAMERA)]
    for segment in segments(root, CAMERA):
        found = segment.scan()
        spans.append((segment.start_ns, segment.utc_ns(found.end_dts, found.timescale)))
    spans.sort()
    # A gap without length may begin microseconds after the segment that ends it: what counts is
    # how far the account reaches when the next entry begins.
    reached_ns = spans[0][0]
    for first_ns, last_ns in spans:
        assert abs(first_ns - reached_ns) < 0.15 * NS_PER_S or first_ns == last_ns < reached_ns
        reached_ns = max(reached_ns, last_ns)
    assert reached_ns > CLOCK.utc_ns() - 60 * NS_PER_S
