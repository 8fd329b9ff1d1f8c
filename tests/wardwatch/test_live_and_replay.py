"""What was seen live is seen again in a replay, whoever shared the model (invariant 5)."""

import threading
from pathlib import Path

import av
import pytest

from core.clock import NS_PER_S, SystemClock
from core.seeing import Phase, Seen
from core.video import Frame
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from detectors.service import BatchedEngine
from ingest.file import FileSource, file_frames
from ingest.frames import LiveFrames
from sim import scenes
from tests.detectors.detector_kit import camera, zone
from tests.model_cards import model_card

FPS, SECONDS = 5, 6
WATCHED = camera(zone("fishing", dwell_s=3), zone("dumping"), zone("occupation"))


@pytest.fixture(scope="module")
def engine() -> Engine:
    return Engine(model_card("yolox-nano"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody stands in a yard."""
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    scene = scenes.build("still", size=(640, 360), fps=float(FPS), grain=2.0, person=True)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"g": "10", "crf": "20"})
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        for _ in range(FPS * SECONDS):
            picture = av.VideoFrame.from_ndarray(scene.step().picture, format="bgr24")
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


def pipeline(engine: Engine | BatchedEngine) -> CameraPipeline:
    return CameraPipeline(WATCHED, engine, fps=FPS)


def fired(seen: list[Seen]) -> list[str]:
    return [one.zone for frame in seen for one in frame.sightings if one.phase is Phase.FIRED]


def test_a_replay_of_the_pictures_a_live_run_analysed_gives_the_same(
    film: Path, engine: Engine
) -> None:
    """In real time, with the model in a service of two workers; then as fast as it goes."""
    taken: list[Frame] = []
    live: list[Seen] = []
    source = FileSource("cam", film, SystemClock())
    with BatchedEngine(engine, workers=2) as service, LiveFrames(source, FPS) as frames:
        watching = pipeline(service)
        while not frames.ended:
            if frame := frames.take(timeout_s=0.2):
                taken.append(frame)
                live.append(watching.process(frame))
    assert fired(live) == ["fishing"]
    # A machine that is busy may have dropped some; a picture's number counts those, too.
    start_ns = taken[0].time_ns - taken[0].index * NS_PER_S // FPS
    analysed = {frame.index for frame in taken}
    again = pipeline(engine)
    assert live == [
        again.process(frame)
        for frame in file_frames(film, "cam", FPS, start_ns)
        if frame.index in analysed
    ]


def test_neither_workers_nor_company_change_what_is_seen(film: Path, engine: Engine) -> None:
    alone = pipeline(engine)
    expected = [alone.process(frame) for frame in file_frames(film, "cam", FPS)]
    assert fired(expected) == ["fishing"]
    found: dict[int, list[Seen]] = {}

    def watch(number: int, service: BatchedEngine) -> None:
        one = pipeline(service)
        found[number] = [one.process(frame) for frame in file_frames(film, "cam", FPS)]

    for workers in (1, 3):
        found.clear()
        with BatchedEngine(engine, workers=workers) as service:
            threads = [threading.Thread(target=watch, args=(n, service)) for n in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert [found[number] == expected for number in range(3)] == [True] * 3
