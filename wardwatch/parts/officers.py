"""Simulated officers for the demo, on the same streams as the phones of real ones.

One whom a person plays, on duty with a phone, is not simulated meanwhile.
"""

import threading
from functools import partial
from typing import cast

from core.cases import OfficerPosition, Order, OrderState
from core.messages import ORDER_REPLIES, ORDERS, POSITIONS
from core.store.database import Store
from core.value import Value
from sim.officers import SimulatedOfficers
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context

_TICK_S = 0.25
_SPEEDUP = 1.0
"""So much faster than in earnest, so that a story fits into minutes."""


class OfficersPart(Part):
    """Hands orders to the simulated officers and their answers to the bus."""

    name = "officers"

    def __init__(self, context: Context, store: Store) -> None:
        super().__init__(context)
        self._store = store
        self._bus = context.bus(self.name)
        self._lock = threading.Lock()
        self._officers = SimulatedOfficers(
            context.site.officers,
            context.clock,
            partial(self._bus.publish, ORDER_REPLIES),
            self._show,
            speedup=_SPEEDUP,
        )

    def run(self) -> None:
        moving = threading.Thread(target=self._move, name="officers-clock")
        moving.start()
        self._bus.consume("officers", {ORDERS: (Order, self._order)}, self.context.stop)
        moving.join()
        self._bus.close()

    def _order(self, message: Value) -> None:
        order = cast(Order, message)
        if order.state is OrderState.OFFERED and self._by_phone(order.officer):
            return
        with self._lock:
            self._officers.on_order(order)

    def _show(self, position: OfficerPosition) -> None:
        if not self._by_phone(position.officer):
            self._bus.show(POSITIONS, position)

    def _by_phone(self, officer: str) -> bool:
        """True while a person with a phone is on duty as that officer."""
        with self._store.read() as unit:
            found = unit.field_duties.find(officer=officer, newest_by="start_ns", limit=1)
        return bool(found) and found[0].on

    def _move(self) -> None:
        while not self.context.clock.wait(self.context.stop, _TICK_S):
            with self._lock:
                self._officers.tick()
