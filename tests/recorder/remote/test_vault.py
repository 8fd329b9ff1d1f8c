"""Evidence whose local copy was given up: read, fetched, verified, and every tampering found."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import ManualClock
from recorder.remote.cache import LOOK_S, Limits
from recorder.remote.errors import DiffersError, GoneError
from recorder.remote.states import digest_of, key_of, name_of, packed, unpacked
from recorder.remote.survey import compared, counted, known
from recorder.remote.uploads import AGAIN_S
from recorder.seal.custody import Act
from tests.recorder.remote.conftest import INCIDENT, Bucket, Station
from tests.recorder.remote.faults import BUSY

DAY_S = 86_400


@pytest.fixture
def station(make_station: Callable[..., Station], bucket: Bucket) -> Station:
    """Keeps nothing here for longer than a day."""
    return make_station(bucket, limits=Limits(days=1))


def later(station: Station, seconds: float) -> None:
    assert isinstance(station.clock, ManualClock)
    station.clock.advance(seconds)
    station.once()


def where(station: Station, *, read: bool = False) -> dict[str, str]:
    return {
        one.path: one.where
        for one in compared(station.vault, read=read)
        if "/states/" not in one.path
    }


def codes(station: Station, *, elsewhere: bool = False) -> tuple[str, set[str]]:
    vault = station.vault
    report = vault.verify_elsewhere(INCIDENT) if elsewhere else vault.verify(INCIDENT)
    return report.verdict, {one.code for one in report.findings if one.weight != "note"}


def test_old_copies_go_and_evidence_stays(station: Station) -> None:
    clip = station.seal("moving pictures")
    station.once()
    assert where(station) == {clip.path: "both"}
    later(station, DAY_S / 2)
    young = station.seal("young")
    later(station, DAY_S / 2 + 10)
    path = station.vault.path_of(clip)
    assert not path.exists()
    assert station.vault.path_of(young).exists()
    assert where(station) == {clip.path: "remote", young.path: "both"}
    counts = counted(list(known(station.vault)))
    assert {one: of["files"] for one, of in counts.items()} == {"remote": 1, "both": 1}
    assert codes(station) == ("authentic", set())
    assert codes(station, elsewhere=True) == ("authentic", set())

    with station.vault.library.open(INCIDENT, station.name(clip), 7, 10) as stream:
        assert stream.read(100) == b"pict"
    assert station.vault.at_hand(clip).read_text() == "moving pictures"
    assert path.stat().st_mode & 0o777 == 0o440
    later(station, LOOK_S + 1)
    assert path.exists(), "fetched a moment ago, so it stays for a while"
    later(station, DAY_S + LOOK_S)
    assert not path.exists()


def test_too_much_goes_oldest_first(make_station: Callable[..., Station], bucket: Bucket) -> None:
    station = make_station(bucket, limits=Limits(max_bytes=250))
    items = [station.seal(bytes([number]) * 100) for number in range(4)]
    station.once()
    assert all(station.vault.path_of(one).exists() for one in items), "too young to go"
    later(station, 3700)
    assert [station.vault.path_of(one).exists() for one in items] == [False, False, True, True]


def test_nothing_goes_that_is_not_safe_elsewhere(station: Station) -> None:
    gone, changed, unsent = station.seal("gone"), station.seal("changed"), None
    station.once()
    station.bucket.remove(gone.path)
    station.bucket.spoil(changed.path, b"CHANGED")
    unsent = station.seal("unsent")
    station.bucket.faults.rules.append(
        lambda environ: BUSY if environ["REQUEST_METHOD"] == "PUT" else None
    )
    assert isinstance(station.clock, ManualClock)
    station.clock.advance(2 * DAY_S)
    station.uploads.step(station.stop)
    station.bucket.faults.rules.clear()
    later(station, LOOK_S + 1)
    for item in (gone, changed):
        assert station.vault.path_of(item).exists()
    assert not station.vault.path_of(unsent).exists(), "sent in the meantime"
    problems = " ".join(station.uploads.state().problems)
    assert "is gone there" in problems
    assert "was changed there" in problems
    assert where(station) == {gone.path: "local", changed.path: "differs", unsent.path: "remote"}
    later(station, AGAIN_S + 1)
    assert station.bucket.content(gone.path) == b"gone", "sent again"
    (problem,) = station.uploads.state().problems
    assert changed.path in problem
    assert station.vault.path_of(changed).exists()


def test_tampering_elsewhere_is_found(station: Station) -> None:
    clip = station.seal("moving pictures")
    station.once()
    later(station, 2 * DAY_S)
    assert codes(station) == ("authentic", set())
    station.bucket.spoil(clip.path, b"Moving pictures")
    assert codes(station) == ("not_authentic", {"file_changed"})
    assert codes(station, elsewhere=True) == ("not_authentic", {"file_changed"})
    assert where(station) == {clip.path: "differs"}
    assert where(station, read=True) == {clip.path: "differs"}
    with pytest.raises(DiffersError, match="not what was sealed"):
        station.vault.at_hand(clip)
    assert not station.vault.path_of(clip).exists()
    assert not list(station.vault.library.records.folder.glob("get-*"))

    station.bucket.remove(clip.path)
    assert codes(station) == ("authentic_parts_missing", {"file_missing"})
    assert where(station) == {clip.path: "missing"}
    with pytest.raises(GoneError):
        station.vault.at_hand(clip)


def test_a_storage_that_is_away_is_no_tampering(station: Station) -> None:
    station.seal()
    station.once()
    later(station, 2 * DAY_S)
    station.bucket.faults.rules.append(lambda _: BUSY)
    assert codes(station) == ("authentic_parts_missing", {"file_out_of_reach"})


def test_states_elsewhere_are_measured_by_the_log(station: Station) -> None:
    station.seal("one")
    station.once()
    old = next(key for key in station.bucket.names() if "/states/" in key)
    station.seal("two")
    assert codes(station, elsewhere=True) == ("authentic", set()), "just not stored yet"
    station.once()
    newest = next(key for key in station.bucket.names() if "/states/" in key and key != old)
    content = station.bucket.content(newest)
    station.bucket.remove(newest)  # put back to an older state
    verdict, found = codes(station, elsewhere=True)
    assert (verdict, "log_newer" in found) == ("not_authentic", True)
    assert any(
        one.where == "missing" and one.path == newest for one in compared(station.vault, read=False)
    )
    station.bucket.spoil(newest, content[:-30])
    assert codes(station, elsewhere=True) == ("not_authentic", {"manifest_bad"})
    station.bucket.spoil(newest, station.bucket.content(old))  # an older one under its name
    assert codes(station, elsewhere=True) == ("not_authentic", {"manifest_bad"})


def test_sealing_goes_on_while_evidence_is_elsewhere(station: Station) -> None:
    clip = station.seal("moving pictures")
    station.once()
    later(station, 2 * DAY_S)
    station.bucket.faults.rules.append(lambda _: "cut")
    station.vault.tell(INCIDENT, [Act("viewed", actor="2号队员", reason="办案")])
    station.seal("a still", "snapshot", parent_sha256=clip.sha256)
    station.bucket.faults.rules.clear()
    station.once()
    assert codes(station) == ("authentic", set())


def test_strangers_in_the_bucket_are_told(station: Station) -> None:
    station.seal()
    station.once()
    station.bucket.spoil("inc-other/planted.mp4", b"x")
    assert "unknown" in where(station).values()


@given(st.dictionaries(st.text("abc./", min_size=1, max_size=8), st.binary(max_size=40)))
def test_states_come_back_as_they_were(files: dict[str, bytes]) -> None:
    files = {name: content for name, content in files.items() if ".." not in name}
    files = {n: c for n, c in files.items() if all(p not in ("", ".") for p in n.split("/"))}
    key = key_of(INCIDENT, 7, digest_of(files))
    found = name_of(key)
    assert found is not None
    assert (found.number, found.key) == (7, key)
    assert unpacked(packed(files), key) == files


@given(st.binary(max_size=200), st.integers(0, 150))
def test_damaged_states_are_refused(noise: bytes, at: int) -> None:
    files = {"manifest.json": b"{}", "custody.jsonl": b"x" * 20}
    key, content = key_of(INCIDENT, 1, digest_of(files)), packed(files)
    spoiled = content[:at] + noise + content[at + len(noise) :]
    try:
        found = unpacked(spoiled, key)
    except DiffersError:
        return
    assert found == files
