"""The verdict on a sealed folder or case file."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from cryptography import x509

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.chain import read_custody
from recorder.seal.check.container import (
    Container,
    Folder,
    OutOfReachError,
    Zip,
    read_some,
)
from recorder.seal.check.form import (
    CUSTODY,
    MANIFEST,
    custody_signature,
    log_subject,
    read_manifest,
)
from recorder.seal.check.proof import read_proof
from recorder.seal.check.report import FileState, Provenance, Report
from recorder.seal.check.signatures import Identity, identity, verifies
from recorder.seal.check.stamps import read_stamp
from recorder.seal.check.times import utc_ns_of, utc_text

STAMP, PROOF = "manifest.tsr", "log.json"
EARLY_NS = 300 * 1_000_000_000
"""A time-stamp this much before the moment of sealing tells of a wrong clock at the site."""

_MOST = 64 << 20
_MOST_SMALL = 1 << 20
_CHUNK = 1 << 20

Digests = tuple[str, str | None, int]
"""SHA-256, SM3 (None where it cannot be had) and the number of bytes read."""
Hasher = Callable[[IO[bytes], int, bool], Digests]
"""Of a stream, at most so many bytes of it; the last says whether SM3 is wanted, too."""


@dataclass(frozen=True)
class Trust:
    """What a verdict is measured against.

    Attributes:
        keys: SHA-256 of certificates that may sign.
        issuers: authorities whose certificates may sign.
        stamp_roots: authorities that time-stamps must end at.
    """

    keys: frozenset[str] = frozenset()
    issuers: tuple[x509.Certificate, ...] = ()
    stamp_roots: tuple[x509.Certificate, ...] = ()

    def knows(self, who: Identity) -> bool | None:
        """Whether the signer is known; None when there is nothing to compare with."""
        if not self.keys and not self.issuers:
            return None
        return who.sha256 in self.keys or who.issued_by(self.issuers)


def digests(stream: IO[bytes], most: int, sm3: bool = True) -> Digests:
    """The digests of a stream, at most ``most`` bytes of it."""
    first, second = hashlib.sha256(), None
    if sm3:
        try:
            second = hashlib.new("sm3")
        except ValueError:
            second = None
    size = 0
    while size < most and (chunk := read_some(stream, min(_CHUNK, most - size))):
        first.update(chunk)
        if second is not None:
            second.update(chunk)
        size += len(chunk)
    return first.hexdigest(), second.hexdigest() if second else None, size


def judge(path: Path, trust: Trust | None = None, hasher: Hasher = digests) -> Report:
    """Check a sealed folder or a case file (ZIP). Whatever it holds, this returns a report."""
    try:
        container: Container = Folder(path) if path.is_dir() else Zip(path)
    except (UnreadableError, OSError) as error:
        report = Report()
        report.add("container", str(path), str(error))
        return report
    if container.locked:
        report = Report()
        report.add("locked", path.name)
        return report
    return judge_container(container, trust, hasher)


def judge_container(
    container: Container, trust: Trust | None = None, hasher: Hasher = digests
) -> Report:
    """Check what was opened already."""
    return _Judge(container, trust or Trust(), hasher).report()


class _Judge:
    def __init__(self, container: Container, trust: Trust, hasher: Hasher) -> None:
        self._box, self._trust, self._hasher = container, trust, hasher
        self._names = set(container.names)
        self._report = Report()
        self._outside = {MANIFEST, CUSTODY, STAMP, PROOF}
        self._signers: list[tuple[dict[str, str], Identity]] = []

    def report(self) -> Report:
        for flaw in self._box.flaws:
            self._report.add(*flaw)
        if MANIFEST not in self._names:
            self._report.add("no_manifest")
            return self._report
        try:
            content = self._box.read(MANIFEST, _MOST)
            manifest = read_manifest(content)
        except UnreadableError as error:
            self._report.add("manifest_bad", MANIFEST, str(error))
            return self._report
        self._report.incident = manifest["incident"]
        if "schema" not in manifest:
            self._report.add("old_manifest")
            self._check_files(manifest["files"])
            return self._report
        self._report.standing = (manifest.get("case") or {}).get("standing", "")
        self._check_signers(manifest, content)
        self._check_files(manifest["files"])
        self._check_custody(manifest)
        self._check_stamp(manifest)
        self._check_proof(content, log_subject(manifest))
        return self._report

    def _check_signers(self, manifest: dict[str, Any], content: bytes) -> None:
        made_ns = utc_ns_of(manifest["made"])
        described, known = [], []
        for row in manifest["signers"]:
            self._outside.add(row["signature"])
            if not any(one["path"] == CUSTODY for one in manifest["files"]):
                self._outside.add(custody_signature(row))
            who = self._identity(row)
            if who is None:
                continue
            self._check_signature(who, row["algorithm"], row["signature"], content)
            if not who.lasts_over(made_ns):
                self._report.add("key_out_of_time", row["key"], manifest["made"])
            self._signers.append((row, who))
            known.append(self._trust.knows(who))
            described.append(_describe(row, who, known[-1]))
        if not manifest["signers"]:
            stray = any(one.startswith("manifest.sig") for one in self._names)
            self._report.add("manifest_bad" if stray else "no_signature", MANIFEST)
        elif known and False in known and True not in known:
            self._report.add("signer_stranger", "", described[0]["key_sha256"])
        self._report.provenance = Provenance(tuple(described), manifest["made"])

    def _identity(self, row: dict[str, str]) -> Identity | None:
        if row["key"] not in self._names:
            self._report.add("key_missing", row["key"])
            return None
        try:
            who = identity(self._box.read(row["key"], _MOST_SMALL))
        except UnreadableError as error:
            self._report.add("key_swapped", row["key"], str(error))
            return None
        if who.sha256 != row["key_sha256"]:
            self._report.add("key_swapped", row["key"])
            return None
        return who

    def _check_signature(self, who: Identity, algorithm: str, name: str, content: bytes) -> None:
        if name not in self._names:
            self._report.add("signature_missing", name)
            return
        try:
            if not verifies(who, algorithm, self._box.read(name, _MOST_SMALL), content):
                self._report.add("signature_bad", name)
        except UnreadableError as error:
            self._report.add("signature_bad", name, str(error))

    def _check_files(self, rows: list[dict[str, Any]]) -> None:
        listed, contents = {row["path"] for row in rows}, {row["sha256"] for row in rows}
        for row in rows:
            self._report.files.append(self._check_file(row))
            if row.get("parent_sha256") and row["parent_sha256"] not in contents:
                self._report.add("parent_missing", row["path"])
            if (row.get("first_utc") or "") > (row.get("last_utc") or "~"):
                self._report.add("times_reversed", row["path"])
        for name in self._box.names:
            if name not in listed and name not in self._outside:
                self._report.files.append(FileState(name, "extra"))
                self._report.add("file_extra", name)

    def _check_file(self, row: dict[str, Any]) -> FileState:
        path = row["path"]
        if path not in self._names:
            self._report.add("file_missing", path)
            return FileState(path, "missing")
        try:
            with self._box.open(path) as stream:
                # One byte more than is due, so that a bomb is not unpacked.
                sha256, sm3, size = self._hasher(stream, row["size"] + 1, bool(row.get("sm3")))
        except OutOfReachError as error:
            self._report.add("file_out_of_reach", path, str(error))
            return FileState(path, "missing", str(error))
        except UnreadableError as error:
            self._report.add("file_changed", path, str(error))
            return FileState(path, "changed", str(error))
        detail = ""
        if size != row["size"]:
            detail = f"not {row['size']} bytes"
        elif sha256 != row["sha256"]:
            detail = f"sha256 {sha256[:12]}…, sealed as {row['sha256'][:12]}…"
        elif row.get("sm3") and sm3 is None:
            if not any(one.code == "sm3_unchecked" for one in self._report.findings):
                self._report.add("sm3_unchecked")
        elif row.get("sm3") and sm3 != row["sm3"]:
            detail = f"sm3 {str(sm3)[:12]}…, sealed as {row['sm3'][:12]}…"
        if detail:
            self._report.add("file_changed", path, detail)
        return FileState(path, "changed" if detail else "ok", detail)

    def _check_custody(self, manifest: dict[str, Any]) -> None:
        if CUSTODY not in self._names:
            self._report.add("custody_missing", CUSTODY)
            return
        try:
            content = self._box.read(CUSTODY, _MOST)
            custody = read_custody(content, manifest["incident"])
        except UnreadableError as error:
            self._report.add("custody_bad", CUSTODY, str(error))
            return
        listed = {row["path"] for row in manifest["files"]}
        if CUSTODY not in listed:
            for row, who in self._signers:
                self._check_signature(who, row["algorithm"], custody_signature(row), content)
        for number in custody.back:
            self._report.add("custody_clock", CUSTODY, str(number))
        told = custody.sealed()
        for row in manifest["files"]:
            if row.get("sealed_utc") and row["sha256"] not in told:
                self._report.add("custody_cut", row["path"])

    def _check_stamp(self, manifest: dict[str, Any]) -> None:
        for name in manifest["beside"]:
            if name not in self._names:
                self._report.add("file_missing", name)
        if STAMP not in self._names:
            self._report.add("stamp_none")
            return
        try:
            data = self._box.read(manifest["signers"][0]["signature"], _MOST_SMALL)
            found = read_stamp(self._box.read(STAMP, _MOST_SMALL), data, self._trust.stamp_roots)
        except (UnreadableError, IndexError) as error:
            self._report.add("stamp_bad", STAMP, str(error))
            return
        if found.trusted is False:
            self._report.add("stamp_stranger", STAMP, found.authority)
        utc = utc_text(found.utc_ns)
        if found.utc_ns + EARLY_NS < utc_ns_of(manifest["made"]):
            self._report.add("stamp_early", STAMP, utc)
        stamp = {"utc": utc, "authority": found.authority, "trusted": found.trusted}
        self._report.provenance = replace(self._report.provenance, stamp=stamp)

    def _check_proof(self, content: bytes, subject: tuple[str, str]) -> None:
        if PROOF not in self._names:
            self._report.add("log_none")
            return
        try:
            log = read_proof(self._box.read(PROOF, _MOST_SMALL), content, *subject)
            who = identity(log.key_pem)
            if who.sha256 != log.key_sha256 or who.plain_pem != log.key_pem:
                raise UnreadableError("it does not carry the certificate of who signed the log")
            if not verifies(who, log.algorithm, log.signature, log.head):
                raise UnreadableError("the signature of the log does not hold")
        except UnreadableError as error:
            self._report.add("log_bad", PROOF, str(error))
            return
        if self._trust.knows(who) is False:
            self._report.add("log_stranger", PROOF, who.sha256)
            return
        self._report.provenance = replace(
            self._report.provenance, log={"size": log.size, "index": log.index, "root": log.root}
        )


def _describe(row: dict[str, str], who: Identity, known: bool | None) -> dict[str, Any]:
    mine = who.certificates[0] if who.certificates else None
    return {
        "algorithm": row["algorithm"],
        "key_sha256": who.sha256,
        "name": who.subject,
        "serial": f"{mine.serial_number:x}" if mine else "",
        "not_before": mine.not_valid_before_utc.isoformat() if mine else "",
        "not_after": mine.not_valid_after_utc.isoformat() if mine else "",
        "known": known,
    }
