"""Evidence elsewhere, as the configuration has it."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from core.cases import EvidenceItem
from core.clock import Clock
from core.config.site import Site
from core.config.vault import VaultPlace
from core.errors import ConfigError
from core.remote import RemoteState
from recorder.remote.base import PIECE, Remote
from recorder.remote.cache import Cache, Limits
from recorder.remote.library import Library
from recorder.remote.records import Records
from recorder.remote.sending import Locking, Sender
from recorder.remote.uploads import Uploads
from recorder.remote.vault import RemoteVault
from wardwatch.paths import Paths

_NAMES = {
    "access_key": "access_key",
    "aws_access_key_id": "access_key",
    "secret_key": "secret_key",
    "aws_secret_access_key": "secret_key",
    "session_token": "session_token",
    "aws_session_token": "session_token",
}


def remote_of(site: Site, environ: Mapping[str, str] | None = None) -> Remote:
    """The storage of a site.

    Raises:
        ConfigError: none is configured, its keys are missing, or the library is not installed.
    """
    place = site.vault
    if place.url is None or place.endpoint is None:
        raise ConfigError("vault.url: names no storage")
    try:
        from recorder.remote.s3 import S3, Place  # an extra, and slow to load
    except ImportError:
        raise ConfigError(
            "vault.url: S3 needs the extra wardwatch[s3] (pip install botocore)"
        ) from None
    beside = site.directory or Path()
    keys, keys_from = _keys(place, beside, os.environ if environ is None else environ)
    ca_file = beside / place.ca_file if place.ca_file is not None else None
    if ca_file is not None and not ca_file.is_file():
        raise ConfigError(f"vault.ca_file: {ca_file}: no such file")
    return S3(
        Place(
            endpoint=place.endpoint.rstrip("/"),
            bucket=place.bucket,
            prefix=place.prefix,
            region=place.region,
            access_key=keys["access_key"],
            secret_key=keys["secret_key"],
            session_token=keys.get("session_token"),
            path_style=place.path_style,
            ca_file=ca_file,
            keys_from=keys_from,
        )
    )


def library_of(site: Site, paths: Paths, clock: Clock) -> Library:
    """The copies elsewhere; the storage is asked for when something is read."""
    return Library(partial(remote_of, site), Records(paths.vault), clock)


def uploads_of(site: Site, vault: RemoteVault, clock: Clock) -> Uploads:
    """What sends evidence there.

    Raises:
        ConfigError: as :func:`remote_of`.
    """
    place = site.vault
    lock = place.lock
    locking = (
        Locking(lock.mode, lock.days, lock.copy_days or lock.days) if lock is not None else None
    )
    sender = Sender(vault.library.remote, clock, locking, read_back=place.verify == "read")
    most = None if place.keep_gb is None else round(place.keep_gb * 1e9)
    cache = Cache(vault, clock, Limits(place.keep_days, most))
    return Uploads(vault, sender, cache, clock, alarm_s=place.alarm_h * 3600)


class Elsewhere:
    """Satisfies :class:`core.remote.RemoteEvidence`.

    Attributes:
        uploads: None until the storage could be opened; ``error`` says why it could not.
    """

    def __init__(self, site: Site, vault: RemoteVault) -> None:
        self._where, self._vault = f"{site.vault.url} at {site.vault.endpoint}", vault
        self.uploads: Uploads | None = None
        self.error = ""

    def state(self) -> RemoteState:
        """How far storing has come."""
        if self.uploads is not None:
            return self.uploads.state()
        return RemoteState(
            where=self._where, state="stuck" if self.error else "sending", error=self.error
        )

    def holds(self, item: EvidenceItem) -> bool:
        """Whether it is known to be stored there."""
        return self._vault.library.holds(item.incident, _name(item))

    def read(self, item: EvidenceItem, first: int, last: int) -> Iterator[bytes]:
        """Bytes of a file; the first piece has come when this returns."""
        opened = ExitStack()
        try:
            stream = opened.enter_context(
                self._vault.library.open(item.incident, _name(item), first, last)
            )
            piece = stream.read(PIECE)
        except BaseException:
            opened.close()
            raise

        def pieces(piece: bytes) -> Iterator[bytes]:
            with opened:
                while piece:
                    yield piece
                    piece = stream.read(PIECE)

        return pieces(piece)

    def at_hand(self, item: EvidenceItem) -> Path:
        """The whole file, fetched and compared with the seal."""
        return self._vault.at_hand(item)


def _keys(
    place: VaultPlace, beside: Path, environ: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """Keys to sign in with, and what to look at when they are refused."""
    if place.credentials_file is not None:
        return _keys_in(beside / place.credentials_file), "vault.credentials_file"
    named = {"access_key": place.access_key_env, "secret_key": place.secret_key_env}
    for setting, variable in named.items():
        if not environ.get(variable):
            raise ConfigError(
                f"vault.{setting}_env: the environment variable {variable} is not set; set it, or "
                "name a file in vault.credentials_file"
            )
    keys = {setting: environ[variable] for setting, variable in named.items()}
    return keys, f"{place.access_key_env} and {place.secret_key_env} (vault.access_key_env)"


def _keys_in(file: Path) -> dict[str, str]:
    try:
        if file.stat().st_mode & 0o077:
            raise ConfigError(f"vault.credentials_file: {file}: others can read it; chmod 600 it")
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"vault.credentials_file: {file}: cannot be read: {error}") from None
    keys: dict[str, str] = {}
    for line in lines:
        name, equals, value = line.partition("=")
        known = _NAMES.get(name.strip().lower())
        if equals and known is not None:
            keys.setdefault(known, value.strip())
    for needed in ("access_key", "secret_key"):
        if not keys.get(needed):
            raise ConfigError(f"vault.credentials_file: {file}: has no line `{needed} = …`")
    return keys


def _name(item: EvidenceItem) -> str:
    return item.path.removeprefix(f"{item.incident}/")
