"""Live relay: what arrives plays, joining is immediate, slowness hurts nobody else."""

import asyncio
import hashlib
import io
import stat
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import av
import pytest

from core.clock import NS_PER_S, ManualClock
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.codec import codec_string, split_annex_b, with_lengths
from recorder.errors import RelayError
from recorder.live import LivePart, socket_path, watch
from recorder.relay import QUEUE_MOST_PARTS, Channel, Relay
from recorder.source import Sample
from tests.recorder.conftest import CAMERA, make_mp4


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[Relay]:
    made = Relay(tmp_path)
    yield made
    made.stop()


class Stepped(FileSource):
    """A source that yields only as many pictures as it was allowed."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.allowed = threading.Semaphore(0)

    def packets(self, stop: threading.Event) -> Iterator[object]:
        for event in super().packets(stop):
            if event.event == "packet":
                self.allowed.acquire()
            yield event


class Camera:
    """A film recorded and relayed picture by picture, as the test says."""

    def __init__(self, relay: Relay, film: Path, root: Path) -> None:
        clock = ManualClock()
        self.channel = relay.channel(CAMERA)
        self._source = Stepped(CAMERA, film, clock)
        recorder = CameraRecorder(
            root, self._source, clock, segment_s=60, live=self.channel, sync=False
        )
        self._thread = threading.Thread(target=recorder.run, args=(threading.Event(),))
        self._thread.start()
        self._given = 0

    def give(self, count: int) -> None:
        for _ in range(count):
            self._source.allowed.release()
        self._given += count
        until = time.monotonic() + 10
        while self.channel.samples_seen < self._given:
            assert time.monotonic() < until, "the recorder does not take the pictures"
            time.sleep(0.002)

    def finish(self) -> None:
        self._source.allowed.release(1000)
        self._thread.join(10)


@pytest.fixture
def camera(relay: Relay, film: Path, tmp_path: Path) -> Iterator[Camera]:
    made = Camera(relay, film, tmp_path / "recordings")
    yield made
    made.finish()


async def take(parts: AsyncIterator[LivePart], count: int) -> list[LivePart]:
    return [await asyncio.wait_for(anext(parts), 5) for _ in range(count)]


def pictures(parts: list[LivePart]) -> list[float]:
    """Decode what a viewer got; the mean brightness of every picture."""
    stream = io.BytesIO(b"".join(part.data for part in parts))
    with av.open(stream, "r", format="mp4") as container:
        return [float(f.to_ndarray(format="gray").mean()) for f in container.decode(video=0)]


def test_viewer_joins_at_the_key_frame_and_follows(
    camera: Camera, film: Path, tmp_path: Path
) -> None:
    async def view() -> list[LivePart]:
        camera.give(14)
        parts = watch(tmp_path, CAMERA)
        got = await take(parts, 5)
        camera.give(10)
        return got + await take(parts, 10)

    got = asyncio.run(view())
    assert [part.kind for part in got[:3]] == ["init", "key", "delta"]
    assert [n for n, part in enumerate(got) if part.kind == "key"] == [1, 11]
    info = got[0].info
    assert info is not None
    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        assert info.codec == codec_string("h264", stream.codec_context.extradata or b"")
        wanted = [float(f.to_ndarray(format="gray").mean()) for f in container.decode(stream)]
    assert (info.width, info.height) == (160, 120)
    assert info.start_s == pytest.approx(1.0)
    assert info.zero_ns == ManualClock().utc_ns()
    assert pictures(got) == pytest.approx(wanted[10:24])


def test_slow_viewer_resumes_at_a_key_frame_and_disturbs_nobody(
    relay: Relay, tmp_path: Path
) -> None:
    film = make_mp4(tmp_path / "big.mp4", seconds=40, size=(320, 240))
    camera = Camera(relay, film, tmp_path / "recordings")

    async def view() -> tuple[list[LivePart], list[LivePart]]:
        camera.give(1)
        quick, slow = watch(tmp_path, CAMERA), watch(tmp_path, CAMERA)
        got_quick, got_slow = await take(quick, 2), await take(slow, 2)
        for _ in range(39):
            await asyncio.to_thread(camera.give, 10)
            got_quick += await take(quick, 10)
        await asyncio.to_thread(camera.give, 9)
        got_quick += await take(quick, 9)
        while got_slow[-1].data != got_quick[-1].data:
            got_slow += await take(slow, 1)
        return got_quick, got_slow

    quick, slow = asyncio.run(view())
    camera.finish()
    assert len(quick) == 401
    assert len(slow) < 380
    sent = [hashlib.sha256(part.data).hexdigest() for part in quick]
    positions = [sent.index(hashlib.sha256(part.data).hexdigest()) for part in slow]
    breaks = [n for n in range(1, len(slow)) if positions[n] != positions[n - 1] + 1]
    assert breaks
    assert all(slow[n].kind == "key" for n in breaks)
    assert len(pictures(quick)) == 400


def test_queue_of_a_viewer_who_never_reads_stays_small(camera: Camera, tmp_path: Path) -> None:
    from recorder.relay import Viewer

    loop = asyncio.new_event_loop()
    viewer = Viewer(loop)
    camera.give(5)
    camera.channel.join(viewer)
    camera.give(95)
    assert viewer.queued_parts <= QUEUE_MOST_PARTS + 6
    camera.channel.leave(viewer)
    loop.close()


def test_nothing_is_muxed_while_nobody_watches(camera: Camera, tmp_path: Path) -> None:
    async def view() -> None:
        parts = watch(tmp_path, CAMERA)
        await take(parts, 2)
        assert camera.channel.viewers == 1
        await parts.aclose()

    camera.give(25)
    assert camera.channel.fragments_made == 0
    asyncio.run(view())
    until = time.monotonic() + 5
    while camera.channel.viewers and time.monotonic() < until:
        time.sleep(0.01)
    assert camera.channel.viewers == 0
    made = camera.channel.fragments_made
    camera.give(25)
    assert camera.channel.fragments_made == made


def test_sockets_are_private_and_removed(tmp_path: Path) -> None:
    relay = Relay(tmp_path)
    relay.channel(CAMERA)
    path = socket_path(tmp_path, CAMERA)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    relay.stop()
    assert not path.exists()


def test_camera_without_relay_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(RelayError, match="market: no live picture"):
        asyncio.run(anext(watch(tmp_path, "market")))
    with pytest.raises(RelayError, match="too long for a socket"):
        socket_path(tmp_path / ("x" * 100), "market")


def test_live_time_runs_on_when_the_clock_steps_back(film: Path) -> None:
    channel = Channel(CAMERA)
    with av.open(str(film)) as container:
        channel.begin(container.streams.video[0])
        data = [bytes(p) for p in container.demux(video=0) if p.size]
    start = 1_790_000_000 * NS_PER_S
    times = [start, start + 10**8, start - 3 * NS_PER_S, start - 29 * 10**8]
    zeros = []
    for number, time_ns in enumerate(times):
        channel.push(Sample("video", data[0], time_ns, time_ns, number % 2 == 0))
        zeros.append(channel.media_s(time_ns))
    assert zeros == pytest.approx([0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("size", [0, 2, 3])
def test_annex_b_is_split_whatever_the_start_codes(size: int) -> None:
    first, second = b"\x67" + b"\x01" * size, b"\x65\x02\x03"
    data = b"\0\0\0\1" + first + b"\0\0\0\0\1" + second + b"\0\0"
    assert split_annex_b(data) == [first, second]
    assert with_lengths(data)[:4] == (size + 1).to_bytes(4, "big")


def test_hevc_codec_string(tmp_path: Path, record: Callable[..., Path]) -> None:
    film = make_mp4(tmp_path / "h.mp4", seconds=1, codec="libx265", size=(320, 240))
    with av.open(str(film)) as container:
        extradata = container.streams.video[0].codec_context.extradata
    assert codec_string("hevc", extradata).startswith("hvc1.1.6.L")
    with pytest.raises(RelayError):
        codec_string("h264", b"\0\0\1\x68\x01")
