"""Case files (案卷) as the console asks for them and tells of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from core.errors import WardwatchError
from core.value import Value

MIN_PASSWORD = 10
"""Characters of a case file's password: it leaves the house and can be guessed at in peace."""


class NoCaseFileError(WardwatchError):
    """There is none, or it is not whole."""


class Export(Value):
    """One case file, whole or in the making."""

    id: str
    incidents: tuple[str, ...]
    by: str
    reason: str
    asked_ns: int
    encrypted: bool = False
    state: Literal["waiting", "running", "done", "failed", "cleared"] = "waiting"
    done_bytes: int = Field(default=0, description="Written and checked so far.")
    total_bytes: int = Field(default=0, description="To be written and checked; 0 until counted.")
    evidence: bool | None = Field(default=None, description="True: 证据, False: 线索.")
    sha256: str = Field(default="", description="Of the whole file, once it is done.")
    bytes: int = 0
    error: str = ""
    verdict: str = Field(
        default="", description="Of checking the whole file as whoever gets it would."
    )
    ended_ns: int | None = Field(default=None, description="When it was whole, or failed.")
    cleared_ns: int | None = Field(default=None, description="When its file was deleted.")
    cleared_by: str = ""
    cleared_why: str = ""


class CaseFiles(Protocol):
    """Makes case files, one at a time."""

    def begin(self, incidents: Sequence[str], by: str, reason: str, password: str | None) -> Export:
        """Have one made; returns at once."""

    def of(self, incident: str) -> list[Export]:
        """All of an incident, newest first."""

    def all(self) -> list[Export]:
        """All that there ever were, newest first."""

    def clear(self, export_id: str, by: str, reason: str) -> Export:
        """Delete a case file; that there was one stays known.

        Raises:
            NoCaseFileError: there is none of that id, or it is still being made.
        """

    def whole(self, export_id: str) -> tuple[Export, Path]:
        """A finished one and where it lies.

        Raises:
            NoCaseFileError: there is none of that id, or it is not whole.
        """
