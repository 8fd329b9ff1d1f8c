"""Evidence on storage elsewhere, as the console sees it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from core.cases import EvidenceItem
from core.value import Value


class RemoteState(Value):
    """How far storing elsewhere has come."""

    where: str = Field(description="Bucket and server.")
    state: Literal["ok", "sending", "away", "stuck"] = Field(
        description="ok: nothing waits; sending; away: it could not be reached lately; stuck: a "
        "person must look."
    )
    waiting: int = Field(default=0, description="Files that are here only.")
    waiting_bytes: int = 0
    oldest_ns: int | None = Field(default=None, description="When the oldest of them was sealed.")
    deleting: int = Field(
        default=0, description="Incidents deleted here of which something is still there."
    )
    sent: int = Field(default=0, description="Files stored since the start.")
    sent_bytes: int = 0
    failures: int = Field(default=0, description="Attempts that failed since the start.")
    last_ns: int | None = Field(default=None, description="When something was last stored.")
    error: str = ""
    problems: tuple[str, ...] = Field(default=(), description="What time alone will not mend.")


class RemoteEvidence(Protocol):
    """Evidence whose local copy was given up. Methods raise WardwatchError."""

    def state(self) -> RemoteState:
        """How far storing has come."""

    def holds(self, item: EvidenceItem) -> bool:
        """Whether it is known to be stored elsewhere."""

    def read(self, item: EvidenceItem, first: int, last: int) -> Iterator[bytes]:
        """Bytes ``first`` to ``last`` of a file; the first piece has come when this returns.

        What is read in parts cannot be compared with the seal: for looking at.
        """

    def at_hand(self, item: EvidenceItem) -> Path:
        """The whole file, fetched and compared with the seal."""
