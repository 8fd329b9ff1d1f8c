"""Deletions: told before they happen, signed, and not to be taken back."""

import json
import threading
from collections.abc import Callable

import pytest

from recorder.seal.deletion import LOG_EVERY_NS, Deleted, Deletions, Verified, Why, entries
from recorder.seal.errors import SealError
from recorder.seal.patience import Patience
from tests.recorder.seal.conftest import Station

AGE = Why("retention", "age", "retention_days=30")
THINGS = [
    Deleted("river-1/2026-08-01/000000_1.mp4", 100, "ab" * 32, "river-1", 1, 2),
    Deleted("river-1/2026-08-01/000010_2.mp4", 200),
]


def deletions(station: Station) -> Deletions:
    return Deletions(station.root / "deletions.jsonl", station.keys, station.clock, station.log)


def test_records_are_chained_signed_and_logged(station: Station) -> None:
    first = deletions(station).record(THINGS, AGE)
    deletions(station).record(THINGS[:1], Why("3号队员", "目的已达到", unit="望守镇"))
    assert deletions(station).verify(station.keys.trust()) == Verified(2, 0)
    one, two = (json.loads(line)["record"] for line in deletions(station).file.open("rb"))
    assert one["things"][0]["first_utc"] == "1970-01-01T00:00:00.000000001Z"
    assert (one["by"], one["rule"]) == ("retention", "retention_days=30")
    assert (two["prev_hash"], two["unit"]) == (first, "望守镇")
    assert station.log.newest("deletion", "deletions.jsonl") is not None


def test_rotation_does_not_break_the_chain(station: Station) -> None:
    deletions(station).record(THINGS, AGE)
    station.keys.rotate()
    deletions(station).record(THINGS, AGE)
    assert deletions(station).verify(station.keys.trust()).records == 2


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda lines: [lines[0].replace(b"river-1", b"river-2"), *lines[1:]], "does not hold"),
        (lambda lines: lines[1:], "does not follow"),
        (lambda lines: [lines[0], lines[2]], "does not follow"),
        (lambda lines: [lines[1], lines[0], lines[2]], "does not follow"),
        (lambda lines: lines[:-1], "site's log knows another record"),
        (lambda lines: [*lines, b"{}\n"], "record 4"),
    ],
)
def test_tampering_is_found(
    station: Station, edit: Callable[[list[bytes]], list[bytes]], said: str
) -> None:
    book = deletions(station)
    for _ in range(3):
        book.record(THINGS, AGE)
    lines = book.file.read_bytes().splitlines(keepends=True)
    book.file.write_bytes(b"".join(edit(lines)))
    with pytest.raises(SealError, match=said):
        deletions(station.again()).verify(station.keys.trust())


def test_a_stranger_cannot_sign(station: Station) -> None:
    stranger = station.again()
    stranger.keys.folder = station.root / "other"
    Deletions(station.root / "deletions.jsonl", stranger.keys, station.clock).record(THINGS, AGE)
    station.keys.signers()
    with pytest.raises(SealError, match="not trusted"):
        deletions(station).verify(station.keys.trust())


def test_half_a_record_deleted_nothing(station: Station) -> None:
    book = deletions(station)
    book.record(THINGS, AGE)
    with book.file.open("ab") as stream:
        stream.write(b'{"record":{"at"')
    book.record(THINGS, AGE)
    assert book.verify(station.keys.trust()).records == 2


def test_what_cannot_be_written_is_an_error(station: Station) -> None:
    book = deletions(station)
    book.file.mkdir()
    with pytest.raises(SealError, match=r"deletions\.jsonl: cannot be written"):
        book.record(THINGS, AGE)


def break_key(station: Station) -> None:
    """Others may read it, so that it is not used."""
    for key in station.keys.folder.glob("*.key"):
        key.chmod(0o644)


def mend_key(station: Station) -> None:
    for key in station.keys.folder.glob("*.key"):
        key.chmod(0o600)


def test_what_cannot_wait_is_written_unsigned_and_signed_for_later(station: Station) -> None:
    book = deletions(station)
    book.record(THINGS, AGE)
    break_key(station)
    with pytest.raises(SealError, match="chmod 600"):
        book.record(THINGS, AGE)
    for _ in range(2):
        book.record(THINGS, AGE, may_wait=True)
    assert book.waiting
    trust = station.keys.trust()
    assert deletions(station).verify(trust) == Verified(3, 2)
    book.tend()
    assert book.waiting
    mend_key(station)
    later = deletions(station.again())  # another process, after a restart
    later.tend()
    assert not later.waiting
    assert later.verify(trust) == Verified(4, 0)
    assert [one.act for one in entries(book.file)] == ["deleted"] * 3 + ["signed"]
    later.tend()
    assert later.verify(trust) == Verified(4, 0)


def test_an_unsigned_record_that_a_later_one_vouches_for_cannot_be_changed(
    station: Station,
) -> None:
    book = deletions(station)
    book.record(THINGS, AGE)
    break_key(station)
    book.record(THINGS, AGE, may_wait=True)
    mend_key(station)
    book.tend()
    whole = book.file.read_bytes()
    first, second, third = whole.splitlines(keepends=True)
    for bad in (
        first + second.replace(b'"size":100', b'"size":999') + third,
        first + third,
        first.replace(b'"size":100', b'"size":999') + second + third,
    ):
        book.file.write_bytes(bad)
        with pytest.raises(SealError, match=r"record [123]:"):
            deletions(station.again()).verify(station.keys.trust())


def test_a_signature_that_was_taken_off_shows(station: Station) -> None:
    book = deletions(station)
    book.record(THINGS, AGE)
    line = json.loads(book.file.read_bytes())
    line["signature"] = None
    bare = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    book.file.write_text(bare + "\n", encoding="utf-8")
    assert deletions(station).verify(station.keys.trust()) == Verified(1, 1)


def test_a_key_that_does_not_answer_holds_nothing_up(station: Station) -> None:
    book = deletions(station)
    book.record(THINGS, AGE)
    answer = threading.Event()
    ask = station.keys.signers

    def hang() -> object:
        answer.wait(60)
        return ask()

    station.keys.signers = hang  # type: ignore[method-assign, assignment]  # a token that hangs
    slow = Deletions(book.file, station.keys, station.clock, None, Patience(0.05))
    slow.record(THINGS, AGE, may_wait=True)
    slow.record(THINGS, AGE, may_wait=True)
    answer.set()
    assert slow.verify(station.keys.trust()) == Verified(3, 2)


def test_retention_enters_the_sites_log_now_and_then(station: Station) -> None:
    book = deletions(station)
    digests = []
    for _ in range(3):
        digests.append(book.record(THINGS, AGE, may_wait=True))
        station.clock.advance(LOG_EVERY_NS / 4e9)
    assert [station.log.holds("deletion", book.file.name, one) for one in digests] == [
        True, False, False,
    ]  # fmt: skip
    station.clock.advance(LOG_EVERY_NS / 1e9)
    book.tend()
    assert station.log.holds("deletion", book.file.name, digests[2])
    assert book.verify(station.keys.trust()) == Verified(3, 0)


def test_records_are_read_from_the_end(station: Station) -> None:
    book = deletions(station)
    many = [Deleted(f"river-1/{n:06d}.mp4", n, "ab" * 32, "river-1", n, n + 1) for n in range(700)]
    for _ in range(2):
        book.record(many, AGE)  # longer than what is read at once
    deletions(station.again()).record(THINGS, AGE)
    assert book.verify(station.keys.trust()) == Verified(3, 0)
    (last,) = entries(book.file, newest_bytes=4000)
    assert (last.seq, last.things[0].first_ns, last.signed) == (3, 1, True)
    assert len(list(entries(book.file, newest_bytes=10**9))) == 3
