"""Whatever the clocks do, recordings never overlap and never go back."""

from fractions import Fraction
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from ingest.anchor import Anchor
from ingest.clock_steady import SteadyUtc
from ingest.events import MediaPacket
from ingest.timeline import Timeline

BASE = Fraction(1, 90_000)

happenings = st.lists(
    st.one_of(
        st.tuples(st.just("packet"), st.floats(0.001, 0.5), st.floats(0.0, 4.0)),
        st.tuples(st.just("step"), st.floats(-7200, 7200), st.just(0.0)),
        st.tuples(st.just("jump"), st.floats(-100, 100), st.just(0.0)),
        st.tuples(st.just("session"), st.floats(0.0, 30.0), st.integers(0, 5).map(float)),
    ),
    min_size=5,
    max_size=120,
)


def packet(dts_s: float | None, stream: Any) -> Any:
    dts = None if dts_s is None else round(dts_s * 90_000)
    return SimpleNamespace(dts=dts, pts=dts, duration=0, is_keyframe=False, stream=stream)


@settings(max_examples=150)
@given(happenings)
def test_no_step_jump_or_new_session_takes_a_recording_back(
    events: list[tuple[str, float, float]],
) -> None:
    clock = ManualClock()
    steady = SteadyUtc(clock)
    stream = cast(Any, SimpleNamespace(type="video", time_base=BASE))
    timeline, dts_s, taken_s = Timeline(stream), 0.0, -9.0
    times: list[int] = []

    def take(dts_s: float | None) -> None:
        taken = timeline.take(packet(dts_s, stream), steady.utc_ns())
        times.extend(event.dts_ns for event in taken if isinstance(event, MediaPacket))

    for what, amount, more in events:
        match what:
            case "packet":  # arrives after `amount`; the camera's clock runs `more` times as fast
                clock.advance(amount)
                dts_s += max(amount * more, 0.001)
                if -1.0 < dts_s - taken_s <= 0.0:
                    dts_s = taken_s + 0.001  # small steps back are left to B pictures
                take(dts_s)
                taken_s = dts_s
            case "step":
                clock.step(amount)
            case "jump":
                dts_s += amount
            case "session":
                clock.advance(amount)
                timeline, dts_s = Timeline(stream, times[-1] if times else 0), 0.0
                taken_s = -9.0
                for _ in range(int(more)):
                    take(None)
    assert all(b > a for a, b in pairwise(times))


@given(st.floats(-7200, -1))
def test_clock_set_back_is_caught_up_slowly(step_s: float) -> None:
    clock = ManualClock()
    steady = SteadyUtc(clock)
    clock.step(step_s)
    before_ns = steady.utc_ns()
    clock.advance(100)
    after_ns = steady.utc_ns()
    assert after_ns - before_ns >= 95 * NS_PER_S or after_ns == clock.utc_ns()
    clock.advance(-step_s * 20)
    assert abs(steady.utc_ns() - clock.utc_ns()) < NS_PER_S // 100


@given(st.floats(1, 7200))
def test_clock_set_forward_is_followed_at_once(step_s: float) -> None:
    clock = ManualClock()
    steady = SteadyUtc(clock)
    clock.step(step_s)
    assert steady.utc_ns() == clock.utc_ns()


@given(st.floats(1.0, 20.0))
def test_camera_that_counts_too_fast_stays_near_the_time_and_in_order(speed: float) -> None:
    anchor, last_ns, start_ns = Anchor(), 0, 1_790_000_000 * NS_PER_S
    for number in range(600):
        arrived_ns = start_ns + number * NS_PER_S // 20
        pts_ns = round(number * NS_PER_S / 20 * speed)
        anchor.place(pts_ns, arrived_ns)
        time_ns = anchor.utc_ns(pts_ns)
        assert last_ns < time_ns < arrived_ns + 4.5 * NS_PER_S
        last_ns = time_ns


def test_session_that_had_to_wait_for_its_time_becomes_punctual() -> None:
    start_ns = 1_790_000_000 * NS_PER_S
    anchor = Anchor(floor_ns=start_ns + NS_PER_S)
    for number in range(100):
        at_ns = number * NS_PER_S // 10
        assert anchor.place(at_ns, start_ns + at_ns) is None
    assert anchor.utc_ns(at_ns) == start_ns + at_ns
