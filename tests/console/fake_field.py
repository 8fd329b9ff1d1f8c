"""Officers' phones against the real desk and the real vault, over the fake township."""

from alerts.desk import Desk
from console.services import Services
from core.cases import EvidenceItem, OfficerPosition, Order
from core.fieldwork import FieldDuty
from core.messages import (
    COMMANDS,
    EVIDENCE_SEALED,
    INCIDENTS,
    ORDER_REPLIES,
    POSITIONS,
    Action,
    Command,
    IncidentChanged,
    OrderReply,
)
from core.presence import duty_by_phone
from core.store.users import Role
from core.tips import TipChanged, TipDecision
from core.value import Text, Value
from recorder.vault import Vault
from wardwatch.field import Intake

OFFICERS = ("officer-1", "officer-2", "officer-3")
INCIDENT = "inc-market-1"


class Alerts:
    """The bus with the real desk behind it.

    Attributes:
        sent: everything that was published, in order.
        broken: nothing can be published.
        refused: why the last decision about a tip was not carried out.
    """

    def __init__(self, services: Services) -> None:
        self.sent: list[tuple[str, Value]] = []
        self.broken = False
        self.refused: Text | None = None
        self._services = services
        self.desk = Desk(
            services.site,
            services.store,
            services.clock,
            self._out,
            lambda _incident, _camera, attempt: f"warning {attempt}",
        )

    def send(self, stream: str, message: Value) -> None:
        if self.broken:
            raise OSError("the bus is away")
        self.sent.append((stream, message))
        self._hear(stream, message)

    def offer(self, officer: str, incident: str = INCIDENT) -> Order:
        """The desk sends an officer; the order."""
        self.begin_duty(officer)
        known = {one.id for one in self._orders(incident)}
        number = len(known) + len(self.sent)
        self._hear(
            COMMANDS,
            Command(
                id=f"cmd-{incident}-{officer}-{number}", incident=incident,
                action=Action.DISPATCH, user="monitor", at_ns=self._services.clock.utc_ns(),
                reason="近", officer=officer,
            ),
        )  # fmt: skip
        return next(one for one in self._orders(incident) if one.id not in known)

    def cancel(self, order: Order) -> None:
        """The desk closes the incident; the order is called off."""
        self._hear(
            COMMANDS,
            Command(
                id=f"cmd-close-{order.id}", incident=order.incident, action=Action.DISMISS,
                user="monitor", at_ns=self._services.clock.utc_ns(), reason="误报",
            ),
        )  # fmt: skip

    def order(self, order_id: str) -> Order:
        """As it is stored now."""
        with self._services.store.read() as unit:
            found = unit.orders.get(order_id)
        assert found is not None
        return found

    def replies(self) -> list[OrderReply]:
        """What officers answered."""
        return [one for stream, one in self.sent
                if stream == ORDER_REPLIES and isinstance(one, OrderReply)]  # fmt: skip

    def begin_duty(self, officer: str) -> None:
        """Nobody is sent who is off duty."""
        with self._services.store.begin() as unit:
            known = duty_by_phone(unit, officer)
            if known is not None and known.on:
                return
            now_ns = self._services.clock.utc_ns()
            duty = FieldDuty(
                id=f"duty-{officer}-{now_ns}", officer=officer, user=officer, start_ns=now_ns
            )
            unit.field_duties.put(duty)

    def _orders(self, incident: str) -> list[Order]:
        with self._services.store.read() as unit:
            return unit.orders.find(incident=incident)

    def _hear(self, stream: str, message: Value) -> None:
        match stream, message:
            case "order.replies", OrderReply():
                self.desk.on_order_reply(message)
            case "evidence.sealed", EvidenceItem():
                self.desk.on_evidence(message)
            case "positions", OfficerPosition():
                self.desk.on_position(message)
                self._services.feed.push("positions", message)
            case "tip.decisions", TipDecision():
                self.refused = self.desk.on_tip_decision(message)
            case "commands", Command():
                refusal = self.desk.on_command(message)
                assert refusal is None, refusal

    def _out(self, stream: str, message: Value) -> None:
        self.sent.append((stream, message))
        if stream == INCIDENTS and isinstance(message, IncidentChanged):
            self._services.feed.push("incidents", message)
        if isinstance(message, TipChanged):
            self._services.feed.push("tips", message)


def equip(services: Services) -> Alerts:
    """Give the services phones: accounts of officers, the vault, the desk behind the bus."""
    with services.store.begin() as unit:
        known = unit.users.get("monitor")
        assert known is not None  # its password is everybody's; hashing one takes its time
        for officer in OFFICERS:
            unit.users.put(
                known.model_copy(update={"name": officer, "role": Role.OFFICER, "officer": officer})
            )
    alerts = Alerts(services)
    services.send = services.show = alerts.send
    services.intake = Intake(Vault(services.vault_root, services.clock), alerts.send)
    services.field_root = services.vault_root.parent / "field"
    return alerts


__all__ = ["EVIDENCE_SEALED", "POSITIONS", "Alerts", "equip"]
