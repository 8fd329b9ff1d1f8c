"""How much moves at a camera and who is there, in steps of two seconds, beside its recordings.

``<root>/<camera>/activity-<YYYY-MM-DD>.bin`` (UTC), append-only. A step is eight octets, its
numbers little-endian:

======  ======================================================================================
octets  what
======  ======================================================================================
0–1     which step of the day, 0 to 43 199
2       frames that were analysed; more than 255 count as 255, like all that follows
3       255 times the root of the largest moving share of the picture; 0 only for none
4–6     most people, vehicles (cycles and boats among them) and animals tracked at once
7       the sum of the octets before, modulo 256, exclusive-or 0xA5
======  ======================================================================================

A step that is missing was not analysed; one that comes twice (a clock that was set back, a restart)
counts with the larger numbers. A day is 345 600 octets at most. The analyst writes, in a thread
of its own, and the recorder only deletes: neither can hold up the other. Nothing is synced: when
the program ends, however, at most some four seconds are lost; when the power does, what the
system had not yet written.
"""

import math
import os
import struct
import threading
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import structlog

from core.clock import NS_PER_S, Clock
from recorder.shelf import day_folders, day_of

STEP_NS = 2 * NS_PER_S
STEPS_A_DAY = 86_400 * NS_PER_S // STEP_NS
OCTETS = 8
CHECK = 0xA5
MOST_WAITING = 20_000
"""Steps that may wait for a disk that does not answer; then the oldest are given up."""

_WRITE_EVERY_S = 2.0
_STOP_S = 5.0
_PREFIX, _SUFFIX = "activity-", ".bin"

log = structlog.get_logger()


@dataclass
class Step:
    """What was seen in one step; ``number`` counts from 1970."""

    number: int
    frames: int = 0
    moving: int = 0
    people: int = 0
    vehicles: int = 0
    animals: int = 0

    def octets(self) -> bytes:
        """As it is written."""
        values = (self.frames, self.moving, self.people, self.vehicles, self.animals)
        body = struct.pack("<H5B", self.number % STEPS_A_DAY, *(min(255, one) for one in values))
        return body + bytes([sum(body) % 256 ^ CHECK])


def activity_path(root: Path, camera: str, at_ns: int) -> Path:
    """The file of a moment's day."""
    return root / camera / f"{_PREFIX}{day_of(at_ns)}{_SUFFIX}"


def moving_octet(share: float) -> int:
    """A share of the picture, 0 to 1, as it is written: small things far away stay visible."""
    return min(255, math.ceil(255 * math.sqrt(share))) if share > 0 else 0


class ActivityLog:
    """Collects what is seen of all cameras of one process. Never raises, never waits for a disk.

    Args:
        root: the recordings folder. Of a camera without a folder there nothing is kept: it was
            never recorded, or the disk is away.
    """

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root, self._clock = root, clock
        self._lock = threading.Lock()
        self._running: dict[str, Step] = {}
        self._untouched: set[str] = set()
        """Cameras that sent no frame since the last writing."""
        self._waiting: deque[tuple[str, Step]] = deque(maxlen=MOST_WAITING)
        self._failed: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="activity", daemon=True)

    def start(self) -> None:
        """Write every two seconds from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is there and end; a disk that does not answer is not waited for."""
        self._stop.set()
        self._thread.join(_STOP_S)

    def note(
        self,
        camera: str,
        at_ns: int,
        moving: float,
        *,
        people: int = 0,
        vehicles: int = 0,
        animals: int = 0,
    ) -> None:
        """One analysed frame.

        Args:
            moving: share of the picture that moves, 0 to 1.
        """
        number = at_ns // STEP_NS
        with self._lock:
            step = self._running.get(camera)
            if step is None or step.number != number:
                if step is not None:
                    self._waiting.append((camera, step))
                step = self._running[camera] = Step(number)
            self._untouched.discard(camera)
            step.frames += 1
            step.moving = max(step.moving, moving_octet(moving))
            step.people = max(step.people, people)
            step.vehicles = max(step.vehicles, vehicles)
            step.animals = max(step.animals, animals)

    def write(self, *, all_of_it: bool = False) -> None:
        """Append the steps that are over, or all; what cannot be written is given up."""
        with self._lock:
            over = set(self._running) if all_of_it else self._untouched
            for camera in over:
                self._waiting.append((camera, self._running.pop(camera)))
            self._untouched = set(self._running)
            taken = list(self._waiting)
            self._waiting.clear()
        files: dict[tuple[str, Path], list[Step]] = {}
        for camera, step in taken:
            path = activity_path(self._root, camera, step.number * STEP_NS)
            files.setdefault((camera, path), []).append(step)
        for (camera, path), steps in files.items():
            try:
                _append(path, steps)
            except OSError as error:
                if camera not in self._failed:
                    log.error("activity not written", camera=camera, error=str(error))
                self._failed.add(camera)
            else:
                self._failed.discard(camera)

    def _run(self) -> None:
        while not self._clock.wait(self._stop, _WRITE_EVERY_S):
            self.write()
        self.write(all_of_it=True)


def _append(path: Path, steps: Iterable[Step]) -> None:
    if not path.parent.is_dir():
        return
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        size = os.fstat(file).st_size
        if size % OCTETS:  # a full disk or a power cut tore the last one
            os.ftruncate(file, size - size % OCTETS)
        os.write(file, b"".join(step.octets() for step in steps))
    finally:
        os.close(file)


def trim(root: Path, camera: str) -> None:
    """Delete the days before the camera's oldest recordings."""
    days = day_folders(root, camera)
    if not days:
        return  # its recordings may lie on a disk that is away
    oldest = f"{_PREFIX}{days[0].name}{_SUFFIX}"
    for path in (root / camera).glob(f"{_PREFIX}*{_SUFFIX}"):
        if path.name >= oldest:
            continue
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.error("activity not deleted", camera=camera, file=path.name, error=str(error))
        else:
            log.info("activity of deleted recordings deleted", camera=camera, file=path.name)
