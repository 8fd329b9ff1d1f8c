"""What storages differ in, and what is never taken from the surroundings."""

import hashlib
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recorder.remote.errors import RefusedError
from recorder.remote.s3 import S3
from tests.recorder.remote.conftest import INCIDENT, Bucket, Station
from tests.recorder.remote.faults import Environ, error


def test_a_storage_that_keeps_no_checksum(station: Station) -> None:
    station.bucket.faults.without.add("x-amz-checksum-sha256")
    item = station.seal()
    station.once()
    sent = station.vault.library.records.of(INCIDENT).files[station.name(item)]
    assert (sent.how, sent.checksum) == ("read", None)
    assert station.bucket.faults.of("GET", station.name(item))


def test_a_storage_that_repeats_what_it_is_told(station: Station) -> None:
    """Its checksum is ours again, and says nothing of what it has."""
    station.bucket.faults.checking = False
    item = station.seal()
    station.once()
    sent = station.vault.library.records.of(INCIDENT).files[station.name(item)]
    assert (sent.how, sent.checksum) == ("read", None)
    found = {one.what: one for one in station.vault.library.remote.examine()}
    assert "repeated unchecked" in found["checksum"].detail
    assert not [one for one in station.bucket.names() if one.startswith(".probe/")]


def test_always_reading_back(make_station: Callable[..., Station], bucket: Bucket) -> None:
    station = make_station(bucket, read_back=True)
    item = station.seal()
    station.once()
    assert station.vault.library.records.of(INCIDENT).files[station.name(item)].how == "read"


def test_what_a_storage_can_do(bucket: Bucket, make_bucket: Callable[..., Bucket]) -> None:
    found = {one.what: one for one in S3(bucket.place).examine()}
    assert {what for what, one in found.items() if one.good} == {
        "write", "read", "list", "checksum", "write once", "delete",
    }  # fmt: skip
    assert bucket.names() == [], "the trial leaves nothing behind"
    locked = make_bucket(ObjectLockEnabledForBucket=True)
    assert {one.what: one.good for one in S3(locked.place).examine()}["object lock"]

    bucket.faults.without |= {"if-none-match", "x-amz-checksum-sha256"}
    found = {one.what: one for one in S3(bucket.place).examine()}
    assert not found["write once"].good
    assert "ignored" in found["write once"].detail
    assert "read back" in found["checksum"].detail


def test_a_storage_that_does_not_know_conditions(station: Station) -> None:
    def strict(environ: Environ) -> Any:
        return error("501 Not Implemented", "NotImplemented") if (
            "HTTP_IF_NONE_MATCH" in environ
        ) else None  # fmt: skip

    station.bucket.faults.rules.append(strict)
    item = station.seal()
    assert station.uploads.step(station.stop) > 0
    station.once()
    assert station.bucket.content(item.path) == b"moving pictures"


def test_nobody_is_followed_elsewhere(station: Station) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        other.settimeout(0.2)
        where = f"http://127.0.0.1:{other.getsockname()[1]}/"

        def away(environ: Environ) -> Any:
            return "307 Temporary Redirect", b"", {"Location": where}

        station.bucket.faults.rules.append(away)
        with pytest.raises(RefusedError, match=r"vault\.endpoint"):
            list(station.vault.library.remote.names(""))
        with pytest.raises(TimeoutError):
            other.accept()


def test_nothing_is_taken_from_the_surroundings(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text("[profile other]\nregion = mars-north-1\n")
    for name, value in {
        "AWS_PROFILE": "nobody",
        "AWS_CONFIG_FILE": str(config),
        "AWS_ACCESS_KEY_ID": "somebody-else",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_CA_BUNDLE": "/nowhere.pem",
        "AWS_USE_DUALSTACK_ENDPOINT": "true",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
        "HTTPS_PROXY": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    remote = S3(bucket.place)
    signed = []
    bucket.faults.rules.append(lambda environ: signed.append(environ["HTTP_AUTHORIZATION"]))
    content = b"content"
    remote.put("a/b", content, hashlib.sha256(content).hexdigest())
    assert bucket.content("a/b") == content
    assert "Credential=station/" in signed[0]
    assert "station-secret" not in repr(bucket.place)
