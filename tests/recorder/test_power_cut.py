"""The power goes after any write: what was synced is there, can be played, and adds up."""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from ingest.events import Event, Lost
from ingest.file import FileSource
from recorder.boxes import scan
from recorder.camera import CameraRecorder
from recorder.check import Check
from recorder.ledger import GapLedger, read_gaps
from recorder.own_clock import take_up
from recorder.shelf import segments
from recorder.volumes import Volumes
from tests.recorder.conftest import CAMERA
from tests.recorder.power import LoggedDisk, Remains


class Twice(FileSource):
    """A camera that is lost for a while between two films, and once in the middle of one."""

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        for number, event in enumerate(super().packets(stop)):
            if number == 45:
                yield Lost("stalled", "no packet for 5 s", self.clock.utc_ns())
                self.clock.wait(stop, 7)
                break
            yield event
        yield from super().packets(stop)


@pytest.fixture(scope="module")
def history(
    film: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Path, LoggedDisk, int]]:
    """Everything a recorder did to its disk."""
    root = tmp_path_factory.mktemp("power") / "recordings"
    root.mkdir()
    clock, disk = ManualClock(), LoggedDisk()
    volumes = Volumes(root, clock, disk=disk)
    source = Twice(CAMERA, film, clock)
    CameraRecorder(root, source, clock, segment_s=3, volumes=volumes).run(threading.Event())
    return root, disk, clock.utc_ns()


@settings(max_examples=40, deadline=None)
@given(where=st.floats(0, 1), seed=st.integers(0, 2**32))
def test_what_was_synced_survives_and_adds_up(
    history: tuple[Path, LoggedDisk, int], where: float, seed: int
) -> None:
    root, disk, end_ns = history
    remains, rng = Remains(root), random.Random(seed)
    for step in disk.steps[: round(where * len(disk.steps))]:
        step(remains)
    with TemporaryDirectory() as folder:
        after = Path(folder) / "recordings"
        remains.restore(root, after, rng)
        assert Check(after, repair=True).run().ok
        again = Check(after, repair=True).run()
        assert again.findings == ()
        for path, data in remains.synced().items():
            assert (after / path.relative_to(root)).read_bytes().startswith(data)
        for segment in segments(after, CAMERA):
            found = segment.scan()
            assert found.complete_bytes == segment.path.stat().st_size
            with av.open(str(segment.path)) as container:
                assert sum(1 for _ in container.demux(video=0)) == found.samples + 1
        if (after / CAMERA).is_dir():
            take_up(after, GapLedger(after, CAMERA), CAMERA, end_ns + 60 * NS_PER_S)
            assert read_gaps(after, CAMERA)[-1].last_ns is None
            assert Check(after).run().ok


def test_no_more_than_a_second_and_a_group_is_ever_unsynced(
    history: tuple[Path, LoggedDisk, int],
) -> None:
    root, disk, _ = history
    remains = Remains(root)
    most = 0
    for step in disk.steps:
        step(remains)
        most = max(most, remains.unsynced_bytes())
    fragments = [f for s in segments(root, CAMERA) for f in scan(s.path).fragments]
    assert 0 < most <= 2 * max(f.end - f.offset for f in fragments) + 1000
