"""Whoever administers cameras asks here: the command line, and the console through the hub."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog

from core.clock import Clock
from core.config.cameras import Camera
from core.config.load import load
from core.config.site import Site
from core.credentials import Credential, credentials_of, speaker_entry
from core.errors import ConfigError
from core.networks import Networks
from core.roster import CameraDraft, FoundDevice, Probed
from ingest.base import Source
from ingest.onvif.errors import OnvifError, OnvifRefusedError
from wardwatch.cameras import drafts
from wardwatch.cameras.discovering import discover
from wardwatch.cameras.drafts import NewCamera, checked_id, fields_of
from wardwatch.cameras.page import Page
from wardwatch.cameras.probing import Prober, picture
from wardwatch.cameras.roster import Roster
from wardwatch.sources.opening import Sources

PICTURE_S = 20.0

log = structlog.get_logger()


class Office:
    """:class:`core.roster.CameraOffice` for a site as it was loaded.

    Args:
        site: with the directory that it was read from.
        files: a file may stand for a camera's stream; only for who sits at this machine.
        current: the site as it runs now; read anew from its directory by default.

    Raises:
        ConfigError: the site was not read from a directory.
    """

    def __init__(
        self,
        site: Site,
        clock: Clock,
        *,
        files: bool = False,
        current: Callable[[], Site] | None = None,
    ) -> None:
        if site.directory is None:
            raise ConfigError("this site was not read from a directory; its cameras cannot change")
        directory: Path = site.directory
        self.networks = Networks(site.networks)
        self._credentials = credentials_of(site)
        self._roster = Roster(directory)
        self._files = files
        self._clock = clock
        self._current = current or (lambda: load(directory))
        self._prober = Prober(clock, self.networks)

    async def discover(self, seconds: float = 3.0) -> tuple[FoundDevice, ...]:
        site = await asyncio.to_thread(self._current)
        return await discover(seconds, site.cameras, self.networks)

    async def probe(self, address: str, credential: Credential | None = None) -> Probed:
        return await self._prober.probe(address, credential)

    async def snapshot(self, camera: str) -> bytes:
        one = (await asyncio.to_thread(self._current)).camera(camera)
        if one is None:
            raise ConfigError(f"{camera}: there is no camera of that id")
        if one.streams.pushed:
            raise ConfigError(
                f"camera {camera}: sends by itself, so that it cannot be asked for a picture; "
                "look at it on the wall"
            )
        if one.onvif is not None:
            credential = await asyncio.to_thread(self._credentials.of, one)
            await self._prober.permitted(one.onvif)
            try:
                async with self._prober.onvif(one.id, one.onvif, credential) as device:
                    return await device.snapshot()
            except OnvifRefusedError:
                raise
            except OnvifError as error:
                log.info("no ONVIF picture, asking the stream", camera=camera, why=str(error))
        return await asyncio.to_thread(self._picture_of, one)

    async def snapshot_at(self, address: str, credential: Credential | None = None) -> bytes:
        """A JPEG picture of a device that need not be on the roster.

        Args:
            address: as for :meth:`probe`.
        """
        if not await self._prober.permitted(address):
            name = urlsplit(address if "://" in address else f"http://{address}").netloc
            async with self._prober.onvif(name, address, credential) as device:
                return await device.snapshot()
        source = self._prober.stream(urlsplit(address).hostname or "", address, credential)
        return await asyncio.to_thread(self._picture, source)

    def add(self, camera: str, draft: CameraDraft, credential: Credential | None = None) -> None:
        self.add_all([NewCamera(camera, draft, credential)])

    def add_all(self, cameras: Sequence[NewCamera], *, dry_run: bool = False) -> None:
        """Put several cameras on the roster, all or none.

        Args:
            dry_run: only see whether it could be done.
        """
        for new in cameras:
            self.check(new, resolve=len(cameras) == 1)
        with self._roster.editing() as page:
            page.add([_entry(new) for new in cameras])
            self._roster.check(page)
            if dry_run:
                return
            with self._kept([new.id for new in cameras]):
                for new in cameras:
                    # A password that an earlier camera of that id left must not go to this one.
                    self._store(new.id, new.credential)
                self._roster.write(page)
        for new in cameras:
            log.info("camera added", camera=new.id)

    def change(self, camera: str, draft: CameraDraft, credential: Credential | None = None) -> None:
        drafts.check_words(draft, credential)
        drafts.check_addresses(draft, self.networks, files=self._files)
        with self._roster.editing() as page:
            entry = page.entry(camera)
            fields = fields_of(draft, entry)
            if credential is not None:
                fields |= _signed_in(camera, entry, credential)
            page.change(camera, fields)
            self._roster.check(page)
            if credential is None:
                self._roster.write(page)
            else:
                with self._kept([camera]):
                    self._credentials.put(camera, credential)
                    self._roster.write(page)
        log.info("camera changed", camera=camera, fields=sorted(fields))

    def remove(self, camera: str) -> None:
        with self._roster.editing() as page:
            page.remove(camera)
            self._roster.check(page)
            self._roster.write(page)
            self._credentials.remove(camera)
            self._credentials.remove(speaker_entry(camera))
        log.info("camera removed", camera=camera)

    def check(self, new: NewCamera, *, resolve: bool = True) -> None:
        """Whether a camera could be added, as far as it alone is concerned.

        Args:
            resolve: also ask for the addresses of host names.

        Raises:
            ConfigError: names the field.
            AddressError: outside the networks.
        """
        checked_id(new.id)
        for field in ("name", "main"):
            if not getattr(new.draft, field):
                raise ConfigError(f"camera {new.id}: {field}: is needed")
        try:
            drafts.check_words(new.draft, new.credential)
            drafts.check_addresses(new.draft, self.networks, files=self._files, resolve=resolve)
        except ConfigError as error:
            raise ConfigError(f"camera {new.id}: {error}") from None

    def username(self, camera: str) -> str | None:
        """The stored sign-in name of a camera."""
        stored = self._readable(camera)
        return stored.username if stored else None

    def page(self) -> Page:
        """What the roster says now, to be looked at."""
        with self._roster.editing() as page:
            return page

    @contextmanager
    def _kept(self, cameras: Sequence[str]) -> Iterator[None]:
        """Passwords as they were before, should something fail."""
        before = {camera: self._readable(camera) for camera in cameras}
        try:
            yield
        except BaseException:
            for camera, credential in before.items():
                self._store(camera, credential)
            raise

    def _readable(self, camera: str) -> Credential | None:
        try:
            return self._credentials.stored(camera)
        except ConfigError:  # of a lost key: no use to anybody, and about to be replaced
            return None

    def _store(self, camera: str, credential: Credential | None) -> None:
        if credential is None:
            self._credentials.remove(camera)
        else:
            self._credentials.put(camera, credential)

    def _picture_of(self, camera: Camera) -> bytes:
        sources = Sources(self._clock, self._credentials, self.networks)
        return self._picture(sources.open(camera, camera.streams.main, process="recorder"))

    def _picture(self, source: Source) -> bytes:
        container = source.open()
        try:
            return picture(source, container, self._clock, PICTURE_S)
        finally:
            container.close()


def _entry(new: NewCamera) -> dict[str, Any]:
    fields = fields_of(new.draft, {})
    order = [name for name in Camera.model_fields if name in fields]
    return {"id": new.id, **{name: fields[name] for name in order}}


def _signed_in(camera: str, entry: dict[str, Any], credential: Credential) -> dict[str, Any]:
    """What must change in the entry for a stored sign-in to count."""
    if entry.get("password_env") is not None:
        raise ConfigError(
            f"camera {camera}: its password comes from the environment variable "
            f"{entry['password_env']} (password_env in cameras.yaml); set it there, or take "
            "password_env out first"
        )
    return {"username": credential.username} if "username" in entry else {}
