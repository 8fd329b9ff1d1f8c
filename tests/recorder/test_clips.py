"""Clips: whole groups of pictures, bit-exact, honest."""

import os
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from recorder.clips import cut
from recorder.errors import NothingRecordedError, RecorderError
from recorder.ledger import GapLedger
from recorder.shelf import segments
from tests.recorder.conftest import CAMERA, make_mp4, units


def test_clip_across_segments_is_bit_exact(
    film: Path, record: Callable[..., Path], tmp_path: Path
) -> None:
    root = record(film)
    start_ns = segments(root, CAMERA)[0].start_ns
    made = cut(
        root, CAMERA, start_ns + 2_500_000_000, start_ns + 6_500_000_000, tmp_path / "clip.mp4"
    )
    assert made.first_ns == start_ns + 2 * NS_PER_S
    assert made.last_ns == start_ns + 7 * NS_PER_S
    assert made.frames == 50
    assert len(made.segments) == 3
    assert made.gaps == ()
    whole, clip = units(film), units(made.path)
    at = whole.index(clip[0])
    assert clip == whole[at : at + len(clip)]
    with av.open(str(made.path)) as container:
        times = [float(frame.time) for frame in container.decode(video=0)]
        assert container.metadata["creation_time"].startswith("2026-09-21T14:13:22")
    assert times == pytest.approx([n / 10 for n in range(50)], abs=0.001)


@settings(max_examples=20, deadline=None)
@given(first=st.integers(0, 99), length=st.integers(1, 100))
def test_clip_always_covers_what_is_there(
    film_recording: tuple[Path, Path], first: int, length: int
) -> None:
    root, scratch = film_recording
    start_ns = segments(root, CAMERA)[0].start_ns
    first_ns = start_ns + first * NS_PER_S // 10
    last_ns = first_ns + length * NS_PER_S // 10
    made = cut(root, CAMERA, first_ns, last_ns, scratch / "clip.mp4")
    assert made.first_ns <= first_ns
    assert made.last_ns >= min(last_ns, start_ns + 10 * NS_PER_S) - 1000
    assert made.frames == round((made.last_ns - made.first_ns) * 10 / NS_PER_S)
    assert bool(made.gaps) == (last_ns > start_ns + 10 * NS_PER_S)


@pytest.fixture(scope="module")
def film_recording(film: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    import threading

    from ingest.file import FileSource
    from recorder.camera import CameraRecorder

    folder = tmp_path_factory.mktemp("recording")
    clock = ManualClock()
    CameraRecorder(folder, FileSource(CAMERA, film, clock), clock, segment_s=3, sync=False).run(
        threading.Event()
    )
    return folder, tmp_path_factory.mktemp("scratch")


def test_missing_part_is_named_with_the_ledgers_reason(
    film: Path, record: Callable[..., Path], tmp_path: Path, clock: ManualClock
) -> None:
    root = record(film)
    found = segments(root, CAMERA)
    found[1].path.unlink()
    made = cut(
        root, CAMERA, found[0].start_ns, found[3].start_ns + 20 * NS_PER_S, tmp_path / "c.mp4"
    )
    hole, end = made.gaps
    assert (hole.first_ns, hole.last_ns) == (
        found[0].start_ns + 3 * NS_PER_S,
        found[2].start_ns,
    )
    assert hole.reason == "not_on_disk"
    assert end.reason == "ended"
    assert made.frames == 70


def test_nothing_recorded_is_an_error_that_says_why(tmp_path: Path) -> None:
    GapLedger(tmp_path, CAMERA).begin(0, "unreachable")
    with pytest.raises(NothingRecordedError, match=r"river-1.*unreachable"):
        cut(tmp_path, CAMERA, NS_PER_S, 2 * NS_PER_S, tmp_path / "c.mp4")
    with pytest.raises(RecorderError, match="before it starts"):
        cut(tmp_path, CAMERA, 2, 1, tmp_path / "c.mp4")


def test_growing_segment_is_cut_as_far_as_it_is_complete(
    film: Path, record: Callable[..., Path], tmp_path: Path
) -> None:
    root = record(film, segment_s=60)
    (segment,) = segments(root, CAMERA)
    fragments = segment.scan().fragments
    os.truncate(segment.path, fragments[6].offset + 40)
    made = cut(root, CAMERA, segment.start_ns, segment.start_ns + 9 * NS_PER_S, tmp_path / "c.mp4")
    assert made.frames == 60
    assert [gap.first_ns for gap in made.gaps] == [segment.start_ns + 6 * NS_PER_S]


def test_reconfigured_camera_gives_the_longer_part(
    film: Path, record: Callable[..., Path], tmp_path: Path
) -> None:
    root = record(film)
    end_ns = segments(root, CAMERA)[-1].start_ns + NS_PER_S
    record(make_mp4(tmp_path / "large.mp4", seconds=3, size=(320, 240)))
    made = cut(root, CAMERA, end_ns - 9 * NS_PER_S, end_ns + 2 * NS_PER_S, tmp_path / "c.mp4")
    assert made.frames == 90
    assert [gap.reason for gap in made.gaps] in (["ended"], ["stream_changed"])


@pytest.mark.assets
def test_camera_signatures_survive_recording_and_cutting(
    record: Callable[..., Path], tmp_path: Path
) -> None:
    folder = os.environ.get("WARDWATCH_ASSETS")
    if not folder:
        pytest.skip("WARDWATCH_ASSETS names no folder with test media")
    signed = Path(folder) / "signed" / "test_signed_h264.mp4"
    root = record(signed, segment_s=2)
    found = segments(root, CAMERA)
    assert len(found) > 2
    last_ns = found[-1].start_ns + 10 * NS_PER_S
    made = cut(root, CAMERA, found[0].start_ns, last_ns, tmp_path / "clip.mp4")
    original = units(signed)
    messages = [unit for unit in original if unit[0] & 0x1F == 6]
    assert len(messages) >= 2
    assert units(made.path) == original
