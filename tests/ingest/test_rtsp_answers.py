"""Every recorded answer of real cameras, given to the source over a socket."""

import os
import random
import re
import threading
from pathlib import Path

import pytest

from core.clock import SystemClock
from ingest.events import Connected, Event, Lost, MediaPacket
from ingest.rtsp import RtspSource
from tests.ingest.answer_server import AnsweringCamera, description, extra
from tests.ingest.pictures import Pictures

FOLDER = Path(os.environ.get("WARDWATCH_ASSETS", "/nonexistent")) / "rtsp"
DESCRIPTIONS = sorted([*FOLDER.glob("*describe*.txt"), *FOLDER.glob("*_sdp.txt")])
SETUPS = sorted(FOLDER.glob("*_setup*.txt"))
PLAYS = sorted(FOLDER.glob("*_play.txt"))
UDP_ONLY = {"h264dvr_setup_audio.txt", "h264dvr_setup_video.txt"}

pytestmark = [
    pytest.mark.assets,
    pytest.mark.skipif(not DESCRIPTIONS, reason="WARDWATCH_ASSETS names no folder with rtsp/"),
]


def pictures_for(path: Path) -> Pictures:
    sdp = description(path)[1].decode(errors="replace")
    found = re.search(r"m=video \d+ RTP/AVP (\d+)", sdp)
    assert found
    return Pictures("hevc" if "H265/90000" in sdp else "h264", int(found[1]))


def watch(camera: AnsweringCamera, count: int = 5) -> list[Event]:
    source = RtspSource(
        "gate", camera.url, SystemClock(), rng=random.Random(1), open_s=3.0, stall_s=1.0
    )
    stop = threading.Event()
    events: list[Event] = []
    for event in source.packets(stop):
        events.append(event)
        if isinstance(event, Lost) or sum(isinstance(e, MediaPacket) for e in events) >= count:
            stop.set()
    return events


@pytest.mark.parametrize("path", DESCRIPTIONS, ids=lambda path: path.stem)
def test_description_is_understood(path: Path) -> None:
    """Right codec, and the size of the pictures that really come, whatever the SDP says."""
    pictures = pictures_for(path)
    with AnsweringCamera(path, pictures=pictures) as camera:
        events = watch(camera)
    connected = [event for event in events if isinstance(event, Connected)]
    assert connected, events
    context = connected[-1].streams[0].codec_context
    assert (context.name, context.width, context.height) == (pictures.codec, 320, 240)
    assert sum(isinstance(e, MediaPacket) and e.kind == "video" for e in events) >= 5
    assert [r.method for r in camera.asked if r.method == "PLAY"]


@pytest.mark.parametrize("path", DESCRIPTIONS[:1] + DESCRIPTIONS[-1:], ids=lambda path: path.stem)
def test_wrong_encoding_name_gives_one_clear_message(path: Path, tmp_path: Path) -> None:
    """``rtpmap`` of the video says something that no player knows."""
    wrong = tmp_path / path.name
    data = re.sub(rb"(a=rtpmap:\d+) H26[45]/90000", rb"\1 X-OWN/90000", path.read_bytes())
    wrong.write_bytes(data)
    with AnsweringCamera(wrong, pictures=pictures_for(path)) as camera:
        events = watch(camera)
    assert [type(event) for event in events] == [Lost]
    assert isinstance(events[0], Lost)
    assert "set its codec to H.264, H.265 or MJPEG" in events[0].detail


@pytest.mark.parametrize("path", [*SETUPS, *PLAYS], ids=lambda path: path.stem)
def test_recorded_setup_and_play_are_accepted(path: Path) -> None:
    """With ``ssrc= d6d6627``, destinations elsewhere, blanks before the session, odd RTP-Info."""
    setup = extra(path) if path in SETUPS else None
    play = extra(path) if path in PLAYS else None
    with AnsweringCamera(
        FOLDER / "gw_sub_describe.txt", setup=setup, play=play, pictures=Pictures("h264", 96)
    ) as camera:
        events = watch(camera)
    if path.name in UDP_ONLY:  # answers TCP with UDP: FFmpeg refuses it and says so
        assert [type(event) for event in events] == [Lost]
    else:
        assert isinstance(events[0], Connected), events
