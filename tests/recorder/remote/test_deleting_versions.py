"""A mark is no deletion, and a lock is told with its day."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from recorder.remote.base import Version
from recorder.remote.deleting import AGAIN_S, LOOK_S
from recorder.remote.errors import RefusedError
from recorder.remote.survey import known
from tests.recorder.remote.conftest import INCIDENT, PREFIX, Bucket, Station
from tests.recorder.remote.deletion import (
    VERSIONED,
    delete,
    later,
    places,
    refuse,
    stored,
    versions,
)
from tests.recorder.remote.faults import Environ, error


def test_every_version_goes(
    make_station: Callable[..., Station], make_bucket: Callable[..., Bucket]
) -> None:
    bucket = make_bucket(**VERSIONED)
    station = make_station(bucket)
    clip, shot = stored(station)
    bucket.spoil(clip.path, b"planted over it")
    bucket.remove(shot.path)  # sets a mark; the content stays
    assert len(versions(bucket)) == 6
    delete(station)
    assert places(station) == {clip.path: "deleting", shot.path: "deleting"}
    station.once()
    assert versions(bucket) == []


def test_what_is_locked_stays_until_its_day(
    make_station: Callable[..., Station], make_bucket: Callable[..., Bucket]
) -> None:
    bucket = make_bucket(**VERSIONED)
    station = make_station(bucket)
    clip, _ = stored(station)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)

    def lock(when: datetime) -> None:
        bucket.client.put_object_retention(
            Bucket=bucket.name,
            Key=PREFIX + clip.path,
            Retention={"Mode": "GOVERNANCE", "RetainUntilDate": when},
            BypassGovernanceRetention=True,
        )

    lock(until)
    delete(station)
    station.once()
    assert [key for key, _ in versions(bucket)] == [clip.path], "the others went"
    state = station.uploads.state()
    assert (state.state, state.deleting) == ("ok", 1), "told, and no alarm for years"
    assert f"locked until {until:%Y-%m-%d %H:%M} UTC" in " ".join(state.problems)
    for ask in (True, False):
        assert places(station, ask=ask) == {clip.path: "locked"}
    (place,) = known(station.vault)
    assert f"{until:%Y-%m-%d}" in place.detail

    # Evidence that is sealed under the same id later is none of it: neither held back nor deleted.
    new = station.seal("new")
    station.once()
    assert bucket.content(new.path) == b"new"
    assert station.vault.verify_elsewhere(INCIDENT).authentic
    assert places(station) == {new.path: "both", clip.path: "locked"}
    asked = len(bucket.faults.of("DELETE"))
    station.once()
    assert len(bucket.faults.of("DELETE")) == asked
    lock(datetime.now(UTC) - timedelta(seconds=1))  # the day has come
    later(station, LOOK_S + 1)
    assert places(station) == {new.path: "both"}
    assert [key for key in bucket.names() if "/states/" not in key] == [new.path]
    assert station.uploads.state().problems == ()


def test_a_lock_ends_when_it_ends(
    make_station: Callable[..., Station], make_bucket: Callable[..., Bucket]
) -> None:
    """After a restart it is tried at once, then at the end of the lock."""
    bucket = make_bucket(**VERSIONED)
    station = make_station(bucket)
    clip, _ = stored(station)
    bucket.client.put_object_legal_hold(
        Bucket=bucket.name, Key=PREFIX + clip.path, LegalHold={"Status": "ON"}
    )
    delete(station)
    station.once()
    assert "legal hold" in " ".join(station.uploads.state().problems)
    again = make_station(bucket)
    again.once()
    assert again.uploads.state().deleting == 1
    bucket.client.put_object_legal_hold(
        Bucket=bucket.name, Key=PREFIX + clip.path, LegalHold={"Status": "OFF"}
    )
    make_station(bucket).once()
    assert versions(bucket) == []


def test_versions_that_are_not_listed_are_no_deletion(
    make_station: Callable[..., Station], make_bucket: Callable[..., Bucket]
) -> None:
    bucket = make_bucket(**VERSIONED)
    station = make_station(bucket)
    stored(station)
    delete(station)

    def unknown(environ: Environ) -> Any:
        if environ["QUERY_STRING"].startswith("versions"):
            return error("501 Not Implemented", "NotImplemented")
        return None

    bucket.faults.rules.append(unknown)
    station.once()
    assert "keeps versions and does not list them" in " ".join(station.uploads.state().problems)
    bucket.faults.rules.clear()
    later(station, AGAIN_S + 1)
    assert versions(bucket) == []


def test_one_that_is_not_there_is_deleted(bucket: Bucket, station: Station) -> None:
    station.vault.library.remote.delete(Version("a/b", 1))
    refuse(bucket, "GET", error("403 Forbidden", "AccessDenied"))
    with pytest.raises(RefusedError, match="s3:ListBucketVersions"):
        station.vault.library.remote.versions("a/")
