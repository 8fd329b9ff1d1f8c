"""The loudspeaker of a drone: the warning is handed over on the bus, the drone's side answers.

Whoever flies the drone (a dock, a ground station) plays it by its own protocol and tells what
becomes of it: taken, playing, done or failed. Silence is a failure.
"""

import base64
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from broadcast.audio import Audio, sha256
from broadcast.base import Delivery, SpeakerDriver
from broadcast.errors import SpeakerError, StoppedError
from broadcast.recordings import MIME, encoded
from core.clock import NS_PER_S, Clock
from core.messages import DroneSpeech, DroneSpoken

TAKEN_S = 8.0
"""Longest wait until the drone's side says anything at all."""
GRACE_S = 15.0
_STEP_S = 0.1

Answers = Callable[[float], DroneSpoken | None]
"""Gives the next answer, or None after so many seconds without one."""
Link = Callable[[DroneSpeech], AbstractContextManager[Answers]]
"""Sends a request; within the context its answers can be had."""


class DroneSpeaker(SpeakerDriver):
    """One drone.

    Args:
        camera: id of the camera, for messages.
        drone: its name on the bus.
        link: to the drone's side.
        volume: 1..100; None leaves it to the drone.
    """

    name = "drone"
    sets_volume = True

    def __init__(
        self, camera: str, drone: str, clock: Clock, link: Link, *, volume: int | None = None
    ) -> None:
        self._who = f"camera {camera}: drone {drone}"
        self._drone, self._clock, self._link, self._volume = drone, clock, link, volume

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        done = Delivery() if delivery is None else delivery
        data = encoded(audio, "mp3")
        request = DroneSpeech(
            id=f"talk-{secrets.token_hex(8)}",
            drone=self._drone,
            action="say",
            at_ns=self._clock.utc_ns(),
            expires_ns=self._clock.utc_ns() + round(TAKEN_S * NS_PER_S),
            audio=base64.b64encode(data).decode(),
            mime=MIME["mp3"],
            sha256=sha256(data),
            seconds=audio.seconds,
            volume=self._volume,
        )
        finished = False
        try:
            with self._link(request) as answers:
                for answer in self._heard(answers, audio.seconds, stop):
                    done.reply(f"{answer.state} {answer.detail}".strip())
                    if answer.state == "playing" and done.started_ns is None:
                        done.started_ns, done.bytes_sent = answer.at_ns, len(data)
                    if answer.state == "failed":
                        raise SpeakerError(f"{self._who}: failed: {answer.detail or 'no reason'}")
                    if answer.state == "done":
                        finished = True
                        done.seconds = audio.seconds
        finally:
            if not finished:
                self._call_off(request)
                done.reply("called off")
        return done

    def _heard(
        self, answers: Answers, seconds: float, stop: threading.Event
    ) -> Iterator[DroneSpoken]:
        """Answers up to the last one; the waits between them are bounded."""
        begun_ns = self._clock.monotonic_ns()
        limit_ns = begun_ns + round(TAKEN_S * NS_PER_S)
        while True:
            if stop.is_set():
                raise StoppedError(f"{self._who}: stopped")
            answer = answers(_STEP_S)
            if answer is not None:
                limit_ns = begun_ns + round((TAKEN_S + seconds + GRACE_S) * NS_PER_S)
                yield answer
                if answer.state == "done":
                    return
            elif self._clock.monotonic_ns() > limit_ns:
                raise SpeakerError(f"{self._who}: says nothing; is its link up?")

    def _call_off(self, request: DroneSpeech) -> None:
        """The channel is free again whatever happened: the drone is told to be silent."""
        off = request.model_copy(update={"action": "stop", "audio": ""})
        with self._link(off):
            pass
