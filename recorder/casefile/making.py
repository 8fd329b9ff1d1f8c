"""Making a case file: one incident or several, plain or encrypted, whole or not at all."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recorder.casefile.bundle import write_bundle
from recorder.casefile.case import Wish
from recorder.casefile.encryption import lock
from recorder.casefile.errors import CaseFileError
from recorder.casefile.package import DONE, Package, tell_once
from recorder.casefile.station import Station
from recorder.casefile.typeset import font_of_documents
from recorder.seal.custody import Act
from recorder.seal.files import sync_folder
from recorder.vault import sha256_of

EXPORT, EXPORTED = "evidence.export", "evidence.exported"
"""Actions in the audit log: it was begun, it is whole."""

Told = Callable[[int, int], None]
"""Told of bytes done and bytes in all; may raise to call the export off."""


@dataclass(frozen=True)
class Made:
    """A case file that is whole."""

    path: Path
    sha256: str
    size: int
    evidence: bool


def make(
    station: Station, wish: Wish, out: Path, *, password: str | None = None, told: Told
) -> Made:
    """Make a case file; under the same id again after a crash it begins anew and does no harm.

    It appears under its name only when it is whole and on disk.

    Raises:
        CaseFileError: an incident is not known, a file is not what was sealed, there is no font,
            or something lies where the case file is to be.
        SealError: it cannot be signed.
        VaultError: nothing is sealed for an incident.
    """
    if out.exists():
        raise CaseFileError(f"{out}: is there already; name another file")
    font_of_documents()
    _note(station, wish, EXPORT, {"encrypted": password is not None})
    packages = [Package(station, wish, one) for one in wish.incidents]
    part = out.with_name(f".{wish.id}.part")
    progress = _Progress(sum(one.size for one in packages), told)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        made = part / f"{wish.id}.zip"
        if len(packages) == 1:
            packages[0].write(made, progress)
        else:
            write_bundle(station, wish, packages, made, progress)
        if password is not None:
            made = lock(made, part / "locked", password)
        digest, size = sha256_of(made), made.stat().st_size
        made.replace(out)
        sync_folder(out.parent)
    except OSError as error:
        raise CaseFileError(f"{out}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    _tell_done(station, wish, digest)
    evidence = all(one.case.standing.evidence for one in packages)
    _note(station, wish, EXPORTED, {"sha256": digest, "bytes": size, "evidence": evidence})
    return Made(out, digest, size, evidence)


class _Progress:
    def __init__(self, total: int, told: Told) -> None:
        self._done, self._total, self._told = 0, total, told
        told(0, total)

    def __call__(self, count: int) -> None:
        # Several incidents are copied twice: into their own file and with it into the whole.
        self._done += count
        self._told(min(self._done, self._total), self._total)


def _note(station: Station, wish: Wish, action: str, detail: dict[str, object]) -> None:
    with station.store.begin() as unit:
        for incident in wish.incidents:
            known = unit.audit.entries(incident)
            if not any(one.action == action and one.detail.get("case") == wish.id for one in known):
                facts = {"case": wish.id, **detail}
                unit.audit.append(wish.by, action, incident, wish.reason, facts)


def _tell_done(station: Station, wish: Wish, digest: str) -> None:
    act = Act(
        DONE,
        actor=wish.by,
        unit=wish.unit,
        reason=wish.reason,
        object=f"{wish.id}.zip",
        after=digest,
    )
    for incident in wish.incidents:
        tell_once(station.vault, incident, act)
