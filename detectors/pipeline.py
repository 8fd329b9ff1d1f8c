"""One camera from frames to sightings.

Everything here runs on the time of the frames. The same frames give the same tracks and the
same sightings, live or replayed, fast or slow (invariant 5).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.geometry import Box
from core.seeing import Detections, Kind, Seen, Sighting, Track
from core.video import Bgr, Frame
from detectors.background import StaticMap, StaticObject
from detectors.behaviours.actors import ActorLog
from detectors.behaviours.base import Moment
from detectors.behaviours.places import common
from detectors.behaviours.registry import behaviours_of
from detectors.engine import Looker
from detectors.gate import Decision, Gate, GateSettings, Reason
from detectors.movers import Movers
from detectors.names import in_our_words
from detectors.regions import WHOLE, Plan, plan
from detectors.tracker import Tracker, TrackerSettings

_STEP_BACK_NS = 2 * NS_PER_S


@dataclass
class Cost:
    """What a camera has cost so far.

    Attributes:
        frames: frames that came in.
        frames_looked: frames a model looked at.
        detector_calls: pictures given to the model; a look may be two crops.
    """

    frames: int = 0
    frames_looked: int = 0
    detector_calls: int = 0


class CameraPipeline:
    """Gate, regions, engine, tracker, static-object map and behaviours of one camera.

    Args:
        camera: the camera and its zones; None only detects and tracks.
        engine: an :class:`detectors.engine.Engine`, or a service in front of one.
        fps: rate at which frames are handed in; only sets how soon a track is believed.
        timezone: IANA name of the site's time zone, for schedules and night.
        model_label: what sightings say saw it; the engine's own label when empty.
        model_sha256: hash of the model's file, as sightings carry it.
        min_score: weakest detection that begins a track; weaker ones only continue one.
        gate, tracker: thresholds other than the usual.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: no such time zone.
    """

    def __init__(
        self,
        camera: Camera | None,
        engine: Looker,
        *,
        fps: float = 5.0,
        timezone: str = "Asia/Shanghai",
        model_label: str = "",
        model_sha256: str = "",
        min_score: float = TrackerSettings.new,
        gate: GateSettings | None = None,
        tracker: TrackerSettings | None = None,
    ) -> None:
        self.cost = Cost()
        self.last_reason = Reason.QUIET
        self.moving = 0.0
        """Share of the last frame that moves, as far as the gate knows."""
        self._engine = engine
        self._seen_by = {"model_sha256": model_sha256, "min_score": min_score}
        self._zone: tzinfo = ZoneInfo(timezone)
        self._gate = Gate(gate)
        # Two hits are enough when frames are far apart, three when they are close.
        self._tracker_settings = tracker or TrackerSettings(
            strong=min(TrackerSettings.strong, min_score), new=min_score, hits=3 if fps >= 4 else 2
        )
        self._tracker: Tracker | None = None
        self._behaviours = behaviours_of(camera, model_label or engine.label) if camera else []
        things = {Kind.DUMPING, Kind.OCCUPATION}
        needs_map = any(behaviour.zone.rule.kind in things for behaviour in self._behaviours)
        self._static = StaticMap() if needs_map else None
        self._statics: tuple[StaticObject, ...] = ()
        self._actors, self._movers = ActorLog(), Movers()
        self._last_ns: int | None = None

    @property
    def subjects(self) -> frozenset[int]:
        """Tracks that take part in sightings going on now."""
        return frozenset(number for behaviour in self._behaviours for number in behaviour.subjects)

    @property
    def statics(self) -> tuple[StaticObject, ...]:
        """What the static-object map holds; empty when no zone needs it."""
        return tuple(thing for thing in self._statics if thing.present)

    def process(self, frame: Frame) -> Seen:
        """Take in the next frame.

        A frame that is a little earlier than the one before is dropped: it gives what is held,
        without a look. After a larger step back (the camera's clock was set) what goes on is
        ended and everything but the track numbers begins anew.
        """
        ended: tuple[Sighting, ...] = ()
        if self._last_ns is not None and frame.time_ns <= self._last_ns:
            if self._last_ns - frame.time_ns <= _STEP_BACK_NS:
                self.moving = 0.0
                tracks = self._tracker.hold(self._last_ns) if self._tracker else ()
                return Seen(frame.camera, frame.time_ns, False, tracks)
            ended = self._begin_anew()
        self._last_ns = frame.time_ns
        self.cost.frames += 1
        aspect = frame.width / frame.height
        if self._tracker is None:
            self._tracker = Tracker(aspect=aspect, settings=self._tracker_settings)
        picture = cache(frame.to_bgr)  # the model and the static map share one conversion
        decision = self._gate.consider(
            frame.luma,
            frame.time_ns,
            tracks=self._tracker.watched,
            doubtful=self._tracker.doubtful,
        )
        self.last_reason = decision.reason
        self.moving = min(1.0, sum(region.area for region in decision.regions))
        if decision.reason is Reason.GLOBAL:
            self.moving = 1.0
        if decision.look:
            tracks = self._look(frame, picture(), decision, self._tracker)
        else:
            tracks = self._tracker.hold(frame.time_ns)
        self._watch_things(frame, picture, tracks)
        sightings = [
            sighting
            for behaviour in self._behaviours
            for sighting in behaviour.update(self._moment(frame, tracks, aspect))
        ]
        told = tuple(one.model_copy(update=self._seen_by) for one in (*ended, *sightings))
        return Seen(frame.camera, frame.time_ns, decision.look, tracks, told)

    def _begin_anew(self) -> tuple[Sighting, ...]:
        if self._tracker is not None:
            self._tracker.clear()
        self._actors, self._movers = ActorLog(), Movers()
        self._statics = ()
        if self._static is not None:
            self._static = StaticMap()
        return tuple(
            sighting for behaviour in self._behaviours for sighting in behaviour.interrupt()
        )

    def _look(
        self, frame: Frame, picture: Bgr, decision: Decision, tracker: Tracker
    ) -> tuple[Track, ...]:
        where = self._plan(frame, decision, tracker)
        shown = where.pictures(picture, self._engine.input_size)
        self.cost.frames_looked += 1
        self.cost.detector_calls += len(shown)
        found = in_our_words(where.gather(self._engine.detect(shown), self._engine.input_size))
        tracks = tracker.update(frame.time_ns, found, None if where.whole else where.parts)
        self._teach_gate(decision, found, tracker)
        return tracks

    def _plan(self, frame: Frame, decision: Decision, tracker: Tracker) -> Plan:
        if decision.whole:
            return Plan((WHOLE,))
        frame_px, input_px = (frame.height, frame.width), self._engine.input_size
        return plan(tracker.boxes, decision.regions, frame_px, input_px, self.cost.frames_looked)

    def _teach_gate(self, decision: Decision, found: Detections, tracker: Tracker) -> None:
        """Movement in which the model sees nothing is movement of water, leaves or rain."""
        known = [Box(*box) for box in found.boxes.tolist()] + tracker.boxes
        for region in decision.regions:
            if not any(common(region, box) > 0 for box in known):
                self._gate.nothing_there(region)

    def _watch_things(
        self, frame: Frame, picture: Callable[[], Bgr], tracks: tuple[Track, ...]
    ) -> None:
        if self._static is None:
            return
        self._actors.note(frame.time_ns, tracks)
        movers = self._movers.boxes(tracks)
        if self._static.due(frame.time_ns):
            self._statics = self._static.update(frame.time_ns, picture(), movers)
        else:
            self._statics = self.statics

    def _moment(self, frame: Frame, tracks: tuple[Track, ...], aspect: float) -> Moment:
        local = datetime.fromtimestamp(frame.time_ns / NS_PER_S, UTC).astimezone(self._zone)
        return Moment(frame.time_ns, local, aspect, tracks, self._statics, self._actors)
