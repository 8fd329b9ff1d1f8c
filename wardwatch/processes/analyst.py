"""Look at every camera: one thread decodes and judges a camera, one model serves them all.

A sighting goes out through the spooling side of the bus, so none is lost while the bus is away.
"""

import threading

import cv2
import structlog

from core.allocator import keep_freed_memory
from core.bus.streams import RedisBus
from core.clock import NS_PER_S, Clock
from core.config.cameras import Camera
from core.config.site import Site
from core.geometry import Box
from core.messages import HEALTH, OBJECTS, SIGHTINGS, CameraHealth, ObjectsSeen, SeenObject
from core.seeing import Seen
from core.video import Frame
from detectors.engine import Looker
from detectors.labels import ANIMALS, BOAT, CYCLES, PERSON, VEHICLES
from detectors.pipeline import CameraPipeline
from ingest.frames import LiveFrames
from models.store import Store as ModelStore
from recorder.activity import ActivityLog
from wardwatch.following.crew import Crew, connection_key
from wardwatch.following.follow import follow
from wardwatch.following.model import SharedModel
from wardwatch.placing.placer import Placer, PoseListener
from wardwatch.processes.context import Context
from wardwatch.sources.hearing import Hearing
from wardwatch.sources.opening import sources_of

log = structlog.get_logger()

_VEHICLES = VEHICLES | CYCLES | {BOAT}


def run(context: Context) -> None:
    """Analyse until told to stop.

    Raises:
        WardwatchError: there is no usable model.
    """
    keep_freed_memory()
    cv2.setNumThreads(1)  # each camera has a thread of its own; more would only wait in line
    bus = context.bus()
    hearing = Hearing(bus, context.stop)
    with SharedModel(context.site.analysis, ModelStore()) as model:
        hearing.start()
        placer = Placer()
        listener = PoseListener(bus, placer, context.stop)
        listener.start()
        activity = ActivityLog(context.paths.recordings, context.clock)
        watches = Watches(context, bus, model.engine, model.sha256, hearing, activity, placer)

        def key_of(site: Site, camera: Camera) -> object:
            return key(site, camera), model.label

        crew = Crew(key_of, watches.start, watches.end, what="camera cannot be analysed")

        def look() -> None:
            if model.look():
                watches.use(model.engine, model.sha256)
                crew.again()
                context.ready({"model": model.label})

        activity.start()
        crew.take(context.site)
        context.ready({"model": model.label})
        follow(context, crew.take, look)
        watches.stop()
        activity.stop()
    hearing.join()
    listener.join()
    bus.close()


def _connection(site: Site, camera: Camera) -> object:
    sub = camera.streams.sub
    if sub is None or camera.streams.single:
        return "relayed"  # the recorder sees to what changes
    return connection_key(site, camera, sub)


def key(site: Site, camera: Camera) -> object:
    """What of the configuration a watch depends on: not a camera's name or main stream."""
    return (_connection(site, camera), camera.zones, camera.ground, camera.flight)


class Watches:
    """The watch of each camera."""

    def __init__(
        self,
        context: Context,
        bus: RedisBus,
        engine: Looker,
        model_sha256: str,
        hearing: Hearing,
        activity: ActivityLog,
        placer: Placer,
    ) -> None:
        self._context, self._bus, self._hearing = context, bus, hearing
        self._activity, self._placer = activity, placer
        self._engine, self._model_sha256 = engine, model_sha256
        self._watches: dict[str, _Watch] = {}
        self._leaving: list[_Watch] = []

    def start(self, site: Site, camera: Camera) -> None:
        """Watch a camera. Where only its zones or the model are new, its connection stays."""
        connection = _connection(site, camera)
        pipeline = self._pipeline(site, camera)
        present = self._watches.get(camera.id)
        if present is not None and present.connection == connection:
            present.pipeline, present.camera = pipeline, camera
            return
        clock = self._context.clock
        lag = _Lag(clock)
        source = sources_of(site, clock).analysed(
            camera,
            self._context.paths.run,
            on_health=lambda health: self._bus.show(HEALTH, lag.tell(health)),
        )
        frames = LiveFrames(source, site.analysis.fps, decoder=site.analysis.decoder)
        before = self._dismiss(camera.id)
        watch = _Watch(
            connection, camera, frames, pipeline, lag, self._bus, self._hearing, self._activity,
            self._placer, before,
        )  # fmt: skip
        self._watches[camera.id] = watch
        watch.thread.start()

    def use(self, engine: Looker, model_sha256: str) -> None:
        """Watches that are started from now on ask another model."""
        self._engine, self._model_sha256 = engine, model_sha256

    def end(self, camera: str, _reason: str) -> None:
        """Watch a camera no longer; what it saw go on is not said to have ended."""
        self._dismiss(camera)

    def stop(self) -> None:
        """End all watches and wait for them."""
        for camera in list(self._watches):
            self._dismiss(camera)
        for watch in self._leaving:
            watch.thread.join()

    def _dismiss(self, camera: str) -> "_Watch | None":
        """Tell a watch to end; the one that may still hold the camera's connection."""
        self._leaving = [one for one in self._leaving if one.thread.is_alive()]
        watch = self._watches.pop(camera, None)
        if watch is not None:
            watch.stop.set()
            self._leaving.append(watch)
        named = (one for one in reversed(self._leaving) if one.frames.camera == camera)
        return next(named, None)

    def _pipeline(self, site: Site, camera: Camera) -> CameraPipeline:
        # Of the running site only cameras are new; the rest is as it was at the start.
        return CameraPipeline(
            camera,
            self._engine,
            fps=site.analysis.fps,
            timezone=site.timezone,
            model_sha256=self._model_sha256,
            min_score=site.analysis.min_score,
        )


class _Watch:
    """One camera, in a thread of its own; whatever happens here, the other cameras go on.

    Args:
        connection: what its connection depends on.
        camera: its configuration; may be replaced at any time, and so may ``pipeline``.
        before: who held the camera's connection until now.
    """

    def __init__(
        self,
        connection: object,
        camera: Camera,
        frames: LiveFrames,
        pipeline: CameraPipeline,
        lag: "_Lag",
        bus: RedisBus,
        hearing: Hearing,
        activity: ActivityLog,
        placer: Placer,
        before: "_Watch | None",
    ) -> None:
        self.connection, self.frames, self.pipeline = connection, frames, pipeline
        self.camera, self._placer = camera, placer
        self.stop = threading.Event()
        self._lag, self._bus, self._hearing, self._before = lag, bus, hearing, before
        self._activity = activity
        self.thread = threading.Thread(target=self._run, name=f"watch-{frames.camera}")

    def _run(self) -> None:
        if self._before is not None:
            self._before.thread.join()
            self._before = None
        if self.stop.is_set():
            return
        with self.frames as frames, self._hearing.of(frames):
            while not self.stop.is_set() and not frames.ended:
                frame = frames.take(timeout_s=0.2)
                if frame is not None:
                    self._look(frame)

    def _look(self, frame: Frame) -> None:
        pipeline = self.pipeline  # may be replaced at any time
        self._lag.begun(frame.time_ns)
        try:
            seen = pipeline.process(frame)
        except Exception:
            log.exception("frame not analysed", camera=frame.camera)
            return
        finally:
            self._lag.done(frame.time_ns)
        note_activity(self._activity, seen, pipeline.moving)
        for sighting in seen.sightings:
            placed = self._placer.placed(self.camera, sighting, frame.width / frame.height)
            self._bus.publish(SIGHTINGS, placed)
        self._bus.show(OBJECTS, objects_of(seen, pipeline.subjects))


class _Lag:
    """How old a frame is when it has been analysed; part of honest overload (invariant 6)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lag_s = 0.0
        self._begun_ns: int | None = None

    def begun(self, frame_ns: int) -> None:
        """A frame is being analysed from now on."""
        self._begun_ns = frame_ns

    def done(self, frame_ns: int) -> None:
        """A frame has been analysed just now."""
        self._lag_s = self._age_s(frame_ns)
        self._begun_ns = None

    def tell(self, health: CameraHealth) -> CameraHealth:
        """The source's health with the analyst's own lag.

        Whoever hangs in a frame never says how late it was: until then its age counts.
        """
        begun_ns = self._begun_ns
        waiting_s = 0.0 if begun_ns is None else self._age_s(begun_ns)
        return health.model_copy(update={"lag_s": round(max(self._lag_s, waiting_s), 3)})

    def _age_s(self, frame_ns: int) -> float:
        return max(0.0, (self._clock.utc_ns() - frame_ns) / NS_PER_S)


def note_activity(activity: ActivityLog, seen: Seen, moving: float) -> None:
    """Keep how much moves in a frame and what the tracker holds, for the time line."""
    labels = [track.label for track in seen.tracks]
    activity.note(
        seen.camera,
        seen.time_ns,
        moving,
        people=labels.count(PERSON),
        vehicles=sum(label in _VEHICLES for label in labels),
        animals=sum(label in ANIMALS for label in labels),
    )


def objects_of(seen: Seen, subjects: frozenset[int]) -> ObjectsSeen:
    """What the tracker holds, as others are told of it."""
    return ObjectsSeen(
        camera=seen.camera,
        time_ns=seen.time_ns,
        looked=seen.looked,
        objects=tuple(
            SeenObject(
                track=track.id,
                label=track.label,
                score=round(track.score, 3),
                box=Box(*(round(value, 4) for value in track.box)),
                subject=track.id in subjects,
            )
            for track in seen.tracks
        ),
    )
