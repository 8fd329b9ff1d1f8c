"""What cameras notice by themselves, whether they are steered, and their clocks, by ONVIF."""

import asyncio
from collections.abc import Callable
from functools import partial

import structlog

from core.cases import ClockReading
from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.config.site import Site
from core.credentials import credentials_of
from core.errors import WardwatchError
from core.messages import CAMERA_EVENTS, CameraEvent
from core.networks import Networks
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.follow import Follower, Pace
from ingest.onvif.times import ClockCheck
from recorder.clock_log import ClockLog
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

log = structlog.get_logger()

_POLL_S = 0.2
_CLOSING_S = 3.0
_TIMEOUT_S = 5.0
_RTCP_FRESH_NS = 900 * NS_PER_S


class OnvifPart(Part):
    """Follows every camera that has an ``onvif`` address, all in one thread."""

    name = "onvif"

    def __init__(self, context: Context, pace: Pace | None = None) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self._site = context.site
        self._pace = pace
        self._tasks: dict[str, tuple[object, asyncio.Task[None]]] = {}

    def use(self, site: Site) -> None:
        """Follow these cameras from now on; those that are the same are not touched."""
        self._site = site

    def run(self) -> None:
        asyncio.run(self._follow())
        self._bus.close()

    async def _follow(self) -> None:
        taken: Site | None = None
        self._tasks.clear()  # of a loop that has failed
        while not self.context.stop.is_set():
            if self._site is not taken:
                taken = self._site
                await self._take(taken)
            await asyncio.sleep(_POLL_S)
        await self._end(tuple(self._tasks))

    async def _take(self, site: Site) -> None:
        wanted = {c.id: c for c in site.cameras if c.enabled and c.onvif is not None}
        keys = {name: key for name, camera in wanted.items() if (key := _key(site, camera))}
        await self._end([name for name, (key, _) in self._tasks.items() if keys.get(name) != key])
        for name, camera in wanted.items():
            if name not in self._tasks and name in keys:
                follower = Follower(
                    name,
                    _connector(site, camera, self.context),
                    self.context.clock,
                    self._tell,
                    partial(self._clock_seen, name),
                    pace=self._pace,
                )
                task = asyncio.create_task(follower.run(), name=f"onvif-{name}")
                self._tasks[name] = (keys[name], task)

    async def _end(self, names: "list[str] | tuple[str, ...]") -> None:
        """Give each camera a moment to end its subscription; it ends by itself otherwise."""
        tasks = [self._tasks.pop(name)[1] for name in names]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=_CLOSING_S)

    def _tell(self, event: CameraEvent) -> None:
        self._bus.show(CAMERA_EVENTS, event)

    def _clock_seen(self, camera: str, check: ClockCheck) -> None:
        """Keep it, unless the recorder knows better from sender reports."""
        now_ns = self.context.clock.utc_ns()
        kept = ClockLog(self.context.paths.recordings, camera)
        rtcp = [r.measured_ns for r in kept.readings() if r.source == "rtcp"]
        if rtcp and abs(now_ns - rtcp[-1]) < _RTCP_FRESH_NS:
            return
        kept.note(
            ClockReading(
                measured_ns=now_ns,
                offset_s=round(check.offset_s, 3),
                uncertainty_s=round(check.uncertainty_s, 3),
                source="onvif",
            )
        )


def _key(site: Site, camera: Camera) -> object:
    """Differs when the camera is to be connected to anew; None: it cannot be signed in to."""
    try:
        mark = credentials_of(site).mark(camera)
    except WardwatchError as error:
        log.error("camera cannot be followed", camera=camera.id, error=str(error))
        return None
    return (camera.onvif, camera.username, mark, site.networks)


def _connector(site: Site, camera: Camera, context: Context) -> Callable[[], OnvifCamera]:
    def connect() -> OnvifCamera:
        credential = credentials_of(site).of(camera)
        if camera.onvif is None:
            raise WardwatchError(f"camera {camera.id}: has no onvif address")
        return OnvifCamera(
            camera.id,
            camera.onvif,
            username=credential.username if credential else None,
            password=credential.password if credential else None,
            clock=context.clock,
            timeout_s=_TIMEOUT_S,
            networks=Networks(site.networks),
        )

    return connect
