"""How far each camera's clock was from ours, kept beside its recordings.

``<root>/<camera>/clock.jsonl``, append-only, one line a measurement: when it differs from the
one before by more than the two can err, and every ten minutes. The recorder writes what sender
reports tell, the hub what ONVIF tells; both append whole lines.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from pydantic import ValidationError

from core.cases import ClockReading
from core.clock import NS_PER_S, iso
from core.messages import CameraHealth

FILE_NAME = "clock.jsonl"
EVERY_NS = 600 * NS_PER_S
LEAST_STEP_S = 0.05
FRESH_NS = 86_400 * NS_PER_S
"""A measurement that is farther from the pictures says nothing about them."""
TRIM_BYTES = 1 << 16

log = structlog.get_logger()


class ClockLog:
    """One camera's log. Never raises when writing: recording must not suffer."""

    def __init__(self, root: Path, camera: str) -> None:
        self.path = root / camera / FILE_NAME
        self._camera = camera
        self._last: ClockReading | None = None
        self._failed = False

    def note(self, reading: ClockReading) -> None:
        """Keep a measurement, if it says anything new."""
        if self._last is not None and not _news(self._last, reading):
            return
        try:
            with self._locked() as file:
                size = os.fstat(file).st_size
                torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
                line = f"{chr(10) if torn else ''}{reading.model_dump_json()}\n"
                os.write(file, line.encode())
        except OSError as error:
            if not self._failed:
                log.error("clock log not written", camera=self._camera, error=str(error))
            self._failed = True
            return
        self._last, self._failed = reading, False

    def health(self, health: CameraHealth) -> None:
        """Keep what a health report tells of the camera's clock, if it does."""
        if health.clock_offset_s is not None and health.clock_uncertainty_s is not None:
            self.note(
                ClockReading(
                    measured_ns=health.at_ns,
                    offset_s=health.clock_offset_s,
                    uncertainty_s=health.clock_uncertainty_s,
                    source="rtcp",
                )
            )

    def readings(self) -> list[ClockReading]:
        """All that is kept, in order of time; lines torn by a power cut are left out."""
        try:
            lines = self.path.read_bytes().splitlines()
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                found.append(ClockReading.model_validate_json(line))
            except ValidationError:
                continue
        return sorted(found, key=lambda reading: reading.measured_ns)

    def trim(self, before_ns: int) -> None:
        """Forget what is older, once that is worth it."""
        try:
            if self.path.stat().st_size < TRIM_BYTES:
                return
            with self._locked() as file:
                kept = [r for r in self.readings() if r.measured_ns >= before_ns]
                text = "".join(f"{reading.model_dump_json()}\n" for reading in kept).encode()
                if len(text) > os.fstat(file).st_size // 2:
                    return
                fresh = self.path.with_suffix(".new")
                fresh.write_bytes(text)
                fresh.replace(self.path)
        except FileNotFoundError:
            return
        except OSError as error:
            log.warning("clock log not trimmed", camera=self._camera, error=str(error))

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """The file, opened to append; looked up again when it was replaced meanwhile."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o640)
            try:
                fcntl.flock(file, fcntl.LOCK_EX)
                if os.fstat(file).st_ino != self.path.stat().st_ino:
                    continue
                yield file
                return
            finally:
                os.close(file)


class ClockLogs:
    """The logs of all cameras of one process, by what their health reports say."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._logs: dict[str, ClockLog] = {}

    def health(self, health: CameraHealth) -> None:
        """See :meth:`ClockLog.health`."""
        log_of = self._logs.setdefault(health.camera, ClockLog(self._root, health.camera))
        log_of.health(health)


@dataclass(frozen=True)
class CameraClock:
    """What is known of a camera's clock while something was recorded.

    Attributes:
        readings: the last before, all within, the first after.
        note: in words.
    """

    readings: tuple[ClockReading, ...]
    note: str
    offset_s: float | None = None
    uncertainty_s: float | None = None

    def fields(self) -> dict[str, Any]:
        """As an :class:`core.cases.EvidenceItem` has them."""
        return {
            "clock_offset_s": self.offset_s,
            "clock_uncertainty_s": self.uncertainty_s,
            "clock_note": self.note,
            "clock_readings": self.readings,
        }


def camera_clock(root: Path, camera: str, first_ns: int, last_ns: int) -> CameraClock:
    """The camera's clock from ``first_ns`` to ``last_ns``.

    Of several measurements the offset is the middle of what they allow together, and the
    uncertainty reaches from one end of that to the other.
    """
    known = ClockLog(root, camera).readings()
    if not known:
        return CameraClock((), "camera sends no clock")
    near = [r for r in known if first_ns - FRESH_NS <= r.measured_ns <= last_ns + FRESH_NS]
    before = [r for r in near if r.measured_ns < first_ns][-1:]
    within = [r for r in near if first_ns <= r.measured_ns <= last_ns]
    after = [r for r in near if r.measured_ns > last_ns][:1]
    readings = (*before, *within, *after)
    if not readings:
        return CameraClock((), "camera's clock was not measured within a day of it")
    low_s = min(r.offset_s - r.uncertainty_s for r in readings)
    high_s = max(r.offset_s + r.uncertainty_s for r in readings)
    offset_s, uncertainty_s = round((low_s + high_s) / 2, 3), round((high_s - low_s) / 2, 3)
    side = "ahead of" if offset_s >= 0 else "behind"
    note = (
        f"camera's clock {abs(offset_s):.3f} s {side} ours, ± {uncertainty_s:.3f} s "
        f"({', '.join(f'{r.source} {iso(r.measured_ns)}' for r in (*before, *within[:1], *after))})"
    )
    return CameraClock(readings, note, offset_s, uncertainty_s)


def _news(last: ClockReading, reading: ClockReading) -> bool:
    if reading.source != last.source or reading.measured_ns < last.measured_ns:
        return True
    if reading.measured_ns - last.measured_ns >= EVERY_NS:
        return True
    moved_s = abs(reading.offset_s - last.offset_s)
    return moved_s > max(LEAST_STEP_S, reading.uncertainty_s, last.uncertainty_s)
