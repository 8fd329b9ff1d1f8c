"""When a loudspeaker may speak: quiet hours, cooldown, most repeats, staleness.

The rules hold for the program and for people alike. A named person may override them with a
reason, which is logged; the program itself never may. A warning that comes too late is not
spoken at all: whoever it was meant for has left, whoever hears it did nothing.
"""

import threading
from collections import Counter, defaultdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import structlog

from core.cases import Announcement
from core.clock import NS_PER_S, Clock
from core.config.warnings import Warnings

log = structlog.get_logger()

MAX_AGE_S = 180.0
SYSTEM = "system"


class Policy:
    """Remembers who spoke when, and says no with a reason.

    Callers ask :meth:`refusal`, which reserves one repeat of the incident when it allows, and
    report with :meth:`finished`. Safe to call from several threads; the caller lets one talk at
    a time run per speaker.
    """

    def __init__(self, warnings: Warnings, timezone: ZoneInfo, clock: Clock) -> None:
        self._warnings = warnings
        self._timezone = timezone
        self._clock = clock
        self._lock = threading.Lock()
        self._said: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._ended_ns: dict[str, int] = {}  # speaker → monotonic end of its last talk

    def refusal(self, announcement: Announcement, speaker: str) -> str | None:
        """Why this may not be spoken now; None when it may, which counts as one repeat."""
        with self._lock:
            late = self._late(announcement)
            if late is not None:
                return late
            reasons = [
                reason
                for reason in (
                    self._quiet(),
                    self._cooling(speaker),
                    self._repeated(announcement),
                )
                if reason is not None
            ]
            if reasons:
                because = (announcement.override_reason or "").strip()
                if not because:
                    return "; ".join(reasons)
                if announcement.requested_by == SYSTEM:
                    return f"{'; '.join(reasons)}; only a named person may override"
                log.warning(
                    "warning.rules_overridden",
                    announcement=announcement.id,
                    incident=announcement.incident,
                    camera=announcement.camera,
                    user=announcement.requested_by,
                    because=because,
                    rules=reasons,
                )
            self._said[announcement.incident][_whole(announcement.id)] += 1
            return None

    def again(self, announcement: Announcement) -> str | None:
        """Why what was allowed and broken off may not be said again now; None when it may."""
        with self._lock:
            overridden = bool((announcement.override_reason or "").strip())
            return self._late(announcement) or (None if overridden else self._quiet())

    def ended(self, speaker: str) -> None:
        """The loudspeaker fell silent just now; said before the next one gets its turn."""
        with self._lock:
            self._ended_ns[speaker] = self._clock.monotonic_ns()

    def finished(self, announcement: Announcement, speaker: str, spoke: bool) -> None:
        """After an allowed announcement: a talk of which nothing went out does not count."""
        with self._lock:
            if spoke:
                self._ended_ns[speaker] = self._clock.monotonic_ns()
            else:
                said = self._said[announcement.incident]
                said[_whole(announcement.id)] -= 1
                self._said[announcement.incident] = +said

    def remember(self, announcement: str, incident: str, speaker: str, ended_utc_ns: int) -> None:
        """Count a talk from before a restart."""
        with self._lock:
            self._said[incident][_whole(announcement)] += 1
            ago_ns = max(0, self._clock.utc_ns() - ended_utc_ns)
            ended_ns = self._clock.monotonic_ns() - ago_ns
            self._ended_ns[speaker] = max(ended_ns, self._ended_ns.get(speaker, ended_ns))

    def _late(self, announcement: Announcement) -> str | None:
        age_s = (self._clock.utc_ns() - announcement.requested_ns) / NS_PER_S
        if age_s <= MAX_AGE_S:
            return None
        return f"too late: asked for {age_s:.0f} s ago, spoken within {MAX_AGE_S:.0f} s or never"

    def _quiet(self) -> str | None:
        hours = self._warnings.quiet_hours
        now = datetime.fromtimestamp(self._clock.utc_ns() // NS_PER_S, UTC)
        if hours is None or not hours.covers(now.astimezone(self._timezone).time()):
            return None
        return f"quiet hours {hours.start:%H:%M}-{hours.end:%H:%M}"

    def _cooling(self, speaker: str) -> str | None:
        ended_ns = self._ended_ns.get(speaker)
        if ended_ns is None:
            return None
        left_s = self._warnings.cooldown_s - (self._clock.monotonic_ns() - ended_ns) / NS_PER_S
        return f"cooldown: {left_s:.0f} s left for this loudspeaker" if left_s > 0 else None

    def _repeated(self, announcement: Announcement) -> str | None:
        others = self._said[announcement.incident].keys() - {_whole(announcement.id)}
        if len(others) < self._warnings.max_repeats:
            return None
        return f"already warned {len(others)} times for this incident"


def _whole(announcement: str) -> str:
    """A group's loudspeakers say one warning together: ``id.2`` counts as ``id``."""
    return announcement.partition(".")[0]
