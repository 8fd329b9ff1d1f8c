"""Record and relay every camera. Loads no model, never decodes, needs no database.

It works without the bus, too: only health reports are lost while the bus is away.
"""

from functools import partial

import structlog

from core.config.cameras import Camera
from core.errors import WardwatchError
from core.messages import HEALTH
from ingest.base import Source
from ingest.health import OnHealth
from recorder.locks import Locks
from recorder.recorder import Recorder
from recorder.relay import Relay
from recorder.retention import Retention, StorageAlarm
from wardwatch.processes.context import Context
from wardwatch.sources import Sources, sources_of

log = structlog.get_logger()

_GB = 10**9


def run(context: Context) -> None:
    """Record until told to stop."""
    site, paths, clock = context.site, context.paths, context.clock
    bus = context.bus()
    relay = Relay(paths.run)
    sources = sources_of(site, clock)
    report = partial(bus.show, HEALTH)
    recorder = Recorder(
        paths.recordings,
        [
            source
            for camera in site.cameras
            if camera.enabled and (source := _source(sources, camera, report)) is not None
        ],
        clock,
        segment_s=site.recording.segment_s,
        retention=Retention(
            paths.recordings,
            clock,
            days=site.recording.retention_days,
            max_bytes=round(site.recording.max_gb * _GB),
            locks=Locks(paths.recordings).all,
            on_alarm=_alarm,
        ),
        live=relay,
    )
    recorder.start()
    context.ready()
    context.stop.wait()
    recorder.stop()
    relay.stop()
    bus.close()


def _source(sources: Sources, camera: Camera, report: OnHealth) -> Source | None:
    """The camera's main stream; a camera that is configured wrongly does not stop the others."""
    try:
        return sources.open(camera, camera.streams.main, process="recorder", on_health=report)
    except WardwatchError as error:
        log.error("camera cannot be recorded", camera=camera.id, error=str(error))
        return None


def _alarm(alarm: StorageAlarm) -> None:
    log.error("storage", kind=alarm.kind, message=alarm.message, free_bytes=alarm.free_bytes)
