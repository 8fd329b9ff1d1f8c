"""Our own clock is set back, or was years ahead: recordings never overlap, none is lost."""

import random
import threading
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from core.messages import CameraHealth
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.ledger import Gap, read_gaps
from recorder.own_clock import REACH_NS, WRITTEN_NS, floor_ns
from recorder.shelf import aside, latest_end_ns, segment_path, segments
from tests.recorder.conftest import CAMERA

HOUR_S = 3600.0
YEARS_S = 10 * 365 * 86_400.0


@pytest.fixture
def start(tmp_path: Path, clock: ManualClock, film: Path) -> Callable[..., list[CameraHealth]]:
    """Start the recorder anew and let it record ten seconds as the composition does."""

    def run(during: Callable[[], None] = lambda: None, plays: int = 1) -> list[CameraHealth]:
        told: list[CameraHealth] = []
        stop = threading.Event()
        left = [plays]

        def report(health: CameraHealth) -> None:
            told.append(health)
            counted = {one.reconnects for one in told[:-1] if one.reason.startswith("ended")}
            ended = health.state == "offline" and health.reason.startswith("ended")
            if ended and health.reconnects not in counted:  # it is told again while it waits
                left[0] -= 1
                during()
                if not left[0]:
                    stop.set()

        source = FileSource(CAMERA, film, clock, loop=True, on_health=report, rng=random.Random(1))
        source.begin_after(partial(floor_ns, tmp_path, CAMERA))
        CameraRecorder(tmp_path, source, clock, segment_s=3, sync=False).run(stop)
        return told

    return run


def ranges(root: Path) -> list[tuple[int, int]]:
    """From and to of every segment in order, by its contents."""
    found = []
    for segment in segments(root, CAMERA):
        scan = segment.scan()
        found.append((segment.start_ns, segment.utc_ns(scan.end_dts, scan.timescale)))
    return found


def assert_apart(root: Path) -> None:
    for (_, end_ns), (start_ns, _) in pairwise(ranges(root)):
        assert start_ns >= end_ns - NS_PER_S // 10_000  # a tick of the file's time scale


def clock_gaps(root: Path) -> list[Gap]:
    return [gap for gap in read_gaps(root, CAMERA) if gap.reason == "clock"]


@pytest.mark.parametrize("back_s", [5.0, HOUR_S, 5 * HOUR_S])
def test_set_back_while_stopped(
    tmp_path: Path, clock: ManualClock, start: Callable[..., list[CameraHealth]], back_s: float
) -> None:
    for _ in range(1 + int(back_s // HOUR_S)):  # the time it is set back to was recorded, too
        clock.advance(HOUR_S)
        start()
    end_ns, files = latest_end_ns(tmp_path, CAMERA), len(ranges(tmp_path))
    assert end_ns is not None
    clock.step(-back_s)
    told = start()
    assert_apart(tmp_path)
    fresh = ranges(tmp_path)[files:]
    assert fresh[0][0] >= end_ns
    assert fresh[-1][1] - fresh[0][0] > 8 * NS_PER_S
    assert {h.reason for h in told if h.state == "degraded"} == {"our clock was set back"}
    (marked,) = clock_gaps(tmp_path)
    assert marked.first_ns >= end_ns
    assert "set back" in marked.detail
    clock.advance(back_s + 60)
    files = len(ranges(tmp_path))
    assert {h.state for h in start()} == {"online", "offline"}
    assert_apart(tmp_path)
    assert abs(ranges(tmp_path)[files][0] - clock.utc_ns()) < 60 * NS_PER_S


def test_killed_while_the_clock_was_set_back(
    tmp_path: Path, clock: ManualClock, start: Callable[..., list[CameraHealth]]
) -> None:
    start()
    (tmp_path / CAMERA / "gaps.jsonl").unlink()  # a kill leaves no word of the end
    clock.step(-HOUR_S)
    start()
    assert_apart(tmp_path)
    assert read_gaps(tmp_path, CAMERA)[0].reason == "clock"


@pytest.mark.parametrize("running", [False, True])
def test_years_ahead_by_mistake_and_put_right(
    tmp_path: Path,
    clock: ManualClock,
    start: Callable[..., list[CameraHealth]],
    running: bool,
) -> None:
    start()
    good = ranges(tmp_path)
    clock.advance(60)
    clock.step(YEARS_S)
    steps = iter([lambda: clock.step(-YEARS_S), lambda: None])
    if running:
        start(lambda: next(steps)(), plays=2)
    else:
        start()
        clock.step(-YEARS_S)
        start()
    wrong = [r for r in ranges(tmp_path) if r[0] > good[-1][1] + YEARS_S * NS_PER_S / 2]
    right = [r for r in ranges(tmp_path) if r not in good and r not in wrong]
    assert wrong
    assert right
    assert_apart(tmp_path)
    assert abs(right[-1][1] - clock.utc_ns()) < 5 * NS_PER_S
    assert any(gap.first_ns <= good[-1][1] and gap.last_ns for gap in clock_gaps(tmp_path))


def test_what_the_true_time_comes_upon_is_set_aside(
    tmp_path: Path, clock: ManualClock, start: Callable[..., list[CameraHealth]]
) -> None:
    start()
    clock.step(24 * HOUR_S)
    start()
    wrong = [
        s.path.name
        for s in segments(tmp_path, CAMERA)
        if s.start_ns > clock.utc_ns() - 60 * NS_PER_S
    ]
    clock.step(-24 * HOUR_S)
    before: list[int] = []

    def pass_time() -> None:
        before.append(len(aside(tmp_path, CAMERA)))
        clock.advance(12 * HOUR_S - 30)

    start(pass_time, plays=3)
    assert before == [0, 0, len(wrong)]
    names = [s.path.name for s in aside(tmp_path, CAMERA)]
    assert names == wrong
    assert_apart(tmp_path)


def test_clock_without_a_battery_is_not_believed(
    tmp_path: Path, clock: ManualClock, start: Callable[..., list[CameraHealth]]
) -> None:
    start()
    files, true_ns = ranges(tmp_path), clock.utc_ns()
    clock.step((WRITTEN_NS - true_ns) / NS_PER_S - 86_400)
    start()
    assert ranges(tmp_path)[: len(files)] == files
    assert ranges(tmp_path)[len(files)][0] >= files[-1][1]
    assert_apart(tmp_path)
    clock.step((true_ns - clock.utc_ns()) / NS_PER_S + 3600)
    start()
    assert not aside(tmp_path, CAMERA)
    assert_apart(tmp_path)


def test_a_disk_that_cannot_be_read_has_no_floor(
    tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("recorder.own_clock.segments", broken)
    assert floor_ns(tmp_path, CAMERA, clock.utc_ns()) is None


@settings(max_examples=60)
@given(st.lists(st.integers(0, 10 * 86_400), min_size=1, max_size=12), st.integers(0, 10 * 86_400))
def test_floor_has_two_free_hours_before_it(
    tmp_path_factory: pytest.TempPathFactory, starts_s: list[int], now_s: int
) -> None:
    root = tmp_path_factory.mktemp("shelf")
    base_ns = WRITTEN_NS + 1000 * 86_400 * NS_PER_S
    starts = sorted({base_ns + s * NS_PER_S for s in starts_s})
    for at_ns in starts:
        path = segment_path(root, CAMERA, at_ns)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")  # holds nothing: only its name counts here
    now_ns = base_ns + now_s * NS_PER_S
    assert floor_ns(root, CAMERA, now_ns) is None  # nothing readable is in nobody's way
    asked: list[int | None] = []

    def latest(_root: Path, _camera: str, before_ns: int | None = None) -> int | None:
        asked.append(before_ns)
        return before_ns

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recorder.own_clock.latest_end_ns", latest)
        found = floor_ns(root, CAMERA, now_ns)
    assert found == asked[0]
    assert found is not None
    later = [at_ns for at_ns in starts if at_ns > max(found, now_ns)]
    assert not later or later[0] - max(found, now_ns) >= REACH_NS
