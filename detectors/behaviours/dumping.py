"""Dumping: a thing that was not there stays after the one who brought it has left."""

from dataclasses import dataclass

from core.clock import NS_PER_S
from core.config.zones import DumpingRule, Zone
from core.geometry import Box
from core.seeing import Sighting, Why
from core.value import Text
from detectors.background import StaticObject
from detectors.behaviours.actors import Actor, ActorLog, within_reach
from detectors.behaviours.base import Act, Behaviour, Moment, ordered, seconds
from detectors.labels import CYCLES, PERSON, VEHICLES

_BEFORE_NS = 15 * NS_PER_S
_AFTER_NS = 3 * NS_PER_S
_ITSELF = 0.4
"""A thing that fills so much (IoU) of a box in which a vehicle or person stood is it itself."""
_LOST_NS = 10 * NS_PER_S
"""An actor lost from sight beside the thing counts as gone after this long."""


@dataclass(eq=False)
class _Case:
    """A new thing in the zone and who brought it; no actor means nobody did."""

    thing: StaticObject
    actors: list[int]
    labels: list[str]
    left_ns: int | None = None
    act: Act | None = None


class Dumping(Behaviour):
    """The dumping rule in one zone."""

    def __init__(self, camera: str, zone: Zone, rule: DumpingRule, model: str = "") -> None:
        super().__init__(camera, zone, model)
        self._rule = rule
        self._cases: dict[int, _Case] = {}
        self._refused: set[int] = set()

    def _judge(self, moment: Moment) -> list[Sighting]:
        sightings = []
        for thing in moment.statics:
            case = self._cases.get(thing.id) or self._open(thing, moment)
            if case is not None:
                case.thing = thing
                sightings += self._judge_case(case, moment)
        return sightings

    def _forget(self) -> None:
        self._cases.clear()
        self._refused.clear()

    def _open(self, thing: StaticObject, moment: Moment) -> _Case | None:
        if (
            thing.id in self._refused
            or not thing.present
            or thing.area < self._rule.min_area
            or not (self._holds(thing.box.foot) or self._holds(thing.box.centre))
        ):
            return None
        actors = moment.actors.near(
            thing.box, thing.since_ns - _BEFORE_NS, thing.since_ns + _AFTER_NS, moment.aspect
        )
        if not actors or self._is_somebody(thing.box, moment.actors):
            # A patch of light, or a parked car the model lost. Judged once: who was near
            # when it appeared does not change any more. A thing that grows may pass later.
            self._refused.add(thing.id)
            return None
        case = _Case(thing, [actor.id for actor in actors], [actor.label for actor in actors])
        self._cases[thing.id] = case
        return case

    @staticmethod
    def _is_somebody(box: Box, actors: ActorLog) -> bool:
        return any(box.iou(place) >= _ITSELF for place in actors.boxes(VEHICLES | CYCLES)) or any(
            box.iou(place) >= _ITSELF for place in actors.boxes(frozenset({PERSON}))
        )

    def _judge_case(self, case: _Case, moment: Moment) -> list[Sighting]:
        act, thing = case.act, case.thing
        if not thing.present:
            del self._cases[thing.id]
            return [self._over(act, moment)] if act else []
        if act is not None:
            act.last_ns, act.box = thing.last_ns, thing.box
            act.cues = ordered((*act.cues, *self._cues(case)))
            act.why = self._why(case, moment)
            return self._continued(act, moment)
        if case.left_ns is None or not self._is_alone(case, moment):
            case.left_ns = moment.time_ns if self._is_alone(case, moment) else None
        since_ns = max(case.left_ns or moment.time_ns, thing.since_ns)
        if moment.time_ns - since_ns < self._rule.settle_s * NS_PER_S:
            return []
        case.act = Act(
            self._new_id(thing.since_ns, thing.id),
            thing.since_ns,
            moment.time_ns,
            thing.last_ns,
            thing.box,
            self._why(case, moment),
            tracks=tuple(case.actors),
            labels=ordered(case.labels),
            cues=ordered(self._cues(case)),
        )
        return [self._fired(case.act, moment)]

    def _is_alone(self, case: _Case, moment: Moment) -> bool:
        """True when nobody who may have brought the thing is within reach of it."""
        here = {track.id: track for track in moment.tracks}
        for number in list(case.actors):
            actor = moment.actors.get(number)
            if actor is None:
                continue
            if number in here:
                if within_reach(actor, here[number].box, case.thing.box, moment.aspect):
                    return False
            elif not self._is_gone(actor, case, moment):
                return False
        return True

    def _is_gone(self, actor: Actor, case: _Case, moment: Moment) -> bool:
        heir = moment.actors.successor(actor, moment.aspect)
        if heir is not None and heir.id not in case.actors:
            case.actors.append(heir.id)
            case.labels.append(heir.label)
            return False
        if not within_reach(actor, actor.box, case.thing.box, moment.aspect):
            return True
        return moment.time_ns - actor.last_ns >= _LOST_NS

    def _cues(self, case: _Case) -> list[str]:
        cues = ["vehicle"] * any(label in VEHICLES for label in case.labels)
        return cues + ["large"] * (case.thing.area >= self._rule.large_area)

    def _why(self, case: _Case, moment: Moment) -> Why:
        thing, name = case.thing, self.zone.name
        settled_s = seconds(case.left_ns or moment.time_ns, moment.time_ns)
        by = any(label in VEHICLES for label in case.labels)
        who = ("车辆", "a vehicle") if by else ("人员", "a person")
        return Why(
            text=Text(
                zh=f"{name.zh}:{who[0]}离开后遗留物已静置 {settled_s:.0f} 秒"
                f"(阈值 {self._rule.settle_s:.0f} 秒),占画面 {thing.area:.2%},疑似倾倒",
                en=f"{name.en}: something left by {who[1]} has lain for {settled_s:.0f} s (limit "
                f"{self._rule.settle_s:.0f} s), {thing.area:.2%} of the frame; may be dumping",
            ),
            facts={
                "settled_s": settled_s,
                "limit_s": self._rule.settle_s,
                "lain_s": seconds(thing.since_ns, moment.time_ns),
                "area": round(thing.area, 5),
                "large_area": self._rule.large_area,
                "actors": list(case.actors),
                "actor_labels": list(case.labels),
            },
        )
