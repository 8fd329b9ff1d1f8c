"""Cameras added to and removed from a running recorder; the ledger says what happened."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from ingest.events import Event, Lost
from ingest.file import FileSource
from recorder.errors import RelayError
from recorder.ledger import GapLedger, read_gaps
from recorder.live import socket_path
from recorder.recorder import Recorder
from recorder.relay import Relay
from recorder.shelf import segments
from tests.recorder.conftest import make_mp4
from tests.sim.camera_kit import wait_for

CLOCK = SystemClock()


class Counted(FileSource):
    """A film of a minute that tells whether it is being read."""

    reading = 0

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        type(self).reading += 1
        try:
            yield from super().packets(stop)
        finally:
            type(self).reading -= 1


class Away:
    """A camera that cannot be reached."""

    camera = "lane"

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        yield Lost("unreachable", "nothing listens there", CLOCK.utc_ns())
        stop.wait()


@pytest.fixture
def film(tmp_path: Path) -> Callable[[str], Counted]:
    path = make_mp4(tmp_path / "film.mp4", seconds=60, fps=5, gop=3)
    return lambda camera: Counted(camera, path, CLOCK)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    made = Relay(tmp_path / "run")
    yield made
    made.stop()


@pytest.fixture
def recorder(tmp_path: Path, film: Callable[[str], Counted], relay: Relay) -> Iterator[Recorder]:
    """Records the camera river."""
    made = Recorder(tmp_path / "rec", [film("river")], CLOCK, live=relay, sync=False)
    made.start()
    wait_for(lambda: segments(tmp_path / "rec", "river"))
    yield made
    assert made.stop()
    assert Counted.reading == 0
    assert reasons(tmp_path, "river") == ["starting", "shutdown"]


def reasons(tmp_path: Path, camera: str) -> list[str]:
    return [gap.reason for gap in read_gaps(tmp_path / "rec", camera)]


def test_a_camera_comes_is_changed_and_goes(
    recorder: Recorder, film: Callable[[str], Counted], tmp_path: Path
) -> None:
    rec, threads = tmp_path / "rec", threading.active_count()
    recorder.add(film("lane"))
    wait_for(lambda: segments(rec, "lane"))
    assert recorder.alive() == {"river": True, "lane": True}
    assert socket_path(tmp_path / "run", "lane").exists()
    recorder.add(film("lane"))
    wait_for(lambda: reasons(tmp_path, "lane") == ["starting", "changed"])
    wait_for(lambda: read_gaps(rec, "lane")[-1].last_ns is not None)
    wait_for(lambda: Counted.reading == 2)
    recorder.remove("lane")
    assert recorder.alive() == {"river": True}
    wait_for(lambda: Counted.reading == 1)
    wait_for(lambda: reasons(tmp_path, "lane") == ["starting", "changed", "removed"])
    assert read_gaps(rec, "lane")[-1].last_ns is None
    assert not socket_path(tmp_path / "run", "lane").exists()
    wait_for(lambda: threading.active_count() <= threads)


def test_a_camera_that_was_away_is_gone_from_when_it_was_removed(
    recorder: Recorder, film: Callable[[str], Counted], tmp_path: Path
) -> None:
    recorder.add(Away())
    wait_for(lambda: reasons(tmp_path, "lane") == ["starting"])
    recorder.remove("lane", "disabled")
    wait_for(lambda: reasons(tmp_path, "lane") == ["starting", "disabled"])
    recorder.add(film("lane"))
    wait_for(lambda: reasons(tmp_path, "lane") == ["starting", "disabled", "starting"])
    wait_for(lambda: GapLedger(tmp_path / "rec", "lane").open_gap is None)
    recorder.remove("lane")


def test_changes_that_follow_at_once_leave_the_last_one(
    recorder: Recorder, film: Callable[[str], Counted], tmp_path: Path
) -> None:
    for _ in range(5):
        recorder.add(film("lane"))
        recorder.remove("lane")
        recorder.add(film("lane"))
    wait_for(lambda: segments(tmp_path / "rec", "lane"))
    wait_for(lambda: Counted.reading == 2)
    assert recorder.alive() == {"river": True, "lane": True}
    recorder.remove("nobody")


def test_a_camera_that_cannot_be_changed_goes_on(recorder: Recorder) -> None:
    class Endless(Away):
        camera = "x" * 200

    with pytest.raises(RelayError, match="too long for a socket"):
        recorder.add(Endless())
    assert recorder.alive() == {"river": True}


def test_ledger_turns_once_for_each_reason(tmp_path: Path) -> None:
    ledger = GapLedger(tmp_path, "lane")
    ledger.begin(1, "unreachable")
    ledger.turn(5, "removed")
    ledger.turn(7, "removed")
    other = GapLedger(tmp_path, "lane")
    other.turn(9, "starting")
    ledger.refresh()
    ledger.end(12)
    assert [(gap.first_ns, gap.last_ns, gap.reason) for gap in read_gaps(tmp_path, "lane")] == [
        (1, 5, "unreachable"),
        (5, 9, "removed"),
        (9, 12, "starting"),
    ]
