"""Two hundred cameras that come back at once, and one that stays away."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from ingest.backoff import FIRST_S, MOST_S, Backoff


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
