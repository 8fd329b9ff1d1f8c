"""Who has evidence in hand: the register, and recordings kept for a reason."""

from typing import Protocol

from pydantic import Field

from core.clock import iso
from core.value import Value


class Handled(Value):
    """One event of an incident's chain of custody (调用登记)."""

    seq: int
    at_ns: int
    actor: str
    unit: str = Field(description="The unit the person acts for.")
    action: str = Field(description="sealed, viewed, exported, shared, locked, released, …")
    reason: str
    object: str = Field(description="File below the incident; empty: the incident as a whole.")
    sha256: str | None = None


class Kept(Value):
    """Recordings of one camera that retention leaves alone."""

    owner: str = Field(description="What releases them: an incident, or a lock of its own.")
    camera: str
    first_ns: int
    last_ns: int
    incident: str | None = None
    reason: str = ""
    by: str = "system"
    made_ns: int = 0

    @property
    def stretch(self) -> str:
        """Which recordings, as the register names them."""
        return f"recordings/{self.camera}/{iso(self.first_ns)}/{iso(self.last_ns)}"


class Custody(Protocol):
    """The vault's register and the locks on recordings.

    Every method may raise :class:`core.errors.WardwatchError`; then nothing has changed.
    """

    def tell(
        self,
        incident: str,
        action: str,
        *,
        actor: str,
        reason: str,
        path: str = "",
        sha256: str | None = None,
    ) -> None:
        """Write into an incident's chain of custody who did what, and why."""

    def register(self, incident: str) -> tuple[Handled, ...]:
        """The chain of custody, oldest first; empty when nothing is sealed."""

    def kept(self) -> tuple[Kept, ...]:
        """All locks on recordings."""

    def keep(self, kept: Kept) -> None:
        """Lock a stretch."""

    def release(self, owner: str, *, actor: str, reason: str) -> tuple[Kept, ...]:
        """Drop the locks of an owner; those that there were."""
