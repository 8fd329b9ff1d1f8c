"""Reading a file of deletion records, from its end or as a whole."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.times import utc_ns_of
from recorder.seal.errors import SealError

_PIECE = 64 << 10


@dataclass(frozen=True)
class Thing:
    """One thing of a record."""

    path: str
    volume: str
    size: int
    sha256: str | None
    camera: str | None
    first_ns: int | None
    last_ns: int | None


@dataclass(frozen=True)
class Entry:
    """One record as it stands in the file; whether it holds is another question."""

    seq: int
    at_ns: int
    act: str
    by: str
    reason: str
    rule: str
    unit: str
    signed: bool
    things: tuple[Thing, ...]


def lines_of(file: Path, newest_bytes: int | None = None) -> Iterator[bytes]:
    """Whole lines, without their ends.

    Raises:
        SealError: it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            if newest_bytes is not None:
                start = stream.seek(0, os.SEEK_END) - newest_bytes
                if start > 0:
                    stream.seek(start - 1)
                    stream.readline()  # the rest of a line that began before
                else:
                    stream.seek(0)
            for line in stream:
                if line.endswith(b"\n"):
                    yield line[:-1]
    except FileNotFoundError:
        return
    except OSError as error:
        raise SealError(f"{file}: cannot be read: {error.strerror}") from None


def last_line(stream: IO[bytes], size: int) -> tuple[bytes | None, int]:
    """The last whole line, without its end, and where it ends in the file."""
    tail, start = b"", size
    while start > 0:
        piece = min(start, max(_PIECE, len(tail)))
        start -= piece
        stream.seek(start)
        tail = _read(stream, piece) + tail
        end = tail.rfind(b"\n") + 1
        begin = tail.rfind(b"\n", 0, end - 1) + 1 if end else 0
        if end and (begin or start == 0):
            return tail[begin : end - 1], start + end
    return None, 0


def parsed(line: bytes) -> Entry | None:
    """A line's record; None when it is none."""
    try:
        value = json.loads(line)
        record = value["record"]
        return Entry(
            seq=int(record["seq"]),
            at_ns=utc_ns_of(record["at"]),
            act=str(record["act"]),
            by=str(record["by"]),
            reason=str(record["reason"]),
            rule=str(record["rule"]),
            unit=str(record["unit"]),
            signed=value["signature"] is not None,
            things=tuple(_thing(one) for one in record["things"]),
        )
    except (UnreadableError, ValueError, KeyError, TypeError):
        return None


def _thing(given: dict[str, Any]) -> Thing:
    return Thing(
        path=str(given["path"]),
        volume=str(given["volume"]),
        size=int(given["size"]),
        sha256=given["sha256"],
        camera=given["camera"],
        first_ns=_moment(given["first_utc"]),
        last_ns=_moment(given["last_utc"]),
    )


def _moment(text: str | None) -> int | None:
    return None if text is None else utc_ns_of(text)


def _read(stream: IO[bytes], count: int) -> bytes:
    found = b""
    while len(found) < count and (piece := stream.read(count - len(found))):
        found += piece
    return found
