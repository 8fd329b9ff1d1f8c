"""Descriptions that no camera should send: no crash, no hang, nothing left over."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from core.clock import SystemClock
from ingest.events import Connected, Lost
from ingest.rtsp import RtspSource
from tests.ingest.answer_server import AnsweringCamera
from tests.ingest.pictures import Pictures

EXAMPLES = 45


@pytest.mark.assets
def test_no_description_brings_the_client_down(tmp_path: Path) -> None:
    if not os.environ.get("WARDWATCH_ASSETS"):
        pytest.skip("WARDWATCH_ASSETS names no folder with rtsp/")
    done = subprocess.run(
        [sys.executable, "-m", "tests.ingest.sdp_fuzz", str(tmp_path), str(EXAMPLES)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    last = tmp_path / "last.sdp"
    told = last.read_bytes() if last.exists() else b""
    assert done.returncode == 0, f"{done.stderr[-4000:]}\ndescription: {told!r}"
    assert int(done.stdout.split("served")[-1]) >= EXAMPLES


def test_other_streams_do_not_hide_that_the_picture_stands_still() -> None:
    """Found by the fuzz: metadata or a second picture went on, and the wait had no end."""
    fmtp = "packetization-mode=1;sprop-parameter-sets=Z0LAHtkA2D3n4QAAAwABAAADAB4PFi5I,aMuMsg=="
    tracks = [
        f"m=video 0 RTP/AVP {n}\r\na=rtpmap:{n} H264/90000\r\na=fmtp:{n} {fmtp}\r\na=control:t{n}"
        for n in (96, 97)
    ]
    body = "\r\n".join(["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=x", "t=0 0", *tracks, ""]).encode()
    stop, events = threading.Event(), []
    with AnsweringCamera(body, pictures=Pictures("h264", 97)) as camera:  # on the second track
        source = RtspSource("gate", camera.url, SystemClock(), stall_s=1.0)
        for event in source.packets(stop):
            events.append(event)
            if isinstance(event, Lost):
                stop.set()
    assert isinstance(events[0], Connected)
    assert isinstance(events[-1], Lost)
    assert events[-1].reason == "stalled"
