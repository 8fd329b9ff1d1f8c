"""Clips: every picture once, the same every time, and one clear error when damaged."""

import os
import subprocess
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from core.clock import NS_PER_S, ManualClock
from ingest.errors import CorruptFileError, IngestError
from ingest.events import Connected, Lost, MediaPacket
from ingest.file import FileSource, file_frames
from ingest.frames import LiveFrames
from ingest.nal import PictureSniffer
from ingest.picture import luma_of
from tests.recorder.conftest import make_mp4


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_mp4(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=4, fps=25, gop=25)


def test_every_picture_at_the_analysis_rate(film: Path) -> None:
    frames = list(file_frames(film, "lane", 5, start_ns=7 * NS_PER_S))
    assert [f.time_ns for f in frames] == [7 * NS_PER_S + n * NS_PER_S // 5 for n in range(20)]
    assert [f.index for f in frames] == list(range(20))
    assert {f.camera for f in frames} == {"lane"}
    everything = list(file_frames(film, "lane", 1000))
    assert len(everything) == 100
    again = list(file_frames(film, "lane", 5, start_ns=7 * NS_PER_S))
    for a, b in zip(frames, again, strict=True):
        assert np.array_equal(a.luma, b.luma)
        assert np.array_equal(a.to_bgr(), b.to_bgr())


def test_colour_is_bgr_of_the_same_picture(tmp_path: Path) -> None:
    path = tmp_path / "red.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 98, 66, "yuv420p"
        red = np.zeros((66, 98, 3), np.uint8)
        red[..., 0] = 200
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        out.mux(stream.encode(None))
    frame = next(file_frames(path, "lane", 5))
    assert (frame.width, frame.height) == (98, 66)
    blue, green, redness = frame.to_bgr().reshape(-1, 3).mean(axis=0)
    assert redness > 180
    assert max(blue, green) < 30


@pytest.mark.parametrize("name", ["yuv420p", "yuvj420p", "nv12", "gray", "yuv444p"])
def test_luma_is_a_view_without_the_padding(name: str) -> None:
    rng = np.random.default_rng(2)
    grey = rng.integers(0, 256, (50, 70), dtype=np.uint8)
    picture = av.VideoFrame(70, 50, name)
    plane = picture.planes[0]
    lines = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    lines[:50, :70] = grey
    luma = luma_of(picture)
    assert luma.shape == (50, 70)
    assert np.array_equal(luma, grey)
    assert np.shares_memory(luma, lines)


def test_other_formats_are_converted() -> None:
    rng = np.random.default_rng(2)
    colours = rng.integers(0, 256, (50, 70, 3), dtype=np.uint8)
    luma = luma_of(av.VideoFrame.from_ndarray(colours, format="rgb24"))
    weights = colours.astype(float) @ [0.299, 0.587, 0.114]
    assert luma.shape == (50, 70)
    assert np.abs(luma - weights).mean() < 25


def test_truncated_file_gives_its_beginning_and_one_clear_error(tmp_path: Path, film: Path) -> None:
    path = tmp_path / "cut.mp4"
    whole = tmp_path / "front.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-i", film, "-c", "copy", "-movflags", "faststart", whole],
        check=True,
    )
    data = whole.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    frames: list[object] = []
    with pytest.raises(CorruptFileError, match=r"cut\.mp4.*after \d") as caught:
        frames.extend(file_frames(path, "lane", 5))
    assert 5 <= len(frames) <= 15
    assert "\n" not in str(caught.value)


def test_overwritten_middle_is_noticed(tmp_path: Path, film: Path) -> None:
    data = bytearray(film.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4000] = b"\xaa" * 4000
    path = tmp_path / "middle.mp4"
    path.write_bytes(data)
    with pytest.raises(CorruptFileError, match=r"middle\.mp4"):
        list(file_frames(path, "lane", 25))


@pytest.mark.parametrize("content", [b"", b"no film", b"\0\0\0\x18ftypmp42" + b"\0" * 4000])
def test_file_without_video_raises_at_once(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "odd.mp4"
    path.write_bytes(content)
    with pytest.raises(IngestError, match=r"odd\.mp4"):
        file_frames(path, "lane", 5)
    with pytest.raises(IngestError, match=r"gone\.mp4: no such file"):
        file_frames(tmp_path / "gone.mp4", "lane", 5)


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "sine=d=0.2", path], check=True)
    with pytest.raises(IngestError, match="no video"):
        file_frames(path, "lane", 5)


def test_file_as_camera_keeps_its_pace_and_ends(film: Path) -> None:
    clock = ManualClock()
    start_ns = clock.utc_ns()
    events = list(FileSource("lane", film, clock).packets(threading.Event()))
    assert isinstance(events[0], Connected)
    assert isinstance(events[-1], Lost)
    assert events[-1].reason == "ended"
    packets = [e for e in events if isinstance(e, MediaPacket)]
    assert [p.time_ns for p in packets] == pytest.approx(
        [start_ns + n * NS_PER_S // 25 for n in range(100)], abs=2000
    )
    assert clock.utc_ns() - start_ns == pytest.approx(3.96 * NS_PER_S, rel=0.01)


def test_missing_file_is_a_lost_session_with_the_reason(tmp_path: Path) -> None:
    (lost,) = FileSource("lane", tmp_path / "gone.mp4", ManualClock()).packets(threading.Event())
    assert isinstance(lost, Lost)
    assert lost.reason == "refused"
    assert "gone.mp4: no such file" in lost.detail


def test_slow_consumer_gets_the_newest_and_drops_are_counted(film: Path) -> None:
    frames = LiveFrames(FileSource("lane", film, ManualClock()), 5, keep=2)
    frames.start()
    while not frames._ended:  # the whole film passes while nobody takes a picture
        threading.Event().wait(0.01)
    taken = list(frames)
    assert [frame.index for frame in taken] == [18, 19]
    assert frames.dropped == 18
    assert frames.decoded == 100
    assert frames.ended


def test_sniffer_sees_pictures_in_both_packings() -> None:
    annex_b = PictureSniffer("h264", b"\0\0\0\1\x67")
    assert annex_b.has_picture(b"\0\0\0\1\x06\x05\0\0\1\x65\x88")
    assert not annex_b.has_picture(b"\0\0\0\1\x06\x05\0\0\1\x68\x88")
    avcc = PictureSniffer("h264", b"\x01\x42\xc0\x1e\xff\xe1")
    assert avcc.has_picture(b"\0\0\0\2\x06\x05\0\0\0\2\x41\x88")
    assert not avcc.has_picture(b"\0\0\0\2\x06\x05")
    assert PictureSniffer("hevc", None).has_picture(b"\0\0\1\x26\x01")
    assert not PictureSniffer("hevc", None).has_picture(b"\0\0\1\x40\x01")
    assert PictureSniffer("mjpeg", None).has_picture(b"")


@pytest.mark.assets
@pytest.mark.parametrize(
    ("name", "count"),
    [("signed/test_signed_h264.mp4", 50), ("video/car-detection.mp4", 151)],
)
def test_real_clips_run_through(name: str, count: int) -> None:
    folder = os.environ.get("WARDWATCH_ASSETS")
    if not folder:
        pytest.skip("WARDWATCH_ASSETS names no folder with test media")
    assert sum(1 for _ in file_frames(Path(folder) / name, "lane", 5)) == count
