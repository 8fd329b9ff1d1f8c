"""Which driver speaks for a camera, made from its configuration."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from broadcast.base import SpeakerDriver
from broadcast.errors import SpeakerError
from broadcast.file import FileSpeaker
from broadcast.onvif import OnvifSpeaker
from core.clock import Clock
from core.config.cameras import Camera

Build = Callable[[Camera], SpeakerDriver]


def build(camera: Camera, clock: Clock, environ: Mapping[str, str] = os.environ) -> SpeakerDriver:
    """The driver of a camera's loudspeaker. Nothing is opened yet.

    Raises:
        SpeakerError: the camera has no loudspeaker, or its section lacks something.
    """
    speaker = camera.speaker
    if speaker is None:
        raise SpeakerError(f"camera {camera.id}: has no loudspeaker; add a `speaker` section")
    match speaker.driver:
        case "onvif":
            return OnvifSpeaker(
                camera.id,
                speaker.url or camera.streams.main,
                clock,
                username=camera.username,
                password=_password(camera, environ),
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


def _password(camera: Camera, environ: Mapping[str, str]) -> str:
    if camera.password_env is None:
        return ""
    try:
        return environ[camera.password_env]
    except KeyError:
        raise SpeakerError(
            f"camera {camera.id}: password_env: the environment variable "
            f"{camera.password_env} is not set"
        ) from None
