"""What queued up while a stream was opened is dated back to when it came."""

from collections.abc import Iterator
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from ingest.burst import MOST, dated

RATE = 10
TICK = Fraction(1, 90_000)


def camera(clock: ManualClock, ready_s: float, count: int, error_at: int | None = None) -> Any:
    """Pictures every tenth of a second from now on; the reader comes ``ready_s`` later."""
    began_s = clock.monotonic_ns() / NS_PER_S
    clock.advance(ready_s)

    def packets() -> Iterator[Any]:
        for index in range(count):
            if index == error_at:
                raise av.error.ExitError(5, "stalled")
            due_s = began_s + index / RATE
            clock.advance(max(0.0, due_s - clock.monotonic_ns() / NS_PER_S))
            yield SimpleNamespace(
                dts=index * 9000, pts=index * 9000, time_base=TICK, stream_index=0
            )

    return packets()


@given(ready_s=st.floats(0, 5), count=st.integers(1, 80))
def test_every_packet_gets_the_time_it_came(ready_s: float, count: int) -> None:
    clock = ManualClock()
    began_ns = clock.utc_ns()
    source = camera(clock, ready_s, count)
    times = [at_ns for _, at_ns in dated(source, clock.utc_ns, clock.monotonic_ns)]
    assert len(times) == count
    for index, at_ns in enumerate(times):
        late_s = (at_ns - began_ns) / NS_PER_S - index / RATE
        # The queue is known to be empty only at the next picture: up to one interval is left.
        longest_s = max(1 / RATE, ready_s - (count - 1) / RATE)
        assert -1e-6 <= late_s <= longest_s + 1e-6


def test_an_error_comes_after_the_packets_before_it() -> None:
    clock = ManualClock()
    source = dated(camera(clock, 1.0, 20, error_at=5), clock.utc_ns, clock.monotonic_ns)
    assert [next(source)[0].dts // 9000 for _ in range(5)] == [0, 1, 2, 3, 4]
    with pytest.raises(av.error.ExitError):
        next(source)


def test_a_source_that_never_waits_is_not_held_back_for_ever() -> None:
    clock = ManualClock()
    source = camera(clock, 1000.0, 3 * MOST)
    assert len(list(dated(source, clock.utc_ns, clock.monotonic_ns))) == 3 * MOST


def test_packets_without_a_time_pass() -> None:
    clock = ManualClock()
    packets = iter(
        [
            SimpleNamespace(dts=None, pts=None, time_base=TICK, stream_index=0),
            SimpleNamespace(dts=9000, pts=9000, time_base=TICK, stream_index=0),
        ]
    )
    assert len(list(dated(packets, clock.utc_ns, clock.monotonic_ns))) == 2
