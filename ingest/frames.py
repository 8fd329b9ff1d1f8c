"""Decoded pictures of a live source, newest first served, never queueing up."""

import contextlib
import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Self, cast

import av
import structlog
from av.packet import Packet
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from core.messages import CameraEvent, CameraEventKind
from core.video import Frame
from ingest.base import Source
from ingest.events import Connected, MediaPacket
from ingest.hardware import DecoderChoice, decoder_like
from ingest.nal import PictureSniffer
from ingest.picture import frame_of
from ingest.picture_health import PictureWatch
from ingest.rate import Sampler
from ingest.timeline import nominal_rate

TIMES_KEPT = 64
SETTLING = 20
STEERED_S = 12.0
"""A camera that is said to be steered moves so long at most, unless it is said again."""
SETTLED_S = 3.0
"""From the end of the movement to a sharp picture."""

log = structlog.get_logger()


class LiveFrames:
    """Reads and decodes one source in a thread; keeps the newest pictures for the consumer.

    When the consumer is slower than the analysis rate, the oldest kept picture is dropped and
    counted, so memory stays at ``keep`` pictures whatever happens.

    Use as a context manager, or call ``start`` and ``stop``.

    Attributes:
        dropped: pictures that were due but replaced before anybody took them.
        decoded: pictures decoded.
        spared: pictures not decoded, because the analysis rate leaves them out and no other
            picture is decoded from them.
        damaged: times that damage was met after the session had settled.
        pictures: looks for black, frozen, covered or moved views; tell it of wanted moves.
    """

    def __init__(
        self,
        source: Source,
        fps: float,
        *,
        keep: int = 1,
        threads: int = 1,
        decoder: DecoderChoice = "software",
    ) -> None:
        self.camera = source.camera
        self.dropped = 0
        self.decoded = 0
        self.spared = 0
        self.damaged = 0
        self._source, self._fps, self._threads = source, fps, threads
        self._choice: DecoderChoice = decoder
        self._kept: deque[Frame] = deque()
        self._keep = max(1, keep)
        self._ready = threading.Condition()
        self._stop = threading.Event()
        self._ended = False
        self._thread: threading.Thread | None = None
        self._index = 0
        self.pictures = PictureWatch()

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

    def start(self) -> None:
        """Begin to read."""
        self._thread = threading.Thread(target=self._run, name=f"frames-{self.camera}", daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 6.0) -> None:
        """End reading; waits for the thread at most ``timeout_s``."""
        self._stop.set()
        with self._ready:
            self._ready.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)

    @property
    def ended(self) -> bool:
        """The source will give no more and everything kept was taken."""
        with self._ready:
            return self._ended and not self._kept

    def take(self, timeout_s: float = 1.0) -> Frame | None:
        """The oldest picture kept, waiting for one at most ``timeout_s``; None without."""
        with self._ready:
            self._ready.wait_for(
                lambda: self._kept or self._ended or self._stop.is_set(), timeout_s
            )
            if not self._kept:
                return None
            self._source.health.taken()
            return self._kept.popleft()

    def __iter__(self) -> Iterator[Frame]:
        """Pictures until the source ends or ``stop`` is called."""
        while not self._stop.is_set():
            frame = self.take()
            if frame is not None:
                yield frame
            elif self.ended:
                return

    def camera_says(self, event: CameraEvent) -> None:
        """What the camera itself noticed, or that it is steered. From any thread, at once."""
        if event.kind is CameraEventKind.STEERED:
            self.pictures.expect_move_for(SETTLED_S if event.active is False else STEERED_S)
        self._source.health.camera_says(event)

    def _run(self) -> None:
        try:
            self._decode_all()
        except Exception:
            log.exception("decoding thread failed", camera=self.camera)
        finally:
            with self._ready:
                self._ended = True
                self._ready.notify_all()

    def _decode_all(self) -> None:
        decoder: _Decoder | None = None
        for event in self._source.packets(self._stop):
            if isinstance(event, Connected):
                stream = event.streams[0]
                assert isinstance(stream, VideoStream)
                decoder = _Decoder(stream, self._fps, self._threads, self._choice)
            elif isinstance(event, MediaPacket) and event.kind == "video" and decoder:
                for picture, time_ns in decoder.decode(event):
                    self._offer(picture, time_ns)
                decoded, spared = decoder.taken()
                self.decoded += decoded
                self.spared += spared
                if decoder.damaged:
                    if decoder.settled:
                        self.damaged += 1
                        self._source.health.trouble("damaged pictures")
                    decoder.damaged = False

    def _offer(self, picture: VideoFrame, time_ns: int) -> None:
        frame = frame_of(picture, self.camera, time_ns, self._index)
        self._index += 1
        if self.pictures.due(time_ns):
            self._source.health.picture(self.pictures.look(frame.luma, time_ns))
        with self._ready:
            while len(self._kept) >= self._keep:
                self._kept.popleft()
                self.dropped += 1
                self._source.health.skipped()
            self._kept.append(frame)
            self._ready.notify()


class _Decoder:
    """One session's decoder; after damage it waits for the next key frame."""

    def __init__(
        self, stream: VideoStream, fps: float, threads: int, choice: DecoderChoice
    ) -> None:
        self._context = decoder_like(stream.codec_context, choice)
        # One thread a camera: with many cameras the cores are busy anyway, and frame threads
        # would delay every picture by their number.
        self._context.thread_count = threads
        self._context.thread_type = "SLICE"
        self._sniffer = PictureSniffer(self._context.name, self._context.extradata)
        rate = nominal_rate(stream)
        self._sampler = Sampler(fps, float(rate) if rate else None)
        self._times: dict[int, int] = {}
        self._waiting = True
        self._count = self._spared = 0
        self._total = 0
        self.damaged = False

    @property
    def settled(self) -> bool:
        """Past the first pictures, which many cameras send torn."""
        return self._total > SETTLING

    def taken(self) -> tuple[int, int]:
        """Pictures decoded and spared since the last call."""
        counts = self._count, self._spared
        self._count = self._spared = 0
        return counts

    def decode(self, event: MediaPacket) -> Iterator[tuple[VideoFrame, int]]:
        if self._waiting and not event.keyframe:
            return
        data = bytes(event.packet)
        if not self._sniffer.has_picture(data):
            return
        self._waiting = False
        if not self._sampler.may_want(event.time_ns) and self._sniffer.is_needless(data):
            self._spared += 1
            return
        packet = cast("Packet[VideoStream]", event.packet)
        if packet.pts is None:
            packet.pts = packet.dts
        key = packet.pts
        if key is not None:
            self._times[key] = event.time_ns
            while len(self._times) > TIMES_KEPT:
                del self._times[next(iter(self._times))]
        try:
            pictures = self._context.decode(packet)
        except av.error.FFmpegError:
            self.damaged = self._waiting = True
            with contextlib.suppress(av.error.FFmpegError):
                self._context.flush_buffers()
            return
        for picture in pictures:
            self._count += 1
            self._total += 1
            if picture.is_corrupt:
                self.damaged = True
                continue
            time_ns = event.time_ns
            if picture.pts is not None:
                time_ns = self._times.pop(picture.pts, time_ns)
            if self._sampler.wants(time_ns):
                yield picture, time_ns
