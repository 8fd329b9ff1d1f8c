"""What phones send and what they are told."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from core.cases import IncidentState, OrderState, Severity
from core.fieldwork import AlarmState
from core.geometry import GeoPoint
from core.seeing import Kind
from core.value import Text

PhoneId = Annotated[str, Field(pattern=r"^[0-9a-z][0-9a-z-]{7,62}[0-9a-z]$")]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Mime = Literal["image/jpeg", "audio/webm", "audio/mp4", "audio/ogg", "video/webm", "video/mp4"]

Did = Literal[
    "duty_on", "duty_off", "acknowledged", "en_route", "on_scene", "handled", "returned", "support"
]


class FixIn(Given):
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    accuracy_m: float | None = Field(default=None, ge=0, le=1e7)


class Sent(Given):
    at: str = Field(max_length=40, description="When it happened, by the phone.")
    sent: str = Field(max_length=40, description="When this request leaves, by the phone.")


class ActIn(Sent):
    id: PhoneId
    did: Did
    order: str | None = Field(default=None, max_length=80)
    words: str = Field(default="", max_length=2000)
    fix: FixIn | None = None
    media: list[PhoneId] = Field(default=[], max_length=40)


class PointIn(FixIn):
    id: PhoneId
    at: str = Field(max_length=40)


class PointsIn(Given):
    sent: str = Field(max_length=40)
    points: list[PointIn] = Field(min_length=1, max_length=200)


class PointsOut(BaseModel):
    taken: int
    refused: int = Field(description="Those from outside duty; they are not kept.")


class AlarmIn(Sent):
    id: PhoneId
    fix: FixIn | None = None
    order: str | None = Field(default=None, max_length=80)


class MediaIn(Sent):
    kind: Literal["photo", "audio", "video"]
    order: str | None = Field(default=None, max_length=80)
    alarm: PhoneId | None = Field(
        default=None, description="The call for help that it belongs to; needs no order."
    )
    mime: Mime
    fix: FixIn | None = None
    original_sha256: Hash | None = None
    original_taken: str = Field(default="", max_length=40)


class FinishIn(Given):
    pieces: int = Field(ge=1, le=5_000)
    sha256: Hash | None = Field(default=None, description="Of the whole, where the phone knows.")
    seconds: float | None = Field(default=None, ge=0, le=1e5)


class MediaOut(BaseModel):
    id: str
    state: Literal["open", "cut", "sealed"]
    next: int = Field(description="Number of the piece that is wanted next.")
    bytes: int
    sha256: str | None
    evidence: str | None


class SeenEvidence(BaseModel):
    id: str
    role: str
    mime: str
    bytes: int
    first: Moment
    url: str


class SeenIncident(BaseModel):
    """As much of an incident as who is sent there needs."""

    id: str
    kind: Kind
    severity: Severity
    state: IncidentState
    started: Moment
    why: Text
    camera: Text
    zone: Text
    act: Text | None
    basis: str


class PlaceCorrected(BaseModel):
    at: Moment
    moved_m: float


class FieldOrder(BaseModel):
    id: str
    state: OrderState
    offered: Moment
    changed: Moment
    reason: Text = Field(description="Why it came to this state.")
    chased: Text | None = Field(description="What the desk reminds of (催办); None: nothing.")
    eta_s: float
    distance_m: float
    place: GeoPoint | None = Field(description="None once the order is no longer the officer's.")
    corrected: PlaceCorrected | None = Field(description="The last time that the place moved.")
    incident: SeenIncident
    evidence: list[SeenEvidence]


class FieldAlarmOut(BaseModel):
    id: str
    officer: str
    state: AlarmState
    at: Moment
    place: GeoPoint | None
    accuracy_m: float | None
    order: str | None


class FieldOfficer(BaseModel):
    id: str
    name: Text
    call_sign: str


class FieldSite(BaseModel):
    name: Text
    timezone: str
    centre: GeoPoint


class FieldState(BaseModel):
    """All an officer's phone shows; small enough to be sent whole."""

    now: Moment
    officer: FieldOfficer
    site: FieldSite
    duty: bool
    since: Moment | None
    orders: list[FieldOrder]
    alarms: list[FieldAlarmOut]
    watched: list[str] = Field(description="Files of the officer that somebody looks at now.")


class ActOut(BaseModel):
    id: str
    outcome: Literal["taken", "late"]
    order_state: OrderState | None = Field(description="Of the order it was about, at present.")
