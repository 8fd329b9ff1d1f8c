"""Two hundred cameras that come back at once, one that stays away, and one that says no."""

import random
import threading
from collections import Counter
from itertools import pairwise

import pytest
from av.container import InputContainer
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from core.messages import CameraHealth
from ingest.backoff import (
    FIRST_S,
    MOST_S,
    REFUSED_FIRST_S,
    REFUSED_MOST_S,
    Backoff,
)
from ingest.base import Source
from ingest.errors import IngestError, RefusedError, SignInError
from ingest.events import Lost

LOCK_S, LOCKS_AFTER, PROCESSES = 1800.0, 5, 2


class Highest(random.Random):
    def uniform(self, a: float, b: float) -> float:
        return b


@given(st.integers(), st.integers(1, 2000))
def test_waits_stay_within_a_ceiling_that_doubles(seed: int, failures: int) -> None:
    backoff, ceiling = Backoff(random.Random(seed)), Backoff(Highest())
    for number in range(failures):
        most_s = ceiling.failed()
        assert most_s == min(MOST_S, FIRST_S * 2.0 ** min(number, 16))
        assert 0 <= backoff.failed() <= most_s
    backoff.succeeded()
    assert backoff.failed() <= FIRST_S


def test_two_hundred_cameras_do_not_come_in_step() -> None:
    """A switch is away for two minutes, then all cameras can be reached again at once.

    Counted are connections in each tenth of a second after it returned: on average 200 cameras
    make 200 / 15 s, about 1.3 a tenth; the busiest tenth must stay near that.
    """
    returned_s = 120.0
    attempts, asked_while_away = Counter[int](), 0
    for camera in range(200):
        backoff, at_s = Backoff(random.Random(camera)), 0.0
        while at_s < returned_s:
            at_s += backoff.failed()
            asked_while_away += at_s < returned_s
        attempts[int((at_s - returned_s) * 10)] += 1
    assert sum(attempts.values()) == 200
    assert max(attempts.values()) <= 10
    assert max(attempts) <= MOST_S * 10
    assert asked_while_away / 200 < 20  # in two minutes, each


def test_waits_are_spread_over_the_whole_range() -> None:
    """Full jitter: equal shares in each quarter below the ceiling."""
    backoff = Backoff(random.Random(7))
    for _ in range(10):
        backoff.failed()
    quarters = Counter(int(backoff.failed() / MOST_S * 4) for _ in range(4000))
    assert all(900 < quarters[quarter] < 1100 for quarter in range(4))


AWAY = IngestError("nothing listens there")
NO_PATH, NO_ENTRY = RefusedError("no such stream"), SignInError("password wrong")


@given(st.integers(), st.lists(st.sampled_from([AWAY, NO_PATH, NO_ENTRY]), max_size=300))
def test_wrong_password_never_locks_the_account(seed: int, failures: list[IngestError]) -> None:
    """Whatever comes between, recorder and analyst stay below five in any half hour together."""
    backoff, at_s, signed_in_s = Backoff(random.Random(seed)), 0.0, []
    for failure in failures:
        if failure is NO_ENTRY:
            signed_in_s.append(at_s)
        at_s += backoff.failed(failure)
    for first_s in signed_in_s:
        within = sum(first_s <= one_s < first_s + LOCK_S for one_s in signed_in_s)
        assert PROCESSES * within < LOCKS_AFTER
    for early_s, late_s in pairwise(signed_in_s[1:]):
        assert late_s - early_s >= LOCK_S  # a lock that somebody else caused is over by then


@given(st.integers(), st.integers(1, 300))
def test_other_refusals_are_asked_seldom(seed: int, failures: int) -> None:
    backoff = Backoff(random.Random(seed))
    for number in range(failures):
        ceiling_s = min(REFUSED_MOST_S, REFUSED_FIRST_S * 2.0 ** min(number, 16))
        assert ceiling_s / 2 <= backoff.failed(NO_PATH) <= ceiling_s


def test_camera_that_let_us_in_is_asked_again_soon() -> None:
    backoff = Backoff(random.Random(1))
    for _ in range(3):
        assert 60 <= backoff.failed(NO_ENTRY) <= 75
        backoff.let_in()
    assert 60 <= backoff.failed(NO_ENTRY) <= 75
    assert backoff.failed(NO_ENTRY) >= LOCK_S


class Refusing(Source):
    """A camera that says no to everybody, for two hours."""

    def __init__(self, clock: ManualClock, stop: threading.Event, no: IngestError) -> None:
        self.told: list[CameraHealth] = []
        super().__init__("gate", clock, rng=random.Random(3), on_health=self.told.append)
        self.asked_s: list[float] = []
        self._no, self._stop = no, stop

    def open(self) -> InputContainer:
        now_s = self.clock.monotonic_ns() / NS_PER_S
        if now_s > 7200:
            self._stop.set()
        self.asked_s.append(now_s)
        raise self._no

    def explain(self, error: Exception) -> IngestError:
        return self._no


@pytest.mark.parametrize(("no", "most"), [(NO_ENTRY, 7), (NO_PATH, 260)])
def test_refusals_over_hours_are_few_and_told(no: IngestError, most: int) -> None:
    clock, stop = ManualClock(), threading.Event()
    camera = Refusing(clock, stop, no)
    events = list(camera.packets(stop))
    assert all(isinstance(event, Lost) and event.reason == "refused" for event in events)
    assert 2 < len(camera.asked_s) == len(events) <= most
    reasons = [one.reason for one in camera.told]
    assert f"refused: {no}; next try in " in reasons[1]
    if no is NO_ENTRY:
        assert any(reason.endswith("next try in 30 min") for reason in reasons)
    assert {one.state for one in camera.told} == {"offline"}
    times = [one.at_ns for one in camera.told]
    assert max(b - a for a, b in pairwise(times)) <= 5 * NS_PER_S
