"""Which static things are one: the pieces of a stall, the parts of a pile that grows.

The static-object map finds a thing piece by piece, as each part of it has lain still for long
enough, and loses it and finds it anew while it is still being built. What lies side by side and
came at about the same time is one heap, and is judged as one.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from core.clock import NS_PER_S
from core.geometry import Box, bounding_box
from detectors.background import StaticObject
from detectors.behaviours.places import gaps

_BESIDE = 0.02
"""Frame widths between the parts of one heap, however small they are."""
_ARM = 0.6
"""The same, of the higher part's height: the flat middle of a pile shows last, or never."""
_AT_ONCE = 1.0
"""The same for parts that came at the same moment: the two ends of one cart."""
_AT_ONCE_NS = 2 * NS_PER_S
_ABOVE = 0.8
_SPLINTER = 0.1
_TOGETHER_NS = 15 * NS_PER_S
_REMEMBERED_NS = 6 * NS_PER_S


@dataclass(frozen=True)
class Heap:
    """Things that belong together at this moment.

    Attributes:
        ids: numbers of all its parts, also of those that were there a moment ago, ascending.
        parts: all of them, in that order.
        present: its parts that are there now.
        box: bounding box of the present parts, normalised.
        area: their pixels as a share of the frame.
        since_ns: when the first part of it appeared that is more than a splinter.
        grown_ns: when the last part of it appeared.
        last_ns: when it was last seen.
        lost_ns: when a part of it that is no longer there was last seen, such as the cart from
            which the rest was tipped; 0 when none was.
    """

    ids: tuple[int, ...]
    parts: tuple[StaticObject, ...]
    present: tuple[StaticObject, ...]
    box: Box
    area: float
    since_ns: int
    grown_ns: int
    last_ns: int
    lost_ns: int


class Heaps:
    """Joins the static things of one camera to heaps, frame by frame."""

    def __init__(self) -> None:
        self._remains: dict[int, StaticObject] = {}

    def of(self, time_ns: int, statics: Iterable[StaticObject], aspect: float) -> list[Heap]:
        """The heaps of which a part is there now; the oldest first."""
        here = {thing.id: thing for thing in statics if thing.present}
        self._remains = {
            number: thing
            for number, thing in {**self._remains, **here}.items()
            if number in here or time_ns - thing.last_ns <= _REMEMBERED_NS
        }
        heaps = []
        for parts in _joined(sorted(self._remains.values(), key=lambda one: one.id), aspect):
            present = tuple(thing for thing in parts if thing.id in here)
            if present:
                heaps.append(
                    Heap(
                        tuple(thing.id for thing in parts),
                        tuple(parts),
                        present,
                        bounding_box([thing.box for thing in present]),
                        sum(thing.area for thing in present),
                        _since_ns(parts),
                        max(thing.since_ns for thing in present),
                        max(thing.last_ns for thing in present),
                        max((it.last_ns for it in parts if it.id not in here), default=0),
                    )
                )
        return heaps

    def clear(self) -> None:
        """Forget what was there."""
        self._remains.clear()


def _joined(things: list[StaticObject], aspect: float) -> list[list[StaticObject]]:
    """Connected groups, each in the order of its numbers."""
    groups: list[list[StaticObject]] = []
    for thing in things:
        beside = [group for group in groups if any(_is_one(thing, it, aspect) for it in group)]
        joined = sorted([thing, *(it for group in beside for it in group)], key=lambda it: it.id)
        groups = [group for group in groups if group not in beside] + [joined]
    return sorted(groups, key=lambda group: group[0].id)


def _since_ns(parts: list[StaticObject]) -> int:
    least = _SPLINTER * max(thing.area for thing in parts)
    return min(thing.since_ns for thing in parts if thing.area >= least)


def _is_one(one: StaticObject, other: StaticObject, aspect: float) -> bool:
    apart_ns = abs(one.since_ns - other.since_ns)
    if apart_ns > _TOGETHER_NS:
        return False
    reach = _AT_ONCE if apart_ns <= _AT_ONCE_NS else _ARM
    reach *= max(one.box.h, other.box.h) / aspect
    across, down = gaps(one.box, other.box, aspect)
    if across == 0.0:
        return down <= max(_BESIDE, _ABOVE * reach)  # a roof above its posts
    # Beside each other, up and down is far and near, and a little of it is a long way.
    return across <= max(_BESIDE, reach) and down <= _BESIDE
