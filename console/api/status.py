"""How cameras and officers are right now."""

from fastapi import APIRouter

from console.api.models import HealthOut, OfficerNow, OrderOut
from console.api.outward import outward
from console.context import Ctx, Viewer
from core.cases import OfficerStatus, OrderState
from core.clock import iso

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
    """Where every officer is, and the order each is on."""
    with ctx.services.store.read() as unit:
        positions = {one.officer: one for one in unit.positions.find()}
        orders = {one.officer: one for one in unit.orders.find(state=[s.value for s in RUNNING])}
    out = []
    for officer in ctx.services.site.officers:
        position, order = positions.get(officer.id), orders.get(officer.id)
        out.append(
            OfficerNow(
                officer=officer.id,
                name=officer.name,
                call_sign=officer.call_sign,
                place=position.place if position else officer.place,
                accuracy_m=position.accuracy_m if position else None,
                status=position.status if position else OfficerStatus.FREE,
                at=iso(position.at_ns) if position else None,
                order=OrderOut.model_validate(outward(order)) if order else None,
            )
        )
    return out
