"""When SIP requests are sent again."""

from core.clock import NS_PER_S, Clock

T1_S, T2_S = 0.5, 4.0  # RFC 3261, section 17.1.1.1


class Again:
    """When a request is sent (again): at once, then after T1, doubled up to T2.

    Args:
        reliable: nothing is lost on the way: once is enough (timers A and E are not started,
            sections 17.1.1.2 and 17.1.2.2).
    """

    def __init__(self, clock: Clock, *, reliable: bool) -> None:
        self._clock, self._reliable = clock, reliable
        self._next_ns: int | None = clock.monotonic_ns()
        self._pause_s = T1_S

    def due(self) -> bool:
        now_ns = self._clock.monotonic_ns()
        if self._next_ns is None or now_ns < self._next_ns:
            return False
        self._next_ns = None if self._reliable else now_ns + round(self._pause_s * NS_PER_S)
        self._pause_s = min(2 * self._pause_s, T2_S)
        return True
