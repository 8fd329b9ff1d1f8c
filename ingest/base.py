"""The base of all sources: sessions, time stamps, stalls, and always coming back."""

import contextlib
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator, Sequence
from typing import Literal

import av
import structlog
from av.container import InputContainer
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from core.clock import NS_PER_S, Clock
from ingest.backoff import Backoff
from ingest.burst import Arrived, dated
from ingest.clock_steady import Floor, SteadyUtc
from ingest.errors import IngestError, RefusedError
from ingest.events import Connected, Event, Lost, LostReason, Reanchored
from ingest.health import HealthMeter, OnHealth
from ingest.lips import Lips
from ingest.parameters import ParameterWatch, described_by
from ingest.split import SplitPictures
from ingest.timeline import Timeline, nominal_rate

STALL_S = 5.0
STEADY_S = 10.0
TOLD_EVERY_S = 5.0

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
        monotonic_ns, health, video = self.clock.monotonic_ns, self.health, streams[0].index
        self._believe_clock()
        watch = ParameterWatch(streams[0].codec_context.name, streams[0].codec_context.extradata)
        anchors = {
            stream.index: Timeline(stream, self._ended_ns.get(stream.type, 0), rtp=self.may_split)
            for stream in streams
        }
        pictures = SplitPictures()
        lips = Lips(self._ended_ns.get("audio")) if len(streams) > 1 else None
        picture_ns = monotonic_ns()
        arrivals = self.arrivals(packets)
        # What follows runs for every packet of every camera: it is kept short.
        while not stop.is_set():
            asked_ns = monotonic_ns()
            try:
                packet, arrived_ns = next(arrivals, (None, 0))
            except av.error.ExitError:
                return self._stalled()
            except (av.error.FFmpegError, OSError) as error:
                return self._lost("broken", str(self.explain(error)))
            if packet is None:
                return self._lost("ended", self.ended())
            data = bytes(packet)
            if not data:
                continue
            if self._believe_clock():
                return self._lost("clock", "our clock had been ahead and was set back")
            self.received += 1
            now_ns = monotonic_ns()
            index, key = packet.stream_index, False
            if index == video:
                picture_ns, key = now_ns, packet.is_keyframe
                if watch.other_codec(data):
                    return self._lost("broken", "it sends another codec than it described")
                health.demuxed(packet)
            elif now_ns - picture_ns > stall_ns:
                return self._lost("stalled", f"no picture for {self.stall_s:g} s, only sound")
            whole: Sequence[tuple[Packet[Stream], bytes]] = ((packet, data),)
            if self.may_split and index == video and (key or pictures.holds):
                whole = [(one, bytes(one)) for one in pictures.push(packet)]
            for one, data in whole:
                new = index == video and one.is_keyframe and watch.changed(data)
                if new and (now := self._redescribed(streams, data)):
                    yield now
                for event in anchors[index].take(one, arrived_ns, data):
                    if event.event == "reanchored":
                        self._moved(event)
                    else:
                        if event.kind == "video":
                            health.packet(len(event.data or data), event.time_ns, event.keyframe)
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
        steady = self._steady
        self.health.set_back = steady.ahead
        if steady.believed == self._believed:
            return False
        self._believed = self._steady.believed
        self._ended_ns = dict.fromkeys(("video", "audio"), self._steady.floor_ns)
        return True

    def _demux(self, container: InputContainer, streams: tuple[Stream, ...]) -> Packets:
        # PyAV's own selection would go on reading for ever while other streams' packets come.
        wanted = {stream.index for stream in streams}
        came_ns = self.clock.monotonic_ns()
        with contextlib.closing(_packets_of_all(container)) as packets:
            if len(wanted) == len(container.streams):
                yield from packets
                return
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

    def _moved(self, event: Reanchored) -> None:
        self.health.trouble(f"time line moved by {event.by_s:+.1f} s ({event.why})")
        log.warning("re-anchored", camera=self.camera, by_s=event.by_s, why=event.why)

    def _lost(self, reason: LostReason, detail: str) -> Lost:
        return Lost(reason, detail, self.utc_ns())


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
