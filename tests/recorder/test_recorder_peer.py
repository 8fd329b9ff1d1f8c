"""The recorder as a process: killed, cut off, and beside a camera that fails."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import av
import pytest

from core.clock import NS_PER_S, SystemClock
from ingest.file import FileSource
from ingest.rtsp import RtspSource
from recorder.ledger import read_gaps
from recorder.recorder import Recorder
from recorder.shelf import CompletePart, latest_end_ns, segments
from tests.ingest.peers import GstCamera
from tests.recorder.conftest import make_mp4

CHILD = """
import sys, threading
from pathlib import Path
from core.clock import SystemClock
from ingest.rtsp import RtspSource
from recorder.recorder import Recorder
clock = SystemClock()
recorder = Recorder(Path(sys.argv[2]), [RtspSource("cam", sys.argv[1], clock)], clock, segment_s=4)
recorder.start()
threading.Event().wait()
"""


def wait_for(what: Callable[[], bool], seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it does not happen"
        time.sleep(0.05)


def recorded_s(root: Path, camera: str) -> float:
    found = segments(root, camera)
    end_ns = latest_end_ns(root, camera)
    return (end_ns - found[0].start_ns) / NS_PER_S if found and end_ns else 0.0


@pytest.mark.peer
def test_kill_9_loses_at_most_one_group_of_pictures(tmp_path: Path) -> None:
    gop_s, frame_s, transit_s = 1.0, 0.1, 0.4
    with GstCamera(cam={"fps": 10, "gop": 10}) as camera:
        child = subprocess.Popen([sys.executable, "-c", CHILD, camera.url("cam"), str(tmp_path)])
        try:
            wait_for(lambda: recorded_s(tmp_path, "cam") > 5)
            killed_ns = SystemClock().utc_ns()
            os.kill(child.pid, signal.SIGKILL)
        finally:
            child.kill()
            child.wait()
        end_ns = latest_end_ns(tmp_path, "cam")
        assert end_ns is not None
        assert (killed_ns - end_ns) / NS_PER_S < gop_s + frame_s + transit_s
        last = segments(tmp_path, "cam")[-1]
        found = last.scan()
        with av.open(CompletePart(last.path, found.complete_bytes), "r") as container:
            assert sum(1 for _ in container.decode(video=0)) == found.samples > 0
        with av.open(str(last.path)) as container:  # any player, too, without knowing of scans
            assert sum(1 for _ in container.decode(video=0)) == found.samples
        clock = SystemClock()
        recorder = Recorder(
            tmp_path, [RtspSource("cam", camera.url("cam"), clock)], clock, segment_s=4
        )
        before = len(segments(tmp_path, "cam"))
        recorder.start()
        wait_for(lambda: len(segments(tmp_path, "cam")) > before)
        assert recorder.stop()
    crash = next(gap for gap in read_gaps(tmp_path, "cam") if gap.reason == "crash")
    assert crash.first_ns == end_ns
    assert crash.last_ns == segments(tmp_path, "cam")[before].start_ns
    assert read_gaps(tmp_path, "cam")[-1].reason == "shutdown"


@pytest.mark.peer
def test_camera_that_fails_leaves_a_gap_and_its_neighbour_alone(tmp_path: Path) -> None:
    clock = SystemClock()
    with (
        GstCamera(cam={"fps": 10, "gop": 10}) as steady,
        GstCamera(cam={"fps": 10, "gop": 10}) as mortal,
    ):
        recorder = Recorder(
            tmp_path,
            [
                RtspSource("steady", steady.url("cam"), clock),
                RtspSource("mortal", mortal.url("cam"), clock, rng=random.Random(1)),
            ],
            clock,
            segment_s=3,
        )
        recorder.start()
        wait_for(lambda: recorded_s(tmp_path, "mortal") > 2)
        mortal.stop()
        wait_for(lambda: read_gaps(tmp_path, "mortal")[-1].last_ns is None)
        mortal.start()
        wait_for(lambda: read_gaps(tmp_path, "mortal")[-1].last_ns is not None)
        wait_for(lambda: recorded_s(tmp_path, "steady") > 5)
        assert recorder.alive() == {"steady": True, "mortal": True}
        assert recorder.stop()
    starting, outage, shutdown = read_gaps(tmp_path, "mortal")
    assert starting.reason == "starting"
    assert outage.reason in ("broken", "ended", "stalled")
    assert shutdown.reason == "shutdown"
    assert [g.reason for g in read_gaps(tmp_path, "steady")] == ["starting", "shutdown"]
    ends = [
        (s.start_ns, s.utc_ns(s.scan().end_dts, s.scan().timescale))
        for s in segments(tmp_path, "steady")
    ]
    for (_, end_ns), (start_ns, _) in pairwise(ends):
        assert abs(start_ns - end_ns) < NS_PER_S // 20


class Faulty:
    """A source with a defect: it raises what it should not."""

    camera = "faulty"

    def packets(self, stop: threading.Event) -> Iterator[object]:
        raise ZeroDivisionError("a defect in a driver")
        yield


def test_defect_in_one_driver_stops_nobody(tmp_path: Path) -> None:
    film = make_mp4(tmp_path / "film.mp4", seconds=2)
    clock = SystemClock()
    root = tmp_path / "recordings"
    recorder = Recorder(
        root, [Faulty(), FileSource("good", film, clock)], clock, segment_s=2, sync=False
    )
    recorder.start()
    wait_for(lambda: recorded_s(root, "good") > 1.8)
    assert recorder.alive()["faulty"]
    assert recorder.stop()
    assert "good" in {path.name for path in root.iterdir()}
    assert all(gap.last_ns is None for gap in read_gaps(root, "faulty"))
