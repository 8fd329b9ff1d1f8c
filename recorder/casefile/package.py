"""One incident as a case file (ZIP): files, records, documents, seal."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import structlog

from core.reviews import standing
from recorder.casefile.case import Case, Wish
from recorder.casefile.facts import gather
from recorder.casefile.layout import SEAL, place
from recorder.casefile.records import gaps_of, records_of
from recorder.casefile.sealing import sealed
from recorder.casefile.signatures import record_of, signatures_of
from recorder.casefile.station import Station
from recorder.casefile.story import story
from recorder.casefile.typeset import typeset
from recorder.casefile.work import Work
from recorder.casefile.writer import Progress, Writer
from recorder.seal.check.canonical import canonical
from recorder.seal.check.chain import read_custody
from recorder.seal.check.form import CUSTODY, read_manifest
from recorder.seal.custody import Act
from recorder.seal.errors import SealError
from recorder.seal.manifest import Row
from recorder.seal.standalone import verify_script
from recorder.vault import Vault

BEGUN, DONE = "export", "exported"

log = structlog.get_logger()


class Package:
    """One incident to be written.

    Attributes:
        seal_sha256: of the vault's manifest that it is made from.

    Raises:
        CaseFileError: there is no such incident.
        VaultError: nothing is sealed for it.
        RecorderError: a file that lies elsewhere cannot be had.
    """

    def __init__(self, station: Station, wish: Wish, incident: str) -> None:
        self._station, self.incident = station, incident
        with station.store.read() as unit:
            facts = gather(unit, station.site, incident)
        tell_once(station.vault, incident, _act(wish))
        self._seal = station.vault.seal_of(incident)
        self.seal_sha256 = hashlib.sha256(self._seal["manifest.json"]).hexdigest()
        station.vault.gather(incident)
        listed: list[Row] = read_manifest(self._seal["manifest.json"])["files"]
        rows = tuple({**row, "path": place(row), "sealed_path": row["path"]} for row in listed)
        folder = station.vault.root / incident
        originals = {row["sha256"] for row in rows if "id" in row and not row["parent_sha256"]}
        evidence = tuple(row for row in rows if "id" in row)
        self.case = Case(
            wish=wish,
            site=station.site,
            facts=facts,
            standing=standing(facts.reviews, originals),
            rows=rows,
            custody=read_custody(self._seal[CUSTODY], incident).events,
            signers=station.sealer.signers(),
            at_ns=station.clock.utc_ns(),
            gaps=gaps_of(evidence, station.recordings),
            files={row["path"]: folder / row["sealed_path"] for row in rows},
        )

    @property
    def size(self) -> int:
        """Bytes of the sealed files."""
        return sum(row["size"] for row in self.case.rows)

    @property
    def key(self) -> str:
        """Differs when anything of it differs but who looked at it."""
        facts, case = self.case.facts, self.case
        parts = (facts.incident, *facts.sightings, *facts.announcements, *facts.orders)
        told = (*parts, *facts.receipts.values(), *facts.reviews, *facts.transcripts.values())
        known = [one.model_dump_json() for one in told]
        signers = [one.identity.sha256 for one in case.signers]
        about = [self.seal_sha256, _about(case), known, signers]
        return hashlib.sha256(canonical(about)).hexdigest()

    def write(self, path: Path, work: Work, progress: Progress) -> None:
        """Write it to a file and make that certain.

        Args:
            work: where what was checked already is written down.

        Raises:
            CaseFileError: a file is not what was sealed, or a document cannot be set.
            SealError: it cannot be signed.
            OSError: the file cannot be written.
        """
        case = self.case
        with Writer(path, case.at_ns, progress) as writer:
            # First of all and in this order, for they are what is not written twice.
            for row in case.rows:
                writer.copy(row, case.files[row["path"]])
            for name, content in self._seal.items():
                if name == CUSTODY:
                    writer.put(name, content, "custody")
                else:
                    writer.put(f"{SEAL}/{name}", content, "vault_seal")
            self._put_vault_proof(writer)
            rows, roots = case.evidence_rows, self._station.camera_roots
            case = replace(case, signatures=signatures_of(rows, case.files, roots, work))
            made = records_of(case.facts, rows, case.gaps, self._station.site)
            for name, content in {**made, "signatures.json": record_of(case.signatures)}.items():
                writer.put(name, content, "record")
            pictures = {
                row["path"]: case.files[row["path"]]
                for row in rows
                if row["mime"].startswith("image/")
            }
            for title, content in typeset(story(case), pictures).items():
                writer.put(f"{title}.pdf", content, "document")
            finish(self._station, writer, self.incident, _about(case), case.at_ns)

    def _put_vault_proof(self, writer: Writer) -> None:
        try:
            proof = self._station.sealer.log.proof("manifest", self.incident)
        except SealError as error:
            log.error("case file without the vault's proof", error=str(error))
            return
        if proof is not None:
            writer.put(f"{SEAL}/log.json", proof, "vault_seal")


def finish(
    station: Station, writer: Writer, incident: str, about: dict[str, Any], at_ns: int
) -> None:
    """Add what every case file ends with: the verifier, certificates, manifest, signatures.

    Raises:
        SealError: it cannot be signed.
    """
    writer.put("verify.py", verify_script().encode(), "verifier")
    signers = station.sealer.keys.signers()
    for signer in signers:
        if not writer.holds(signer.key_file):
            writer.put(signer.key_file, signer.identity.pem, "certificate")
    for name, content in sealed(station, incident, writer.rows, signers, about, at_ns).items():
        writer.put(name, content, "seal", listed=False)


def _about(case: Case) -> dict[str, Any]:
    return {
        "id": f"{case.wish.id}/{case.facts.incident.id}",
        "standing": "evidence" if case.standing.evidence else "lead",
        "why": case.standing.why.model_dump(),
        "by": case.wish.by,
        "unit": case.wish.unit,
        "reason": case.wish.reason,
    }


def _act(wish: Wish) -> Act:
    return Act(BEGUN, actor=wish.by, unit=wish.unit, reason=wish.reason, object=f"{wish.id}.zip")


def tell_once(vault: Vault, incident: str, act: Act) -> None:
    """Write into the chain of custody what a crash may have kept from being written."""
    vault.tell(incident, ())  # settles what a crash left, and adopts an older kind of manifest
    events = read_custody(vault.seal_of(incident)[CUSTODY], incident).events
    if not any((one["action"], one["object"]) == (act.action, act.object) for one in events):
        vault.tell(incident, [act])
