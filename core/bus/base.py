"""What a bus is to the rooms."""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol, TypeVar

from core.value import Value

V = TypeVar("V", bound=Value)
Handler = Callable[[Value], None]


class Bus(Protocol):
    """Publish to streams, consume them in groups, or tail them."""

    def publish(self, stream: str, message: Value) -> None:
        """Hand a message over for good: it is delivered at least once, later if need be."""

    def show(self, stream: str, message: Value) -> None:
        """Publish what only the present matters of; lost without regret when the bus is away."""

    def consume(
        self, group: str, handlers: Mapping[str, tuple[type[Value], Handler]], stop: threading.Event
    ) -> None:
        """Handle the messages of several streams, in order within each, until ``stop``.

        A message counts as handled when its handler returns; one whose handler raises stays
        pending and comes again. A message that cannot be read is logged and set aside.
        """

    def tail(self, stream: str, model: type[V], stop: threading.Event) -> Iterator[V]:
        """Messages from now on, to every caller, until ``stop``."""

    def close(self) -> None:
        """Let go of the connection."""
