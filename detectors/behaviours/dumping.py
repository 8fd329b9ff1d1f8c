"""Dumping: a thing that was not there stays after the one who brought it has left."""

from dataclasses import dataclass

from core.clock import NS_PER_S
from core.config.zones import DumpingRule, Zone
from core.geometry import Box
from core.ground import Plane
from core.seeing import Sighting, Why
from core.value import Text
from detectors.background import StaticObject
from detectors.behaviours.actors import Actor, ActorLog, hides, within_reach
from detectors.behaviours.base import Act, Behaviour, Moment, ordered, seconds
from detectors.behaviours.heaps import Heap, Heaps
from detectors.labels import CYCLES, PERSON, VEHICLES
from detectors.sizes import Size, size_on

_BEFORE_NS = 15 * NS_PER_S
_AFTER_NS = 3 * NS_PER_S
_ITSELF = 0.4
"""A thing that fills so much (IoU) of a box in which a vehicle or person stood is it itself."""
_LOST_NS = 10 * NS_PER_S
"""An actor lost from sight beside the thing counts as gone after this long."""

_LOOK_NS = 2 * NS_PER_S
"""The static-object map needs so long to see that what somebody hid is gone."""


@dataclass(eq=False)
class _Case:
    """A new thing in the zone and who brought it.

    Attributes:
        near_ns: when one of them was last within reach of it.
        hidden_ns: when somebody was last before it, so that it cannot be told whether it is there.
        frames: in so many frames it was found there.
        path: where the first of the actors was: seconds since the thing appeared, foot point.
    """

    thing: StaticObject
    actors: list[int]
    labels: list[str]
    near_ns: int
    hidden_ns: int = 0
    frames: int = 0
    path: tuple[tuple[float, float, float], ...] = ()


@dataclass(eq=False)
class _Fired:
    """An act, and every thing that is a part of its heap.

    Attributes:
        left: the parts that were there when it was last seen.
    """

    act: Act
    case: _Case
    ids: set[int]
    left: set[int]


class Dumping(Behaviour):
    """The dumping rule in one zone; ``plane`` is the ground where the camera knows it."""

    def __init__(
        self,
        camera: str,
        zone: Zone,
        rule: DumpingRule,
        model: str = "",
        plane: Plane | None = None,
    ) -> None:
        super().__init__(camera, zone, model)
        self._rule = rule
        self._plane = plane
        self._heaps = Heaps()
        self._cases: dict[int, _Case] = {}
        self._refused: dict[int, tuple[Box, tuple[int, ...]]] = {}
        self._fired_heaps: list[_Fired] = []

    def _judge(self, moment: Moment) -> list[Sighting]:
        heaps = self._heaps.of(moment.time_ns, moment.statics, moment.aspect)
        sightings = []
        for heap in heaps:
            fired = next((it for it in self._fired_heaps if it.ids & set(heap.ids)), None)
            if fired is not None:
                fired.ids.update(heap.ids)
                sightings += self._go_on(fired, heap, moment)
            else:
                sightings += self._judge_heap(heap, moment)
        alive = {number for heap in heaps for number in heap.ids}
        sightings += self._end_gone(alive, moment)
        self._cases = {number: case for number, case in self._cases.items() if number in alive}
        self._refused = {number: why for number, why in self._refused.items() if number in alive}
        return sightings

    def _forget(self) -> None:
        self._heaps.clear()
        self._cases.clear()
        self._refused.clear()
        self._fired_heaps.clear()

    def _judge_heap(self, heap: Heap, moment: Moment) -> list[Sighting]:
        """The first part of a heap that has lain alone for long enough fires for all of it."""
        for thing in heap.present:
            case = self._cases.get(thing.id) or self._open(thing, heap, moment)
            if case is None:
                continue
            case.thing = thing
            case.frames += 1
            # A cart or tricycle without a class brought it, and was one thing with it.
            case.near_ns = max(case.near_ns, heap.lost_ns)
            if self._is_left(case, moment):
                return [self._fire(case, heap, moment)]
        return []

    def _open(self, thing: StaticObject, heap: Heap, moment: Moment) -> _Case | None:
        """The case of a thing that somebody brought; judged anew whenever its heap has grown."""
        if self._refused.get(thing.id) == (thing.box, heap.ids):
            return None
        if thing.area < self._rule.min_area or not (
            self._holds(thing.box.foot) or self._holds(thing.box.centre)
        ):
            return None
        actors = self._bringers(thing, heap, moment)
        if not actors or self._is_somebody(thing.box, moment.actors):
            # A patch of light, or a parked car the model lost.
            self._refused[thing.id] = thing.box, heap.ids
            return None
        near_ns = max(actor.last_near(thing.box, moment.aspect) for actor in actors)
        case = _Case(
            thing, [actor.id for actor in actors], [actor.label for actor in actors], near_ns
        )
        self._cases[thing.id] = case
        return case

    @staticmethod
    def _bringers(thing: StaticObject, heap: Heap, moment: Moment) -> list[Actor]:
        """Who was within reach of it; failing that, of what it came with.

        Who rides a tricycle that the model has no name for never comes near what slides off
        its bed; the tricycle does.
        """
        for part in (thing, *(other for other in heap.parts if other.id != thing.id)):
            first_ns, last_ns = part.since_ns - _BEFORE_NS, part.since_ns + _AFTER_NS
            found = moment.actors.bringers(
                part.box, part.since_ns, first_ns, last_ns, moment.aspect
            )
            if found:
                return found
        return []

    @staticmethod
    def _is_somebody(box: Box, actors: ActorLog) -> bool:
        return any(
            box.iou(place) >= _ITSELF
            for place in actors.boxes(VEHICLES | CYCLES | frozenset({PERSON}))
        )

    def _is_left(self, case: _Case, moment: Moment) -> bool:
        """True when all who brought it have been out of reach of it for long enough."""
        here = {track.id: track for track in moment.tracks}
        if any(hides(track, case.thing.box) for track in moment.tracks):
            case.hidden_ns = moment.time_ns
        waiting = moment.time_ns - case.hidden_ns < _LOOK_NS
        for number in list(case.actors):
            actor = moment.actors.get(number)
            if actor is None:
                continue
            if number in here:
                if within_reach(actor, here[number].box, case.thing.box, moment.aspect):
                    case.near_ns = moment.time_ns
            elif within_reach(actor, actor.box, case.thing.box, moment.aspect):
                waiting |= self._is_awaited(actor, case, moment)
        left_ns = max(case.near_ns, case.thing.since_ns)
        return not waiting and moment.time_ns - left_ns >= self._rule.settle_s * NS_PER_S

    @staticmethod
    def _is_awaited(actor: Actor, case: _Case, moment: Moment) -> bool:
        """True while one who was lost from sight beside the thing may still be there."""
        case.near_ns = max(case.near_ns, actor.last_ns)
        heir = moment.actors.successor(actor, case.thing.box, moment.aspect)
        if heir is not None:
            if heir.id not in case.actors:
                case.actors.append(heir.id)
                case.labels.append(heir.label)
                case.near_ns = max(case.near_ns, heir.last_near(case.thing.box, moment.aspect))
            return False
        return moment.time_ns - actor.last_ns < _LOST_NS

    def _fire(self, case: _Case, heap: Heap, moment: Moment) -> Sighting:
        thing = case.thing
        case.path = _path(moment.actors.get(case.actors[0]), thing.since_ns)
        size = self._size(heap, moment)
        act = Act(
            self._new_id(thing.since_ns, thing.id),
            thing.since_ns,
            moment.time_ns,
            heap.last_ns,
            heap.box,
            self._why(case, heap, size, moment),
            tracks=tuple(case.actors),
            labels=ordered(case.labels),
            cues=ordered(self._cues(case, heap, size)),
        )
        self._fired_heaps.append(_Fired(act, case, set(heap.ids), _present(heap)))
        return self._fired(act, moment)

    def _go_on(self, fired: _Fired, heap: Heap, moment: Moment) -> list[Sighting]:
        act = fired.act
        act.last_ns, act.box = heap.last_ns, heap.box
        fired.left = _present(heap)
        fired.case.frames += 1
        if self._is_due(act, moment):
            size = self._size(heap, moment)
            act.cues = ordered((*act.cues, *self._cues(fired.case, heap, size)))
            act.why = self._why(fired.case, heap, size, moment)
        return self._continued(act, moment)

    def _end_gone(self, alive: set[int], moment: Moment) -> list[Sighting]:
        gone = [fired for fired in self._fired_heaps if not fired.ids & alive]
        self._fired_heaps = [fired for fired in self._fired_heaps if fired.ids & alive]
        return [self._over(fired.act, moment, moment.gone(fired.left)) for fired in gone]

    def _size(self, heap: Heap, moment: Moment) -> Size | None:
        """Its size in metres, where the camera knows its ground."""
        if self._plane is None:
            return None
        return size_on(self._plane, heap.box, heap.area, moment.aspect)

    def _cues(self, case: _Case, heap: Heap, size: Size | None) -> list[str]:
        cues = ["vehicle"] * any(label in VEHICLES for label in case.labels)
        large = heap.area >= self._rule.large_area
        if size is not None:
            large = size.ground_m2 >= self._rule.large_m2
        return cues + ["large"] * large

    def _why(self, case: _Case, heap: Heap, size: Size | None, moment: Moment) -> Why:
        thing, name = case.thing, self.zone.name
        settled_s = seconds(max(case.near_ns, thing.since_ns), moment.time_ns)
        by = any(label in VEHICLES for label in case.labels)
        who = ("车辆", "a vehicle") if by else ("人员", "a person")
        much = Text.same("")
        if size is not None:
            much = Text(
                zh=f"、占地约 {size.ground_m2:.1f} 平方米（宽 {size.width_m:.1f} 米）",
                en=f", about {size.ground_m2:.1f} sq m of ground ({size.width_m:.1f} m wide)",
            )
        return self._explained(
            moment,
            Text(
                zh=f"{name.zh}：{who[0]}离开后遗留物已静置 {settled_s:.0f} 秒"
                f"（阈值 {self._rule.settle_s:.0f} 秒），占画面 {heap.area:.2%}{much.zh}，疑似倾倒",
                en=f"{name.en}: something left by {who[1]} has lain for {settled_s:.0f} s (limit "
                f"{self._rule.settle_s:.0f} s), {heap.area:.2%} of the frame{much.en}; may be "
                "dumping",
            ),
            {
                "settled_s": settled_s,
                "limit_s": self._rule.settle_s,
                "lain_s": seconds(heap.since_ns, moment.time_ns),
                "area": round(heap.area, 5),
                "large_area": self._rule.large_area,
                "ground_m2": round(size.ground_m2, 2) if size else None,
                "width_m": round(size.width_m, 2) if size else None,
                "large_m2": self._rule.large_m2,
                "position": [round(value, 4) for value in heap.box.foot],
                "frames": case.frames,
                "positions": [list(point) for point in case.path],
                "actors": list(case.actors),
                "actor_labels": list(case.labels),
            },
        )


def _present(heap: Heap) -> set[int]:
    return {thing.id for thing in heap.present}


def _path(
    actor: Actor | None, since_ns: int, most: int = 12
) -> tuple[tuple[float, float, float], ...]:
    """Seconds since the thing appeared and foot points, about that time, evenly thinned."""
    points = [
        (time_ns, place.foot)
        for time_ns, place in (actor.path if actor else ())
        if abs(time_ns - since_ns) <= _BEFORE_NS
    ]
    step = max(1, -(-len(points) // most))
    return tuple(
        (seconds(since_ns, time_ns), round(x, 4), round(y, 4)) for time_ns, (x, y) in points[::step]
    )
