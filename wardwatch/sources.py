"""From a camera's configuration to a source of its packets."""

from dataclasses import dataclass
from functools import partial
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
from recorder.own_clock import floor_ns
from wardwatch.paths import Paths


@dataclass(frozen=True)
class Sources:
    """Opens the streams of one site's cameras.

    Attributes:
        credentials: how to sign in.
        networks: where cameras may stand.
        recordings: what is there is not given other pictures of the same time; None: no matter.
    """

    clock: Clock
    credentials: Credentials
    networks: Networks
    recordings: Path | None = None

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
        source = RtspSource(
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
        if self.recordings is not None:
            source.begin_after(partial(floor_ns, self.recordings, camera.id))
        return source


def sources_of(site: Site, clock: Clock) -> Sources:
    """For the cameras of a site as it was loaded."""
    return Sources(
        clock, credentials_of(site), Networks(site.networks), Paths(site.data_dir).recordings
    )
