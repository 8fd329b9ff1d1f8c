"""From a camera's configuration to a source of its packets."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from core.clock import Clock
from core.config.cameras import PULLED, Camera
from core.config.site import Site
from core.credentials import Credentials, credentials_of
from core.networks import Networks
from ingest.base import Source
from ingest.file import FileSource
from ingest.health import OnHealth
from ingest.rtsp import RtspSource


@dataclass(frozen=True)
class Sources:
    """Opens the streams of one site's cameras.

    Attributes:
        credentials: how to sign in.
        networks: where cameras may stand.
    """

    clock: Clock
    credentials: Credentials
    networks: Networks

    def open(
        self,
        camera: Camera,
        address: str,
        *,
        process: Literal["recorder", "analyst"],
        on_health: OnHealth | None = None,
    ) -> Source:
        """A source for one of the camera's streams; connects when it is read.

        Args:
            address: ``rtsp://…``, or a file, which is played over and over.

        Raises:
            ConfigError: the password cannot be had.
            IngestError: the address is of no kind we know.
        """
        if urlsplit(address).scheme not in PULLED:
            path = Path(address.removeprefix("file://"))
            return FileSource(
                camera.id, path, self.clock, loop=True, process=process, on_health=on_health
            )
        credential = self.credentials.of(camera)
        return RtspSource(
            camera.id,
            address,
            self.clock,
            transport=camera.streams.transport,
            username=credential.username if credential else None,
            password=credential.password if credential else None,
            networks=self.networks,
            process=process,
            on_health=on_health,
        )


def sources_of(site: Site, clock: Clock) -> Sources:
    """For the cameras of a site as it was loaded."""
    return Sources(clock, credentials_of(site), Networks(site.networks))
