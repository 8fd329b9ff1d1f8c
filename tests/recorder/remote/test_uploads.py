"""What is sealed gets there, once, whatever happens on the way."""

import errno
import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock
from recorder.remote import records as records_module
from recorder.remote import s3, s3_parts, uploads
from recorder.remote.errors import AwayError, RefusedError
from recorder.remote.sending import Locking
from recorder.seal.check.judge import judge
from recorder.seal.custody import Act
from tests.recorder.remote.conftest import INCIDENT, PREFIX, Bucket, Station
from tests.recorder.remote.faults import BUSY, Environ, Quiet, error

MIB = 1 << 20


def puts(station: Station, item: Any) -> int:
    return len(station.bucket.faults.of("PUT", station.name(item)))


def test_evidence_and_its_seal_arrive_once(station: Station, tmp_path: Path) -> None:
    clip = station.seal(b"moving pictures")
    shot = station.seal(b"a still", "snapshot", parent_sha256=clip.sha256)
    assert station.uploads.state().state == "ok"
    station.once()
    for item, content in ((clip, b"moving pictures"), (shot, b"a still")):
        assert station.bucket.content(item.path) == content
        sent = station.vault.library.records.of(INCIDENT).files[station.name(item)]
        assert (sent.how, sent.sha256) == ("checksum", item.sha256)
    state = station.uploads.state()
    assert (state.state, state.waiting, state.sent) == ("ok", 0, 2)
    asked = len(station.bucket.faults.asked)
    station.once()
    assert len(station.bucket.faults.asked) == asked, "nothing changed, so nobody is asked"

    # What lies there is the sealed folder again, with a proof of the log, for who knows only it.
    there = tmp_path / "there"
    (key,) = [one for one in station.bucket.names() if "/states/" in one]
    assert key.startswith(f"{INCIDENT}/states/000001-")
    packed = tmp_path / "state.zip"
    packed.write_bytes(station.bucket.content(key))
    zipfile.ZipFile(packed).extractall(there)
    for item in (clip, shot):
        (there / station.name(item)).write_bytes(station.bucket.content(item.path))
    report = judge(there)
    assert report.authentic, report.findings
    assert report.provenance.log is not None


def test_each_state_has_a_name_of_its_own(station: Station) -> None:
    station.seal("one")
    station.once()
    first = {key: station.bucket.content(key) for key in station.bucket.names()}
    station.vault.tell(INCIDENT, [Act("viewed", actor="2号队员", reason="办案")])
    station.once()
    station.seal("two")
    station.once()
    numbers = sorted(key.split("/")[2][:6] for key in station.bucket.names() if "/states/" in key)
    assert numbers == ["000001", "000002", "000003"]
    for key, content in first.items():
        assert station.bucket.content(key) == content, "nothing was overwritten"


def test_away_at_the_start(make_station: Callable[..., Station], bucket: Bucket) -> None:
    with socket.socket() as taken:  # bound, not listening: connections are refused
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        place = replace(bucket.place, endpoint=f"http://127.0.0.1:{port}")
        station = make_station(bucket, place=place, alarm_s=3600)
        item = station.seal()
        first = station.uploads.step(station.stop)
        assert uploads.LEAST_S / 2 <= first <= uploads.LEAST_S
        delays = [station.uploads.step(station.stop) for _ in range(3)]
    assert delays[-1] > first
    state = station.uploads.state()
    assert (state.state, state.waiting, state.waiting_bytes) == ("away", 1, item.bytes)
    assert "vault.endpoint" in state.error
    assert isinstance(station.clock, ManualClock)
    station.clock.advance(3601)
    assert station.uploads.state().state == "stuck"
    # The same vault after a restart, the storage back: what waited is sent.
    again = make_station(bucket)
    again.once()
    assert bucket.content(item.path) == b"moving pictures"
    assert again.uploads.state().state == "ok"


def test_a_large_file_goes_on_where_it_broke_off(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_parts, "PART", 5 * MIB)  # the least that S3 allows
    monkeypatch.setattr(s3, "PART", 5 * MIB)
    content = os.urandom(12 * MIB)
    item = station.seal(content)

    def third(environ: Environ) -> str | None:
        return "cut" if "partNumber=3" in environ["QUERY_STRING"] else None

    station.bucket.faults.rules.append(third)
    with pytest.raises(AwayError):
        station.once()
    assert item.path not in station.bucket.names()
    station.bucket.faults.rules.clear()
    station.bucket.faults.asked.clear()
    station.once()
    sent = station.bucket.faults.of("PUT", "partNumber=")
    assert ["partNumber=3" in one.query for one in sent] == [True], "the others were there"
    assert station.bucket.content(item.path) == content
    known = station.vault.library.records.of(INCIDENT).files[station.name(item)]
    assert known.how == "checksum"


def test_a_storage_that_has_no_time(station: Station) -> None:
    item = station.seal()
    station.bucket.faults.rules.append(
        lambda environ: BUSY if environ["REQUEST_METHOD"] == "PUT" else None
    )
    assert station.uploads.step(station.stop) > 0
    assert "SlowDown" in station.uploads.state().error
    station.bucket.faults.rules.clear()
    assert station.uploads.step(station.stop) == uploads.IDLE_S
    assert station.bucket.content(item.path) == b"moving pictures"
    assert station.uploads.state().error == ""


def test_an_answer_that_is_lost(station: Station) -> None:
    """Stored, but nobody said so: found, compared, not sent again under another name."""
    item = station.seal()
    lost = []

    def once(environ: Environ) -> str | None:
        if environ["REQUEST_METHOD"] == "PUT" and not lost:
            lost.append(environ["PATH_INFO"])
            return "lost"
        return None

    station.bucket.faults.rules.append(once)
    station.uploads.step(station.stop)
    station.uploads.step(station.stop)
    assert lost
    assert station.uploads.state().state == "ok"
    assert [key for key in station.bucket.names() if "/states/" not in key] == [item.path]


def test_killed_between_storing_and_noting(station: Station, tmp_path: Path) -> None:
    item = station.seal()
    program = """
import os, signal, sys, threading
from pathlib import Path
from core.clock import SystemClock
from recorder.remote.cache import Cache, Limits
from recorder.remote.library import Library
from recorder.remote.records import Records
from recorder.remote.s3 import S3, Place
from recorder.remote.sending import Sender
from recorder.remote.uploads import Uploads
from recorder.remote.vault import RemoteVault
root, endpoint, bucket, prefix = Path(sys.argv[1]), *sys.argv[2:]
Records.sent = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
clock = SystemClock()
remote = S3(Place(endpoint, bucket, prefix, "us-east-1", "station", "station-secret"))
vault = RemoteVault(root, clock, None, Library(lambda: remote, Records(root), clock))
sender = Sender(remote, clock, None, read_back=False)
Uploads(vault, sender, Cache(vault, clock, Limits()), clock).once(threading.Event())
"""
    arguments = [str(station.vault.root), station.bucket.endpoint, station.bucket.name, PREFIX]
    done = subprocess.run([sys.executable, "-c", program, *arguments], cwd=Path.cwd(), timeout=120)
    assert done.returncode == -signal.SIGKILL
    assert station.bucket.content(item.path) == b"moving pictures"
    assert station.name(item) not in station.vault.library.records.of(INCIDENT).files
    assert puts(station, item) == 1
    station.once()
    assert puts(station, item) == 1, "it was there: compared, not sent again"
    assert station.uploads.state().state == "ok"


def test_a_state_that_was_stored_and_not_noted(station: Station) -> None:
    station.seal()
    station.once()
    known = station.vault.library.records
    known.change(INCIDENT, lambda one: one.model_copy(update={"state": None, "mark": ""}))
    station.once()
    assert sum("/states/" in key for key in station.bucket.names()) == 1
    state = known.of(INCIDENT).state
    assert state is not None
    assert state.number == 1

    station.bucket.spoil(state.key, b"damaged")
    known.change(INCIDENT, lambda one: one.model_copy(update={"state": None, "mark": ""}))
    station.uploads._marks.clear()
    station.once()
    assert station.bucket.content(state.key) == b"damaged", "left alone"
    state = known.of(INCIDENT).state
    assert state is not None
    assert state.number == 2
    assert station.vault.verify_elsewhere(INCIDENT).authentic


def test_records_that_are_lost_are_found_again(
    make_station: Callable[..., Station], bucket: Bucket
) -> None:
    item = make_station(bucket).seal()
    make_station(bucket).once()
    station = make_station(bucket)
    for file in station.vault.library.records.folder.glob("*.sent"):
        file.write_text("{")  # damaged
    station.once()
    assert station.vault.library.holds(INCIDENT, station.name(item))
    assert puts(station, item) == 1


def test_a_full_disk_here(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    item = station.seal()

    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(records_module, "write_whole", full)
        assert station.uploads.step(station.stop) > 0
        assert "No space left" in station.uploads.state().error
        assert station.vault.path_of(item).read_bytes() == b"moving pictures"
    station.uploads.step(station.stop)
    assert puts(station, item) == 1
    assert station.uploads.state().state == "ok"


def test_a_bucket_that_is_not_there(make_station: Callable[..., Station], bucket: Bucket) -> None:
    station = make_station(bucket, place=replace(bucket.place, bucket="nobody-made-it"))
    station.seal()
    with pytest.raises(RefusedError, match=r"no bucket 'nobody-made-it'; see vault\.url"):
        station.once()
    station.uploads.step(station.stop)
    assert station.uploads.state().state == "stuck", "time will not mend it"


def test_a_clock_that_is_wrong(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told as what it is, also by an answer to HEAD, which has no body to name it in."""
    station.seal()
    monkeypatch.setattr(Quiet, "date", "Sun, 06 Nov 1994 08:49:37 GMT")
    station.bucket.faults.rules.append(lambda _: error("403 Forbidden", "RequestTimeTooSkewed"))
    with pytest.raises(AwayError, match="same time server"):
        station.once()
    with pytest.raises(AwayError, match="same time server"):
        list(station.vault.library.remote.names(""))


def test_a_name_that_is_taken_by_something_else(station: Station) -> None:
    other = station.seal("the first")
    station.bucket.spoil(other.path, b"planted")
    good = station.seal("the second")
    station.once()
    state = station.uploads.state()
    assert state.state == "stuck"
    assert any("not what was sealed" in one and other.path in one for one in state.problems)
    assert station.bucket.content(other.path) == b"planted", "left alone"
    assert station.bucket.content(good.path) == b"the second", "others go on"
    asked = len(station.bucket.faults.of("GET", station.name(other)))
    station.once()
    assert len(station.bucket.faults.of("GET", station.name(other))) == asked, "not all the time"
    station.bucket.remove(other.path)
    assert isinstance(station.clock, ManualClock)
    station.clock.advance(uploads.AGAIN_S + 1)
    station.once()
    assert station.bucket.content(other.path) == b"the first"
    assert station.uploads.state().state == "ok"


def test_what_was_changed_here_is_not_sent(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    small, large = station.seal("small"), station.seal(os.urandom(6 * MIB), "before")
    monkeypatch.setattr(s3_parts, "PART", 5 * MIB)
    monkeypatch.setattr(s3, "PART", 5 * MIB)
    for item in (small, large):
        path = station.vault.path_of(item)
        path.chmod(0o640)
        with path.open("r+b") as stream:
            stream.write(b"X")
    station.once()
    assert station.bucket.names() == []
    assert len(station.uploads.state().problems) == 2
    found = station.bucket.client.list_multipart_uploads(Bucket=station.bucket.name)
    assert not found.get("Uploads"), "what was sent of it is given up"


def test_what_is_locked(
    make_station: Callable[..., Station], make_bucket: Callable[..., Bucket], monkeypatch: Any
) -> None:
    bucket = make_bucket(ObjectLockEnabledForBucket=True)
    station = make_station(bucket, locking=Locking("compliance", 400, 40))
    clip = station.seal()
    copy = station.seal("copy", "working", parent_sha256=clip.sha256)
    monkeypatch.setattr(s3_parts, "PART", 5 * MIB)
    monkeypatch.setattr(s3, "PART", 5 * MIB)
    station.seal(os.urandom(6 * MIB), "before")
    begun: list[str | None] = []

    def begin(environ: Environ) -> None:
        # moto forgets the lock of an object in parts, so it is read from the request.
        if environ["REQUEST_METHOD"] == "POST" and environ["QUERY_STRING"] == "uploads":
            begun.append(environ.get("HTTP_X_AMZ_OBJECT_LOCK_MODE"))

    bucket.faults.rules.append(begin)
    station.once()
    assert begun == ["COMPLIANCE"]
    for item, days in ((clip, 400), (copy, 40)):
        held = bucket.client.head_object(Bucket=bucket.name, Key=PREFIX + item.path)
        assert held["ObjectLockMode"] == "COMPLIANCE"
        until_s = held["ObjectLockRetainUntilDate"].timestamp()
        assert until_s == item.sealed_ns // 10**9 + days * 86_400
    state = station.vault.library.records.of(INCIDENT).state
    assert state is not None
    held = bucket.client.head_object(Bucket=bucket.name, Key=PREFIX + state.key)
    assert held["ObjectLockMode"] == "COMPLIANCE"


def test_a_bucket_without_locks_is_told(
    make_station: Callable[..., Station], bucket: Bucket
) -> None:
    station = make_station(bucket, locking=Locking("governance", 400, 40))
    station.seal()
    station.uploads.step(station.stop)
    state = station.uploads.state()
    assert state.state == "stuck"
    assert "vault.lock" in " ".join((state.error, *state.problems))
