"""Sealing a case file: manifest, signatures, time-stamp, and the log's proof."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from recorder.casefile.station import Station
from recorder.seal.check.form import MANIFEST, manifest_signature
from recorder.seal.check.judge import PROOF, STAMP
from recorder.seal.errors import SealError
from recorder.seal.manifest import Row, manifest_of, signer_row
from recorder.seal.signer import Signer

log = structlog.get_logger()


def sealed(
    station: Station,
    incident: str,
    rows: Sequence[Row],
    signers: Sequence[Signer],
    about: Mapping[str, Any],
    at_ns: int,
) -> dict[str, bytes]:
    """The files that seal a case file, by name.

    What the manifest says lies ``beside`` it is signed, so a stamp or proof that could not be
    had is left out of it and everything is signed anew.

    Raises:
        SealError: a key cannot be used; an unsigned case file is not made.
    """
    beside = [PROOF, *([STAMP] if station.authority is not None else [])]
    while True:
        manifest = manifest_of(incident, rows, signers, at_ns, beside, about)
        made = {MANIFEST: manifest}
        for signer in signers:
            made[manifest_signature(signer_row(signer))] = signer.sign(manifest)
        failed = _put_beside(station, made, beside, str(about["id"]))
        if not failed:
            return made
        beside.remove(failed)


def _put_beside(station: Station, made: dict[str, bytes], beside: list[str], subject: str) -> str:
    """Add stamp and proof; the name of the one that cannot be had."""
    first_signature = list(made.values())[1]
    if STAMP in beside and station.authority is not None:
        try:
            made[STAMP] = station.authority.stamp(first_signature)
        except SealError as error:
            log.warning("case file without time-stamp", case=subject, error=str(error))
            return STAMP
    if PROOF in beside:
        try:
            digest = hashlib.sha256(made[MANIFEST]).hexdigest()
            station.sealer.log.append("casefile", subject, digest)
            proof = station.sealer.log.proof("casefile", subject)
        except SealError as error:
            log.error("case file without the site's log", case=subject, error=str(error))
            return PROOF
        if proof is None:
            return PROOF
        made[PROOF] = proof
    return ""
