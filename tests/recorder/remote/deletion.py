"""What tests of deleting have in common."""

from typing import Any

from core.cases import EvidenceItem
from core.clock import ManualClock
from recorder.remote.survey import compared, known
from recorder.seal.deletion import Deleted
from tests.recorder.remote.conftest import INCIDENT, PREFIX, Bucket, Station

VERSIONED = {"ObjectLockEnabledForBucket": True}


def versions(bucket: Bucket) -> list[tuple[str, str]]:
    """All there is, older contents and marks of deletion too."""
    found = bucket.client.list_object_versions(Bucket=bucket.name)
    rows = [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]
    return [(one["Key"].removeprefix(PREFIX), one["VersionId"]) for one in rows]


def delete(station: Station) -> list[Deleted]:
    told: list[Deleted] = []
    assert station.vault.delete(INCIDENT, told.extend) == len(told)
    return told


def later(station: Station, seconds: float) -> None:
    assert isinstance(station.clock, ManualClock)
    station.clock.advance(seconds)
    station.once()


def places(station: Station, *, ask: bool = True) -> dict[str, str]:
    found = compared(station.vault, read=False) if ask else known(station.vault)
    return {one.path: one.where for one in found if "/states/" not in one.path}


def refuse(bucket: Bucket, method: str, answer: Any) -> None:
    bucket.faults.rules.append(lambda e: answer if e["REQUEST_METHOD"] == method else None)


def stored(station: Station) -> tuple[EvidenceItem, EvidenceItem]:
    """Two files and two states elsewhere; the first file is there only."""
    clip = station.seal("moving pictures")
    station.once()
    shot = station.seal("a still", "snapshot", parent_sha256=clip.sha256)
    station.once()
    station.vault.give_up(clip)
    return clip, shot
