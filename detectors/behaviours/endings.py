"""How the subject of an act went, told only where it was seen.

A subject that is out of the zone has left it, one that was seen going over the picture's edge has
left the picture. One that vanished within both is lost: no proof that it went.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Ending, Track

_MEMORY_NS = 10 * NS_PER_S
"""Who leaves was seen this long before where it did not touch the edge; who sits at it was not."""
_FORGOTTEN_NS = 90 * NS_PER_S
_EDGE = 0.01


class Trails:
    """Where tracks were seen in their last seconds, anywhere in the picture."""

    def __init__(self) -> None:
        self._seen: dict[int, deque[tuple[int, Box]]] = {}

    def note(self, time_ns: int, tracks: Iterable[Track]) -> None:
        """Write down who is seen at this frame."""
        for track in tracks:
            if not track.seen:
                continue
            trail = self._seen.setdefault(track.id, deque())
            trail.append((time_ns, track.box))
            while time_ns - trail[0][0] > _MEMORY_NS:
                trail.popleft()
        self._seen = {
            number: trail
            for number, trail in self._seen.items()
            if time_ns - trail[-1][0] <= _FORGOTTEN_NS
        }

    def clear(self) -> None:
        """Forget everybody."""
        self._seen.clear()

    def last(self, numbers: Collection[int]) -> tuple[int, Box] | None:
        """When and where one of these tracks was last seen."""
        trail = self._trail(numbers)
        return trail[-1] if trail else None

    def ending(
        self, numbers: Collection[int], time_ns: int, holds: Callable[[tuple[float, float]], bool]
    ) -> Ending | None:
        """How the subject with these track numbers went.

        Args:
            holds: whether the zone holds a foot point.

        Returns:
            None while it is seen in the zone.
        """
        trail = self._trail(numbers)
        if not trail:
            return Ending.LOST
        last_ns, last = trail[-1]
        x, y = last.foot
        if not holds((min(x, 1.0), min(y, 1.0))):
            return Ending.LEFT_ZONE
        if _edges(last) - _edges(trail[0][1]):
            return Ending.LEFT_PICTURE
        return None if last_ns == time_ns else Ending.LOST

    def _trail(self, numbers: Collection[int]) -> deque[tuple[int, Box]] | None:
        trails = (self._seen[number] for number in numbers if number in self._seen)
        return max(trails, key=lambda one: one[-1][0], default=None)


def _edges(box: Box) -> set[str]:
    """The edges of the picture that a box touches."""
    touches = {
        "left": box.x <= _EDGE,
        "top": box.y <= _EDGE,
        "right": box.x + box.w >= 1 - _EDGE,
        "bottom": box.y + box.h >= 1 - _EDGE,
    }
    return {name for name, there in touches.items() if there}
