"""Who waits for a camera's events (WS-BaseNotification pull points). Lives on one event loop."""

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field

from core.clock import NS_PER_S, Clock
from sim.camera.onvif.soap import SoapFault

MOST = 16
_QUEUE_MOST = 256


@dataclass
class Subscription:
    """One waiting client.

    Attributes:
        queue: messages (XML) not pulled yet, oldest first.
        end_ns: on the monotonic clock.
    """

    id: str
    end_ns: int
    queue: deque[str] = field(default_factory=lambda: deque(maxlen=_QUEUE_MOST))
    filled: asyncio.Event = field(default_factory=asyncio.Event)


class Subscriptions:
    """All of one camera."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: dict[str, Subscription] = {}

    def __len__(self) -> int:
        self._expire()
        return len(self._all)

    def add(self, seconds: float, first: str) -> Subscription:
        """A new one that has the present state as its first message."""
        self._expire()
        if len(self._all) >= MOST:
            raise SoapFault("too many subscriptions", "wsnt:SubscribeCreationFailedFault")
        subscription = Subscription(secrets.token_hex(6), self._end_ns(seconds))
        self._all[subscription.id] = subscription
        subscription.queue.append(first)
        subscription.filled.set()
        return subscription

    def get(self, name: str) -> Subscription:
        self._expire()
        found = self._all.get(name)
        if found is None:
            raise SoapFault("no such subscription", "wsnt:ResourceUnknownFault")
        return found

    def renew(self, subscription: Subscription, seconds: float) -> None:
        subscription.end_ns = self._end_ns(seconds)

    def end(self, subscription: Subscription) -> None:
        self._all.pop(subscription.id, None)

    def publish(self, message: str) -> None:
        """A message to everybody."""
        for subscription in self._all.values():
            subscription.queue.append(message)
            subscription.filled.set()

    @staticmethod
    async def pull(subscription: Subscription, seconds: float, most: int) -> list[str]:
        """Messages; waits for the first one, at the longest ``seconds``."""
        try:
            await asyncio.wait_for(subscription.filled.wait(), seconds)
        except TimeoutError:
            return []
        count = min(most, len(subscription.queue))
        messages = [subscription.queue.popleft() for _ in range(count)]
        if not subscription.queue:
            subscription.filled.clear()
        return messages

    def _expire(self) -> None:
        now_ns = self._clock.monotonic_ns()
        for subscription in tuple(self._all.values()):
            if subscription.end_ns <= now_ns:
                del self._all[subscription.id]

    def _end_ns(self, seconds: float) -> int:
        return self._clock.monotonic_ns() + round(seconds * NS_PER_S)
