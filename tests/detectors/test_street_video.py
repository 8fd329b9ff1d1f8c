"""A busy street of real people: whom one look at the whole of every frame finds is tracked."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from bench.detectors import street, tracked
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from tests.detectors.detector_kit import clip, nano

pytestmark = [pytest.mark.peer, pytest.mark.slow]

FRAMES = 100


def test_who_can_be_seen_is_tracked(tmp_path: Path) -> None:
    path = street(None, tmp_path)
    if path is None:
        pytest.skip("vtest.avi is missing: apt-get install opencv-doc")
    engine = Engine(nano())
    watch = CameraPipeline(None, engine, fps=5)
    found, held = [], []
    for frame in islice(clip(path, 5), FRAMES):
        found.append(engine.detect([frame.to_bgr()])[0])
        seen = watch.process(frame)
        people = [track.box for track in seen.tracks if track.label == "person"]
        held.append(np.array(people, np.float32).reshape(-1, 4))
        assert not seen.sightings
    assert len(found) == FRAMES
    assert tracked(found, held, 0.45) >= 0.95
    assert watch.cost.detector_calls <= 1.2 * FRAMES
