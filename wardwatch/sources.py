"""From a camera's configuration to a source of its packets."""

import os
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from core.clock import Clock
from core.config.cameras import Camera
from core.errors import ConfigError
from ingest.base import Source
from ingest.file import FileSource
from ingest.health import OnHealth
from ingest.rtsp import RtspSource


def open_source(
    camera: Camera,
    address: str,
    clock: Clock,
    *,
    process: Literal["recorder", "analyst"],
    on_health: OnHealth | None = None,
) -> Source:
    """A source for one of the camera's streams; connects when it is read.

    Args:
        address: ``rtsp://…``, or a file, which is played over and over.

    Raises:
        ConfigError: the password's environment variable is not set.
        IngestError: the address is of no kind we know.
    """
    if not urlsplit(address).scheme or address.startswith("file:"):
        path = Path(address.removeprefix("file://"))
        return FileSource(camera.id, path, clock, loop=True, process=process, on_health=on_health)
    return RtspSource(
        camera.id,
        address,
        clock,
        transport=camera.streams.transport,
        username=camera.username,
        password=password(camera),
        process=process,
        on_health=on_health,
    )


def password(camera: Camera) -> str | None:
    """The camera's password from its environment variable.

    Raises:
        ConfigError: the variable is not set.
    """
    if camera.password_env is None:
        return None
    value = os.environ.get(camera.password_env)
    if value is None:
        raise ConfigError(
            f"camera {camera.id}: environment variable {camera.password_env} is not set"
        )
    return value
