"""What is deleted here goes elsewhere too, in every version, whatever happens on the way."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock
from recorder.errors import VaultError
from recorder.remote import s3, s3_parts
from recorder.remote.deleting import AGAIN_S
from recorder.remote.errors import AwayError
from recorder.seal.deletion import Deleted
from recorder.seal.errors import SealError
from tests.recorder.remote.conftest import INCIDENT, Bucket, Station
from tests.recorder.remote.deletion import (
    VERSIONED,
    delete,
    later,
    places,
    refuse,
    stored,
    versions,
)
from tests.recorder.remote.faults import BUSY, Environ, error

MIB = 1 << 20


def test_the_record_has_all_and_all_of_it_goes(station: Station) -> None:
    clip, shot = stored(station)
    station.bucket.spoil("inc-other/a.mp4", b"of somebody else")
    (one,) = [told for told in delete(station) if told.path == clip.path]
    assert (one.size, one.sha256, one.hashed) == (clip.bytes, clip.sha256, "sealing")
    assert not station.vault.path_of(shot).parent.exists()
    assert places(station, ask=False) == {clip.path: "deleting", shot.path: "deleting"}
    assert set(places(station).values()) == {"deleting", "unknown"}
    assert station.vault.library.incidents() == ["inc-other"]
    (finding,) = station.vault.verify_elsewhere(INCIDENT).findings
    assert finding.code == "no_manifest"
    station.once()
    assert station.bucket.names() == ["inc-other/a.mp4"]
    assert places(station, ask=False) == {}
    state = station.uploads.state()
    assert (state.state, state.deleting, state.problems) == ("ok", 0, ())
    asked = len(station.bucket.faults.asked)
    station.once()
    assert len(station.bucket.faults.asked) == asked, "once is enough"


def test_without_a_record_nothing_goes(station: Station) -> None:
    def tell(_: list[Deleted]) -> None:
        raise SealError("no key")

    stored(station)
    before = station.bucket.names()
    with pytest.raises(VaultError):
        station.vault.delete(INCIDENT, tell)
    station.once()
    assert station.bucket.names() == before
    assert station.vault.owed.incidents() == []


def test_a_storage_that_is_away(
    make_station: Callable[..., Station], bucket: Bucket, station: Station
) -> None:
    clip, _ = stored(station)
    bucket.faults.rules.append(lambda _: "cut")
    delete(station)
    assert not station.vault.path_of(clip).parent.exists()
    delays = [station.uploads.step(station.stop) for _ in range(3)]
    assert delays[-1] > delays[0]
    state = station.uploads.state()
    assert (state.state, state.deleting) == ("away", 1)
    assert isinstance(station.clock, ManualClock)
    station.clock.advance(3601)
    assert station.uploads.state().state == "stuck", "too long"
    bucket.faults.rules.clear()
    again = make_station(bucket)
    again.once()
    assert bucket.names() == []
    assert again.uploads.state().state == "ok"


def test_no_time_in_the_middle(station: Station) -> None:
    stored(station)
    delete(station)
    done: list[str] = []

    def second(environ: Environ) -> Any:
        if environ["REQUEST_METHOD"] == "DELETE":
            done.append(environ["PATH_INFO"])
            return BUSY if len(done) > 1 else None
        return None

    station.bucket.faults.rules.append(second)
    with pytest.raises(AwayError):
        station.once()
    assert len(station.bucket.names()) == 3
    assert station.vault.owed.holds_back(INCIDENT)
    station.bucket.faults.rules.clear()
    station.once()
    assert station.bucket.names() == []


def test_evidence_is_sent_though_deleting_fails(station: Station) -> None:
    stored(station)
    delete(station)
    refuse(station.bucket, "DELETE", BUSY)
    file = station.root / "other.mp4"
    file.write_bytes(b"other")
    other = station.vault.seal("inc-2", "clip", file, camera="a", first_ns=1, last_ns=2)
    station.uploads.step(station.stop)
    assert station.bucket.content(other.path) == b"other"


def test_keys_that_may_not_delete(station: Station) -> None:
    clip, shot = stored(station)
    delete(station)
    refuse(station.bucket, "DELETE", error("403 Forbidden", "AccessDenied"))
    station.once()
    state = station.uploads.state()
    assert (state.state, state.deleting) == ("stuck", 1)
    assert "s3:DeleteObjectVersion" in " ".join(state.problems)
    asked = len(station.bucket.faults.of("DELETE"))
    station.once()
    assert len(station.bucket.faults.of("DELETE")) == asked, "not all the time"

    def blind(environ: Environ) -> Any:
        denied = environ["QUERY_STRING"].startswith("versions")
        return error("403 Forbidden", "AccessDenied") if denied else None

    station.bucket.faults.rules.append(blind)
    assert places(station) == {clip.path: "deleting", shot.path: "deleting"}, "what to delete"
    for key in station.bucket.names():  # a person does it there
        station.bucket.faults.rules.clear()
        station.bucket.remove(key)
    later(station, AGAIN_S + 1)
    assert station.uploads.state().state == "ok"
    assert station.vault.owed.incidents() == []


def test_parts_of_what_was_never_whole_go(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_parts, "PART", 5 * MIB)
    monkeypatch.setattr(s3, "PART", 5 * MIB)
    station.seal(os.urandom(6 * MIB))
    station.bucket.faults.rules.append(
        lambda environ: "cut" if "partNumber=2" in environ["QUERY_STRING"] else None
    )
    with pytest.raises(AwayError):
        station.once()
    station.bucket.faults.rules.clear()
    client, name = station.bucket.client, station.bucket.name
    assert client.list_multipart_uploads(Bucket=name)["Uploads"]
    delete(station)
    station.once()
    assert not client.list_multipart_uploads(Bucket=name).get("Uploads")


def test_deleted_while_it_is_sent(station: Station) -> None:
    """What arrives after all is found and goes; nobody is told of a problem."""
    clip, shot = station.seal("moving pictures"), station.seal("more")
    deleted: list[Deleted] = []

    def meanwhile(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "PUT" and clip.path in environ["PATH_INFO"]:
            deleted.extend(delete(station))

    station.bucket.faults.rules.append(meanwhile)
    station.once()
    assert {clip.path, shot.path} <= {one.path for one in deleted}
    assert station.bucket.names() == []
    state = station.uploads.state()
    assert (state.state, state.waiting, state.problems) == ("ok", 0, ())
    assert not list(station.vault.library.records.folder.glob(f"{INCIDENT}*"))


def test_deleted_while_it_is_fetched(station: Station) -> None:
    clip, _ = stored(station)

    def meanwhile(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "GET":
            delete(station)

    station.bucket.faults.rules.append(meanwhile)
    with pytest.raises(VaultError, match="was deleted while it was fetched"):
        station.vault.at_hand(clip)
    assert not station.vault.path_of(clip).exists()


def test_the_same_incident_again_before_the_old_is_gone(station: Station) -> None:
    """Of the same name even: what is new waits until the old has gone, and stays."""
    station.seal("old", item_id="clip-1")
    station.once()
    delete(station)
    new = station.seal("new", item_id="clip-1")
    refuse(station.bucket, "DELETE", BUSY)
    station.uploads.step(station.stop)
    assert station.bucket.content(new.path) == b"old"
    assert station.vault.path_of(new).read_text() == "new"
    assert "differs" not in places(station).values()
    station.bucket.faults.rules.clear()
    station.once()
    station.once()
    assert station.bucket.content(new.path) == b"new"
    assert places(station) == {new.path: "both"}
    assert station.vault.verify_elsewhere(INCIDENT).authentic


def test_deleted_again_while_the_old_goes(station: Station) -> None:
    """The newer note is not taken for the one that was worked off."""
    clip, _ = stored(station)
    delete(station)

    def meanwhile(environ: Environ) -> None:
        if environ["REQUEST_METHOD"] == "DELETE":
            station.vault.owed.promise(INCIDENT, [clip], 2**60)

    station.bucket.faults.rules.append(meanwhile)
    station.once()
    assert station.vault.owed.incidents() == [INCIDENT]
    station.bucket.faults.rules.clear()
    station.once()
    assert station.vault.owed.incidents() == []


def test_a_note_that_cannot_be_read(station: Station) -> None:
    stored(station)
    delete(station)
    (note,) = station.vault.library.records.folder.glob("*.owed")
    content = note.read_bytes()
    note.write_text("{")
    station.once()
    assert station.bucket.names(), "nothing is deleted on its word"
    assert str(note) in " ".join(station.uploads.state().problems)
    note.write_bytes(content)
    later(station, AGAIN_S + 1)
    assert station.bucket.names() == []


class Killed(BaseException):
    """Where the power went."""


def test_a_crash_at_any_step_neither_restores_nor_forgets(
    make_station: Callable[..., Station], make_bucket: Callable[..., Bucket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Every call that changes names, here or there, is the last one before the crash, in turn."""
    bucket = make_bucket(**VERSIONED)
    station, after = make_station(bucket), make_station(bucket)
    step, killed, undone = 0, True, 0
    while killed:
        step += 1
        clip = station.seal()
        station.once()
        station.vault.give_up(clip)
        told: list[Deleted] = []
        killed = dies_before(step, station, told, monkeypatch)
        noted = bool(after.vault.owed.incidents())
        gone = not after.vault.incidents()
        after.once()
        if noted or gone:
            assert told, "recorded first"
            assert versions(bucket) == [], f"step {step}"
            assert after.vault.incidents() == []
        else:
            undone += 1
            assert after.vault.verify(INCIDENT).authentic, "not begun"
            delete(after)
            after.once()
        assert after.uploads.state().state == "ok"
        assert not list((after.vault.root / ".deleted").glob("*/*"))
        left = [path.name for path in after.vault.library.records.folder.iterdir()]
        assert [one for one in left if not one.startswith(".")] == []
    assert step > 12
    assert 0 < undone < step / 2


def dies_before(
    step: int, station: Station, told: list[Deleted], monkeypatch: pytest.MonkeyPatch
) -> bool:
    """Delete here and there, and crash before the n-th change; False when there are no so many."""
    left = step

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed(name)
            return real(*args, **more)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "rename", "unlink", "rmdir"):
            patch.setattr(os, name, counting(name, getattr(os, name)))
        remote = station.vault.library.remote
        patch.setattr(remote, "delete", counting("delete", remote.delete))
        try:
            station.vault.delete(INCIDENT, told.extend)
            station.once()
        except Killed:
            return True
    return False


def test_cut_short_and_sealed_since(
    station: Station, monkeypatch: pytest.MonkeyPatch, make_station: Callable[..., Station]
) -> None:
    """Then a person decides; nothing of it goes meanwhile."""
    clip, _ = stored(station)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(Killed()))
        with pytest.raises(Killed):
            delete(station)
    new = station.seal("sealed since")
    before = station.bucket.names()
    station.once()
    assert station.bucket.names() == before
    assert station.vault.path_of(new).exists()
    assert "delete it again" in " ".join(station.uploads.state().problems)
    assert station.uploads.state().state == "stuck"
    assert station.vault.at_hand(clip).read_text() == "moving pictures", "still to be had"
    station.vault.give_up(clip)
    assert {clip.path, new.path} <= {one.path for one in delete(station)}
    station.once()
    assert station.bucket.names() == []
    assert station.uploads.state().state == "ok"
