"""Deletions that the copies elsewhere are still owed: ``<vault>/.remote/<incident>.owed``.

Written before the evidence goes here, removed when nothing of it is there any more. It names what
was deleted, so that evidence that bears the same incident's id later is not taken for it.
"""

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import Field, ValidationError

from core.cases import EvidenceItem
from core.value import Value
from recorder.errors import VaultError
from recorder.remote.base import Version
from recorder.seal.files import sync_folder, write_whole

_SUFFIX = ".owed"


class OwedFile(Value):
    """A sealed file that was deleted."""

    size: int
    sha256: str
    sealed_ns: int


class Locked(Value):
    """What the storage does not let go of yet."""

    key: str
    size: int
    version: str | None
    until_ns: int | None = Field(description="None: until a person lifts a legal hold.")

    @property
    def one(self) -> Version:
        """As the storage names it."""
        return Version(self.key, self.size, self.version)


class Owed(Value):
    """What is to be deleted elsewhere of one incident."""

    incident: str
    at_ns: int
    files: Mapping[str, OwedFile] = Field(description="By name below the incident.")
    swept: bool = Field(
        default=False,
        description="Everything was looked at, and ``locked`` is all that is left: what else bears "
        "the incident's id is new.",
    )
    locked: tuple[Locked, ...] = ()

    def means(self, item: EvidenceItem) -> bool:
        """Whether this very item was deleted."""
        of = self.files.get(item.path.removeprefix(f"{item.incident}/"))
        return of is not None and (of.sha256, of.sealed_ns) == (item.sha256, item.sealed_ns)


class OwedBook:
    """The notes of one vault, beside its records."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, incident: str) -> Owed | None:
        """What is owed of an incident.

        Raises:
            VaultError: the note cannot be read.
        """
        path = self._file(incident)
        try:
            return Owed.model_validate_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValidationError) as error:
            raise VaultError(
                f"{path}: cannot be read; evidence of {incident} was deleted, and whether its "
                "copies elsewhere are gone is not known: delete those, then this file"
            ) from error

    def incidents(self) -> list[str]:
        """Of which something is owed."""
        return sorted(path.name.removesuffix(_SUFFIX) for path in self._folder.glob(f"*{_SUFFIX}"))

    def holds_back(self, incident: str) -> bool:
        """Whether nothing may be sent of an incident: what lies there is still to be deleted."""
        try:
            found = self.of(incident)
        except VaultError:
            return True
        return found is not None and not found.swept

    def promise(self, incident: str, items: Iterable[EvidenceItem], at_ns: int) -> None:
        """Note that all of it must go, whatever happens from here on; raises OSError."""
        try:
            before = self.of(incident)
        except VaultError:
            before = None
        files = dict(before.files) if before is not None else {}
        files |= {
            one.path.removeprefix(f"{incident}/"): OwedFile(
                size=one.bytes, sha256=one.sha256, sealed_ns=one.sealed_ns
            )
            for one in items
        }
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        with self._locked():
            self._write(Owed(incident=incident, at_ns=at_ns, files=files))
        sync_folder(self._folder.parent)

    def replace(self, known: Owed, by: Owed | None) -> None:
        """Put another note in a known one's place, or none: nothing is left there.

        If evidence was deleted again meanwhile, that newer note stays. Raises OSError.
        """
        with self._locked():
            if self.of(known.incident) != known:
                return
            if by is not None:
                self._write(by)
                return
            self._file(known.incident).unlink()
            sync_folder(self._folder)

    def _write(self, owed: Owed) -> None:
        write_whole(self._file(owed.incident), owed.model_dump_json().encode(), 0o640)
        sync_folder(self._folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _file(self, incident: str) -> Path:
        return self._folder / f"{incident}{_SUFFIX}"
