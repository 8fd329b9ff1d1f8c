"""What is known to be stored elsewhere: ``<vault>/.remote/<incident>.json``.

A record is a note, not a proof: what it says is looked at again before a local copy is given up,
and one that is lost is found again on the storage.
"""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from core.value import Value
from recorder.seal.files import write_whole

FOLDER = ".remote"
_SUFFIX = ".sent"


class Sent(Value):
    """A file whose copy elsewhere was compared with what was sealed."""

    size: int
    sha256: str
    checksum: str | None = Field(description="As the storage gave it; None: it gives none.")
    how: Literal["checksum", "read"] = Field(description="How it was compared.")
    at_ns: int
    fetched_ns: int | None = Field(default=None, description="When it was last fetched back.")


class SentState(Value):
    """Manifest, custody and signatures of one moment, as they were stored."""

    number: int
    digest: str
    key: str
    at_ns: int


class Record(Value):
    """What is known of one incident."""

    files: dict[str, Sent] = Field(default={}, description="By name below the incident.")
    state: SentState | None = None
    mark: str = Field(default="", description="Of the folder when all of it was stored.")


class Records:
    """The records of one vault; several processes may change them."""

    def __init__(self, vault: Path) -> None:
        self.folder = vault / FOLDER

    def of(self, incident: str) -> Record:
        """What is known of an incident; nothing, if the record is gone or damaged."""
        try:
            return Record.model_validate_json(self._file(incident).read_bytes())
        except (OSError, ValidationError):
            return Record()

    def change(self, incident: str, change: Callable[[Record], Record]) -> Record:
        """Put another record in the place of the present one; raises OSError."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o750)
        with self._locked():
            made = change(self.of(incident))
            write_whole(self._file(incident), made.model_dump_json().encode(), 0o640)
        return made

    def sent(self, incident: str, name: str, sent: Sent) -> None:
        """Note that a file is stored; raises OSError."""
        self.change(
            incident,
            lambda known: known.model_copy(update={"files": {**known.files, name: sent}}),
        )

    def forget(self, incident: str, name: str) -> None:
        """A file is not stored after all; raises OSError."""

        def change(known: Record) -> Record:
            left = {one: sent for one, sent in known.files.items() if one != name}
            return known.model_copy(update={"files": left, "mark": ""})

        self.change(incident, change)

    def drop(self, incident: str) -> None:
        """Nothing is known any more of what was deleted; raises OSError."""
        self._file(incident).unlink(missing_ok=True)

    def fetched(self, incident: str, name: str, at_ns: int) -> None:
        """Note that a file was fetched back, so that it stays for a while; raises OSError."""

        def change(known: Record) -> Record:
            of = known.files.get(name)
            if of is None:
                return known
            again = of.model_copy(update={"fetched_ns": at_ns})
            return known.model_copy(update={"files": {**known.files, name: again}})

        self.change(incident, change)

    def _file(self, incident: str) -> Path:
        return self.folder / f"{incident}{_SUFFIX}"

    @contextmanager
    def _locked(self) -> Iterator[None]:
        handle = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
