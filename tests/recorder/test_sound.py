"""Sound in recordings and clips: not an octet changed, none lost, none too early."""

import subprocess
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from recorder.camera import CameraRecorder
from recorder.clips import Cut, cut
from recorder.shelf import segments
from tests.recorder.conftest import CAMERA, make_mp4, units
from tests.recorder.sounds import RATE_HZ, Shifted, heard, make_film, octets


def kept(film: Path, root: Path, clock: ManualClock | None = None, late_s: float = 0.0) -> Path:
    """Record a film in segments of three seconds."""
    clock = clock or ManualClock()
    source = Shifted(film, clock, late_s=late_s)
    CameraRecorder(root, source, clock, segment_s=3, sync=False).run(threading.Event())
    return root


def whole(root: Path, out: Path) -> Cut:
    start_ns = segments(root, CAMERA)[0].start_ns
    return cut(root, CAMERA, start_ns, segments(root, CAMERA)[-1].start_ns + 5 * NS_PER_S, out)


@pytest.fixture(scope="module")
def ulaw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("ulaw") / "film.mov", "pcm_mulaw")


@pytest.mark.parametrize("codec", ["pcm_mulaw", "pcm_alaw", "aac", "pcm_s16be"])
def test_sound_is_copied_octet_for_octet(tmp_path: Path, codec: str) -> None:
    film = make_film(tmp_path / "film.mov", codec)
    root = kept(film, tmp_path / "recordings")
    found = segments(root, CAMERA)
    assert len(found) == 4
    joined = b"".join(octets(segment.path) for segment in found)
    original = octets(film)
    # An AAC encoder's first packet lies before the first picture and only primes the decoder.
    assert original.endswith(joined)
    assert len(joined) == len(original) or codec == "aac"
    made = whole(root, tmp_path / "clip.mp4")
    assert made.silent == ()
    assert octets(made.path) == joined
    assert units(made.path) == units(film.with_suffix(".silent.mp4"))
    assert heard(made.path)[0] == codec


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(late_ms=st.integers(-1500, 700))
def test_no_sound_is_lost_where_files_meet(
    ulaw: Path, tmp_path_factory: pytest.TempPathFactory, late_ms: int
) -> None:
    """However early or late it comes, sound lies in the file and at the time of its pictures."""
    folder = tmp_path_factory.mktemp("shifted")
    root = kept(ulaw, folder / "recordings", late_s=late_ms / 1000)
    found = segments(root, CAMERA)
    lost = max(0, late_ms) / 1000  # the camera is gone before its last sound has come
    parts = [octets(segment.path) for segment in found]
    joined = b"".join(parts)
    assert octets(ulaw).startswith(joined)
    assert len(joined) >= (10 - lost) * RATE_HZ - 400
    for segment, part in list(zip(found, parts, strict=True))[:-1]:
        assert abs(len(part) - 3 * RATE_HZ) <= 160
        assert segment.scan().complete_bytes == segment.path.stat().st_size
    assert octets(whole(root, folder / "clip.mp4").path) == joined


def test_clip_says_where_its_sound_is_missing(ulaw: Path, tmp_path: Path) -> None:
    """Sound switched on and off at the camera between sessions: one clip, sound at its place."""
    root, clock = tmp_path / "recordings", ManualClock()
    silent = make_mp4(tmp_path / "silent.mp4", seconds=4)
    kept(ulaw, root, clock)
    second_ns = clock.utc_ns()
    kept(silent, root, clock)
    third_ns = clock.utc_ns()
    kept(ulaw, root, clock)
    made = whole(root, tmp_path / "clip.mp4")
    assert made.frames == 240
    assert made.silent[0][0] == pytest.approx(second_ns, abs=NS_PER_S // 5)
    assert made.silent[-1][1] == pytest.approx(third_ns, abs=NS_PER_S // 5)
    with av.open(str(made.path)) as container:
        times = [float(p.dts * p.time_base) for p in container.demux(audio=0) if p.size]
    steps = np.diff(times)
    assert sorted(steps)[-1] == pytest.approx(4.2, abs=0.2)
    assert sorted(steps)[-2] < 0.2
    after = next(t for t, step in zip(times[1:], steps, strict=True) if step > 1)
    assert after == pytest.approx((third_ns - made.first_ns) / NS_PER_S, abs=0.15)


@pytest.mark.peer
def test_gstreamer_reads_segment_and_clip(ulaw: Path, tmp_path: Path) -> None:
    root = kept(ulaw, tmp_path / "recordings", late_s=0.3)
    made = whole(root, tmp_path / "clip.mp4")
    for path in (segments(root, CAMERA)[1].path, made.path):
        raw = tmp_path / "raw"
        subprocess.run(
            ["gst-launch-1.0", "-q", "filesrc", f"location={path}", "!", "qtdemux", "name=d",
             "d.audio_0", "!", "queue", "!", "filesink", f"location={raw}",
             "d.video_0", "!", "queue", "!", "fakesink"],
            check=True, timeout=60,
        )  # fmt: skip
        assert raw.read_bytes() == octets(path)
