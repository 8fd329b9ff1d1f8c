"""The base of all sources: sessions, time stamps, stalls, and always coming back."""

import contextlib
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from fractions import Fraction
from typing import Literal

import av
import structlog
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from core.clock import NS_PER_S, Clock
from ingest.anchor import Anchor
from ingest.backoff import Backoff
from ingest.burst import Arrived, dated
from ingest.clock_steady import Floor, SteadyUtc
from ingest.errors import IngestError, RefusedError
from ingest.events import Connected, Event, Lost, LostReason, MediaPacket, Reanchored
from ingest.health import HealthMeter, OnHealth
from ingest.lips import Lips
from ingest.parameters import ParameterWatch, described_by
from ingest.split import SplitPictures

STALL_S = 5.0
STEADY_S = 10.0
TOLD_EVERY_S = 5.0
UNTIMED_MOST = 30

Packets = Generator["Packet[Stream]", None, None]

log = structlog.get_logger()


class Source(ABC):
    """Packets of one camera, session after session, until told to stop.

    A driver says how a session is opened and what its failures mean; everything that must be
    the same for all of them is here.
    """

    may_split = False
    """Whether one picture may come in several packets (see ``ingest.split``)."""

    def __init__(
        self,
        camera: str,
        clock: Clock,
        *,
        process: Literal["recorder", "analyst"] = "recorder",
        on_health: OnHealth | None = None,
        rng: random.Random | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        self.camera = camera
        self.clock = clock
        self.health = HealthMeter(camera, process, clock, on_health, stall_s=stall_s)
        self.stall_s = stall_s
        self.received = 0
        """Packets of the present session, or of the last one."""
        self._backoff = Backoff(rng or random.Random())
        self._unopened: IngestError | None = None
        self._steady = SteadyUtc(clock)
        self._ended_ns: dict[str, int] = {}
        self._floor: Floor | None = None
        self._believed = 0

    def begin_after(self, floor: Floor) -> None:
        """Never to give a packet a time at which there are recordings.

        Args:
            floor: from our wall clock to the end of those recordings, None without any. First
                asked when reading begins: whoever recorded before may still be at it until then.
        """
        self._floor = floor

    @abstractmethod
    def open(self) -> InputContainer:
        """Open one session.

        Raises:
            RefusedError: the other side said no.
            IngestError: it cannot be reached or read.
        """

    @abstractmethod
    def explain(self, error: Exception) -> IngestError:
        """An error of the demuxer as one sentence without secrets."""

    def utc_ns(self) -> int:
        """Our time for this source's events; a step of the wall clock never takes it back."""
        return self._steady.utc_ns()

    def ended(self) -> str:
        """What it means that a session came to its end without an error."""
        return "the stream ended"

    def after_session(self, lost: Lost) -> bool:
        """Whether to try again after a session; live sources always do."""
        return lost.reason != "stopped"

    def arrivals(self, packets: "Iterator[Packet[Stream]]") -> Iterator[Arrived]:
        """Packets with the time they arrived; what queued up while opening is dated back."""
        return dated(packets, self.utc_ns, self.clock.monotonic_ns)

    def pace(self, time_ns: int, stop: threading.Event) -> bool:  # noqa: ARG002 (live: no pace)
        """Hold a packet back until its time; False when told to stop before. Live: no pace."""
        return True

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        """Events until ``stop`` is set: Connected, packets, Lost, wait, Connected, …

        A second Connected without a Lost before it means that the camera went on in the same
        session with another picture (resolution, profile); no packet is missing between them.
        The last event is always a Lost. A stalled read ends within ``stall_s``, so that is
        also how long stopping may take.
        """
        if self._floor is not None:
            self._steady, self._floor = SteadyUtc(self.clock, self._floor), None
            self._ended_ns = dict.fromkeys(("video", "audio"), self._steady.floor_ns)
        while not stop.is_set():
            began_ns = self.clock.monotonic_ns()
            lost = yield from self._session(stop)
            why = f"{lost.reason}: {lost.detail}" if lost.detail else lost.reason
            self.health.lost(why)
            yield lost
            if stop.is_set() or not self.after_session(lost):
                return
            if self.clock.monotonic_ns() - began_ns >= STEADY_S * NS_PER_S:
                self._backoff.succeeded()
            if self.received:
                self._backoff.let_in()
            wait_s = self._backoff.failed(self._unopened)
            log.warning(
                "camera lost",
                camera=self.camera,
                reason=lost.reason,
                detail=lost.detail,
                again_in_s=round(wait_s, 1),
            )
            self._pause(stop, wait_s, why)

    def _pause(self, stop: threading.Event, wait_s: float, why: str) -> None:
        """Wait, and go on telling that the camera is away, and when it is asked again if late."""
        until_ns = self.clock.monotonic_ns() + round(wait_s * NS_PER_S)
        while (left_s := (until_ns - self.clock.monotonic_ns()) / NS_PER_S) > 0:
            late = isinstance(self._unopened, RefusedError)
            self.health.lost(f"{why}; next try in {_spoken(left_s)}" if late else why)
            if self.clock.wait(stop, min(TOLD_EVERY_S, left_s)):
                return

    def _session(self, stop: threading.Event) -> Generator[Event, None, Lost]:
        self.received = 0
        self._unopened = None
        try:
            container = self.open()
        except IngestError as error:
            self._unopened = error
            refused = isinstance(error, RefusedError)
            return self._lost("refused" if refused else "unreachable", str(error))
        try:
            streams = wanted_streams(container)
            video = streams[0]
            self.health.connected(float(nominal_rate(video) or 0), video.codec_context.name)
            yield Connected(streams, self.utc_ns())
            # Closed before the container: an expired read limit would cut off the TEARDOWN, and
            # the camera would keep a session that nobody reads.
            with contextlib.closing(self._demux(container, streams)) as packets:
                return (yield from self._read(packets, streams, stop))
        except IngestError as error:
            return self._lost("broken", str(error))
        finally:
            container.close()

    def _read(
        self, packets: Packets, streams: tuple[Stream, ...], stop: threading.Event
    ) -> Generator[Event, None, Lost]:
        stall_ns = round(self.stall_s * NS_PER_S)
        self._believe_clock()
        watch = ParameterWatch(streams[0].codec_context.name, streams[0].codec_context.extradata)
        anchors = {
            stream.index: Timeline(stream, self._ended_ns.get(stream.type, 0), rtp=self.may_split)
            for stream in streams
        }
        pictures = SplitPictures()
        lips = Lips(self._ended_ns.get("audio")) if len(streams) > 1 else None
        picture_ns = self.clock.monotonic_ns()
        arrivals = self.arrivals(packets)
        while not stop.is_set():
            asked_ns = self.clock.monotonic_ns()
            try:
                packet, arrived_ns = next(arrivals, (None, 0))
            except av.error.ExitError:
                return self._stalled()
            except (av.error.FFmpegError, OSError) as error:
                return self._lost("broken", str(self.explain(error)))
            if packet is None:
                return self._lost("ended", self.ended())
            if packet.size == 0:
                continue
            if self._believe_clock():
                return self._lost("clock", "our clock had been ahead and was set back")
            self.received += 1
            now_ns = self.clock.monotonic_ns()
            if packet.stream.type == "video":
                picture_ns = now_ns
                if watch.other_codec(packet):
                    return self._lost("broken", "it sends another codec than it described")
                self.health.demuxed(packet)
            elif now_ns - picture_ns > stall_ns:
                return self._lost("stalled", f"no picture for {self.stall_s:g} s, only sound")
            for whole in pictures.push(packet) if self.may_split else [packet]:
                if whole.is_keyframe and whole.stream_index == streams[0].index:
                    data = bytes(whole)
                    if watch.changed(data) and (now := self._redescribed(streams, data)):
                        yield now
                for event in anchors[whole.stream_index].take(whole, arrived_ns):
                    self._measure(event)
                    if isinstance(event, MediaPacket):
                        event = lips.place(event) if lips else event
                        self._ended_ns[event.kind] = event.dts_ns
                        if not self.pace(event.dts_ns, stop):
                            return self._lost("stopped", "")
                    yield event
            # FFmpeg's parser keeps a picture back until the next one begins. A read that timed
            # out gives out that picture first, and would wait for as long again.
            if now_ns - asked_ns >= stall_ns:
                return self._stalled()
        return self._lost("stopped", "")

    def _believe_clock(self) -> bool:
        """True when our time has begun anew: what is under way has the wrong times."""
        self.health.set_back = self._steady.ahead
        if self._steady.believed == self._believed:
            return False
        self._believed = self._steady.believed
        self._ended_ns = dict.fromkeys(("video", "audio"), self._steady.floor_ns)
        return True

    def _demux(self, container: InputContainer, streams: tuple[Stream, ...]) -> Packets:
        # PyAV's own selection would go on reading for ever while other streams' packets come.
        wanted = {stream.index for stream in streams}
        came_ns = self.clock.monotonic_ns()
        with contextlib.closing(_packets_of_all(container)) as packets:
            for packet in packets:
                now_ns = self.clock.monotonic_ns()
                if packet.stream_index in wanted:
                    came_ns = now_ns
                    yield packet
                elif now_ns - came_ns > self.stall_s * NS_PER_S:
                    raise av.error.ExitError(0, "only streams that nobody wants")

    def _redescribed(self, streams: tuple[Stream, ...], key_picture: bytes) -> Connected | None:
        old = streams[0]
        new = described_by(key_picture, old.codec_context.name, nominal_rate(old))
        if new is None or not isinstance(new, VideoStream):
            return None
        log.info(
            "the camera's picture is now described anew",
            camera=self.camera,
            codec=new.codec_context.name,
            size=f"{new.codec_context.width}x{new.codec_context.height}",
        )
        return Connected((new, *streams[1:]), self.utc_ns())

    def _stalled(self) -> Lost:
        return self._lost("stalled", f"no packet for {self.stall_s:g} s")

    def _measure(self, event: MediaPacket | Reanchored) -> None:
        if isinstance(event, Reanchored):
            self.health.trouble(f"time line moved by {event.by_s:+.1f} s ({event.why})")
            log.warning("re-anchored", camera=self.camera, by_s=event.by_s, why=event.why)
        elif event.kind == "video":
            self.health.packet(event.packet.size, event.time_ns, event.keyframe)

    def _lost(self, reason: LostReason, detail: str) -> Lost:
        return Lost(reason, detail, self.utc_ns())


class Timeline:
    """Puts one stream's packets on the UTC time line.

    Some servers send their first packets before the time line is known to the demuxer; those
    are held (a few) and dated backwards from the first that has a time.
    """

    def __init__(self, stream: Stream, floor_ns: int = 0, *, rtp: bool = False) -> None:
        self._kind: Literal["video", "audio"] = "video" if stream.type == "video" else "audio"
        self._time_base = stream.time_base or Fraction(1, 90_000)
        self._tick_numerator = self._time_base.numerator * NS_PER_S
        self._tick_denominator = self._time_base.denominator
        self._spacing_ns = round(NS_PER_S / float(nominal_rate(stream) or 25))
        self._floor_ns = floor_ns
        self._anchor = Anchor(floor_ns)
        # RTP times are known modulo 2^32 ticks (RFC 3550 §5.1); FFmpeg takes a step back for
        # a wrap, which would be reported as a jump of half a day.
        self._wrap_s = float(self._time_base * 2**32) if rtp else 0.0
        self._untimed: list[tuple[Packet[Stream], int]] = []
        self._last_dts_ns: int | None = None

    def take(self, packet: "Packet[Stream]", arrived_ns: int) -> list[MediaPacket | Reanchored]:
        """The events that a demuxed packet makes: none, itself, or several."""
        raw = packet.dts if packet.dts is not None else packet.pts
        if raw is None and self._last_dts_ns is None:
            if len(self._untimed) < UNTIMED_MOST:
                self._untimed.append((packet, arrived_ns))
            return []
        if raw is None:
            dts_ns = (self._last_dts_ns or 0) + self._duration_ns(packet)
        else:
            dts_ns = self._ns(raw)
        events: list[MediaPacket | Reanchored] = []
        if self._untimed:
            held_ns = sum(self._duration_ns(held) for held, _ in self._untimed)
            self._anchor = Anchor(self._floor_ns + held_ns)
        moved = self._anchor.place(dts_ns, arrived_ns)
        if moved is not None:
            by_s = moved.by_ns / NS_PER_S
            if self._wrap_s:
                by_s = (by_s + self._wrap_s / 2) % self._wrap_s - self._wrap_s / 2
            events.append(Reanchored(self._kind, arrived_ns, by_s, moved.why))
        early_ns = dts_ns
        for held, held_arrived_ns in reversed(self._untimed):
            early_ns -= self._duration_ns(held)
            events.insert(0, self._event(held, early_ns, early_ns, held_arrived_ns))
        self._untimed.clear()
        pts = packet.pts
        pts_ns = dts_ns if pts is None or pts == raw else self._ns(pts)
        self._last_dts_ns = dts_ns
        events.append(self._event(packet, pts_ns, dts_ns, arrived_ns))
        return events

    def _duration_ns(self, packet: "Packet[Stream]") -> int:
        if packet.duration:
            return self._ns(packet.duration)
        return self._spacing_ns

    def _ns(self, ticks: int) -> int:
        """A time of the stream in nanoseconds; in whole numbers, for fractions are slow."""
        return (2 * ticks * self._tick_numerator + self._tick_denominator) // (
            2 * self._tick_denominator
        )

    def _event(
        self, packet: "Packet[Stream]", pts_ns: int, dts_ns: int, arrived_ns: int
    ) -> MediaPacket:
        return MediaPacket(
            packet=packet,
            kind=self._kind,
            time_ns=self._anchor.utc_ns(pts_ns),
            dts_ns=self._anchor.utc_ns(dts_ns),
            arrived_ns=arrived_ns,
            keyframe=packet.is_keyframe,
        )


def _spoken(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


def _packets_of_all(container: InputContainer) -> Packets:
    yield from container.demux(list(container.streams))


def wanted_streams(container: InputContainer) -> tuple[Stream, ...]:
    """The first video stream and, when there is one, the first audio stream.

    Raises:
        IngestError: there is no video.
    """
    videos = [s for s in container.streams.video if s.codec_context is not None]
    if not videos:
        raise IngestError("the source has no video stream")
    audios = [s for s in container.streams.audio if s.codec_context is not None]
    return (videos[0], *audios[:1])


def nominal_rate(stream: Stream) -> Fraction | None:
    """Pictures a second as the stream declares them, if they are believable."""
    if not isinstance(stream, VideoStream):
        return None
    rate = stream.average_rate or stream.guessed_rate
    return rate if rate is not None and 0 < rate <= 240 else None
