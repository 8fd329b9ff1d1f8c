"""Messages and time for the desk, the single owner of incidents."""

import threading
from typing import cast

import structlog

from alerts.desk import Desk
from broadcast.text import WarningWriter
from core.cases import EvidenceItem, OfficerPosition, Receipt
from core.config.site import Site
from core.messages import (
    COMMANDS,
    EVIDENCE_SEALED,
    INCIDENTS,
    ORDER_REPLIES,
    POSITIONS,
    RECEIPTS,
    SIGHTINGS,
    TIP_DECISIONS,
    TIPS,
    Command,
    OrderReply,
)
from core.seeing import Sighting
from core.store.database import Store
from core.tips import TipDecision
from core.value import Value
from wardwatch.parts.base import Part
from wardwatch.processes.context import Context
from wardwatch.roads import roads_of

log = structlog.get_logger()

_TICK_S = 0.5


class DeskPart(Part):
    """Feeds the desk from the bus, and the bus from the desk."""

    name = "desk"

    def __init__(self, context: Context, store: Store) -> None:
        super().__init__(context)
        self._bus = context.bus(self.name)
        self.roads = roads_of(context.site, context.paths)
        self._desk = Desk(
            context.site,
            store,
            context.clock,
            self._send,
            WarningWriter(context.site),
            roads=self.roads,
        )

    def run(self) -> None:
        self._desk.resume()
        ticking = threading.Thread(target=self._tick, name="desk-clock")
        watching = threading.Thread(target=self._watch_positions, name="desk-positions")
        ticking.start()
        watching.start()
        desk = self._desk
        self._bus.consume(
            "desk",
            {
                SIGHTINGS: (Sighting, lambda m: desk.on_sighting(cast(Sighting, m))),
                RECEIPTS: (Receipt, lambda m: desk.on_receipt(cast(Receipt, m))),
                EVIDENCE_SEALED: (EvidenceItem, lambda m: desk.on_evidence(cast(EvidenceItem, m))),
                ORDER_REPLIES: (OrderReply, lambda m: desk.on_order_reply(cast(OrderReply, m))),
                COMMANDS: (Command, self._command),
                TIP_DECISIONS: (TipDecision, self._decision),
            },
            self.context.stop,
        )
        ticking.join()
        watching.join()
        self._bus.close()

    def use(self, site: Site) -> None:
        self._desk.use(site, WarningWriter(site))

    def _send(self, stream: str, message: Value) -> None:
        if stream in (INCIDENTS, TIPS):
            self._bus.show(stream, message)
        else:
            self._bus.publish(stream, message)

    def _command(self, message: Value) -> None:
        command = cast(Command, message)
        refusal = self._desk.on_command(command)
        if refusal is not None:
            log.warning("command refused", command=command.id, why=str(refusal))

    def _decision(self, message: Value) -> None:
        why = self._desk.on_tip_decision(cast(TipDecision, message))
        if why is not None:
            log.warning("tip decision refused", why=str(why))

    def _tick(self) -> None:
        while not self.context.clock.wait(self.context.stop, _TICK_S):
            try:
                self._desk.tick()
            except Exception:
                log.exception("desk could not look at its timers")

    def _watch_positions(self) -> None:
        for position in self._bus.tail(POSITIONS, OfficerPosition, self.context.stop):
            try:
                self._desk.on_position(position)
            except Exception:
                log.exception("position not taken", officer=position.officer)
