"""Whose turn it is at a loudspeaker: one talker at a time, the more urgent first.

A turn expires: a driver that hangs must not hold a loudspeaker for ever. Who outranks the talker
breaks the talk off and waits until the channel is closed; it is never taken from under it, unless
the talker has expired and does not answer.
"""

import threading
from collections import defaultdict
from dataclasses import dataclass, field

import structlog

from core.cases import Priority
from core.clock import NS_PER_S, Clock

log = structlog.get_logger()

LEASE_S = 150.0
"""Longer than any talk with all its waits."""
FORCE_S = 10.0
"""So much longer an expired talker has to close its channel."""
_LOOK_S = 0.05
_RANK = {Priority.ROUTINE: 0, Priority.URGENT: 1, Priority.EMERGENCY: 2}


@dataclass(eq=False)
class Turn:
    """The right to speak at one loudspeaker.

    Attributes:
        who: the announcement that speaks.
        stop: set when it must break off.
        broken_by: the announcement that broke it off; empty when none did.
        lost: it expired and somebody else speaks now.
    """

    speaker: str
    who: str
    priority: Priority
    expires_ns: int = 0
    stop: threading.Event = field(default_factory=threading.Event)
    broken_by: str = ""
    lost: bool = False


class Turns:
    """All loudspeakers' turns. Safe to call from several threads."""

    def __init__(self, clock: Clock, *, lease_s: float = LEASE_S) -> None:
        self._clock, self._lease_ns = clock, round(lease_s * NS_PER_S)
        self._changed = threading.Condition()
        self._talking: dict[str, Turn] = {}
        self._waiting: defaultdict[str, list[Turn]] = defaultdict(list)
        self._stopped = False

    def outranks(self, speaker: str, priority: Priority) -> bool:
        """Whether somebody speaks there who would have to give way."""
        with self._changed:
            talking = self._talking.get(speaker)
            return talking is not None and _RANK[priority] > _RANK[talking.priority]

    def talker(self, speaker: str) -> str:
        """The announcement that is said there now; empty when none is."""
        with self._changed:
            talking = self._talking.get(speaker)
            return "" if talking is None else talking.who

    def take(self, speaker: str, who: str, priority: Priority, wait_s: float) -> Turn | None:
        """Wait for the turn, breaking off who is less urgent; None when it did not come."""
        mine = Turn(speaker, who, priority)
        end_ns = self._clock.monotonic_ns() + round(wait_s * NS_PER_S)
        with self._changed:
            queue = self._waiting[speaker]
            queue.append(mine)
            try:
                while not self._may_speak(mine):
                    if self._stopped or self._clock.monotonic_ns() >= end_ns:
                        return None
                    self._changed.wait(_LOOK_S)
                mine.expires_ns = self._clock.monotonic_ns() + self._lease_ns
                self._talking[speaker] = mine
                if self._stopped:
                    mine.stop.set()
                return mine
            finally:
                queue.remove(mine)

    def release(self, turn: Turn) -> None:
        """The channel is closed."""
        with self._changed:
            if self._talking.get(turn.speaker) is turn:
                del self._talking[turn.speaker]
            self._changed.notify_all()

    def stop(self) -> None:
        """Break off all talks and give no more turns."""
        with self._changed:
            self._stopped = True
            for turn in self._talking.values():
                turn.stop.set()
            self._changed.notify_all()

    def _may_speak(self, mine: Turn) -> bool:
        talking = self._talking.get(mine.speaker)
        if talking is None:
            # The first of the most urgent; the others wait for the next turn.
            return max(self._waiting[mine.speaker], key=lambda one: _RANK[one.priority]) is mine
        if _RANK[mine.priority] > _RANK[talking.priority] and not talking.broken_by:
            talking.broken_by = mine.who
            talking.stop.set()
        over_ns = self._clock.monotonic_ns() - talking.expires_ns
        if over_ns >= 0:
            talking.stop.set()
        if over_ns >= FORCE_S * NS_PER_S:
            log.error("speaker.talker_hangs", speaker=mine.speaker, announcement=talking.who)
            talking.lost = True
            del self._talking[mine.speaker]
        return False
