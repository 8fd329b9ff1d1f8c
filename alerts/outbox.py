"""Messages leave only after the transaction that decided them is committed.

Within a process they wait here in order and are tried again when sending fails. Over a crash
between commit and sending they are derived anew from what was stored (:func:`unsent`): every
message has an id made from its incident, so whoever got it already ignores the second one.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from alerts import evidence
from alerts.lifecycle import OPEN
from core.cases import Incident, Order, OrderState
from core.clock import NS_PER_S
from core.config.site import Site
from core.messages import ANNOUNCEMENTS, EVIDENCE_WANTED, INCIDENTS, ORDERS, IncidentChanged
from core.store.unit import Unit
from core.value import Value

Send = Callable[[str, Value], None]

_log = structlog.get_logger()

RECENT_INCIDENTS = 50
"""So many incidents are looked at for calls-off that may not have left, beside the open ones."""
RECENT_NS = 600 * NS_PER_S
"""A call-off older than this is not sent again."""


@dataclass(frozen=True)
class Outgoing:
    """One message and the stream it goes to."""

    stream: str
    message: Value


class Outbox:
    """Messages decided but not yet sent, in order."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: deque[Outgoing] = deque()
        self._flushing = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, messages: Iterable[Outgoing]) -> None:
        """Take over the messages of a transaction that was committed."""
        self._waiting.extend(messages)

    def flush(self) -> None:
        """Send what waits; the first failure leaves it and the rest for the next time.

        A transport that answers at once calls back into the desk from within ``send``; what that
        adds is sent by the outer call, behind what waits already.
        """
        if self._flushing:
            return
        self._flushing = True
        try:
            while self._waiting:
                first = self._waiting.popleft()
                try:
                    self._send(first.stream, first.message)
                except Exception:
                    # Whatever the transport raises, the decision stands and is sent later.
                    _log.exception("message not sent, will be tried again", stream=first.stream)
                    self._waiting.appendleft(first)
                    return
        finally:
            self._flushing = False


def unsent(site: Site, unit: Unit, now_ns: int, receipt_s: float) -> Iterator[Outgoing]:
    """What may not have left before a crash, from the state stored.

    Announcements older than ``receipt_s`` are not repeated: a loudspeaker that starts minutes
    late would speak to nobody.
    """
    open_incidents = unit.incidents.find(state=[state.value for state in OPEN])
    for incident in open_incidents:
        for name in incident.announcements:
            announcement = unit.announcements.get(name)
            if announcement is None or unit.receipts.get(name) is not None:
                continue
            if now_ns - announcement.requested_ns <= receipt_s * NS_PER_S:
                yield Outgoing(ANNOUNCEMENTS, announcement)
        for wanted in evidence.missing(site, unit, incident):
            yield Outgoing(EVIDENCE_WANTED, wanted)
        yield from (Outgoing(ORDERS, order) for order in _offers(unit, incident))
    recent = unit.incidents.find(newest_by="started_ns", limit=RECENT_INCIDENTS)
    seen = {incident.id: incident for incident in [*open_incidents, *recent]}
    for incident in seen.values():
        for order in _orders(unit, incident):
            off = order.state in (OrderState.CANCELLED, OrderState.EXPIRED)
            if off and now_ns - order.history[-1].at_ns <= RECENT_NS:
                yield Outgoing(ORDERS, order)
        yield Outgoing(INCIDENTS, IncidentChanged(incident=incident))


def _orders(unit: Unit, incident: Incident) -> Iterator[Order]:
    for name in incident.orders:
        order = unit.orders.get(name)
        if order is not None:
            yield order


def _offers(unit: Unit, incident: Incident) -> Iterator[Order]:
    return (one for one in _orders(unit, incident) if one.state is OrderState.OFFERED)
