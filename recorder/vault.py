"""Sealed evidence: written once, hashed, listed, signed, never changed.

``<root>/<incident>/<file>`` with mode 0440, entered by a hard link, which fails if the name is
taken, so nothing in the vault can be overwritten, not even by a second process. Beside the files:
``manifest.json`` and ``custody.jsonl`` with their signatures (``recorder.seal``).
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from core.cases import EvidenceItem
from core.clock import Clock
from core.custody import Handled
from core.value import Value, new_id
from recorder.clock_log import CameraClock
from recorder.errors import VaultError
from recorder.seal.check.canonical import UnreadableError, read_json
from recorder.seal.check.chain import read_custody
from recorder.seal.check.container import LOCK
from recorder.seal.check.form import CUSTODY, MANIFEST, read_manifest
from recorder.seal.check.judge import STAMP
from recorder.seal.check.report import Report
from recorder.seal.custody import Act, handled_of
from recorder.seal.deletion import Deleted
from recorder.seal.digests import Digests, copy_file
from recorder.seal.errors import SealError
from recorder.seal.files import sync_folder
from recorder.seal.folder import UNSTAMPED, SealedFolder
from recorder.seal.manifest import item_of
from recorder.seal.sealer import Sealer
from recorder.seal.staging import staged

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MIME = {
    ".mp4": "video/mp4", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
    ".wav": "audio/wav", ".json": "application/json", ".jsonl": "application/jsonl",
}  # fmt: skip

DELETED = ".deleted"
"""Folder of the vault for what is being deleted."""

log = structlog.get_logger()


class Manifest(Value):
    """What was sealed for one incident, in the order of sealing."""

    incident: str
    items: tuple[EvidenceItem, ...] = ()


class Vault:
    """The sealed files of all incidents.

    Args:
        sealer: signs and logs; without one, evidence is hashed and listed only.
    """

    def __init__(self, root: Path, clock: Clock, sealer: Sealer | None = None) -> None:
        self.root = root
        self._clock, self._sealer = clock, sealer

    def seal(
        self,
        incident: str,
        role: str,
        file: Path,
        *,
        camera: str,
        first_ns: int,
        last_ns: int,
        item_id: str | None = None,
        mime: str | None = None,
        requested_first_ns: int | None = None,
        requested_last_ns: int | None = None,
        parent_sha256: str | None = None,
        note: str = "",
        camera_clock: CameraClock | None = None,
    ) -> EvidenceItem:
        """Move a file into the vault.

        With an ``item_id`` sealing is idempotent: the item already sealed under that id is
        returned and the file stays where it is.

        Raises:
            VaultError: the ids are no safe names, the parent was never sealed, or the file
                cannot be moved.
        """
        item_id = item_id or new_id("ev")
        for name in (incident, role, item_id):
            if not _SAFE.fullmatch(name):
                raise VaultError(f"{name!r} cannot be used in a file name; use A-Z, 0-9, - and _")
        with self._exclusive(incident) as folder:
            manifest = self.manifest(incident)
            for item in manifest.items:
                if item.id == item_id:
                    return item
            known = {item.sha256 for item in manifest.items}
            if parent_sha256 is not None and parent_sha256 not in known:
                raise VaultError(
                    f"incident {incident}: the parent {parent_sha256[:12]}… of {file.name} is "
                    "not sealed; seal the original first"
                )
            name, digests = self._take_in(file, folder, f"{role}-{item_id}{file.suffix}")
            item = EvidenceItem(
                id=item_id,
                incident=incident,
                role=role,
                path=f"{incident}/{name}",
                sha256=digests.sha256,
                bytes=digests.size,
                mime=mime or _MIME.get(file.suffix.lower(), "application/octet-stream"),
                camera=camera,
                first_ns=first_ns,
                last_ns=last_ns,
                requested_first_ns=requested_first_ns,
                requested_last_ns=requested_last_ns,
                parent_sha256=parent_sha256,
                sealed_ns=self._clock.utc_ns(),
                note=note,
                **(camera_clock.fields() if camera_clock is not None else {}),
            )
            with self._said_of(incident):
                self._folder(folder).add(item, digests.sm3, manifest.items)
        file.unlink(missing_ok=True)
        log.info("sealed", incident=incident, role=role, path=item.path, sha256=item.sha256[:12])
        return item

    def tell(self, incident: str, acts: Sequence[Act]) -> None:
        """Write into the chain of custody who did what with the evidence.

        Raises:
            VaultError: nothing is sealed under that id, or it cannot be written.
        """
        if not (self.root / _checked(incident) / MANIFEST).exists():
            raise VaultError(f"{incident}: nothing is sealed for this incident")
        with self._exclusive(incident) as folder, self._said_of(incident):
            self._folder(folder).tell(acts, self.manifest(incident).items)

    def register(self, incident: str) -> tuple[Handled, ...]:
        """Who had the evidence in hand, oldest first; empty when nothing is sealed.

        Raises:
            VaultError: the chain of custody was damaged.
        """
        path = self.root / _checked(incident) / CUSTODY
        with self._said_of(incident):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                return ()
            return tuple(handled_of(one) for one in read_custody(content, incident).events)

    def manifest(self, incident: str) -> Manifest:
        """What is sealed for an incident; empty when nothing is.

        Raises:
            VaultError: the manifest was damaged.
        """
        path = self.root / _checked(incident) / MANIFEST
        try:
            content = path.read_bytes()
            if "schema" not in read_json(content):  # from before manifests were signed
                return Manifest.model_validate_json(content)
            rows = read_manifest(content)["files"]
            return Manifest(
                incident=incident,
                items=tuple(item_of(row, incident) for row in rows if "id" in row),
            )
        except FileNotFoundError:
            return Manifest(incident=incident)
        except (UnreadableError, ValidationError, TypeError, LookupError, OSError) as error:
            raise VaultError(f"{path}: the manifest cannot be read; it was damaged") from error

    def seal_of(self, incident: str) -> dict[str, bytes]:
        """Manifest, custody, signatures and time-stamp of an incident, all of one moment.

        Raises:
            VaultError: nothing is sealed under that id, or it cannot be read.
        """
        if not (self.root / _checked(incident) / MANIFEST).exists():
            raise VaultError(f"{incident}: nothing is sealed for this incident")
        with self._exclusive(incident) as folder, self._said_of(incident):
            names = (MANIFEST, CUSTODY, STAMP, *(path.name for path in folder.glob("*.sig.*")))
            return {one: (folder / one).read_bytes() for one in names if (folder / one).exists()}

    def path_of(self, item: EvidenceItem) -> Path:
        """Where a sealed item lies.

        Raises:
            VaultError: its path leads out of the vault.
        """
        path = (self.root / item.path).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise VaultError(f"{item.path!r} leads out of the vault")
        return path

    def at_hand(self, item: EvidenceItem) -> Path:
        """The file of a sealed item, to be read; fetched first where it lies elsewhere.

        Raises:
            RecorderError: it cannot be had.
        """
        return self.path_of(item)

    def gather(self, incident: str) -> None:
        """Have every file of an incident here (:meth:`at_hand`)."""
        for item in self.manifest(incident).items:
            self.at_hand(item)

    def incidents(self) -> list[str]:
        """Ids of all incidents with something sealed."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{MANIFEST}"))

    def delete(self, incident: str, tell: Callable[[list[Deleted]], object]) -> int:
        """Delete all that is sealed for an incident, its chain of custody, too.

        Args:
            tell: told of every file before; when it raises, nothing is deleted.

        Returns:
            How many files.

        Raises:
            VaultError: the id is none, or the folder cannot be used.
        """
        if not (self.root / _checked(incident)).is_dir():
            return 0
        with self._exclusive(incident) as folder, self._said_of(incident):
            things = self._things(folder, self.manifest(incident).items)
            tell(things)
            self._promise(incident)
            self._remove(folder)
        return len(things)

    def _things(self, folder: Path, items: Sequence[EvidenceItem]) -> list[Deleted]:
        """What the record of a deletion must name."""
        known = {self.root / one.path: one for one in items}
        paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != LOCK)
        return [self._deleted(path, known.get(path)) for path in paths]

    def _promise(self, incident: str) -> None:
        """Told and about to go: what must not be forgotten from here on."""

    def _remove(self, folder: Path) -> None:
        """Remove an incident's folder; what a crash leaves of it is in :data:`DELETED`."""
        gone = self.root / DELETED / folder.name
        shutil.rmtree(gone, ignore_errors=True)  # left by a deletion that was cut short
        gone.parent.mkdir(exist_ok=True, mode=0o750)
        folder.rename(gone)
        sync_folder(self.root)
        erase(gone)
        (self.root / UNSTAMPED / folder.name).unlink(missing_ok=True)

    def _deleted(self, path: Path, item: EvidenceItem | None) -> Deleted:
        return Deleted(
            path=str(path.relative_to(self.root)),
            size=path.stat().st_size,
            sha256=item.sha256 if item is not None else sha256_of(path),
            camera=item.camera if item is not None else None,
            first_ns=item.first_ns if item is not None else None,
            last_ns=item.last_ns if item is not None else None,
            volume=self.root.name,
            hashed="sealing" if item is not None else "deletion",
        )

    def verify(self, incident: str) -> Report:
        """Hash every sealed file again; check signatures, custody, time-stamps and the log.

        Raises:
            VaultError: the id is none, or the folder cannot be used.
        """
        if not (self.root / _checked(incident)).is_dir():
            report = Report(incident)
            report.add("no_manifest")
            return report
        with self._exclusive(incident) as folder, self._said_of(incident):
            return self._folder(folder).judge()

    def stamp_waiting(self, fetch: Callable[[bytes], bytes]) -> int:
        """Time-stamp what waits for it (``recorder.seal.timestamp.Authority.stamp``).

        Returns:
            How many were stamped.

        Raises:
            StampError: the authority gave none; the others still wait.
        """
        count = 0
        for mark in sorted((self.root / UNSTAMPED).glob("*")):
            with self._exclusive(_checked(mark.name)) as folder:
                signature = self._folder(folder).unstamped()
                if signature is None:
                    mark.unlink()
                    continue
            # Not under the lock: sealing never waits for the authority.
            response = fetch(signature)
            with self._exclusive(mark.name) as folder:
                if self._folder(folder).keep_stamp(signature, response):
                    mark.unlink()
                    count += 1
        return count

    def _folder(self, folder: Path) -> SealedFolder:
        return SealedFolder(folder, self._sealer, self._clock)

    def _take_in(self, file: Path, folder: Path, name: str) -> tuple[str, Digests]:
        """Copy a file to where it waits to be sealed; its final name and its digests."""
        incoming = staged(folder, "incoming")
        sm3 = self._sealer is None or self._sealer.sm3
        try:
            # A copy, not a rename: whoever still holds the file open cannot change the seal.
            with file.open("rb") as source, incoming.open("xb") as target:
                digests = copy_file(source, target, sm3=sm3)
                target.flush()
                os.fchmod(target.fileno(), 0o440)
                os.fsync(target.fileno())
            final = self._free_name(folder, name, digests.sha256)
            incoming.rename(staged(folder, final))
        except OSError as error:
            raise VaultError(
                f"{file}: cannot be sealed under {folder} ({error.strerror}); nothing was lost"
            ) from error
        return final, digests

    def _free_name(self, folder: Path, name: str, digest: str) -> str:
        """A name not taken; one left by a sealing that was cut short is taken up."""
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in range(1, 100):
            final = name if number == 1 else f"{stem}.{number}{suffix}"
            if not (folder / final).exists() or sha256_of(folder / final) == digest:
                return final
        raise VaultError(f"{folder / name}: too many files of that name; look at the folder")

    @contextmanager
    def _said_of(self, incident: str) -> Iterator[None]:
        try:
            yield
        except (SealError, UnreadableError) as error:
            raise VaultError(f"incident {incident}: {error}") from error
        except OSError as error:
            raise VaultError(
                f"incident {incident}: its folder in the vault cannot be used "
                f"({error.strerror}); nothing was lost"
            ) from error

    @contextmanager
    def _exclusive(self, incident: str) -> Iterator[Path]:
        folder = self.root / incident
        with self._said_of(incident):
            folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            stream = (folder / LOCK).open("w")
        with stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            with self._said_of(incident):
                self._folder(folder).settle()
            yield folder


def _checked(incident: str) -> str:
    if not _SAFE.fullmatch(incident):
        raise VaultError(f"{incident!r} is no incident id")
    return incident


def erase(folder: Path) -> None:
    """Remove a folder with all in it, also when somebody else is doing so; raises OSError."""

    def failed(_: object, __: str, raised: tuple[type[BaseException], BaseException, Any]) -> None:
        if not isinstance(raised[1], FileNotFoundError):
            raise raised[1]

    shutil.rmtree(folder, onerror=failed)


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
