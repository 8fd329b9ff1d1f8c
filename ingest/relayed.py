"""Pictures that the recorder has read already: a camera is asked for each of its streams once.

What the recorder relays is fragmented MP4 (ISO/IEC 14496-12 §8.8), one picture a fragment, dated
by the recorder. Those times are taken over as they are, so that what is seen here, the recording
and the evidence lie on one time line.

FFmpeg's own reader serves a file that has an end: it keeps an index entry for every picture it
ever read. So it describes the stream from the initialisation, and the fragments are taken apart
here.
"""

import io
import random
import struct
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Protocol

import av
from av.container import InputContainer

from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from ingest.backoff import Backoff
from ingest.base import STALL_S, Source
from ingest.errors import IngestError
from ingest.events import Connected, Event, Lost, MediaPacket
from ingest.health import OnHealth

POLL_S = 0.2
KNOCK_S = 0.5
TELL_S = 4.0
PAUSE_MOST_S = 1.0
OPTIONS = {"fpsprobesize": "0", "analyzeduration": "0"}
OVERLAP_S = 60
"""So far back a picture is one that was seen before; farther back, a clock was set back."""


class RelayedInfo(Protocol):
    """What goes before the pictures: ``zero_ns`` is the UTC of media time 0."""

    @property
    def zero_ns(self) -> int: ...
    @property
    def fps(self) -> float: ...
    @property
    def session(self) -> int: ...


class RelayedPart(Protocol):
    """An initialisation (ftyp, moov), or a fragment (moof, mdat) of one picture.

    ``number`` rises by one from picture to picture; a gap was dropped on the way. ``info`` is
    there with an initialisation alone.
    """

    @property
    def kind(self) -> Literal["init", "key", "delta"]: ...
    @property
    def data(self) -> bytes: ...
    @property
    def info(self) -> RelayedInfo | None: ...
    @property
    def number(self) -> int: ...


class Parts(Protocol):
    """A connection to whoever relays."""

    def next(self, timeout_s: float) -> RelayedPart | None:
        """The next part, None without one in time; a WardwatchError at the end."""

    def close(self) -> None:
        """Let go of it."""


Connect = Callable[[], Parts]
"""Makes a connection, or raises a WardwatchError."""


class RelayedSource(Source):
    """A camera's pictures as the recorder relays them.

    While nothing is relayed it waits quietly: the recorder reports the camera. Memory is that of
    one part; who is too slow loses whole groups of pictures, which are counted.

    Attributes:
        missed: pictures that were relayed and never came here.
    """

    def __init__(
        self,
        camera: str,
        connect: Connect,
        clock: Clock,
        *,
        on_health: OnHealth | None = None,
        rng: random.Random | None = None,
        stall_s: float = STALL_S,
    ) -> None:
        super().__init__(
            camera, clock, process="analyst", on_health=on_health, rng=rng, stall_s=stall_s
        )
        self.missed = 0
        self._rng = rng or random.Random()
        self._backoff = Backoff(self._rng, PAUSE_MOST_S)
        self._connect = connect
        self._stop = threading.Event()
        self._parts: Parts | None = None
        self._head: RelayedPart | None = None
        self._first: RelayedPart | None = None
        self._fresh = True
        self._number: int | None = None
        self._seen_ns = 0
        self._told_ns: int | None = None

    def packets(self, stop: threading.Event) -> Iterator[Event]:
        self._stop = stop
        try:
            yield from super().packets(stop)
        finally:
            self._hang_up()

    def open(self) -> InputContainer:
        """Wait for a key picture that was not seen before; FFmpeg's description of it."""
        self._told_ns = None
        self._fresh = True
        while not self._stop.is_set():
            try:
                part = self._receive()
            except WardwatchError as error:
                self._waiting(str(error))
                self.clock.wait(self._stop, self._rng.uniform(KNOCK_S / 2, KNOCK_S))
                continue
            if part is None:
                self._waiting(f"camera {self.camera}: the recorder has no picture of it")
            else:
                container = self._described(part)
                if self._is_new(_View(container, self._head), part):
                    self._first = part
                    return container
                container.close()
                self._fresh = True
        raise IngestError("told to stop while nothing was relayed")

    def explain(self, error: Exception) -> IngestError:
        return IngestError(f"camera {self.camera}: the relay cannot be read ({error})")

    def _session(self, stop: threading.Event) -> Generator[Event, None, Lost]:
        self.received = 0
        view: _View | None = None
        try:
            view, part = _View(self.open(), self._head), self._first
            yield from self._began(view)
            picture_ns = self.clock.monotonic_ns()
            while not stop.is_set():
                if part is not None:
                    if view.head is not self._head:
                        view, old = _View(self._described(part), self._head), view
                        old.container.close()
                        yield from self._began(view, old)
                    picture_ns = self.clock.monotonic_ns()
                    yield self._picture(view, part)
                elif self.clock.monotonic_ns() - picture_ns > self.stall_s * NS_PER_S:
                    return self._lost("stalled", f"no picture relayed for {self.stall_s:g} s")
                part = self._receive()
            return self._lost("stopped", "")
        except WardwatchError as error:
            return self._lost("stopped" if stop.is_set() else "broken", str(error))
        finally:
            if view is not None:
                view.container.close()

    def _began(self, view: "_View", before: "_View | None" = None) -> Iterator[Event]:
        """A session of the recorder with the camera, or the same one with another picture."""
        if before is None or before.info.session != view.info.session:
            if before is not None:
                lost = self._lost("ended", "the recorder lost the camera for a moment")
                self.health.lost(f"{lost.reason}: {lost.detail}")
                yield lost
            self.health.connected(view.info.fps, view.stream.codec_context.name)
        yield Connected((view.stream,), self.utc_ns())

    def _receive(self) -> RelayedPart | None:
        """The next picture that can be read, None when there is none yet.

        An initialisation is kept in ``_head``; what follows it begins with a key picture.
        """
        if self._parts is None:
            self._parts = self._connect()
            self._fresh = True
        try:
            part = self._parts.next(POLL_S)
        except WardwatchError:
            self._hang_up()
            raise
        if part is None:
            return None
        if part.kind == "init":
            self._head, self._number, self._fresh = part, None, True
            return None
        if self._fresh and part.kind != "key":
            return None
        self._fresh = False
        self._count(part)
        return part

    def _count(self, part: RelayedPart) -> None:
        """Notice what was dropped because we read too slowly."""
        if self._number is not None and (missing := part.number - self._number - 1) > 0:
            self.missed += missing
            self.health.missed(missing, "pictures come faster than they are analysed")
        self._number = part.number

    def _is_new(self, view: "_View", key: RelayedPart) -> bool:
        """Whoever connects anew is given the running group of pictures once more."""
        ago_ns = self._seen_ns - view.times_ns(Picture.of(key.data))[1]
        return not 0 <= ago_ns < OVERLAP_S * NS_PER_S

    def _described(self, key: RelayedPart) -> InputContainer:
        head = self._head
        try:
            return av.open(
                io.BytesIO((head.data if head else b"") + key.data),
                mode="r",
                format="mp4",
                options=dict(OPTIONS),
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise self.explain(error) from None

    def _picture(self, view: "_View", part: RelayedPart) -> MediaPacket:
        picture = Picture.of(part.data)
        time_ns, dts_ns = view.times_ns(picture)
        packet = av.Packet(picture.data)
        packet.stream, packet.time_base = view.stream, view.time_base
        packet.dts, packet.pts = picture.dts, picture.dts + picture.shown_after
        packet.is_keyframe = part.kind == "key"
        self.received += 1
        self._seen_ns = dts_ns
        self.health.packet(packet.size, time_ns, packet.is_keyframe)
        return MediaPacket(packet, "video", time_ns, dts_ns, self.utc_ns(), packet.is_keyframe)

    def _waiting(self, why: str) -> None:
        now_ns = self.clock.monotonic_ns()
        if self._told_ns is None or now_ns - self._told_ns >= TELL_S * NS_PER_S:
            self._told_ns = now_ns
            self.health.lost(why)

    def _hang_up(self) -> None:
        parts, self._parts = self._parts, None
        self._head = self._number = None
        if parts is not None:
            parts.close()


class _View:
    """One description of the picture, and where its times lie."""

    def __init__(self, container: InputContainer, head: RelayedPart | None) -> None:
        if head is None or head.info is None or not container.streams.video:
            raise IngestError("the relay began without saying what it relays")
        self.container, self.head, self.info = container, head, head.info
        self.stream = container.streams.video[0]
        self.time_base = self.stream.time_base or Fraction(1, 90_000)

    def times_ns(self, picture: "Picture") -> tuple[int, int]:
        """UTC of showing and of decoding, the recorder's own."""
        shown, decoded = (
            self.info.zero_ns + round(units * self.time_base * NS_PER_S)
            for units in (picture.dts + picture.shown_after, picture.dts)
        )
        return shown, decoded


@dataclass(frozen=True)
class Picture:
    """A fragment's only sample; times in units of its track."""

    dts: int
    shown_after: int
    data: bytes

    @classmethod
    def of(cls, fragment: bytes) -> "Picture":
        """Out of moof and mdat.

        Raises:
            IngestError: that is not what it is.
        """
        try:
            traf = _boxes(_boxes(_boxes(fragment)[b"moof"])[b"traf"])
            start, run = traf[b"tfdt"], traf[b"trun"]
            (dts,) = struct.unpack_from(">Q" if start[0] else ">I", start, 4)
            return cls(dts, _shown_after(run), bytes(_boxes(fragment)[b"mdat"]))
        except (KeyError, IndexError, struct.error) as error:
            raise IngestError(f"no fragment of a picture: {error!r}") from None


def _boxes(data: bytes | memoryview) -> dict[bytes, memoryview]:
    """The boxes one after another (§4.2), by their types."""
    view, at, found = memoryview(data), 0, {}
    while at + 8 <= len(view):
        size, kind = struct.unpack_from(">I4s", view, at)
        if size < 8:
            break
        found[kind] = view[at + 8 : at + size]
        at += size
    return found


def _shown_after(run: memoryview) -> int:
    """Composition offset of the first sample (trun, §8.8.8)."""
    flags = int.from_bytes(run[1:4], "big")
    before = (0x1, 0x4, 0x100, 0x200, 0x400)
    at = 8 + 4 * sum(bool(flags & bit) for bit in before)
    offset: int = struct.unpack_from(">i", run, at)[0] if flags & 0x800 else 0
    return offset
