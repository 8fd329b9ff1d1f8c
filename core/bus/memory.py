"""A bus within one process, for replays and tests. Nothing is stored."""

import queue
import threading
from collections.abc import Iterator, Mapping
from typing import TypeVar

from core.bus.base import Handler
from core.value import Value

V = TypeVar("V", bound=Value)

_POLL_S = 0.05


class MemoryBus:
    """Streams as lists that consumers read at their own pace."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._log: list[tuple[str, Value]] = []
        self._read: dict[str, int] = {}

    def publish(self, stream: str, message: Value) -> None:
        with self._lock:
            self._log.append((stream, message))
            self._lock.notify_all()

    show = publish

    def published(self, stream: str) -> list[Value]:
        """Everything ever published to a stream, oldest first."""
        with self._lock:
            return [message for name, message in self._log if name == stream]

    def consume(
        self, group: str, handlers: Mapping[str, tuple[type[Value], Handler]], stop: threading.Event
    ) -> None:
        while not stop.is_set():
            with self._lock:
                position = self._read.get(group, 0)
                if position == len(self._log):
                    self._lock.wait(_POLL_S)
                    continue
                stream, message = self._log[position]
            if stream in handlers:
                handlers[stream][1](message)
            with self._lock:
                self._read[group] = position + 1

    def tail(self, stream: str, model: type[V], stop: threading.Event) -> Iterator[V]:
        with self._lock:
            position = len(self._log)
        arrived: queue.SimpleQueue[V] = queue.SimpleQueue()
        while not stop.is_set():
            with self._lock:
                if position == len(self._log):
                    self._lock.wait(_POLL_S)
                for name, message in self._log[position:]:
                    if name == stream and isinstance(message, model):
                        arrived.put(message)
                position = len(self._log)
            while not arrived.empty():
                yield arrived.get()

    def close(self) -> None:
        """Nothing to let go of."""
