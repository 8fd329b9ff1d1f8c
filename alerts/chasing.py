"""Orders that take too long: the officer is reminded (催办), then the duty chief is called.

Every wait is told from times that are stored, so a restart changes nothing, and everything is said
once. The one thing the program does by itself is to seek another officer: for an offer that is not
acknowledged, and for an officer on the way whose phone fell silent or who went off duty.
"""

from alerts import dispatch, words
from alerts.lifecycle import since_ns
from alerts.notices import tell_chief, tell_officer
from alerts.officers import OPEN_ORDERS, off_s, silent_s
from alerts.work import Work
from core.cases import Incident, IncidentState, NoticeKind, Order, OrderState
from core.value import Text

_ON_THE_WAY = (OrderState.ACKNOWLEDGED, OrderState.EN_ROUTE)


def look_after(work: Work, incident: Incident) -> Incident:
    """Remind, call the chief and seek others where the time is over."""
    for order in dispatch.orders_of(work.unit, incident):
        if order.state is OrderState.OFFERED:
            incident = _expire(work, incident, order)
        elif order.state in OPEN_ORDERS:
            incident = _chase(work, incident, order)
    _in_vain(work, incident)
    return incident


def allowed_s(work: Work, order: Order) -> float:
    """Seconds that an officer may stay in the state the order is in."""
    patience = work.site.dispatch.patience
    match order.state:
        case OrderState.OFFERED:
            return patience.acknowledge_s
        case OrderState.ACKNOWLEDGED:
            return patience.depart_s
        case OrderState.EN_ROUTE:
            return order.eta_s * patience.late_factor + patience.late_s
        case _:
            return patience.handle_s


def _expire(work: Work, incident: Incident, order: Order) -> Incident:
    """Take the order back from an officer who does not acknowledge it in time."""
    patience_s = allowed_s(work, order)
    if work.ago_s(order.history[-1].at_ns) < patience_s:
        return incident
    reason = words.officer_silent(order.officer, patience_s)
    return dispatch.give_back(work, incident, order, OrderState.EXPIRED, reason, work.now_ns)


def _chase(work: Work, incident: Incident, order: Order) -> Incident:
    patience = work.site.dispatch.patience
    late_s = work.ago_s(order.history[-1].at_ns) - allowed_s(work, order)
    if late_s >= 0:
        key = f"{order.id}:{order.state.value}:late"
        tell_officer(work, order, key, words.late(order.state))
        if late_s >= patience.escalate_s:
            text = words.late_officer(order.officer, order.state)
            tell_chief(work, incident, NoticeKind.ESCALATED, key, text, order)
    away_s = off_s(work, order)
    if away_s >= 0:
        reason = words.officer_went_off(order.officer)
        return _replace(work, incident, order, "off", away_s, words.went_off(), reason)
    # An answer is a sign of life as good as a position.
    answered_s = work.ago_s(order.history[-1].at_ns) - patience.silent_s
    gone_s = min(silent_s(work, order.officer), answered_s)
    if gone_s < 0:
        return incident
    reason = words.phone_silent(order.officer, patience.silent_s + patience.escalate_s)
    return _replace(work, incident, order, "silent", gone_s, words.report_position(), reason)


def _replace(
    work: Work, incident: Incident, order: Order, why: str, gone_s: float, ask: Text, reason: Text
) -> Incident:
    """Chase an officer who is lost to us, then tell the chief and seek another one."""
    key = f"{order.id}:{order.state.value}:{why}"
    tell_officer(work, order, key, ask)
    if gone_s < work.site.dispatch.patience.escalate_s:
        return incident
    tell_chief(work, incident, NoticeKind.ESCALATED, key, reason, order)
    if order.state not in _ON_THE_WAY:
        return incident  # Whoever has arrived is at work; a person must find out.
    return dispatch.give_back(work, incident, order, OrderState.EXPIRED, reason, work.now_ns)


def _in_vain(work: Work, incident: Incident) -> None:
    """Nobody has taken it on for too long, whether they were asked or not."""
    escalate_s = work.site.dispatch.patience.escalate_s
    if incident.state is IncidentState.DISPATCHED and work.ago_s(since_ns(incident)) >= escalate_s:
        key = f"{incident.id}:in-vain:{len(incident.history)}"
        text = words.sought_in_vain(escalate_s)
        tell_chief(work, incident, NoticeKind.ESCALATED, key, text)
