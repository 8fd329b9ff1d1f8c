"""Every recorded segment's signatures, verified as soon as the file is closed.

A thread of its own reads the finished files: nothing here can hold up or hurt the recording. Of
a camera that does not sign, a file is searched for the mark of signing and no more. A segment's
last pictures are signed in the next one, so its verdict stands when that one is closed, too.
"""

import contextlib
import queue
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import structlog
from cryptography import x509

from core.clock import Clock
from recorder.errors import RecorderError
from recorder.signing.chain import Chain
from recorder.signing.file import Video, may_be_signed, verdict_of
from recorder.signing.log import SegmentVerdict, SignatureLog
from recorder.signing.nal import Codec
from recorder.signing.verdict import NOT_SIGNED, State, Verdict

Signed = Literal["yes", "no", "broken"]

MOST_HELD = 6
"""Segments that wait for their last signatures; a camera may sign only every few groups."""
MOST_WAITING = 1000
"""Segments not yet looked at; with more, the oldest are left unjudged and that is logged."""

_SIGNED: dict[State, Signed] = {
    "authentic": "yes",
    "authentic_with_missing_parts": "yes",
    "not_authentic": "broken",
    "not_signed": "no",
}

log = structlog.get_logger()


@dataclass(frozen=True)
class Closed:
    """A segment that was closed.

    Attributes:
        last: the session ended with it; what comes next does not continue it.
    """

    camera: str
    path: Path
    start_ns: int
    last: bool


@dataclass
class _Stream:
    """One session of one camera, from its first segment with a signature on."""

    codec: Codec
    chain: Chain
    part: int = 0
    held: list[Closed] = field(default_factory=list)
    """Segments, the newest is ``part - 1``, whose last signatures have not come yet."""


class SignatureWatch:
    """Verifies what is recorded.

    Args:
        root: folder of the recordings, where the verdicts are kept.
        roots: trusted certificates.
    """

    def __init__(self, root: Path, roots: Sequence[x509.Certificate], clock: Clock) -> None:
        self._root, self._roots, self._clock = root, tuple(roots), clock
        self._queue: queue.Queue[Closed | None] = queue.Queue(MOST_WAITING)
        self._streams: dict[str, _Stream] = {}
        self._unsigned: dict[str, Closed] = {}
        """The last segment of a session that no signature was found in; its own may follow."""
        self._signed: dict[str, Signed] = {}
        self._thread = threading.Thread(target=self._run, name="signatures", daemon=True)

    def start(self) -> None:
        """Begin to verify."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Verify what is waiting and end; True when that was done in time."""
        if self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._queue.put(None, timeout=timeout_s)
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def closed(self, camera: str, path: Path, start_ns: int, last: bool) -> None:
        """Take notice of a closed segment; returns at once and never raises."""
        try:
            self._queue.put_nowait(Closed(camera, path, start_ns, last))
        except queue.Full:
            log.error("signatures are not verified, too much is waiting", file=str(path))

    def signed(self, camera: str) -> Signed | None:
        """What the camera's newest segment is; None: not known yet."""
        return self._signed.get(camera)

    def _run(self) -> None:
        while (segment := self._queue.get()) is not None:
            try:
                self.take(segment)
            except Exception:
                log.exception("signatures not verified", file=str(segment.path))
                self._streams.pop(segment.camera, None)

    def take(self, segment: Closed) -> None:
        """Verify one closed segment: what the thread does."""
        camera = segment.camera
        try:
            self._verify(segment)
        except RecorderError as error:
            log.warning("signatures cannot be looked for", camera=camera, error=str(error))
            self._streams.pop(camera, None)
        if segment.last:
            self._streams.pop(camera, None)
            self._unsigned.pop(camera, None)

    def _verify(self, segment: Closed) -> None:
        camera = segment.camera
        stream = self._streams.get(camera)
        if stream is None and not may_be_signed(segment.path):
            self._unsigned[camera] = segment
            self._show(segment, NOT_SIGNED)
            return
        video = Video(segment.path)
        if stream is not None and stream.codec != video.codec:
            self._settle(stream, final=True)
            stream = None
        if stream is None:
            algorithm = video.algorithm()
            if video.codec is None or algorithm is None:
                self._streams.pop(camera, None)
                self._show(segment, NOT_SIGNED)
                return
            stream = self._streams[camera] = _Stream(video.codec, Chain(video.codec, algorithm))
            before = self._unsigned.pop(camera, None)
            if before is not None:
                self._feed(stream, before, Video(before.path))
        self._feed(stream, segment, video)
        self._settle(stream, final=segment.last)

    @staticmethod
    def _feed(stream: _Stream, segment: Closed, video: Video) -> None:
        for unit, time_ns in video.units():
            stream.chain.feed(unit, segment.start_ns + time_ns)
        stream.held.append(segment)
        stream.part += 1
        stream.chain.begin_part(stream.part)

    def _settle(self, stream: _Stream, *, final: bool) -> None:
        """Write down the verdicts on segments whose last signatures have come."""
        while stream.held:
            following = stream.part - len(stream.held) + 1
            ripe = len(stream.held) > 1 and stream.chain.covered(following)
            if not (final or ripe or len(stream.held) > MOST_HELD):
                return
            segment = stream.held.pop(0)
            found = stream.chain.take(following)
            start_ns = segment.start_ns
            verdict = verdict_of(stream.chain, found, self._roots, start_ns, zero_ns=start_ns)
            if found.verified or found.faults or not found.messages:
                self._show(segment, verdict)
            self._keep(segment, verdict)

    def _keep(self, segment: Closed, verdict: Verdict) -> None:
        line = SegmentVerdict(
            file=segment.path.name,
            start_ns=segment.start_ns,
            checked_ns=self._clock.utc_ns(),
            verdict=verdict,
        )
        try:
            SignatureLog(self._root, segment.camera).note(line)
        except OSError as error:
            log.error("verdict not written down", camera=segment.camera, error=str(error))

    def _show(self, segment: Closed, verdict: Verdict) -> None:
        signed = _SIGNED[verdict.state]
        before = self._signed.get(segment.camera)
        self._signed[segment.camera] = signed
        if signed == before:
            return
        say = log.error if signed == "broken" else log.info
        if signed != "no" or before is not None:
            say(
                "the camera's signatures",
                camera=segment.camera,
                state=verdict.state,
                why=verdict.why,
                provenance=verdict.provenance,
                file=segment.path.name,
            )
