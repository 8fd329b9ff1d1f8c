"""What the addresses of session and site give and take: people, cameras, the township."""

from typing import Literal

from pydantic import BaseModel, Field

from console.api.models import Given, Moment
from core.config.people import Travel
from core.geometry import GeoPoint
from core.seeing import Kind
from core.store.users import Role
from core.value import Language, Text


class SignIn(Given):
    name: str = Field(min_length=1, max_length=64)
    password: str = Field(min_length=1, max_length=1024)


class SessionChange(Given):
    language: Language


class SessionOut(BaseModel):
    name: str
    role: Role
    language: Language
    csrf: str = Field(description="Send it back as X-CSRF-Token with everything but GET.")


class ZoneOut(BaseModel):
    id: str
    name: Text
    kind: Kind
    polygon: list[tuple[float, float]]
    response: str


class CameraOut(BaseModel):
    id: str
    name: Text
    place: GeoPoint | None
    bearing_deg: float
    speaker: bool
    zones: list[ZoneOut]


class OfficerOut(BaseModel):
    id: str
    name: Text
    call_sign: str
    place: GeoPoint
    travel: Travel
    vehicle: Text | None = Field(description="That the officer shares with others.")


class ContactOut(BaseModel):
    id: str
    name: Text
    role: Text


class SpeakerGroupOut(BaseModel):
    id: str
    name: Text
    cameras: list[str]


class SiteOut(BaseModel):
    name: Text
    timezone: str
    mode: Literal["live", "demo"]
    centre: GeoPoint
    now: Moment
    cameras: list[CameraOut]
    officers: list[OfficerOut]
    contacts: list[ContactOut]
    speaker_groups: list[SpeakerGroupOut]
