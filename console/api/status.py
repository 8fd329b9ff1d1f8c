"""How cameras and officers are right now."""

from fastapi import APIRouter

from console.api.models import HealthOut, OfficerNow, OrderOut
from console.api.outward import outward
from console.context import Ctx, Viewer
from core.cases import OfficerPosition, OfficerStatus, Order, OrderState
from core.clock import NS_PER_S, iso
from core.presence import Presence, phones, presence

router = APIRouter(tags=["status"])

RUNNING = (
    OrderState.OFFERED,
    OrderState.ACKNOWLEDGED,
    OrderState.EN_ROUTE,
    OrderState.ON_SCENE,
)


@router.get("/health")
def health(ctx: Ctx, _: Viewer) -> list[HealthOut]:
    """The latest view of every camera by the recorder and by the analyst."""
    running = {one.id for one in ctx.services.site.cameras if one.enabled}
    return [
        HealthOut.model_validate(outward(one))
        for one in ctx.services.feed.health()
        if one.camera in running
    ]


@router.get("/officers")
def officers(ctx: Ctx, _: Viewer) -> list[OfficerNow]:
    """Where every officer is, whether on duty, and the order each is on."""
    site, now_ns = ctx.services.site, ctx.services.clock.utc_ns()
    with ctx.services.store.read() as unit:
        positions = {one.officer: one for one in unit.positions.find()}
        orders = {one.officer: one for one in unit.orders.find(state=[s.value for s in RUNNING])}
        with_phone = phones(unit)
        there = {
            officer.id: presence(unit, site, officer, now_ns, with_phone)
            for officer in site.officers
        }
    out = []
    for officer in site.officers:
        position, order = positions.get(officer.id), orders.get(officer.id)
        present = there[officer.id]
        silent_ns = round(site.dispatch.patience.silent_s * NS_PER_S)
        out.append(
            OfficerNow(
                officer=officer.id,
                name=officer.name,
                call_sign=officer.call_sign,
                place=position.place if position else officer.place,
                accuracy_m=position.accuracy_m if position else None,
                status=_status(present, position, order),
                silent=present.on and position is not None and now_ns - position.at_ns > silent_ns,
                by=present.by,
                due=present.due,
                hours=present.hours,
                since=iso(present.since_ns) if present.since_ns is not None else None,
                at=iso(position.at_ns) if position else None,
                order=OrderOut.model_validate(outward(order)) if order else None,
            )
        )
    return out


def _status(
    present: Presence, position: OfficerPosition | None, order: Order | None
) -> OfficerStatus:
    """As dispatch sees it; what was only offered keeps nobody busy in people's eyes."""
    if not present.on:
        return OfficerStatus.OFF
    if order is not None and order.state is not OrderState.OFFERED:
        return OfficerStatus.BUSY
    if present.by == "roster" and position is not None:
        return position.status
    return OfficerStatus.FREE
