"""From pictures to the activity track: a walker moves at the right seconds, and is counted."""

from pathlib import Path

from core.clock import NS_PER_S, ManualClock
from detectors.pipeline import CameraPipeline
from recorder.activity import STEP_NS, ActivityLog
from recorder.playback.activity import next_movement, pooled
from tests.detectors.detector_kit import START_NS, camera, drawn
from tests.detectors.test_camera_pipeline import Rectangles, scene
from wardwatch.processes.analyst import note_activity


def test_a_walker_moves_at_the_right_seconds(tmp_path: Path) -> None:
    """The figure walks in until 10 s, stands until 50 s and is gone after 58 s."""
    name = "cam"
    (tmp_path / name).mkdir()
    pipeline = CameraPipeline(camera(), Rectangles(), fps=5, timezone="Asia/Shanghai")
    log = ActivityLog(tmp_path, ManualClock())
    for number in range(5 * 90):
        seen = pipeline.process(drawn(scene(number / 5), number / 5))
        note_activity(log, seen, pipeline.moving)
    log.write(all_of_it=True)

    told = pooled(tmp_path, name, START_NS, START_NS + 90 * NS_PER_S, 1000)
    assert told.part_ns == STEP_NS
    assert None not in told.moving
    step = [one or 0 for one in told.moving]
    walking = [*range(4, 10, 2), *range(52, 58, 2)]
    assert all(step[s // 2] > 20 for s in walking), step
    assert all(step[s // 2] == 0 for s in range(30, 48, 2)), step
    assert all(step[s // 2] == 0 for s in range(66, 90, 2)), step
    assert all(told.people[s // 2] == 1 for s in range(8, 54, 2)), told.people
    assert not any(told.people[s // 2] for s in range(66, 90, 2))
    assert not any(told.vehicles + told.animals)

    begins_ns = next_movement(tmp_path, name, START_NS, back=False)
    assert begins_ns is not None
    assert 0 <= (begins_ns - START_NS) / NS_PER_S <= 4
    leaves_ns = next_movement(tmp_path, name, START_NS + 40 * NS_PER_S, back=False)
    assert leaves_ns is not None
    assert 48 <= (leaves_ns - START_NS) / NS_PER_S <= 52
