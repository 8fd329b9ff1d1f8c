"""Time, injected. Nobody else calls ``time.time()``.

UTC is an ``int`` of nanoseconds inside the program and ISO 8601 outside it. Intervals are
measured on the monotonic clock, which a step of the wall clock does not touch.
"""

import threading
import time
from datetime import UTC, date, datetime, tzinfo
from typing import Protocol

NS_PER_S = 1_000_000_000


class Clock(Protocol):
    """What the rooms may ask of time."""

    def utc_ns(self) -> int:
        """Wall clock, nanoseconds since 1970-01-01T00:00:00Z."""

    def monotonic_ns(self) -> int:
        """A clock that never goes back; only differences mean anything."""

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait at most ``seconds``; True as soon as ``stop`` is set."""


class SystemClock:
    """The machine's own clocks."""

    def utc_ns(self) -> int:
        return time.time_ns()

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        return stop.wait(max(0.0, seconds))


class ManualClock:
    """A clock for tests: it stands still until told to move.

    >>> clock = ManualClock(utc_ns=5 * NS_PER_S)
    >>> clock.advance(1.5)
    >>> clock.utc_ns()
    6500000000
    """

    def __init__(self, utc_ns: int = 1_790_000_000 * NS_PER_S, monotonic_ns: int = 0) -> None:
        self._utc_ns = utc_ns
        self._monotonic_ns = monotonic_ns

    def utc_ns(self) -> int:
        return self._utc_ns

    def monotonic_ns(self) -> int:
        return self._monotonic_ns

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        self.advance(seconds)
        return stop.is_set()

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass on both clocks."""
        passed_ns = round(seconds * NS_PER_S)
        self._utc_ns += passed_ns
        self._monotonic_ns += passed_ns

    def step(self, seconds: float) -> None:
        """Set the wall clock forward (or back) without time passing, as NTP may do."""
        self._utc_ns += round(seconds * NS_PER_S)


def iso(utc_ns: int) -> str:
    """Nanoseconds UTC as ISO 8601 with milliseconds.

    >>> iso(1_790_000_000_123_000_000)
    '2026-09-21T14:13:20.123Z'
    """
    moment = datetime.fromtimestamp(utc_ns // NS_PER_S, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{utc_ns % NS_PER_S // 1_000_000:03d}Z"


def parse_iso(text: str) -> int:
    """ISO 8601 with an offset (or Z) to nanoseconds UTC.

    Raises:
        ValueError: the text is no ISO 8601 time or has no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"time {text!r} has no offset; write e.g. 2026-09-21T14:13:20Z")
    whole = moment.astimezone(UTC)
    return int(whole.replace(microsecond=0).timestamp()) * NS_PER_S + whole.microsecond * 1000


def local_day(at_ns: int, zone: tzinfo) -> date:
    """The calendar day of a moment in a time zone."""
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).astimezone(zone).date()
