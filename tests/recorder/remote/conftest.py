"""A station whose evidence also goes to a real S3 server."""

import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.config import Config

from core.cases import EvidenceItem
from core.clock import Clock, ManualClock
from recorder.remote.cache import Cache, Limits
from recorder.remote.library import Library
from recorder.remote.records import Records
from recorder.remote.s3 import S3, Place
from recorder.remote.sending import Locking, Sender
from recorder.remote.uploads import Uploads
from recorder.remote.vault import RemoteVault
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.sealer import Sealer
from tests.recorder.remote.faults import Faults, Server

INCIDENT = "inc-0123456789"
PREFIX = "site-1/"


def raw_client(endpoint: str) -> Any:
    """The tests' own way to look into the storage, and to do harm there."""
    session = botocore.session.Session()
    session.set_credentials("tests", "tests-secret")
    return session.create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=endpoint,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
    )


@dataclass
class Bucket:
    """One bucket of the server."""

    endpoint: str
    name: str
    client: Any
    faults: Faults

    @property
    def place(self) -> Place:
        return Place(
            endpoint=self.endpoint,
            bucket=self.name,
            prefix=PREFIX,
            region="us-east-1",
            access_key="station",
            secret_key="station-secret",
        )

    def content(self, key: str) -> bytes:
        found: bytes = self.client.get_object(Bucket=self.name, Key=PREFIX + key)["Body"].read()
        return found

    def spoil(self, key: str, content: bytes) -> None:
        """Overwrite, as somebody with the keys could on a storage without locks."""
        self.client.put_object(Bucket=self.name, Key=PREFIX + key, Body=content)

    def remove(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=PREFIX + key)

    def names(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name).get("Contents", ())
        return [one["Key"].removeprefix(PREFIX) for one in found]


@dataclass
class Station:
    """A vault below ``root`` and what sends it to a bucket."""

    root: Path
    clock: Clock
    vault: RemoteVault
    uploads: Uploads
    bucket: Bucket
    stop: threading.Event

    def seal(
        self, content: bytes | str = "moving pictures", role: str = "clip", **more: Any
    ) -> EvidenceItem:
        if isinstance(self.clock, ManualClock):
            self.clock.advance(1)
        file = self.root / "made.mp4"
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        now_ns = self.clock.utc_ns()
        return self.vault.seal(
            INCIDENT, role, file, camera="river-1", first_ns=now_ns - 10**9, last_ns=now_ns, **more
        )

    def once(self) -> None:
        self.uploads.once(self.stop)

    def name(self, item: EvidenceItem) -> str:
        return item.path.removeprefix(f"{INCIDENT}/")


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def make_bucket(server: Server) -> Iterator[Callable[..., Bucket]]:
    client = raw_client(server.endpoint)

    def make(**options: Any) -> Bucket:
        name = f"evidence-{secrets.token_hex(6)}"
        client.create_bucket(Bucket=name, **options)
        server.faults.asked.clear()
        return Bucket(server.endpoint, name, client, server.faults)

    yield make
    server.faults.rules.clear()
    server.faults.without.clear()
    server.faults.checking = True
    client.close()


@pytest.fixture
def bucket(make_bucket: Callable[..., Bucket]) -> Bucket:
    return make_bucket()


@pytest.fixture
def make_station(tmp_path: Path, clock: ManualClock) -> Iterator[Callable[..., Station]]:
    made: list[Station] = []

    def make(
        bucket: Bucket,
        *,
        place: Place | None = None,
        limits: Limits | None = None,
        locking: Locking | None = None,
        read_back: bool = False,
        alarm_s: float = 3600,
    ) -> Station:
        keys = KeyRing(tmp_path / "keys", clock, station="望守镇")
        sealer = Sealer(keys, SiteLog(tmp_path / "log", keys, clock))
        remote = S3(place or bucket.place)
        root = tmp_path / "vault"
        library = Library(lambda: remote, Records(root), clock)
        vault = RemoteVault(root, clock, sealer, library)
        sender = Sender(remote, clock, locking, read_back=read_back)
        cache = Cache(vault, clock, limits or Limits())
        uploads = Uploads(vault, sender, cache, clock, alarm_s=alarm_s)
        made.append(Station(tmp_path, clock, vault, uploads, bucket, threading.Event()))
        return made[-1]

    yield make
    for one in made:
        one.vault.library.remote.close()


@pytest.fixture
def station(make_station: Callable[..., Station], bucket: Bucket) -> Station:
    return make_station(bucket)
