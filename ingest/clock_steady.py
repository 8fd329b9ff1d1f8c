"""Our wall clock, but never going back.

When an operator or NTP sets the clock back, an hour would be recorded twice. So our time then
runs a twentieth slower until the wall clock has caught up: two moments never share a time stamp,
durations are off by 5 % at most, and an hour is made good within a day. Forward steps are
followed at once; they leave a gap, which is honest.
"""

from core.clock import Clock

SLOWER = 20
"""While the clock is ahead, one part in so many is left out."""


class SteadyUtc:
    """UTC nanoseconds that never decrease. For one thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._last_ns = clock.utc_ns()
        self._last_monotonic_ns = clock.monotonic_ns()

    def utc_ns(self) -> int:
        """The wall clock, or what is left of being ahead of it."""
        monotonic_ns = self._clock.monotonic_ns()
        passed_ns = monotonic_ns - self._last_monotonic_ns
        self._last_monotonic_ns = monotonic_ns
        slowed_ns = self._last_ns + passed_ns - passed_ns // SLOWER
        self._last_ns = max(self._clock.utc_ns(), slowed_ns)
        return self._last_ns
