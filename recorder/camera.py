"""One camera's recording: sessions into segments, everything else into the gap ledger."""

import threading
from collections import deque
from collections.abc import Callable
from errno import ETIMEDOUT
from pathlib import Path
from typing import Protocol

import structlog
from av.stream import Stream

from core.clock import NS_PER_S, Clock
from recorder.ledger import AWAY, Gap, GapLedger
from recorder.own_clock import RoadAhead, take_up
from recorder.segments import FIRST_DURATION_NS, SegmentFile
from recorder.shelf import segment_path
from recorder.sound import Sound, sound_of
from recorder.source import MediaEvent, PacketSource, Sample
from recorder.volume import Volume
from recorder.volumes import Volumes

RETRY_S = 5.0
FAULT_WAIT_S = 1.0
SETTLE_S = 5.0
LONGEST_PICTURE_NS = 2 * NS_PER_S
SOUND_AHEAD_NS = 5 * NS_PER_S

log = structlog.get_logger()


OnSegment = Callable[[str, Path, int, bool], None]
"""Told of every closed segment: camera, file, UTC of its start, and whether the session ended."""


class LiveSink(Protocol):
    """Where packets for live viewers go."""

    def begin(self, video: Stream) -> None:
        """A session with this video stream starts."""

    def push(self, sample: Sample) -> None:
        """One more sample of the session."""

    def end(self) -> None:
        """The session is over."""


class CameraRecorder:
    """Writes one source. Runs in a thread of its own and lets no fault out of it."""

    def __init__(
        self,
        root: Path,
        source: PacketSource,
        clock: Clock,
        *,
        segment_s: float,
        live: LiveSink | None = None,
        volumes: Volumes | None = None,
        on_full: Callable[[], None] = lambda: None,
        on_segment: OnSegment | None = None,
        sync: bool = True,
    ) -> None:
        """``volumes`` says where to; without it recordings go to ``root``, ``sync`` or not."""
        self.camera = source.camera
        self._volumes = volumes or Volumes(root, clock, sync=sync)
        self.ledger = GapLedger(
            root, source.camera, disk=self._volumes.disk, present=self._volumes.home_present
        )
        self._road = RoadAhead(root, source.camera, self.ledger)
        self.segments_written = 0
        self.bytes_written = 0
        self._root, self._source, self._clock = root, source, clock
        self._segment_ns = round(segment_s * NS_PER_S)
        self._live, self._on_full = live, on_full
        self._on_segment = on_segment
        self._ended: SegmentFile | None = None
        self._video: Stream | None = None
        self._sound: Sound | None = None
        self._file: SegmentFile | None = None
        self._closed: SegmentFile | None = None  # still takes sound from before its end
        self._volume: Volume | None = None
        self._unsettled: list[SegmentFile] = []  # handed over, not all known to be on disk
        self._gap_before: Gap | None = None  # ends when the present file is on disk
        self._held: Sample | None = None
        self._ahead: deque[Sample] = deque()  # sound that waits for its picture
        self._duration_ns = FIRST_DURATION_NS
        self._end_ns: int | None = None
        self._retry_ns = 0
        self._parting = "shutdown"

    def run(self, stop: threading.Event) -> None:
        """Record until ``stop`` is set or the source is exhausted."""
        take_up(self._root, self.ledger, self.camera, self._clock.utc_ns())
        while not stop.is_set():
            try:
                for event in self._source.packets(stop):
                    self._handle(event)
                break
            except Exception as error:
                log.exception("recording faltered", camera=self.camera)
                self._break("recorder_fault", f"{type(error).__name__}: {error}", abandon=True)
                self._clock.wait(stop, FAULT_WAIT_S)
        self._break(self._parting if stop.is_set() else "ended", "")
        if stop.is_set() and self._parting in AWAY:
            self.ledger.turn(self._clock.utc_ns(), self._parting)

    def part(self, reason: str) -> None:
        """What the ledger shall say when :meth:`run` is stopped; "shutdown" unless told."""
        self._parting = reason

    def _handle(self, event: MediaEvent) -> None:
        if event.event == "packet":
            sample = Sample.of(event)
            try:
                self._record(sample)
            except OSError as error:
                self._disk_refused(error)
            if self._live is not None:
                self._show(lambda live: live.push(sample))
        elif event.event == "connected":
            self._break("reconnected", "")
            self._sound = sound_of(event.streams, self.camera)
            self._video = video = event.streams[0]
            self._show(lambda live: live.begin(video))
        elif event.event == "reanchored" and event.kind == "video":
            self._break("clock", f"the camera's time line moved by {event.by_s:+.3f} s")
        elif event.event == "lost":
            self._break(self._parting if event.reason == "stopped" else event.reason, event.detail)
            self._show(lambda live: live.end())

    def _show(self, action: Callable[[LiveSink], None]) -> None:
        """Hand something to live viewers; a defect there must not cost a recorded picture."""
        if self._live is not None:
            try:
                action(self._live)
            except Exception:
                log.exception("live picture switched off", camera=self.camera)
                self._live = None

    def _record(self, sample: Sample) -> None:
        if sample.kind != "video":
            kept = self._sound.keep(sample) if self._sound else None
            if kept is not None:
                self._ahead.append(kept)
                picture_ns = self._held.dts_ns if self._held else 0
                self._put_sound(max(picture_ns, kept.dts_ns - SOUND_AHEAD_NS))
            return
        self._flush_held(sample.dts_ns)
        self._put_sound(sample.dts_ns)
        if self._gap_before is not None or sample.keyframe:
            self._account()
        if sample.keyframe and self._is_due(sample):
            self._close_file()
            self._open_file(sample)
        if self._file is not None:
            self._held = sample

    def _put_sound(self, until_ns: int) -> None:
        """Sound that was heard before that moment goes to the file of its pictures.

        It may come earlier than they do, and it may come later, when the next file has begun.
        """
        while self._ahead and self._ahead[0].dts_ns < until_ns:
            sample = self._ahead.popleft()
            if self._file is None:
                continue
            if sample.dts_ns >= self._file.start_ns:
                self._release_closed()
                self._file.put_sound(sample)
            elif self._closed is not None:
                self._closed.put_sound(sample)

    def _release_closed(self) -> None:
        closed, self._closed = self._closed, None
        if closed is not None:
            try:
                closed.release()
            finally:
                self._unsettled.append(closed)

    def _is_due(self, sample: Sample) -> bool:
        if self._file is None:
            return self._clock.monotonic_ns() >= self._retry_ns
        if self._volume is not None and self._volumes.should_leave(self._volume):
            return True
        return sample.dts_ns - self._file.start_ns >= self._segment_ns

    def _flush_held(self, next_dts_ns: int | None) -> None:
        """A picture is written when the next one tells how long it lasted."""
        held, self._held = self._held, None
        if held is None or self._file is None:
            return
        if next_dts_ns is not None and 0 < next_dts_ns - held.dts_ns < LONGEST_PICTURE_NS:
            self._duration_ns = next_dts_ns - held.dts_ns
        self._file.put(held, self._duration_ns)
        self._end_ns = self._file.end_ns

    def _open_file(self, sample: Sample) -> None:
        volume = self._volumes.choose(self.camera)
        if volume is None:
            self._retry_ns = self._clock.monotonic_ns() + round(RETRY_S * NS_PER_S)
            self.ledger.begin(self._end_ns or sample.dts_ns, *self._volumes.why_none())
            return
        self._road.clear(sample.dts_ns)
        assert self._video is not None, "a packet before the session it belongs to"
        path = segment_path(volume.path, self.camera, sample.dts_ns)
        self._file = SegmentFile(path, self._video, self._sound, sample.dts_ns, volume.writer)
        self._volume, self._gap_before = volume, self.ledger.open_gap

    def _account(self) -> None:
        """Bring the ledger up to date with what has reached the disk meanwhile."""
        self.ledger.catch_up()
        if self._file is not None:
            self._end_gap(self._file)
        for file in [one for one in self._unsettled if one.settled()]:
            self._unsettled.remove(file)
            self._check_off(file)

    def _end_gap(self, file: SegmentFile) -> None:
        gap, durable = self._gap_before, file.durable_ns is not None
        if gap is not None and (durable or gap is not self.ledger.open_gap):
            self._gap_before = None
            if gap is self.ledger.open_gap:
                self.ledger.end(file.start_ns)

    def _check_off(self, file: SegmentFile, *, late: bool = False) -> None:
        """A finished file; what of it did not reach the disk after all is a gap."""
        self.segments_written += 1
        self.bytes_written += file.bytes_written
        self._end_gap(file)
        error = file.error or (OSError(ETIMEDOUT, "the disk does not answer") if late else None)
        if error is not None:
            first_ns = file.durable_ns or file.start_ns
            self.ledger.note(first_ns, file.end_ns, "disk_refused", error.strerror or str(error))
        self._tell(file, file is self._ended)

    def _settle(self) -> None:
        """Between sessions: wait until what was handed over is on disk, or is given up."""
        for file in self._unsettled:
            self._check_off(file, late=not file.settled(SETTLE_S))
        self._unsettled.clear()

    def _close_file(self, *, last: bool = False) -> None:
        self._release_closed()
        if self._file is not None:
            file, self._file = self._file, None
            try:
                file.close()
            finally:
                self._end_ns = file.end_ns
                self._end_gap(file)
            self._closed = file
            self._ended = file if last else None
            if self._sound is None:
                self._release_closed()

    def _tell(self, file: SegmentFile, last: bool) -> None:
        """Tell of a closed segment; a defect there must not cost a recorded picture."""
        if self._on_segment is not None:
            try:
                self._on_segment(self.camera, file.path, file.start_ns, last)
            except Exception:
                log.exception("a closed segment was not taken notice of", camera=self.camera)

    def _break(self, reason: str, detail: str, *, abandon: bool = False) -> None:
        """End the running segment; from its end on nothing is recorded."""
        was_recording = self._file is not None
        try:
            if abandon:
                self._give_up_file()
            else:
                self._flush_held(None)
                self._put_sound(self._file.end_ns if self._file else 0)
                self._close_file(last=True)
                self._release_closed()
            self._ahead.clear()
            self._settle()
        except OSError as error:
            self._disk_refused(error)
            return
        if self.ledger.open_gap is None:
            at_ns = self._end_ns if was_recording and self._end_ns else self._clock.utc_ns()
            self.ledger.begin(at_ns, reason, detail)

    def _give_up_file(self) -> None:
        """Leave the file as far as it got; the ledger starts at what is really on disk."""
        file, self._file, self._held = self._file, None, None
        closed, self._closed = self._closed, None
        self._ahead.clear()
        if closed is not None:
            closed.abandon()
            self._unsettled.append(closed)
        if file is not None:
            file.abandon()
            file.settled(SETTLE_S)
            self._tell(file, True)
            self._end_gap(file)
            self._end_ns = file.durable_ns or file.start_ns
            self.segments_written += 1
            self.bytes_written += file.bytes_written

    def _disk_refused(self, error: OSError) -> None:
        log.error("disk refused", camera=self.camera, error=error.strerror, path=error.filename)
        volume = self._volume
        self._give_up_file()
        lost = volume is not None and bool(volume.trouble)
        if not lost or self._volumes.choose(self.camera) is None:
            self._retry_ns = self._clock.monotonic_ns() + round(RETRY_S * NS_PER_S)
        reason = "volume_lost" if lost else "disk_refused"
        at_ns = self._end_ns or self._clock.utc_ns()
        self.ledger.begin(at_ns, reason, error.strerror or str(error))
        self._on_full()
