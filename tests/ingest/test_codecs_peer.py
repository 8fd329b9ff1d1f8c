"""Codecs of picture and sound against GStreamer's RTSP server, by TCP and UDP."""

import random
import threading
from collections.abc import Iterator

import pytest

from core.clock import SystemClock
from ingest.events import Connected, MediaPacket
from ingest.frames import LiveFrames
from ingest.rtsp import RtspSource
from tests.ingest.peers import GstCamera

pytestmark = pytest.mark.peer

MOUNTS = {
    "h265": {"codec": "h265", "audio": "aac"},
    "mjpeg": {"codec": "mjpeg", "audio": "ulaw"},
    "h264": {"codec": "h264", "audio": "aac"},
}
SOUND = {"aac": "aac", "ulaw": "pcm_mulaw"}
PICTURE = {"h265": "hevc", "mjpeg": "mjpeg", "h264": "h264"}


@pytest.fixture(scope="module")
def camera() -> Iterator[GstCamera]:
    with GstCamera(**{name: {"fps": 10, "gop": 10, **m} for name, m in MOUNTS.items()}) as made:
        yield made


def source(camera: GstCamera, name: str, transport: str = "tcp") -> RtspSource:
    return RtspSource(
        "gate", camera.url(name), SystemClock(), transport=transport, rng=random.Random(1)
    )


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize("name", MOUNTS)
def test_picture_and_sound_come_together(camera: GstCamera, name: str, transport: str) -> None:
    stop, video, sound, sessions = threading.Event(), 0, 0, []
    for event in source(camera, name, transport).packets(stop):
        if isinstance(event, Connected):
            sessions.append([s.codec_context.name for s in event.streams])
        elif isinstance(event, MediaPacket):
            video += event.kind == "video"
            sound += event.kind == "audio"
        if video >= 12 and sound >= 5:
            stop.set()
    assert sessions[0][:1] == [PICTURE[name]]
    assert SOUND[str(MOUNTS[name]["audio"])].startswith(sessions[0][1].removesuffix("_latm"))
    assert len(sessions) == 1  # GStreamer's sets match its description: nothing is told anew


@pytest.mark.parametrize("name", ["h265", "mjpeg"])
def test_other_codecs_are_decoded(camera: GstCamera, name: str) -> None:
    with LiveFrames(source(camera, name), 5) as frames:
        frame = next(iter(frames))
        assert frame.luma.shape == (240, 320)
        assert frame.luma.max() > 200  # the ball
    assert frames.damaged == 0
