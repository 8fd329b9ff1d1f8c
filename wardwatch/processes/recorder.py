"""Record and relay every camera. Loads no model, never decodes, needs no database.

It works without the bus, too: only health reports are lost while the bus is away. Deletions are
signed with the site's keys where these can be used; where not, what must go goes all the same.
"""

import threading
from functools import partial
from pathlib import Path

import structlog

from core.config.cameras import Camera
from core.config.site import Site
from core.messages import HEALTH, POSES, STORAGE, STORAGE_NOW, CameraHealth
from core.storage import StorageState
from recorder.alarm import StorageAlarm
from recorder.clock_log import ClockLogs
from recorder.hashes import SegmentHashes
from recorder.keeping import KeepClass, Keeping
from recorder.locks import Locks
from recorder.recorder import Recorder
from recorder.relay import Relay
from recorder.retention import Retention
from recorder.signing.certificates import load_roots
from recorder.signing.watch import SignatureWatch
from recorder.storage import StorageWatch
from recorder.volume import Place
from recorder.volumes import Volumes
from wardwatch.following.crew import Crew, connection_key
from wardwatch.following.follow import follow
from wardwatch.processes.context import Context
from wardwatch.sources.opening import sources_of
from wardwatch.sources.poses import PoseReader
from wardwatch.vaults import recordings_book

log = structlog.get_logger()

_GB = 10**9


def run(context: Context) -> None:
    """Record until told to stop."""
    site, paths, clock = context.site, context.paths, context.clock
    bus = context.bus()
    relay = Relay(paths.run)
    clocks = ClockLogs(paths.recordings)
    signatures = SignatureWatch(paths.recordings, load_roots(site.signing.roots), clock)
    poses = PoseReader(partial(bus.show, POSES))

    def report(health: CameraHealth) -> None:
        clocks.health(health)
        signed = signatures.signed(health.camera)
        bus.show(HEALTH, health.model_copy(update={"signed": signed}))

    def closed(camera: str, path: Path, start_ns: int, last: bool) -> None:
        signatures.closed(camera, path, start_ns, last)
        hashes.closed(camera, path, start_ns)

    def alarm(one: StorageAlarm) -> None:
        _log_alarm(one)
        woken.set()

    def tell(state: StorageState, changed: bool) -> None:
        if changed:
            bus.publish(STORAGE, state)
        bus.show(STORAGE_NOW, state)

    hashes = SegmentHashes(paths.recordings)
    woken = threading.Event()
    volumes = Volumes(paths.recordings, clock, _places(site), on_alarm=alarm)
    retention = Retention(
        paths.recordings,
        clock,
        _keeping(site),
        volumes=volumes,
        locks=Locks(paths.recordings).all,
        on_alarm=alarm,
        book=recordings_book(site, paths, clock),
    )
    storage = StorageWatch(volumes, retention, clock, tell, woken)
    recorder = Recorder(
        paths.recordings,
        [],
        clock,
        segment_s=site.recording.segment_s,
        retention=retention,
        live=relay,
        on_segment=closed,
        volumes=volumes,
    )

    def start(site: Site, camera: Camera) -> None:
        source = sources_of(site, clock).open(
            camera,
            camera.streams.main,
            process="recorder",
            on_health=report,
            on_klv=poses.take,
        )
        recorder.add(source)

    crew = Crew(_key, start, recorder.remove, what="camera cannot be recorded")

    def take(site: Site) -> None:
        retention.keeping = _keeping(site)
        crew.take(site)

    take(site)
    signatures.start()
    hashes.start()
    recorder.start()
    storage.start()
    context.ready()
    follow(context, take)
    storage.stop()
    recorder.stop()
    hashes.stop()
    signatures.stop()
    relay.stop()
    poses.close()
    bus.close()


def _key(site: Site, camera: Camera) -> object:
    """A camera's name, zones or sub stream do not touch its recording."""
    return connection_key(site, camera, camera.streams.main)


def _places(site: Site) -> list[Place]:
    return [
        Place(one.path, _bytes(one.max_gb), mounted=one.mounted) for one in site.recording.volumes
    ]


def _keeping(site: Site) -> Keeping:
    rules = site.recording
    return Keeping(
        rules.retention_days,
        round(rules.max_gb * _GB),
        _bytes(rules.max_gb_per_camera),
        tuple(
            KeepClass(
                one.name,
                frozenset(one.cameras),
                one.days,
                _bytes(one.max_gb),
                _bytes(one.max_gb_per_camera),
            )
            for one in rules.classes
        ),
    )


def _bytes(gb: float | None) -> int | None:
    return None if gb is None else round(gb * _GB)


def _log_alarm(alarm: StorageAlarm) -> None:
    tell = log.info if alarm.kind in ("ok", "volume_back") else log.error
    tell("storage", kind=alarm.kind, message=alarm.message, free_bytes=alarm.free_bytes)
