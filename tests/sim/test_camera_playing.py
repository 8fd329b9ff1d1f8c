"""Independent players watch the virtual camera."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from itertools import pairwise

import av
import pytest

from sim.camera import VirtualTownship
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, player, signed, township, wait_for


@pytest.fixture(scope="module")
def cameras() -> Iterator[VirtualTownship]:
    with township(
        scenes={"river": BoxScene(), "road": BoxScene(size=(1280, 720), noise=True)}
    ) as t:
        yield t


def play(url: str, transport: str, pictures: int) -> list[av.VideoFrame]:
    with player(url, transport) as viewer:
        frames = []
        for frame in viewer.decode(video=0):
            frames.append(frame)
            if len(frames) == pictures:
                return frames
    raise AssertionError(f"the stream ended after {len(frames)} pictures")


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(("stream", "size"), [("main", (320, 240)), ("sub", (640, 360))])
def test_pyav_plays(cameras: VirtualTownship, transport: str, stream: str, size: tuple) -> None:
    frames = play(cameras.url("river", stream), transport, 12)
    assert {(frame.width, frame.height) for frame in frames} == {size}
    times = [frame.time for frame in frames[1:]]  # FFmpeg gives an RTSP stream's first none
    steps = [later - sooner for sooner, later in pairwise(times)]
    # A machine that is too busy leaves pictures out before encoding.
    assert all(step / 0.1 == pytest.approx(round(step / 0.1), abs=0.02) for step in steps)
    assert min(steps) == pytest.approx(0.1, abs=0.002)
    assert not any(frame.is_corrupt for frame in frames)
    # the box is yellow and the ground grey, so colour and content have survived
    picture = frames[-1].to_ndarray(format="bgr24")
    row = picture[round(size[1] * (1 / 3 + 1 / 8))].astype(int)
    yellow = (row[:, 1] > 180) & (row[:, 0] < 90)
    assert yellow.sum() == pytest.approx(size[0] * 60 / 320, abs=8)
    assert picture[5, 5] == pytest.approx([90, 90, 90], abs=6)


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_large_noisy_pictures_arrive_whole(transport: str) -> None:
    scene = BoxScene(size=(1280, 720), noise=True)
    with (
        township(scenes={"road": scene}) as cameras,
        player(cameras.url("road"), transport) as viewer,
    ):
        sizes, frames = [], []
        for packet in viewer.demux(video=0):
            sizes.append(packet.size)
            frames += packet.decode()
            if len(frames) == 12:
                break
    assert max(sizes) > 80_000, "more than fifty packets for one picture"
    assert not any(frame.is_corrupt for frame in frames)
    steps = [later.time - sooner.time for sooner, later in pairwise(frames[1:])]
    # A machine that is too busy leaves pictures out before encoding, never parts of one.
    assert all(step / 0.1 == pytest.approx(round(step / 0.1), abs=0.02) for step in steps)
    assert frames[-1].to_ndarray(format="gray")[:200].std() > 4, "the texture is to be seen"


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("ffprobe") is None, reason="ffprobe is not installed")
def test_ffprobe_understands_the_stream(cameras: VirtualTownship) -> None:
    command = ["ffprobe", "-v", "error", "-rtsp_transport", "tcp", "-of", "json"]
    command += [
        "-show_streams",
        "-show_frames",
        "-read_intervals",
        "%+2",
        signed(cameras.url("road")),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    told = json.loads(done.stdout)
    stream = told["streams"][0]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("h264", 1280, 720)
    assert (stream["has_b_frames"], stream["color_space"]) == (0, "smpte170m")
    keys = [i for i, frame in enumerate(told["frames"]) if frame["key_frame"]]
    assert keys[0] == 0
    assert 10 in keys, "a key frame every second"
    assert not done.stderr, done.stderr


@pytest.mark.peer
@pytest.mark.skipif(shutil.which("gst-launch-1.0") is None, reason="GStreamer is not installed")
@pytest.mark.parametrize("protocol", ["tcp", "udp"])
def test_gstreamer_plays(cameras: VirtualTownship, protocol: str) -> None:
    """Judged by the pictures at its sink: while it closes, gst-launch (1.22) now and then cuts off
    its own PAUSE request and then calls that a failure."""
    source = ["rtspsrc", f"location={cameras.url('road')}", f"protocols={protocol}", "latency=100"]
    account = [f"user-id={USER}", f"user-pw={PASSWORD}"]
    chain = ["!", "rtph264depay", "!", "h264parse", "!", "avdec_h264"]
    chain += ["!", "fakesink", "num-buffers=15", "silent=false"]
    done = subprocess.run(
        ["gst-launch-1.0", "-v", *source, *account, *chain],
        capture_output=True,
        text=True,
        timeout=40,
    )
    played, end, _ = done.stdout.partition("Got EOS")
    assert end, done.stdout + done.stderr
    pictures = re.findall(r"chain .*\((\d+) bytes,", played)
    assert pictures == [str(1280 * 720 * 3 // 2)] * 15, done.stdout + done.stderr
    wait_for(lambda: cameras.sessions == 0)


def test_two_viewers_share_one_encoder() -> None:
    with township() as cameras:
        stream = cameras.feed("river").streams["main"]
        url = cameras.url("river")
        wait_for(lambda: cameras.feed("river")._scene.pictures > 3)
        assert stream.pictures_encoded == 0, "nobody watches, nothing is encoded"
        with player(url) as one, player(url) as two:
            pictures = [next(viewer.decode(video=0)) for viewer in (one, two)]
            assert stream.watchers == 2
            before, drawn = stream.pictures_encoded, cameras.feed("river")._scene.pictures
            for _ in range(10):
                pictures += [next(viewer.decode(video=0)) for viewer in (one, two)]
            drawn_since = cameras.feed("river")._scene.pictures - drawn
            assert abs(stream.pictures_encoded - before - drawn_since) <= 1
        wait_for(lambda: cameras.sessions == 0)
        after = stream.pictures_encoded
        scene_pictures = cameras.feed("river")._scene.pictures
        wait_for(lambda: cameras.feed("river")._scene.pictures > scene_pictures + 3)
        assert stream.pictures_encoded <= after + 1
