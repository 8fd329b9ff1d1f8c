"""What cameras say of themselves, handed to those who look at their pictures."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from core.bus.streams import RedisBus
from core.messages import CAMERA_EVENTS, CameraEvent
from ingest.frames import LiveFrames

log = structlog.get_logger()


class Hearing:
    """Tails ``camera.events`` in a thread of its own; nobody waits for it."""

    def __init__(self, bus: RedisBus, stop: threading.Event) -> None:
        self._bus, self._stop = bus, stop
        self._frames: dict[str, LiveFrames] = {}
        self._thread = threading.Thread(target=self._run, name="camera-events", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def join(self) -> None:
        """Wait for the end, after ``stop`` was set."""
        self._thread.join()

    @contextmanager
    def of(self, frames: LiveFrames) -> Iterator[None]:
        """While inside, these pictures are told what their camera says."""
        self._frames[frames.camera] = frames
        try:
            yield
        finally:
            if self._frames.get(frames.camera) is frames:
                del self._frames[frames.camera]

    def _run(self) -> None:
        for event in self._bus.tail(CAMERA_EVENTS, CameraEvent, self._stop):
            frames = self._frames.get(event.camera)
            if frames is None:
                continue
            try:
                frames.camera_says(event)
            except Exception:
                log.exception("camera's event not taken", camera=event.camera)
