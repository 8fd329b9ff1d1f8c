"""S3-compatible storage (Amazon's S3 API of 2006-03-01): MinIO, Ceph, Garage, cloud providers.

Spoken by botocore with nothing but what it is given: no profile, no instance metadata, no proxy,
no redirect to another host. Checksums are those asked for (``x-amz-checksum-sha256``), no
trailers, which older servers do not know.
"""

import base64
import hashlib
import os
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import botocore.session
import structlog
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from core.clock import NS_PER_S
from recorder.remote.base import Ability, Held, Listed, Remote, Retention, Stream, Version
from recorder.remote.errors import (
    AwayError,
    DiffersError,
    GoneError,
    RefusedError,
    RemoteError,
    TakenError,
)
from recorder.remote.s3_deletion import UNKNOWN_TO_IT, Deletion
from recorder.remote.s3_errors import code_of, told
from recorder.remote.s3_parts import PART, Parts, composite, pieces

PROBE = ".probe/"
_CONNECT_S, _READ_S = 5, 30
_TRIES = 2
_CONDITIONAL = ("PutObject", "CompleteMultipartUpload")

log = structlog.get_logger()


@dataclass(frozen=True)
class Place:
    """Where the storage is, and how to sign in; the keys are in no representation.

    Attributes:
        endpoint: its address, ``https://host:port``.
        prefix: what all names begin with; empty, or ending with a slash.
        ca_file: certificates that its own must lead to; None: public authorities.
        path_style: the bucket is part of the path, else of the host name.
        keys_from: where the keys are set, for messages.
    """

    endpoint: str
    bucket: str
    prefix: str
    region: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    path_style: bool = True
    ca_file: Path | None = None
    keys_from: str = "vault.access_key_env and vault.secret_key_env"


class S3(Remote):
    """One bucket, or what lies under one prefix of it. Usable by several threads."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.name = f"s3://{place.bucket}/{place.prefix} at {place.endpoint}"
        self._client = _client(place)
        self._conditional = True
        self._checks: bool | None = None
        self._deletion = Deletion(self._client, place, place.prefix, self.name, self.names)

    def put(
        self,
        key: str,
        source: Path | bytes,
        sha256: str,
        retention: Retention | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        lock = _lock(retention)
        if isinstance(source, Path) and source.stat().st_size > PART:
            with self._told(key):
                Parts(self._client, self._where(key), self._condition(), self.name).send(
                    source, sha256, lock, stop
                )
            return
        content = source if isinstance(source, bytes) else source.read_bytes()
        if hashlib.sha256(content).hexdigest() != sha256:
            raise DiffersError(f"{source!s:.200}: is not what was sealed; it is not sent")
        with self._told(key):
            self._put(key, content, sha256, lock)

    def head(self, key: str) -> Held | None:
        try:
            with self._told(key):
                found = self._client.head_object(**self._where(key), ChecksumMode="ENABLED")
        except GoneError:
            return None
        checksum = _plain(found.get("ChecksumSHA256"))
        return Held(found["ContentLength"], checksum if checksum and self._computes() else None)

    @contextmanager
    def open(self, key: str, first: int = 0, last: int | None = None) -> Iterator[Stream]:
        wanted: dict[str, Any] = {}
        if first or last is not None:
            wanted["Range"] = f"bytes={first}-{'' if last is None else last}"
        with self._told(key):
            found = self._client.get_object(**self._where(key), **wanted)
        body = found["Body"]
        try:
            yield _Body(self, key, body)
        finally:
            body.close()

    def names(self, prefix: str, after: str = "") -> Iterator[Listed]:
        place = self._place
        asked: dict[str, Any] = {"Bucket": place.bucket, "Prefix": place.prefix + prefix}
        if after:
            asked["StartAfter"] = place.prefix + after
        while True:
            with self._told(prefix):
                page = self._client.list_objects_v2(**asked)
            for one in page.get("Contents", ()):
                key = one["Key"].removeprefix(place.prefix)
                if key > after:  # not every storage knows StartAfter
                    yield Listed(key, one["Size"])
            if not page.get("IsTruncated"):
                return
            asked["ContinuationToken"] = page["NextContinuationToken"]

    def versions(self, prefix: str) -> list[Version]:
        with self._told(prefix):
            return self._deletion.versions(prefix)

    def delete(self, one: Version) -> None:
        with suppress(GoneError), self._told(one.key):
            self._deletion.delete(one)

    def abandon(self, key: str) -> None:
        with self._told(key):
            self._deletion.abandon(key)

    def checksum_of(self, source: Path | bytes, sha256: str) -> str:
        if isinstance(source, Path) and source.stat().st_size > PART:
            with source.open("rb") as stream:
                return composite([hashlib.sha256(piece).digest() for piece in pieces(stream)])
        return base64.b64encode(bytes.fromhex(sha256)).decode()

    def examine(self) -> list[Ability]:
        key, content = f"{PROBE}{secrets.token_hex(8)}", b"wardwatch " + secrets.token_bytes(16)
        digest = hashlib.sha256(content).hexdigest()
        self.put(key, content, digest)
        try:
            found = [Ability("write", True, "an object was stored")]
            with self.open(key) as stream:
                same = stream.read(len(content) + 1) == content
            found.append(Ability("read", same, "as it was stored" if same else "not what was sent"))
            listed = any(one.key == key for one in self.names(PROBE))
            found.append(Ability("list", listed, "in the listing" if listed else "not listed"))
            found += [self._knows_checksum(key, content, digest), self._is_write_once(key)]
            found.append(self._lockable())
        finally:
            deleted = self._delete(key)
        return [*found, deleted]

    def close(self) -> None:
        self._client.close()

    def _put(self, key: str, content: bytes, sha256: str, lock: dict[str, Any]) -> None:
        self._client.put_object(
            **self._where(key),
            **self._condition(),
            **lock,
            Body=content,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=self.checksum_of(content, sha256),
        )

    def _knows_checksum(self, key: str, content: bytes, digest: str) -> Ability:
        held = self.head(key)
        good = held is not None and held.checksum == self.checksum_of(content, digest)
        if good:
            return Ability("checksum", True, "SHA-256 is computed and kept")
        said = "is repeated unchecked" if self._checks is False else "is not kept"
        return Ability("checksum", False, f"SHA-256 {said}; what is sent is read back")

    def _computes(self) -> bool:
        """Whether its checksums are its own: some repeat unchecked what they were told.

        Found out once, by something sent with a wrong one.
        """
        if self._checks is None:
            key = f"{PROBE}{secrets.token_hex(8)}"
            try:
                with self._told(key):
                    self._put(key, b"one thing", hashlib.sha256(b"another").hexdigest(), {})
            except (AwayError, RefusedError):
                raise
            except RemoteError:
                self._checks = True
            else:
                self._checks = False
                log.warning("the storage's checksums mean nothing", storage=self.name)
                self._delete(key)
        return self._checks

    def _is_write_once(self, key: str) -> Ability:
        what, other = "write once", b"another content"
        try:
            with self._told(key):
                self._put(key, other, hashlib.sha256(other).hexdigest(), {})
        except TakenError:
            if self._conditional:
                return Ability(what, True, "If-None-Match is heeded: nothing is overwritten")
        return Ability(
            what,
            False,
            "If-None-Match is ignored: another program with these keys could overwrite evidence; "
            "use versioning with Object Lock, or another storage",
        )

    def _lockable(self) -> Ability:
        try:
            found = self._client.get_object_lock_configuration(Bucket=self._place.bucket)
            on = found["ObjectLockConfiguration"].get("ObjectLockEnabled") == "Enabled"
        except (ClientError, BotoCoreError, KeyError):
            on = False
        return Ability("object lock", on, "the bucket has it" if on else "the bucket has none")

    def _delete(self, key: str) -> Ability:
        try:
            self._client.delete_object(**self._where(key))
        except (ClientError, BotoCoreError) as error:
            return Ability("delete", False, f"not allowed, which is well ({code_of(error)})")
        return Ability("delete", True, "these keys may delete; keys that may not are safer")

    def _condition(self) -> dict[str, str]:
        return {"IfNoneMatch": "*"} if self._conditional else {}

    def _where(self, key: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._place.prefix + key}

    @contextmanager
    def _told(self, key: str) -> Iterator[None]:
        """botocore's errors in our words."""
        try:
            yield
        except (ClientError, BotoCoreError) as error:
            asked = getattr(error, "operation_name", "")
            if asked in _CONDITIONAL and code_of(error) in UNKNOWN_TO_IT and self._conditional:
                # From now on a look before each upload is all there is.
                self._conditional = False
                log.warning("the storage does not know If-None-Match", storage=self.name)
                raise AwayError(
                    f"{self.name}: does not know If-None-Match; tried without"
                ) from None
            raise told(error, self.name, key, self._place) from None


class _Body:
    """What is on its way, with errors in our words."""

    def __init__(self, of: S3, key: str, body: Any) -> None:
        self._of, self._key, self._body = of, key, body

    def read(self, size: int) -> bytes:
        with self._of._told(self._key):
            content: bytes = self._body.read(size)
        return content


def _client(place: Place) -> Any:
    session = botocore.session.Session()
    # What the environment and the home directory say is for other programs.
    session.session_var_map["profile"] = (None, None, None, None)
    for name in ("config_file", "credentials_file"):
        session.set_config_variable(name, os.devnull)
    session.set_credentials(place.access_key, place.secret_key, place.session_token)
    client = session.create_client(
        "s3",
        region_name=place.region,
        endpoint_url=place.endpoint,
        verify=True if place.ca_file is None else str(place.ca_file),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path" if place.path_style else "virtual"},
            proxies={},
            connect_timeout=_CONNECT_S,
            read_timeout=_READ_S,
            retries={"mode": "standard", "total_max_attempts": _TRIES},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            use_dualstack_endpoint=False,
            use_fips_endpoint=False,
        ),
    )
    home = urlsplit(place.endpoint)
    hosts = {home.netloc.lower(), f"{place.bucket}.{home.netloc}".lower()}

    def stay(request: Any, **_: Any) -> None:
        asked = urlsplit(request.url)
        if asked.scheme != home.scheme or asked.netloc.lower() not in hosts:
            raise RefusedError(
                f"{place.endpoint}: sends us on to {asked.netloc}, which is not followed; see "
                "vault.endpoint and vault.region"
            )

    client.meta.events.register_first("before-send.s3", stay)
    client.meta.events.register_first("needs-retry.s3", _know_the_region)
    return client


def _know_the_region(request_dict: dict[str, Any], **_: Any) -> None:
    """Keep botocore from looking for the bucket's region after a redirect: it is configured.

    Its search asks the same server, whose redirect makes it search again, without an end.
    """
    request_dict["context"].setdefault("s3_redirect", {})["redirected"] = True


def _lock(retention: Retention | None) -> dict[str, Any]:
    if retention is None:
        return {}
    return {
        "ObjectLockMode": retention.mode.upper(),
        "ObjectLockRetainUntilDate": datetime.fromtimestamp(retention.until_ns // NS_PER_S, UTC),
    }


def _plain(checksum: str | None) -> str | None:
    """Without the number of parts that some append."""
    return checksum.partition("-")[0] if checksum else None
