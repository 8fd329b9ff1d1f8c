"""What is decoded, and on what: nothing the analysis leaves out, and never nothing at all."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from structlog.testing import capture_logs

from core.clock import SystemClock
from ingest import hardware
from ingest.file import FileSource
from ingest.frames import LiveFrames
from ingest.hardware import decoder_like, device_for
from ingest.nal import PictureSniffer

FPS, PICTURES = 25, 50


def film(path: Path, codec: str, between: int) -> Path:
    """Two seconds of a moving square, ``between`` B pictures after each other one."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        pyramid = "b-pyramid=none" if codec == "libx264" else "b-pyramid=0:log-level=none"
        params = f"bframes={between}:b-adapt=0:scenecut=0:keyint=25:{pyramid}"
        stream.options = {"preset": "veryfast", codec.removeprefix("lib") + "-params": params}
        for index in range(PICTURES):
            picture = np.full((180, 320, 3), 90, np.uint8)
            picture[60:120, 3 * index : 3 * index + 50] = 220
            for packet in stream.encode(av.VideoFrame.from_ndarray(picture, format="bgr24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)
    return path


def read(path: Path, fps: float) -> tuple[LiveFrames, list[tuple[int, bytes]]]:
    frames = LiveFrames(FileSource("c", path, SystemClock()), fps, keep=1000)
    with frames:
        taken = [(frame.time_ns, frame.luma.tobytes()) for frame in frames]
    return frames, [(time_ns - taken[0][0], luma) for time_ns, luma in taken]


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_pictures_nobody_wants_are_not_decoded_and_the_others_are_the_same(
    tmp_path: Path, codec: str
) -> None:
    path = film(tmp_path / "film.mp4", codec, between=2)
    every, all_pictures = read(path, FPS)
    some, chosen = read(path, 5)
    # The decoder still holds one picture when the file ends, and a camera has no end.
    assert (every.spared, every.decoded) == (0, PICTURES - 1)
    assert some.spared >= PICTURES // 3
    assert some.spared + some.decoded == PICTURES - 1
    assert len(chosen) == 10
    known = dict(all_pictures)
    for time_ns, luma in chosen:
        nearest = min(known, key=lambda one: abs(one - time_ns))
        assert abs(nearest - time_ns) < 1_000_000
        assert known[nearest] == luma, "a picture that others need was left out"


def test_where_every_picture_is_needed_every_one_is_decoded(tmp_path: Path) -> None:
    frames, chosen = read(film(tmp_path / "film.mp4", "libx264", between=0), 5)
    assert (frames.spared, frames.decoded, len(chosen)) == (0, PICTURES, 10)


def test_a_slice_of_a_lower_layer_is_needed_and_one_of_the_highest_is_not() -> None:
    def trail(kind: int, layer: int) -> bytes:
        return bytes([0, 0, 1, kind << 1, layer, 0x80])

    sniffer = PictureSniffer("hevc", None)
    assert sniffer.is_needless(trail(0, 1))
    assert not sniffer.is_needless(trail(1, 2))
    assert not sniffer.is_needless(trail(0, 1)), "a picture of layer 2 may be made from it"
    assert sniffer.is_needless(trail(0, 2))
    assert not sniffer.is_needless(trail(19, 1))


@pytest.fixture
def fresh() -> None:
    device_for.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("choice", ["cuda", "vaapi"])
def test_a_missing_card_is_said_once_and_software_decodes(
    monkeypatch: pytest.MonkeyPatch, choice: hardware.DecoderChoice
) -> None:
    monkeypatch.setattr(hardware, "hwdevices_available", list)
    context = av.CodecContext.create("h264", "r")
    with capture_logs() as logs:
        for _ in range(3):
            assert decoder_like(context, choice) is context
    assert [(entry["log_level"], entry["reason"]) for entry in logs] == [
        ("warning", f"{choice}: not in this build of FFmpeg")
    ]


@pytest.mark.usefixtures("fresh")
def test_a_card_that_does_not_open_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(codec: str, device: str) -> None:
        raise PermissionError(1, f"no {device} for {codec}")

    monkeypatch.setattr(hardware, "hwdevices_available", lambda: ["cuda", "vaapi"])
    monkeypatch.setattr(hardware, "_opened", refuse)
    with capture_logs() as logs:
        assert device_for("h264", "auto") is None
    assert logs[0]["reason"] == "cuda: no cuda for h264; vaapi: no vaapi for h264"


@pytest.mark.usefixtures("fresh")
def test_the_card_that_opens_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    class Opened:
        is_hwaccel = True
        extradata: bytes | None = None

    def opened(codec: str, device: str) -> Opened:
        tried.append(device)
        if device == "cuda":
            raise OSError(1, "no card")
        return Opened()

    monkeypatch.setattr(hardware, "hwdevices_available", lambda: ["cuda", "vaapi"])
    monkeypatch.setattr(hardware, "_opened", opened)
    assert device_for("hevc", "auto") == "vaapi"
    assert device_for("hevc", "software") is None
    assert tried == ["cuda", "vaapi"]


@pytest.mark.usefixtures("fresh")
def test_a_wish_for_a_card_never_stops_the_pictures(tmp_path: Path) -> None:
    """With whatever this machine has: the real selection, the real decoder."""
    path = film(tmp_path / "film.mp4", "libx264", between=0)
    with LiveFrames(FileSource("c", path, SystemClock()), 5, keep=1000, decoder="auto") as frames:
        assert len(list(frames)) == 10
