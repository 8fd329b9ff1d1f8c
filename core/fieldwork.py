"""What officers do with their phones: duty, places, acts, files and alarms.

Ids are made by the phone, so that what is delivered twice is stored once. ``at_ns`` is when it
happened by our clock; ``phone_ns`` is the same moment as the phone has it.
"""

from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field

from core.cases import EvidenceItem, OrderState, StateChange
from core.geometry import GeoPoint
from core.value import Value

RUNNING_NS = 2**62
"""The end of a duty that is not over."""


class Fix(Value):
    """A place as a phone measured it."""

    place: GeoPoint
    accuracy_m: float | None = Field(
        default=None, ge=0, description="Radius within which it is right 95 times of 100."
    )


class FieldDuty(Value):
    """One stretch of duty of an officer, as told by the phone."""

    id: str
    officer: str
    user: str
    start_ns: int
    end_ns: int = RUNNING_NS

    @property
    def on(self) -> bool:
        return self.end_ns == RUNNING_NS


class TrackPoint(Value):
    """Where an officer on duty was."""

    id: str
    officer: str
    at_ns: int
    received_ns: int
    fix: Fix


class FieldActKind(StrEnum):
    DUTY_ON = "duty_on"  # 上勤
    DUTY_OFF = "duty_off"  # 下勤
    REPLY = "reply"  # acknowledged, on the way, arrived, handled, returned
    SUPPORT = "support"  # 请求增援


class FieldAct(Value):
    """Something an officer did, once."""

    id: str
    officer: str
    user: str
    kind: FieldActKind
    at_ns: int
    phone_ns: int
    received_ns: int
    order: str | None = None
    state: OrderState | None = Field(default=None, description="REPLY: what was answered.")
    words: str = ""
    fix: Fix | None = None
    media: tuple[str, ...] = Field(default=(), description="Files that belong to it.")
    outcome: Literal["taken", "late"] = Field(
        default="taken", description="late: the order was no longer the officer's; kept, no more."
    )
    handed_over: bool = Field(default=False, description="The bus has what follows from it.")


class FieldMedia(Value):
    """A picture, voice message or film on its way from a phone into the evidence."""

    id: str
    officer: str
    user: str
    order: str = Field(default="", description="Empty: of a call for help without an order.")
    incident: str
    alarm: str | None = Field(default=None, description="The call for help it belongs to.")
    kind: Literal["photo", "audio", "video"]
    mime: str
    at_ns: int = Field(description="When it was taken, or begun.")
    phone_ns: int
    begun_ns: int = Field(description="When the first word of it reached us.")
    touched_ns: int = Field(description="When the last piece came.")
    fix: Fix | None = None
    original_sha256: str | None = Field(
        default=None, description="Of the file as the camera made it, before it was made smaller."
    )
    original_taken: str = Field(default="", description="EXIF DateTimeOriginal with its offset.")
    seconds: float | None = None
    sizes: tuple[int, ...] = Field(default=(), description="Octets of the pieces that came.")
    state: Literal["open", "cut", "sealed"] = Field(
        default="open", description="cut: the phone fell silent; what had come was sealed."
    )
    sha256: str | None = None
    evidence: str | None = None

    @property
    def bytes(self) -> int:
        return sum(self.sizes)


class FilmNow(Value):
    """A film that an officer takes, as it is at this moment.

    Attributes:
        id: of the :class:`FieldMedia`.
        watching: how many at the desk look at it now.
    """

    id: str
    officer: str
    incident: str
    order: str = ""
    alarm: str | None = None
    state: Literal["open", "cut", "sealed"]
    at_ns: int
    touched_ns: int
    bytes: int
    evidence: str | None = None
    watching: int = 0


class AlarmState(StrEnum):
    RAISED = "raised"
    WITHDRAWN = "withdrawn"  # by the officer; the desk must still look
    ACKNOWLEDGED = "acknowledged"


class FieldAlarm(Value):
    """An officer calls for help."""

    id: str
    officer: str
    user: str
    state: AlarmState
    at_ns: int
    phone_ns: int
    received_ns: int
    fix: Fix | None = None
    order: str | None = None
    history: tuple[StateChange, ...] = ()


class EvidenceIntake(Protocol):
    """Takes files from the field into the vault."""

    def seal(
        self,
        incident: str,
        role: str,
        file: Path,
        *,
        item_id: str,
        source: str,
        mime: str,
        first_ns: int,
        last_ns: int,
        note: str,
    ) -> EvidenceItem:
        """Seal a file and tell whoever keeps the incident; the same item for the same id.

        Args:
            source: who made it, in the place of a camera.

        Raises:
            WardwatchError: it is not sealed; the file stays where it is.
        """
