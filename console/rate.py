"""A brake on what costs others something, such as knocking at cameras."""

import threading
from collections import deque

from console.errors import ProblemError
from core.clock import NS_PER_S, Clock


class Rate:
    """So many within a span, for each key apart. Thread-safe.

    Keys are names of accounts, so there are few; a key's memory is ``most`` moments.
    """

    def __init__(self, clock: Clock, most: int, span_s: float) -> None:
        self._clock, self._most, self._span_ns = clock, most, round(span_s * NS_PER_S)
        self._lock = threading.Lock()
        self._taken: dict[str, deque[int]] = {}

    def take(self, key: str) -> None:
        """Count one.

        Raises:
            ProblemError: 429; says when the next one may come.
        """
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            taken = self._taken.setdefault(key, deque())
            while taken and taken[0] <= now_ns - self._span_ns:
                taken.popleft()
            if len(taken) < self._most:
                taken.append(now_ns)
                return
            wait_s = -((now_ns - taken[0] - self._span_ns) // NS_PER_S)
        raise ProblemError(
            429,
            "too-many",
            "Too many requests",
            f"Try again in {wait_s} s.",
            {"retry-after": str(wait_s)},
        )
