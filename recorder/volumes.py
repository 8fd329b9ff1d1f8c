"""All volumes of one recorder: where each camera's next file goes, and who is told what.

A camera stays on its volume as long as that is as good as any other. When a volume cannot be
written to, its cameras go on with the next key picture on another one; when none is left, they
stop with an alarm, and the gap ledger says why.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from core.clock import Clock
from recorder.alarm import AlarmKind, StorageAlarm
from recorder.disk import Disk
from recorder.errors import RecorderError
from recorder.volume import Place, Volume, known, remember

LOOK_S = 1.0
STOP_S = 5.0

log = structlog.get_logger()


class Volumes:
    """The places to record to.

    Until :meth:`start` nothing is watched, and files are written by whoever records them.

    Args:
        root: the recordings folder, which holds ledgers and locks, and the recordings unless
            ``places`` says where these go.
        places: the configured volumes; none: the recordings folder itself.
        disk: what files are written with.
        sync: False leaves to the system when things reach the disk.
        on_alarm: told what a person should know.
    """

    def __init__(
        self,
        root: Path,
        clock: Clock,
        places: Sequence[Place] = (),
        *,
        disk: Disk | None = None,
        sync: bool = True,
        on_alarm: Callable[[StorageAlarm], None] = lambda _: None,
    ) -> None:
        self.root = root
        self.disk = disk or Disk()
        self._clock, self._on_alarm = clock, on_alarm
        self._lock = threading.Lock()
        marks = {mark.path: mark for mark in known(root)}
        self.all = [
            Volume(
                place,
                clock,
                self.disk,
                marks.get(str(place.path)),
                sync=sync,
                on_change=self._changed,
            )
            for place in places or (Place(root, mounted=False),)
        ]
        self._of: dict[str, Volume] = {}
        self._stop = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="volumes", daemon=True)
        for volume in self.all:
            try:
                volume.adopt()
            except (RecorderError, OSError) as error:
                volume.trouble = str(error)
                self._say("volume_lost", f"not recorded to: {error}", volume)
        self._home_device = _device_of(root)
        self._former = marks
        self._remember()

    def start(self) -> None:
        """Watch the volumes, and write to each in a thread of its own."""
        for volume in self.all:
            volume.writer.start()
        self._watcher.start()

    def stop(self, timeout_s: float = STOP_S) -> bool:
        """Write what waits; False when a disk does not take it in time."""
        self._stop.set()
        ended = [volume.writer.stop(timeout_s) for volume in self.all]
        return all(ended)

    def choose(self, camera: str) -> Volume | None:
        """Where a camera's next file goes; None when nowhere."""
        with self._lock:
            good = [volume for volume in self.all if volume.usable]
            if not good:
                return None
            best = min(volume.rank for volume in good)
            before = self._of.get(camera)
            if before is not None and before.rank == best:
                return before
            users = list(self._of.values())
            chosen = max(
                (volume for volume in good if volume.rank == best),
                key=lambda volume: volume.free_bytes / (1 + users.count(volume)),
            )
            self._of[camera] = chosen
        if before is not None:
            log.warning("recording moves", camera=camera, to=str(chosen.path), why=before.complaint)
        return chosen

    def should_leave(self, volume: Volume) -> bool:
        """Whether a running file should end before its time: there is a better place for it."""
        return volume.rank > 1 and any(one.rank < volume.rank for one in self.all)

    def why_none(self) -> tuple[str, str]:
        """Reason and detail for the ledger when there is nowhere to record to."""
        if any(volume.full for volume in self.all if not volume.trouble):
            return "disk_full", "only locked files left"
        return "no_volume", "; ".join(volume.trouble for volume in self.all)

    def home_present(self) -> bool:
        """Whether the recordings folder, with the ledgers, is on the disk it was on at first."""
        for volume in self.all:
            if volume.path == self.root:
                return volume.is_here()
        try:
            return _device_of(self.root) == self._home_device
        except OSError:
            return False

    def look(self) -> None:
        """Examine every volume; called every second."""
        for volume in self.all:
            volume.look()

    def _watch(self) -> None:
        while not self._clock.wait(self._stop, LOOK_S):
            try:
                self.look()
            except Exception:
                log.exception("looking at the volumes failed")

    def _changed(self, volume: Volume) -> None:
        self._remember()
        if not volume.complaint:
            self._say("volume_back", f"{volume.path}: recorded to again", volume)
            return
        others = ", ".join(str(one.path) for one in self.all if one.rank < volume.rank)
        if others:
            words = f"{volume.complaint}; its cameras go on at {others}"
            self._say("volume_lost", words, volume)
        elif volume.usable:
            self._say("volume_lost", f"{volume.complaint}; what is recorded waits for it", volume)
        else:
            words = f"recording stops: {volume.complaint}; no other volume can be written to"
            self._say("no_volume", words, volume)

    def _remember(self) -> None:
        """Keep the list for readers, and for the next start; volumes of before stay in it."""
        marks = {**self._former, **{v.mark.path: v.mark for v in self.all if v.mark is not None}}
        wanted = tuple(marks[path] for path in sorted(marks))
        plain = all(not mark.mount and mark.path == str(self.root) for mark in wanted)
        try:
            if wanted != known(self.root) and not (plain and not known(self.root)):
                remember(self.root, wanted)
        except (OSError, RecorderError) as error:
            log.error("the list of volumes cannot be written", error=str(error))

    def _say(self, kind: AlarmKind, message: str, volume: Volume) -> None:
        self._on_alarm(
            StorageAlarm(kind, message, volume.free_bytes, self._clock.utc_ns(), str(volume.path))
        )


def _device_of(path: Path) -> int:
    """The disk that a folder lies on, or would lie on if it were made."""
    while not path.exists():
        path = path.parent
    return path.stat().st_dev
