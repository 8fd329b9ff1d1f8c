"""How long something may stand in a zone at this hour."""

from dataclasses import dataclass

from core.config.zones import OccupationRule, TimedLimit
from core.value import Text
from detectors.behaviours.base import Moment, seconds


@dataclass(frozen=True)
class Limit:
    """A limit that is in force.

    Attributes:
        allowed_s: seconds allowed; None: as long as these hours last.
        hours: the hours it is of; None for the rule's own, which holds at all others.
        since_ns: since when it has been in force; 0 when that was before the first frame.
    """

    allowed_s: float | None
    hours: TimedLimit | None
    since_ns: int

    def counted_ns(self, since_ns: int) -> int:
        """From when on a stay since ``since_ns`` counts: time under another limit does not."""
        return max(since_ns, self.since_ns)

    def words(self, since_ns: int, now_ns: int) -> Text:
        """The limit for people, and how much of a stay counts when that is not all of it."""
        hours = self.hours.words if self.hours else Text.same("")
        allowed_s = self.allowed_s or 0.0
        words = Text(
            zh=f"{hours.zh} 时限 {allowed_s:.0f} 秒".strip(),
            en=f"limit {allowed_s:.0f} s {hours.en}".strip(),
        )
        if self.since_ns <= since_ns:
            return words
        counted_s = seconds(self.since_ns, now_ns)
        return Text(
            zh=f"{words.zh}、其中此时限内 {counted_s:.0f} 秒",
            en=f"{words.en}, under which {counted_s:.0f} s count",
        )


class Limits:
    """The limits of one zone, by the time of the frames."""

    def __init__(self, rule: OccupationRule) -> None:
        self._rule = rule
        self._now: Limit | None = None

    @property
    def longest_s(self) -> float:
        """The longest limit at any hour."""
        return max(self._rule.limit_s, *(one.limit_s or 0.0 for one in self._rule.limits), 0.0)

    def at(self, moment: Moment) -> Limit:
        """The limit in force at this frame; frames must come in order."""
        hours = self._rule.window(moment.local)
        if self._now is None or self._now.hours != hours:
            since_ns = moment.time_ns if self._now else 0
            self._now = Limit(hours.limit_s if hours else self._rule.limit_s, hours, since_ns)
        return self._now

    def forget(self) -> None:
        """Time is broken, or the schedule has ended."""
        self._now = None
