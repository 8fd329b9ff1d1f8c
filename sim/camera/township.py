"""Several virtual cameras on one port."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote

import structlog

from core.clock import Clock
from sim.base import Scene
from sim.camera.connection import Connection
from sim.camera.digest import Authenticator
from sim.camera.door import close_door
from sim.camera.encoder import Codec
from sim.camera.errors import VirtualCameraError
from sim.camera.faults import SOUND, Fault, Faults
from sim.camera.feed import Feed
from sim.camera.microphone import Microphone
from sim.camera.onvif.options import OnvifOptions
from sim.camera.onvif.server import OnvifServer
from sim.camera.server import Rules, Server
from sim.camera.session import Camera
from sim.camera.stream import AccessUnit, Stream
from sim.camera.talk import Talk
from sim.camera.truth import Happening, Truth
from sim.room import Place

_TICK_S = 0.1

log = structlog.get_logger()


class VirtualTownship:
    """An RTSP server with a camera for each scene: ``/NAME/main`` and ``/NAME/sub``.

    One thread draws and encodes each scene, one more serves the network. Between :meth:`start`
    and :meth:`stop` the scenes run in real time, watched or not; it starts once.

    Args:
        scenes: by camera name.
        port: 0 takes a free one; see :attr:`port`.
        out_dir: gets ``truth.jsonl`` and what the loudspeakers played (``heard/*.wav``).
        backchannel: False makes cameras without loudspeaker (551 to who requires one).
        basic_auth: offer Basic sign-in beside digest.
        md5_auth: take digests by MD5; without it SHA-256 alone, as newer cameras can be set to.
        places: by camera name, what microphones record there; cameras without one have none.
        onvif_port: of the ONVIF services, 0 for a free one; None: the cameras speak no ONVIF.
        onvif_options: how well those behave; see ``onvif.camera(name).options`` for one camera.

    Raises:
        VirtualCameraError: a scene cannot be served, the folder or the port cannot be used.
    """

    def __init__(
        self,
        scenes: Mapping[str, Scene],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        username: str,
        password: str,
        clock: Clock,
        out_dir: Path | None = None,
        backchannel: bool = True,
        session_timeout_s: float = 60.0,
        basic_auth: bool = False,
        md5_auth: bool = True,
        places: Mapping[str, Place] | None = None,
        onvif_port: int | None = None,
        onvif_options: OnvifOptions | None = None,
    ) -> None:
        self._host = host
        self._port = port
        self._clock = clock
        self._out_dir = out_dir
        self.onvif: OnvifServer | None = None
        if onvif_port is not None:
            self.onvif = OnvifServer(
                host=host,
                port=onvif_port,
                rtsp_port=lambda: self._port,
                username=username,
                password=password,
                clock=clock,
                backchannel=backchannel,
                options=onvif_options or OnvifOptions(),
            )
            scenes = {name: self.onvif.watch(name, scene) for name, scene in scenes.items()}
        self.truth = Truth(_truth_path(out_dir))
        self._feeds = [
            Feed(name, scene, clock=clock, truth=self.truth, deliver=self._deliver)
            for name, scene in scenes.items()
        ]
        self.faults = Faults()
        self._places = places or {}
        self._server = Server(
            {feed.name: self._camera(feed) for feed in self._feeds},
            Authenticator(username, password, realm="Wardwatch", basic=basic_auth, md5=md5_auth),
            clock,
            Rules(session_timeout_s, backchannel),
            self._heard,
            self.faults,
        )
        self._connections: set[Connection] = set()
        self._door: asyncio.Server | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None
        self._failure: OSError | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """The port that is served."""
        return self._port

    def url(self, name: str, stream: Literal["main", "sub"] = "main") -> str:
        """Address of a camera's stream, without credentials."""
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self._host, self._host)
        return f"rtsp://{host}:{self._port}/{quote(name)}/{stream}"

    def onvif_url(self, name: str) -> str:
        """Address of a camera's ONVIF device service.

        Raises:
            VirtualCameraError: the cameras speak no ONVIF.
        """
        if self.onvif is None:
            raise VirtualCameraError("the virtual cameras speak no ONVIF; give an onvif_port")
        return self.onvif.url(name)

    def feed(self, name: str) -> Feed:
        """The running scene of a camera: lag, streams, how many watch."""
        return next(feed for feed in self._feeds if feed.name == name)

    @property
    def sessions(self) -> int:
        """How many RTSP sessions there are now."""
        return len(self._server.sessions)

    @property
    def connections(self) -> int:
        """How many RTSP connections there are now."""
        return len(self._connections)

    def misbehave(self, fault: Fault, camera: str | None = None) -> None:
        """Have this fault from now on; from any thread.

        Args:
            camera: the only one concerned; None for all of them.
        """
        self.faults.set(camera, fault, self._clock.monotonic_ns())
        self._on_loop(self._live_connections)

    def behave(self, camera: str | None = None) -> None:
        """Be sound again."""
        self.misbehave(SOUND, camera)

    def stall(self, seconds: float, fault: Fault, camera: str | None = None) -> None:
        """Have a fault for a while; then be sound again by itself."""
        self.misbehave(fault, camera)
        self._on_loop(lambda: asyncio.get_running_loop().call_later(seconds, self.behave, camera))

    def reset(self, camera: str | None = None) -> None:
        """Reset (RST) the connections of a camera, or all."""
        self._on_loop(lambda: self._reset(camera))

    def jump(self, seconds: float, camera: str | None = None) -> None:
        """Let the RTP clocks of running sessions step; back when negative."""
        self._on_loop(lambda: self._jump(seconds, camera))

    def resize(
        self, camera: str, size: tuple[int, int], stream: Literal["main", "sub"] = "main"
    ) -> None:
        """Change a stream's picture size under the eyes of who watches it."""
        self.feed(camera).streams[stream].resize(size)

    def recode(self, camera: str, codec: Codec, stream: Literal["main", "sub"] = "main") -> None:
        """Change a stream's codec, as when somebody changes the settings: its sessions end."""
        self.feed(camera).streams[stream].recode(codec)
        self.reset(camera)

    def start(self) -> None:
        """Open the port and let the scenes begin."""
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve()), name="virtual-cameras", daemon=True
        )
        self._thread.start()
        self._ready.wait()
        if self._failure is not None:
            self._thread.join()
            self.truth.close()
            raise VirtualCameraError(
                f"virtual cameras cannot listen on {self._host}:{self._port} "
                f"({self._failure.strerror}); choose another port"
            ) from self._failure
        if self.onvif is not None:
            try:
                self.onvif.start()
            except VirtualCameraError:
                self.stop()
                raise
        for feed in self._feeds:
            feed.start()
        log.info("virtual cameras ready", port=self._port, cameras=[f.name for f in self._feeds])

    def stop(self) -> None:
        """End everything; returns when no thread and no socket of ours is left."""
        for feed in self._feeds:
            feed.stop()
        if self.onvif is not None:
            self.onvif.stop()
        if self._loop is not None and self._end is not None:
            self._loop.call_soon_threadsafe(self._end.set)
        if self._thread is not None:
            self._thread.join()
        self._loop = self._end = self._thread = None
        self.truth.close()

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await self._open_door()
        except OSError as error:
            self._failure = error
            self._ready.set()
            return
        self._loop, self._end = loop, asyncio.Event()
        self._ready.set()
        while not self._end.is_set():
            try:
                self._server.tick()
                await self._live_faults()
            except Exception:  # one session's defect must not end the service of all
                log.exception("housekeeping failed")
            try:
                await asyncio.wait_for(self._end.wait(), _TICK_S)
            except TimeoutError:
                continue
        await self._close_door()
        self._server.close()
        for connection in tuple(self._connections):
            connection.transport.abort()
        await asyncio.sleep(0)  # lets the transports close their sockets

    def _camera(self, feed: Feed) -> Camera:
        place = self._places.get(feed.name)
        microphone = None if place is None else Microphone(place, feed.name, feed.now_ns)
        return Camera(
            feed.name, feed, fault=lambda: self.faults.of(feed.name), microphone=microphone
        )

    async def _open_door(self) -> None:
        loop = asyncio.get_running_loop()
        self._door = await loop.create_server(
            lambda: Connection(self._server, self._connections), self._host, self._port
        )
        self._port = self._door.sockets[0].getsockname()[1]

    async def _close_door(self) -> None:
        door, self._door = self._door, None
        if door is not None:
            await close_door(door)

    async def _live_faults(self) -> None:
        shut = self._server.away(None)
        if shut:
            await self._close_door()
        elif self._door is None:
            await self._open_door()
        self._live_connections()

    def _live_connections(self) -> None:
        for connection in tuple(self._connections):
            connection.live()

    def _reset(self, camera: str | None) -> None:
        for connection in tuple(self._connections):
            if camera in (None, connection.camera):
                connection.reset()

    def _jump(self, seconds: float, camera: str | None) -> None:
        for session in self._server.sessions.values():
            if camera in (None, session.camera.name):
                session.jump(seconds)

    def _on_loop(self, do: Callable[[], object]) -> None:
        if self._loop is not None:
            self._loop.call_soon_threadsafe(do)

    def _deliver(self, stream: Stream, unit: AccessUnit) -> None:
        """From a scene's thread to the loop; the feeds stop before the loop does."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(stream.deliver, unit)

    def _heard(self, camera: Camera, talk: Talk) -> None:
        """A talk has ended at a camera's loudspeaker."""
        wav = self._save(camera.name, talk)
        facts = {
            "start_ns": talk.start_ns,
            "seconds": round(talk.seconds, 3),
            "rms": round(talk.rms, 1),
            "loud_s": round(talk.loud_s, 2),
            "wav": wav,
        }
        now_ns = camera.feed.now_ns()
        what: Literal["heard", "noise"] = "heard" if talk.audible else "noise"
        self.truth.add(Happening(what, camera.name, now_ns, camera.feed.scene_s(now_ns), facts))
        log.info("loudspeaker played", camera=camera.name, what=what, **facts)
        if talk.audible:
            camera.feed.hear(talk.seconds)

    def _save(self, name: str, talk: Talk) -> str | None:
        """Write a talk's WAV file; its name under the output folder."""
        if self._out_dir is None:
            return None
        wav = f"heard/{name}-{talk.start_ns}.wav"
        try:
            talk.save(self._out_dir / wav)
        except OSError as error:  # a full disk must not silence the cameras
            log.error("talk cannot be saved", file=wav, error=str(error))
            return None
        return wav


def _truth_path(out_dir: Path | None) -> Path | None:
    if out_dir is None:
        return None
    try:
        (out_dir / "heard").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise VirtualCameraError(f"output folder {out_dir} cannot be made: {error}") from error
    return out_dir / "truth.jsonl"
