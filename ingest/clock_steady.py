"""Our wall clock, but never going back.

When an operator or NTP sets the clock back, an hour would be recorded twice. So our time then
runs a twentieth slower until the wall clock has caught up: two moments never share a time stamp,
durations are off by 5 % at most, and an hour is made good within a day. Forward steps are
followed at once; they leave a gap, which is honest.

Where it is known up to when recordings exist, this holds over restarts of the process, too; and
a clock that had run far ahead and was put right is believed (``docs/design/time.md``).
"""

from collections.abc import Callable

import structlog

from core.clock import NS_PER_S, Clock

SLOWER = 20
"""While the clock is ahead, one part in so many is left out."""
AHEAD_MOST_NS = 7200 * NS_PER_S
"""A larger step back is looked into: the recordings tell whether it is a correction."""
NOTICED_NS = 2 * NS_PER_S
_STEP_NS = NS_PER_S

Floor = Callable[[int], int | None]
"""From the wall clock's UTC nanoseconds to the end of what must not be recorded over."""

log = structlog.get_logger()


class SteadyUtc:
    """UTC nanoseconds that never decrease, but for corrections that are believed. For one thread.

    Args:
        floor: asked at the start and after a step back by more than two hours; None: never.

    Attributes:
        floor_ns: what it said last, 0 without.
        believed: how often a step back was believed, and time began anew.
        ahead: our time is ahead of the wall clock, which was set back.
    """

    def __init__(self, clock: Clock, floor: Floor | None = None) -> None:
        self._clock = clock
        self._floor = floor
        self.believed = 0
        self._wall_ns = clock.utc_ns()
        self._last_monotonic_ns = clock.monotonic_ns()
        self._lead_ns = self._wall_ns - self._last_monotonic_ns
        self.floor_ns = (floor(self._wall_ns) if floor else None) or 0
        self._last_ns = max(self._wall_ns, self.floor_ns + 1)
        self.ahead = self._last_ns - self._wall_ns > NOTICED_NS

    def utc_ns(self) -> int:
        """The wall clock, or what is left of being ahead of it."""
        monotonic_ns, self._wall_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
        passed_ns = monotonic_ns - self._last_monotonic_ns
        self._last_monotonic_ns = monotonic_ns
        slowed_ns = self._last_ns + passed_ns - passed_ns // SLOWER
        before_ns, self._lead_ns = self._lead_ns, self._wall_ns - monotonic_ns
        if self._wall_ns >= slowed_ns:
            self._last_ns, self.ahead = self._wall_ns, False
            return self._wall_ns
        if self._lead_ns < before_ns - _STEP_NS and slowed_ns - self._wall_ns > AHEAD_MOST_NS:
            slowed_ns = self._look_into(slowed_ns)
        self._last_ns = max(self._wall_ns, slowed_ns)
        self.ahead = self._last_ns - self._wall_ns > NOTICED_NS
        return self._last_ns

    def _look_into(self, slowed_ns: int) -> int:
        """Whether to go on at ``slowed_ns`` or to begin anew where the recordings allow it."""
        if self._floor is None:
            return slowed_ns
        floor_ns = self._floor(self._wall_ns) or 0
        if floor_ns > slowed_ns - AHEAD_MOST_NS:
            return slowed_ns
        self.believed += 1
        self.floor_ns = floor_ns
        log.warning(
            "our clock was set back and is believed", by_s=(slowed_ns - self._wall_ns) // NS_PER_S
        )
        return floor_ns + 1
