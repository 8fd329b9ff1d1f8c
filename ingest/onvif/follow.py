"""Staying with one camera: its events, whether it is steered, and its clock, for ever.

One conversation at a time and one pause for all its failures: a password that is refused is
tried again after a quarter of an hour, because cameras lock accounts.
"""

import asyncio
import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from core.clock import NS_PER_S, Clock
from core.errors import WardwatchError
from core.messages import CameraEvent, CameraEventKind
from ingest.backoff import Backoff
from ingest.camera_says import AGAIN_S, WORDS
from ingest.onvif.camera import OnvifCamera
from ingest.onvif.errors import OnvifFault, OnvifRefusedError, OnvifUnsupportedError
from ingest.onvif.events import Subscription
from ingest.onvif.kinds import camera_event
from ingest.onvif.ptz import PtzStatus
from ingest.onvif.times import ClockCheck

log = structlog.get_logger()

_MOVED = 0.002
_MOVING_AGAIN_S = 5.0
_STATES_MOST = 256


@dataclass(frozen=True)
class Pace:
    """How often a camera is asked.

    Attributes:
        pull_s: how long it may keep a question for events when it cannot be steered.
        steered_s: between two looks at a head.
        clock_s: between two looks at its clock.
        refused_s: after a refused password; up to twice as long.
        round_s: a round takes so long at least, whatever the camera answers.
    """

    pull_s: float = 20.0
    steered_s: float = 2.0
    clock_s: float = 600.0
    refused_s: float = 900.0
    round_s: float = 0.5


class Follower:
    """Follows one camera until cancelled.

    Args:
        name: id of the camera.
        connect: a new connection to it.
        tell: what it noticed; a steered camera is told as ``STEERED``.
        on_clock: each look at its clock.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], OnvifCamera],
        clock: Clock,
        tell: Callable[[CameraEvent], None],
        on_clock: Callable[[ClockCheck], None],
        *,
        pace: Pace | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self.name = name
        self._connect, self._clock, self._tell, self._on_clock = connect, clock, tell, on_clock
        self._pace = pace or Pace()
        self._rng = rng or random.Random()
        self._backoff = Backoff(self._rng)
        self._no_events = self._no_ptz = False
        self._clock_due_ns = 0
        self._states: dict[tuple[str, str], CameraEvent] = {}
        self._said_ns = clock.monotonic_ns()
        self._status: PtzStatus | None = None
        self._moving = False
        self._moving_said_ns = 0
        self._failing = ""

    async def run(self) -> None:
        """Visit the camera, and again whatever happens."""
        while True:
            try:
                async with self._connect() as camera:
                    await self._visit(camera)
            except OnvifRefusedError as error:
                self._complain(str(error))
                pause_s = self._pace.refused_s * self._rng.uniform(1.0, 2.0)
            except WardwatchError as error:
                self._complain(str(error))
                pause_s = self._backoff.failed()
            except Exception:
                log.exception("following failed", camera=self.name)
                pause_s = self._backoff.failed()
            self._states.clear()
            await asyncio.sleep(pause_s)

    async def _visit(self, camera: OnvifCamera) -> None:
        services = await camera.services()
        steerable = "ptz" in services and not self._no_ptz
        async with contextlib.AsyncExitStack() as stack:
            subscription = None
            if not self._no_events:
                subscription = await self._subscribe(camera)
            if subscription is not None:
                await stack.enter_async_context(subscription)
            while True:
                began_ns = self._clock.monotonic_ns()
                if began_ns >= self._clock_due_ns:
                    await self._look_at_clock(camera)
                if steerable:
                    steerable = await self._look_at_head(camera)
                wait_s = self._pace.steered_s if steerable else self._pace.pull_s
                if subscription is not None:
                    await self._pull(subscription, wait_s)
                else:
                    await asyncio.sleep(wait_s)
                self._say_again()
                self._backoff.succeeded()
                if self._failing:
                    log.info("camera answers over ONVIF again", camera=self.name)
                    self._failing = ""
                took_s = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
                await asyncio.sleep(max(0.0, self._pace.round_s - took_s))

    async def _subscribe(self, camera: OnvifCamera) -> Subscription | None:
        try:
            return await camera.events.subscribe()
        except OnvifUnsupportedError as error:
            self._no_events = True
            log.info("camera tells no events", camera=self.name, why=str(error))
        except OnvifFault as error:
            if "ActionNotSupported" not in error.codes:
                raise
            self._no_events = True
            log.info("camera tells no events", camera=self.name, why=str(error))
        return None

    async def _pull(self, subscription: Subscription, wait_s: float) -> None:
        for event in await subscription.pull(wait_s):
            told = camera_event(self.name, event, self._clock.utc_ns())
            if told.active is not None:
                key = (told.topic, repr(sorted(told.source.items())))
                before = self._states.get(key)
                again = before is not None and before.active == told.active
                told = told.model_copy(update={"again": again})
                if before is not None or len(self._states) < _STATES_MOST:
                    self._states[key] = told
            self._tell(told)

    def _say_again(self) -> None:
        """What makes the picture doubtful counts only for as long as it is said."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._said_ns < AGAIN_S * NS_PER_S:
            return
        self._said_ns = now_ns
        for event in self._states.values():
            if event.active and event.kind in WORDS:
                at_ns = self._clock.utc_ns()
                self._tell(event.model_copy(update={"at_ns": at_ns, "again": True}))

    async def _look_at_clock(self, camera: OnvifCamera) -> None:
        self._clock_due_ns = self._clock.monotonic_ns() + round(self._pace.clock_s * NS_PER_S)
        try:
            check = await camera.clock_check()
        except OnvifFault as error:
            log.debug("camera does not tell its time", camera=self.name, why=str(error))
        else:
            self._on_clock(check)

    async def _look_at_head(self, camera: OnvifCamera) -> bool:
        """Tell when a movement begins, goes on and ends; False when the head tells nothing."""
        try:
            status = await camera.ptz.status()
        except (OnvifUnsupportedError, OnvifFault) as error:
            self._no_ptz = True
            log.info("camera does not tell where it looks", camera=self.name, why=str(error))
            return False
        before, self._status = self._status, status
        moving = bool(status.moving) or (before is not None and _apart(before, status))
        now_ns = self._clock.monotonic_ns()
        again = moving and self._moving
        if moving != self._moving or (
            moving and now_ns - self._moving_said_ns >= _MOVING_AGAIN_S * NS_PER_S
        ):
            self._moving, self._moving_said_ns = moving, now_ns
            self._tell(
                CameraEvent(
                    camera=self.name,
                    at_ns=self._clock.utc_ns(),
                    kind=CameraEventKind.STEERED,
                    active=moving,
                    again=again,
                )
            )
        return True

    def _complain(self, why: str) -> None:
        """Once for each reason, not for each attempt."""
        if why != self._failing:
            log.warning("camera does not answer over ONVIF", camera=self.name, why=why)
        self._failing = why


def _apart(one: PtzStatus, other: PtzStatus) -> bool:
    """The head looks elsewhere, whatever it says of moving."""
    axes = (
        (one.aim.pan, other.aim.pan),
        (one.aim.tilt, other.aim.tilt),
        (one.aim.zoom, other.aim.zoom),
    )
    return any(a is not None and b is not None and abs(a - b) > _MOVED for a, b in axes)
