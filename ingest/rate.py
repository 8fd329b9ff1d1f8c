"""Which pictures are looked at when the analysis rate is below the camera's."""

from core.clock import NS_PER_S


class Sampler:
    """Says yes about ``fps`` times a second of picture time.

    Works on picture time alone, so a replay makes the same choice as the live run did. A
    picture that comes half a picture interval early still counts as punctual, else a jittery
    5 fps camera sampled at 5 fps would lose every other picture.
    """

    def __init__(self, fps: float, source_fps: float | None = None) -> None:
        if fps <= 0:
            raise ValueError(f"the analysis rate must be positive, not {fps}")
        self._period_ns = round(NS_PER_S / fps)
        early_ns = self._period_ns // 4
        if source_fps:
            early_ns = min(early_ns, round(NS_PER_S / source_fps / 2))
        self._early_ns = early_ns
        self._due_ns: int | None = None

    def may_want(self, time_ns: int) -> bool:
        """Whether ``wants`` could say yes to a picture that is not decoded yet.

        Later pictures may still be taken before it, which only moves what is due further on;
        so a no is final.
        """
        if self._due_ns is None or abs(time_ns - self._due_ns) > 4 * self._period_ns:
            return True
        return time_ns >= self._due_ns - self._early_ns

    def wants(self, time_ns: int) -> bool:
        """Whether the picture of that time is one to look at."""
        due_ns = self._due_ns
        if due_ns is None or abs(time_ns - due_ns) > 4 * self._period_ns:
            self._due_ns = time_ns + self._period_ns  # first picture, or the time line jumped
            return True
        if time_ns < due_ns - self._early_ns:
            return False
        due_ns += self._period_ns
        if due_ns <= time_ns:
            due_ns = time_ns + self._period_ns // 2
        self._due_ns = due_ns
        return True
