"""The site's log: everything that was ever sealed or deleted, in one Merkle tree.

A line of ``log.jsonl`` is one entry with the signed head of the tree that ends with it, so one
append and one ``fdatasync`` make an entry certain. What a crash left of a line is put aside and
reported; nothing else is ever taken from the file.
"""

import base64
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import structlog

from core.clock import Clock
from recorder.seal.check.canonical import UnreadableError, canonical, read_canonical
from recorder.seal.check.proof import HEAD_SCHEMA, PROOF_SCHEMA
from recorder.seal.check.signatures import Identity, verifies
from recorder.seal.check.times import utc_text
from recorder.seal.check.tree import is_consistent, leaf_hash
from recorder.seal.errors import LogError
from recorder.seal.files import sync_folder
from recorder.seal.keys import KeyRing
from recorder.seal.merkle import Frontier, consistency_path, inclusion_path, root_of

FILE = "log.jsonl"

log = structlog.get_logger()


@dataclass(frozen=True)
class Entry:
    """One leaf.

    Attributes:
        kind: ``manifest``, ``custody`` or ``deletion``.
        subject: the incident, or the file of deletions.
        sha256: of the manifest, the newest custody event or the deletion record.
    """

    index: int
    kind: str
    subject: str
    sha256: str


class SiteLog:
    """The log in one folder; any number of threads and processes may append.

    Opening reads the whole file once (about 10 µs an entry), later calls only what is new.

    Args:
        keys: sign tree heads.
    """

    def __init__(self, folder: Path, keys: KeyRing, clock: Clock) -> None:
        self.file = folder / FILE
        self._keys, self._clock = keys, clock
        self._mutex = threading.Lock()
        self._last: dict[str, Any] | None = None
        self._forget()

    def append(self, kind: str, subject: str, sha256: str) -> int:
        """Add an entry unless it is the newest of its kind and subject already.

        Returns:
            Its place in the log.

        Raises:
            LogError: the log is damaged or cannot be written.
            KeyFileError: the head cannot be signed.
        """
        with self._mutex, self._exclusive() as stream:
            self._catch_up(stream, repair=True)
            newest = self._newest.get((kind, subject))
            if newest is not None and newest.sha256 == sha256:
                return newest.index
            try:
                return self._write(stream, kind, subject, sha256)
            except BaseException:
                self._forget()  # the file is read anew rather than guessed at
                raise

    def newest(self, kind: str, subject: str) -> Entry | None:
        """The newest entry about a subject, or None."""
        with self._mutex:
            self._refresh()
            return self._newest.get((kind, subject))

    def holds(self, kind: str, subject: str, sha256: str) -> bool:
        """Whether such an entry was ever made."""
        with self._mutex:
            self._refresh()
            return (kind, subject, sha256) in self._known

    def proof(self, kind: str, subject: str) -> bytes | None:
        """That the newest entry about a subject is in the log: the content of ``log.json``.

        Raises:
            LogError: the log is damaged.
        """
        with self._mutex:
            self._refresh()
            entry, last = self._newest.get((kind, subject)), self._last
            if entry is None or last is None:
                return None
            steps = inclusion_path(self._leaves, entry.index)
            return canonical(
                {
                    "schema": PROOF_SCHEMA,
                    "entry": self._line(entry.index)["entry"],
                    "index": entry.index,
                    "path": [step.hex() for step in steps],
                    "head": last["head"],
                    "signature": last["signature"],
                    "key": self._signed_by(last["signature"]).plain_pem.decode(),
                }
            )

    def head(self) -> dict[str, Any] | None:
        """The newest signed tree head, to be written down elsewhere; None while empty."""
        with self._mutex:
            self._refresh()
            return None if self._last is None else dict(self._last["head"])

    def consistency(self, old_size: int) -> list[bytes]:
        """Proof that the log of that size is the beginning of the present one."""
        with self._mutex:
            self._refresh()
            return consistency_path(self._leaves, old_size)

    def verify(self, known: dict[str, Any] | None = None) -> int:
        """Compute every root anew, check every signature and, if given, an older head.

        Returns:
            Number of entries.

        Raises:
            LogError: names what is wrong.
        """
        with self._mutex:
            self._forget()
            with self._reading() as stream:
                self._catch_up(stream, repair=False, check=True)
            if self._torn:
                raise LogError(f"{self.file}: the last line is cut; the next sealing repairs it")
            if known is not None:
                self._check_older(known["size"], bytes.fromhex(known["root"]))
            return len(self._leaves)

    def _check_older(self, size: int, root: bytes) -> None:
        now = len(self._leaves)
        if not is_consistent(
            size, root, now, root_of(self._leaves), consistency_path(self._leaves, size)
        ):
            raise LogError(
                f"{self.file}: its {now} entries do not begin with the {size} of the head given; "
                "entries were changed or removed"
            )

    def _write(self, stream: IO[bytes], kind: str, subject: str, sha256: str) -> int:
        utc = utc_text(self._clock.utc_ns())
        entry = {"kind": kind, "subject": subject, "sha256": sha256, "utc": utc}
        leaf = leaf_hash(canonical(entry))
        self._frontier.add(leaf)
        size, root = self._frontier.size, self._frontier.root().hex()
        head: dict[str, Any] = {"schema": HEAD_SCHEMA, "size": size, "root": root, "utc": utc}
        value: dict[str, Any] = {"entry": entry, "head": head, "signature": self._sign(head)}
        try:
            stream.write(canonical(value) + b"\n")
            stream.flush()
            os.fdatasync(stream.fileno())
            if size == 1:
                sync_folder(self.file.parent)
        except OSError as error:
            raise LogError(f"{self.file}: cannot be written: {error.strerror}") from None
        self._take(entry, leaf)
        self._last, self._offset = value, stream.tell()
        return size - 1

    def _forget(self) -> None:
        self._leaves: list[bytes] = []
        self._known: set[tuple[str, str, str]] = set()
        self._frontier = Frontier()
        self._newest: dict[tuple[str, str], Entry] = {}
        self._last = None
        self._offset, self._torn = 0, False

    def _refresh(self) -> None:
        with self._reading() as stream:
            self._catch_up(stream, repair=False)

    def _catch_up(self, stream: IO[bytes], *, repair: bool, check: bool = False) -> None:
        """Read what was appended since."""
        stream.seek(0, os.SEEK_END)
        if stream.tell() < self._offset:
            self._forget()
        stream.seek(self._offset)
        self._torn = False
        for line in stream:
            if not line.endswith(b"\n"):
                self._torn = True
                break
            number = len(self._leaves) + 1
            try:
                value = read_canonical(line[:-1])
                leaf = leaf_hash(canonical(value["entry"]))
                self._frontier.add(leaf)
                if value["head"]["size"] != number:
                    raise UnreadableError("its head is of another size")
                if check:
                    self._check(value)
                self._take(value["entry"], leaf)
            except (UnreadableError, KeyError, TypeError, AttributeError) as error:
                self._forget()
                raise LogError(f"{self.file}: entry {number}: {error}; it was changed") from None
            self._last = value
            self._offset += len(line)
        if self._torn and repair:
            self._put_aside(stream)
        stream.seek(self._offset)

    def _check(self, value: dict[str, Any]) -> None:
        if value["head"]["root"] != self._frontier.root().hex():
            raise UnreadableError("the root is another than that of the entries")
        signature = value["signature"]
        raw = base64.b64decode(signature["value"])
        who = self._signed_by(signature)
        if not verifies(who, signature["algorithm"], raw, canonical(value["head"])):
            raise UnreadableError("the signature does not hold")

    def _take(self, entry: dict[str, Any], leaf: bytes) -> None:
        found = Entry(len(self._leaves), entry["kind"], entry["subject"], entry["sha256"])
        self._leaves.append(leaf)
        self._known.add((found.kind, found.subject, found.sha256))
        self._newest[found.kind, found.subject] = found

    def _put_aside(self, stream: IO[bytes]) -> None:
        """An entry that was cut short was never reported as written."""
        stream.seek(self._offset)
        torn = stream.read()
        aside = self.file.with_name(f"{FILE}.torn-{self._offset}")
        aside.write_bytes(torn)
        stream.truncate(self._offset)
        os.fsync(stream.fileno())
        self._torn = False
        log.warning("log ended in a cut line", file=str(self.file), kept_as=aside.name)

    def _line(self, index: int) -> dict[str, Any]:
        with self._reading() as stream:
            for number, line in enumerate(stream):
                if number == index:
                    found: dict[str, Any] = read_canonical(line[:-1])
                    return found
        raise LogError(f"{self.file}: entry {index + 1} is gone")

    def _sign(self, head: dict[str, Any]) -> dict[str, str]:
        signer = self._keys.signers()[0]
        value = base64.b64encode(signer.sign(canonical(head))).decode()
        return {
            "algorithm": signer.algorithm,
            "key_sha256": signer.identity.sha256,
            "value": value,
        }

    def _signed_by(self, signature: dict[str, str]) -> Identity:
        for info in self._keys.infos():
            if info.identity.sha256 == signature["key_sha256"]:
                return info.identity
        raise UnreadableError("signed by a key that this station never had")

    @contextmanager
    def _exclusive(self) -> Iterator[IO[bytes]]:
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            stream = self.file.open("a+b")
        except OSError as error:
            raise LogError(f"{self.file}: cannot be written: {error.strerror}") from None
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield stream

    @contextmanager
    def _reading(self) -> Iterator[IO[bytes]]:
        try:
            stream = self.file.open("rb")
        except FileNotFoundError:
            self._forget()
            with Path(os.devnull).open("rb") as empty:
                yield empty
            return
        except OSError as error:
            raise LogError(f"{self.file}: cannot be read: {error.strerror}") from None
        with stream:
            fcntl.flock(stream, fcntl.LOCK_SH)
            yield stream
