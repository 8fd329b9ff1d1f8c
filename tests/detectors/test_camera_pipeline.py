"""The pipeline of one camera on drawn pictures, with a model that finds bright rectangles."""

from collections.abc import Sequence

import cv2
import numpy as np

from core.config.cameras import Camera
from core.geometry import Box
from core.seeing import Detections, Phase, Seen
from core.video import Bgr
from detectors.pipeline import CameraPipeline
from tests.detectors.detector_kit import at, camera, drawn, found, zone

W, H = 320, 180
_rough = np.random.default_rng(2).integers(60, 140, (18, 32, 3)).astype(np.uint8)
GROUND = cv2.resize(_rough, (W, H), interpolation=cv2.INTER_CUBIC)
WHITE = 250


class Rectangles:
    """Finds white rectangles by threshold: a detector whose truth is in the picture itself."""

    input_size = (180, 320)
    label = "rectangles@0"

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: Bgr) -> Detections:
        height, width = picture.shape[:2]
        bright = (picture.min(axis=2) >= WHITE).astype(np.uint8)
        _, _, stats, _ = cv2.connectedComponentsWithStats(bright)
        return found(*[
            ("person", 0.8, Box(x / width, y / height, w / width, h / height))
            for x, y, w, h, area in stats[1:].tolist() if area >= 30
        ])  # fmt: skip


def scene(t_s: float, bag_from: float = 1e9) -> np.ndarray:
    """A white figure comes from the left, stands from 10 to 50 s, leaves to the left."""
    picture = GROUND.copy()
    if t_s >= bag_from:
        picture[112:124, 176:192] = (20, 30, 10)
    x = round(150 + min(0.0, t_s - 10) * 20 - max(0.0, t_s - 50) * 20)
    if x > -14:
        picture[70:120, max(x, 0) : x + 14] = 255
    return picture


def run(given: Camera | None, last_s: float, **more: float) -> tuple[list[Seen], CameraPipeline]:
    pipeline = CameraPipeline(given, Rectangles(), fps=5, timezone="Asia/Shanghai")
    times = np.arange(0, last_s, 0.2).tolist()
    return [pipeline.process(drawn(scene(t, **more), t)) for t in times], pipeline


def told(seen: list[Seen]) -> list[tuple[Phase, float]]:
    return [
        (sighting.phase, round((frame.time_ns - at(0)) / 1e9, 1))
        for frame in seen
        for sighting in frame.sightings
        if sighting.phase is not Phase.CONTINUES
    ]


def test_without_a_camera_it_detects_and_tracks() -> None:
    seen, pipeline = run(None, 60)
    assert {track.id for frame in seen for track in frame.tracks} == {1}
    assert all(frame.tracks for frame in seen if at(5) < frame.time_ns < at(50))
    assert not any(frame.sightings for frame in seen)
    assert pipeline.cost.frames == len(seen)
    assert pipeline.cost.frames_looked == sum(frame.looked for frame in seen)
    assert pipeline.cost.detector_calls >= pipeline.cost.frames_looked


def test_fishing_and_dumping_from_pictures() -> None:
    both = camera(
        zone("fishing", [[0.3, 0], [1, 0], [1, 1], [0.3, 1]], dwell_s=20),
        zone("dumping", settle_s=5),
    )
    seen, _ = run(both, 75, bag_from=40)
    fired, bag, ended = (
        next(t for p, t in told(seen) if p is Phase.FIRED),
        [t for p, t in told(seen) if p is Phase.FIRED][1],
        next(t for p, t in told(seen) if p is Phase.ENDED),
    )
    assert 29 <= fired <= 35
    assert 52 <= ended <= 58
    assert 55 <= bag <= 63
    assert len(told(seen)) == 3


def test_the_same_frames_give_the_same_answers() -> None:
    """Invariant 5."""
    both = camera(zone("fishing", dwell_s=20), zone("occupation", limit_s=20))
    assert run(both, 60, bag_from=20)[0] == run(both, 60, bag_from=20)[0]


def test_standing_people_are_held_at_little_cost() -> None:
    seen, _ = run(None, 50)
    standing = [frame for frame in seen if at(20) < frame.time_ns < at(50)]
    assert all(len(frame.tracks) == 1 for frame in standing)
    assert sum(frame.looked for frame in standing) <= 0.5 * len(standing)


def test_frames_out_of_order_are_dropped_and_a_clock_set_back_ends_what_goes_on() -> None:
    pipeline = CameraPipeline(camera(zone("fishing", dwell_s=5)), Rectangles())
    for t_s in np.arange(10, 30, 0.2).tolist():
        last = pipeline.process(drawn(scene(t_s), t_s))
    held = pipeline.process(drawn(scene(29.5), 29.5))
    assert held.looked is False
    assert [track.id for track in held.tracks] == [track.id for track in last.tracks]
    back = pipeline.process(drawn(scene(20), -1000))
    assert [sighting.phase for sighting in back.sightings] == [Phase.ENDED]
    assert back.looked is True


def test_a_change_of_size_is_survived() -> None:
    pipeline = CameraPipeline(camera(zone("dumping")), Rectangles())
    for t_s in np.arange(0, 10, 0.2).tolist():
        picture = scene(t_s + 10)
        size = (W, H) if t_s < 5 else (2 * W, 2 * H)
        resized = cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST)
        seen = pipeline.process(drawn(resized, t_s))
    assert len(seen.tracks) == 1
