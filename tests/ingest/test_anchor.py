"""UTC times of packets: the camera's spacing is kept, nonsense is noticed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S
from ingest.anchor import Anchor
from ingest.backoff import MOST_S, Backoff
from ingest.rate import Sampler

START = 1_790_000_000 * NS_PER_S
STEP = NS_PER_S // 10


def run(delays_ns: list[int], step_ns: int = STEP) -> tuple[list[int], list[str]]:
    """Times and re-anchorings of packets that arrive that much late."""
    anchor, times, moves = Anchor(), [], []
    for number, delay_ns in enumerate(delays_ns):
        pts_ns = number * step_ns
        moved = anchor.place(pts_ns, START + pts_ns + delay_ns)
        if moved:
            moves.append(moved.why)
        times.append(anchor.utc_ns(pts_ns))
    return times, moves


@given(st.lists(st.integers(0, 1_900_000_000), min_size=2, max_size=200))
def test_jitter_does_not_reach_the_times(delays: list[int]) -> None:
    times, moves = run([0, *delays])
    assert moves == []
    assert times == [START + n * STEP for n in range(len(times))]


def test_network_that_stalls_and_catches_up_moves_nothing() -> None:
    stalled = [max(0, 8 * NS_PER_S - n * STEP) for n in range(80)]
    assert run([0] * 20 + stalled + [0] * 20)[1] == []


def test_clock_that_runs_slow_is_re_anchored_after_ten_seconds_of_lateness() -> None:
    times, moves = run([round(n * STEP * 0.01) for n in range(4000)])
    assert set(moves) == {"drift"}
    lateness = [START + round(n * STEP * 1.01) - t for n, t in enumerate(times)]
    assert max(lateness) < 2.3 * NS_PER_S


def test_camera_ahead_of_time_is_re_anchored_at_once() -> None:
    times, moves = run([0] + [-n * STEP // 2 for n in range(1, 100)])
    assert moves
    assert max(t - (START + n * STEP // 2) for n, t in enumerate(times)) <= 2.1 * NS_PER_S


@pytest.mark.parametrize(("jump_s", "why"), [(3600, "jump"), (-5, "backwards")])
def test_jumping_time_line_is_re_anchored(jump_s: int, why: str) -> None:
    anchor = Anchor()
    anchor.place(0, START)
    moved = anchor.place(STEP + jump_s * NS_PER_S, START + STEP)
    assert moved is not None
    assert moved.why == why
    assert moved.by_ns == -jump_s * NS_PER_S
    assert anchor.utc_ns(STEP + jump_s * NS_PER_S) == START + STEP


def test_small_steps_back_are_b_pictures() -> None:
    anchor = Anchor()
    for number, pts in enumerate([0, 3, 1, 2, 6, 4, 5]):
        assert anchor.place(pts * STEP, START + number * STEP) is None


def test_pause_of_the_camera_itself_is_believed() -> None:
    anchor = Anchor()
    anchor.place(0, START)
    assert anchor.place(60 * NS_PER_S, START + 60 * NS_PER_S) is None


@given(st.integers(0, 40), st.integers())
def test_backoff_stays_within_its_ceiling(failures: int, seed: int) -> None:
    backoff = Backoff(random.Random(seed))
    for number in range(failures):
        assert 0 <= backoff.failed() <= min(MOST_S, 0.5 * 2**number)
    backoff.succeeded()
    assert backoff.failed() <= 0.5


@given(
    fps=st.sampled_from([1.0, 2.0, 5.0, 7.5]),
    source=st.sampled_from([8.0, 10.0, 12.5, 15.0, 24.0, 25.0, 30.0]),
    jitter=st.lists(st.integers(-4_000_000, 4_000_000), min_size=300, max_size=300),
)
def test_sampler_keeps_its_rate_despite_jitter(
    fps: float, source: float, jitter: list[int]
) -> None:
    sampler = Sampler(fps, source)
    times = [START + round(n * NS_PER_S / source) + j for n, j in enumerate(jitter)]
    taken = [t for t in times if sampler.wants(t)]
    expected = 300 / source * fps
    assert expected * 0.9 - 1 <= len(taken) <= expected * 1.1 + 1


def test_camera_at_the_analysis_rate_loses_nothing_to_jitter() -> None:
    rng = random.Random(3)
    sampler = Sampler(5, 5)
    times = [START + n * NS_PER_S // 5 + rng.randint(-30, 30) * 1_000_000 for n in range(200)]
    assert sum(sampler.wants(t) for t in times) >= 190


def test_sampler_follows_a_jump() -> None:
    sampler = Sampler(5, 25)
    assert sampler.wants(START)
    assert sampler.wants(START + 3600 * NS_PER_S)
    assert sampler.wants(START)
