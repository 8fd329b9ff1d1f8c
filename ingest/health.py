"""One process's view of one camera, reported when it changes and every few seconds."""

from collections import deque
from collections.abc import Callable
from typing import Literal

import structlog

from core.clock import NS_PER_S, Clock
from core.messages import CameraHealth

State = Literal["online", "degraded", "offline"]
OnHealth = Callable[[CameraHealth], None]

WINDOW_NS = 5 * NS_PER_S
REPORT_NS = 5 * NS_PER_S
UNSTEADY_NS = 60 * NS_PER_S
FLAPPING = 3

log = structlog.get_logger()


class HealthMeter:
    """Counts packets of one camera and says how it is.

    ``degraded`` means pictures come, but fewer than half of the nominal rate, or the time
    line was re-anchored, a picture was corrupt, or the camera came back three times, all
    within the last minute.
    """

    def __init__(
        self,
        camera: str,
        process: Literal["recorder", "analyst"],
        clock: Clock,
        report: OnHealth | None = None,
    ) -> None:
        self._camera, self._process, self._clock, self._report = camera, process, clock, report
        self._state: State = "offline"
        self._reason = "starting"
        self._since_ns = clock.utc_ns()
        self._reported_ns = 0
        self._packets: deque[tuple[int, int]] = deque()  # (monotonic ns, bytes)
        self._window_bytes = 0
        self._nominal_fps = 0.0
        self._session_ns = 0
        self._last_time_ns = 0
        self._sessions: deque[int] = deque(maxlen=FLAPPING)
        self._trouble: tuple[int, str] | None = None
        self.reconnects = -1

    def connected(self, nominal_fps: float) -> None:
        """A session was opened; pictures have still to come."""
        self.reconnects += 1
        self._nominal_fps = nominal_fps
        self._session_ns = self._clock.monotonic_ns()
        self._sessions.append(self._session_ns)
        self._packets.clear()
        self._window_bytes = 0

    def packet(self, size_bytes: int, time_ns: int) -> None:
        """A video packet came; ``time_ns`` is its UTC time."""
        now_ns = self._clock.monotonic_ns()
        self._last_time_ns = time_ns
        self._packets.append((now_ns, size_bytes))
        self._window_bytes += size_bytes
        while self._packets[0][0] < now_ns - WINDOW_NS:
            self._window_bytes -= self._packets.popleft()[1]
        reason = self._complaint(now_ns)
        self._set("degraded" if reason else "online", reason)

    def trouble(self, what: str) -> None:
        """Something went wrong without ending the session."""
        self._trouble = (self._clock.monotonic_ns(), what)

    def lost(self, reason: str) -> None:
        """The session is over or could not be opened."""
        self._packets.clear()
        self._window_bytes = 0
        self._set("offline", reason, force=True)

    def now(self) -> CameraHealth:
        """The present view."""
        at_ns = self._clock.utc_ns()
        span_s = self._span_s()
        return CameraHealth(
            camera=self._camera,
            process=self._process,
            state=self._state,
            since_ns=self._since_ns,
            at_ns=at_ns,
            reason=self._reason,
            fps=round(len(self._packets) / span_s, 2) if span_s else 0.0,
            bitrate_kbps=round(self._window_bytes * 8 / 1000 / span_s, 1) if span_s else 0.0,
            lag_s=max(0.0, (at_ns - self._last_time_ns) / NS_PER_S) if self._last_time_ns else 0.0,
            reconnects=max(0, self.reconnects),
        )

    def _span_s(self) -> float:
        """Seconds that the window covers: five, or less when the session is younger."""
        if not self._packets:
            return 0.0
        age_ns = self._clock.monotonic_ns() - self._session_ns
        return max(1.0, min(WINDOW_NS, age_ns) / NS_PER_S)

    def _complaint(self, now_ns: int) -> str:
        if self._trouble and now_ns - self._trouble[0] < UNSTEADY_NS:
            return self._trouble[1]
        if len(self._sessions) == FLAPPING and now_ns - self._sessions[0] < UNSTEADY_NS:
            return "keeps reconnecting"
        span_s = self._span_s()
        if span_s >= WINDOW_NS / NS_PER_S and len(self._packets) / span_s < self._nominal_fps / 2:
            return f"fewer than half of {self._nominal_fps:g} pictures a second"
        return ""

    def _set(self, state: State, reason: str, *, force: bool = False) -> None:
        now_ns = self._clock.monotonic_ns()
        if state != self._state:
            self._since_ns = self._clock.utc_ns()
            force = True
        force = force or reason != self._reason
        self._state, self._reason = state, reason
        if self._report and (force or now_ns - self._reported_ns >= REPORT_NS):
            self._reported_ns = now_ns
            try:
                self._report(self.now())
            except Exception:
                # Whoever listens may be away (the bus is); packets must flow nevertheless.
                log.exception("health could not be reported", camera=self._camera)
