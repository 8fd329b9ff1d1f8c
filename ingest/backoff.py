"""How long to wait before trying a camera again.

Exponential backoff with full jitter: when a switch reboots, a hundred cameras must not be
asked in the same instant, and a camera that is gone must not be asked often.
"""

import random

FIRST_S = 0.5
MOST_S = 30.0


class Backoff:
    """Waits of a random length up to a ceiling that doubles from 0.5 s to 30 s."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._failures = 0

    def failed(self) -> float:
        """Seconds to wait after one more failure."""
        ceiling_s = min(MOST_S, FIRST_S * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return self._rng.uniform(0.0, ceiling_s)

    def succeeded(self) -> None:
        """A session lived long enough to count: start small again."""
        self._failures = 0
