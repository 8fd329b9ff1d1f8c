"""A camera that changes between H.264 and H.265 while it is recorded, over real sockets."""

import threading
import time
from pathlib import Path

import av
import pytest

from core.clock import NS_PER_S, SystemClock
from core.messages import CameraHealth
from ingest.rtsp import RtspSource
from recorder.camera import CameraRecorder
from recorder.ledger import read_gaps
from recorder.shelf import segments
from tests.ingest.answer_server import AnsweringCamera
from tests.ingest.fault_kit import Steady
from tests.ingest.pictures import Pictures


def described(name: str, payload: int) -> bytes:
    lines = ["v=0", "o=- 1 1 IN IP4 0.0.0.0", "s=x", "t=0 0", f"m=video 0 RTP/AVP {payload}",
             f"a=rtpmap:{payload} {name}/90000", "a=control:track1", ""]  # fmt: skip
    return "\r\n".join(lines).encode()


def codecs(root: Path) -> list[tuple[str, int]]:
    """Codec and number of pictures that can be decoded, segment by segment."""
    found = []
    for segment in segments(root, "gate"):
        try:
            with av.open(str(segment.path)) as container:
                name = container.streams.video[0].codec_context.name
                found.append((name, sum(1 for _ in container.decode(video=0))))
        except av.error.FFmpegError:
            found.append(("", 0))  # not a group of pictures yet
    return found


SDP = {"h264": "H264", "hevc": "H265"}


@pytest.mark.parametrize(
    ("old", "new", "payload", "hang_up", "reasons"),
    [
        ("h264", "hevc", 96, True, {"ended", "broken"}),  # what most cameras do
        ("h264", "hevc", 97, False, {"stalled"}),  # FFmpeg drops a type it was not told of
        ("h264", "hevc", 96, False, {"broken"}),
        ("hevc", "h264", 96, False, {"broken"}),
    ],
    ids=["session ends", "another payload type", "same type", "same type, back to H.264"],
)
def test_recording_goes_on_in_the_new_codec(
    tmp_path: Path, old: str, new: str, payload: int, hang_up: bool, reasons: set[str]
) -> None:
    told: list[CameraHealth] = []
    stop = threading.Event()
    with AnsweringCamera(described(SDP[old], 96), pictures=Pictures(old, 96)) as camera:
        source = RtspSource(
            "gate", camera.url, SystemClock(), rng=Steady(0.02), stall_s=1.0, on_health=told.append
        )
        recorder = CameraRecorder(tmp_path, source, SystemClock(), segment_s=60, sync=False)
        thread = threading.Thread(target=recorder.run, args=(stop,))
        thread.start()
        try:
            wait(lambda: codecs(tmp_path) and codecs(tmp_path)[0][1] >= 5)
            camera.become(described(SDP[new], payload), Pictures(new, payload), hang_up=hang_up)
            wait(lambda: codecs(tmp_path)[-1][0] == new and codecs(tmp_path)[-1][1] >= 5)
        finally:
            stop.set()
            thread.join(20)
        assert not thread.is_alive()
    names = [name for name, count in codecs(tmp_path) if count]
    assert names == [old, new]
    gaps = read_gaps(tmp_path, "gate")
    change = [gap for gap in gaps if gap.reason not in ("starting", "shutdown")]
    assert {gap.reason for gap in change} <= {*reasons, "reconnected"}
    first, last = segments(tmp_path, "gate")[0], segments(tmp_path, "gate")[-1]
    end_ns = first.utc_ns(first.scan().end_dts, first.scan().timescale)
    assert change[0].first_ns == pytest.approx(end_ns, abs=NS_PER_S // 5)
    assert change[-1].last_ns is not None
    # A picture lasts as long as the one before; the camera may be back before it is over.
    assert change[-1].last_ns == pytest.approx(last.start_ns, abs=NS_PER_S // 5)
    assert any(health.state == "offline" and health.reason for health in told)
    assert told[-1].reconnects >= 1


def wait(condition: object, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not happen"
        time.sleep(0.1)
