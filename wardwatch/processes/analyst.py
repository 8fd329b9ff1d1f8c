"""Look at every camera: one thread decodes and judges a camera, one model serves them all.

A sighting goes out through the spooling side of the bus, so none is lost while the bus is away.
"""

import os
import threading

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
from wardwatch.sources import sources_of

log = structlog.get_logger()


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
    lag = _Lag(context.clock)
    try:
        source = sources_of(site, context.clock).open(
            camera,
            camera.streams.sub or camera.streams.main,
            process="analyst",
            on_health=lambda health: bus.show(HEALTH, lag.tell(health)),
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
            lag.analysed(frame.time_ns)
            for sighting in seen.sightings:
                bus.publish(SIGHTINGS, sighting)
            bus.show(OBJECTS, _objects(seen, pipeline.subjects))


class _Lag:
    """How old a frame is when it has been analysed: overload shows here first (invariant 6)."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lag_s = 0.0

    def analysed(self, frame_ns: int) -> None:
        """A frame has been analysed just now."""
        self._lag_s = max(0.0, (self._clock.utc_ns() - frame_ns) / NS_PER_S)

    def tell(self, health: CameraHealth) -> CameraHealth:
        """The source's health with the analyst's own lag."""
        return health.model_copy(update={"lag_s": round(self._lag_s, 3)})


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
