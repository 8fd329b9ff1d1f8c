"""Who was where in the last minutes, so that a thing can be attributed to who brought it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Track
from detectors.behaviours.places import gap
from detectors.labels import CYCLES, PERSON, VEHICLES

ACTORS = frozenset({PERSON}) | VEHICLES | CYCLES

_EVERY_NS = 4 * NS_PER_S // 10
_MEMORY_NS = 180 * NS_PER_S
_NEAR_PERSON = 0.6  # of the person's height: an arm and what hangs from it
_NEAR_VEHICLE = 0.25  # of the vehicle's width
_SAME_DEPTH = 0.6  # of the actor's height, between its foot and the thing's
_SUCCESSOR_NS = 3 * NS_PER_S


@dataclass
class Actor:
    """One person or vehicle.

    Attributes:
        path: (time, box) about twice and a half a second, oldest first.
    """

    id: int
    label: str
    first_ns: int
    last_ns: int
    box: Box
    path: deque[tuple[int, Box]] = field(default_factory=deque)


class ActorLog:
    """The people and vehicles of one camera over the last three minutes."""

    def __init__(self) -> None:
        self._actors: dict[int, Actor] = {}

    def note(self, time_ns: int, tracks: Iterable[Track]) -> None:
        """Write down where everybody is at this frame."""
        for track in tracks:
            if track.label not in ACTORS:
                continue
            actor = self._actors.get(track.id)
            if actor is None:
                actor = Actor(track.id, track.label, track.first_ns, time_ns, track.box)
                self._actors[track.id] = actor
            actor.label = track.label
            if track.seen or not actor.path:
                actor.box, actor.last_ns = track.box, time_ns
                if not actor.path or time_ns - actor.path[-1][0] >= _EVERY_NS:
                    actor.path.append((time_ns, track.box))
            while actor.path and time_ns - actor.path[0][0] > _MEMORY_NS:
                actor.path.popleft()
        gone = [
            number for number, actor in self._actors.items() if time_ns - actor.last_ns > _MEMORY_NS
        ]
        for number in gone:
            del self._actors[number]

    def near(self, box: Box, first_ns: int, last_ns: int, aspect: float) -> list[Actor]:
        """Those who came within reach of ``box`` in that time, nearest first."""
        found = []
        for actor in self._actors.values():
            gaps = [
                gap(box, place, aspect)
                for time_ns, place in actor.path
                if first_ns <= time_ns <= last_ns and within_reach(actor, place, box, aspect)
            ]
            if gaps:
                found.append((min(gaps), actor.id, actor))
        return [actor for _, _, actor in sorted(found, key=lambda item: item[:2])]

    def get(self, number: int) -> Actor | None:
        """The actor of that track id, while it is remembered."""
        return self._actors.get(number)

    def boxes(self, labels: frozenset[str]) -> list[Box]:
        """Every place where one of ``labels`` was in the last minutes."""
        return [
            place
            for actor in self._actors.values()
            if actor.label in labels
            for _, place in actor.path
        ]

    def successor(self, actor: Actor, aspect: float) -> Actor | None:
        """The track that took over where this one broke off: the same person or vehicle."""
        best: tuple[float, int] | None = None
        for other in self._actors.values():
            if other.id <= actor.id or (other.label == PERSON) != (actor.label == PERSON):
                continue
            if not other.path or abs(other.first_ns - actor.last_ns) > _SUCCESSOR_NS:
                continue
            distance = gap(actor.box, other.path[0][1], aspect)
            if distance <= actor.box.h / aspect and (best is None or (distance, other.id) < best):
                best = (distance, other.id)
        return self._actors[best[1]] if best else None


def within_reach(actor: Actor, place: Box, box: Box, aspect: float) -> bool:
    """True when the actor, standing at ``place``, can touch ``box``.

    Feet far above or below the thing's foot stand behind or before it: somebody on the path
    behind a pile overlaps it in the picture and is nowhere near it.
    """
    if abs(place.foot[1] - box.foot[1]) > _SAME_DEPTH * place.h:
        return False
    reach = _NEAR_PERSON * place.h / aspect
    if actor.label in VEHICLES:
        reach = _NEAR_VEHICLE * place.w
    return gap(place, box, aspect) <= reach
