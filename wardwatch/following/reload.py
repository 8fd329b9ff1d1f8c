"""Follow the configuration directory while the command centre runs.

What people edit is the truth. Cameras (with their zones and loudspeakers), their passwords, the
camera networks and the duty roster are taken over within seconds; everything else at the next
start.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import structlog

from core.clock import Clock
from core.config.site import Site
from core.credentials import credentials_of
from core.errors import ConfigError, WardwatchError
from wardwatch.following.crew import Steps, compare
from wardwatch.paths import Paths

log = structlog.get_logger()

FOLLOWED = ("cameras", "networks", "duty")
_SET_BY_READER = "directory"
_POLL_S = 0.5


def publish(site: Site, path: Path) -> None:
    """Write the configuration for the child processes, whole or not at all, for nobody else."""
    _write(path, site.model_dump_json())


class Reload:
    """Takes over what is edited while running.

    A half-written file may be valid, with fewer cameras in it; so a change is looked at only
    when two looks in a row have found the same. One that is not valid changes nothing: it is
    complained of once, also in ``run/config.error``, until it is mended.

    Args:
        site: what the processes were, or will be, started with.
        read: reads the configuration anew, with the same choices made.
        say: tells a person what was taken over.
    """

    def __init__(
        self,
        site: Site,
        paths: Paths,
        read: Callable[[], Site],
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        self._site, self._paths, self._clock = site, paths, clock
        self._read, self._say = read, say
        self._last_read = site
        try:
            self._keys = _keys(site)
        except ConfigError:
            # The processes start all the same; the first look says what is wrong.
            self._keys = {camera.id: (camera, None) for camera in site.cameras}
        self._seen = b""
        self._settled = False
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="configuration", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._paths.config_error.unlink(missing_ok=True)
        self._thread.start()

    def stop(self) -> None:
        """Follow no longer."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def look(self) -> None:
        """Look once at the files."""
        found = self._digest()
        if found != self._seen:
            self._seen, self._settled = found, False
        elif not self._settled:
            self._settled = True
            self._take()

    def _run(self) -> None:
        while not self._clock.wait(self._stop, _POLL_S):
            try:
                self.look()
            except Exception:
                log.exception("configuration not followed")

    def _take(self) -> None:
        try:
            site = self._read()
            self._refuse_without_list()
            keys = _keys(site)
        except WardwatchError as error:
            problem = "; ".join(str(error).splitlines())
            log.error("configuration not taken over, cameras go on as before", problem=problem)
            _write(self._paths.config_error, f"{error}\n")
            return
        self._paths.config_error.unlink(missing_ok=True)
        self._warn_of_the_rest(site)
        steps = compare(self._keys, keys)
        update = {name: getattr(site, name) for name in FOLLOWED}
        if steps or any(getattr(self._site, name) != value for name, value in update.items()):
            self._site, self._keys = self._site.model_copy(update=update), keys
            publish(self._site, self._paths.site_file)
            log.info("configuration taken over", **vars(steps))
            self._say(f"Configuration taken over: {_told(steps)}")

    def _refuse_without_list(self) -> None:
        """Every camera would be removed by an editor that has deleted the file before writing."""
        directory = self._site.directory
        if directory is None or not self._site.cameras:
            return
        path = directory / "cameras.yaml"
        if not path.exists():
            raise ConfigError(f"{path}: no such file; write [] into it to remove all cameras")

    def _warn_of_the_rest(self, site: Site) -> None:
        """Name once what somebody has changed in vain until the next start."""
        for name in Site.model_fields:
            if name in (*FOLLOWED, _SET_BY_READER):
                continue
            value = getattr(site, name)
            if value not in (getattr(self._site, name), getattr(self._last_read, name)):
                log.warning("this change takes effect at the next start", section=name)
        self._last_read = site

    def _digest(self) -> bytes:
        """Of all files, by content: times may be too coarse to tell of a quick second edit."""
        digest = hashlib.sha256()
        for path in self._files():
            digest.update(f"{path}\0".encode())
            try:
                digest.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError as error:
                digest.update(str(error.errno).encode())
        return digest.digest()

    def _files(self) -> Iterator[Path]:
        if self._site.directory is not None:
            yield from sorted(self._site.directory.glob("*.yaml"))
        yield credentials_of(self._site).file


def _keys(site: Site) -> dict[str, object]:
    """By camera, all that may be changed of it.

    Raises:
        ConfigError: the stored passwords cannot be read.
    """
    credentials = credentials_of(site)
    return {camera.id: (camera, credentials.mark(camera)) for camera in site.cameras}


def _told(steps: Steps) -> str:
    parts = [f"{what} {', '.join(names)}" for what, names in vars(steps).items() if names]
    return "; ".join(parts) or "order of cameras, networks, duty"


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.tmp")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    fresh.replace(path)
