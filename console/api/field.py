"""The officer's phone: duty, orders, acts, places and alarms.

Every request carries an id that the phone made, so that what is sent again after a dead zone is
taken once. An account sees the orders of its own officer and nothing else of the house.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

from console.api.evidence import evidence_file
from console.api.site import ground_of
from console.context import Context, Ctx, context_of
from console.errors import not_found
from console.feed import Item
from console.field import acts, alarms, track
from console.field.models import (
    ActIn,
    ActOut,
    AlarmIn,
    FieldAlarmOut,
    FieldState,
    PointsIn,
    PointsOut,
    Sent,
)
from console.field.view import SHOWN_ROLES, alarm_out, state_of
from console.field.who import Here, InField, own_order, shown
from console.sessions import COOKIE
from core.clock import NS_PER_S
from core.messages import IncidentChanged

router = APIRouter(prefix="/field", tags=["field"])

LOOK_S = 15
"""Orders are looked at this often even when nothing was heard of them."""
PING_S = 15


@router.get("/state")
def state(ctx: Ctx, here: Here) -> FieldState:
    """All the phone shows; for the start and for networks that carry no events."""
    return state_of(ctx, here)


@router.get("/map", response_model=dict[str, Any])
def ground(ctx: Ctx, _: Here) -> JSONResponse:
    """The map's ground as GeoJSON (RFC 7946); the phone keeps it for dead zones."""
    return ground_of(ctx)


@router.get("/events", response_class=EventSourceResponse)
async def events(request: Request, here: Here) -> EventSourceResponse:
    """``state`` whenever what the phone shows has changed; ``signed-out`` comes last."""
    return EventSourceResponse(_events(request, here), ping=PING_S)


async def _events(request: Request, here: InField) -> AsyncIterator[ServerSentEvent]:
    ctx = context_of(request)
    said = ""
    topics = ("incidents", "alarms", "notices", "watching")
    with ctx.services.feed.listen(topics) as listener:
        while True:
            signed = await run_in_threadpool(ctx.sessions.check, request.cookies.get(COOKIE))
            if signed is None or signed.user.officer != here.id:
                yield ServerSentEvent(event="signed-out", data="{}")
                return
            now = await run_in_threadpool(state_of, ctx, here)
            fresh = now.model_dump_json(exclude={"now"})
            if fresh != said:
                said = fresh
                yield ServerSentEvent(event="state", data=json.dumps(now.model_dump(mode="json")))
            looked_ns = ctx.services.clock.monotonic_ns()
            while (news := await listener.take(LOOK_S)) and not _concerns_orders(news):
                if ctx.services.clock.monotonic_ns() - looked_ns >= LOOK_S * NS_PER_S:
                    break
            # A burst of news must not become a burst of look-ups.
            await asyncio.sleep(0.2)


def _concerns_orders(news: list[Item]) -> bool:
    """True when an officer's phone may have something else to show."""
    return any(
        not isinstance(message, IncidentChanged) or message.incident.orders for _, message in news
    )


@router.get("/orders/{order_id}/evidence/{evidence_id}", response_class=FileResponse)
def evidence(order_id: str, evidence_id: str, request: Request, ctx: Ctx, here: Here) -> Response:
    """What was seen, while the order is the officer's. Looks are written down."""
    with ctx.services.store.read() as unit:
        order = own_order(unit, here, order_id)
        item = unit.evidence.get(evidence_id)
    near = shown(order, ctx.services.clock.utc_ns())
    if item is None or not near or item.incident != order.incident or item.role not in SHOWN_ROLES:
        raise not_found("evidence", evidence_id)
    return evidence_file(ctx, here.signed, item, request)


@router.post("/acts")
def act(given: ActIn, ctx: Ctx, here: Here) -> ActOut:
    """Duty on and off, an answer to an order, a request for support."""
    taken = acts.take(ctx, here, given)
    return ActOut(id=taken.id, outcome=taken.outcome, order_state=_order_state(ctx, taken.order))


@router.post("/positions")
def positions(given: PointsIn, ctx: Ctx, here: Here) -> PointsOut:
    """Where the officer was while on duty; what lies outside duty is not kept."""
    return track.take(ctx, here, given)


@router.post("/alarms")
def alarm(given: AlarmIn, ctx: Ctx, here: Here) -> FieldAlarmOut:
    """Call for help."""
    return alarm_out(alarms.raise_alarm(ctx, here, given))


@router.post("/alarms/{alarm_id}/withdraw")
def withdraw(alarm_id: str, given: Sent, ctx: Ctx, here: Here) -> FieldAlarmOut:
    """It was a mistake; only shortly after."""
    return alarm_out(alarms.withdraw(ctx, here, alarm_id, given))


def _order_state(ctx: Context, order_id: str | None) -> Any:
    if order_id is None:
        return None
    with ctx.services.store.read() as unit:
        order = unit.orders.get(order_id)
    return order.state if order else None
