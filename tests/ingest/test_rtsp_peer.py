"""Against GStreamer's RTSP server: transports, sign-in, and coming back."""

import random
import threading
from collections.abc import Iterator
from itertools import pairwise

import pytest

from core.clock import NS_PER_S, SystemClock
from core.messages import CameraHealth
from ingest.errors import IngestError
from ingest.events import Connected, Event, Lost, MediaPacket
from ingest.frames import LiveFrames
from ingest.rtsp import RtspSource
from tests.ingest.peers import GstCamera, free_port

USER, PASSWORD = "admin", "p@ss:w/rd#1%"

pytestmark = pytest.mark.peer


@pytest.fixture(scope="module")
def camera() -> Iterator[GstCamera]:
    with GstCamera(USER, PASSWORD, cam={"fps": 15, "gop": 15, "audio": True}) as made:
        yield made


def source(camera: GstCamera, **more: object) -> RtspSource:
    settings = {"username": USER, "password": PASSWORD, "rng": random.Random(1), **more}
    return RtspSource("river-1", camera.url("cam"), SystemClock(), **settings)


def until(events: Iterator[Event], count: int) -> list[Event]:
    found: list[Event] = []
    for event in events:
        found.append(event)
        if sum(isinstance(e, MediaPacket) and e.kind == "video" for e in found) >= count:
            break
    return found


@pytest.mark.parametrize("transport", ["tcp", "udp", "auto"])
def test_packets_and_times_over_every_transport(camera: GstCamera, transport: str) -> None:
    clock = SystemClock()
    before_ns = clock.utc_ns()
    stop = threading.Event()
    events = until(source(camera, transport=transport).packets(stop), 30)
    stop.set()
    assert isinstance(events[0], Connected)
    stream = events[0].streams[0]
    assert (stream.codec_context.name, stream.codec_context.width) == ("h264", 320)
    assert stream.codec_context.extradata
    assert events[0].streams[1].codec_context.name == "pcm_alaw"
    video = [e for e in events if isinstance(e, MediaPacket) and e.kind == "video"]
    assert video[0].keyframe
    assert any(isinstance(e, MediaPacket) and e.kind == "audio" for e in events)
    for packet in video:
        assert before_ns - NS_PER_S < packet.time_ns < clock.utc_ns() + NS_PER_S
    steps = [b.dts_ns - a.dts_ns for a, b in pairwise(video[2:])]
    assert steps == pytest.approx([NS_PER_S / 15] * len(steps), abs=2e6)


@pytest.mark.parametrize("auth", ["basic", "digest"])
def test_wrong_password_is_refused_without_showing_it(auth: str) -> None:
    with GstCamera(USER, PASSWORD, cam={"auth": auth}) as camera:
        assert until(source(camera).packets(threading.Event()), 1)
        wrong = source(camera, password="hunter2")
        lost = next(wrong.packets(threading.Event()))
        assert isinstance(lost, Lost)
        assert lost.reason == "refused"
        assert "password wrong" in lost.detail
        assert "hunter2" not in lost.detail
        with pytest.raises(IngestError) as caught:
            wrong.open()
        assert caught.value.__cause__ is None
        assert "hunter2" not in repr(caught.value)
        missing = source(camera, username=None)
        assert "wants a password" in next(missing.packets(threading.Event())).detail


def test_wrong_path_and_absent_camera_are_told_apart(camera: GstCamera) -> None:
    wrong = RtspSource(
        "river-1", camera.url("nope"), SystemClock(), username=USER, password=PASSWORD
    )
    lost = next(wrong.packets(threading.Event()))
    assert (lost.reason, "check the path" in lost.detail) == ("refused", True)
    absent = RtspSource("river-1", f"rtsp://127.0.0.1:{free_port()}/cam", SystemClock())
    lost = next(absent.packets(threading.Event()))
    assert (lost.reason, "nothing listens" in lost.detail) == ("unreachable", True)


def test_address_with_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(IngestError) as caught:
        RtspSource("river-1", "rtsp://admin:hunter2@10.0.0.9/main", SystemClock())
    assert "hunter2" not in str(caught.value)
    with pytest.raises(IngestError, match="no RTSP address"):
        RtspSource("river-1", "http://10.0.0.9/main", SystemClock())


def test_pictures_at_the_analysis_rate_and_fresh(camera: GstCamera) -> None:
    clock = SystemClock()
    with LiveFrames(source(camera, process="analyst"), 5) as frames:
        taken, ages = [], []
        for frame in frames:
            taken.append(frame)
            ages.append(clock.utc_ns() - frame.time_ns)
            if len(taken) == 12:
                break
    assert all(frame.luma.shape == (240, 320) for frame in taken)
    steps = [b.time_ns - a.time_ns for a, b in pairwise(taken[2:])]
    assert steps == pytest.approx([NS_PER_S / 5] * len(steps), abs=20e6)
    assert max(ages[2:]) < NS_PER_S
    assert frames.dropped <= 2
    assert frames.damaged == 0


def test_server_that_dies_and_returns_is_found_again(camera: GstCamera) -> None:
    reports: list[CameraHealth] = []
    with GstCamera(cam={"fps": 10, "gop": 10}) as mortal:
        again = RtspSource(
            "river-1",
            mortal.url("cam"),
            SystemClock(),
            rng=random.Random(1),
            on_health=reports.append,
        )
        stop = threading.Event()
        events = again.packets(stop)
        until(events, 5)
        mortal.stop()
        lost = next(e for e in events if isinstance(e, Lost))
        assert lost.reason in ("broken", "ended", "stalled")
        refused = next(e for e in events if isinstance(e, Lost))
        assert refused.reason == "unreachable"
        mortal.start()
        back = next(e for e in events if isinstance(e, Connected))
        assert back.at_ns > lost.at_ns
        until(events, 5)
        stop.set()
    states = [report.state for report in reports]
    assert states[:2] == ["offline", "online"], "connected, and then the first picture"
    assert "offline" in states
    assert reports[-1].state == "online"
    assert reports[-1].reconnects == 1
    assert next(r for r in reports if r.state == "offline").reason


def test_silent_server_is_a_stall(tmp_path: object) -> None:
    with GstCamera(cam={"fps": 10, "gop": 10}) as camera:
        quiet = RtspSource("river-1", camera.url("cam"), SystemClock(), stall_s=1.0)
        events = quiet.packets(threading.Event())
        until(events, 5)
        camera.freeze()
        lost = next(e for e in events if isinstance(e, Lost))
        assert lost.reason == "stalled"
