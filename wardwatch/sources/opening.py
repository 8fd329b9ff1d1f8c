"""From a camera's configuration to a source of its packets."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from core.clock import Clock
from core.config.cameras import PULLED, PUSHED, Camera
from core.config.site import Site
from core.credentials import Credentials, credentials_of
from core.networks import Networks
from ingest.base import Source
from ingest.file import FileSource
from ingest.health import OnHealth
from ingest.push import OnKlv
from ingest.relayed import RelayedSource
from ingest.rtsp import RtspSource
from recorder.live import LiveReader
from recorder.own_clock import floor_ns
from wardwatch.paths import Paths
from wardwatch.sources.pushed import push_source


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
        on_klv: OnKlv | None = None,
    ) -> Source:
        """A source for one of the camera's streams; connects, or listens, when it is read.

        Args:
            address: ``rtsp://…``, an address to listen at (``srt://…``, ``udp://…``,
                ``rtmp://…``), or a file, which is played over and over.
            on_klv: takes the telemetry beside pushed pictures; called by the source's thread.

        Raises:
            ConfigError: the password cannot be had, or the address cannot be followed.
            IngestError: the address is of no kind we know.
        """
        if urlsplit(address).scheme in PUSHED:
            pushed = push_source(
                camera,
                self.clock,
                self.credentials.of(camera),
                self.networks,
                process=process,
                on_health=on_health,
                on_klv=on_klv,
            )
            return self._after_what_is_there(pushed)
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
        return self._after_what_is_there(source)

    def _after_what_is_there(self, source: Source) -> Source:
        if self.recordings is not None:
            source.begin_after(partial(floor_ns, self.recordings, source.camera))
        return source

    def analysed(
        self, camera: Camera, run_dir: Path, *, on_health: OnHealth | None = None
    ) -> Source:
        """What the analyst reads: the camera's sub stream, else what the recorder relays.

        So every stream is asked for once, and a camera with a single stream serves one session.

        Args:
            run_dir: where the recorder serves its live pictures.

        Raises:
            ConfigError, IngestError: as :meth:`open` does.
        """
        sub = camera.streams.sub
        if sub is not None and not camera.streams.single:
            return self.open(camera, sub, process="analyst", on_health=on_health)
        connect = partial(LiveReader, run_dir, camera.id)
        return RelayedSource(camera.id, connect, self.clock, on_health=on_health)


def sources_of(site: Site, clock: Clock) -> Sources:
    """For the cameras of a site as it was loaded."""
    return Sources(
        clock, credentials_of(site), Networks(site.networks), Paths(site.data_dir).recordings
    )
