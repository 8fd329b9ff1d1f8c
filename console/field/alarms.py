"""An officer's call for help: at every desk at once, and until somebody answers it."""

from console.context import Context
from console.errors import ProblemError, not_found
from console.field.models import AlarmIn, Sent
from console.field.times import happened
from console.field.who import InField, fix_of, fix_text
from console.sessions import Signed
from core.cases import StateChange
from core.clock import NS_PER_S
from core.fieldwork import AlarmState, FieldAlarm
from core.store.unit import Unit
from core.value import Text

WITHDRAW_NS = 60 * NS_PER_S
"""So long the officer may say that it was a mistake. The desk sees both, and must still look."""


def raise_alarm(ctx: Context, here: InField, given: AlarmIn) -> FieldAlarm:
    """Take in an alarm; one heard before changes nothing.

    It is never refused, not even off duty: it overtakes everything else the phone has to say, the
    beginning of duty as well.
    """
    now_ns = ctx.services.clock.utc_ns()
    at_ns, phone_ns = happened(given.at, given.sent, now_ns)
    with ctx.services.store.begin() as unit:
        known = unit.field_alarms.get(given.id)
        if known is not None:
            return _own(known, here)
        alarm = FieldAlarm(
            id=given.id,
            officer=here.id,
            user=here.user,
            state=AlarmState.RAISED,
            at_ns=at_ns,
            phone_ns=phone_ns,
            received_ns=now_ns,
            fix=fix_of(given.fix),
            order=given.order,
        )
        alarm = _step(unit, alarm, AlarmState.RAISED, here.user, at_ns, "")
    _tell(ctx, alarm)
    return alarm


def withdraw(ctx: Context, here: InField, alarm_id: str, given: Sent) -> FieldAlarm:
    """The officer says that it was a mistake.

    Raises:
        ProblemError: 404 there is no such alarm, 409 too late.
    """
    at_ns, _ = happened(given.at, given.sent, ctx.services.clock.utc_ns())
    with ctx.services.store.begin() as unit:
        alarm = unit.field_alarms.get(alarm_id)
        if alarm is None:
            raise not_found("alarm", alarm_id)
        alarm = _own(alarm, here)
        if alarm.state is not AlarmState.RAISED:
            return alarm
        if at_ns - alarm.at_ns > WITHDRAW_NS:
            raise ProblemError(409, "too-late", "It is too late", "Tell the desk by word.")
        alarm = _step(unit, alarm, AlarmState.WITHDRAWN, here.user, at_ns, "")
    _tell(ctx, alarm)
    return alarm


def acknowledge(ctx: Context, signed: Signed, alarm_id: str, words: str) -> FieldAlarm:
    """Somebody at the desk takes care of it; the second who says so is told who was first."""
    with ctx.services.store.begin() as unit:
        alarm = unit.field_alarms.get(alarm_id)
        if alarm is None:
            raise not_found("alarm", alarm_id)
        if alarm.state is AlarmState.ACKNOWLEDGED:
            return alarm
        now_ns = ctx.services.clock.utc_ns()
        alarm = _step(unit, alarm, AlarmState.ACKNOWLEDGED, signed.user.name, now_ns, words)
    _tell(ctx, alarm)
    return alarm


def open_alarms(unit: Unit) -> list[FieldAlarm]:
    """Those nobody at the desk has answered, oldest first."""
    waiting = [AlarmState.RAISED.value, AlarmState.WITHDRAWN.value]
    return unit.field_alarms.find(state=waiting, newest_by="at_ns")[::-1]


def _step(
    unit: Unit, alarm: FieldAlarm, to: AlarmState, actor: str, at_ns: int, words: str
) -> FieldAlarm:
    change = StateChange(state=to.value, at_ns=at_ns, actor=actor, reason=Text.same(words))
    alarm = alarm.model_copy(update={"state": to, "history": (*alarm.history, change)})
    unit.field_alarms.put(alarm)
    detail = {"alarm": alarm.id, "place": fix_text(alarm.fix), "order": alarm.order or ""}
    unit.audit.append(actor, f"alarm.{to.value}", alarm.officer, words, detail)
    return alarm


def _own(alarm: FieldAlarm, here: InField) -> FieldAlarm:
    if alarm.officer != here.id:
        raise not_found("alarm", alarm.id)
    return alarm


def _tell(ctx: Context, alarm: FieldAlarm) -> None:
    # All desks are pages of this process; whoever is told outside is so from the audit log.
    ctx.services.feed.push("alarms", alarm)
