"""Somebody speaks to the scene now (实时喊话), at one loudspeaker or a group of them."""

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import numpy as np

from broadcast.audio import Audio
from broadcast.errors import SpeakerError, StoppedError
from broadcast.feed import FRAME_S, LiveFeed
from broadcast.groups import Place, Step
from core.cases import Announcement, Receipt
from core.clock import Clock
from core.talking import LONGEST_S, RATE, TalkState


def hear_out(feed: LiveFeed, clock: Clock, stop: threading.Event) -> Audio:
    """All that is said, for a loudspeaker that takes only finished sound.

    Raises:
        StoppedError: told to stop.
        SpeakerError: nothing was said.
    """
    feed.begin(RATE)
    while feed.frame() is not None:
        if clock.wait(stop, FRAME_S):
            raise StoppedError("stopped while somebody spoke")
    if not feed.spoken:
        raise SpeakerError(f"nothing was said: {feed.ended}")
    return feed.said()


class Speaks(Protocol):
    """What a talk needs of :class:`broadcast.announcer.Announcer`."""

    def members(self, announcement: Announcement) -> Sequence[Announcement]: ...
    def talker(self, camera_id: str) -> str: ...
    def handle(
        self,
        announcement: Announcement,
        place: Place | None = None,
        live: LiveFeed | None = None,
    ) -> Receipt: ...


class LiveTalk:
    """One talk. :meth:`run` speaks until it is over; the rest may be called meanwhile."""

    def __init__(self, announcer: Speaks, announcement: Announcement, clock: Clock) -> None:
        self._announcer = announcer
        self._members = announcer.members(announcement)
        self._feeds = [LiveFeed(clock, RATE, longest_s=LONGEST_S) for _ in self._members]
        self._receipts: list[Receipt] | None = None

    def run(self) -> list[Receipt]:
        """Speak at every loudspeaker; a receipt for each. The feeds are closed afterwards."""
        step = Step(len(self._members))
        together = len(self._members) > 1

        def speak(number: int) -> Receipt:
            place = Place(step) if together else None
            return self._announcer.handle(self._members[number], place, self._feeds[number])

        try:
            with ThreadPoolExecutor(len(self._members), thread_name_prefix="live") as talkers:
                self._receipts = list(talkers.map(speak, range(len(self._members))))
            return self._receipts
        finally:
            self.close()
            self._receipts = self._receipts or []  # over, whatever happened

    def put(self, pcm: bytes) -> bool:
        """See :meth:`core.talking.Talk.put`."""
        samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.int16)
        wanted = [feed.put(samples) for feed in self._feeds]
        return any(wanted) and self._receipts is None

    def close(self) -> None:
        """See :meth:`core.talking.Talk.close`."""
        for feed in self._feeds:
            feed.close()

    def state(self) -> TalkState:
        """See :meth:`core.talking.Talk.state`."""
        seconds = max(feed.said_s for feed in self._feeds)
        if self._receipts is not None:
            why = next((feed.ended for feed in self._feeds if feed.ended), "")
            return TalkState(phase="over", seconds=seconds, why=why, receipts=tuple(self._receipts))
        if any(feed.begun for feed in self._feeds):
            return TalkState(phase="speaking", seconds=seconds)
        first = self._members[0]
        by = self._announcer.talker(first.camera)
        return TalkState(phase="waiting", by="" if by == first.id else by)
