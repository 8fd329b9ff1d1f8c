"""From what a model found in some pictures to what is to be masked in every picture."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from core.geometry import Box

PEOPLE = frozenset({"person"})
VEHICLES = frozenset({"bicycle", "motorcycle", "car", "bus", "truck", "van", "tricycle"})

_BRIDGE_S = 2.0
"""So long a thing may go unseen and still be the same: it is masked in between."""
_HOLD_S = 1.0
"""So long it is masked before it was first seen and after it was last seen."""
_WEAK = 0.4
_EDGE = 0.02
_NEAR = 1.0
"""How far it may have gone between two looks, in its own heights."""


@dataclass(frozen=True)
class Spot:
    """Something a model found in one picture."""

    label: str
    score: float
    box: Box

    @property
    def group(self) -> str:
        """``people``, ``vehicles``, or empty: not to be masked."""
        if self.label in PEOPLE:
            return "people"
        return "vehicles" if self.label in VEHICLES else ""


@dataclass
class Followed:
    """One thing through the film: where it was in the pictures in which it was found."""

    id: int
    group: str
    seen: list[tuple[int, int, Spot]] = field(default_factory=list)
    """Number of the picture, its UTC, and what was found."""

    def at(self, utc_ns: int) -> Box | None:
        """Where it is to be masked; between two looks on the way from one to the other."""
        hold_ns = round(_HOLD_S * 1e9)
        first, last = self.seen[0], self.seen[-1]
        if not first[1] - hold_ns <= utc_ns <= last[1] + hold_ns:
            return None
        if utc_ns <= first[1]:
            return first[2].box
        if utc_ns >= last[1]:
            return last[2].box
        after = next(n for n, one in enumerate(self.seen) if one[1] >= utc_ns)
        (_, from_ns, before), (_, to_ns, then) = self.seen[after - 1], self.seen[after]
        share = (utc_ns - from_ns) / (to_ns - from_ns)
        between = (a + (b - a) * share for a, b in zip(before.box, then.box, strict=True))
        return Box(*between)


@dataclass(frozen=True)
class Review:
    """A picture that a person should look at before the copy leaves the house."""

    number: int
    utc_ns: int
    why: str
    thing: int | None = None


def follow(looks: Sequence[tuple[int, int, Sequence[Spot]]]) -> list[Followed]:
    """Join what was found in picture after picture.

    Nothing is thrown away: a thing found once with a weak score is masked too.

    Args:
        looks: number of the picture, its UTC in nanoseconds, what was found; in order.
    """
    things: list[Followed] = []
    for number, utc_ns, spots in looks:
        running = [one for one in things if utc_ns - one.seen[-1][1] <= round(_BRIDGE_S * 1e9)]
        pairs = sorted(
            (
                (_likeness(thing.seen[-1][2].box, spot.box), thing.id, index)
                for thing in running
                for index, spot in enumerate(spots)
                if thing.group == spot.group
            ),
            reverse=True,
        )
        taken: set[int] = set()
        joined: set[int] = set()
        by_id = {one.id: one for one in running}
        for likeness, thing_id, index in pairs:
            if likeness <= 0 or thing_id in joined or index in taken:
                continue
            by_id[thing_id].seen.append((number, utc_ns, spots[index]))
            joined.add(thing_id)
            taken.add(index)
        for index, spot in enumerate(spots):
            if index not in taken and spot.group:
                things.append(Followed(len(things) + 1, spot.group, [(number, utc_ns, spot)]))
    return things


def reviews(
    things: Sequence[Followed], looks: Sequence[tuple[int, int, Sequence[Spot]]]
) -> Iterator[Review]:
    """The moments at which the model is most likely to have missed something."""
    if not looks:
        return
    numbers = [number for number, _, _ in looks]
    gaps = dict(pairwise(numbers))
    for thing in things:
        first, last = thing.seen[0], thing.seen[-1]
        if first[0] != numbers[0] and not _at_edge(first[2].box):
            yield Review(first[0], first[1], "appears within the picture", thing.id)
        if last[0] != numbers[-1] and not _at_edge(last[2].box):
            yield Review(last[0], last[1], "vanishes within the picture", thing.id)
        for before, after in pairwise(thing.seen):
            if gaps.get(before[0]) != after[0]:
                yield Review(before[0], before[1], "not seen for a while", thing.id)
        weakest = min(thing.seen, key=lambda one: one[2].score)
        if weakest[2].score < _WEAK:
            why = f"seen with a score of only {weakest[2].score:.2f}"
            yield Review(weakest[0], weakest[1], why, thing.id)
    if not things:
        yield Review(looks[0][0], looks[0][1], "nothing was found in the whole film")


def _likeness(before: Box, now: Box) -> float:
    overlap = before.iou(now)
    if overlap > 0:
        return 1 + overlap
    (ax, ay), (bx, by) = before.centre, now.centre
    reach = _NEAR * max(before.h, now.h)
    distance: float = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5
    return 1 - distance / reach if reach > 0 else 0.0


def _at_edge(box: Box) -> bool:
    return (
        box.x <= _EDGE or box.y <= _EDGE or box.x + box.w >= 1 - _EDGE or box.y + box.h >= 1 - _EDGE
    )
