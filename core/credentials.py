"""Sign-ins of cameras, encrypted at rest.

``credentials.json`` lies beside ``cameras.yaml`` and may be copied and backed up with it; the
key lies elsewhere (the data directory, or a secret store that sets an environment variable).
Each entry is AES-256-GCM (NIST SP 800-38D) with a nonce of its own, bound to its camera's id, so
that entries cannot be swapped unnoticed.
"""

import base64
import binascii
import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.config.cameras import Camera
from core.config.site import Site
from core.errors import ConfigError

SCHEMA = "wardwatch.credentials/1"
KEY_VARIABLE = "WARDWATCH_CREDENTIALS_KEY"

_KEY_BYTES = 32
_NONCE_BYTES = 12


@dataclass(frozen=True)
class Credential:
    """A user name and its password; the password is in no representation."""

    username: str
    password: str = field(repr=False)


class Credentials:
    """The sign-ins of one site.

    Args:
        file: where the encrypted entries are; need not exist.
        key_file: the key, readable by its owner alone; made with the first entry.
        environ: variables for ``password_env`` and the key.
    """

    def __init__(
        self, file: Path, key_file: Path, environ: Mapping[str, str] | None = None
    ) -> None:
        self.file, self.key_file = file, key_file
        self._environ: Mapping[str, str] = os.environ if environ is None else environ

    def of(self, camera: Camera) -> Credential | None:
        """How to sign in at this camera; None where it asks for nothing.

        What ``cameras.yaml`` says (``username``, ``password_env``) comes before the stored entry.

        Raises:
            ConfigError: the variable is not set, or the stored entry cannot be read.
        """
        if camera.password_env is not None:
            password = self._environ.get(camera.password_env)
            if password is None:
                raise ConfigError(
                    f"camera {camera.id}: password_env: the environment variable "
                    f"{camera.password_env} is not set"
                )
            return Credential(camera.username or "", password)
        stored = self.stored(camera.id)
        if stored is not None:
            return Credential(camera.username or stored.username, stored.password)
        return None if camera.username is None else Credential(camera.username, "")

    def of_speaker(self, camera: Camera) -> Credential | None:
        """How to sign in at this camera's loudspeaker: its own sign-in before the camera's.

        The camera's is only shown to what may be the camera itself (onvif, hikvision, axis).

        Raises:
            ConfigError: as :meth:`of`.
        """
        speaker = camera.speaker
        if speaker is None:
            return None
        own = camera.model_copy(
            update={
                "id": speaker_entry(camera.id),
                "username": speaker.username,
                "password_env": speaker.password_env,
            }
        )
        credential = self.of(own)
        if credential is None and speaker.driver in ("onvif", "hikvision", "axis"):
            return self.of(camera)
        return credential

    def stored(self, camera_id: str) -> Credential | None:
        """The stored entry of a camera, or None.

        Raises:
            ConfigError: the file or the key cannot be used.
        """
        sealed = self._read().get(camera_id)
        if sealed is None:
            return None
        try:
            raw = base64.b64decode(sealed, validate=True)
            opened = AESGCM(self._key()).decrypt(
                raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], _bound(camera_id)
            )
            username, password = json.loads(opened)
        except (InvalidTag, binascii.Error, ValueError):
            raise ConfigError(
                f"{self.file}: {camera_id}: cannot be opened with the key of {self._key_source()}; "
                f"set it anew with `wardwatch cameras password {camera_id}`"
            ) from None
        return Credential(str(username), str(password))

    def put(self, camera_id: str, credential: Credential) -> None:
        """Store an entry, in the place of an older one.

        Raises:
            ConfigError: the file or the key cannot be used.
        """
        with self._locked():
            entries = self._read()
            key = self._key(make=True)
            nonce = secrets.token_bytes(_NONCE_BYTES)
            plain = json.dumps([credential.username, credential.password]).encode()
            sealed = nonce + AESGCM(key).encrypt(nonce, plain, _bound(camera_id))
            entries[camera_id] = base64.b64encode(sealed).decode()
            self._write(entries)

    def remove(self, camera_id: str) -> bool:
        """Forget an entry; False when there was none."""
        if camera_id not in self._read():
            return False
        with self._locked():
            entries = self._read()
            entries.pop(camera_id, None)
            self._write(entries)
        return True

    def mark(self, camera: Camera) -> str:
        """Differs whenever the camera's sign-in differs; tells nothing about it."""
        if camera.password_env is not None:
            said = f"{camera.password_env}={self._environ.get(camera.password_env)}"
        else:
            said = self._read().get(camera.id, "")
        return hashlib.sha256(said.encode()).hexdigest()[:16]

    def _read(self) -> dict[str, str]:
        try:
            content = json.loads(self.file.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise ConfigError(f"{self.file}: cannot be read: {error}") from None
        entries = content.get("cameras") if isinstance(content, dict) else None
        if not isinstance(entries, dict) or content.get("schema") != SCHEMA:
            raise ConfigError(f"{self.file}: is no file of {SCHEMA}")
        return {str(name): str(sealed) for name, sealed in entries.items()}

    def _write(self, entries: dict[str, str]) -> None:
        content = {"schema": SCHEMA, "cameras": dict(sorted(entries.items()))}
        _write_secret(self.file, (json.dumps(content, indent=1) + "\n").encode())

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """One writer at a time; who writes at once with another loses nothing of the other's."""
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.file.parent, os.O_RDONLY)
        except OSError as error:
            raise ConfigError(f"{self.file}: cannot be written: {error.strerror}") from None
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _key_source(self) -> str:
        return KEY_VARIABLE if KEY_VARIABLE in self._environ else str(self.key_file)

    def _key(self, *, make: bool = False) -> bytes:
        text = self._environ.get(KEY_VARIABLE)
        if text is None:
            text = self._key_from_file(make=make)
        try:
            key = base64.b64decode(text.strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise ConfigError(
                f"{self._key_source()}: is no key; it holds {_KEY_BYTES} base64 bytes"
            )
        return key

    def _key_from_file(self, *, make: bool) -> str:
        try:
            if make and not self.key_file.exists():
                self.key_file.parent.mkdir(parents=True, exist_ok=True)
                fresh = base64.b64encode(secrets.token_bytes(_KEY_BYTES)) + b"\n"
                _write_secret(self.key_file, fresh)
            mode = self.key_file.stat().st_mode
            text = self.key_file.read_text(encoding="ascii", errors="replace")
        except OSError as error:
            raise ConfigError(
                f"{self.key_file}: the key of the cameras' passwords cannot be read: "
                f"{error.strerror}"
            ) from None
        if mode & 0o077:
            raise ConfigError(f"{self.key_file}: others can read this key; chmod 600 it")
        return text


def speaker_entry(camera_id: str) -> str:
    """The name under which a loudspeaker's own sign-in is stored; no camera can have it."""
    return f"{camera_id}.speaker"


def credentials_of(site: Site, environ: Mapping[str, str] | None = None) -> Credentials:
    """Those of a site as it was loaded."""
    files = site.credentials
    return Credentials(
        files.file or site.data_dir / "credentials.json",
        files.key_file or site.data_dir / "credentials.key",
        environ,
    )


def _bound(camera_id: str) -> bytes:
    return f"{SCHEMA}\0{camera_id}".encode()


def _write_secret(path: Path, content: bytes) -> None:
    """Whole or not at all, and for its owner alone."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from None
