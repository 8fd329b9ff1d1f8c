"""What the desk must do in time: when it falls due, and what follows when it is not done.

Ids are made from what and when, so a task is made once whoever makes it, and a timer that was
acted on is a state in the store: a restart does nothing twice.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo

from alerts.duty import words
from alerts.duty.plan import current, local_time, utc_ns
from core.clock import NS_PER_S
from core.config.duty import Duty
from core.duty import DutyTask, PlannedTurn, TaskKind, TaskState
from core.store.unit import Unit
from core.value import Text

OVERDUE = {
    TaskKind.SIGN_ON: "duty.sign_on_late",
    TaskKind.PATROL: "duty.patrol_overdue",
    TaskKind.AWAKE: "duty.awake_missed",
}
_LONGEST_DAY_S = 25 * 3600
OPEN = tuple(state.value for state in TaskState if state is not TaskState.DONE)


def falling_due(duty: Duty, zone: tzinfo, since_ns: int, until_ns: int) -> Iterator[DutyTask]:
    """Patrols and questions whose time lies after ``since_ns`` and not after ``until_ns``."""
    day = local_time(since_ns, zone).date()
    last = local_time(until_ns, zone).date()
    while day <= last:
        for patrol in (one for one in duty.patrols if one.due_on(day)):
            for at in patrol.times:
                moment = datetime.combine(day, at, zone)
                if since_ns < utc_ns(moment) <= until_ns:
                    yield _task(
                        TaskKind.PATROL,
                        patrol.id,
                        patrol.name,
                        moment,
                        patrol.within_s,
                        ask=patrol.ask,
                        cameras=patrol.cameras,
                    )
        midnight = datetime.combine(day, datetime.min.time(), zone)
        for slot in range(0, _LONGEST_DAY_S, duty.awake.every_s):
            # Counted in UTC: on the day that the clocks change no half hour is left out.
            moment = datetime.fromtimestamp(midnight.timestamp() + slot, zone)
            if moment.date() != day or not since_ns < utc_ns(moment) <= until_ns:
                continue
            if any(hours.covers(moment.time()) for hours in duty.awake.hours):
                yield _task(TaskKind.AWAKE, "desk", words.AWAKE, moment, duty.awake.answer_s)
        day += timedelta(days=1)


def sign_on_task(duty: Duty, turn: PlannedTurn, now_ns: int) -> DutyTask:
    """Somebody shall sign on for a turn; who was not awaited until now has the time from now."""
    limit_ns = max(turn.start_ns, now_ns) + round(duty.late_s * NS_PER_S)
    return DutyTask(
        id=f"sign_on/{turn.id}",
        kind=TaskKind.SIGN_ON,
        what=turn.id,
        name=turn.name,
        due_ns=turn.start_ns,
        limit_ns=limit_ns,
        chief=turn.chief,
    )


def make_due(unit: Unit, duty: Duty, zone: tzinfo, since_ns: int, now_ns: int) -> None:
    """Store the tasks that fell due; those nobody could still answer in time are left out."""
    for task in falling_due(duty, zone, since_ns, now_ns):
        if task.limit_ns > now_ns and unit.duty_tasks.get(task.id) is None:
            turn = current(duty, zone, task.due_ns)
            unit.duty_tasks.put(task.model_copy(update={"chief": turn.chief if turn else None}))


def look_after(unit: Unit, task: DutyTask, now_ns: int, escalate_s: float) -> DutyTask:
    """Tell the chief of a task that is overdue, then those above; each once."""
    if task.state is TaskState.DUE and now_ns >= task.limit_ns:
        told = task.model_copy(update={"state": TaskState.TOLD, "told_ns": now_ns})
        unit.duty_tasks.put(told)
        unit.audit.append("system", OVERDUE[task.kind], task.id, "", _facts(task))
        return told
    escalate_ns = (task.told_ns or now_ns) + round(escalate_s * NS_PER_S)
    if task.state is TaskState.TOLD and now_ns >= escalate_ns:
        raised = task.model_copy(update={"state": TaskState.ESCALATED, "escalated_ns": now_ns})
        unit.duty_tasks.put(raised)
        unit.audit.append("system", "duty.escalated", task.id, "", _facts(task))
        return raised
    return task


def finish(unit: Unit, task: DutyTask, user: str, now_ns: int, remark: str = "") -> DutyTask:
    """It was done, in time or late; a second time changes nothing."""
    if not task.open:
        return task
    done = task.model_copy(
        update={
            "state": TaskState.DONE,
            "done_ns": now_ns,
            "done_by": user,
            "remark": remark,
        }
    )
    unit.duty_tasks.put(done)
    late = {"late": now_ns > task.limit_ns}
    unit.audit.append(user, f"duty.{task.kind.value}_done", task.id, remark, _facts(task) | late)
    return done


def _facts(task: DutyTask) -> dict[str, object]:
    return {
        "what": task.what,
        "zh": task.name.zh,
        "en": task.name.en,
        "chief": task.chief,
        "due_ns": task.due_ns,
    }


def _task(
    kind: TaskKind,
    what: str,
    name: Text,
    moment: datetime,
    within_s: float,
    *,
    ask: Text = words.NOTHING,
    cameras: tuple[str, ...] = (),
) -> DutyTask:
    due_ns = utc_ns(moment)
    return DutyTask(
        id=f"{kind.value}/{what}/{moment:%Y-%m-%dT%H:%M%z}",
        kind=kind,
        what=what,
        name=name,
        ask=ask,
        cameras=cameras,
        due_ns=due_ns,
        limit_ns=due_ns + round(within_s * NS_PER_S),
    )
