"""All cameras of one process: a thread each, so that no camera ever waits for another."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import structlog

from core.clock import Clock
from recorder.camera import CameraRecorder, LiveSink, OnSegment
from recorder.retention import Retention
from recorder.source import PacketSource
from recorder.volumes import Volumes

SWEEP_S = 30.0

log = structlog.get_logger()


class LiveHouse(Protocol):
    """Gives every camera its live channel."""

    def channel(self, camera: str) -> LiveSink:
        """The channel of that camera, always the same one until it is closed."""

    def close(self, camera: str) -> None:
        """Nobody can watch that camera any more."""


@dataclass
class _Post:
    """One camera's thread, and how it alone is told to end.

    Attributes:
        before: who recorded this camera until now; two must never write the same ledger.
    """

    recorder: CameraRecorder
    before: "_Post | None" = None
    stop: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        name = f"record-{self.recorder.camera}"
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def end(self, reason: str) -> None:
        """Tell it to end; returns at once."""
        self.recorder.part(reason)
        self.stop.set()

    def _run(self) -> None:
        if self.before is not None:
            self.before.thread.join()
            self.before = None
        self.recorder.run(self.stop)


class Recorder:
    """Records sources until stopped, and keeps the disk from filling.

    Args:
        root: folder of the recordings.
        sources: one packet source a camera; more may be added while recording.
        segment_s: length of a file, rounded up to the next key frame.
        retention: sweeps old files; None keeps everything.
        live: live relay; None without live pictures.
        on_segment: told of every closed segment; must return at once.
        sync: see ``docs/design/recorder.md``; False leaves to the system when to write.
        volumes: where recordings go to; None: to ``root``.
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
        on_segment: OnSegment | None = None,
        sync: bool = True,
        volumes: Volumes | None = None,
    ) -> None:
        self._volumes = volumes or Volumes(root, clock, sync=sync)
        self._root, self._clock, self._retention, self._live = root, clock, retention, live
        self._segment_s, self._on_segment = segment_s, on_segment
        self._stop = threading.Event()
        self._sweep_now = threading.Event()
        self._lock = threading.Lock()
        self._started = False
        self._posts: dict[str, _Post] = {}
        self._leaving: list[_Post] = []
        self._housekeeper = threading.Thread(target=self._keep_house, name="retention", daemon=True)
        for source in sources:
            self.add(source)

    @property
    def cameras(self) -> list[CameraRecorder]:
        """Who records what at present."""
        with self._lock:
            return [post.recorder for post in self._posts.values()]

    def add(self, source: PacketSource) -> None:
        """Record one more camera, or one that is recorded already from another source.

        Then the ledger says "changed" for the time between the two. Returns at once; the new
        source is opened when the old one has been closed. No other camera takes notice.
        """
        recorder = CameraRecorder(
            self._root,
            source,
            self._clock,
            segment_s=self._segment_s,
            live=self._live.channel(source.camera) if self._live else None,
            volumes=self._volumes,
            on_full=self._sweep_now.set,
            on_segment=self._on_segment,
        )
        with self._lock:
            post = _Post(recorder, before=self._dismiss(source.camera, "changed"))
            self._posts[source.camera] = post
            if self._started:
                post.thread.start()

    def remove(self, camera: str, reason: str = "removed") -> None:
        """Record a camera no longer. What was recorded stays.

        Returns at once; the session is closed within the time a stalled read may take.

        Args:
            reason: what the ledger shall say: "removed" or "disabled".
        """
        with self._lock:
            self._dismiss(camera, reason)
        if self._live is not None:
            self._live.close(camera)

    def start(self) -> None:
        """Begin to record."""
        with self._lock:
            self._started = True
            self._volumes.start()
            for post in self._posts.values():
                post.thread.start()
        if self._retention is not None:
            self._housekeeper.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """Finish all files; True when every thread ended in time."""
        self._stop.set()
        self._sweep_now.set()
        with self._lock:
            posts = [*self._posts.values(), *self._leaving]
        for post in posts:
            post.stop.set()
        until_ns = self._clock.monotonic_ns() + round(timeout_s * 1e9)
        threads = [post.thread for post in posts] + [self._housekeeper]
        running = [thread for thread in threads if thread.is_alive()]
        for thread in running:
            thread.join(max(0.0, (until_ns - self._clock.monotonic_ns()) / 1e9))
        late = [thread.name for thread in running if thread.is_alive()]
        if not self._volumes.stop():
            late.append("volumes")
        if late:
            log.error("threads did not end", threads=late)
        return not late

    def alive(self) -> dict[str, bool]:
        """Whether each camera's thread runs."""
        with self._lock:
            return {camera: post.thread.is_alive() for camera, post in self._posts.items()}

    def _dismiss(self, camera: str, reason: str) -> _Post | None:
        """Tell who records a camera to end; whoever that was last, also if removed before."""
        self._leaving = [post for post in self._leaving if post.thread.is_alive()]
        post = self._posts.pop(camera, None)
        if post is None:
            named = (one for one in reversed(self._leaving) if one.recorder.camera == camera)
            return next(named, None)
        post.end(reason)
        if post.thread.ident is None:
            return None  # never began
        self._leaving.append(post)
        return post

    def _keep_house(self) -> None:
        assert self._retention is not None
        while not self._stop.is_set():
            try:
                self._retention.sweep()
            except Exception:
                log.exception("sweeping old recordings failed")
            self._sweep_now.clear()
            self._clock.wait(self._sweep_now, SWEEP_S)
