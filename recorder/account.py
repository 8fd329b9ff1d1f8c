"""Intervals: what was recorded, set against what the ledger says was not."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.clock import NS_PER_S
from recorder.ledger import Gap

LEAST_NS = NS_PER_S
"""Shorter than this is the time between two pictures."""
FOREVER_NS = 1 << 63


@dataclass(frozen=True, order=True)
class Interval:
    """From one moment to another, UTC nanoseconds."""

    first_ns: int
    last_ns: int

    @property
    def seconds(self) -> float:
        """Its length."""
        return (self.last_ns - self.first_ns) / NS_PER_S


def of_gap(gap: Gap) -> Interval:
    """A gap, which may be open, as an interval."""
    return Interval(gap.first_ns, FOREVER_NS if gap.last_ns is None else gap.last_ns)


def minus(whole: Interval, parts: Iterable[Interval]) -> list[Interval]:
    """What is left of an interval, in pieces of more than a second."""
    left = []
    at_ns = whole.first_ns
    for part in sorted(parts):
        if part.last_ns <= at_ns or part.first_ns >= whole.last_ns:
            continue
        if part.first_ns - at_ns > LEAST_NS:
            left.append(Interval(at_ns, part.first_ns))
        at_ns = max(at_ns, part.last_ns)
    if whole.last_ns - at_ns > LEAST_NS:
        left.append(Interval(at_ns, whole.last_ns))
    return left


def false_gaps(
    gaps: Sequence[Gap], recorded: Sequence[Interval]
) -> list[tuple[Gap, list[Interval]]]:
    """Gaps in which there are recordings, and what is left of each."""
    found = []
    for gap in gaps:
        whole = of_gap(gap)
        inside = sum(
            max(0, min(one.last_ns, whole.last_ns) - max(one.first_ns, whole.first_ns))
            for one in recorded
        )
        if inside > LEAST_NS:
            found.append((gap, minus(whole, recorded)))
    return found


def holes(recorded: Sequence[Interval], explained: Sequence[Interval]) -> list[Interval]:
    """What is neither recorded nor explained between the first and the last picture."""
    if not recorded:
        return []
    first_ns = min(one.first_ns for one in recorded)
    last_ns = max(one.last_ns for one in recorded)
    return minus(Interval(first_ns, last_ns), [*recorded, *explained])
