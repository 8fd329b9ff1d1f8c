"""What every behaviour has in common: the moment it is shown and the acts it reports."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import shapely

from core.clock import NS_PER_S
from core.config.times import InForce
from core.config.zones import Zone
from core.geometry import Box
from core.seeing import ENDED, Ending, Phase, Sighting, Track, Why
from core.value import Text
from detectors.background import StaticObject
from detectors.behaviours.actors import ActorLog
from detectors.behaviours.endings import Trails

CONTINUE_NS = 2 * NS_PER_S
"""Frame time between two reports of an act that goes on."""


@dataclass(frozen=True)
class Moment:
    """One frame as the behaviours see it.

    Attributes:
        time_ns: UTC of the frame; the only time a behaviour knows.
        local: the same in the site's time zone, for schedules and night.
        aspect: width of the picture over its height.
        tracks: what the tracker holds.
        statics: what the static-object map holds; one found gone is there once more.
        actors: who was where in the last minutes.
    """

    time_ns: int
    local: datetime
    aspect: float
    tracks: tuple[Track, ...]
    statics: tuple[StaticObject, ...]
    actors: ActorLog

    def gone(self, things: Collection[int]) -> Ending:
        """How these static things ended that were there until now."""
        taken = {one.id for one in self.statics if not one.present and not one.doubtful}
        return Ending.THING_GONE if things and taken.issuperset(things) else Ending.LOST


@dataclass
class Act:
    """One act that has fired and is not over."""

    id: str
    started_ns: int
    fired_ns: int
    last_ns: int
    box: Box
    why: Why
    tracks: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    told_ns: int = field(default=0)


class Behaviour(ABC):
    """One rule in one zone of one camera.

    Args:
        camera: id of the camera.
        zone: the zone; its rule is the behaviour's own kind.
        model: label of the model whose tracks are judged.
    """

    def __init__(self, camera: str, zone: Zone, model: str = "") -> None:
        self.camera = camera
        self.zone = zone
        self._model = model
        self._zone_version = zone.version
        self._shape = zone.polygon.shape()
        shapely.prepare(self._shape)
        self._bounds = self._shape.bounds
        self._acts: list[Act] = []
        self._trails = Trails()
        self._in_force: InForce | None = None

    def update(self, moment: Moment) -> list[Sighting]:
        """Judge one frame: what fired, goes on or ended at it."""
        self._in_force = self.zone.schedule.in_force(moment.local)
        if self._in_force is None:
            return self._end_all(moment.time_ns, Ending.ALLOWED)
        if self._acts:
            self._trails.note(moment.time_ns, moment.tracks)
        else:
            self._trails.clear()
        return self._judge(moment)

    def interrupt(self) -> list[Sighting]:
        """Time is broken: end what goes on at its last frame and begin anew."""
        return self._end_all(None, None)

    def _end_all(self, time_ns: int | None, how: Ending | None) -> list[Sighting]:
        sightings = [self._end(act, time_ns or act.last_ns, how) for act in self._acts]
        self._acts = []
        self._trails.clear()
        self._forget()
        return sightings

    @property
    def subjects(self) -> frozenset[int]:
        """Tracks that take part in acts going on now."""
        return frozenset(track for act in self._acts for track in act.tracks)

    @abstractmethod
    def _judge(self, moment: Moment) -> list[Sighting]:
        """One frame while the schedule is active."""

    @abstractmethod
    def _forget(self) -> None:
        """Forget all but what makes ids: the schedule has ended, or time is broken."""

    def _holds(self, point: tuple[float, float]) -> bool:
        left, top, right, bottom = self._bounds
        if not (left <= point[0] <= right and top <= point[1] <= bottom):
            return False
        return bool(shapely.intersects_xy(self._shape, *point))  # the border counts

    def _new_id(self, started_ns: int, key: object) -> str:
        """The same for the same act in every replay."""
        name = f"{self.camera}/{self.zone.id}/{self.zone.rule.kind}/{started_ns}/{key}"
        return f"sgt-{hashlib.blake2b(name.encode(), digest_size=5).hexdigest()}"

    def _explained(self, moment: Moment, words: Text, facts: dict[str, Any]) -> Why:
        """``words`` and ``facts`` with what every behaviour adds: when, and by which rule."""
        period, hours = self._in_force or InForce(None, None)
        named = [one.words for one in (period, hours) if one is not None]
        if named:
            words = Text(
                zh=f"{words.zh}；适用 {' '.join(one.zh for one in named)}",
                en=f"{words.en}; in force: {' '.join(one.en for one in named)}",
            )
        in_force = {
            "rule": str(self.zone.rule.kind),
            "period": period.words.en if period else None,
            "hours": hours.words.en if hours else None,
        }
        local_time = moment.local.isoformat(timespec="seconds")
        return Why(text=words, facts={**facts, "local_time": local_time, "in_force": in_force})

    @staticmethod
    def _is_due(act: Act, moment: Moment) -> bool:
        """True when this frame's report of the act will be told; nobody reads the others."""
        return moment.time_ns - act.told_ns >= CONTINUE_NS

    def _fired(self, act: Act, moment: Moment) -> Sighting:
        self._acts.append(act)
        return self._tell(act, moment.time_ns, Phase.FIRED)

    def _continued(self, act: Act, moment: Moment) -> list[Sighting]:
        """Every two seconds of frame time one report, else none."""
        if not self._is_due(act, moment):
            return []
        return [self._tell(act, moment.time_ns, Phase.CONTINUES)]

    def _over(self, act: Act, moment: Moment, how: Ending | None) -> Sighting:
        self._acts.remove(act)
        return self._end(act, moment.time_ns, how)

    def _end(self, act: Act, time_ns: int, how: Ending | None) -> Sighting:
        if how is not None:
            act.why = act.why.model_copy(update={"facts": {**act.why.facts, ENDED: how.value}})
        return self._tell(act, time_ns, Phase.ENDED)

    def _tell(self, act: Act, time_ns: int, phase: Phase) -> Sighting:
        act.told_ns = time_ns
        return Sighting(
            id=act.id,
            camera=self.camera,
            zone=self.zone.id,
            kind=self.zone.rule.kind,
            phase=phase,
            started_ns=act.started_ns,
            fired_ns=act.fired_ns,
            last_ns=act.last_ns,
            ended_ns=time_ns if phase is Phase.ENDED else None,
            box=act.box,
            tracks=act.tracks,
            labels=act.labels,
            cues=act.cues,
            why=act.why,
            model=self._model,
            zone_version=self._zone_version,
        )


def ordered(names: Iterable[str]) -> tuple[str, ...]:
    """Without doubles and in a fixed order, so that replays agree."""
    return tuple(sorted(set(names)))


def seconds(first_ns: int, last_ns: int) -> float:
    """Length of an interval, rounded to a tenth, for people and for `why`."""
    return round((last_ns - first_ns) / NS_PER_S, 1)
