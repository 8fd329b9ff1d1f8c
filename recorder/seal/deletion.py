"""Deletion as a record: what was deleted, when, why, by what or whom, and signed.

A line of the file is ``{"record": …, "signature": …}``. Each record carries the hash of the one
before, so a signature vouches for everything above it: a record that was written while the key
could not be used (``"signature": null``) is signed for by the next one. The site's log holds the
newest record now and then, so that cutting the end off shows, too.
"""

import base64
import fcntl
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

import structlog

from core.clock import NS_PER_S, Clock
from recorder.seal.book import Entry, last_line, lines_of, parsed
from recorder.seal.check.canonical import (
    UnreadableError,
    canonical,
    read_canonical,
    read_json,
)
from recorder.seal.check.chain import GENESIS
from recorder.seal.check.judge import Trust
from recorder.seal.check.signatures import identity, verifies
from recorder.seal.check.times import utc_text
from recorder.seal.errors import SealError
from recorder.seal.files import sync_folder
from recorder.seal.keys import KeyRing
from recorder.seal.log import SiteLog
from recorder.seal.patience import Patience

SCHEMA = "wardwatch.deletion/1"
LOG_EVERY_NS = 600 * NS_PER_S
"""So often at most retention's records are entered in the site's log, which keeps all in memory."""

Act = Literal["deleted", "kept", "signed"]
"""``kept``: not deleted after all. ``signed``: nothing but a signature for the records before."""

log = structlog.get_logger()


@dataclass(frozen=True)
class Deleted:
    """One thing that is no more.

    Attributes:
        path: below the volume, or the folder that ``volume`` names.
        size: bytes.
        sha256: None where it was never computed; then only the name and the time are proved.
        hashed: when that was: ``closing`` of the recording, ``sealing`` or ``deletion``.
        camera: whose it was, if any camera's.
        first_ns: first moment it showed, if known.
        last_ns: last moment.
        volume: id of the volume it was on, or a folder of the data directory.
    """

    path: str
    size: int
    sha256: str | None = None
    camera: str | None = None
    first_ns: int | None = None
    last_ns: int | None = None
    volume: str = ""
    hashed: Literal["closing", "sealing", "deletion", ""] = ""


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


@dataclass(frozen=True)
class Verified:
    """A book that holds.

    Attributes:
        records: how many there are.
        waiting: the newest of them that no signature vouches for yet.
    """

    records: int
    waiting: int


@dataclass(frozen=True)
class _Head:
    """The newest record, and the length of the file that ends with it."""

    size: int
    seq: int = 0
    digest: str = GENESIS
    signed: bool = True


class Deletions:
    """The records in one file; any number of processes may append.

    Args:
        keys: who signs; None: nobody.
        site_log: where the newest record is entered; None: nowhere.
        patience: for keys that do not answer.
    """

    def __init__(
        self,
        file: Path,
        keys: KeyRing | None,
        clock: Clock,
        site_log: SiteLog | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.file = file
        self._keys, self._clock, self._log = keys, clock, site_log
        self._patience = patience or Patience()
        self._known: _Head | None = None
        self._logged_ns: int | None = None

    @property
    def waiting(self) -> bool:
        """The newest record is unsigned, as far as this process knows."""
        return self._known is not None and not self._known.signed

    def record(
        self,
        things: Sequence[Deleted],
        why: Why,
        act: Act = "deleted",
        *,
        may_wait: bool = False,
    ) -> str:
        """Write one record for all that one decision deletes; before deleting.

        Args:
            may_wait: for its signature, and for its entry in the log. So do what cannot wait
                itself: a full disk.

        Returns:
            SHA-256 of the record.

        Raises:
            SealError: it cannot be written, or be signed and must be; then nothing should be
                deleted.
        """
        head = self._append(things, why, act, may_wait)
        self._enter(head, late=may_wait)
        return head.digest

    def tend(self) -> None:
        """Sign what waits for it, and bring the site's log up to date; never raises."""
        try:
            if self._known is None and self.file.exists():
                with self._exclusive() as stream:
                    self._known = self._newest(stream)
            if self.waiting and self._keys is not None:
                self.record((), Why("system", "late signature"), "signed")
            elif self._known is not None and self._known.seq:
                self._enter(self._known, late=True)
        except (SealError, OSError) as error:
            log.error("deletions wait to be signed", file=str(self.file), error=str(error))

    def verify(self, trust: Trust) -> Verified:
        """Check the chain, every signature, and what the site's log knows.

        Raises:
            SealError: names the first record that is wrong.
        """
        newest = self._log.newest("deletion", self.file.name) if self._log else None
        count = waiting = 0
        head, logged = GENESIS, newest is None
        for line in lines_of(self.file):
            count += 1
            try:
                record, digest, signed = _checked(line, trust)
                if (record["seq"], record["prev_hash"]) != (count, head):
                    raise UnreadableError("it does not follow the one before it")
            except (UnreadableError, KeyError, TypeError, ValueError) as error:
                raise SealError(f"{self.file}: record {count}: {error}") from None
            head = digest
            waiting = 0 if signed else waiting + 1
            logged = logged or (newest is not None and newest.sha256 == head)
        if not logged:
            raise SealError(f"{self.file}: the site's log knows another record; some were removed")
        return Verified(count, waiting)

    def _append(self, things: Sequence[Deleted], why: Why, act: Act, may_wait: bool) -> _Head:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            with self._exclusive() as stream:
                last = self._newest(stream)
                record = {
                    "schema": SCHEMA,
                    "seq": last.seq + 1,
                    "prev_hash": last.digest,
                    "at": utc_text(self._clock.utc_ns()),
                    "act": act,
                    **asdict(why),
                    "things": [_as_json(one) for one in things],
                }
                signature = self._sign(canonical(record), may_wait)
                line = canonical({"record": record, "signature": signature}) + b"\n"
                _write(stream, last.size, line)
                if not last.seq:
                    sync_folder(self.file.parent)
                size, signed = last.size + len(line), signature is not None
                self._known = _Head(size, last.seq + 1, _digest(record), signed)
                return self._known
        except OSError as error:
            raise SealError(f"{self.file}: cannot be written: {error.strerror}") from None

    def _sign(self, content: bytes, may_wait: bool) -> dict[str, str] | None:
        keys = self._keys
        if keys is None:
            if may_wait:
                return None
            raise SealError(f"{self.file}: there is no key to sign with")

        def sign() -> dict[str, str]:
            signer = keys.signers()[0]
            return {
                "algorithm": signer.algorithm,
                "key": signer.identity.pem.decode(),
                "value": base64.b64encode(signer.sign(content)).decode(),
            }

        try:
            return self._patience.wait(sign)
        except Exception as error:
            if not may_wait:
                raise
            log.error("deletion not signed yet", file=str(self.file), error=str(error))
            return None

    def _enter(self, head: _Head, *, late: bool) -> None:
        site_log, now_ns = self._log, self._clock.monotonic_ns()
        if site_log is None or not head.signed:
            return
        if late and self._logged_ns is not None and now_ns - self._logged_ns < LOG_EVERY_NS:
            return
        self._logged_ns = now_ns
        try:
            self._patience.wait(lambda: site_log.append("deletion", self.file.name, head.digest))
        except Exception as error:
            if not late:
                raise
            log.error("deletion not entered in the site's log", error=str(error))

    def _newest(self, stream: IO[bytes]) -> _Head:
        """The newest whole record; half a line that a crash left is cut off: it deleted nothing."""
        size = os.fstat(stream.fileno()).st_size
        if self._known is not None and self._known.size == size:
            return self._known
        line, end = last_line(stream, size)
        if end < size:
            os.ftruncate(stream.fileno(), end)
        if line is None:
            return _Head(0)
        try:
            value = read_canonical(line)
            record = value["record"]
            return _Head(end, record["seq"], _digest(record), value["signature"] is not None)
        except (UnreadableError, KeyError, TypeError) as error:
            raise SealError(f"{self.file}: its newest record was damaged: {error}") from None

    def _exclusive(self) -> IO[bytes]:
        stream = self.file.open("a+b", buffering=0)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX)
        except BaseException:
            stream.close()
            raise
        return stream


def entries(file: Path, newest_bytes: int | None = None) -> Iterator[Entry]:
    """The records of a book, oldest first, as they stand; lines that cannot be read are left out.

    Args:
        newest_bytes: only those in so many octets at the end of the file.
    """
    for line in lines_of(file, newest_bytes):
        found = parsed(line)
        if found is not None:
            yield found


def _write(stream: IO[bytes], size: int, line: bytes) -> None:
    """All of it, on the disk, or nothing."""
    try:
        view = memoryview(line)
        while view:
            view = view[os.write(stream.fileno(), view) :]
        os.fdatasync(stream.fileno())
    except OSError:
        os.ftruncate(stream.fileno(), size)
        raise


def _checked(line: bytes, trust: Trust) -> tuple[dict[str, Any], str, bool]:
    """A record, its hash, and whether it is signed."""
    value = read_json(line)
    record, signature = value["record"], value["signature"]
    text = canonical(record)
    # Canonical JSON is made of canonical JSON; making it once is a third of the work.
    if line != b'{"record":%b,"signature":%b}' % (text, canonical(signature)):
        raise UnreadableError("not canonical JSON (RFC 8785)")
    digest = hashlib.sha256(text).hexdigest()
    if signature is None:
        return record, digest, False
    who = identity(signature["key"].encode())
    if trust.knows(who) is False:
        raise UnreadableError("signed by a key that is not trusted")
    raw = base64.b64decode(signature["value"], validate=True)
    if not verifies(who, signature["algorithm"], raw, text):
        raise UnreadableError("its signature does not hold: it was changed")
    return record, digest, True


def _digest(record: dict[str, Any]) -> str:
    return hashlib.sha256(canonical(record)).hexdigest()


def _as_json(one: Deleted) -> dict[str, Any]:
    found = asdict(one)
    for name in ("first", "last"):
        moment = found.pop(f"{name}_ns")
        found[f"{name}_utc"] = None if moment is None else utc_text(moment)
    return found
