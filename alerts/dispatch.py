"""派单: the nearest free officer is sent, and the next one when that one cannot.

Nearest means soonest there, see :mod:`alerts.travel`. Officers beyond the fifteen-minute circle
are sent only when nobody within is free, those whose phone is silent only when nobody else is,
those without what the incident needs never by the program, those off duty never at all. The first
order also tells a contact nearby, who holds the scene until the officer comes. Officers who support
the first one have orders of their own, which do not move the incident.
"""

from typing import Literal

from alerts import words
from alerts.lifecycle import SYSTEM, WITH_OFFICER
from alerts.notices import tell_chief, tell_contact
from alerts.officers import OPEN_ORDERS, has_what_it_takes, is_free, silent_s
from alerts.travel import Journey, journeys
from alerts.work import Work
from core.cases import (
    Correction,
    Incident,
    IncidentState,
    NoticeKind,
    Order,
    OrderState,
    StateChange,
)
from core.config.people import Officer
from core.geometry import GeoPoint
from core.messages import ORDERS
from core.store.unit import Unit
from core.value import NO_WORDS, Text

Role = Literal["lead", "support"]
_GIVEN_BACK = (OrderState.RETURNED, OrderState.EXPIRED)
_S_PER_MINUTE = 60
_MOVED_M = 30.0
"""Nearer than this the officer sees the act from where he is sent, and a phone may be wrong by as
much: for such a correction nobody is disturbed on the way."""


def nearest(work: Work, incident: Incident) -> Journey | None:
    """The officer to ask next; those not asked about it yet come first.

    Whoever gave it back or did not answer is asked again only when nobody else is free and
    ``again_s`` have passed.
    """
    tried = {
        order.officer: order.history[-1].at_ns
        for order in orders_of(work.unit, incident)
        if order.state in _GIVEN_BACK
    }
    free = [
        officer
        for officer in work.site.officers
        if has_what_it_takes(work, officer, incident) and is_free(work, officer)
    ]
    again_s = work.site.dispatch.patience.again_s
    fresh = [one for one in free if one.id not in tried]
    again = [one for one in free if one.id in tried and work.ago_s(tried[one.id]) >= again_s]

    def rank(one: Journey) -> tuple[bool, bool, bool, float, str]:
        silent = silent_s(work, one.officer.id) >= 0
        beyond = one.eta_s > _circle_s(work)
        return (silent, not one.reachable, beyond, one.eta_s, one.officer.id)

    return min(journeys(work, place_of(work, incident), fresh or again), key=rank, default=None)


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
    number = len(incident.orders) + 1
    sent = _offer(work, incident, reason, "lead", actor=actor, officer=officer)
    if sent is None:
        key = f"{incident.id}:nobody-free:{number}"
        work.note_once(key, "dispatch.waits", incident.id, words.nobody_free())
        tell_chief(work, incident, NoticeKind.NOBODY, key, words.nobody_free())
        return incident
    _tell_contact(work, sent)
    return work.step(sent, IncidentState.DISPATCHED, reason, actor=actor)


def ask_support(
    work: Work,
    incident: Incident,
    reason: Text,
    *,
    actor: str,
    officer: Officer | None = None,
) -> Incident:
    """One officer more than there are; who is free now is asked now, else with a later tick."""
    facts = {"support": incident.support + 1}
    work.note("dispatch.support", incident.id, reason, facts, actor)
    incident = work.save(incident.model_copy(update={"support": incident.support + 1}))
    return send_support(work, incident, reason, actor=actor, officer=officer)


def send_support(
    work: Work,
    incident: Incident,
    reason: Text,
    *,
    actor: str = SYSTEM,
    officer: Officer | None = None,
) -> Incident:
    """Offer what support was asked for and nobody has yet."""
    if incident.state not in WITH_OFFICER:
        return incident
    there = [
        order
        for order in orders_of(work.unit, incident)
        if order.role == "support" and order.state not in (*_GIVEN_BACK, OrderState.CANCELLED)
    ]
    for _ in range(incident.support - len(there)):
        sent = _offer(work, incident, reason, "support", actor=actor, officer=officer)
        if sent is None:
            key = f"{incident.id}:no-support:{len(incident.orders) + 1}"
            tell_chief(work, incident, NoticeKind.NOBODY, key, words.nobody_supports())
            return incident
        incident, officer = sent, None
    return incident


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
    if order.role == "support":
        return send_support(work, incident, reason)
    incident = work.step(incident, IncidentState.DISPATCHED, reason, actor=actor, at_ns=at_ns)
    return send_officer(work, incident, reason)


def call_off(
    work: Work, incident: Incident, reason: Text, *, actor: str, role: Role | None = None
) -> Incident:
    """Cancel the open orders of an incident.

    Args:
        role: only these; without lead nobody is left to support, so None means both.
    """
    for order in orders_of(work.unit, incident):
        if order.state in OPEN_ORDERS and role in (None, order.role):
            order = turn(work, order, OrderState.CANCELLED, reason, actor=actor, at_ns=work.now_ns)
            work.send(ORDERS, order)
    if role == "lead" or incident.support == 0:
        return incident
    return work.save(incident.model_copy(update={"support": 0}))


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
    """The lead's order that is being worked on; an incident has one at most."""
    for order in reversed(orders_of(unit, incident)):
        if order.state in OPEN_ORDERS and order.role == "lead":
            return order
    return None


def place_of(work: Work, incident: Incident) -> GeoPoint:
    """Where to go: the act's place, else the camera's, else the middle of the township."""
    return incident.place or work.site.centre


def follow_place(work: Work, before: Incident, incident: Incident) -> None:
    """Open orders go where the act is known to be now, once that is really somewhere else.

    That is measured from where the officer was told to go: many small steps are a large one too.
    """
    place, error_m = incident.place, incident.place_error_m
    if place is None or (place, error_m) == (before.place, before.place_error_m):
        return
    least_m = max(error_m or 0.0, _MOVED_M)
    facts = {"place": place.model_dump(mode="json"), "place_error_m": error_m}
    known = before.place is not None and before.place_error_m is not None
    if not known or before.place is None or before.place.distance_m(place) > least_m:
        work.note("incident.place", incident.id, "", facts)
    for order in orders_of(work.unit, incident):
        moved_m = order.place.distance_m(place)
        if order.state not in OPEN_ORDERS or moved_m <= least_m:
            continue
        told = (*order.corrections, Correction(at_ns=work.now_ns, moved_m=moved_m))
        changes = {"place": place, "corrections": told}
        work.unit.orders.put(order.model_copy(update=changes))
        work.note("order.place", order.id, words.place_corrected(moved_m), facts)


def waits_for_officer(work: Work, incident: Incident) -> bool:
    """True when an officer is sought for the incident and none has an order for it."""
    return incident.state is IncidentState.DISPATCHED and open_order(work.unit, incident) is None


def _offer(
    work: Work, incident: Incident, reason: Text, role: Role, *, actor: str, officer: Officer | None
) -> Incident | None:
    """Make an order and send it; None when there is nobody to send it to."""
    place = place_of(work, incident)
    chosen = journeys(work, place, [officer])[0] if officer is not None else nearest(work, incident)
    if chosen is None:
        return None
    order = Order(
        id=f"{incident.id}-order{len(incident.orders) + 1}",
        incident=incident.id,
        officer=chosen.officer.id,
        state=OrderState.OFFERED,
        history=(
            StateChange(
                state=OrderState.OFFERED.value, at_ns=work.now_ns, actor=actor, reason=reason
            ),
        ),
        place=place,
        distance_m=chosen.distance_m,
        eta_s=chosen.eta_s,
        reckoned=chosen.reckoned,
        role=role,
    )
    work.unit.orders.put(order)
    facts = {
        "incident": incident.id,
        "officer": order.officer,
        "role": role,
        "distance_m": round(order.distance_m, 1),
        "eta_s": round(order.eta_s, 1),
        "reckoned": order.reckoned,
        "reachable": chosen.reachable,
    }
    work.note("order.offered", order.id, reason, facts, actor)
    work.send(ORDERS, order)
    incident = work.save(incident.model_copy(update={"orders": (*incident.orders, order.id)}))
    if not chosen.reachable or chosen.eta_s > _circle_s(work):
        text = words.beyond_circle(order.officer, chosen.eta_s / _S_PER_MINUTE, chosen.reachable)
        tell_chief(work, incident, NoticeKind.BEYOND_CIRCLE, order.id, text, order)
    return incident


def _tell_contact(work: Work, incident: Incident) -> None:
    """The contact of the camera, else the nearest one, is told in parallel with the offer."""
    place = place_of(work, incident)

    def rank(one: tuple[bool, float, str]) -> tuple[bool, float, str]:
        return (not one[0], one[1], one[2])

    near = [
        (incident.camera in one.cameras, one.place.distance_m(place), one.id)
        for one in work.site.contacts
    ]
    near = [one for one in near if one[0] or one[1] <= work.site.dispatch.contact_m]
    if near:
        camera = work.camera(incident)
        where = camera.name if camera else words.where(incident)
        tell_contact(work, incident, min(near, key=rank)[2], words.hold_the_scene(where))


def _circle_s(work: Work) -> float:
    return work.site.dispatch.circle_minutes * _S_PER_MINUTE
