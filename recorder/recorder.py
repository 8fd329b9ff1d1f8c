"""All cameras of one process: a thread each, so that no camera ever waits for another."""

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog

from core.clock import Clock
from recorder.camera import CameraRecorder, LiveSink
from recorder.retention import Retention
from recorder.source import PacketSource

SWEEP_S = 30.0

log = structlog.get_logger()


class LiveHouse(Protocol):
    """Gives every camera its live channel."""

    def channel(self, camera: str) -> LiveSink:
        """The channel of that camera."""


class Recorder:
    """Records sources until stopped, and keeps the disk from filling.

    Args:
        root: folder of the recordings.
        sources: one packet source a camera.
        segment_s: length of a file, rounded up to the next key frame.
        retention: sweeps old files; None keeps everything.
        live: live relay; None without live pictures.
        sync: fdatasync every fragment, so that a power cut costs one group of pictures.
    """

    def __init__(
        self,
        root: Path,
        sources: Sequence[PacketSource],
        clock: Clock,
        *,
        segment_s: float = 10.0,
        retention: Retention | None = None,
        live: LiveHouse | None = None,
        sync: bool = True,
    ) -> None:
        self._clock, self._retention = clock, retention
        self._stop = threading.Event()
        self._sweep_now = threading.Event()
        self.cameras = [
            CameraRecorder(
                root,
                source,
                clock,
                segment_s=segment_s,
                live=live.channel(source.camera) if live else None,
                may_record=self._may_record,
                on_full=self._sweep_now.set,
                sync=sync,
            )
            for source in sources
        ]
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to record."""
        for camera in self.cameras:
            self._spawn(f"record-{camera.camera}", partial(camera.run, self._stop))
        if self._retention is not None:
            self._spawn("retention", self._keep_house)

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Finish all files; True when every thread ended in time."""
        self._stop.set()
        self._sweep_now.set()
        until_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        for thread in self._threads:
            thread.join(max(0.0, (until_ns - self._clock.monotonic_ns()) / 1e9))
        late = [thread.name for thread in self._threads if thread.is_alive()]
        if late:
            log.error("threads did not end", threads=late)
        return not late

    def alive(self) -> dict[str, bool]:
        """Whether each camera's thread runs."""
        running = {thread.name for thread in self._threads if thread.is_alive()}
        return {c.camera: f"record-{c.camera}" in running for c in self.cameras}

    def _spawn(self, name: str, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _may_record(self) -> bool:
        return self._retention is None or not self._retention.blocked

    def _keep_house(self) -> None:
        assert self._retention is not None
        while not self._stop.is_set():
            try:
                self._retention.sweep()
            except Exception:
                log.exception("sweeping old recordings failed")
            self._sweep_now.clear()
            self._clock.wait(self._sweep_now, SWEEP_S)
