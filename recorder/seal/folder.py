"""The sealed folder of one incident: manifest, custody, signatures, changed as one."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.cases import EvidenceItem
from core.clock import Clock
from recorder.seal.check.canonical import UnreadableError, read_json
from recorder.seal.check.chain import Custody, read_custody
from recorder.seal.check.container import Container, Folder
from recorder.seal.check.form import (
    CUSTODY,
    MANIFEST,
    custody_signature,
    manifest_signature,
    read_manifest,
)
from recorder.seal.check.judge import STAMP, judge_container
from recorder.seal.check.report import Report
from recorder.seal.custody import Act, line_of
from recorder.seal.digests import digests_of, hash_stream
from recorder.seal.errors import SealError
from recorder.seal.files import write_whole
from recorder.seal.manifest import Row, manifest_of, plain_row, row_of, signer_row
from recorder.seal.sealer import Sealer
from recorder.seal.signer import Signer
from recorder.seal.staging import Change, commit, finish, waiting

UNSTAMPED = ".unstamped"
_MOST = 64 << 20


class SealedFolder:
    """One incident's folder. The caller holds its lock.

    Args:
        folder: of the incident.
        sealer: None seals without signature and log.
    """

    def __init__(self, folder: Path, sealer: Sealer | None, clock: Clock) -> None:
        self.folder, self.incident = folder, folder.name
        self._sealer, self._clock = sealer, clock

    def settle(self) -> None:
        """Make the change that a crash left half made; take back the one it left uncertain."""
        plan = waiting(self.folder)
        if plan is None:
            return
        for entry in plan["entries"]:
            if self._sealer is not None:
                self._sealer.enter(*entry)
        finish(self.folder, plan)

    def add(self, item: EvidenceItem, sm3: str | None, items: Sequence[EvidenceItem]) -> None:
        """Seal a staged file.

        Args:
            item: it.
            sm3: its other digest; None where it is not computed before an export.
            items: all that are sealed already, as the manifest has them.

        Raises:
            SealError: the folder was damaged.
            OSError: it cannot be written; nothing has changed.
        """
        rows, acts = self._rows(items)
        name = item.path.removeprefix(f"{self.incident}/")
        acts.append(Act("sealed", object=name, before=item.parent_sha256, after=item.sha256))
        known = (self.folder / name).exists()
        self._change([*rows, row_of(item, sm3)], acts, [] if known else [name])

    def tell(self, acts: Sequence[Act], items: Sequence[EvidenceItem]) -> None:
        """Add to the chain of custody.

        Raises:
            SealError: the folder was damaged.
            OSError: it cannot be written; nothing has changed.
        """
        rows, adopted = self._rows(items)
        signers = self._sealer.signers() if self._sealer is not None else ()
        same = [signer_row(one) for one in signers] == self._manifest().get("signers")
        self._change(None if same and not adopted else rows, [*adopted, *acts], [])

    def judge(self) -> Report:
        """The verdict, with the site's log looked into."""
        box = Folder(self.folder)
        report = self.judge_of(box)
        self.look_into_log(report, box)
        return report

    def judge_of(self, container: Container) -> Report:
        """The verdict on this folder as a container has it, without the site's log."""
        trust = self._sealer.trust() if self._sealer is not None else None
        return judge_container(container, trust, hash_stream)

    def proof(self) -> bytes | None:
        """That the manifest is in the site's log (``log.json``), if it is."""
        return self._sealer.log.proof("manifest", self.incident) if self._sealer else None

    def look_into_log(self, report: Report, box: Container) -> None:
        """Add what the site's log says of manifest and custody as they are in the container."""
        if self._sealer is None or report.verdict == "not_signed":
            return
        log = self._sealer.log
        report.findings = [one for one in report.findings if one.code != "log_none"]
        try:
            manifest = hashlib.sha256(box.read(MANIFEST, _MOST)).hexdigest()
            custody = read_custody(box.read(CUSTODY, _MOST), self.incident)
            heads = {MANIFEST: ("manifest", manifest), CUSTODY: ("custody", custody.head)}
            for name, (kind, digest) in heads.items():
                newest = log.newest(kind, self.incident)
                if newest is not None and newest.sha256 == digest:
                    continue
                older = log.holds(kind, self.incident, digest)
                report.add("log_newer" if older else "log_absent", name)
        except UnreadableError:
            return  # the verdict says so already
        except SealError as error:
            report.add("log_unreadable", "", str(error))

    def unstamped(self) -> bytes | None:
        """The signature that waits for a time-stamp; None when there is none."""
        signers = self._manifest().get("signers")
        if not signers or (self.folder / STAMP).exists():
            return None
        name: str = signers[0]["signature"]
        return (self.folder / name).read_bytes()

    def keep_stamp(self, signature: bytes, response: bytes) -> bool:
        """Put a time-stamp beside the signature it is of; False if that was replaced meanwhile."""
        if self.unstamped() != signature:
            return False
        write_whole(self.folder / STAMP, response, 0o640)
        return True

    def _manifest(self) -> dict[str, Any]:
        path = self.folder / MANIFEST
        try:
            return read_manifest(path.read_bytes())
        except FileNotFoundError:
            return {}
        except (UnreadableError, OSError) as error:
            raise SealError(f"{path}: the manifest cannot be read; it was damaged") from error

    def _rows(self, items: Sequence[EvidenceItem]) -> tuple[list[Row], list[Act]]:
        """The rows of the present manifest; of an older kind they are made, and custody told."""
        path = self.folder / MANIFEST
        if not path.exists() or "schema" in read_json(path.read_bytes()):
            return list(self._manifest().get("files", ())), []
        rows, acts = [], []
        for item in items:
            file = self.folder.parent / item.path
            found = digests_of(file) if file.is_file() else None
            same = found is not None and found.sha256 == item.sha256
            # What was changed or lost keeps its old digest, so that it goes on being found out.
            rows.append(row_of(item, found.sm3 if found is not None and same else None))
            reason = "sealed before manifests were signed"
            name = item.path.removeprefix(f"{self.incident}/")
            acts.append(Act("adopted", reason=reason, object=name, after=item.sha256))
        return rows, acts

    def _custody(self) -> tuple[bytes, Custody]:
        path = self.folder / CUSTODY
        try:
            content = path.read_bytes()
            return content, read_custody(content, self.incident)
        except FileNotFoundError:
            return b"", Custody()
        except (UnreadableError, OSError) as error:
            raise SealError(f"{path}: the chain of custody was damaged: {error}") from error

    def _change(self, rows: list[Row] | None, acts: Sequence[Act], enter: list[str]) -> None:
        content, custody = self._custody()
        for act in acts:
            line, _ = line_of(act, custody, self.incident, self._clock.utc_ns())
            content += line
            custody = read_custody(content, self.incident)
        signers = self._sealer.signers() if self._sealer is not None else ()
        change = Change(enter=enter)
        if not self._sign(change, rows, content, signers):
            self._sign(change, rows or self._rows(())[0], content, ())
        change.entries.append(("custody", self.incident, custody.head))
        stale = {path.name for path in self.folder.glob("*.sig.*")} - set(change.put)
        if MANIFEST not in change.put:
            stale = {name for name in stale if not name.startswith("manifest.")}
        change.drop += sorted(stale)
        if MANIFEST in change.put and self._sealer is not None and self._sealer.stamped:
            self._wait_for_stamp()
        commit(self.folder, change)
        self.settle()

    def _sign(
        self, change: Change, rows: list[Row] | None, custody: bytes, signers: tuple[Signer, ...]
    ) -> bool:
        """Add manifest and custody with their signatures; False if they cannot be signed."""
        change.put.clear()
        if rows is not None:
            rows = self._with_certificates(change, self._with_stamped(change, rows), signers)
            manifest = manifest_of(self.incident, rows, signers, self._clock.utc_ns())
            change.put[MANIFEST] = manifest
            digest = hashlib.sha256(manifest).hexdigest()
            change.entries = [("manifest", self.incident, digest)]
        change.put[CUSTODY] = custody
        if self._sealer is None:
            return True
        named = {CUSTODY: custody_signature, MANIFEST: manifest_signature}
        for name in [one for one in (MANIFEST, CUSTODY) if one in change.put]:
            signatures = self._sealer.sign(signers, change.put[name])
            if len(signatures) != len(signers):
                return False
            for signer, signature in zip(signers, signatures, strict=True):
                change.put[named[name](signer_row(signer))] = signature
        return True

    def _with_certificates(
        self, change: Change, rows: list[Row], signers: tuple[Signer, ...]
    ) -> list[Row]:
        rows = list(rows)
        for signer in signers:
            name, pem = signer.key_file, signer.identity.pem
            if not any(row["path"] == name for row in rows):
                rows.append(_row(name, "certificate", "application/x-pem-file", pem))
                change.put[name] = pem
        return rows

    def _with_stamped(self, change: Change, rows: list[Row]) -> list[Row]:
        """A manifest that was time-stamped is kept: it proves the earlier moment."""
        change.drop = []
        if not (self.folder / STAMP).exists():
            return list(rows)
        rows = list(rows)
        count = sum(row["path"].startswith("stamped/") for row in rows)
        place = f"stamped/{1 + count:04d}"
        names = [MANIFEST, STAMP, *(row["signature"] for row in self._manifest()["signers"])]
        for name in names:
            content = (self.folder / name).read_bytes()
            path = f"{place}-{name}"
            rows.append(_row(path, "earlier_seal", "application/octet-stream", content))
            change.put[path] = content
        change.drop = [STAMP]
        return rows

    def _wait_for_stamp(self) -> None:
        mark = self.folder.parent / UNSTAMPED / self.incident
        mark.parent.mkdir(exist_ok=True)
        mark.touch()


def _row(path: str, role: str, mime: str, content: bytes) -> Row:
    sha256, sm3 = (hashlib.new(name, content).hexdigest() for name in ("sha256", "sm3"))
    return plain_row(path, role, mime, sha256, sm3, len(content))
