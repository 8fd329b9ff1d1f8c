"""Look at every camera: one thread decodes and judges a camera, one model serves them all.

A sighting goes out through the spooling side of the bus, so none is lost while the bus is away.
"""

import os
import threading
from collections import deque

import structlog

from core.bus.streams import RedisBus
from core.clock import NS_PER_S, Clock
from core.config.cameras import Camera
from core.errors import WardwatchError
from core.geometry import Box
from core.messages import HEALTH, OBJECTS, SIGHTINGS, CameraHealth, ObjectsSeen, SeenObject
from core.seeing import Seen
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from detectors.service import BatchedEngine
from ingest.frames import LiveFrames
from models.store import Store as ModelStore
from wardwatch.processes.context import Context
from wardwatch.sources import open_source

log = structlog.get_logger()

_PACE_S = 5.0


def run(context: Context) -> None:
    """Analyse until told to stop.

    Raises:
        WardwatchError: there is no usable model.
    """
    analysis = context.site.analysis
    store = ModelStore()
    card = store.default() if analysis.model == "auto" else store.ensure(analysis.model)
    threads = analysis.threads or os.cpu_count() or 1
    bus = context.bus()
    with BatchedEngine(Engine(card, threads=threads)) as engine:
        watchers = [
            threading.Thread(
                target=_watch, args=(context, bus, engine, camera), name=f"watch-{camera.id}"
            )
            for camera in context.site.cameras
            if camera.enabled
        ]
        for watcher in watchers:
            watcher.start()
        context.ready({"model": card.label})
        context.stop.wait()
        for watcher in watchers:
            watcher.join()
    bus.close()


def _watch(context: Context, bus: RedisBus, engine: BatchedEngine, camera: Camera) -> None:
    """One camera; whatever happens here, the other cameras go on."""
    site = context.site
    pace = _Pace(context.clock)
    try:
        source = open_source(
            camera,
            camera.streams.sub or camera.streams.main,
            context.clock,
            process="analyst",
            on_health=lambda health: bus.show(HEALTH, pace.tell(health)),
        )
    except WardwatchError as error:
        log.error("camera cannot be analysed", camera=camera.id, error=str(error))
        return
    pipeline = CameraPipeline(
        camera,
        engine,
        fps=site.analysis.fps,
        timezone=site.timezone,
        min_score=site.analysis.min_score,
    )
    with LiveFrames(source, site.analysis.fps) as frames:
        while not context.stop.is_set() and not frames.ended:
            frame = frames.take(timeout_s=0.2)
            if frame is None:
                continue
            try:
                seen = pipeline.process(frame)
            except Exception:
                log.exception("frame not analysed", camera=camera.id)
                continue
            pace.analysed(frame.time_ns)
            for sighting in seen.sightings:
                bus.publish(SIGHTINGS, sighting)
            bus.show(OBJECTS, _objects(seen, pipeline.subjects))


class _Pace:
    """How many frames a second are analysed, and how old they are by then.

    The wall shows it, so that overload is seen (invariant 6); what the source counts is what the
    camera sends.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._done_ns: deque[int] = deque()
        self._lag_s = 0.0

    def analysed(self, frame_ns: int) -> None:
        """A frame has been analysed just now."""
        now_ns = self._clock.monotonic_ns()
        self._done_ns.append(now_ns)
        self._forget(now_ns)
        self._lag_s = max(0.0, (self._clock.utc_ns() - frame_ns) / NS_PER_S)

    def tell(self, health: CameraHealth) -> CameraHealth:
        """The source's health with the analyst's own rate and lag."""
        self._forget(self._clock.monotonic_ns())
        fps = round(len(self._done_ns) / _PACE_S, 2)
        return health.model_copy(update={"fps": fps, "lag_s": round(self._lag_s, 3)})

    def _forget(self, now_ns: int) -> None:
        while self._done_ns and now_ns - self._done_ns[0] > _PACE_S * NS_PER_S:
            self._done_ns.popleft()


def _objects(seen: Seen, subjects: frozenset[int]) -> ObjectsSeen:
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
