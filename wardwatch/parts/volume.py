"""The volume of cameras' own loudspeakers, set by ONVIF for the time of one talk."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import structlog

from core.clock import NS_PER_S, Clock
from core.config.cameras import Camera
from core.config.site import Site
from core.credentials import credentials_of
from core.errors import WardwatchError
from core.networks import Networks
from ingest.onvif.camera import OnvifCamera

log = structlog.get_logger()

PATIENCE_S = 3.0
"""A warning waits so long for its volume, then it is made softer instead."""
NOT_AGAIN_S = 300.0
"""A camera that did not take a volume is not asked again for so long."""


class VolumeError(WardwatchError):
    """The output level of a camera cannot be set."""


class OnvifVolume:
    """Turns the output level of a camera up or down and back; see ``broadcast.volume.Knob``.

    It is put back because a volume that a person chose for one warning must not stay for the
    next. Should the program die in between, it stays: what is configured as ``speaker.volume`` is
    set for every warning.

    Args:
        site: gives the configuration at present.
    """

    def __init__(self, site: Callable[[], Site], clock: Clock) -> None:
        self._site, self._clock = site, clock
        self._lock = threading.Lock()
        self._failed: dict[str, tuple[int, str]] = {}

    @contextmanager
    def __call__(self, camera: Camera, volume: int) -> Iterator[str]:
        """Words for the receipt while it is so loud.

        Raises:
            VolumeError: the camera has no ONVIF address or no audio output, does not answer in
                time, or the loudspeaker is another device.
        """
        self._check(camera)
        try:
            before, wanted = asyncio.run(self._turn(camera, volume))
        except (WardwatchError, TimeoutError) as error:
            why = str(error) or f"camera {camera.id}: no answer within {PATIENCE_S:g} s"
            with self._lock:
                self._failed[camera.id] = (self._clock.monotonic_ns(), why)
            raise VolumeError(why) from None
        try:
            yield f"ONVIF output level {wanted}, before {before}"
        finally:
            if before != wanted:
                self._put_back(camera, before)

    def _check(self, camera: Camera) -> None:
        if camera.onvif is None:
            raise VolumeError(f"camera {camera.id}: has no onvif address")
        own = camera.speaker.url if camera.speaker else None
        address = camera.onvif if "//" in camera.onvif else f"//{camera.onvif}"
        if own is not None and urlsplit(own).hostname != urlsplit(address).hostname:
            raise VolumeError(f"camera {camera.id}: the loudspeaker is another device")
        with self._lock:
            at_ns, why = self._failed.get(camera.id, (0, ""))
        if why and self._clock.monotonic_ns() - at_ns < NOT_AGAIN_S * NS_PER_S:
            raise VolumeError(why)

    async def _turn(self, camera: Camera, volume: int) -> tuple[int, int]:
        """The levels before and now."""
        async with asyncio.timeout(PATIENCE_S), self._connected(camera) as device:
            found = await device.volume.level()
            wanted = found.of_volume(volume)
            if wanted != found.level:
                await device.volume.set_level(found, wanted)
            return found.level, wanted

    def _put_back(self, camera: Camera, level: int) -> None:
        async def turn() -> None:
            async with asyncio.timeout(PATIENCE_S), self._connected(camera) as device:
                await device.volume.set_level(await device.volume.level(), level)

        try:
            asyncio.run(turn())
        except (WardwatchError, TimeoutError) as error:
            log.warning("volume.not_put_back", camera=camera.id, level=level, error=str(error))

    def _connected(self, camera: Camera) -> OnvifCamera:
        site = self._site()
        credential = credentials_of(site).of(camera)
        return OnvifCamera(
            camera.id,
            camera.onvif or "",
            username=credential.username if credential else None,
            password=credential.password if credential else None,
            clock=self._clock,
            timeout_s=PATIENCE_S,
            networks=Networks(site.networks),
        )
