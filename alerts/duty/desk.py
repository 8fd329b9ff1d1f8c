"""The duty desk: one running turn at a time, from the first sign-on to a handover signed by both.

Everything is in the store and every step is one transaction with its entry in the audit log, so
a restart goes on where it was and no timer acts twice. Documents are set by the composition root,
which adds them (``core.duty.DutyDesk``).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from alerts.duty import handover as over
from alerts.duty import log, plan, tasks, words
from core.clock import NS_PER_S, Clock
from core.config.site import Site
from core.duty import (
    DutyNow,
    DutyRefusedError,
    DutyTask,
    DutyTurn,
    Handover,
    HandoverWords,
    LogCategory,
    LogLine,
    PlannedTurn,
    Side,
    SignOn,
    TaskKind,
)
from core.notifications import Cursor
from core.store.database import Store
from core.store.unit import Unit

_log = structlog.get_logger()

_TIMERS = "duty.timers"
_LOOK_S = 30


class Desk:
    """See :class:`core.duty.DutyDesk`. Thread-safe.

    Args:
        site: the configuration; replace it with :meth:`use`.
    """

    def __init__(self, site: Site, store: Store, clock: Clock) -> None:
        self.site, self._store, self._clock = site, store, clock
        self._lock = threading.RLock()
        self._looked: tuple[int, str] | None = None

    def use(self, site: Site) -> None:
        """Take another configuration for what comes next; a running turn keeps its plan."""
        self.site = site
        self._looked = None

    def now(self) -> DutyNow:
        """What is the case."""
        now_ns = self._clock.utc_ns()
        duty, zone = self.site.duty, self.site.zone_info
        with self._store.read() as unit:
            turn = _running(unit)
            began_ns = turn.began_ns if turn else now_ns - 8 * 3600 * NS_PER_S
            open_ones = unit.duty_tasks.find(state=list(tasks.OPEN))
            done = [
                one
                for one in unit.duty_tasks.find(newest_by="due_ns", limit=100, state="done")
                if (one.done_ns or 0) >= began_ns
            ]
            draft = unit.handovers.get(turn.id) if turn else None
            shown = sorted([*open_ones, *done], key=lambda one: (-one.due_ns, one.id))
            lacking = over.missing(draft, open_ones, self.site, now_ns) if draft else []
        return DutyNow(
            now_ns=now_ns,
            turn=turn,
            planned=plan.current(duty, zone, now_ns),
            next=plan.following(duty, zone, now_ns, turn.plan if turn else None),
            tasks=tuple(shown),
            handover=draft,
            missing=tuple(lacking),
        )

    def sign_on(self, user: str) -> DutyTurn:
        """Take a seat; begins the turn when none runs."""
        with self._change() as (unit, now_ns):
            turn = _running(unit)
            if turn is None:
                planned = plan.following(self.site.duty, self.site.zone_info, now_ns, None)
                if planned is None:
                    raise DutyRefusedError(words.nobody_planned())
                turn = self._begin(unit, planned, user, now_ns)
            elif user in turn.on_duty():
                raise DutyRefusedError(words.signed_on_already(user))
            return self._seat(unit, turn, user, now_ns)

    def sign_off(self, user: str) -> DutyTurn:
        """Leave the desk while a colleague stays."""
        with self._change() as (unit, now_ns):
            turn = _must_run(unit)
            if user not in turn.on_duty():
                raise DutyRefusedError(words.not_signed_on(user))
            if turn.on_duty() == (user,):
                raise DutyRefusedError(words.hand_over_first())
            turn = _left(turn, user, now_ns)
            unit.duty_turns.put(turn)
            unit.audit.append(user, "duty.off", turn.id)
            return turn

    def do(self, task_id: str, user: str, remark: str) -> DutyTask:
        """A patrol was made, or somebody is awake.

        Who answers now answers every older question of whether somebody is there.
        """
        with self._change() as (unit, now_ns):
            task = unit.duty_tasks.get(task_id)
            if task is None:
                raise DutyRefusedError(words.no_task(task_id))
            if task.kind is TaskKind.SIGN_ON:
                raise DutyRefusedError(words.sign_on_by_signing_on())
            turn = _must_run(unit)
            if user not in turn.on_duty():
                raise DutyRefusedError(words.not_signed_on(user))
            if task.kind is TaskKind.AWAKE:
                for older in unit.duty_tasks.find(
                    kind=TaskKind.AWAKE.value, state=list(tasks.OPEN)
                ):
                    if older.id != task.id:
                        tasks.finish(unit, older, user, now_ns)
            return tasks.finish(unit, task, user, now_ns, remark.strip())

    def note(self, user: str, text: str, corrects: int | None = None) -> LogLine:
        """Write into the log."""
        with self._change() as (unit, _):
            turn = _running(unit)
            return log.write(unit, self.site, user, text, corrects, turn.id if turn else None)

    def log(
        self,
        first_ns: int,
        last_ns: int,
        *,
        categories: tuple[LogCategory, ...] = (),
        before: int | None = None,
        limit: int = 200,
    ) -> tuple[LogLine, ...]:
        """Lines of a time, newest first."""
        with self._store.read() as unit:
            return log.read(
                unit,
                self.site,
                first_ns,
                last_ns,
                categories=categories,
                before=before,
                limit=limit,
            )

    def prepare(self, user: str) -> Handover:
        """Compose the handover of the running turn, or give the one in preparation."""
        with self._change() as (unit, now_ns):
            turn = _must_run(unit)
            draft = unit.handovers.get(turn.id)
            return draft if draft is not None else self._compose(unit, turn, None, user, now_ns)

    def recompose(self, user: str) -> Handover:
        """Compose it anew; the instructions stay, signatures fall."""
        with self._change() as (unit, now_ns):
            turn = _must_run(unit)
            return self._compose(unit, turn, unit.handovers.get(turn.id), user, now_ns)

    def edit(self, user: str, revision: int, given: HandoverWords) -> Handover:
        """Change its words; signatures fall."""
        with self._change() as (unit, _):
            draft = _draft(unit, revision)
            if draft.words == given:
                return draft
            draft = draft.model_copy(
                update={
                    "words": given,
                    "revision": draft.revision + 1,
                    "edited_by": user,
                    "signatures": (),
                }
            )
            unit.handovers.put(draft)
            unit.audit.append(
                user, "duty.handover.edited", draft.id, "", {"revision": draft.revision}
            )
            return draft

    def sign(self, user: str, side: Side, revision: int) -> Handover:
        """Sign it (the caller has checked the password); with both the turn is over."""
        with self._change() as (unit, now_ns):
            draft, turn = _draft(unit, revision), _must_run(unit)
            if draft.next_turn != self._follows(turn, now_ns):
                raise DutyRefusedError(words.other_follows())
            open_ones = unit.duty_tasks.find(state=list(tasks.OPEN))
            against = over.obstacles(draft, turn, open_ones, self.site, user, side, now_ns)
            if against:
                raise DutyRefusedError(*against)
            draft = over.signed(draft, user, side, now_ns)
            unit.handovers.put(draft)
            detail = {"side": side, "sha256": over.digest(draft), "revision": draft.revision}
            unit.audit.append(user, "duty.handover.signed", draft.id, "", detail)
            if draft.signed_ns is not None and draft.next_turn is not None:
                coming = next(one.user for one in draft.signatures if one.side == "coming")
                self._end(unit, turn, draft, now_ns)
                fresh = self._begin(unit, draft.next_turn, coming, now_ns)
                self._seat(unit, fresh, coming, now_ns)
            return draft

    def handover(self, turn_id: str) -> Handover | None:
        """One handover, or None."""
        with self._store.read() as unit:
            return unit.handovers.get(turn_id)

    def tick(self) -> None:
        """Make what fell due and look after what is overdue; about once a second."""
        now_ns = self._clock.utc_ns()
        duty, zone = self.site.duty, self.site.zone_info
        if not duty.shifts:
            return
        planned = plan.current(duty, zone, now_ns)
        if not self._quiet(planned, now_ns):
            with self._change() as (unit, _):
                last = unit.cursors.get(_TIMERS)
                # The first time ever nothing was missed; a clock set back makes nothing twice.
                since_ns = now_ns if last is None else last.seq
                tasks.make_due(unit, duty, zone, since_ns, now_ns)
                unit.cursors.put(Cursor(id=_TIMERS, seq=max(now_ns, since_ns)))
                self._await(unit, planned, now_ns)
            self._looked = (now_ns, planned.id if planned else "")
        with self._store.read() as unit:
            names = [one.id for one in unit.duty_tasks.find(state=["due", "told"])]
        for name in names:
            try:
                with self._change() as (unit, _):
                    task = unit.duty_tasks.get(name)
                    if task is not None and task.open:
                        tasks.look_after(unit, task, now_ns, duty.escalate_s)
            except Exception:
                _log.exception("duty task could not be looked after", task=name)

    @contextmanager
    def _change(self) -> Iterator[tuple[Unit, int]]:
        with self._lock, self._store.begin() as unit:
            yield unit, self._clock.utc_ns()

    def _quiet(self, planned: PlannedTurn | None, now_ns: int) -> bool:
        """Nothing fell due since the last look, which was not long ago: nothing to be written."""
        if self._looked is None:
            return False
        last_ns, turn = self._looked
        if turn != (planned.id if planned else ""):
            return False
        if not 0 <= now_ns - last_ns < _LOOK_S * NS_PER_S:
            return False
        found = tasks.falling_due(self.site.duty, self.site.zone_info, last_ns, now_ns)
        return next(found, None) is None

    def _await(self, unit: Unit, planned: PlannedTurn | None, now_ns: int) -> None:
        """Somebody shall sign on for the turn whose hours these are."""
        if planned is None:
            return
        task = tasks.sign_on_task(self.site.duty, planned, now_ns)
        if unit.duty_turns.get(planned.id) is None and unit.duty_tasks.get(task.id) is None:
            unit.duty_tasks.put(task)

    def _begin(self, unit: Unit, planned: PlannedTurn, user: str, now_ns: int) -> DutyTurn:
        turn = DutyTurn(id=planned.id, plan=planned, state="running", began_ns=now_ns)
        unit.duty_turns.put(turn)
        detail = {"zh": planned.name.zh, "en": planned.name.en, "planned_ns": planned.start_ns}
        unit.audit.append(user, "duty.began", turn.id, "", detail)
        return turn

    def _seat(self, unit: Unit, turn: DutyTurn, user: str, now_ns: int) -> DutyTurn:
        rostered = user in turn.plan.people or user == turn.plan.chief
        seat = SignOn(user=user, on_ns=now_ns, rostered=rostered)
        turn = turn.model_copy(update={"present": (*turn.present, seat)})
        unit.duty_turns.put(turn)
        unit.audit.append(user, "duty.on", turn.id, "", {"rostered": rostered})
        # Nobody needs to come any more for this turn, nor for one whose hours went by.
        for task in unit.duty_tasks.find(kind=TaskKind.SIGN_ON.value, state=list(tasks.OPEN)):
            if task.due_ns <= turn.plan.start_ns:
                tasks.finish(unit, task, user, now_ns)
        return turn

    def _compose(
        self, unit: Unit, turn: DutyTurn, draft: Handover | None, user: str, now_ns: int
    ) -> Handover:
        composed = over.compose(unit, self.site, turn, now_ns)
        if draft is not None:
            composed = composed.model_copy(update={"instructions": draft.words.instructions})
        made = Handover(
            id=turn.id,
            made_ns=now_ns,
            next_turn=self._follows(turn, now_ns),
            words=composed,
            revision=draft.revision + 1 if draft else 1,
        )
        unit.handovers.put(made)
        unit.audit.append(user, "duty.handover.prepared", turn.id, "", {"revision": made.revision})
        return made

    def _follows(self, turn: DutyTurn, now_ns: int) -> PlannedTurn | None:
        return plan.following(self.site.duty, self.site.zone_info, now_ns, turn.plan)

    def _end(self, unit: Unit, turn: DutyTurn, draft: Handover, now_ns: int) -> None:
        for user in turn.on_duty():
            turn = _left(turn, user, now_ns)
            unit.audit.append(user, "duty.off", turn.id)
        turn = turn.model_copy(update={"state": "ended", "ended_ns": now_ns})
        unit.duty_turns.put(turn)
        detail = {"next": over.next_turn_id(draft.next_turn), "sha256": over.digest(draft)}
        unit.audit.append("system", "duty.ended", turn.id, "", detail)


def _running(unit: Unit) -> DutyTurn | None:
    return next(iter(unit.duty_turns.find(state="running")), None)


def _must_run(unit: Unit) -> DutyTurn:
    turn = _running(unit)
    if turn is None:
        raise DutyRefusedError(words.no_turn())
    return turn


def _draft(unit: Unit, revision: int) -> Handover:
    turn = _must_run(unit)
    draft = unit.handovers.get(turn.id)
    if draft is None:
        raise DutyRefusedError(words.no_handover())
    if draft.signed_ns is not None:
        raise DutyRefusedError(words.over_already())
    if draft.revision != revision:
        raise DutyRefusedError(words.changed_meanwhile())
    return draft


def _left(turn: DutyTurn, user: str, now_ns: int) -> DutyTurn:
    present = tuple(
        one.model_copy(update={"off_ns": now_ns})
        if one.user == user and one.off_ns is None
        else one
        for one in turn.present
    )
    return turn.model_copy(update={"present": present})
