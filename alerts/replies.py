"""What officers answer moves their order and the incident on."""

from alerts import dispatch, resolution, words
from alerts.lifecycle import WITH_OFFICER
from alerts.officers import OPEN_ORDERS
from alerts.work import Work
from core.cases import Incident, IncidentState, Order, OrderState
from core.messages import OrderReply
from core.value import NO_WORDS

COURSE = (
    OrderState.OFFERED,
    OrderState.ACKNOWLEDGED,
    OrderState.EN_ROUTE,
    OrderState.ON_SCENE,
    OrderState.HANDLED,
)
"""The states an order goes through, in order; incidents share the names from the second on."""


def take(work: Work, reply: OrderReply) -> None:
    """Take in one reply; one heard before, or overtaken by a later one, changes nothing."""
    if not work.unit.first_time(f"reply:{reply.id}"):
        return
    order = work.unit.orders.get(reply.order)
    incident = work.unit.incidents.get(order.incident) if order else None
    if order is None or incident is None or order.officer != reply.officer:
        facts = {"officer": reply.officer, "state": reply.state.value}
        work.note("order.reply_unknown", reply.order, reply.note, facts, reply.officer)
        return
    if order.state not in OPEN_ORDERS:
        facts = {"order_is": order.state.value, "reply": reply.state.value}
        work.note("order.reply_late", order.id, reply.note, facts, reply.officer)
        return
    if reply.state is OrderState.RETURNED:
        reason = words.officer_returned(reply.officer, reply.note)
        dispatch.give_back(work, incident, order, OrderState.RETURNED, reason, reply.at_ns)
    elif reply.state in COURSE:
        incident = _go_on(work, incident, order, reply)
        if reply.support and incident.state in WITH_OFFICER:
            reason = words.wants_support(reply.officer, reply.note)
            dispatch.ask_support(work, incident, reason, actor=reply.officer)
    else:
        facts = {"reply": reply.state.value}
        work.note("order.reply_unknown", order.id, reply.note, facts, reply.officer)


def _go_on(work: Work, incident: Incident, order: Order, reply: OrderReply) -> Incident:
    """Walk to the state replied; steps whose own reply was lost are implied by it."""
    here, there = COURSE.index(order.state), COURSE.index(reply.state)
    for state in COURSE[here + 1 : there + 1]:
        last = state is reply.state
        reason = reply.note if last else words.implied_by(reply.state)
        order = dispatch.turn(
            work,
            order,
            state,
            reason,
            actor=reply.officer,
            at_ns=reply.at_ns,
            result=reply.note if state is OrderState.HANDLED else NO_WORDS,
        )
        if order.role == "lead" and incident.state in WITH_OFFICER:
            incident = work.step(
                incident,
                IncidentState(state.value),
                reason,
                actor=reply.officer,
                at_ns=reply.at_ns,
                detail={"order": order.id},
            )
    if incident.state is not IncidentState.HANDLED:
        return incident
    over = words.supports_no_more()
    incident = dispatch.call_off(work, incident, over, actor=reply.officer, role="support")
    return resolution.check(work, incident)
