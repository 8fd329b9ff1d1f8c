"""Deletion as a record: what was deleted, when, why, by what or whom, and signed.

A line of the file is ``{"record": …, "signature": …}``. Records are chained by hash and each is
an entry of the site's log, so removing one shows.
"""

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from core.clock import Clock
from recorder.seal.check.canonical import UnreadableError, canonical, read_canonical
from recorder.seal.check.chain import GENESIS
from recorder.seal.check.judge import Trust
from recorder.seal.check.signatures import identity, verifies
from recorder.seal.check.times import utc_text
from recorder.seal.errors import SealError
from recorder.seal.files import sync_folder
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog

SCHEMA = "wardwatch.deletion/1"
_NEWEST_BYTES = 64 << 20


@dataclass(frozen=True)
class Deleted:
    """One thing that is no more.

    Attributes:
        path: below the recordings or the vault.
        size: bytes.
        sha256: None where it was never computed; then only the name and the time are proved.
        camera: whose it was, if any camera's.
        first_ns: first moment it showed, if known.
        last_ns: last moment.
    """

    path: str
    size: int
    sha256: str | None = None
    camera: str | None = None
    first_ns: int | None = None
    last_ns: int | None = None


@dataclass(frozen=True)
class Why:
    """On whose word.

    Attributes:
        by: ``retention``, or the user name of a person.
        reason: ``age``, ``space``, or a person's words.
        rule: the rule applied, e.g. ``retention_days=30``.
        unit: the person's unit.
    """

    by: str
    reason: str
    rule: str = ""
    unit: str = ""


class Deletions:
    """The records in one file; any number of processes may append."""

    def __init__(
        self, file: Path, keys: KeyRing, clock: Clock, site_log: SiteLog | None = None
    ) -> None:
        self.file = file
        self._keys, self._clock, self._log = keys, clock, site_log

    def record(self, things: Sequence[Deleted], why: Why) -> str:
        """Sign and write one record for all that one decision deletes; before deleting.

        Returns:
            SHA-256 of the record.

        Raises:
            SealError: it cannot be written or signed; then nothing should be deleted.
        """
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self.file.open("a+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                digest = self._append(stream, things, why)
        except OSError as error:
            raise SealError(f"{self.file}: cannot be written: {error.strerror}") from None
        if self._log is not None:
            self._log.append("deletion", self.file.name, digest)
        return digest

    def verify(self, trust: Trust) -> int:
        """Check the chain and every signature.

        Returns:
            Number of records.

        Raises:
            SealError: names the first record that is wrong.
        """
        count, head = 0, GENESIS
        for line in self._lines():
            count += 1
            try:
                record, digest = self._check(line, trust)
                if (record["seq"], record["prev_hash"]) != (count, head):
                    raise UnreadableError("it does not follow the one before it")
            except (UnreadableError, KeyError, TypeError, ValueError) as error:
                raise SealError(f"{self.file}: record {count}: {error}") from None
            head = digest
        newest = self._log.newest("deletion", self.file.name) if self._log else None
        if newest is not None and newest.sha256 != head:
            raise SealError(f"{self.file}: the site's log knows a newer record; some were removed")
        return count

    def _append(self, stream: IO[bytes], things: Sequence[Deleted], why: Why) -> str:
        last = self._last(stream)
        record = {
            "schema": SCHEMA,
            "seq": 1 if last is None else last["seq"] + 1,
            "prev_hash": GENESIS if last is None else _digest(last),
            "at": utc_text(self._clock.utc_ns()),
            **asdict(why),
            "things": [_as_json(one) for one in things],
        }
        signer = self._keys.signers()[0]
        content = canonical(record)
        signature = {
            "algorithm": signer.algorithm,
            "key": signer.identity.pem.decode(),
            "value": base64.b64encode(signer.sign(content)).decode(),
        }
        stream.write(canonical({"record": record, "signature": signature}) + b"\n")
        stream.flush()
        os.fdatasync(stream.fileno())
        if last is None:
            sync_folder(self.file.parent)
        return _digest(record)

    def _last(self, stream: IO[bytes]) -> dict[str, Any] | None:
        """The newest whole record; half a line that a crash left is cut off: it deleted nothing."""
        size = stream.seek(0, os.SEEK_END)
        stream.seek(max(0, size - _NEWEST_BYTES))
        whole, newline, torn = stream.read().rpartition(b"\n")
        if torn:
            stream.truncate(size - len(torn))
        stream.seek(0, os.SEEK_END)
        if not newline:
            return None
        try:
            record: dict[str, Any] = read_canonical(whole.rpartition(b"\n")[2])["record"]
        except (UnreadableError, KeyError, TypeError) as error:
            raise SealError(f"{self.file}: its newest record was damaged: {error}") from None
        return record

    def _check(self, line: bytes, trust: Trust) -> tuple[dict[str, Any], str]:
        value = read_canonical(line)
        record, signature = value["record"], value["signature"]
        who = identity(signature["key"].encode())
        if trust.knows(who) is False:
            raise UnreadableError("signed by a key that is not trusted")
        raw = base64.b64decode(signature["value"], validate=True)
        if not verifies(who, signature["algorithm"], raw, canonical(record)):
            raise UnreadableError("its signature does not hold: it was changed")
        return record, _digest(record)

    def _lines(self) -> Iterator[bytes]:
        try:
            with self.file.open("rb") as stream:
                for line in stream:
                    if line.endswith(b"\n"):
                        yield line[:-1]
        except FileNotFoundError:
            return
        except OSError as error:
            raise SealError(f"{self.file}: cannot be read: {error.strerror}") from None


def _digest(record: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(record)).hexdigest()


def _as_json(one: Deleted) -> dict[str, Any]:
    found = asdict(one)
    for name in ("first", "last"):
        moment = found.pop(f"{name}_ns")
        found[f"{name}_utc"] = None if moment is None else utc_text(moment)
    return found
