"""Officers who are not there: they accept orders, travel, handle and go home.

In the demo they stand in for the phones of the real ones and use the same messages. They move
along the geodesic; ``speedup`` multiplies their speed so that a story fits into minutes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from core.cases import OfficerPosition, OfficerStatus, Order, OrderState
from core.clock import NS_PER_S, Clock
from core.config.people import Officer
from core.geometry import GeoPoint
from core.messages import OrderReply
from core.value import NO_WORDS, Text

MOVING_REPORT_S = 1.0
STANDING_REPORT_S = 10.0
AFTER_HANDLING_S = 5.0
"""Pause before an officer sets off for the post again."""
HOMEWARD = 0.5
"""Share of the usual speed on the way back: nobody hurries home."""
REPORT = Text(zh="现场已处置，情况属实", en="dealt with on the spot; it was as reported")
OCCUPIED = Text(zh="已有任务", en="on another order already")


class _Doing(Enum):
    STANDING = auto()
    ACCEPTING = auto()
    TRAVELLING = auto()
    HANDLING = auto()
    WRITING = auto()
    RETURNING = auto()


@dataclass
class _Body:
    """One simulated officer; times are monotonic nanoseconds."""

    officer: Officer
    place: GeoPoint
    doing: _Doing
    since_ns: int
    moved_ns: int
    reported_ns: int | None = None
    order: Order | None = None
    finished: set[str] = field(default_factory=set)

    @property
    def status(self) -> OfficerStatus:
        free = self.doing in (_Doing.STANDING, _Doing.RETURNING)
        return OfficerStatus.FREE if free else OfficerStatus.BUSY

    @property
    def moving(self) -> bool:
        return self.doing in (_Doing.TRAVELLING, _Doing.RETURNING)


class SimulatedOfficers:
    """The devices of all officers of a demo.

    ``on_order`` and ``tick`` are called from one thread. An officer on the way home is free and
    turns around for a new order.

    Args:
        officers: who there is; each starts at the configured post.
        clock: waits and travel are measured on its monotonic side.
        reply: sends an answer to an order.
        position: sends where an officer is, every second while moving, every ten while standing.
        speedup: how many times faster than the configured speed they travel.
        acknowledge_s: how long it takes to read and accept an order.
        handle_s: how long it takes to deal with the matter on the spot.
    """

    def __init__(
        self,
        officers: Sequence[Officer],
        clock: Clock,
        reply: Callable[[OrderReply], None],
        position: Callable[[OfficerPosition], None],
        *,
        speedup: float = 1.0,
        acknowledge_s: float = 4,
        handle_s: float = 15,
    ) -> None:
        if speedup <= 0:
            raise ValueError(f"speedup must be above 0, not {speedup}")
        self._clock = clock
        self._reply = reply
        self._position = position
        self._speedup = speedup
        self._acknowledge_s = acknowledge_s
        self._handle_s = handle_s
        now_ns = clock.monotonic_ns()
        self._bodies = {
            one.id: _Body(one, one.place, _Doing.STANDING, now_ns, now_ns) for one in officers
        }

    def on_order(self, order: Order) -> None:
        """An order was offered, or called off. Orders heard before change nothing."""
        body = self._bodies.get(order.officer)
        if body is None:
            return
        current = body.order is not None and body.order.id == order.id
        if order.state in (OrderState.CANCELLED, OrderState.EXPIRED):
            body.finished.add(order.id)
            if current:
                body.order = None
                self._turn(body, _Doing.RETURNING)
            return
        if order.state is not OrderState.OFFERED or current or order.id in body.finished:
            return
        if body.order is not None:
            self._answer(order, OrderState.RETURNED, OCCUPIED)
            body.finished.add(order.id)
            return
        body.order = order
        self._turn(body, _Doing.ACCEPTING)

    def tick(self) -> None:
        """Let everybody do what the time passed allows; call a few times a second."""
        now_ns = self._clock.monotonic_ns()
        for body in self._bodies.values():
            self._live(body, now_ns)
            self._report_when_due(body, now_ns)

    def _live(self, body: _Body, now_ns: int) -> None:
        passed_s = (now_ns - body.since_ns) / NS_PER_S
        order = body.order
        if body.doing is _Doing.RETURNING:
            if self._walk(body, body.officer.place, HOMEWARD, now_ns):
                self._turn(body, _Doing.STANDING)
            return
        if order is None:
            if body.doing is _Doing.WRITING and passed_s >= AFTER_HANDLING_S:
                self._turn(body, _Doing.RETURNING)
            return
        if body.doing is _Doing.ACCEPTING and passed_s >= self._acknowledge_s:
            self._answer(order, OrderState.ACKNOWLEDGED)
            self._answer(order, OrderState.EN_ROUTE)
            self._turn(body, _Doing.TRAVELLING)
        elif body.doing is _Doing.TRAVELLING:
            if self._walk(body, order.place, 1.0, now_ns):
                self._answer(order, OrderState.ON_SCENE)
                self._turn(body, _Doing.HANDLING)
        elif body.doing is _Doing.HANDLING and passed_s >= self._handle_s:
            self._answer(order, OrderState.HANDLED, REPORT)
            body.finished.add(order.id)
            body.order = None
            self._turn(body, _Doing.WRITING)

    def _walk(self, body: _Body, goal: GeoPoint, share: float, now_ns: int) -> bool:
        """Move toward a place; True when it is reached."""
        passed_s = (now_ns - body.moved_ns) / NS_PER_S
        body.moved_ns = now_ns
        metres = body.officer.speed_kmh / 3.6 * self._speedup * share * passed_s
        body.place = body.place.toward(goal, metres)
        return body.place == goal

    def _turn(self, body: _Body, doing: _Doing) -> None:
        """Begin something else; the change is reported with the next tick."""
        now_ns = self._clock.monotonic_ns()
        body.doing = doing
        body.since_ns = body.moved_ns = now_ns
        body.reported_ns = None

    def _report_when_due(self, body: _Body, now_ns: int) -> None:
        every_s = MOVING_REPORT_S if body.moving else STANDING_REPORT_S
        if body.reported_ns is not None and now_ns - body.reported_ns < every_s * NS_PER_S:
            return
        body.reported_ns = now_ns
        self._position(
            OfficerPosition(
                officer=body.officer.id,
                at_ns=self._clock.utc_ns(),
                place=body.place,
                status=body.status,
            )
        )

    def _answer(self, order: Order, state: OrderState, note: Text = NO_WORDS) -> None:
        self._reply(
            OrderReply(
                id=f"{order.id}-{state.value}",
                order=order.id,
                officer=order.officer,
                state=state,
                at_ns=self._clock.utc_ns(),
                note=note,
            )
        )
