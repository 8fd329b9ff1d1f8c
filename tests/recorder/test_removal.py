"""Recordings are written down before they go, with the hash they had when they were closed."""

import hashlib
import os
from pathlib import Path

import pytest

from core.clock import NS_PER_S, ManualClock
from recorder.hashes import PREFIX, HashBook, SegmentHashes
from recorder.keeping import Keeping
from recorder.removal import BOOK
from recorder.retention import Retention
from recorder.seal.book import Entry
from recorder.seal.deletion import Deletions, Verified, entries
from recorder.shelf import segment_path
from recorder.volumes import Volumes
from tests.recorder.seal.conftest import Station, station_in

DAY_NS = 86_400 * NS_PER_S


@pytest.fixture
def station(tmp_path: Path, clock: ManualClock) -> Station:
    return station_in(tmp_path, clock)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


def place(root: Path, clock: ManualClock, age_days: float, text: bytes = b"x" * 1000) -> Path:
    path = segment_path(root, "a", clock.utc_ns() - round(age_days * DAY_NS))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    return path


def fill(root: Path, clock: ManualClock, old: int) -> list[Path]:
    """So many files that are past their days, and some that are not."""
    found = [place(root, clock, 40 + n / 100, b"old %d" % n) for n in range(old)]
    for n in range(4):
        place(root, clock, n / 2)
    return found


def keeper(root: Path, station: Station, max_bytes: int = 10**9) -> Retention:
    book = Deletions(root / BOOK, station.keys, station.clock, station.log)
    keeping = Keeping(30, max_bytes)
    volumes = Volumes(root, station.clock, sync=False)
    return Retention(
        root, station.clock, keeping, volumes=volumes, low_bytes=0, stop_bytes=0, book=book
    )


def records(root: Path) -> list[Entry]:
    return list(entries(root / BOOK))


def verified(root: Path, station: Station) -> Verified:
    fresh = station.again()
    book = Deletions(root / BOOK, fresh.keys, fresh.clock, fresh.log)
    return book.verify(fresh.keys.trust())


def test_one_signed_record_for_all_of_a_sweep(root: Path, station: Station) -> None:
    gone = fill(root, station.clock, 3)
    keeper(root, station).sweep()
    (record,) = records(root)
    assert not any(path.exists() for path in gone)
    assert (record.reason, record.rule, record.signed) == ("age", "days=30", True)
    told = {one.path: one.sha256 for one in record.things}
    assert told == {
        str(path.relative_to(root)): hashlib.sha256(b"old %d" % n).hexdigest()
        for n, path in enumerate(gone)
    }
    assert verified(root, station) == Verified(1, 0)


def test_the_record_is_on_disk_before_the_first_file_goes(
    root: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = fill(root, station.clock, 2)
    unlink = Path.unlink
    seen: list[int] = []

    def look_first(path: Path, missing_ok: bool = False) -> None:
        if path in gone:
            seen.append(len(records(root)[0].things))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", look_first)
    keeper(root, station).sweep()
    assert seen == [2, 2]


def test_a_hash_taken_at_closing_is_used_unless_the_file_has_changed(
    root: Path, station: Station
) -> None:
    kept, changed = fill(root, station.clock, 2)
    hashes = SegmentHashes(root)
    hashes.start()
    for path in (kept, changed):
        hashes.closed("a", path, int(path.stem.split("_")[1]))
    assert hashes.stop(60)
    kept.write_bytes(b"OLD 0")  # as long as it was: the hash is that of what was recorded
    changed.write_bytes(b"something longer")
    keeper(root, station).sweep()
    told = {one.path: one.sha256 for one in records(root)[0].things}
    assert told[str(kept.relative_to(root))] == hashlib.sha256(b"old 0").hexdigest()
    assert told[str(changed.relative_to(root))] == hashlib.sha256(b"something longer").hexdigest()


def test_hashes_of_days_without_recordings_are_forgotten(
    root: Path, station: Station, clock: ManualClock
) -> None:
    old, new = place(root, clock, 40), place(root, clock, 1)
    for path in (old, new):
        hashes = SegmentHashes(root)
        hashes.start()
        hashes.closed("a", path, int(path.stem.split("_")[1]))
        assert hashes.stop(60)
        if path is old:
            old.unlink()
            old.parent.rmdir()
    assert [path.name for path in root.glob(f"a/{PREFIX}*")] == [f"{PREFIX}{new.parent.name}.txt"]
    start_ns = int(new.stem.split("_")[1])
    assert HashBook(root).of("a", start_ns, 1000) == hashlib.sha256(b"x" * 1000).hexdigest()
    assert HashBook(root).of("a", start_ns, 999) is None
    assert HashBook(root).of("b", start_ns, 1000) is None


def test_a_crash_between_record_and_deletion_is_told(
    root: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = fill(root, station.clock, 3)

    class PowerCut(BaseException):
        pass

    unlink = Path.unlink

    def die(path: Path, missing_ok: bool = False) -> None:
        if path == gone[1]:
            raise PowerCut
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", die)
        with pytest.raises(PowerCut):
            keeper(root, station).sweep()
    assert [path.exists() for path in gone] == [True, True, False]  # the last is the oldest
    left = [str(path.relative_to(root)) for path in gone[:2]]
    keeper(root, station).sweep()
    first, told, again = records(root)
    assert len(first.things) == 3
    assert (told.act, told.reason) == ("kept", "interrupted")
    assert sorted(one.path for one in told.things) == sorted(left)
    assert (again.act, sorted(one.path for one in again.things)) == ("deleted", sorted(left))
    assert not any(path.exists() for path in gone)
    assert verified(root, station) == Verified(3, 0)
    keeper(root, station).sweep()
    assert len(records(root)) == 3


def test_what_the_disk_refuses_to_delete_is_told_and_counts_again(
    root: Path, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = fill(root, station.clock, 2)
    unlink = Path.unlink

    def refuse(path: Path, missing_ok: bool = False) -> None:
        if path == gone[0]:
            raise OSError(os.EX_IOERR, "Input/output error", str(path))
        unlink(path, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", refuse)
    assert keeper(root, station).sweep().deleted == 1
    deleted, kept = records(root)
    assert len(deleted.things) == 2
    assert (kept.act, kept.rule) == ("kept", "Input/output error")
    assert [one.path for one in kept.things] == [str(gone[0].relative_to(root))]


def test_a_broken_key_does_not_keep_a_full_disk_full(root: Path, station: Station) -> None:
    station.keys.signers()
    (key,) = station.keys.folder.glob("*.key")
    key.chmod(0o644)
    gone = fill(root, station.clock, 2)
    retention = keeper(root, station, max_bytes=4000)
    retention.sweep()
    assert not any(path.exists() for path in gone)
    assert retention.unsigned
    assert verified(root, station).waiting == len(records(root)) > 0
    key.chmod(0o600)
    retention.sweep()
    assert not retention.unsigned
    assert verified(root, station).waiting == 0


def test_what_went_without_a_record_is_written_down_later(root: Path, station: Station) -> None:
    gone = [place(root, station.clock, 9 - n) for n in range(8)]
    (root / BOOK).mkdir()  # nothing can be written there
    retention = keeper(root, station, max_bytes=5000)
    assert retention.sweep().deleted == 3
    assert retention.unsigned
    (root / BOOK).rmdir()
    retention.sweep()
    (record,) = records(root)
    assert [one.path for one in record.things] == [str(p.relative_to(root)) for p in gone[:3]]
    assert record.reason == "total"
    assert not retention.unsigned
    assert verified(root, station) == Verified(1, 0)
