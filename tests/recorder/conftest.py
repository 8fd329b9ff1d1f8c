"""Small real recordings, made with libx264, and sources that play them at once."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from core.clock import ManualClock
from ingest.file import FileSource
from recorder.camera import CameraRecorder, LiveSink

CAMERA = "river-1"


def make_mp4(
    path: Path,
    *,
    seconds: float = 10,
    fps: int = 10,
    gop: int = 10,
    size: tuple[int, int] = (160, 120),
    codec: str = "libx264",
) -> Path:
    """A film whose brightness tells its picture number."""
    width, height = size
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=fps, options={"x265-params": "log-level=none"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        stream.codec_context.gop_size = gop
        stream.codec_context.max_b_frames = 0
        rng = np.random.default_rng(1)
        noise = rng.integers(0, 60, (height, width, 3), dtype=np.uint8)
        for number in range(round(seconds * fps)):
            picture = noise + np.uint8(number % 180)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def units(path: Path) -> list[bytes]:
    """The NAL units of every video packet, in order."""
    found = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            data, at = bytes(packet), 0
            while at + 4 <= len(data):
                length = int.from_bytes(data[at : at + 4], "big")
                found.append(data[at + 4 : at + 4 + length])
                at += 4 + length
    return found


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten seconds, 10 pictures a second, a key frame every second."""
    return make_mp4(tmp_path_factory.mktemp("film") / "film.mp4")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def record(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., Path]]:
    """Record a film as if it came from a camera; returns the recordings folder."""

    def run(path: Path, *, segment_s: float = 3, live: LiveSink | None = None) -> Path:
        root = tmp_path / "recordings"
        source = FileSource(CAMERA, path, clock)
        CameraRecorder(root, source, clock, segment_s=segment_s, live=live, sync=False).run(
            threading.Event()
        )
        return root

    return run
