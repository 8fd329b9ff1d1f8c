"""Sources that wait for a sender: drones and body cameras that push their video to us.

A driver (``push_udp``, ``push_srt``, ``push_rtmp``) says how to listen once; waiting for the
sender, noticing that it went away, waiting again and handing over KLV are here.
"""

import random
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

import av
import structlog
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream

from core.clock import NS_PER_S, Clock
from ingest.backoff import Backoff
from ingest.base import STALL_S, Source
from ingest.errors import IngestError
from ingest.events import Event, MediaPacket
from ingest.health import OnHealth

LISTEN_S = 4.0
SLICE_S = 0.25
PAUSE_MOST_S = 1.0
KLV_HELD = 200
PROBE_TS = {"analyzeduration": "3000000", "fpsprobesize": "2"}
"""How long FFmpeg may look at a stream before its first packet comes out. What it looks at is
dated late by as much, so it is two pictures once the parameter sets are there."""

log = structlog.get_logger()


@dataclass(frozen=True)
class KlvPacket:
    """One packet of a KLV stream beside the pictures; may hold a set, several, or a piece.

    Attributes:
        camera: id of the camera.
        stream: index of its stream; a decoder each.
        data: bytes for ``telemetry.klv.KlvDecoder.feed``.
        time_ns: UTC on the same time line as the pictures (ST 1402 synchronous carriage), or
            of arrival when the packet has no time of its own.
        timed: which of the two it is.
    """

    camera: str
    stream: int
    data: bytes
    time_ns: int
    timed: bool


T = TypeVar("T")
OnKlv = Callable[[KlvPacket], None]


class NobodyYetError(IngestError):
    """Nobody sent anything while we listened."""


class PushSource(Source):
    """Packets of whoever sends, session after session.

    While nobody sends, the camera is offline with the reason that nobody sends; that is no
    loss, so it makes no events and no log lines. Stopping takes a slice (``SLICE_S``) then. While
    FFmpeg looks at what somebody has begun to send, it may take twice ``LISTEN_S``, and so it
    may where FFmpeg itself listens without a connection (UDP).
    """

    def __init__(
        self,
        camera: str,
        clock: Clock,
        *,
        on_klv: OnKlv | None = None,
        process: Literal["recorder", "analyst"] = "recorder",
        on_health: OnHealth | None = None,
        rng: random.Random | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        rng = rng or random.Random()
        super().__init__(
            camera, clock, process=process, on_health=on_health, rng=rng, stall_s=stall_s
        )
        self._backoff = ShortPause(rng)
        self._stop = threading.Event()
        self._klv = KlvOut(camera, clock, on_klv) if on_klv else None

    @abstractmethod
    def listen(self, wait_s: float) -> InputContainer:
        """Wait for a sender and open its stream.

        Raises:
            NobodyYetError: none came within ``wait_s``.
            IngestError: listening is impossible, or what was sent cannot be read.
        """

    def in_slices(self, ask: Callable[[float], T | None], wait_s: float) -> T | None:
        """Ask again and again, a slice of the wait each time; None when it is over, or to stop."""
        end_ns = self.clock.monotonic_ns() + round(wait_s * NS_PER_S)
        while not self._stop.is_set():
            left_s = (end_ns - self.clock.monotonic_ns()) / NS_PER_S
            if left_s <= 0:
                break
            found = ask(min(SLICE_S, left_s))
            if found is not None:
                return found
        return None

    @property
    def told_to_stop(self) -> bool:
        return self._stop.is_set()

    @property
    @abstractmethod
    def where(self) -> str:
        """The address listened at, without secrets."""

    def close(self) -> None:
        """Let go of what is held between sessions."""

    def open(self) -> InputContainer:
        while not self._stop.is_set():
            try:
                container = self.listen(LISTEN_S)
            except NobodyYetError as nobody:
                self.health.lost(str(nobody))
                continue
            except IngestError:
                if self._stop.is_set():
                    break
                raise
            if self._klv is None:
                return container
            # The base asks a container for its streams, their packets and its end, no more.
            tap = KlvTap(container, self._klv, self.clock, self.stall_s)
            return cast(InputContainer, tap)
        raise IngestError(f"{self.where}: told to stop while nobody was sending")

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        self._stop = stop
        try:
            for event in super().packets(stop):
                if self._klv is not None and isinstance(event, MediaPacket):
                    self._klv.align(event)
                yield event
        finally:
            self.close()

    def explain(self, error: Exception) -> IngestError:
        if isinstance(error, NobodyYetError):
            return error
        text = getattr(error, "strerror", None)
        what = text if isinstance(text, str) else type(error).__name__
        match error:
            case av.error.ExitError() | av.error.TimeoutError():
                return NobodyYetError(f"{self.where}: nobody is sending yet")
            case OSError() if "in use" in what.lower():
                return IngestError(f"{self.where}: the port is taken; choose another")
            case av.error.InvalidDataError():
                return IngestError(f"{self.where}: what is sent there is no video we can read")
        return IngestError(f"{self.where}: {what}")


class ShortPause(Backoff):
    """A sender must not find the door shut for half a minute, so pauses stay short."""

    def failed(self, error: IngestError | None = None) -> float:
        return min(PAUSE_MOST_S, super().failed(error))


class KlvOut:
    """Hands KLV packets on, dated by the time line of the pictures.

    Those that come before the first picture are held until its time line is known.
    """

    def __init__(self, camera: str, clock: Clock, on_klv: OnKlv) -> None:
        self._camera, self._clock, self._on_klv = camera, clock, on_klv
        self._offset_ns: int | None = None
        self._held: deque[tuple[int, bytes, int]] = deque(maxlen=KLV_HELD)

    def start(self) -> None:
        """A new session: its time line is another."""
        self._offset_ns = None
        self._held.clear()

    def align(self, event: MediaPacket) -> None:
        """Note where the pictures' time line lies."""
        packet = event.packet
        if event.kind != "video" or packet.pts is None or packet.time_base is None:
            return
        self._offset_ns = event.time_ns - round(packet.pts * packet.time_base * NS_PER_S)
        while self._held:
            stream, data, pts_ns = self._held.popleft()
            self._hand(stream, data, pts_ns + self._offset_ns, timed=True)

    def take(self, packet: "Packet[Stream]") -> None:
        """One packet of a data stream."""
        data, stream = bytes(packet), packet.stream_index
        if packet.pts is None or packet.time_base is None:
            self._hand(stream, data, self._clock.utc_ns(), timed=False)
            return
        pts_ns = round(packet.pts * packet.time_base * NS_PER_S)
        if self._offset_ns is None:
            self._held.append((stream, data, pts_ns))
        else:
            self._hand(stream, data, pts_ns + self._offset_ns, timed=True)

    def _hand(self, stream: int, data: bytes, time_ns: int, *, timed: bool) -> None:
        try:
            self._on_klv(KlvPacket(self._camera, stream, data, time_ns, timed))
        except Exception:
            # Pictures must flow whatever a listener does.
            log.exception("KLV could not be handed on", camera=self._camera)


class KlvTap:
    """A container whose data streams are read along with the others and branch off here."""

    def __init__(self, inner: InputContainer, out: KlvOut, clock: Clock, stall_s: float) -> None:
        self._inner, self._out, self._clock = inner, out, clock
        self._stall_ns = stall_s * NS_PER_S
        out.start()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def demux(self, streams: Iterable[Stream]) -> "Iterator[Packet[Stream]]":
        """Packets of ``streams``; those of all data streams go to the callback.

        Raises:
            av.error.ExitError: for as long as a stall lasts only data came.
        """
        wanted = {stream.index: stream for stream in (*streams, *self._inner.streams.data)}
        media_ns = self._clock.monotonic_ns()
        for packet in self._inner.demux(list(wanted.values())):
            now_ns = self._clock.monotonic_ns()
            if packet.stream.type != "data":
                media_ns = now_ns
                yield packet
                continue
            if packet.size:
                self._out.take(packet)
            if now_ns - media_ns > self._stall_ns:
                raise av.error.ExitError(0, "only data, no pictures")

    def close(self) -> None:
        self._inner.close()
