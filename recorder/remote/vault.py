"""A vault whose evidence also lies elsewhere, and in time only there.

Everything is sealed on the local disk, as in any vault. What was stored elsewhere and compared
may be given up here; manifest, custody and signatures never are. What is deleted here is owed the
deletion of its copies (``owed``), which ``deleting`` sees to.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from core.cases import EvidenceItem
from core.clock import Clock
from core.errors import WardwatchError
from core.value import new_id
from recorder.errors import VaultError
from recorder.remote.container import Gathered
from recorder.remote.errors import DiffersError
from recorder.remote.library import Library
from recorder.remote.owed import Owed
from recorder.seal.check.canonical import read_json
from recorder.seal.check.container import Folder
from recorder.seal.check.form import CUSTODY, MANIFEST, read_manifest
from recorder.seal.check.judge import STAMP
from recorder.seal.check.report import Report
from recorder.seal.deletion import Deleted
from recorder.seal.files import sync_folder
from recorder.seal.folder import SealedFolder
from recorder.seal.sealer import Sealer
from recorder.vault import DELETED, Vault, erase

FETCHING = ".fetching"
_MOST_SMALL = 64 << 20

log = structlog.get_logger()


class RemoteVault(Vault):
    """A vault with copies elsewhere.

    Args:
        library: reads them.
    """

    def __init__(self, root: Path, clock: Clock, sealer: Sealer | None, library: Library) -> None:
        super().__init__(root, clock, sealer)
        self.library, self.owed = library, library.owed

    def at_hand(self, item: EvidenceItem) -> Path:
        """The item's file here; fetched back and compared if its local copy was given up.

        Raises:
            VaultError: its path leads out of the vault, or it cannot be written.
            RemoteError: it cannot be had, or was changed elsewhere.
        """
        path = self.path_of(item)
        if path.exists() or not self.library.holds(item.incident, _name(item)):
            return path
        fetching = self.library.records.folder / f"{new_id('get')}{FETCHING}"
        with self._said_of(item.incident):
            try:
                self.library.fetch(item, fetching)  # takes its time, so not under the lock
                fetching.chmod(0o440)
                with self._exclusive(item.incident) as folder:
                    sealed = self.manifest(item.incident).items
                    if not any(
                        (one.path, one.sha256) == (item.path, item.sha256) for one in sealed
                    ):
                        raise VaultError(f"{item.path}: was deleted while it was fetched")
                    if not path.exists():
                        os.link(fetching, path)
                        sync_folder(folder)
            finally:
                fetching.unlink(missing_ok=True)
        log.info("fetched", incident=item.incident, path=item.path)
        return path

    def give_up(self, item: EvidenceItem) -> None:
        """Remove the local copy; the caller made sure that the other one is good.

        Raises:
            VaultError: it cannot be removed.
        """
        with self._exclusive(item.incident) as folder, self._said_of(item.incident):
            self.path_of(item).unlink(missing_ok=True)
            sync_folder(folder)

    def finish_deletion(self, owed: Owed) -> None:
        """Remove what a deletion that was cut short left here.

        Raises:
            VaultError: something was sealed since; or it cannot be removed.
        """
        incident = owed.incident
        with self._said_of(incident):
            erase(self.root / DELETED / incident)
            if not any(owed.means(one) for one in self.manifest(incident).items):
                self.library.records.drop(incident)
                return
            with self._exclusive(incident) as folder:
                items = self.manifest(incident).items
                if not items:
                    return  # it was not cut short: somebody else has just done it
                if not all(owed.means(one) for one in items):
                    raise VaultError(
                        f"{incident}: was being deleted when the program was ended, and evidence "
                        "was sealed for it since; delete it again"
                    )
                self._remove(folder)
        log.info("deletion finished that was cut short", incident=incident)

    def proof(self, incident: str) -> bytes | None:
        """That the manifest is in the site's log (``log.json``), if it is.

        Raises:
            VaultError: the log is damaged.
        """
        with self._exclusive(incident) as folder, self._said_of(incident):
            return self._folder(folder).proof()

    def verify(self, incident: str) -> Report:
        """The verdict; files that are no longer here are read where they are."""
        given_up = self._given_up(incident)
        if not given_up:
            return super().verify(incident)
        with self._exclusive(incident) as place, self._said_of(incident):
            folder, here = self._folder(place), Folder(place)
            small = {one: here.read(one, _MOST_SMALL) for one in here.names if _replaced(one)}
            logged = Report()
            folder.look_into_log(logged, here)
        # Not under the lock: sealing goes on while what lies elsewhere takes its time.
        library = self.library
        box = Gathered(small, here, given_up, lambda name: library.open(incident, name))
        return _with_log(folder.judge_of(box), logged)

    def verify_elsewhere(self, incident: str) -> Report:
        """The verdict on what lies elsewhere, all of which is read.

        Raises:
            RemoteError: it cannot be asked.
            VaultError: the folder cannot be used.
        """
        library, report = self.library, Report(incident)
        known = library.records.of(incident).state
        state = library.newest_state(incident)
        owed = self.owed.of(incident)
        if state is None or (owed is not None and not owed.swept):  # what is there is to go
            report.add("no_manifest")
            return report
        try:
            small = library.read_state(state)
        except DiffersError as error:
            report.add("manifest_bad", state.key, str(error))
            return report
        there = library.names(incident)
        for old in owed.locked if owed is not None else ():
            there.pop(old.key.removeprefix(f"{incident}/"), None)
        box = Gathered(small, None, there, lambda name: library.open(incident, name))
        folder = SealedFolder(self.root / incident, self._sealer, self._clock)
        with self._said_of(incident):
            report, logged = folder.judge_of(box), Report()
            folder.look_into_log(logged, box)
        if known is None or state.number >= known.number:
            # No state was taken away there: the newest is just not stored yet.
            later = [one for one in logged.findings if one.code == "log_newer"]
            logged.findings = [one for one in logged.findings if one.code != "log_newer"]
            for one in later:
                logged.add("copy_older", one.path)
        return _with_log(report, logged)

    def sealed_state(self, incident: str) -> dict[str, bytes]:
        """All small files of one moment: manifest, custody, signatures, certificates.

        Raises:
            VaultError: nothing is sealed under that id, or it cannot be read.
        """
        files = self.seal_of(incident)
        with self._said_of(incident):
            if "schema" not in read_json(files[MANIFEST]):  # from before manifests were signed
                self.tell(incident, ())
                files = self.seal_of(incident)
            for row in read_manifest(files[MANIFEST])["files"]:
                if "id" not in row:  # a certificate, or an earlier seal: never changed
                    files[row["path"]] = (self.root / incident / row["path"]).read_bytes()
        return files

    def _things(self, folder: Path, items: Sequence[EvidenceItem]) -> list[Deleted]:
        """Also what lies elsewhere only: it goes with the rest."""
        things = super()._things(folder, items)
        here = {one.path for one in things}
        for item in items:
            if item.path not in here:
                things.append(
                    Deleted(
                        path=item.path,
                        size=item.bytes,
                        sha256=item.sha256,
                        camera=item.camera,
                        first_ns=item.first_ns,
                        last_ns=item.last_ns,
                        volume=self.root.name,
                        hashed="sealing",
                    )
                )
        return sorted(things, key=lambda one: one.path)

    def _promise(self, incident: str) -> None:
        self.owed.promise(incident, self.manifest(incident).items, self._clock.utc_ns())

    def _remove(self, folder: Path) -> None:
        super()._remove(folder)
        self.library.records.drop(folder.name)

    def _given_up(self, incident: str) -> list[str]:
        """Files that are no longer here but known to be elsewhere, and were not deleted there."""
        folder = self.root / incident
        names = [
            one for one in self.library.records.of(incident).files if not (folder / one).exists()
        ]
        if not names:
            return []
        try:
            there = self.library.names(incident)
        except WardwatchError as error:
            log.warning("cannot ask elsewhere", incident=incident, error=str(error))
            return names
        return [one for one in names if one in there]


def _replaced(name: str) -> bool:
    """Files that a later sealing puts another in the place of."""
    return name in (MANIFEST, CUSTODY, STAMP) or ".sig." in name.rpartition("/")[2]


def _with_log(report: Report, logged: Report) -> Report:
    """The verdict with what the site's log says."""
    if report.verdict == "not_signed":
        return report
    report.findings = [one for one in report.findings if one.code != "log_none"]
    report.findings += logged.findings
    return report


def _name(item: EvidenceItem) -> str:
    return item.path.removeprefix(f"{item.incident}/")
