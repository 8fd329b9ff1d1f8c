"""What the camera notices by itself: PullPoint events (ONVIF Core, section 9.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from uuid import uuid4

import structlog

from core.clock import NS_PER_S, Clock
from ingest.onvif.caller import Caller, Question
from ingest.onvif.errors import OnvifError, OnvifFault
from ingest.onvif.soap import ADDRESSING, Markup, element, foreign
from ingest.onvif.times import read_moment, write_duration
from ingest.onvif.tree import Node, truth

_ANONYMOUS = f"{ADDRESSING}/anonymous"
_PORT = "http://www.onvif.org/ver10/events/wsdl"
_MANAGER = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager"
_TERM_LEAST_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True)
class OnvifEvent:
    """One notification.

    Attributes:
        topic: path without namespace prefixes, e.g. ``VideoSource/MotionAlarm``.
        camera_utc_ns: by the camera's clock; None when it gave no time.
        operation: Initialized, Changed, Deleted, or empty.
        source: what it is about, by name.
        data: what is the case, by name.
    """

    topic: str
    camera_utc_ns: int | None
    operation: str
    source: Mapping[str, str]
    data: Mapping[str, str]

    @property
    def motion(self) -> bool | None:
        """Something moves: True or False of a motion event, None of any other."""
        if "motion" not in self.topic.lower():
            return None
        for name in ("IsMotion", "State", "Motion", "active"):
            if name in self.data:
                return truth(self.data[name])
        return None


def read_messages(answer: Node) -> tuple[OnvifEvent, ...]:
    """PullMessages."""
    events = []
    for notification in answer.all("NotificationMessage"):
        outer = notification.find("Message") or Node("")
        message = outer.find("Message") or outer
        topic = notification.word("Topic")
        events.append(
            OnvifEvent(
                topic="/".join(part.rpartition(":")[2] for part in topic.split("/"))[:300],
                camera_utc_ns=read_moment(message.attributes.get("UtcTime", "")),
                operation=message.attributes.get("PropertyOperation", ""),
                source=_items(message.find("Source")),
                data=_items(message.find("Data")),
            )
        )
    return tuple(events)


@dataclass(frozen=True)
class PullPoint:
    """Where a subscription lives.

    Attributes:
        address: as the camera gave it.
        parameters: to be sent back as headers with every request (WS-Addressing 1.0).
        term_s: how long it lasts, by the camera's own clock; None when it did not say.
    """

    address: str
    parameters: tuple[Node, ...]
    term_s: float | None


def read_pull_point(answer: Node) -> PullPoint:
    """CreatePullPointSubscription."""
    reference = answer.find("SubscriptionReference") or Node("")
    parameters = reference.find("ReferenceParameters") or Node("")
    return PullPoint(reference.word("Address"), tuple(parameters.children), read_term_s(answer))


def read_term_s(answer: Node) -> float | None:
    """From now to the end, both by the camera's clock."""
    now_ns = read_moment(answer.word("CurrentTime"))
    end_ns = read_moment(answer.word("TerminationTime"))
    return None if now_ns is None or end_ns is None else (end_ns - now_ns) / NS_PER_S


class Subscription:
    """Events since it was made; use it as ``async with``, pull one at a time."""

    def __init__(self, caller: Caller, clock: Clock, point: PullPoint, url: str, ask_s: float):
        self._caller = caller
        self._clock = clock
        self._point = point
        self._url = url
        self._ask_s = ask_s
        self._renew_ns = self._next_renewal(point.term_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self.unsubscribe()
        except OnvifError as failure:  # it ends by itself at its term
            log.debug("subscription not ended", why=str(failure))

    async def pull(self, wait_s: float = 10.0, most: int = 100) -> tuple[OnvifEvent, ...]:
        """Wait for events; empty when there were none. Renews the subscription at half its term."""
        if self._clock.monotonic_ns() >= self._renew_ns:
            await self.renew()
        body = element(
            "tev:PullMessages",
            element("tev:Timeout", write_duration(wait_s)),
            element("tev:MessageLimit", str(most)),
        )
        action = f"{_PORT}/PullPointSubscription/PullMessagesRequest"
        return read_messages(await self._ask("PullMessages", body, action, longer_s=wait_s))

    async def renew(self) -> None:
        """Ask for another term."""
        body = element("wsnt:Renew", element("wsnt:TerminationTime", write_duration(self._ask_s)))
        answer = await self._ask("Renew", body, f"{_MANAGER}/RenewRequest")
        self._renew_ns = self._next_renewal(read_term_s(answer))

    async def unsubscribe(self) -> None:
        """End it."""
        action = f"{_MANAGER}/UnsubscribeRequest"
        await self._ask("Unsubscribe", element("wsnt:Unsubscribe"), action)

    async def _ask(self, operation: str, body: Markup, action: str, longer_s: float = 0.0) -> Node:
        echo = [
            foreign(node, **{"wsa:IsReferenceParameter": "true"}) for node in self._point.parameters
        ]
        headers = (
            element("wsa:Action", action),
            element("wsa:MessageID", f"urn:uuid:{uuid4()}"),
            element("wsa:ReplyTo", element("wsa:Address", _ANONYMOUS)),
            element("wsa:To", self._point.address),
            *echo,
        )
        return await self._caller.ask_at(self._url, Question(operation, body, headers, longer_s))

    def _next_renewal(self, term_s: float | None) -> int:
        seconds = min(max(term_s or self._ask_s, _TERM_LEAST_S), self._ask_s) / 2
        return self._clock.monotonic_ns() + round(seconds * NS_PER_S)


class Events:
    """The event service of one camera."""

    def __init__(self, caller: Caller, clock: Clock) -> None:
        self._caller = caller
        self._clock = clock

    async def subscribe(self, term_s: float = 60.0) -> Subscription:
        """Subscribe to all events; tried without a term where the camera dislikes ours."""
        operation = "CreatePullPointSubscription"
        term = element("tev:InitialTerminationTime", write_duration(term_s))
        try:
            answer = await self._create(operation, term)
        except OnvifFault:
            answer = await self._create(operation)
        point = read_pull_point(answer)
        if not point.address:
            raise self._caller.broken(operation, "the camera gave no address to pull from")
        url = self._caller.lead_back(point.address, operation)
        return Subscription(self._caller, self._clock, point, url, term_s)

    async def _create(self, operation: str, *content: Markup) -> Node:
        url = await self._caller.url("events", operation)
        body = element(f"tev:{operation}", *content)
        action = element("wsa:Action", f"{_PORT}/EventPortType/{operation}Request")
        return await self._caller.ask_at(url, Question(operation, body, (action,)))


def _items(node: Node | None) -> dict[str, str]:
    if node is None:
        return {}
    return {
        item.attributes["Name"]: item.attributes.get("Value", "")
        for item in node.all("SimpleItem")
        if item.attributes.get("Name")
    }
