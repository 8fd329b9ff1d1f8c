"""Occupation: a vehicle, stall, goods or structure stays in a zone beyond its limit.

Vehicles are known by their tracks, everything else by the static-object map. What stands at
one place is one occupation, whether the model names it, loses it, or never knew it.
"""

from dataclasses import dataclass

from shapely.geometry import box as shapely_box

from core.clock import NS_PER_S
from core.config.zones import OccupationRule, Zone
from core.geometry import Box, bounding_box
from core.seeing import Ending, Sighting, Track, Why
from core.value import Text
from detectors.behaviours.actors import hides
from detectors.behaviours.base import Act, Behaviour, Moment, ordered, seconds
from detectors.behaviours.heaps import Heap, Heaps
from detectors.behaviours.limits import Limit, Limits
from detectors.behaviours.places import covered, gap, shared
from detectors.behaviours.stays import Stays
from detectors.labels import MOVERS, VEHICLES

_IN_ZONE = 0.5
_SAME = 0.3
_RECOGNISED = 0.7
_BESIDE = 0.02  # frame widths between the parts of one stall
_WANDER = 0.35  # of the vehicle's own width: less is the box trembling
_ITSELF = 0.4
"""A thing that fills so much (IoU) of a standing vehicle's box is it, seen before it was known."""
_STANDING_S = 2.0
_GRACE_NS = 3 * NS_PER_S
_HIDDEN_NS = 60 * NS_PER_S
_HELD_NS = 10 * NS_PER_S
_LEAVES_NS = 10 * NS_PER_S
_ALONG_NS = 4 * NS_PER_S
_ALONG = 0.5  # of the vehicle's width
_BEFORE_NS = 20 * NS_PER_S
_AFTER_NS = 3 * NS_PER_S


@dataclass(frozen=True)
class _Subject:
    """Something that stands in the zone at this frame."""

    key: str
    box: Box
    area: float
    since_ns: int
    last_ns: int
    tracks: tuple[int, ...]
    label: str
    things: frozenset[int]
    joins_ns: int
    """Latest end of a place's last frame at which this may still be the same thing."""


@dataclass(eq=False)
class _Place:
    """A place that is taken.

    Attributes:
        limit: the one in force when ``act`` fired.
        frames: in so many frames something was found there.
        extent: the most of it that was seen at once: between pillars and passers a vehicle is
            seen in pieces, and a piece is no second vehicle.
        things: the static things that were there when it was last seen.
        gone: how they ended; None while the place is taken.
    """

    key: str
    box: Box
    area: float
    since_ns: int
    last_ns: int
    tracks: list[int]
    labels: list[str]
    extent: Box
    act: Act | None = None
    limit: Limit | None = None
    frames: int = 0
    hidden_ns: int = 0
    things: frozenset[int] = frozenset()
    gone: Ending | None = None

    @property
    def known_ns(self) -> int:
        """Up to when nothing speaks against its still being taken."""
        return max(self.last_ns, self.hidden_ns)


class Occupation(Behaviour):
    """The occupation rule in one zone."""

    def __init__(self, camera: str, zone: Zone, rule: OccupationRule, model: str = "") -> None:
        super().__init__(camera, zone, model)
        self._rule = rule
        self._limits = Limits(rule)
        self._stays = Stays(lambda box: _WANDER * box.w, max(120.0, self._limits.longest_s * 2))
        self._places: list[_Place] = []
        self._heaps = Heaps()
        self._brought: set[int] = set()

    def _judge(self, moment: Moment) -> list[Sighting]:
        limit = self._limits.at(moment)
        vehicles = self._vehicles(moment)
        subjects = vehicles + self._things(moment, vehicles)
        taken: dict[int, list[_Subject]] = {}
        for subject in subjects:
            taken.setdefault(self._place_of(subject, moment.aspect), []).append(subject)
        sightings = []
        for number, place in list(enumerate(self._places)):
            sightings += self._judge_place(place, taken.get(number, []), limit, moment)
        return sightings

    def _forget(self) -> None:
        self._limits.forget()
        self._stays.clear()
        self._places = []
        self._heaps.clear()
        self._brought.clear()

    def _vehicles(self, moment: Moment) -> list[_Subject]:
        tracks = [
            track
            for track in moment.tracks
            if track.label in VEHICLES and self._holds(track.box.foot)
        ]
        present = self._stays.update(moment.time_ns, tracks, moment.aspect)
        for stay in list(self._stays.all):
            if stay not in present and moment.time_ns - stay.last_ns > stay.grace_ns:
                self._stays.drop(stay)
        return [
            _Subject(
                f"v{stay.key}",
                stay.box,
                stay.box.area,
                stay.since_ns,
                stay.last_ns,
                tuple(stay.tracks),
                stay.label,
                frozenset(),
                stay.since_ns - NS_PER_S,
            )
            for stay in present
            if seconds(stay.since_ns, moment.time_ns) >= _STANDING_S
        ]

    def _things(self, moment: Moment, vehicles: list[_Subject]) -> list[_Subject]:
        heaps = self._heaps.of(moment.time_ns, moment.statics, moment.aspect)
        self._brought &= {number for heap in heaps for number in heap.ids}
        return [
            _Subject(
                f"s{heap.ids[0]}",
                heap.box,
                heap.area,
                heap.since_ns,
                heap.last_ns,
                (),
                "object",
                frozenset(thing.id for thing in heap.present),
                heap.since_ns - 5 * NS_PER_S,
            )
            for heap in heaps
            if self._is_inside(heap.box) and self._was_brought(heap, vehicles, moment)
        ]

    def _is_inside(self, box: Box) -> bool:
        if self._holds(box.foot):
            return True
        rectangle = shapely_box(box.x, box.y, box.x + box.w, box.y + box.h)
        return bool(self._shape.intersection(rectangle).area >= _IN_ZONE * box.area)

    def _was_brought(self, heap: Heap, vehicles: list[_Subject], moment: Moment) -> bool:
        """Stalls and goods come with people or vehicles, vehicles by themselves; light does not.

        Judged by the whole heap, and again as it grows: the first piece that lies still may be
        the roof of a stall, out of everybody's reach. Where nobody was seen to bring it, it is
        enough that the model has seen a thing come there, whatever it takes it for: a car from
        straight above is a cell phone to it, a patch of light is nothing.
        """
        if not self._brought.intersection(heap.ids) and not _is_recognised(heap, moment):
            near = moment.actors.near(
                heap.box, heap.since_ns - _BEFORE_NS, heap.grown_ns + _AFTER_NS, moment.aspect
            )
            if not near and not any(heap.box.iou(one.box) >= _ITSELF for one in vehicles):
                return False
        self._brought.update(heap.ids)
        return True

    def _place_of(self, subject: _Subject, aspect: float) -> int:
        for number, place in enumerate(self._places):
            same = shared(subject.box, place.extent) >= _SAME
            beside = not subject.tracks and gap(subject.box, place.box, aspect) <= _BESIDE
            if (same or beside) and subject.joins_ns <= place.known_ns:
                return number
            if self._came_along(subject, place, aspect):
                return number
        self._places.append(
            _Place(
                subject.key,
                subject.box,
                subject.area,
                subject.since_ns,
                subject.last_ns,
                list(subject.tracks),
                [subject.label],
                subject.box,
            )
        )
        return len(self._places) - 1

    @staticmethod
    def _came_along(subject: _Subject, place: _Place, aspect: float) -> bool:
        """A vehicle that stops brings more than itself: the beam of its lamps, its shadow."""
        if subject.tracks or not place.tracks:
            return False
        at_once = abs(subject.since_ns - place.since_ns) <= _ALONG_NS
        return at_once and gap(subject.box, place.box, aspect) <= _ALONG * place.box.w

    def _judge_place(
        self, place: _Place, subjects: list[_Subject], limit: Limit, moment: Moment
    ) -> list[Sighting]:
        ended = []
        if limit.allowed_s is None and place.act is not None:  # from now on it may stand here
            ended, place.act = [self._over(place.act, moment, Ending.ALLOWED)], None
        if not subjects:
            return ended + self._judge_empty(place, moment)
        vehicles = [subject.box for subject in subjects if subject.tracks]
        place.box = bounding_box(vehicles or [subject.box for subject in subjects])
        place.extent = max(place.extent, place.box, key=lambda box: box.area)
        place.area = sum(subject.area for subject in subjects)
        place.since_ns = min(place.since_ns, *(subject.since_ns for subject in subjects))
        place.last_ns = max(subject.last_ns for subject in subjects)
        for subject in subjects:
            place.tracks += [number for number in subject.tracks if number not in place.tracks]
            if subject.label not in place.labels:
                place.labels.append(subject.label)
        place.things = frozenset().union(*(subject.things for subject in subjects))
        place.gone = None
        place.frames += 1
        if limit.allowed_s is None:
            return ended
        if place.act is not None:
            place.act.last_ns, place.act.box = place.last_ns, place.box
            if self._is_due(place.act, moment):
                self._refresh(place.act, place, moment)
            return self._continued(place.act, moment)
        counted_ns = limit.counted_ns(place.since_ns)
        overstays = moment.time_ns - counted_ns >= limit.allowed_s * NS_PER_S
        if not overstays or place.area < self._rule.min_area:
            return []
        place.limit = limit
        place.act = Act(
            self._new_id(counted_ns, f"{place.key}/{moment.time_ns}"),
            counted_ns,
            moment.time_ns,
            place.last_ns,
            place.box,
            self._why(place, limit, moment),
        )
        self._refresh(place.act, place, moment)
        return [self._fired(place.act, moment)]

    def _judge_empty(self, place: _Place, moment: Moment) -> list[Sighting]:
        if place.gone is None:
            place.gone = moment.gone(place.things)
        unseen_ns = moment.time_ns - place.last_ns
        if unseen_ns <= _HIDDEN_NS and self._hidden(place, moment):
            place.hidden_ns = moment.time_ns
        if moment.time_ns - place.known_ns <= _GRACE_NS:
            return []
        self._places.remove(place)
        return [self._over(place.act, moment, self._how(place, moment))] if place.act else []

    def _how(self, place: _Place, moment: Moment) -> Ending | None:
        """How what stood there went: where the vehicle is now, or that the ground is bare."""
        last_ns, box = self._trails.last(place.tracks) or (0, place.box)
        how = self._trails.ending(place.tracks, moment.time_ns, self._holds)
        if last_ns < place.last_ns - _LEAVES_NS:
            return place.gone  # a vehicle that left long before the goods
        if how is None and shared(box, place.extent) < _SAME:
            return Ending.MOVED
        return place.gone if how is Ending.LOST else how

    @staticmethod
    def _hidden(place: _Place, moment: Moment) -> bool:
        """Somebody stands in front of the place, so it cannot be told whether it is free."""

        def is_other(track: Track) -> bool:
            held = moment.time_ns - track.last_ns <= _HELD_NS
            return track.id not in place.tracks and held

        return any(hides(track, place.box) for track in moment.tracks if is_other(track))

    def _refresh(self, act: Act, place: _Place, moment: Moment) -> None:
        act.tracks, act.labels = tuple(place.tracks), ordered(place.labels)
        act.cues = ("vehicle",) if any(name in VEHICLES for name in place.labels) else ()
        if place.limit is not None:
            act.why = self._why(place, place.limit, moment)

    def _why(self, place: _Place, limit: Limit, moment: Moment) -> Why:
        stayed_s = seconds(place.since_ns, moment.time_ns)
        name, allowed = self.zone.name, limit.words(place.since_ns, moment.time_ns)
        is_vehicle = any(label in VEHICLES for label in place.labels)
        what = ("车辆", "a vehicle") if is_vehicle else ("摊点或物品", "a stall or goods")
        return self._explained(
            moment,
            Text(
                zh=f"{name.zh}：{what[0]}占用 {stayed_s:.0f} 秒（{allowed.zh}），"
                f"占画面 {place.area:.2%}",
                en=f"{name.en}: {what[1]} has stood there for {stayed_s:.0f} s ({allowed.en}), "
                f"{place.area:.2%} of the frame",
            ),
            {
                "dwell_s": stayed_s,
                "counted_s": seconds(limit.counted_ns(place.since_ns), moment.time_ns),
                "limit_s": limit.allowed_s,
                "limit_hours": limit.hours.words.en if limit.hours else None,
                "area": round(place.area, 5),
                "min_area": self._rule.min_area,
                "position": [round(value, 4) for value in place.box.foot],
                "frames": place.frames,
                "labels": list(place.labels),
                "track_ids": list(place.tracks),
            },
        )


def _is_recognised(heap: Heap, moment: Moment) -> bool:
    """Something the model has a name for came when the heap did, and is most of what lies there."""
    largest = max(heap.present, key=lambda thing: thing.area).box
    return any(
        track.label not in MOVERS
        and track.first_ns >= heap.since_ns - _BEFORE_NS
        and shared(track.box, heap.box) >= _RECOGNISED
        and covered(largest, track.box) >= 0.5
        for track in moment.tracks
    )
