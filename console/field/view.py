"""What an officer's phone is shown: its own orders, and no more of anything than they need."""

from console.api.outward import outward
from console.context import Context
from console.field.models import (
    FieldAlarmOut,
    FieldOfficer,
    FieldOrder,
    FieldSite,
    FieldState,
    PlaceCorrected,
    SeenEvidence,
    SeenIncident,
)
from console.field.who import DONE_SHOWN_NS, MINE, InField, shown
from core.cases import EvidenceItem, Incident, Order, OrderState
from core.clock import NS_PER_S, iso
from core.fieldwork import AlarmState, FieldAlarm
from core.presence import duty_by_phone
from core.store.unit import Unit
from core.value import NO_WORDS, Text

SHOWN_ROLES = ("clip", "snapshot", "before", "snapshot_before", "tip_photo")
"""What shows the act; recordings of the room and case papers stay at the desk."""
ANSWER_SHOWN_NS = 600 * NS_PER_S
"""So long an officer sees that somebody at the desk took the call for help."""
TOLD_PLACE = Text(zh="群众举报地点", en="Place of a public tip")
_INCIDENTS_LOOKED_AT = 200
_MOST_ORDERS = 20
_MOST_ALARMS = 5


def state_of(ctx: Context, here: InField) -> FieldState:
    """Everything on the phone."""
    site, now_ns = ctx.services.site, ctx.services.clock.utc_ns()
    with ctx.services.store.read() as unit:
        duty = duty_by_phone(unit, here.id)
        found = _recent(unit, here.id, now_ns)
        on = duty is not None and duty.on
        orders = [order_out(ctx, unit, order, now_ns, on_duty=on) for order in found]
        alarms = [
            one
            for one in unit.field_alarms.find(
                officer=here.id, newest_by="at_ns", limit=_MOST_ALARMS
            )
            if one.state is not AlarmState.ACKNOWLEDGED
            or now_ns - one.history[-1].at_ns < ANSWER_SHOWN_NS
        ]
    for order in found:
        if order.state in MINE:
            ctx.views.note(here.signed, "incident.view", order.incident, order=order.id)
    return FieldState(
        now=iso(now_ns),
        officer=FieldOfficer(id=here.id, name=here.officer.name, call_sign=here.officer.call_sign),
        site=FieldSite(name=site.name, timezone=site.timezone, centre=site.centre),
        duty=on,
        since=iso(duty.start_ns) if duty is not None and on else None,
        orders=[one for one in orders if one is not None],
        alarms=[alarm_out(one) for one in alarms],
        watched=ctx.watchers.of(here.id),
    )


def alarm_out(alarm: FieldAlarm) -> FieldAlarmOut:
    """An alarm as it leaves the house."""
    fix = alarm.fix
    return FieldAlarmOut(
        id=alarm.id,
        officer=alarm.officer,
        state=alarm.state,
        at=iso(alarm.at_ns),
        place=fix.place if fix else None,
        accuracy_m=fix.accuracy_m if fix else None,
        order=alarm.order,
    )


def order_out(
    ctx: Context, unit: Unit, order: Order, now_ns: int, *, on_duty: bool
) -> FieldOrder | None:
    """One order with the incident it is about; None when the incident is gone."""
    incident = unit.incidents.get(order.incident)
    if incident is None:
        return None
    near = shown(order, now_ns)
    evidence = unit.evidence.find(incident=incident.id, role=list(SHOWN_ROLES)) if near else []
    last = order.history[-1]
    moved = order.corrections[-1] if near and order.corrections else None
    return FieldOrder(
        id=order.id,
        state=order.state,
        offered=iso(order.history[0].at_ns),
        changed=iso(last.at_ns),
        reason=last.reason,
        chased=_chased(unit, order, on_duty=on_duty),
        eta_s=order.eta_s,
        distance_m=order.distance_m,
        place=order.place if near else None,
        corrected=PlaceCorrected.model_validate(outward(moved)) if moved else None,
        incident=_incident(ctx, incident),
        evidence=[_evidence(order, one) for one in sorted(evidence, key=_as_it_happened)],
    )


def _recent(unit: Unit, officer: str, now_ns: int) -> list[Order]:
    """Those to act on and those that ended lately, the newest first.

    An officer's orders become many over the years: ended ones are looked for among the newest
    incidents only.
    """
    lately = unit.incidents.find(newest_by="started_ns", limit=_INCIDENTS_LOOKED_AT)
    ended = unit.orders.find(
        officer=officer,
        incident=[one.id for one in lately],
        state=[one.value for one in OrderState if one not in MINE],
    )
    found = unit.orders.find(officer=officer, state=[one.value for one in MINE])
    found += [one for one in ended if now_ns - one.history[-1].at_ns < DONE_SHOWN_NS]
    found.sort(key=lambda one: (one.history[0].at_ns, one.id), reverse=True)
    return found[:_MOST_ORDERS]


def _chased(unit: Unit, order: Order, *, on_duty: bool) -> Text | None:
    """The newest reminder that still holds: of the state the order is in.

    Of silence no phone need be told that is heard of, nor of duty's end one that is on duty again.
    """
    if order.state not in MINE:
        return None
    about = f"{order.id}:{order.state.value}:"
    over = ("silent", "off") if on_duty else ("silent",)
    told = [
        one
        for one in unit.notices.find(incident=order.incident, audience="officer")
        if one.id.startswith(about) and one.id.removeprefix(about).partition(":")[0] not in over
    ]
    newest = max(told, key=lambda one: (one.at_ns, one.id), default=None)
    return newest.text if newest is not None else None


def _as_it_happened(item: EvidenceItem) -> tuple[int, str]:
    return item.first_ns, item.id


def _evidence(order: Order, item: EvidenceItem) -> SeenEvidence:
    fields = outward(item)
    return SeenEvidence(
        id=item.id,
        role=item.role,
        mime=item.mime,
        bytes=item.bytes,
        first=fields["first"],
        url=f"/api/v1/field/orders/{order.id}/evidence/{item.id}",
    )


def _incident(ctx: Context, incident: Incident) -> SeenIncident:
    site = ctx.services.site
    camera = site.camera(incident.camera)
    zone = camera.zone(incident.zone) if camera else None
    row = next((one for one in site.catalogue.rows if one.id == incident.catalogue_row), None)
    return SeenIncident(
        id=incident.id,
        kind=incident.kind,
        severity=incident.severity,
        state=incident.state,
        started=iso(incident.started_ns),
        why=incident.why,
        camera=camera.name if camera else NO_WORDS if incident.camera else TOLD_PLACE,
        zone=zone.name if zone else NO_WORDS,
        act=row.act if row else None,
        basis=row.basis if row else "",
    )
