"""Live relay: packets of the recorder to any number of viewers, each at its own speed.

Fragments are made only while somebody watches; otherwise the last group of pictures is kept
as it came. Memory is bounded: one group of pictures a camera, one short queue a viewer.
"""

import asyncio
import contextlib
import threading
from collections import deque
from pathlib import Path

import structlog
from av.stream import Stream
from av.video.stream import VideoStream

from core.clock import NS_PER_S
from recorder.codec import Initialisation, initialisation, with_lengths
from recorder.errors import RelayError
from recorder.fragment import fragment
from recorder.live import LiveInit, LivePart, socket_path
from recorder.source import Sample

GOP_MOST_BYTES = 16 << 20
GOP_MOST_SAMPLES = 1500
QUEUE_MOST_BYTES = 4 << 20
QUEUE_MOST_PARTS = 90
WRITE_BUFFER_BYTES = 64 << 10
START_S = 5.0
FPS_MOST = 240

log = structlog.get_logger()


class Viewer:
    """One viewer's queue. ``dropped`` counts the parts it was too slow for."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.dropped = 0
        self._loop = loop
        self._wake = asyncio.Event()
        self._lock = threading.Lock()
        self._queue: deque[tuple[LivePart, bytes]] = deque()
        self._bytes = 0
        self._most_parts, self._most_bytes = QUEUE_MOST_PARTS, QUEUE_MOST_BYTES
        self._skipping = False
        self._closed = False

    def welcome(self, parts: list[tuple[LivePart, bytes]]) -> None:
        """Queue the group of pictures that is running; it does not count as being slow."""
        with self._lock:
            self._queue.extend(parts)
            self._bytes = sum(len(encoded) for _, encoded in self._queue)
            self._most_parts += len(self._queue)
            self._most_bytes += self._bytes
        self._loop.call_soon_threadsafe(self._wake.set)

    def offer(self, part: LivePart, encoded: bytes) -> None:
        """Queue a part; called by the recorder's thread, never waits."""
        with self._lock:
            if part.kind == "delta" and self._skipping:
                self.dropped += 1
                return
            if part.kind != "init":
                too_many = len(self._queue) >= self._most_parts
                if too_many or self._bytes + len(encoded) > self._most_bytes:
                    self._forget()
                    self._skipping = True
            if part.kind == "key":
                self._skipping = False
            if self._skipping and part.kind == "delta":
                self.dropped += 1
                return
            self._queue.append((part, encoded))
            self._bytes += len(encoded)
        self._loop.call_soon_threadsafe(self._wake.set)

    @property
    def queued_parts(self) -> int:
        """How many parts wait."""
        return len(self._queue)

    def close(self) -> None:
        """No more will come."""
        with self._lock:
            self._closed = True
        self._loop.call_soon_threadsafe(self._wake.set)

    async def next(self) -> bytes | None:
        """The next part as it travels; None when closed."""
        while True:
            with self._lock:
                if self._queue:
                    encoded = self._queue.popleft()[1]
                    self._bytes -= len(encoded)
                    return encoded
                if self._closed:
                    return None
                self._wake.clear()
            await self._wake.wait()

    def _forget(self) -> None:
        """Drop what is queued, but for initialisations: the next key frame needs them."""
        kept = [entry for entry in self._queue if entry[0].kind == "init"][-1:]
        self.dropped += len(self._queue) - len(kept)
        self._queue = deque(kept)
        self._bytes = sum(len(encoded) for _, encoded in kept)


class Channel:
    """One camera's live picture.

    Attributes:
        samples_seen: pictures that came from the camera.
        fragments_made: pictures that were made ready for viewers.
    """

    def __init__(self, camera: str) -> None:
        self.camera = camera
        self.samples_seen = 0
        self.fragments_made = 0
        self._lock = threading.Lock()
        self._viewers: list[Viewer] = []
        self._init: Initialisation | None = None
        self._gop: list[tuple[int, Sample]] = []  # with their numbers
        self._gop_bytes = 0
        self._running = self._overlong = False
        self._fps = 0.0
        self._session = 1
        self._over = False
        self._zero_ns: int | None = None
        self._last_dts_ns = 0
        self._last_step_ns = NS_PER_S // 25
        self._announce = False

    @property
    def viewers(self) -> int:
        """How many watch now."""
        return len(self._viewers)

    def begin(self, video: Stream) -> None:
        """A session starts; its first key frame is announced by a new initialisation."""
        try:
            found: Initialisation | None = initialisation(video)
        except RelayError as error:
            log.warning("no live picture", camera=self.camera, why=str(error))
            found = None
        with self._lock:
            self._init = found
            self._fps = _declared_fps(video)
            self._session += self._over
            self._clear_gop()
            self._running = self._over = False
            self._announce = True

    def end(self) -> None:
        """The session is over: nobody who joins now is shown an old picture as the present."""
        with self._lock:
            self._clear_gop()
            self._running = False
            self._over = True

    def push(self, sample: Sample) -> None:
        """Keep a sample and hand it to those who watch."""
        if sample.kind != "video":
            return
        with self._lock:
            self.samples_seen += 1
            if self._init is None:
                return
            self._keep_time(sample)
            if sample.keyframe:
                self._clear_gop()
                self._running = True
            elif not self._running:
                return  # no key frame of this session yet
            self._keep(sample)
            if self._viewers:
                if self._announce and sample.keyframe:
                    self._offer(self._viewers, self._init_part(sample))
                self._offer(self._viewers, self._part(self.samples_seen, sample))
            if sample.keyframe:
                self._announce = False

    def join(self, viewer: Viewer) -> None:
        """A viewer gets the initialisation, the group of pictures so far, and what follows."""
        with self._lock:
            self._viewers.append(viewer)
            if self._gop:
                parts = [self._init_part(self._gop[0][1])]
                parts += [self._part(number, sample) for number, sample in self._gop]
                viewer.welcome([(part, part.encode()) for part in parts])
            else:
                self._announce = True

    def leave(self, viewer: Viewer) -> None:
        """A viewer is gone."""
        with self._lock, contextlib.suppress(ValueError):
            self._viewers.remove(viewer)

    def close(self) -> None:
        """End the stream for everybody."""
        with self._lock:
            for viewer in self._viewers:
                viewer.close()

    def _clear_gop(self) -> None:
        self._gop.clear()
        self._gop_bytes = 0
        self._overlong = False

    def _keep(self, sample: Sample) -> None:
        """Keep the group of pictures; one that is too long is offered to nobody who joins."""
        if self._overlong:
            return
        self._gop.append((self.samples_seen, sample))
        self._gop_bytes += len(sample.data)
        if self._gop_bytes > GOP_MOST_BYTES or len(self._gop) > GOP_MOST_SAMPLES:
            self._clear_gop()
            self._overlong = True

    def _keep_time(self, sample: Sample) -> None:
        """Media time runs forward only; when UTC steps back, its zero moves instead."""
        if self._zero_ns is None:
            self._zero_ns = sample.dts_ns
        else:
            step_ns = sample.dts_ns - self._last_dts_ns
            if step_ns <= 0:
                self._zero_ns += step_ns - self._last_step_ns
                self._announce = True
            elif step_ns < NS_PER_S:
                self._last_step_ns = step_ns
        self._last_dts_ns = sample.dts_ns

    def media_s(self, utc_ns: int) -> float:
        """Where a moment lies on the stream's time line, seconds."""
        return (utc_ns - (self._zero_ns or utc_ns)) / NS_PER_S

    def _media(self, ns: int) -> int:
        assert self._init is not None
        assert self._zero_ns is not None
        return max(0, round((ns - self._zero_ns) * self._init.timescale / NS_PER_S))

    def _init_part(self, first: Sample) -> LivePart:
        assert self._init is not None
        assert self._zero_ns is not None
        start_s = self._media(first.dts_ns) / self._init.timescale
        info = LiveInit(
            self._init.codec,
            self._init.width,
            self._init.height,
            self._zero_ns,
            start_s,
            self._fps,
            self._session,
        )
        return LivePart("init", self._init.data, info)

    def _part(self, number: int, sample: Sample) -> LivePart:
        assert self._init is not None
        self.fragments_made += 1
        data = with_lengths(sample.data) if self._init.annex_b else sample.data
        dts = self._media(sample.dts_ns)
        made = fragment(
            data,
            sequence=number,
            track=self._init.track,
            dts=dts,
            duration=max(1, round(self._last_step_ns * self._init.timescale / NS_PER_S)),
            shown_after=self._media(sample.time_ns) - dts,
            keyframe=sample.keyframe,
        )
        return LivePart("key" if sample.keyframe else "delta", made)

    def _offer(self, viewers: list[Viewer], part: LivePart) -> None:
        encoded = part.encode()
        for viewer in viewers:
            viewer.offer(part, encoded)


def _declared_fps(video: Stream) -> float:
    rate = video.average_rate or video.guessed_rate if isinstance(video, VideoStream) else None
    return float(rate) if rate and 0 < rate <= FPS_MOST else 0.0


class Relay:
    """Serves every camera's channel on its own Unix socket, from one thread.

    Only the user who runs the recorder may connect (mode 0600 in a 0700 folder).
    """

    def __init__(self, run_dir: Path) -> None:
        self._run_dir = run_dir
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="relay", daemon=True)
        self._channels: dict[str, Channel] = {}
        self._servers: dict[str, tuple[asyncio.Server, Path]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        folder = run_dir / "live"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self._thread.start()

    def channel(self, camera: str) -> Channel:
        """The channel of a camera; its socket is opened at the first call.

        Raises:
            RelayError: the socket cannot be opened.
        """
        if camera not in self._channels:
            channel = Channel(camera)
            path = socket_path(self._run_dir, camera)
            path.unlink(missing_ok=True)  # left behind by a recorder that was killed
            opening = asyncio.run_coroutine_threadsafe(self._listen(channel, path), self._loop)
            try:
                opening.result(START_S)
                path.chmod(0o600)
            except OSError as error:
                raise RelayError(f"{path}: cannot be served ({error.strerror})") from error
            self._channels[camera] = channel
        return self._channels[camera]

    def close(self, camera: str) -> None:
        """End a camera's stream for everybody and remove its socket."""
        channel = self._channels.pop(camera, None)
        if channel is not None:
            channel.close()
            with contextlib.suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(self._unlisten(camera), self._loop).result(START_S)

    def stop(self) -> None:
        """End all streams and remove the sockets."""
        for channel in self._channels.values():
            channel.close()
        with contextlib.suppress(TimeoutError):
            asyncio.run_coroutine_threadsafe(self._shut(), self._loop).result(START_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(START_S)
        if not self._thread.is_alive():
            self._loop.close()

    async def _listen(self, channel: Channel, path: Path) -> None:
        async def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            if task is not None:
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            with contextlib.suppress(asyncio.CancelledError):  # the relay stops
                await _serve(channel, reader, writer)

        server = await asyncio.start_unix_server(met, path=str(path))
        self._servers[channel.camera] = (server, path)

    async def _unlisten(self, camera: str) -> None:
        server, path = self._servers.pop(camera)
        server.close()
        path.unlink(missing_ok=True)

    async def _shut(self) -> None:
        for camera in list(self._servers):
            await self._unlisten(camera)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def _serve(
    channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    writer.transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
    viewer = Viewer(asyncio.get_running_loop())
    channel.join(viewer)
    sending = asyncio.ensure_future(_send(viewer, writer))
    leaving = asyncio.ensure_future(reader.read(1))  # a viewer says nothing, but its end shows
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        channel.leave(viewer)
        for task in (sending, leaving):
            task.cancel()
        writer.close()  # before anything is waited for: stopping the relay cuts that short
        await asyncio.gather(sending, leaving, return_exceptions=True)


async def _send(viewer: Viewer, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while (encoded := await viewer.next()) is not None:
            writer.write(encoded)
            await writer.drain()
