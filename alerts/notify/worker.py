"""One channel at work: takes what is due from the store, groups, sends, and is patient.

Everything it decides is in the store before and after; what it keeps in memory (the pace, the
pause after a failure) may be forgotten. A process that dies between the other side's yes and our
note of it sends once more after the restart, under the same id.
"""

import hashlib
import random
from collections import deque
from collections.abc import Callable
from typing import Literal

import structlog

from alerts.notify import queue
from alerts.notify.channel import (
    ChannelDeniedError,
    ChannelError,
    Driver,
    Message,
    MessageRefusedError,
)
from alerts.notify.summons import note_sent, unreached, wanted
from core.cases import Notice
from core.clock import NS_PER_S, Clock
from core.config.notify import AnyChannel
from core.notifications import ChannelRecord, Delivery
from core.store.database import Store
from core.store.unit import Unit

_log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
TELL_AFTER = 3
"""So many failures in a row until the duty desk is told; wrong credentials are told at once."""
_MOST_IN_SUMMARY = 200
_MINUTE_NS = 60 * NS_PER_S

Step = Literal["sent", "failed", "waits", "nothing"]


class Worker:
    """Delivers for one channel; one thread calls :meth:`step` again and again.

    Attributes:
        summons: officers are called through it.

    Args:
        driver: makes the driver when it is first needed; may raise like its ``send``.
        chance: from 0 to 1, for the jitter of pauses.
        tell: the desk, of an officer who was not reached.
        unreached_s: so long after it was due an officer counts as not reached.
    """

    def __init__(
        self,
        channel: AnyChannel,
        store: Store,
        clock: Clock,
        driver: Callable[[], Driver],
        chance: Callable[[], float] = random.random,
        *,
        tell: Callable[[Notice], None] = lambda _: None,
        unreached_s: float = 20.0,
    ) -> None:
        self.channel = channel
        self._store, self._clock, self._make, self._chance = store, clock, driver, chance
        self.summons = False
        self._tell, self._unreached_ns = tell, round(unreached_s * NS_PER_S)
        self._driver: Driver | None = None
        self._sent: deque[int] = deque()
        self._failures = 0
        self._again_ns = 0
        self._singly = 0

    def step(self) -> Step:
        """Send one message if one is due and may go."""
        now_ns, ticks_ns = self._clock.utc_ns(), self._clock.monotonic_ns()
        if self.summons:
            self._look_at_summons(now_ns)
        if ticks_ns < self._again_ns:
            return "waits"
        oldest_ns = now_ns - round(self.channel.expire_s * NS_PER_S)
        with self._store.read() as unit:
            waiting = queue.waiting(unit, self.channel.id)
        old = [one for one in waiting if one.made_ns <= oldest_ns]
        if old:
            self._expire(old, now_ns)
        due = [one for one in waiting if one.due_ns <= now_ns and one.made_ns > oldest_ns]
        if not due:
            self._idle()
            return "nothing"
        if self._too_fast(ticks_ns):
            return "waits"
        return self._deliver(self._choose(due), now_ns)

    def close(self) -> None:
        """Let go of the connection."""
        if self._driver is not None:
            self._driver.close()

    def _choose(self, due: list[Delivery]) -> list[Delivery]:
        groups = self._driver.groups if self._driver else self.channel.kind != "mqtt"
        summons = [one for one in due if one.notice.summons is not None]
        if summons:  # each is for one person, and none waits for what groups are told
            return [min(summons, key=lambda one: one.seq)]
        if groups and len(due) > self.channel.group_over and self._singly == 0:
            return due[:_MOST_IN_SUMMARY]
        self._singly = max(0, self._singly - 1)
        # What is serious overtakes; among equals the older goes first.
        return [min(due, key=lambda one: (not one.notice.serious, one.seq))]

    def _look_at_summons(self, now_ns: int) -> None:
        """Drop what is of no use any more; tell the desk of whom the channel does not reach."""
        told = []
        with self._store.read() as unit:
            waiting = [
                one
                for one in queue.waiting(unit, self.channel.id)
                if one.notice.summons is not None
            ]
            late = [
                one for one in waiting if now_ns - one.due_ns >= self._unreached_ns or one.error
            ]
            needless = [
                one
                for one in waiting
                if one.notice.summons and not wanted(unit, one.notice.summons)
            ]
        if not late and not needless:
            return
        with self._store.begin() as unit:
            for one in needless:
                queue.end(unit, one, "needless", now_ns)
            for one in late:
                if one not in needless:
                    why = one.error or f"channel {self.channel.id}: not delivered in time"
                    told.append(unreached(unit, one, why, now_ns))
        for notice in told:
            if notice is not None:
                self._tell(notice)

    def _deliver(self, chosen: list[Delivery], now_ns: int) -> Step:
        message = Message(_id_of(chosen), tuple(one.notice for one in chosen), now_ns)
        try:
            if self._driver is None:
                self._driver = self._make()
            self._driver.send(message)
        except MessageRefusedError as error:
            self._put_off(chosen, str(error), now_ns)
            return "failed"
        except ChannelError as error:
            self._failed(error, chosen, now_ns)
            return "failed"
        except Exception as error:
            _log.exception("channel driver failed", channel=self.channel.id)
            what = f"channel {self.channel.id}: {type(error).__name__}"
            self._failed(ChannelError(what), chosen, now_ns)
            return "failed"
        self._sent.append(self._clock.monotonic_ns())
        self._succeeded(chosen)
        return "sent"

    def _succeeded(self, chosen: list[Delivery]) -> None:
        now_ns = self._clock.utc_ns()
        self._failures = 0
        with self._store.begin() as unit:
            for one in chosen:
                queue.end(unit, one, "delivered" if len(chosen) == 1 else "summarised", now_ns)
                note_sent(unit, one)
            record = self._record(unit)
            if record.failing_since_ns is not None:
                unit.audit.append("system", "notify.back", self.channel.id)
            update = {
                "last_ok_ns": now_ns,
                "failing_since_ns": None,
                "error": "",
                "delivered": record.delivered + len(chosen),
            }
            unit.channels.put(record.model_copy(update=update))

    def _failed(self, error: ChannelError, chosen: list[Delivery], now_ns: int) -> None:
        """The channel is away: everything waits, a little longer each time."""
        self._failures += 1
        denied = isinstance(error, ChannelDeniedError)
        self._again_ns = self._clock.monotonic_ns() + self._pause_ns(self._failures, denied)
        _log.warning("notification not delivered", channel=self.channel.id, error=str(error))
        with self._store.begin() as unit:
            for one in chosen:
                queue.put_off(unit, one, str(error), one.due_ns)
            record = self._record(unit)
            update: dict[str, object] = {"error": str(error)}
            tell = denied or self._failures >= TELL_AFTER
            if record.failing_since_ns is None and tell:
                update["failing_since_ns"] = now_ns
                unit.audit.append("system", "notify.failing", self.channel.id, str(error))
            unit.channels.put(record.model_copy(update=update))

    def _put_off(self, chosen: list[Delivery], error: str, now_ns: int) -> None:
        """Only this one waits; the channel goes on with the others."""
        _log.warning("notification refused", channel=self.channel.id, error=error)
        if len(chosen) > 1:
            self._singly = len(chosen)  # whichever of them it is, the others shall arrive
            return
        with self._store.begin() as unit:
            for one in chosen:
                pause_ns = self._pause_ns(one.attempts + 1, False)
                queue.put_off(unit, one, error, now_ns + pause_ns)
            record = self._record(unit)
            unit.channels.put(record.model_copy(update={"error": error}))

    def _expire(self, old: list[Delivery], now_ns: int) -> None:
        with self._store.begin() as unit:
            for one in old:
                queue.end(unit, one, "expired", now_ns)
                detail = {"channel": self.channel.id, "event": one.notice.event}
                unit.audit.append(
                    "system", "notify.expired", one.notice.reference or one.id, one.error, detail
                )
            record = self._record(unit)
            count = record.expired + len(old)
            unit.channels.put(record.model_copy(update={"expired": count}))

    def _record(self, unit: Unit) -> ChannelRecord:
        return unit.channels.get(self.channel.id) or ChannelRecord(id=self.channel.id)

    def _pause_ns(self, failures: int, denied: bool) -> int:
        """Exponential, with half of it left to chance, so that many do not knock together."""
        pause_s: float = min(FIRST_PAUSE_S * 2.0 ** min(failures - 1, 16), LONGEST_PAUSE_S)
        if denied:
            pause_s = max(pause_s, 60.0)
        return round(pause_s * (0.5 + self._chance() / 2) * NS_PER_S)

    def _too_fast(self, ticks_ns: int) -> bool:
        if self.channel.kind == "mqtt":
            return False
        while self._sent and self._sent[0] <= ticks_ns - _MINUTE_NS:
            self._sent.popleft()
        return len(self._sent) >= self.channel.per_minute

    def _idle(self) -> None:
        if self.channel.kind != "mqtt":
            return
        try:
            if self._driver is None:
                self._driver = self._make()
            self._driver.idle()
        except ChannelError as error:
            self._failed(error, [], self._clock.utc_ns())


def _id_of(chosen: list[Delivery]) -> str:
    """The notification's own id, or one made from all of them: the same for the same."""
    if len(chosen) == 1:
        return chosen[0].notice.id
    told = "\n".join(one.notice.id for one in chosen)
    return f"summary-{hashlib.sha256(told.encode()).hexdigest()[:20]}"
