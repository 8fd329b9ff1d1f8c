"""When a zone's rule is fulfilled, read literally and computed from where things truly are.

Nothing here knows what a detector can see: positions are those of the script, in metres, and the
numbers are those of the rule.

* fishing: somebody's foot point has been in the zone for ``dwell_s`` and never farther than
  ``max_displacement`` frame widths from where it is.
* dumping: what somebody laid down in the zone has lain still for ``settle_s`` while all who
  brought it were out of reach.
* occupation: a vehicle, or a thing that somebody brought, has stood still in the zone for
  ``limit_s``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import hypot

from core.config.zones import DumpingRule, FishingRule, OccupationRule, Zone
from core.seeing import Kind
from sim.actors import Actor, Prop, Vehicle
from sim.draw.view import View

REACH_M = 1.0
"""An arm's length between the sides of two things: nearer is not yet left alone."""
_STILL_M = 0.15
_HALF_M = {"person": 0.25, "pile": 1.1}
_HALF_THING_M = 0.5
_ALIVE = frozenset({"person", "boat", "bird", "dog", "wood", "floats", "pillar", "bench"})


@dataclass(frozen=True)
class Violation:
    """One violation of one zone's rule.

    Attributes:
        actors: id of the person who fishes; of the things dumped, or that occupy, within an
            arm's length of each other.
        begins_s: the act itself begins.
        fulfilled_s: the rule is fulfilled; the earliest a right answer can come.
        ends_s: it is over; None when it outlasts the scene.
    """

    kind: Kind
    zone: str
    actors: tuple[int, ...]
    label: str
    begins_s: float
    fulfilled_s: float
    ends_s: float | None


@dataclass(frozen=True)
class Spot:
    """One actor at one moment."""

    t_s: float
    x: float
    z: float
    brought_by: tuple[int, ...]


class Diary:
    """Where everybody was, picture by picture."""

    def __init__(self) -> None:
        self._actors: dict[int, Actor] = {}
        self._paths: dict[int, list[Spot]] = {}
        self._at: dict[tuple[int, float], Spot] = {}
        self._last_s = 0.0

    def note(self, t_s: float, actors: Sequence[Actor]) -> None:
        """Write down all who can be seen."""
        self._last_s = t_s
        for actor in actors:
            if actor.visible:
                self._actors[actor.id] = actor
                by = actor.brought_by if isinstance(actor, Prop) else ()
                spot = Spot(t_s, actor.x, actor.z, by)
                self._paths.setdefault(actor.id, []).append(spot)
                self._at[actor.id, t_s] = spot

    def violations(self, zones: Sequence[Zone], view: View) -> tuple[Violation, ...]:
        """Everything that fulfils the rule of one of ``zones``, in order of time."""
        found: list[Violation] = []
        for zone in zones:
            own = [one for actor in self._actors.values() for one in self._judge(actor, zone, view)]
            own.sort(key=lambda one: (one.fulfilled_s, one.actors))
            found += own if isinstance(zone.rule, FishingRule) else self._joined(own)
        return tuple(sorted(found, key=lambda one: (one.fulfilled_s, one.actors)))

    def _joined(self, found: list[Violation]) -> list[Violation]:
        """Things side by side are one heap, one stall."""
        joined: list[Violation] = []
        for one in found:
            for index, other in enumerate(joined):
                if self._beside(one, other):
                    joined[index] = replace(other, actors=(*other.actors, *one.actors))
                    break
            else:
                joined.append(one)
        return joined

    def _beside(self, one: Violation, other: Violation) -> bool:
        if other.ends_s is not None and other.ends_s < one.begins_s:
            return False
        for a in one.actors:
            for b in other.actors:
                p, q = self._paths[a][-1], self._paths[b][-1]
                across = abs(p.x - q.x) - _half_m(self._actors[a]) - _half_m(self._actors[b])
                if hypot(max(across, 0.0), p.z - q.z) <= REACH_M:
                    return True
        return False

    def _judge(self, actor: Actor, zone: Zone, view: View) -> list[Violation]:
        rule = zone.rule
        if isinstance(rule, FishingRule):
            if actor.label != "person":
                return []
            free = [True] * len(self._paths[actor.id])
            reach, needed_s = rule.max_displacement, rule.dwell_s
        elif isinstance(rule, DumpingRule):
            if not isinstance(actor, Prop) or actor.label in _ALIVE:
                return []
            free = [self._left_alone(actor, spot) for spot in self._paths[actor.id]]
            reach, needed_s = None, rule.settle_s
        else:
            if not _occupies(actor) or not self._is_large(actor, rule, view):
                return []
            free = [
                isinstance(actor, Vehicle) or bool(spot.brought_by)
                for spot in self._paths[actor.id]
            ]
            reach, needed_s = None, rule.limit_s
        found = []
        for first_s, done_s, end_s in self._spells(actor, zone, view, free, reach, needed_s):
            begins_s = first_s
            if isinstance(rule, DumpingRule):
                begins_s = self._still_since(actor, done_s)
            found.append(
                Violation(rule.kind, zone.id, (actor.id,), actor.label, begins_s, done_s, end_s)
            )
        return found

    def _spells(
        self,
        actor: Actor,
        zone: Zone,
        view: View,
        free: list[bool],
        reach: float | None,
        needed_s: float,
    ) -> list[tuple[float, float, float | None]]:
        """(begin, fulfilled, end) of each stay that lasts long enough."""
        path = self._paths[actor.id]
        wide, high = view.size
        inside = []
        for spot, ok in zip(path, free, strict=True):
            px, py = view.px(spot.x, spot.z)
            inside.append(ok and zone.polygon.contains((px / wide, py / high)))
        found: list[tuple[float, float, float | None]] = []
        fulfilled: tuple[float, float] | None = None
        for index, spot in enumerate(path):
            if fulfilled is not None:
                if not inside[index]:
                    found.append((*fulfilled, spot.t_s))
                    fulfilled = None
                continue
            first_s = None
            for back in range(index, -1, -1):
                if not inside[back] or not _near(path[back], spot, view, reach):
                    break
                first_s = path[back].t_s
            if first_s is not None and spot.t_s - first_s >= needed_s - 1e-6:
                fulfilled = (first_s, spot.t_s)
        if fulfilled is not None:
            end_s = None if path[-1].t_s >= self._last_s - 1e-6 else path[-1].t_s
            found.append((*fulfilled, end_s))
        return found

    def _still_since(self, actor: Actor, t_s: float) -> float:
        since_s = t_s
        path = [spot for spot in self._paths[actor.id] if spot.t_s <= t_s]
        for spot in reversed(path):
            if not spot.brought_by or hypot(spot.x - path[-1].x, spot.z - path[-1].z) > _STILL_M:
                break
            since_s = spot.t_s
        return since_s

    def _left_alone(self, thing: Actor, spot: Spot) -> bool:
        """True when it lies there and nobody who brought it is within reach."""
        if not spot.brought_by:
            return False
        for number in spot.brought_by:
            other = self._at.get((number, spot.t_s))
            if other is None:
                continue
            across = abs(other.x - spot.x) - _half_m(thing) - _half_m(self._actors[number])
            if hypot(max(across, 0.0), other.z - spot.z) <= REACH_M:
                return False
        return True

    @staticmethod
    def _is_large(actor: Actor, rule: OccupationRule, view: View) -> bool:
        _, _, wide, high = actor.sprite(view, 0.0).extent
        return wide * high >= rule.min_area * view.size[0] * view.size[1]


def _occupies(actor: Actor) -> bool:
    return isinstance(actor, Vehicle) or (isinstance(actor, Prop) and actor.label not in _ALIVE)


def _half_m(actor: Actor) -> float:
    if isinstance(actor, Vehicle):
        return actor.length_m / 2
    return _HALF_M.get(actor.label, _HALF_THING_M)


def _near(one: Spot, other: Spot, view: View, reach: float | None) -> bool:
    if reach is None:
        return hypot(one.x - other.x, one.z - other.z) <= _STILL_M
    (ax, ay), (bx, by) = view.px(one.x, one.z), view.px(other.x, other.z)
    return hypot(ax - bx, ay - by) <= reach * view.size[0]
