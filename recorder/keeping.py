"""How long and how much is kept: for all cameras, for classes of them, for each one.

The floor and the ceiling are the law's (Order 799, article 17: at least 30 days, and no longer
than the purpose needs); what was locked for a case is outside of both.
"""

from dataclasses import dataclass
from typing import Literal

from recorder.errors import RecorderError

FLOOR_DAYS = 30
CEILING_DAYS = 365

Limit = Literal["total", "class", "camera", "volume"]


@dataclass(frozen=True)
class KeepClass:
    """Cameras that are kept otherwise than the rest; None: as the rest, or without limit.

    Attributes:
        max_bytes: of all its cameras together.
        max_bytes_per_camera: of each of them.
    """

    name: str
    cameras: frozenset[str]
    days: float | None = None
    max_bytes: int | None = None
    max_bytes_per_camera: int | None = None


@dataclass(frozen=True)
class Keeping:
    """The rules of a site.

    Raises:
        RecorderError: days below the floor or above the ceiling.
    """

    days: float
    max_bytes: int
    max_bytes_per_camera: int | None = None
    classes: tuple[KeepClass, ...] = ()

    def __post_init__(self) -> None:
        for days in (self.days, *(one.days for one in self.classes)):
            if days is not None and not FLOOR_DAYS <= days <= CEILING_DAYS:
                raise RecorderError(
                    f"recordings cannot be kept for {days:g} days; the law wants at least "
                    f"{FLOOR_DAYS}, and more than {CEILING_DAYS} serve no purpose: seal evidence"
                )

    def class_of(self, camera: str) -> KeepClass | None:
        """The class a camera is in, if it is in one."""
        return next((one for one in self.classes if camera in one.cameras), None)

    def days_of(self, camera: str) -> float:
        """How long a camera's recordings are kept."""
        of = self.class_of(camera)
        return of.days if of is not None and of.days is not None else self.days

    def limits(self, camera: str) -> dict[tuple[Limit, str], int]:
        """The byte limits that a camera's recordings count for, by kind and name."""
        of = self.class_of(camera)
        own = self.max_bytes_per_camera
        found: dict[tuple[Limit, str], int] = {("total", ""): self.max_bytes}
        if of is not None:
            own = of.max_bytes_per_camera or own
            if of.max_bytes is not None:
                found["class", of.name] = of.max_bytes
        if own is not None:
            found["camera", camera] = own
        return found
