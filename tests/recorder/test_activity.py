"""The activity track: what is written is read, at any resolution, and goes with its recordings."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from recorder.activity import (
    MOST_WAITING,
    OCTETS,
    STEP_NS,
    ActivityLog,
    Step,
    activity_path,
    moving_octet,
    trim,
)
from recorder.keeping import Keeping
from recorder.playback.activity import next_movement, pooled
from recorder.retention import Retention
from recorder.shelf import segment_path

CAMERA = "gate"
DAY_NS = 86_400 * NS_PER_S
START_NS = 20_000 * DAY_NS
"""The beginning of a day."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / CAMERA).mkdir()
    return tmp_path


def noted(root: Path, *frames: tuple[float, float], **counts: int) -> ActivityLog:
    """Frames at seconds after the start, with the share that moves; then all is written."""
    log = ActivityLog(root, ManualClock())
    for at_s, moving in frames:
        log.note(CAMERA, START_NS + round(at_s * NS_PER_S), moving, **counts)
    log.write(all_of_it=True)
    return log


def moving(root: Path, first_s: float, last_s: float, most: int = 1000) -> list[int | None]:
    first_ns, last_ns = (START_NS + round(s * NS_PER_S) for s in (first_s, last_s))
    return list(pooled(root, CAMERA, first_ns, last_ns, most).moving)


def test_steps_hold_the_most_of_their_frames(root: Path) -> None:
    noted(root, (0.1, 0.01), (1.9, 0.25), (2.0, 0.0), (6.5, 1.0))
    assert moving(root, 0, 10) == [128, 0, None, 255, None]
    assert moving(root, 0, 10, most=2) == [128, 255]
    log = ActivityLog(root, ManualClock())
    for people, vehicles in ((1, 0), (3, 1), (2, 300)):
        log.note(CAMERA, START_NS + 8 * NS_PER_S, 0.0, people=people, vehicles=vehicles, animals=1)
    log.write(all_of_it=True)
    told = pooled(root, CAMERA, START_NS, START_NS + 10 * NS_PER_S, 1000)
    assert (told.people[4], told.vehicles[4], told.animals[4]) == (3, 255, 1)
    assert told.people[:4] == (0, 0, 0, 0)


def test_small_things_are_not_lost() -> None:
    assert moving_octet(0) == 0
    assert moving_octet(1e-9) == 1
    assert moving_octet(1) == 255


def test_only_the_step_that_runs_is_not_written_yet(root: Path) -> None:
    """What a crash costs: the step that runs, and what came since the last writing."""
    log = ActivityLog(root, ManualClock())
    for step in range(10):
        log.note(CAMERA, START_NS + step * STEP_NS, 0.5)
    log.write()
    assert moving(root, 0, 20) == [181] * 9 + [None]
    log.write()
    assert moving(root, 0, 20) == [181] * 10, "its camera has sent nothing since"


@pytest.mark.parametrize("tail", [b"\x07", b"\x00" * 5, b"\xff" * 7])
def test_a_torn_tail_costs_nothing_else(root: Path, tail: bytes) -> None:
    noted(root, (0, 0.5), (2, 0.5))
    path = activity_path(root, CAMERA, START_NS)
    with path.open("ab") as file:
        file.write(tail)
    assert moving(root, 0, 8) == [181, 181, None, None]
    noted(root, (4, 0.5))
    assert path.stat().st_size % OCTETS == 0
    assert moving(root, 0, 8) == [181, 181, 181, None]


@pytest.mark.parametrize("damage", [b"\x00" * OCTETS, b"\xff" * OCTETS, b"\x01" + b"\x00" * 7])
def test_damaged_steps_are_left_out(root: Path, damage: bytes) -> None:
    noted(root, (0, 0.5))
    with activity_path(root, CAMERA, START_NS).open("ab") as file:
        file.write(damage)
    noted(root, (4, 0.5))
    assert moving(root, 0, 6) == [181, None, 181]


def test_a_clock_that_is_set_back_tells_the_larger(root: Path) -> None:
    noted(root, (0, 0.1), (2, 0.9), (4, 0.1), (1, 0.4), (3, 0.2), (5, 0.3))
    assert moving(root, 0, 6) == [moving_octet(0.4), moving_octet(0.9), moving_octet(0.3)]


def test_a_clock_that_leaps_leaves_a_hole(root: Path) -> None:
    noted(root, (0, 0.5), (7200, 0.5))
    told = moving(root, 0, 7204)
    assert [n for n, one in enumerate(told) if one is not None] == [0, len(told) - 1]


def test_midnight(root: Path) -> None:
    noted(root, (-1, 0.5), (1, 0.25))
    assert moving(root, -4, 4) == [None, 181, 128, None]
    assert len(list((root / CAMERA).iterdir())) == 2
    assert moving(root, -3, 3, most=1) == [181]


def test_nothing_is_written_where_nothing_is_recorded(tmp_path: Path) -> None:
    """The camera's folder is missing when its disk is away: the root disk is not filled."""
    noted(tmp_path, (0, 0.5), (2, 0.5))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_stops_nobody(root: Path) -> None:
    path = activity_path(root, CAMERA, START_NS)
    path.mkdir()  # cannot be opened for writing
    log = noted(root, (0, 0.5))
    path.rmdir()
    log.note(CAMERA, START_NS + 2 * STEP_NS, 0.5)
    log.write(all_of_it=True)
    assert moving(root, 0, 6) == [None, None, 181]


def test_what_waits_for_a_hanging_disk_is_bounded(root: Path) -> None:
    log = ActivityLog(root, ManualClock())
    for step in range(MOST_WAITING + 100):
        log.note(CAMERA, START_NS + step * STEP_NS, 0.5)
    log.write()
    assert activity_path(root, CAMERA, START_NS).stat().st_size == MOST_WAITING * OCTETS


def test_the_thread_writes_and_ends(root: Path) -> None:
    log = ActivityLog(root, ManualClock())
    log.start()
    log.note(CAMERA, START_NS, 0.5)
    log.stop()
    assert moving(root, 0, 2) == [181]


steps = st.lists(
    st.tuples(
        st.integers(-100, 100),
        st.sampled_from([0.0, 0.001, 0.1, 0.5, 1.0]),
        st.integers(0, 4),
    ),
    max_size=40,
)


@given(steps, st.integers(-150_000, 150_000), st.integers(1, 300_000), st.integers(1, 60))
@settings(max_examples=150, deadline=None)
def test_pooling_tells_the_most_of_each_part(
    tmp_path_factory: pytest.TempPathFactory,
    given_steps: list[tuple[int, float, int]],
    first_ms: int,
    lasts_ms: int,
    most: int,
) -> None:
    root = tmp_path_factory.mktemp("pool")
    (root / CAMERA).mkdir()
    log = ActivityLog(root, ManualClock())
    for step, share, people in given_steps:
        log.note(CAMERA, START_NS + step * STEP_NS, share, people=people)
    log.write(all_of_it=True)
    first_ns = START_NS + first_ms * 1_000_000
    last_ns = first_ns + lasts_ms * 1_000_000
    told = pooled(root, CAMERA, first_ns, last_ns, most)
    shutil.rmtree(root)
    count = len(told.moving)
    assert count <= most
    assert told.part_ns >= STEP_NS
    assert (count - 1) * told.part_ns < last_ns - first_ns <= count * told.part_ns
    for part in range(count):
        begin_ns = first_ns + part * told.part_ns
        end_ns = min(begin_ns + told.part_ns, last_ns)
        inside = [
            (moving_octet(share), people)
            for step, share, people in given_steps
            if START_NS + step * STEP_NS < end_ns and START_NS + (step + 1) * STEP_NS > begin_ns
        ]
        assert told.moving[part] == max((one for one, _ in inside), default=None)
        assert told.people[part] == max((one for _, one in inside), default=0)


@given(st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_file_is_read(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.mktemp("any")
    (root / CAMERA).mkdir()
    activity_path(root, CAMERA, START_NS).write_bytes(data)
    pooled(root, CAMERA, START_NS - DAY_NS, START_NS + 2 * DAY_NS, 500)
    next_movement(root, CAMERA, START_NS, back=False)
    shutil.rmtree(root)


def at(found_ns: int | None) -> float | None:
    return None if found_ns is None else (found_ns - START_NS) / NS_PER_S


def test_next_and_previous_movement(root: Path) -> None:
    for begin, lasts in ((100, 20), (124, 10), (300, 2), (400, 6), (2 * 86_400, 8), (-6, 12)):
        noted(root, *((s, 0.2) for s in range(begin, begin + lasts, 2)))
    noted(root, (600, 0.1), people=1)
    noted(root, *((s, 0.0) for s in range(700, 720, 2)), people=2)

    def after(s: float) -> float | None:
        return at(next_movement(root, CAMERA, START_NS + round(s * NS_PER_S), back=False))

    def before(s: float) -> float | None:
        return at(next_movement(root, CAMERA, START_NS + round(s * NS_PER_S), back=True))

    assert after(0) == 100, "what began before midnight goes on, and does not begin"
    assert after(100) == 400, "a pause of four seconds is none; two lone seconds are no movement"
    assert after(400) == 600, "where somebody is tracked two seconds are"
    assert after(600) == 2 * 86_400, "who stands still does not move"
    assert after(2 * 86_400) is None
    assert before(3 * 86_400) == 2 * 86_400
    assert before(2 * 86_400) == 600
    assert before(600) == 400
    assert before(100) == -6
    assert before(-6) is None


def test_it_goes_with_its_recordings(root: Path) -> None:
    clock = ManualClock(START_NS + 100 * DAY_NS + DAY_NS // 2)
    for age in range(40):
        path = segment_path(root, CAMERA, clock.utc_ns() - age * DAY_NS)
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x" * 1000)
        octets = Step((clock.utc_ns() - age * DAY_NS) // STEP_NS, frames=1).octets()
        activity_path(root, CAMERA, clock.utc_ns() - age * DAY_NS).write_bytes(octets)
    Retention(root, clock, Keeping(30, 10**9), low_bytes=0, stop_bytes=0).sweep()
    days = {one.name for one in (root / CAMERA).iterdir() if one.is_dir()}
    tracks = {one.stem.removeprefix("activity-") for one in (root / CAMERA).glob("activity-*")}
    assert len(days) == 31
    assert tracks == days


def test_it_stays_while_the_recordings_cannot_be_seen(root: Path) -> None:
    noted(root, (0, 0.5))
    trim(root, CAMERA)
    assert moving(root, 0, 2) == [181]
