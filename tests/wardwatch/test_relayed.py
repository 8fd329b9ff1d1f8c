"""The analyst reads a single-stream camera from the recorder's relay: one session, one time."""

import ipaddress
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import av
import numpy as np
import pytest

from core.clock import NS_PER_S, ManualClock, SystemClock
from core.config.cameras import Camera
from core.credentials import Credentials
from core.messages import CameraHealth
from core.networks import Networks
from core.video import Frame
from ingest.errors import IngestError
from ingest.events import Connected, Event, Lost, MediaPacket
from ingest.file import FileSource
from ingest.frames import LiveFrames
from ingest.relayed import Picture, RelayedSource
from recorder.camera import CameraRecorder
from recorder.live import LiveReader
from recorder.recorder import Recorder
from recorder.relay import Relay
from recorder.shelf import segments
from sim.camera import VirtualTownship
from tests.sim.camera_kit import PASSWORD, USER, township, wait_for
from wardwatch.sources.opening import Sources

CAMERA = "river"
HERE = Networks((ipaddress.ip_network("127.0.0.0/8"),))
MS = NS_PER_S // 1000


@dataclass
class House:
    """A camera, and the two processes that want its picture."""

    root: Path
    town: VirtualTownship
    sources: Sources
    camera: Camera

    @property
    def run_dir(self) -> Path:
        return self.root / "run"

    @contextmanager
    def recording(self) -> Iterator[Recorder]:
        relay = Relay(self.run_dir)
        source = self.sources.open(self.camera, self.camera.streams.main, process="recorder")
        recorder = Recorder(self.root / "rec", [source], SystemClock(), live=relay, sync=False)
        recorder.start()
        try:
            yield recorder
        finally:
            recorder.stop()
            relay.stop()

    def recorded_ns(self) -> list[int]:
        """UTC of every picture on disk."""
        times = []
        for segment in segments(self.root / "rec", CAMERA):
            with av.open(str(segment.path)) as container:
                times += [
                    segment.start_ns + round(packet.pts * packet.time_base * NS_PER_S)
                    for packet in container.demux(video=0)
                    if packet.size
                ]
        return times


@pytest.fixture
def house() -> Iterator[House]:
    with TemporaryDirectory(prefix="ww-") as directory, township() as town:
        root = Path(directory)
        credentials = Credentials(root / "c.json", root / "c.key", {"CAMERA": PASSWORD})
        camera = Camera.model_validate(
            {
                "id": CAMERA,
                "name": {"zh": "河", "en": "River"},
                "streams": {"main": town.url(CAMERA)},
                "username": USER,
                "password_env": "CAMERA",
            }
        )
        yield House(root, town, Sources(SystemClock(), credentials, HERE), camera)


def taken(frames: LiveFrames, count: int, which: Callable[[Frame], bool] = bool) -> list[Frame]:
    """So many frames from now on that are as wanted."""
    found: list[Frame] = []
    deadline = time.monotonic() + 60
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {len(found)} frames"
        frame = frames.take()
        if frame is not None and which(frame):
            found.append(frame)
    return found


def on_disk(times: list[int], frames: list[Frame]) -> bool:
    """Every frame is a recorded picture, to the millisecond."""
    return all(min(abs(frame.time_ns - at) for at in times) <= MS for frame in frames)


def test_one_session_serves_recording_and_analysis_on_one_time_line(house: House) -> None:
    seen: list[CameraHealth] = []
    source = house.sources.analysed(house.camera, house.run_dir, on_health=seen.append)
    with house.recording() as recorder, LiveFrames(source, 10) as frames:
        found = taken(frames, 20)
        assert house.town.sessions == 1
        assert house.town.connections == 1
        health = source.health.now()
    assert recorder.cameras[0].segments_written
    assert on_disk(house.recorded_ns(), found)
    assert (health.process, health.state, health.reconnects) == ("analyst", "online", 0)
    assert health.fps > 0
    assert health.picture == "ok"
    assert [one.process for one in seen] == ["analyst"] * len(seen)


def test_frames_go_on_when_the_recorder_was_restarted(house: House) -> None:
    source = house.sources.analysed(house.camera, house.run_dir)
    with LiveFrames(source, 10) as frames:
        with house.recording():
            first = taken(frames, 5)
        wait_for(lambda: source.health.now().state == "offline", 30)
        with house.recording():
            again = taken(
                frames, 5, lambda frame: frame.time_ns > first[-1].time_ns + NS_PER_S // 2
            )
        assert source.health.now().reconnects == 1
    assert on_disk(house.recorded_ns(), [*first, *again])


def test_the_analyst_is_there_first_and_sees_the_camera_come_back(house: House) -> None:
    source = house.sources.analysed(house.camera, house.run_dir)
    with LiveFrames(source, 10) as frames:
        wait_for(lambda: "is the recorder running" in source.health.now().reason, 30)
        with house.recording():
            taken(frames, 5)
            house.town.reset(CAMERA)
            moment_ns = SystemClock().utc_ns()
            found = taken(frames, 5, lambda frame: frame.time_ns > moment_ns)
            wait_for(lambda: source.health.now().reconnects == 1, 30)
            assert house.town.sessions == 1
    assert on_disk(house.recorded_ns(), found)


def test_another_picture_size_is_taken_up_within_the_session(house: House) -> None:
    source = house.sources.analysed(house.camera, house.run_dir)
    with house.recording(), LiveFrames(source, 10) as frames:
        taken(frames, 3)
        house.town.resize(CAMERA, (480, 320))
        found = taken(frames, 3, lambda frame: frame.width == 480)
        assert source.health.now().reconnects == 0
    assert on_disk(house.recorded_ns(), found)


def test_a_sub_stream_of_its_own_is_read_from_the_camera(house: House) -> None:
    streams = {"main": house.town.url(CAMERA), "sub": house.town.url(CAMERA, "sub")}
    camera = Camera.model_validate({**house.camera.model_dump(), "streams": streams})
    with LiveFrames(house.sources.analysed(camera, house.run_dir), 10) as frames:
        taken(frames, 2)
        assert house.town.sessions == 1


def film(path: Path, codec: str, pixels: str, seconds: int) -> Path:
    """Ten pictures a second, a key picture every second (every one for MJPEG)."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 120, pixels
        stream.codec_context.gop_size = 10
        noise = np.random.default_rng(1).integers(0, 60, (120, 160, 3), dtype=np.uint8)
        for number in range(seconds * 10):
            picture = av.VideoFrame.from_ndarray(noise + np.uint8(number % 180), format="rgb24")
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


@dataclass
class Played:
    """A film that was relayed as fast as it could be read."""

    events: list[Event]
    source: RelayedSource

    def pictures(self) -> list[MediaPacket]:
        return [event for event in self.events if isinstance(event, MediaPacket)]

    def decoded(self) -> int:
        context = next(e for e in self.events if isinstance(e, Connected)).streams[0].codec_context
        pictures = [p for event in self.pictures() for p in context.decode(event.packet)]
        return len(pictures + context.decode(None))


class Halting(FileSource):
    """A film that stops for a moment after its first and before its last pictures."""

    def __init__(self, path: Path, stops: dict[int, Callable[[], None]]) -> None:
        super().__init__(CAMERA, path, ManualClock())
        self._stops = stops

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        given = 0
        for event in super().packets(stop):
            yield event
            if isinstance(event, MediaPacket):
                given += 1
                self._stops.get(given, lambda: None)()


def played(path: Path, seconds: int, pause_after: int | None = None) -> Played:
    """Relay a film as fast as it can be read.

    Args:
        pause_after: so many pictures are read, then none until all but the last have come.
    """
    with TemporaryDirectory(prefix="ww-") as directory:
        root, stop, over = Path(directory), threading.Event(), threading.Event()
        relay = Relay(root)
        channel = relay.channel(CAMERA)
        source = RelayedSource(CAMERA, lambda: LiveReader(root, CAMERA), SystemClock())
        found = Played([], source)

        def read() -> None:
            for event in source.packets(stop):
                found.events.append(event)
                if len(found.pictures()) == pause_after:
                    over.wait(60)

        def go() -> None:
            over.set()
            wait_for(lambda: all(one.queued_parts == 0 for one in channel._viewers), 60)

        threading.Thread(target=read, daemon=True).start()
        wait_for(lambda: channel.viewers == 1, 30)
        began = partial(wait_for, lambda: len(found.pictures()) >= 5, 60)
        film = Halting(path, {10: began, seconds * 10 - 20: go})
        recorder = CameraRecorder(
            root / "rec", film, film.clock, segment_s=60, live=channel, sync=False
        )
        recorder.run(threading.Event())
        wait_for(lambda: len(found.pictures()) + source.missed == seconds * 10, 60)
        relay.stop()
        wait_for(lambda: isinstance(found.events[-1], Lost), 60)
        stop.set()
    return found


@pytest.mark.parametrize(
    ("codec", "form", "pixels"),
    [("libx264", "mp4", "yuv420p"), ("libx265", "mp4", "yuv420p"), ("mjpeg", "avi", "yuvj420p")],
)
def test_every_codec_that_cameras_use_comes_whole(
    tmp_path: Path, codec: str, form: str, pixels: str
) -> None:
    found = played(film(tmp_path / f"film.{form}", codec, pixels, seconds=4), 4)
    start_ns = ManualClock().utc_ns()
    due = [start_ns + number * NS_PER_S // 10 for number in range(40)]
    shown = sorted(picture.time_ns for picture in found.pictures())
    assert len(shown) == 40
    assert all(abs((a - shown[0]) - (b - due[0])) <= MS for a, b in zip(shown, due, strict=True))
    assert found.decoded() == 40
    assert found.source.missed == 0


def test_who_reads_too_slowly_loses_whole_groups_and_that_is_counted(tmp_path: Path) -> None:
    path = film(tmp_path / "film.mp4", "libx264", "yuv420p", seconds=60)
    found = played(path, 60, pause_after=5)
    pictures = found.pictures()
    gaps = [
        number
        for number in range(1, len(pictures))
        if pictures[number].dts_ns - pictures[number - 1].dts_ns > NS_PER_S // 5
    ]
    assert gaps
    assert all(pictures[number].keyframe for number in gaps)
    missing = (pictures[-1].dts_ns - pictures[0].dts_ns) // (NS_PER_S // 10) + 1 - len(pictures)
    assert found.source.missed == missing > 0
    assert found.decoded() == len(pictures)


def test_what_is_no_fragment_is_said() -> None:
    for data in (b"", b"\0" * 40, b"\0\0\0\x08moof", b"\xff" * 100):
        with pytest.raises(IngestError, match="no fragment of a picture"):
            Picture.of(data)
