"""Which driver speaks for a camera, made from its configuration."""

from collections.abc import Callable
from pathlib import Path

from broadcast.base import SpeakerDriver
from broadcast.errors import SpeakerError
from broadcast.file import FileSpeaker
from broadcast.onvif import OnvifSpeaker
from core.clock import Clock
from core.config.cameras import Camera
from core.credentials import Credentials
from core.errors import ConfigError
from core.networks import Networks

Build = Callable[[Camera], SpeakerDriver]


def build(
    camera: Camera, clock: Clock, credentials: Credentials, networks: Networks | None = None
) -> SpeakerDriver:
    """The driver of a camera's loudspeaker. Nothing is opened yet.

    Args:
        networks: where loudspeakers may stand; None asks nothing.

    Raises:
        SpeakerError: the camera has no loudspeaker, or its section lacks something.
    """
    speaker = camera.speaker
    if speaker is None:
        raise SpeakerError(f"camera {camera.id}: has no loudspeaker; add a `speaker` section")
    match speaker.driver:
        case "onvif":
            try:
                credential = credentials.of(camera)
            except ConfigError as error:
                raise SpeakerError(str(error)) from None
            return OnvifSpeaker(
                camera.id,
                speaker.url or camera.streams.main,
                clock,
                username=credential.username if credential else None,
                password=credential.password if credential else "",
                networks=networks,
            )
        case "file":
            if speaker.url is None:
                raise SpeakerError(
                    f"camera {camera.id}: speaker.url: name the directory that receives the audio"
                )
            return FileSpeaker(camera.id, Path(speaker.url), clock)


def identity(camera: Camera) -> str:
    """Name of the physical loudspeaker: cameras that share one share its lock and cooldown."""
    speaker = camera.speaker
    if speaker is None:
        return f"none:{camera.id}"
    return f"{speaker.driver}:{speaker.url or camera.streams.main}"
