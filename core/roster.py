"""Administering cameras: what the command line and the console ask for, and what they get.

The roster itself is ``cameras.yaml``; whoever edits it, by hand or through a
:class:`CameraOffice`, has the running command centre follow within seconds.
"""

from typing import Literal, Protocol

from pydantic import Field

from core.credentials import Credential
from core.geometry import GeoPoint
from core.value import Text, Value


class FoundDevice(Value):
    """A device that answered a WS-Discovery probe."""

    address: str = Field(description="Of its ONVIF device service, to be probed.")
    host: str = Field(description="IP address the answer came from.")
    name: str = ""
    hardware: str = ""
    permitted: bool = Field(description="It stands in the configured networks.")
    camera: str | None = Field(default=None, description="Id of the camera that it already is.")


class FoundStream(Value):
    """One stream of a probed camera."""

    role: Literal["main", "sub", "other"]
    url: str = Field(description="rtsp:// address without credentials.")
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    audio: str = Field(default="", description="Codec of its sound, empty without.")


class Probed(Value):
    """What a camera told about itself; empty or None where it did not."""

    address: str
    onvif: str | None = None
    manufacturer: str = ""
    model: str = ""
    firmware: str = ""
    serial: str = ""
    streams: tuple[FoundStream, ...] = ()
    snapshot: bool = False
    steerable: bool = False
    speaker: bool = Field(default=False, description="It has an audio output.")
    clock_offset_s: float | None = Field(default=None, description="Its clock minus ours.")
    sign_in: str = Field(default="", description="How it let us in: none, digest, token, basic.")
    problems: tuple[str, ...] = Field(default=(), description="One line for each open question.")


class CameraDraft(Value):
    """A camera to be added, or what is to be changed of one. None leaves a field as it is."""

    name: Text | None = None
    enabled: bool | None = None
    main: str | None = None
    sub: str | None = Field(default=None, description="Empty: it has none any more.")
    transport: Literal["tcp", "udp", "auto"] | None = None
    onvif: str | None = Field(default=None, description="Empty: none any more.")
    place: GeoPoint | None = None
    bearing_deg: float | None = Field(default=None, ge=0, lt=360)
    speaker: bool | None = Field(default=None, description="Speak through its audio output.")


class CameraOffice(Protocol):
    """Whoever may find, try and change cameras. Every failure is a WardwatchError."""

    async def discover(self, seconds: float = 3.0) -> tuple[FoundDevice, ...]:
        """Devices on the local networks that answer WS-Discovery."""

    async def probe(self, address: str, credential: Credential | None = None) -> Probed:
        """Ask a device about itself.

        Args:
            address: ``host``, ``host:port``, an ONVIF address, or an ``rtsp://`` address.
        """

    async def snapshot(self, camera: str) -> bytes:
        """A JPEG picture of a configured camera, from itself or from its stream."""

    def add(self, camera: str, draft: CameraDraft, credential: Credential | None = None) -> None:
        """Put a new camera on the roster; ``name`` and ``main`` are needed."""

    def change(self, camera: str, draft: CameraDraft, credential: Credential | None = None) -> None:
        """Change a camera; the others are not touched."""

    def remove(self, camera: str) -> None:
        """Take a camera off the roster. Its recordings and evidence stay."""
