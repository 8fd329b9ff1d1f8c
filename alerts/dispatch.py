"""派单: the nearest free officer is sent, and the next one when that one cannot.

Nearest means soonest by the length of the geodesic and the officer's speed; roads come later.
An officer is free who has no open order and whose device does not say ``busy`` or ``off``; one
whose device never reported is taken to wait at the place the configuration names.
"""

from dataclasses import dataclass

from alerts import words
from alerts.lifecycle import SYSTEM, WITH_OFFICER
from alerts.work import Work
from core.cases import Incident, IncidentState, OfficerStatus, Order, OrderState, StateChange
from core.config.people import Officer
from core.geometry import GeoPoint
from core.messages import ORDERS
from core.store.unit import Unit
from core.value import NO_WORDS, Text

OPEN_ORDERS = (
    OrderState.OFFERED,
    OrderState.ACKNOWLEDGED,
    OrderState.EN_ROUTE,
    OrderState.ON_SCENE,
)


@dataclass(frozen=True)
class Candidate:
    """An officer who could be sent, and how far away that one is."""

    officer: Officer
    distance_m: float
    eta_s: float


def is_free(unit: Unit, officer: Officer) -> bool:
    """True when the officer may be given an order now."""
    position = unit.positions.get(officer.id)
    if position is not None and position.status is not OfficerStatus.FREE:
        return False
    return not unit.orders.find(officer=officer.id, state=[s.value for s in OPEN_ORDERS], limit=1)


def candidate(unit: Unit, officer: Officer, place: GeoPoint) -> Candidate:
    """How far one officer is from a place: last position known, else the configured post."""
    position = unit.positions.get(officer.id)
    start = position.place if position is not None else officer.place
    distance_m = start.distance_m(place)
    return Candidate(officer, distance_m, distance_m / (officer.speed_kmh / 3.6))


def nearest(work: Work, incident: Incident) -> Candidate | None:
    """The free officer who can be there soonest; those not asked about it yet come first.

    Whoever gave it back or did not answer is asked again only when nobody else is free and
    ``again_s`` have passed.
    """
    place = place_of(work, incident)
    tried = {
        order.officer: order.history[-1].at_ns
        for order in orders_of(work.unit, incident)
        if order.state in (OrderState.RETURNED, OrderState.EXPIRED)
    }
    free = [
        candidate(work.unit, officer, place)
        for officer in work.site.officers
        if is_free(work.unit, officer)
    ]
    fresh = [one for one in free if one.officer.id not in tried]
    again = [
        one
        for one in free
        if one.officer.id in tried and work.ago_s(tried[one.officer.id]) >= work.patience.again_s
    ]
    pool = fresh or again
    return min(pool, key=lambda one: (one.eta_s, one.officer.id), default=None)


def send_officer(
    work: Work,
    incident: Incident,
    reason: Text,
    *,
    actor: str = SYSTEM,
    officer: Officer | None = None,
) -> Incident:
    """Offer the incident to an officer; with nobody free it stays as it is (``tick`` retries).

    Args:
        officer: this one, else the nearest free one.
    """
    if open_order(work.unit, incident) is not None:
        return incident
    chosen = (
        candidate(work.unit, officer, place_of(work, incident))
        if officer is not None
        else nearest(work, incident)
    )
    number = len(incident.orders) + 1
    if chosen is None:
        key = f"{incident.id}:nobody-free:{number}"
        work.note_once(key, "dispatch.waits", incident.id, words.nobody_free())
        return incident
    order = Order(
        id=f"{incident.id}-order{number}",
        incident=incident.id,
        officer=chosen.officer.id,
        state=OrderState.OFFERED,
        history=(
            StateChange(
                state=OrderState.OFFERED.value,
                at_ns=work.now_ns,
                actor=actor,
                reason=reason,
            ),
        ),
        place=place_of(work, incident),
        distance_m=chosen.distance_m,
        eta_s=chosen.eta_s,
    )
    work.unit.orders.put(order)
    facts = {
        "incident": incident.id,
        "officer": order.officer,
        "distance_m": round(order.distance_m, 1),
        "eta_s": round(order.eta_s, 1),
    }
    work.note("order.offered", order.id, reason, facts, actor)
    work.send(ORDERS, order)
    incident = work.save(incident.model_copy(update={"orders": (*incident.orders, order.id)}))
    return work.step(incident, IncidentState.DISPATCHED, reason, actor=actor)


def give_back(
    work: Work, incident: Incident, order: Order, to: OrderState, reason: Text, at_ns: int
) -> Incident:
    """An order was returned or ran out: the incident seeks the next officer."""
    actor = order.officer if to is OrderState.RETURNED else SYSTEM
    order = turn(work, order, to, reason, actor=actor, at_ns=at_ns)
    if to is OrderState.EXPIRED:
        work.send(ORDERS, order)
    if incident.state not in WITH_OFFICER:
        return incident
    incident = work.step(incident, IncidentState.DISPATCHED, reason, actor=actor, at_ns=at_ns)
    return send_officer(work, incident, reason)


def call_off(work: Work, incident: Incident, reason: Text, *, actor: str) -> None:
    """Cancel the open order of an incident, if there is one."""
    order = open_order(work.unit, incident)
    if order is not None:
        order = turn(work, order, OrderState.CANCELLED, reason, actor=actor, at_ns=work.now_ns)
        work.send(ORDERS, order)


def expire(work: Work, incident: Incident) -> Incident:
    """Take the order back from an officer who does not acknowledge it in time."""
    order = open_order(work.unit, incident)
    if order is None or order.state is not OrderState.OFFERED:
        return incident
    patience_s = work.patience.acknowledge_s
    if work.ago_s(order.history[-1].at_ns) < patience_s:
        return incident
    reason = words.officer_silent(order.officer, patience_s)
    return give_back(work, incident, order, OrderState.EXPIRED, reason, work.now_ns)


def turn(
    work: Work,
    order: Order,
    to: OrderState,
    reason: Text,
    *,
    actor: str,
    at_ns: int,
    result: Text = NO_WORDS,
) -> Order:
    """Bring an order into another state: store and audit log."""
    step = StateChange(
        state=to.value,
        at_ns=max(at_ns, order.history[-1].at_ns),
        actor=actor,
        reason=reason,
    )
    changed = order.model_copy(
        update={
            "state": to,
            "history": (*order.history, step),
            "result": order.result if result.blank else result,
        }
    )
    work.unit.orders.put(changed)
    detail = {"incident": order.incident, "from": order.state.value, "to": to.value}
    work.note("order.state", order.id, reason, detail, actor)
    return changed


def orders_of(unit: Unit, incident: Incident) -> list[Order]:
    """The orders of an incident, oldest first."""
    found = (unit.orders.get(name) for name in incident.orders)
    return [order for order in found if order is not None]


def open_order(unit: Unit, incident: Incident) -> Order | None:
    """The order that is being worked on; an incident has one at most."""
    for order in reversed(orders_of(unit, incident)):
        if order.state in OPEN_ORDERS:
            return order
    return None


def place_of(work: Work, incident: Incident) -> GeoPoint:
    """Where to go: the camera's place, else the middle of the township."""
    return incident.place or work.site.centre


def waits_for_officer(work: Work, incident: Incident) -> bool:
    """True when an officer is sought for the incident and none has an order for it."""
    return incident.state is IncidentState.DISPATCHED and open_order(work.unit, incident) is None
