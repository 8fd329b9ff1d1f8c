"""Making a case file: one incident or several, plain or encrypted, whole or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import IO

from recorder.casefile.bundle import write_bundle
from recorder.casefile.case import Wish
from recorder.casefile.encryption import check_password, lock
from recorder.casefile.errors import CaseFileError, StoppedError
from recorder.casefile.package import DONE, Package, tell_once
from recorder.casefile.station import Station
from recorder.casefile.typeset import font_of_documents
from recorder.casefile.work import Made, Work
from recorder.casefile.writer import Progress
from recorder.seal.check.judge import Digests, judge
from recorder.seal.custody import Act
from recorder.seal.digests import hash_stream
from recorder.vault import sha256_of

EXPORT, EXPORTED = "evidence.export", "evidence.exported"
"""Actions in the audit log: it was begun, it is whole."""

Told = Callable[[int, int], None]
"""Told of bytes done and bytes in all; may raise to call the export off."""


def make(
    station: Station,
    wish: Wish,
    out: Path,
    *,
    password: str | None = None,
    told: Told,
    reported: Callable[[Made], None] = lambda _: None,
) -> Made:
    """Make a case file; under the same id again after a crash it goes on where that was.

    It appears under its name only when it is whole, checked and on disk.

    Args:
        reported: called when all is written down, before what a crash would need is removed.

    Raises:
        CaseFileError: an incident is not known, a file is not what was sealed, there is no font,
            or something lies where the case file is to be. Nothing is left.
        StoppedError: ``told`` called it off; the work done is kept.
        SealError: it cannot be signed.
        VaultError: nothing is sealed for an incident.
    """
    work = Work(out, wish.id)
    try:
        made = work.finished() or _make(station, wish, work, password, told)
    except StoppedError:
        raise
    except OSError as error:
        work.remove()
        raise CaseFileError(f"{out}: cannot be written: {error.strerror}") from error
    except Exception:
        work.remove()
        raise
    _tell_done(station, wish, made.sha256)
    facts = {"sha256": made.sha256, "bytes": made.size, "evidence": made.evidence}
    _note(station, wish, EXPORTED, facts)
    reported(made)
    work.remove()
    return made


def _make(station: Station, wish: Wish, work: Work, password: str | None, told: Told) -> Made:
    if work.out.exists():
        raise CaseFileError(f"{work.out}: is there already; name another file")
    if password is not None:
        check_password(password)
    font_of_documents()
    _note(station, wish, EXPORT, {"encrypted": password is not None})
    packages = [Package(station, wish, one) for one in wish.incidents]
    work.begin(wish, {one.incident: one.seal_sha256 for one in packages})
    size = sum(one.size for one in packages)
    # Written and checked; of several each as a case file of its own, and again as part of all.
    progress = _Progress(size * (2 if len(packages) == 1 else 4), told)
    if len(packages) == 1:
        packages[0].write(work.path, work, progress)
    else:

        def check(path: Path) -> None:
            _checked(station, path, progress)

        write_bundle(station, wish, packages, work, progress, check)
    with ThreadPoolExecutor(1, thread_name_prefix="casefile-digest") as beside:
        digest = beside.submit(sha256_of, work.path)
        verdict = _checked(station, work.path, progress)
        made = Made(
            work.path,
            digest.result(),
            work.path.stat().st_size,
            all(one.case.standing.evidence for one in packages),
            verdict,
        )
    if password is not None:
        locked = lock(work.path, work.folder / "locked", password)
        made = replace(made, path=locked, sha256=sha256_of(locked), size=locked.stat().st_size)
    work.finish(made)
    return replace(made, path=work.out)


def _checked(station: Station, path: Path, progress: Progress) -> str:
    """The verdict on what was made, as whoever gets it will find it.

    Raises:
        CaseFileError: it is not authentic, so it is of no use to anybody.
    """

    def hasher(stream: IO[bytes], most: int, _: bool) -> Digests:
        # SHA-256 alone: that the disk gives back what was written needs no second digest.
        found = hash_stream(stream, most, False)
        progress(found[2])
        return found

    report = judge(path, station.sealer.trust(), hasher)
    if report.verdict == "not_authentic":
        why = "; ".join(f"{one.code} {one.path}".strip() for one in report.findings)
        raise CaseFileError(f"{path.name}: does not verify after it was made ({why}); ask again")
    return report.verdict


class _Progress:
    def __init__(self, total: int, told: Told) -> None:
        self._done, self._total, self._told = 0, total, told
        told(0, total)

    def __call__(self, count: int) -> None:
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
