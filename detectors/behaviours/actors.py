"""Who was where in the last minutes, so that a thing can be attributed to who brought it."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Track
from detectors.behaviours.places import covered, foot_gap, gap
from detectors.labels import CYCLES, MOVERS, PERSON, VEHICLES

ACTORS = frozenset({PERSON}) | VEHICLES | CYCLES

_EVERY_NS = 4 * NS_PER_S // 10
_MEMORY_NS = 180 * NS_PER_S
_NEAR_PERSON = 0.6  # of the person's height: an arm and what hangs from it
_NEAR_VEHICLE = 0.25  # of the vehicle's width
_SAME_DEPTH = 0.6  # of the actor's height, between its foot and the thing's
_SUCCESSOR_NS = 3 * NS_PER_S
_STOOD_S = 0.8
_THEN_NS = 4 * NS_PER_S
_HIDDEN = 0.5
_ITSELF = 0.4
_SLOW_PERSON = 0.3  # of its height in a second: bends, turns, shuffles, does not walk
_SLOW_VEHICLE = 0.1  # of its width in a second


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

    def last_near(self, box: Box, aspect: float) -> int:
        """When it was last within reach of ``box``; the first moment known if it never was."""
        return next(
            (
                time_ns
                for time_ns, place in reversed(self.path)
                if within_reach(self, place, box, aspect)
            ),
            self.first_ns,
        )


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

    def bringers(
        self, box: Box, since_ns: int, first_ns: int, last_ns: int, aspect: float
    ) -> list[Actor]:
        """Who of those near may have put down what lies at ``box`` since ``since_ns``.

        Those who stood or bent there; when nobody was seen to stand, those who were there at
        the moment it appeared; failing that, everybody who came near.
        """
        near = self.near(box, first_ns, last_ns, aspect)
        stood = [
            actor
            for actor in near
            if self._stood_s(actor, box, first_ns, last_ns, aspect) >= _STOOD_S
        ]
        if stood:
            return stood
        then = {actor.id for actor in self.near(box, since_ns - _THEN_NS, since_ns, aspect)}
        return [actor for actor in near if actor.id in then] or near

    @staticmethod
    def _stood_s(actor: Actor, box: Box, first_ns: int, last_ns: int, aspect: float) -> float:
        """How long it stood still within reach of ``box`` in that time, seconds."""
        stood_ns, path = 0, list(actor.path)
        for (before_ns, before), (time_ns, place) in pairwise(path):
            if before_ns < first_ns or time_ns > last_ns:
                continue
            if is_slow(actor, before, place, time_ns - before_ns, aspect) and within_reach(
                actor, place, box, aspect
            ):
                stood_ns += min(time_ns - before_ns, 2 * _EVERY_NS)
        return stood_ns / NS_PER_S

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

    def successor(self, actor: Actor, box: Box, aspect: float) -> Actor | None:
        """The track that took over where this one broke off beside ``box``.

        Only one that began within reach of it and stands there: whoever walks past where
        somebody was lost from sight is somebody else, or is leaving anyway.
        """
        best: tuple[float, int] | None = None
        for other in self._actors.values():
            if other.id <= actor.id or (other.label == PERSON) != (actor.label == PERSON):
                continue
            if not other.path or abs(other.first_ns - actor.last_ns) > _SUCCESSOR_NS:
                continue
            begun_ns, begun = other.path[0]
            until_ns = begun_ns + 4 * _EVERY_NS
            if self._stood_s(other, box, begun_ns, until_ns, aspect) < _STOOD_S:
                continue
            distance = gap(actor.box, begun, aspect)
            if distance <= actor.box.h / aspect and (best is None or (distance, other.id) < best):
                best = (distance, other.id)
        return self._actors[best[1]] if best else None


def is_slow(actor: Actor, before: Box, after: Box, passed_ns: int, aspect: float) -> bool:
    """True when the actor hardly moved from one box to the other in that time."""
    limit = _SLOW_PERSON * after.h / aspect
    if actor.label in VEHICLES:
        limit = _SLOW_VEHICLE * after.w
    moved = foot_gap(before, after, aspect)
    return moved <= limit * max(passed_ns, 1) / NS_PER_S


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


def hides(track: Track, box: Box) -> bool:
    """True when ``track`` is before ``box``, so that nobody can tell whether it is still there.

    A bag may look like a cat, a tarpaulin like a boat: one that lies in the very outline of the
    thing is the thing.
    """
    if track.label not in MOVERS or covered(box, track.box) < _HIDDEN:
        return False
    return track.label in ACTORS or box.iou(track.box) < _ITSELF
