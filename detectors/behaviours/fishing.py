"""Fishing: somebody stays at the water with hardly any movement.

A rod alone is no violation and no rod is needed for one: zone, period and gear decide, and
gear raises severity only when the model has names for it.
"""

from core.clock import NS_PER_S
from core.config.zones import FishingRule, Zone
from core.geometry import Box, GeoPoint
from core.seeing import Sighting, Track, Why
from core.value import Text
from detectors.behaviours.base import Act, Behaviour, Moment, ordered, seconds
from detectors.behaviours.cues import Cue, cue_sources
from detectors.behaviours.places import aboard
from detectors.behaviours.stays import Stay, Stays
from detectors.labels import BOAT, PERSON

_LEFT_NS = NS_PER_S
"""Out of the zone for so long is gone; less is a step aside."""
_SAILED = 1.0
"""A boat that has moved by its own width under our eyes is no moored boat."""


class Fishing(Behaviour):
    """The fishing rule in one zone of a camera that stands at ``place``."""

    def __init__(
        self,
        camera: str,
        zone: Zone,
        rule: FishingRule,
        model: str = "",
        place: GeoPoint | None = None,
    ) -> None:
        super().__init__(camera, zone, model)
        self._rule = rule
        self._place = place
        self._sources = cue_sources(rule, place)
        self._stays = Stays(lambda _: rule.max_displacement, max(120.0, rule.dwell_s * 2))
        self._acting: dict[Stay, Act] = {}
        self._in_zone_ns: dict[Stay, int] = {}
        self._boats: dict[int, Box] = {}
        self._manned: set[int] = set()

    def _judge(self, moment: Moment) -> list[Sighting]:
        inside = [track for track in self._subjects(moment) if self._holds(track.box.foot)]
        present = self._stays.update(moment.time_ns, inside, moment.aspect)
        for stay in present:
            self._in_zone_ns[stay] = moment.time_ns
        for source in self._sources:
            source.note(moment, present)
        sightings = []
        for stay in list(self._stays.all):
            sightings += self._judge_stay(stay, stay in present, moment)
        return sightings

    def _forget(self) -> None:
        self._stays.clear()
        self._acting.clear()
        self._in_zone_ns.clear()
        self._boats.clear()
        self._manned.clear()
        self._sources = cue_sources(self._rule, self._place)

    def _subjects(self, moment: Moment) -> list[Track]:
        """People, and boats that carry somebody or came by themselves.

        A boat with a visible person aboard is that person's cue, not a second subject.
        """
        people = [track for track in moment.tracks if track.label == PERSON]
        subjects = list(people)
        boats = [track for track in moment.tracks if track.label == BOAT]
        for boat in boats:
            first = self._boats.setdefault(boat.id, boat.box)
            if any(aboard(person.box, boat.box) for person in people):
                self._manned.add(boat.id)
                continue
            sailed = abs(boat.box.centre[0] - first.centre[0]) > _SAILED * first.w
            if sailed or boat.id in self._manned:
                subjects.append(boat)
        alive = {boat.id for boat in boats}
        self._boats = {number: box for number, box in self._boats.items() if number in alive}
        self._manned &= alive
        return subjects

    def _judge_stay(self, stay: Stay, present: bool, moment: Moment) -> list[Sighting]:
        act = self._acting.get(stay)
        if not present and self._is_over(stay, moment):
            self._stays.drop(stay)
            self._in_zone_ns.pop(stay, None)
            self._acting.pop(stay, None)
            how = self._trails.ending(stay.tracks, moment.time_ns, self._holds)
            return [self._over(act, moment, how)] if act else []
        if not present:
            return []
        if act:
            if self._is_due(act, moment):
                self._refresh(act, stay, moment)
            act.last_ns, act.box = stay.last_ns, stay.box
            return self._continued(act, moment)
        fresh = moment.time_ns - stay.last_ns <= stay.grace_ns
        if fresh and moment.time_ns - stay.since_ns >= self._rule.dwell_s * NS_PER_S:
            cues = self._cues(stay, moment)
            act = Act(
                self._new_id(stay.since_ns, f"{stay.key}/{moment.time_ns}"),
                stay.since_ns,
                moment.time_ns,
                stay.last_ns,
                stay.box,
                self._why(stay, stay.since_ns, cues, moment),
                tracks=tuple(stay.tracks),
                labels=ordered(stay.labels),
                cues=ordered(cue.name for cue in cues),
            )
            self._acting[stay] = act
            return [self._fired(act, moment)]
        return []

    def _is_over(self, stay: Stay, moment: Moment) -> bool:
        numbers = set(stay.tracks)
        elsewhere = any(track.id in numbers and track.seen for track in moment.tracks)
        if elsewhere:
            return moment.time_ns - self._in_zone_ns[stay] >= _LEFT_NS
        return moment.time_ns - stay.last_ns > stay.grace_ns

    def _refresh(self, act: Act, stay: Stay, moment: Moment) -> None:
        cues = self._cues(stay, moment)
        act.tracks, act.labels = tuple(stay.tracks), ordered(stay.labels)
        act.cues = ordered((*act.cues, *(cue.name for cue in cues)))
        act.why = self._why(stay, act.started_ns, cues, moment)

    def _cues(self, stay: Stay, moment: Moment) -> list[Cue]:
        return [cue for source in self._sources for cue in source.of(stay, moment)]

    def _why(self, stay: Stay, started_ns: int, cues: list[Cue], moment: Moment) -> Why:
        dwell_s = seconds(started_ns, moment.time_ns)
        name, limit = self.zone.name, self._rule.max_displacement
        who = ("船只", "a boat") if stay.label == BOAT else ("有人", "a person")
        with_zh = "".join(f"、{cue.words.zh}" for cue in cues)
        with_en = "".join(f", {cue.words.en}" for cue in cues)
        return self._explained(
            moment,
            Text(
                zh=f"{name.zh}：{who[0]}停留 {dwell_s:.0f} 秒（阈值 {self._rule.dwell_s:.0f} 秒），"
                f"位移 {stay.displacement:.1%} 画面宽{with_zh}，疑似垂钓",
                en=f"{name.en}: {who[1]} has stayed for {dwell_s:.0f} s (limit "
                f"{self._rule.dwell_s:.0f} s), moving {stay.displacement:.1%} of the frame "
                f"width{with_en}; may be fishing",
            ),
            {
                "dwell_s": dwell_s,
                "limit_s": self._rule.dwell_s,
                "displacement": round(stay.displacement, 4),
                "max_displacement": limit,
                "positions": stay.positions(),
                "frames": stay.labels.total(),
                "track_ids": list(stay.tracks),
                "cues": {cue.name: dict(cue.facts) for cue in cues},
            },
        )
