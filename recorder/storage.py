"""How the disks are, told to people: on every change, and again and again.

Whoever writes to a disk must never wait for the bus, so a thread of its own puts the picture
together and tells it.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from core.clock import Clock
from core.storage import AlarmKind, StorageState, StorageTrouble, VolumeCondition, VolumeState
from recorder.retention import DAY_NS, RATE_LEAST_NS, Retention
from recorder.stock import Held
from recorder.volume import Volume
from recorder.volumes import Volumes

REPEAT_S = 10.0

log = structlog.get_logger()

Tell = Callable[[StorageState, bool], None]
"""Told of the disks, and whether what is wrong with them has changed."""


class StorageWatch:
    """Tells how the disks are.

    Args:
        tell: may take its time, and may fail.
        woken: to be set by whoever sees that something has changed.
    """

    def __init__(
        self,
        volumes: Volumes,
        retention: Retention,
        clock: Clock,
        tell: Tell,
        woken: threading.Event,
    ) -> None:
        self._volumes, self._retention, self._clock, self._tell = volumes, retention, clock, tell
        self._labels = labels([volume.path for volume in volumes.all])
        self._since: dict[tuple[str, str, str], int] = {}
        self._stop, self._wake = threading.Event(), woken
        self._told: object = None
        self._thread = threading.Thread(target=self._run, name="storage", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End."""
        self._stop.set()
        self._wake.set()
        self._thread.join(timeout_s)

    def look(self) -> None:
        """Tell how the disks are now."""
        state = self.state()
        wrong = [(v.volume, v.condition) for v in state.volumes]
        now = (wrong, [(one.kind, one.volume) for one in state.troubles])
        changed, self._told = now != self._told, now
        self._tell(state, changed)

    def state(self) -> StorageState:
        """How the disks are now; asks no disk."""
        now_ns = self._clock.utc_ns()
        volumes = tuple(self._volume(volume, now_ns) for volume in self._volumes.all)
        troubles = tuple(self._troubles(now_ns))
        there: set[tuple[str, str, str]] = {("", one.volume, one.condition) for one in volumes}
        there |= {(one.kind, one.volume, "") for one in troubles}
        self._since = {key: at for key, at in self._since.items() if key in there}
        return StorageState(
            at_ns=now_ns,
            volumes=volumes,
            troubles=troubles,
            days_wanted=self._retention.keeping.days,
            days=self._retention.days_left,
        )

    def _volume(self, volume: Volume, now_ns: int) -> VolumeState:
        held = self._retention.held.get(str(volume.path), Held())
        label, condition = self._labels[volume.path], self._condition(volume)
        return VolumeState(
            volume=label,
            condition=condition,
            since_ns=self._first(("", label, condition), now_ns),
            size_bytes=volume.size_bytes,
            free_bytes=volume.free_bytes,
            recorded_bytes=held.octets,
            locked_bytes=held.locked,
            most_bytes=volume.place.max_bytes,
            oldest_ns=held.first_ns,
            days=self._days(volume, held, now_ns),
            detail=volume.complaint.replace(str(volume.path), label),
        )

    def _condition(self, volume: Volume) -> VolumeCondition:
        if volume.trouble:
            return "lost"
        if volume.stuck or volume.slow:
            return "slow"
        if volume.full:
            return "full"
        if volume.free_bytes < self._retention.low_bytes:
            return "low"
        return "short" if volume.short else "ok"

    def _days(self, volume: Volume, held: Held, now_ns: int) -> float | None:
        first_ns = held.recent_first_ns
        if first_ns is None or now_ns - first_ns < RATE_LEAST_NS or not held.recent:
            return None
        room = held.octets + max(0, volume.free_bytes - self._retention.low_bytes)
        if volume.place.max_bytes is not None:
            room = min(room, volume.place.max_bytes)
        return round(room / (held.recent * DAY_NS / (now_ns - first_ns)), 2)

    def _troubles(self, now_ns: int) -> list[StorageTrouble]:
        found: list[StorageTrouble] = []

        def add(kind: AlarmKind, label: str, detail: str) -> None:
            since_ns = self._first((kind, label, ""), now_ns)
            for path, name in self._labels.items():
                detail = detail.replace(str(path), name)
            found.append(StorageTrouble(kind=kind, since_ns=since_ns, volume=label, detail=detail))

        all_lost = all(volume.trouble for volume in self._volumes.all)
        for volume in self._volumes.all:
            if volume.trouble:
                kind: AlarmKind = "no_volume" if all_lost else "volume_lost"
                add(kind, self._labels[volume.path], volume.trouble)
            elif volume.complaint:
                add("volume_slow", self._labels[volume.path], volume.complaint)
        room = self._retention.alarm
        if room.kind in ("short_ahead", "kept_short", "disk_low", "disk_full"):
            label = self._labels.get(Path(room.volume), "")
            add(room.kind, label if room.kind.startswith("disk") else "", room.message)
        if self._retention.unsigned:
            add("unsigned", "", "the signing key cannot be used; see the recorder's log")
        return found

    def _first(self, key: tuple[str, str, str], now_ns: int) -> int:
        """Since when something has been so."""
        return self._since.setdefault(key, now_ns)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self.look()
            except Exception:
                log.exception("the state of the disks was not told")
            self._clock.wait(self._wake, REPEAT_S)
            self._wake.clear()


def labels(paths: Sequence[Path]) -> dict[Path, str]:
    """A short name for each folder: what tells it from the others.

    >>> list(labels([Path("/mnt/disk1/ww"), Path("/mnt/disk2/ww")]).values())
    ['disk1', 'disk2']
    >>> list(labels([Path("/data/recordings")]).values())
    ['recordings']
    """
    parts = {path: list(path.parts) for path in paths}
    while len(paths) > 1 and all(len(one) > 1 for one in parts.values()):
        if len({one[0] for one in parts.values()}) == 1:
            parts = {path: one[1:] for path, one in parts.items()}
        elif len({one[-1] for one in parts.values()}) == 1:
            parts = {path: one[:-1] for path, one in parts.items()}
        else:
            break
    if len(paths) <= 1:
        return {path: path.name or "recordings" for path in paths}
    return {path: "/".join(one).strip("/") for path, one in parts.items()}
