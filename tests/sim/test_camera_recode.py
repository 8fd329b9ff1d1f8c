"""A virtual camera whose codec is changed while it is watched and recorded."""

import threading
from pathlib import Path

import av
from hypothesis import given
from hypothesis import strategies as st

from core.clock import SystemClock
from ingest.rtsp import RtspSource
from recorder.camera import CameraRecorder
from recorder.ledger import read_gaps
from recorder.shelf import segments
from sim.camera.h265 import H265Sets
from tests.sim.camera_kit import PASSWORD, USER, player, township, wait_for

SETS = H265Sets(b"\x40\x01vps", b"\x42\x01sps", b"\x44\x01pps")


@given(st.binary(min_size=3, max_size=400), st.integers(8, 90), st.sampled_from([1, 19]))
def test_fragments_are_put_together_again(body: bytes, limit: int, kind: int) -> None:
    """RFC 7798 §4.4.3: the unit's type and what is left of its header are in each fragment."""
    unit = bytes([kind << 1, 1]) + body
    packets = SETS.payloads([unit], limit)
    if kind == 19:
        assert packets[:3] == [SETS.vps, SETS.sps, SETS.pps]
        packets = packets[3:]
    assert all(len(packet) <= limit for packet in packets)
    if len(unit) <= limit:
        assert packets == [unit]
        return
    assert all(packet[0] >> 1 & 0x3F == 49 for packet in packets)
    assert [packet[2] & 0xC0 for packet in packets] == [0x80, *[0] * (len(packets) - 2), 0x40]
    whole = bytes([(packets[0][2] & 0x3F) << 1, packets[0][1]])
    assert whole + b"".join(packet[3:] for packet in packets) == unit


def test_a_player_sees_the_new_codec() -> None:
    with township() as cameras:
        with player(cameras.url("river")) as viewer:
            assert viewer.streams.video[0].codec_context.name == "h264"
            assert next(viewer.decode(video=0)).width == 320
        cameras.recode("river", "h265")
        with player(cameras.url("river")) as viewer:
            assert viewer.streams.video[0].codec_context.name == "hevc"
            assert [next(viewer.decode(video=0)).width for _ in range(15)] == [320] * 15


def test_a_recording_goes_on_in_another_segment(tmp_path: Path) -> None:
    stop = threading.Event()
    with township() as cameras:
        source = RtspSource(
            "river", cameras.url("river"), SystemClock(), username=USER, password=PASSWORD
        )
        recorder = CameraRecorder(tmp_path, source, SystemClock(), segment_s=60, sync=False)
        recording = threading.Thread(target=recorder.run, args=(stop,))
        recording.start()
        wait_for(lambda: segments(tmp_path, "river"), seconds=30)
        cameras.recode("river", "h265")
        wait_for(lambda: len(segments(tmp_path, "river")) > 1, seconds=60)
        wait_for(lambda: cameras.sessions == 1, seconds=30)
        stop.set()
        recording.join()
    names = []
    for segment in segments(tmp_path, "river"):
        with av.open(str(segment.path)) as played:
            names.append(played.streams.video[0].codec_context.name)
            assert sum(1 for _ in played.decode(video=0))
    assert (names[0], names[-1]) == ("h264", "hevc")
    reasons = [gap.reason for gap in read_gaps(tmp_path, "river")]
    assert reasons[0] == "starting"
    assert reasons[-1] == "shutdown"
    assert set(reasons[1:-1]) <= {"broken", "ended"}
    assert len(reasons) > 2
