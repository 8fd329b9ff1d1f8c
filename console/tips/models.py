"""What goes over the wire: between the public and us, and between the desk and us."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from console.api.models import IncidentOut
from core.geometry import GeoPoint
from core.seeing import Kind
from core.tips import TipAction, TipKind, TipState
from core.value import Language, Text

Token = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""128 random bits that a phone made for its tip, and nobody else knows."""
Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Given(BaseModel):
    """Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class TipLimits(BaseModel):
    """What the page has to keep to."""

    words: int
    photos: int
    photo_mb: float
    reach_km: float
    oldest_days: int


class TipPage(BaseModel):
    """What the page needs to begin."""

    enabled: bool
    site: Text
    centre: GeoPoint
    notice: Text
    keep_days: int
    limits: TipLimits


class ChallengeOut(BaseModel):
    """SHA-256 of ``challenge:answer`` must begin with so many zero bits."""

    challenge: str
    bits: int


class TipIn(Given):
    """A tip. The same token again is the same tip."""

    token: Token
    challenge: Annotated[str, StringConstraints(max_length=200)]
    answer: Annotated[str, StringConstraints(max_length=80)]
    kind: TipKind
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)
    accuracy_m: float = Field(gt=0, le=50_000)
    placed: Literal["pin", "phone"]
    place_words: Line = ""
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)] = ""
    happened: str = Field(description="ISO 8601, by the phone's clock.")
    sent: str = Field(description="When this left, by the same clock.")
    language: Language = "zh"
    photos: int = Field(default=0, ge=0, le=10, description="So many follow.")
    website: str = Field(default="", max_length=500, description="No person sees this field.")


class Received(BaseModel):
    """It has arrived."""

    code: str
    state: TipState
    photos: list[int] = Field(description="Numbers of the photos that are here.")


class CodeIn(Given):
    """A question by code."""

    code: Annotated[str, StringConstraints(max_length=60)]


class PublicStep(BaseModel):
    """A step as the public may know it."""

    state: TipState
    at: str
    answer: Text


class StatusOut(BaseModel):
    """What became of it: no people, no incident."""

    state: TipState
    submitted: str
    steps: list[PublicStep]


class PhotoOut(BaseModel):
    """A photo at the desk."""

    number: int
    url: str
    width: int
    height: int
    sha256: str
    taken: str
    place: GeoPoint | None
    sealed: bool


class StepOut(PublicStep):
    """A step as the desk knows it."""

    actor: str


class TipRow(BaseModel):
    """A line of the list."""

    id: str
    kind: TipKind
    state: TipState
    place: GeoPoint
    accuracy_m: float
    place_words: str
    words: str
    happened: str
    submitted: str
    photos: int
    incident: str


class NearOut(BaseModel):
    """An incident it may be about."""

    incident: IncidentOut
    distance_m: float
    apart_s: float


class CameraNear(BaseModel):
    """A camera that might look there."""

    id: str
    name: Text
    distance_m: float


class TipFile(TipRow):
    """All of a tip, for who decides."""

    version: int
    placed: Literal["pin", "phone"]
    language: Language
    photos_expected: int
    pictures: list[PhotoOut]
    history: list[StepOut]
    department: str
    near: list[NearOut]
    cameras: list[CameraNear]
    decidable: bool


class TipList(BaseModel):
    """The newest first, and how many nobody has decided."""

    items: list[TipRow]
    waiting: int


class DecisionIn(Given):
    """What somebody at the desk decides."""

    action: TipAction
    seen: int
    answer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""
    incident: Annotated[str, StringConstraints(max_length=80)] = ""
    kind: Kind | None = None
    camera: Annotated[str, StringConstraints(max_length=80)] = ""
    ongoing: bool = False
    department: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""


class DecisionOut(BaseModel):
    """It was handed over; the events tell what became of it."""

    decision: str
