"""Sealed evidence: written once, hashed, listed, never changed.

``<root>/<incident>/<file>`` with mode 0440 and a ``manifest.json`` beside it that is replaced
as a whole. A file enters by a hard link, which fails if the name is taken, so nothing in the
vault can be overwritten, not even by a second process.
"""

import fcntl
import hashlib
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import structlog
from pydantic import ValidationError

from core.cases import EvidenceItem
from core.clock import Clock
from core.value import Value, new_id
from recorder.clock_log import CameraClock
from recorder.errors import VaultError

MANIFEST = "manifest.json"
LOCK = ".lock"
CHUNK = 1 << 20

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_MIME = {
    ".mp4": "video/mp4", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png",
    ".wav": "audio/wav", ".json": "application/json", ".jsonl": "application/jsonl",
}  # fmt: skip

log = structlog.get_logger()


class Manifest(Value):
    """What was sealed for one incident, in the order of sealing."""

    incident: str
    items: tuple[EvidenceItem, ...] = ()


class Verdict(Value):
    """What a check found of one file; ``path`` is relative to the vault."""

    path: str
    state: Literal["ok", "missing", "changed", "extra"]
    detail: str = ""


class Vault:
    """The sealed files of all incidents."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self.root = root
        self._clock = clock

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
            target, digest, size = self._take_in(file, folder, f"{role}-{item_id}{file.suffix}")
            item = EvidenceItem(
                id=item_id,
                incident=incident,
                role=role,
                path=str(target.relative_to(self.root)),
                sha256=digest,
                bytes=size,
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
            self._write(manifest.model_copy(update={"items": (*manifest.items, item)}))
        file.unlink(missing_ok=True)
        log.info("sealed", incident=incident, role=role, path=item.path, sha256=digest[:12])
        return item

    def manifest(self, incident: str) -> Manifest:
        """What is sealed for an incident; empty when nothing is.

        Raises:
            VaultError: the manifest was damaged.
        """
        if not _SAFE.fullmatch(incident):
            raise VaultError(f"{incident!r} is no incident id")
        path = self.root / incident / MANIFEST
        try:
            return Manifest.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return Manifest(incident=incident)
        except (ValidationError, OSError) as error:
            raise VaultError(f"{path}: the manifest cannot be read; it was damaged") from error

    def path_of(self, item: EvidenceItem) -> Path:
        """Where a sealed item lies.

        Raises:
            VaultError: its path leads out of the vault.
        """
        path = (self.root / item.path).resolve()
        if not path.is_relative_to(self.root.resolve()):
            raise VaultError(f"{item.path!r} leads out of the vault")
        return path

    def verify(self, incident: str) -> list[Verdict]:
        """Hash every sealed file again and look for files that were never sealed."""
        verdicts = []
        manifest = self.manifest(incident)
        for item in manifest.items:
            path = self.path_of(item)
            if not path.is_file() or path.is_symlink():
                verdicts.append(Verdict(path=item.path, state="missing"))
                continue
            digest = sha256_of(path)
            if digest == item.sha256:
                verdicts.append(Verdict(path=item.path, state="ok"))
            else:
                detail = f"sha256 {digest[:12]}…, sealed as {item.sha256[:12]}…"
                verdicts.append(Verdict(path=item.path, state="changed", detail=detail))
        listed = {item.path for item in manifest.items}
        folder = self.root / incident
        for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
            name = str(path.relative_to(self.root))
            if path.is_file() and path.name not in (MANIFEST, LOCK) and name not in listed:
                verdicts.append(Verdict(path=name, state="extra", detail="never sealed"))
        return verdicts

    def _take_in(self, file: Path, folder: Path, name: str) -> tuple[Path, str, int]:
        temporary = folder / f".incoming-{name}"
        try:
            temporary.unlink(missing_ok=True)
            # A copy, not a rename: whoever still holds the file open cannot change the seal.
            with file.open("rb") as source, temporary.open("xb") as target:
                shutil.copyfileobj(source, target, CHUNK)
                target.flush()
                os.fchmod(target.fileno(), 0o440)
                os.fsync(target.fileno())
            digest, size = sha256_of(temporary), temporary.stat().st_size
            final = self._link(temporary, folder, name, digest)
        except OSError as error:
            raise VaultError(
                f"{file}: cannot be sealed under {folder} ({error.strerror}); nothing was lost"
            ) from error
        finally:
            temporary.unlink(missing_ok=True)
        return final, digest, size

    def _link(self, temporary: Path, folder: Path, name: str, digest: str) -> Path:
        """Give the file its name; one left by a sealing that was cut short is taken up."""
        stem, suffix = Path(name).stem, Path(name).suffix
        for number in range(1, 100):
            final = folder / (name if number == 1 else f"{stem}.{number}{suffix}")
            try:
                os.link(temporary, final)
            except FileExistsError:
                if sha256_of(final) != digest:
                    continue
            return final
        raise VaultError(f"{folder / name}: too many files of that name; look at the folder")

    def _write(self, manifest: Manifest) -> None:
        path = self.root / manifest.incident / MANIFEST
        temporary = path.with_name(f".{MANIFEST}.new")
        with temporary.open("w", encoding="utf-8") as stream:
            stream.write(manifest.model_dump_json(indent=1))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        fd = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    @contextmanager
    def _exclusive(self, incident: str) -> Iterator[Path]:
        folder = self.root / incident
        folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        with (folder / LOCK).open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield folder


def sha256_of(path: Path) -> str:
    """SHA-256 of a file as lower-case hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
