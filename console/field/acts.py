"""What an officer did, taken once: store and audit log first, then the bus."""

import structlog

from console.context import Context
from console.errors import ProblemError, not_found
from console.field.models import ActIn, Did
from console.field.times import happened
from console.field.who import MINE, InField, fix_of, fix_text, own_order
from core.cases import OfficerPosition, OfficerStatus, OrderState
from core.clock import NS_PER_S
from core.fieldwork import FieldAct, FieldActKind, FieldDuty, Fix
from core.messages import ORDER_REPLIES, POSITIONS, OrderReply
from core.presence import duty_by_phone
from core.store.unit import Unit
from core.value import Text

_log = structlog.get_logger()

TRACK_KEPT_NS = 30 * 86_400 * NS_PER_S
"""Where officers were is forgotten after so long."""
_REPLIES: dict[Did, OrderState] = {
    "acknowledged": OrderState.ACKNOWLEDGED,
    "en_route": OrderState.EN_ROUTE,
    "on_scene": OrderState.ON_SCENE,
    "handled": OrderState.HANDLED,
    "returned": OrderState.RETURNED,
}
_NEEDS_WORDS = ("handled", "returned", "support")
_BUSY = (OrderState.ACKNOWLEDGED, OrderState.EN_ROUTE, OrderState.ON_SCENE)


def take(ctx: Context, here: InField, given: ActIn) -> FieldAct:
    """Take in one act; one heard before is answered as it was then.

    What follows from it goes to the bus with the act's own id, by which the desk knows it again:
    the bus may be told twice, nothing happens twice.

    Raises:
        ProblemError: 404 for an order of somebody else, 422 for what is missing, 503 when the bus
            did not take what follows; the phone sends it again then.
    """
    with ctx.services.store.begin() as unit:
        act = unit.field_acts.get(given.id)
        if act is None:
            act = _written(ctx, unit, here, given)
        elif act.officer != here.id:
            raise not_found("act", given.id)
    if act.handed_over:
        return act
    try:
        _follow(ctx, here, act)
    except Exception as error:
        _log.error("console.act_not_handed_over", act=act.id, error=str(error))
        raise ProblemError(
            503, "bus", "It could not be handed over", "Try again.", {"retry-after": "5"}
        ) from error
    act = act.model_copy(update={"handed_over": True})
    with ctx.services.store.begin() as unit:
        unit.field_acts.put(act)
    return act


def _written(ctx: Context, unit: Unit, here: InField, given: ActIn) -> FieldAct:
    words = given.words.strip()
    if given.did in _NEEDS_WORDS and not words:
        raise ProblemError(422, "words", "Words are needed", f"Say something for {given.did}.")
    now_ns = ctx.services.clock.utc_ns()
    at_ns, phone_ns = happened(given.at, given.sent, now_ns)
    act = FieldAct(
        id=given.id,
        officer=here.id,
        user=here.user,
        kind=_kind(given.did),
        at_ns=at_ns,
        phone_ns=phone_ns,
        received_ns=now_ns,
        state=_REPLIES.get(given.did),
        words=words,
        fix=fix_of(given.fix),
        media=tuple(given.media),
    )
    if act.kind in (FieldActKind.DUTY_ON, FieldActKind.DUTY_OFF):
        _duty(unit, act)
    else:
        act = _about_order(unit, here, act, given.order)
    unit.field_acts.put(act)
    detail = {
        "act": act.id,
        "at": given.at,
        "place": fix_text(act.fix),
        "order": act.order or "",
        "outcome": act.outcome,
        "media": list(act.media),
    }
    order = unit.orders.get(act.order) if act.order else None
    about = order.incident if order else here.id
    unit.audit.append(here.user, f"field.{given.did}", about, words, detail)
    return act


def _kind(did: Did) -> FieldActKind:
    return FieldActKind.REPLY if did in _REPLIES else FieldActKind(did)


def _about_order(unit: Unit, here: InField, act: FieldAct, order_id: str | None) -> FieldAct:
    if order_id is None:
        raise ProblemError(422, "order", "An order is needed", "Say which order it is about.")
    order = own_order(unit, here, order_id)
    late = order.state not in MINE
    return act.model_copy(update={"order": order.id, "outcome": "late" if late else "taken"})


def _duty(unit: Unit, act: FieldAct) -> None:
    """Begin or end a stretch of duty; on twice is on, off twice is off."""
    current = duty_by_phone(unit, act.officer)
    on = current is not None and current.on
    if act.kind is FieldActKind.DUTY_ON and not on:
        unit.field_duties.put(
            FieldDuty(id=act.id, officer=act.officer, user=act.user, start_ns=act.at_ns)
        )
        unit.field_track.forget_before("at_ns", act.received_ns - TRACK_KEPT_NS)
    elif act.kind is FieldActKind.DUTY_OFF and current is not None and on:
        end_ns = max(act.at_ns, current.start_ns)
        unit.field_duties.put(current.model_copy(update={"end_ns": end_ns}))


def _follow(ctx: Context, here: InField, act: FieldAct) -> None:
    """Tell the bus."""
    if act.kind in (FieldActKind.DUTY_ON, FieldActKind.DUTY_OFF):
        off = act.kind is FieldActKind.DUTY_OFF
        position = _position(ctx, here, act.at_ns, None if off else act.fix, off=off)
        # Dispatch must not miss that somebody came or went: not shown but sent.
        ctx.services.send(POSITIONS, position)
        return
    if act.outcome == "late" or act.order is None:
        return
    with ctx.services.store.read() as unit:
        order = own_order(unit, here, act.order)
    reply = OrderReply(
        id=act.id,
        order=order.id,
        officer=here.id,
        # Whoever asks for support stays where the order is.
        state=act.state or order.state,
        at_ns=act.at_ns,
        note=Text.same(act.words),
        support=act.kind is FieldActKind.SUPPORT,
    )
    ctx.services.send(ORDER_REPLIES, reply)


def show(ctx: Context, here: InField, at_ns: int, fix: Fix | None) -> None:
    """Tell the desk where the officer is now; nobody misses it when it is lost."""
    position = _position(ctx, here, at_ns, fix)
    if ctx.services.show is not None:
        ctx.services.show(POSITIONS, position)
    else:
        ctx.services.feed.push("positions", position)


def _position(
    ctx: Context, here: InField, at_ns: int, fix: Fix | None, *, off: bool = False
) -> OfficerPosition:
    """Off duty that is the post of the configuration and no place a phone has measured."""
    with ctx.services.store.read() as unit:
        orders = unit.orders.find(officer=here.id, state=[one.value for one in _BUSY], limit=1)
    status = OfficerStatus.OFF if off else OfficerStatus.BUSY if orders else OfficerStatus.FREE
    return OfficerPosition(
        officer=here.id,
        at_ns=at_ns,
        place=fix.place if fix else here.officer.place,
        accuracy_m=fix.accuracy_m if fix else None,
        status=status,
    )
