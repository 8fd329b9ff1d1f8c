"""One worker a camera, kept in step with the configuration while it changes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import structlog

from core.config.cameras import PULLED, PUSHED, Camera
from core.config.site import Site
from core.credentials import credentials_of
from core.errors import WardwatchError
from core.networks import Networks

log = structlog.get_logger()

Keys = Mapping[str, object]
"""By camera id, what a worker was started with; another key asks for another worker."""


@dataclass(frozen=True)
class Steps:
    """What leads from one set of cameras to another; ids in no two of the three."""

    removed: tuple[str, ...]
    added: tuple[str, ...]
    changed: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.removed or self.added or self.changed)


def compare(present: Keys, wanted: Keys) -> Steps:
    """The steps from what there is to what there shall be, each in the order of its side.

    >>> compare({"a": 1, "b": 1, "c": 1}, {"b": 2, "c": 1, "d": 1})
    Steps(removed=('a',), added=('d',), changed=('b',))
    """
    return Steps(
        removed=tuple(one for one in present if one not in wanted),
        added=tuple(one for one in wanted if one not in present),
        changed=tuple(one for one in wanted if one in present and wanted[one] != present[one]),
    )


def connection_key(site: Site, camera: Camera, address: str) -> object:
    """Differs exactly when a connection to one of the camera's streams must be made anew.

    Raises:
        ConfigError: the stored passwords cannot be read.
    """
    parts = urlsplit(address)
    if parts.scheme not in (*PULLED, *PUSHED):
        return address
    sign_in = (camera.username, credentials_of(site).mark(camera))
    if parts.scheme in PUSHED:
        return (address, sign_in, site.networks)  # which decide about whoever sends
    return (address, camera.streams.transport, sign_in, _standing(parts.hostname or "", site))


def _standing(host: str, site: Site) -> object:
    """Whether the address is permitted; a name's answer may change with the networks."""
    networks = Networks(site.networks)
    try:
        return networks.permits(host)
    except ValueError:
        return networks.ranges


class Crew:
    """Starts, changes and ends what works on single cameras.

    Args:
        key: what a worker depends on.
        start: starts the worker of a camera, in the place of an older one. If it raises, the
            older one stays, and it is tried again with the next site.
        end: ends a camera's worker for a reason: "removed" or "disabled".
        what: the complaint about a camera that cannot be started.
    """

    def __init__(
        self,
        key: Callable[[Site, Camera], object],
        start: Callable[[Site, Camera], None],
        end: Callable[[str, str], None],
        *,
        what: str,
    ) -> None:
        self._key, self._start, self._end, self._what = key, start, end, what
        self._present: dict[str, object] = {}
        self._site: Site | None = None

    def again(self) -> None:
        """Carry out what differs because keys have changed, with the same site."""
        if self._site is not None:
            self.take(self._site)

    def take(self, site: Site) -> None:
        """Carry out what differs from the site before; what does not is left alone.

        A camera that is configured wrongly is complained of and stops nobody.
        """
        self._site = site
        wanted: dict[str, object] = {}
        for camera in site.cameras:
            if camera.enabled:
                try:
                    wanted[camera.id] = self._key(site, camera)
                except WardwatchError as error:
                    self._complain(camera.id, error)
                    if camera.id in self._present:
                        wanted[camera.id] = self._present[camera.id]
        steps = compare(self._present, wanted)
        for name in steps.removed:
            self._end(name, "removed" if site.camera(name) is None else "disabled")
            del self._present[name]
        for camera in site.cameras:
            if camera.id not in (*steps.changed, *steps.added):
                continue
            try:
                self._start(site, camera)
            except WardwatchError as error:
                self._complain(camera.id, error)
            except Exception:
                log.exception(self._what, camera=camera.id)
            else:
                self._present[camera.id] = wanted[camera.id]

    def _complain(self, camera: str, error: WardwatchError) -> None:
        log.error(self._what, camera=camera, error=str(error))
