"""Fishing: somebody stays at the water with hardly any movement.

A rod alone is no violation and no rod is needed for one: zone, period and gear decide, and
gear raises severity only when the model has names for it.
"""

from core.clock import NS_PER_S
from core.config.zones import FishingRule, Zone
from core.geometry import Box
from core.seeing import Sighting, Track, Why
from core.value import Text
from detectors.behaviours.base import Act, Behaviour, Moment, ordered, seconds
from detectors.behaviours.places import gap, shared
from detectors.behaviours.stays import Stay, Stays
from detectors.labels import BOAT, NETS, PERSON, RODS

_LEFT_NS = NS_PER_S
"""Out of the zone for so long is gone; less is a step aside."""
_GROUP_S = 10.0
_ABOARD = 0.5
_SAILED = 1.0
"""A boat that has moved by its own width under our eyes is no moored boat."""


class Fishing(Behaviour):
    """The fishing rule in one zone."""

    def __init__(self, camera: str, zone: Zone, rule: FishingRule, model: str = "") -> None:
        super().__init__(camera, zone, model)
        self._rule = rule
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
        company = sum(seconds(stay.since_ns, moment.time_ns) >= _GROUP_S for stay in present)
        sightings = []
        for stay in list(self._stays.all):
            sightings += self._judge_stay(stay, stay in present, company, moment)
        return sightings

    def _forget(self) -> None:
        self._stays.clear()
        self._acting.clear()
        self._in_zone_ns.clear()
        self._boats.clear()
        self._manned.clear()

    def _subjects(self, moment: Moment) -> list[Track]:
        """People, and boats that carry somebody or came by themselves.

        A boat with a visible person aboard is that person's cue, not a second subject.
        """
        people = [track for track in moment.tracks if track.label == PERSON]
        subjects = list(people)
        boats = [track for track in moment.tracks if track.label == BOAT]
        for boat in boats:
            first = self._boats.setdefault(boat.id, boat.box)
            aboard = any(shared(boat.box, person.box) >= _ABOARD for person in people)
            if aboard:
                self._manned.add(boat.id)
                continue
            sailed = abs(boat.box.centre[0] - first.centre[0]) > _SAILED * first.w
            if sailed or boat.id in self._manned:
                subjects.append(boat)
        alive = {boat.id for boat in boats}
        self._boats = {number: box for number, box in self._boats.items() if number in alive}
        self._manned &= alive
        return subjects

    def _judge_stay(
        self, stay: Stay, present: bool, company: int, moment: Moment
    ) -> list[Sighting]:
        act = self._acting.get(stay)
        if not present and self._is_over(stay, moment):
            self._stays.drop(stay)
            self._in_zone_ns.pop(stay, None)
            self._acting.pop(stay, None)
            return [self._over(act, moment)] if act else []
        if not present:
            return []
        if act:
            self._refresh(act, stay, company, moment)
            return self._continued(act, moment)
        fresh = moment.time_ns - stay.last_ns <= stay.grace_ns
        if fresh and moment.time_ns - stay.since_ns >= self._rule.dwell_s * NS_PER_S:
            act = Act(
                self._new_id(stay.since_ns, f"{stay.key}/{moment.time_ns}"),
                stay.since_ns,
                moment.time_ns,
                stay.last_ns,
                stay.box,
                self._why(stay, stay.since_ns, moment),
            )
            self._acting[stay] = act
            self._refresh(act, stay, company, moment)
            return [self._fired(act, moment)]
        return []

    def _is_over(self, stay: Stay, moment: Moment) -> bool:
        numbers = set(stay.tracks)
        elsewhere = any(track.id in numbers and track.seen for track in moment.tracks)
        if elsewhere:
            return moment.time_ns - self._in_zone_ns[stay] >= _LEFT_NS
        return moment.time_ns - stay.last_ns > stay.grace_ns

    def _refresh(self, act: Act, stay: Stay, company: int, moment: Moment) -> None:
        act.last_ns, act.box = stay.last_ns, stay.box
        act.tracks, act.labels = tuple(stay.tracks), ordered(stay.labels)
        act.cues = ordered((*act.cues, *self._cues(stay, company, moment)))
        act.why = self._why(stay, act.started_ns, moment)

    def _cues(self, stay: Stay, company: int, moment: Moment) -> list[str]:
        cues = []
        if self._rule.night.covers(moment.local.time()):
            cues.append("night")
        if company >= self._rule.group:
            cues.append("group")
        if stay.label == BOAT:
            cues.append("boat")
        for track in moment.tracks:
            if track.label == BOAT and shared(track.box, stay.box) >= _ABOARD:
                cues.append("boat")
            if gap(track.box, stay.box, moment.aspect) <= stay.box.w:
                cues += ["rod"] * (track.label in RODS) + ["net"] * (track.label in NETS)
        return cues

    def _why(self, stay: Stay, started_ns: int, moment: Moment) -> Why:
        dwell_s = seconds(started_ns, moment.time_ns)
        name, limit = self.zone.name, self._rule.max_displacement
        who = ("船只", "a boat") if stay.label == BOAT else ("有人", "a person")
        return Why(
            text=Text(
                zh=f"{name.zh}:{who[0]}停留 {dwell_s:.0f} 秒(阈值 {self._rule.dwell_s:.0f} 秒),"
                f"位移 {stay.displacement:.1%} 画面宽,疑似垂钓",
                en=f"{name.en}: {who[1]} has stayed for {dwell_s:.0f} s (limit "
                f"{self._rule.dwell_s:.0f} s), moving {stay.displacement:.1%} of the frame "
                "width; may be fishing",
            ),
            facts={
                "dwell_s": dwell_s,
                "limit_s": self._rule.dwell_s,
                "displacement": round(stay.displacement, 4),
                "max_displacement": limit,
                "positions": stay.positions(),
                "track_ids": list(stay.tracks),
            },
        )
