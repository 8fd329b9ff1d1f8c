"""One process's view of one camera, reported when it changes and every few seconds."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Literal

import structlog
from av.packet import Packet
from av.stream import Stream

from core.clock import NS_PER_S, Clock
from core.messages import CameraEvent, CameraHealth
from ingest.camera_says import CameraSays
from ingest.clock import SenderTime
from ingest.picture_health import PictureHealth

State = Literal["online", "degraded", "offline"]
OnHealth = Callable[[CameraHealth], None]

WINDOW_NS = 10 * NS_PER_S
REPORT_NS = 5 * NS_PER_S
JUDGE_NS = NS_PER_S // 2
"""So often a camera that is well is looked at anew while its pictures come."""
UNSTEADY_NS = 60 * NS_PER_S
FLAPPING = 3
STALL_S = 5.0

log = structlog.get_logger()


class HealthMeter:
    """Counts packets of one camera and says how it is. Thread-safe.

    ``offline`` means that no picture came within the last ``stall_s`` seconds, whatever the
    connection looks like. ``degraded`` means that pictures come, but something is wrong with
    them, or fewer than half of the nominal rate, or the time line was re-anchored, a picture was
    corrupt, or the camera came back three times, all within the last minute.
    """

    def __init__(
        self,
        camera: str,
        process: Literal["recorder", "analyst"],
        clock: Clock,
        report: OnHealth | None = None,
        *,
        stall_s: float = STALL_S,
    ) -> None:
        self._camera, self._process, self._clock, self._report = camera, process, clock, report
        self._stall_s = stall_s
        self._lock = threading.RLock()
        self._state: State = "offline"
        self._reason = "starting"
        self._lost_reason = "starting"
        self._since_ns = clock.utc_ns()
        self._reported_ns = 0
        self._judge_ns = 0  # monotonic: when pictures alone make us look again
        self._packets: deque[tuple[int, int]] = deque()  # (monotonic ns, bytes)
        self._missed: deque[tuple[int, int]] = deque()  # (monotonic ns, pictures)
        self._window_bytes = 0
        self._nominal_fps = 0.0
        self._session_ns: int | None = None  # None between sessions
        self._picture_ns: int | None = None
        self._keyframe_ns: int | None = None
        self._last_time_ns = 0
        self._sessions: deque[int] = deque(maxlen=FLAPPING)
        self._trouble: tuple[int, str] | None = None
        self._sender = SenderTime("")
        self._picture: PictureHealth | None = None
        self._taken: deque[int] | None = None
        self._skipped: deque[int] = deque()
        self._dropped = 0
        self.reconnects = -1
        self.set_back = False
        """Our own clock was set back and the times of the pictures are ahead of it."""
        self._says = CameraSays(clock)

    def connected(self, nominal_fps: float, codec: str = "") -> None:
        """A session was opened; pictures have still to come."""
        with self._lock:
            self.reconnects += 1
            self._nominal_fps = nominal_fps
            self._session_ns = self._clock.monotonic_ns()
            self._sessions.append(self._session_ns)
            self._sender = SenderTime(codec)
            self._forget()
        self._tell()

    def demuxed(self, packet: "Packet[Stream]") -> None:
        """A video packet as the demuxer gave it, for what the camera says of itself."""
        with self._lock:
            arrived_ns, now_ns = self._clock.utc_ns(), self._clock.monotonic_ns()
            self._sender.take(packet, arrived_ns, now_ns)

    def packet(self, size_bytes: int, time_ns: int, keyframe: bool = False) -> None:
        """A picture came; ``time_ns`` is its UTC time."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            if self._session_ns is None:
                return
            self._last_time_ns = time_ns
            self._picture_ns = now_ns
            if keyframe:
                self._keyframe_ns = now_ns
            self._packets.append((now_ns, size_bytes))
            self._window_bytes += size_bytes
            if now_ns < self._judge_ns:
                return
        self._tell()

    def trouble(self, what: str) -> None:
        """Something went wrong without ending the session."""
        with self._lock:
            self._trouble = (self._clock.monotonic_ns(), what)
            self._judge_ns = 0

    def camera_says(self, event: CameraEvent) -> None:
        """The camera noticed something by itself."""
        with self._lock:
            self._says.take(event)
            self._judge_ns = 0

    def missed(self, pictures: int, why: str) -> None:
        """So many pictures are known not to have come."""
        with self._lock:
            self._missed.append((self._clock.monotonic_ns(), pictures))
        self.trouble(why)

    def picture(self, found: PictureHealth) -> None:
        """What a look at the decoded pictures found."""
        with self._lock:
            self._picture = found
            self._judge_ns = 0

    def taken(self) -> None:
        """A picture was taken for analysis."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._taken = self._taken if self._taken is not None else deque()
            self._taken.append(now_ns)
            self._trim(now_ns)

    def skipped(self) -> None:
        """A picture was due for analysis, but a newer one came before it was taken."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            self._skipped.append(now_ns)
            self._trim(now_ns)
            self._dropped += 1

    def lost(self, reason: str) -> None:
        """The session is over or could not be opened."""
        with self._lock:
            self._session_ns = None
            self._lost_reason = reason
            self._sender = SenderTime("")
            self._forget()
        self._tell(force=True)

    def now(self) -> CameraHealth:
        """The present view; true even if nothing has happened for long.

        What time alone has changed (a stall) is reported, too: whoever follows the reports sees
        every state that anybody saw.
        """
        self._tell()
        return self._view()

    def _view(self) -> CameraHealth:
        with self._lock:
            now_ns, at_ns = self._clock.monotonic_ns(), self._clock.utc_ns()
            span_s = self._span_s(now_ns)
            offset = self._sender.clock.offset()
            seen = self._picture
            return CameraHealth(
                camera=self._camera,
                process=self._process,
                state=self._state,
                since_ns=self._since_ns,
                at_ns=at_ns,
                reason=self._reason,
                fps=round(len(self._packets) / span_s, 2),
                bitrate_kbps=round(self._window_bytes * 8 / 1000 / span_s, 1),
                lag_s=self._lag_s(at_ns),
                reconnects=max(0, self.reconnects),
                last_keyframe_age_s=_age_s(now_ns, self._keyframe_ns),
                loss=self._loss(),
                clock_offset_s=offset.offset_s if offset else None,
                clock_uncertainty_s=offset.uncertainty_s if offset else None,
                picture=seen.state if seen else None,
                picture_since_ns=seen.since_ns if seen else None,
                analysed_fps=(
                    None
                    if self._taken is None
                    else round(len(self._taken) * NS_PER_S / WINDOW_NS, 2)
                ),
                dropped=None if self._taken is None else self._dropped,
                skipped=self._share_skipped(),
            )

    def _share_skipped(self) -> float | None:
        """None as long as nobody has analysed anything, or nothing was due lately."""
        if self._taken is None or not (due := len(self._taken) + len(self._skipped)):
            return None
        return round(len(self._skipped) / due, 3)

    def _loss(self) -> float | None:
        if self._missed:
            missed = sum(pictures for _, pictures in self._missed)
            return round(missed / (missed + len(self._packets)), 4)
        return self._sender.delivery.loss()

    def _forget(self) -> None:
        self._packets.clear()
        self._window_bytes = 0
        self._picture_ns = self._keyframe_ns = None

    def _trim(self, now_ns: int) -> None:
        while self._packets and self._packets[0][0] <= now_ns - WINDOW_NS:
            self._window_bytes -= self._packets.popleft()[1]
        while self._missed and self._missed[0][0] <= now_ns - WINDOW_NS:
            self._missed.popleft()
        for times in (self._taken, self._skipped):
            while times and times[0] <= now_ns - WINDOW_NS:
                times.popleft()

    def _lag_s(self, at_ns: int) -> float:
        return max(0.0, (at_ns - self._last_time_ns) / NS_PER_S) if self._last_time_ns else 0.0

    def _span_s(self, now_ns: int) -> float:
        """Seconds that the window covers: ten, or less when the session is younger."""
        age_ns = WINDOW_NS if self._session_ns is None else now_ns - self._session_ns
        return max(1.0, min(WINDOW_NS, age_ns) / NS_PER_S)

    def _verdict(self, now_ns: int) -> tuple[State, str]:
        if self._session_ns is None:
            return "offline", self._lost_reason
        if self._picture_ns is None:
            return "offline", "connected, but no picture yet"
        if now_ns - self._picture_ns > self._stall_s * NS_PER_S:
            return "offline", f"no picture for {self._stall_s:g} s"
        complaint = self._complaint(now_ns)
        return ("degraded", complaint) if complaint else ("online", "")

    def _complaint(self, now_ns: int) -> str:
        if self._picture is not None and self._picture.state != "ok":
            return f"picture {self._picture.state}"
        if complaint := self._says.complaint():
            return complaint
        if self._trouble and now_ns - self._trouble[0] < UNSTEADY_NS:
            return self._trouble[1]
        if self.set_back:
            return "our clock was set back"
        if len(self._sessions) == FLAPPING and now_ns - self._sessions[0] < UNSTEADY_NS:
            return "keeps reconnecting"
        span_s = self._span_s(now_ns)
        if span_s >= WINDOW_NS / NS_PER_S and len(self._packets) / span_s < self._nominal_fps / 2:
            return f"fewer than half of {self._nominal_fps:g} pictures a second"
        return ""

    def _judge(self, now_ns: int, at_ns: int) -> bool:
        """Bring state and reason up to date; True when either changed."""
        self._trim(now_ns)
        state, reason = self._verdict(now_ns)
        changed = state != self._state or reason != self._reason
        if state != self._state:
            self._since_ns = at_ns
        self._state, self._reason = state, reason
        self._judge_ns = now_ns + JUDGE_NS if state != "offline" else 0
        return changed

    def _tell(self, *, force: bool = False) -> None:
        """Report when something changed, and every few seconds."""
        with self._lock:
            now_ns = self._clock.monotonic_ns()
            changed = self._judge(now_ns, self._clock.utc_ns())
            if self._report is None:
                return
            if not (force or changed or now_ns - self._reported_ns >= REPORT_NS):
                return
            self._reported_ns = now_ns
            found = self._view()
        try:
            self._report(found)
        except Exception:
            # Whoever listens may be away (the bus is); packets must flow nevertheless.
            log.exception("health could not be reported", camera=self._camera)


def _age_s(now_ns: int, then_ns: int | None) -> float | None:
    return None if then_ns is None else round((now_ns - then_ns) / NS_PER_S, 1)
