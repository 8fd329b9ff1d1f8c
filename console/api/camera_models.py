"""What the addresses under ``/api/v1/cameras`` give and take. Passwords only come in."""

from typing import Literal, Self

from pydantic import BaseModel, Field, SecretStr, model_validator

from console.api.models import Given, HealthOut
from core.config.base import Id
from core.credentials import Credential
from core.geometry import GeoPoint
from core.roster import CameraDraft, FoundDevice, Probed
from core.value import Text


class SignInIn(Given):
    """How to sign in at a camera; neither is ever given out again."""

    username: str | None = Field(default=None, min_length=1, max_length=64)
    password: SecretStr | None = Field(default=None, max_length=256)

    @model_validator(mode="after")
    def _both(self) -> Self:
        if self.password is not None and self.username is None:
            raise ValueError("a password needs its user name")
        return self

    @property
    def credential(self) -> Credential | None:
        """None where nothing was given."""
        if self.username is None:
            return None
        return Credential(
            self.username, self.password.get_secret_value() if self.password is not None else ""
        )

    @property
    def secret(self) -> str:
        """The password, to be kept out of messages; empty without."""
        return self.password.get_secret_value() if self.password is not None else ""


class ProbeIn(SignInIn):
    address: str = Field(
        min_length=1, max_length=500, description="host, host:port, http:// or rtsp:// address."
    )


class ChangeIn(SignInIn, CameraDraft):
    """What is left out stays as it is."""

    @property
    def draft(self) -> CameraDraft:
        """Without the sign-in."""
        return CameraDraft(**{name: getattr(self, name) for name in CameraDraft.model_fields})


class AddIn(ChangeIn):
    """A new camera; ``name`` and ``main`` are needed."""

    id: Id


class CameraFacts(BaseModel):
    """A camera as it is configured and as it is. Addresses and user name: for those who may
    change them, without passwords."""

    id: str
    name: Text
    enabled: bool
    place: GeoPoint | None
    bearing_deg: float
    speaker: bool
    main: str | None = None
    sub: str | None = None
    transport: Literal["tcp", "udp", "auto"] | None = None
    onvif: str | None = None
    username: str | None = None
    recorder: HealthOut | None
    analyst: HealthOut | None


class Roster(BaseModel):
    cameras: list[CameraFacts]
    changeable: bool = Field(description="The person may change cameras, and there is a way to.")
    now: str


class Found(BaseModel):
    devices: list[FoundDevice]


class ProbedOut(Probed):
    """What a camera told about itself; addresses without passwords."""


class ChangedOut(BaseModel):
    id: str
    follows_s: int = Field(description="About so long until the command centre has followed.")
