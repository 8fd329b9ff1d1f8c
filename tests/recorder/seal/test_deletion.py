"""Deletions: told before they happen, signed, and not to be taken back."""

import json
from collections.abc import Callable

import pytest

from recorder.seal.deletion import Deleted, Deletions, Why
from recorder.seal.errors import SealError
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
    assert deletions(station).verify(station.keys.trust()) == 2
    one, two = (json.loads(line)["record"] for line in deletions(station).file.open("rb"))
    assert one["things"][0]["first_utc"] == "1970-01-01T00:00:00.000000001Z"
    assert (one["by"], one["rule"]) == ("retention", "retention_days=30")
    assert (two["prev_hash"], two["unit"]) == (first, "望守镇")
    assert station.log.newest("deletion", "deletions.jsonl") is not None


def test_rotation_does_not_break_the_chain(station: Station) -> None:
    deletions(station).record(THINGS, AGE)
    station.keys.rotate()
    deletions(station).record(THINGS, AGE)
    assert deletions(station).verify(station.keys.trust()) == 2


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda lines: [lines[0].replace(b"river-1", b"river-2"), *lines[1:]], "does not hold"),
        (lambda lines: lines[1:], "does not follow"),
        (lambda lines: [lines[0], lines[2]], "does not follow"),
        (lambda lines: [lines[1], lines[0], lines[2]], "does not follow"),
        (lambda lines: lines[:-1], "site's log knows a newer record"),
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
    assert book.verify(station.keys.trust()) == 2


def test_what_cannot_be_written_is_an_error(station: Station) -> None:
    book = deletions(station)
    book.file.mkdir()
    with pytest.raises(SealError, match=r"deletions\.jsonl: cannot be written"):
        book.record(THINGS, AGE)
