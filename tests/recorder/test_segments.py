"""Segments: bit-exact, readable while growing, honest about what is missing."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest

from core.clock import NS_PER_S, ManualClock
from ingest.events import Lost
from ingest.file import FileSource
from recorder.boxes import scan
from recorder.camera import CameraRecorder
from recorder.disk import Disk
from recorder.errors import RecorderError
from recorder.ledger import GapLedger, read_gaps
from recorder.shelf import CompletePart, segment_path, segments
from recorder.volumes import Volumes
from tests.recorder.conftest import CAMERA, make_mp4, units


def test_segments_start_on_key_frames_and_hold_every_nal(
    film: Path, record: Callable[..., Path]
) -> None:
    found = segments(record(film), CAMERA)
    assert len(found) == 4
    copied = []
    for segment in found:
        with av.open(str(segment.path)) as container:
            first = next(container.demux(video=0))
            assert first.is_keyframe
        copied += units(segment.path)
    assert copied == units(film)


def test_index_comes_from_the_file_itself(film: Path, record: Callable[..., Path]) -> None:
    first, second, *_ = segments(record(film), CAMERA)
    found = first.scan()
    assert [f.samples for f in found.fragments] == [10, 10, 10]
    assert all(f.key for f in found.fragments)
    assert found.complete_bytes == first.path.stat().st_size
    end_ns = first.utc_ns(found.end_dts, found.timescale)
    assert abs(end_ns - second.start_ns) < NS_PER_S // 1000
    assert first.path == segment_path(first.path.parents[2], CAMERA, first.start_ns)


@pytest.mark.parametrize("codec", ["libx265", "mpeg4"])
def test_other_codecs_are_recorded_too(
    tmp_path: Path, record: Callable[..., Path], codec: str
) -> None:
    film = make_mp4(tmp_path / "other.mp4", seconds=4, codec=codec)
    found = segments(record(film), CAMERA)
    total = 0
    for segment in found:
        with av.open(str(segment.path)) as container:
            total += sum(1 for _ in container.decode(video=0))
    assert total == 40


class Interrupted(FileSource):
    """Loses the camera in the middle of a film, for ten seconds."""

    def packets(self, stop: threading.Event) -> Iterator[object]:
        for number, event in enumerate(super().packets(stop)):
            if number == 45:
                yield Lost("stalled", "no packet for 5 s", self.clock.utc_ns())
                return
            yield event


def test_lost_session_is_a_gap_with_its_reason(
    film: Path, tmp_path: Path, clock: ManualClock
) -> None:
    CameraRecorder(tmp_path, Interrupted(CAMERA, film, clock), clock, segment_s=3, sync=False).run(
        threading.Event()
    )
    lost_ns = clock.utc_ns()
    clock.advance(10)
    CameraRecorder(tmp_path, FileSource(CAMERA, film, clock), clock, segment_s=3, sync=False).run(
        threading.Event()
    )
    starting, stalled, ended = read_gaps(tmp_path, CAMERA)
    assert starting.reason == "starting"
    assert stalled.reason == "stalled"
    assert stalled.last_ns is not None
    assert 9.9 < (stalled.last_ns - stalled.first_ns) / NS_PER_S < 10.2
    assert abs(stalled.first_ns - lost_ns) < NS_PER_S // 5
    assert ended.reason == "ended"
    assert ended.last_ns is None


def test_time_after_a_crash_is_a_gap_from_the_last_picture_on_disk(
    film: Path, record: Callable[..., Path], clock: ManualClock
) -> None:
    root = record(film)
    (root / CAMERA / "gaps.jsonl").unlink()  # as a killed recorder leaves it: no last word
    last = segments(root, CAMERA)[-1]
    last.path.write_bytes(last.path.read_bytes()[:100])  # killed while the header was written
    with pytest.raises(RecorderError, match="no complete header"):
        scan(last.path)
    clock.advance(60)
    record(film)
    crash = read_gaps(root, CAMERA)[0]
    assert crash.reason == "crash"
    previous = segments(root, CAMERA)[2]
    found = previous.scan()
    assert crash.first_ns == previous.utc_ns(found.end_dts, found.timescale)


def test_torn_tail_is_not_read(film: Path, record: Callable[..., Path]) -> None:
    segment = segments(record(film), CAMERA)[0]
    whole = segment.path.read_bytes()
    fragments = segment.scan().fragments
    for keep in (fragments[-1].offset + 5, fragments[-1].end - 1):
        segment.path.write_bytes(whole[:keep])
        found = segment.scan()
        assert found.fragments == fragments[:-1]
        with av.open(CompletePart(segment.path, found.complete_bytes), "r") as container:
            assert sum(1 for _ in container.decode(video=0)) == 20


class OneRefusal(Disk):
    """Refuses one write."""

    def __init__(self, at: int) -> None:
        self._left = at

    def write(self, fd: int, data: bytes) -> None:
        if len(data) > 1000:  # a fragment
            self._left -= 1
            if self._left == 0:
                raise OSError(28, "No space left on device")
        super().write(fd, data)


def test_full_disk_of_one_camera_ends_in_the_ledger_and_recovers(
    film: Path, tmp_path: Path, clock: ManualClock
) -> None:
    freed = []
    CameraRecorder(
        tmp_path,
        FileSource(CAMERA, film, clock, loop=False),
        clock,
        segment_s=20,
        volumes=Volumes(tmp_path, clock, disk=OneRefusal(3), sync=False),
        on_full=lambda: freed.append(1),
    ).run(threading.Event())
    assert freed
    refused = next(g for g in read_gaps(tmp_path, CAMERA) if g.reason == "disk_refused")
    first, *_, last = segments(tmp_path, CAMERA)
    found = first.scan()
    assert len(found.fragments) == 2
    assert refused.first_ns == first.utc_ns(found.end_dts, found.timescale)
    assert refused.last_ns == last.start_ns
    assert 7 <= (last.start_ns - first.start_ns) / NS_PER_S <= 9


def test_ledger_survives_a_torn_line(tmp_path: Path) -> None:
    ledger = GapLedger(tmp_path, CAMERA)
    ledger.begin(10, "stalled")
    ledger.end(20)
    path = tmp_path / CAMERA / "gaps.jsonl"
    path.write_bytes(path.read_bytes() + b'{"first_ns": 3')
    again = GapLedger(tmp_path, CAMERA)
    again.begin(30, "refused")
    assert [(g.first_ns, g.last_ns) for g in read_gaps(tmp_path, CAMERA)] == [(10, 20), (30, None)]
    assert GapLedger(tmp_path, CAMERA).open_gap is not None
    assert read_gaps(tmp_path, CAMERA, 12, 15)[0].reason == "stalled"
    assert read_gaps(tmp_path, CAMERA, 20, 30) == []


class BrokenLive:
    """Live viewers' side with a defect."""

    def begin(self, video: object) -> None:
        pass

    def push(self, sample: object) -> None:
        raise ZeroDivisionError("a defect in the relay")

    def end(self) -> None:
        pass


def test_defect_of_the_live_side_costs_no_recording(
    film: Path, record: Callable[..., Path]
) -> None:
    root = record(film, live=BrokenLive())
    assert sum(s.scan().samples for s in segments(root, CAMERA)) == 100


def test_health_listener_that_fails_costs_no_recording(
    film: Path, tmp_path: Path, clock: ManualClock
) -> None:
    def away(_: object) -> None:
        raise ConnectionError("the bus is away")

    source = FileSource(CAMERA, film, clock, on_health=away)
    CameraRecorder(tmp_path, source, clock, segment_s=3, sync=False).run(threading.Event())
    assert sum(s.scan().samples for s in segments(tmp_path, CAMERA)) == 100
