"""Talks of drones' loudspeakers over the bus: requests out, answers to whoever waits for them."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from broadcast.drone import Answers
from core.bus.streams import RedisBus
from core.messages import DRONE_SPEECH, DRONE_SPOKEN, DroneSpeech, DroneSpoken


class DroneLink:
    """The way to drones; safe for many threads.

    Args:
        bus: to send on; answers are tailed on it by :meth:`run`.
    """

    def __init__(self, bus: RedisBus) -> None:
        self._bus = bus
        self._lock = threading.Lock()
        self._waiting: dict[str, queue.SimpleQueue[DroneSpoken]] = {}

    @contextmanager
    def __call__(self, request: DroneSpeech) -> Iterator[Answers]:
        """Send a request; its answers can be had until the context ends."""
        answers: queue.SimpleQueue[DroneSpoken] = queue.SimpleQueue()
        if request.action == "say":
            with self._lock:
                self._waiting[request.id] = answers

        def next_one(seconds: float) -> DroneSpoken | None:
            try:
                return answers.get(timeout=seconds)
            except queue.Empty:
                return None

        try:
            self._bus.publish(DRONE_SPEECH, request)
            yield next_one
        finally:
            if request.action == "say":
                with self._lock:
                    self._waiting.pop(request.id, None)

    def run(self, stop: threading.Event) -> None:
        """Hand answers to the talks they belong to, until told to stop."""
        for answer in self._bus.tail(DRONE_SPOKEN, DroneSpoken, stop):
            with self._lock:
                waiting = self._waiting.get(answer.id)
            if waiting is not None:
                waiting.put(answer)
