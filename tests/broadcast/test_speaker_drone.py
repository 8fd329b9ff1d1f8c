"""A drone's loudspeaker: asked by messages, called off after any failure."""

import base64
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from broadcast.audio import Audio
from broadcast.drone import Answers, DroneSpeaker
from broadcast.errors import SpeakerError
from core.clock import ManualClock
from core.messages import DroneSpeech, DroneSpoken


class FakeDrone:
    """The drone's side: answers as told."""

    def __init__(self, clock: ManualClock, *states: str) -> None:
        self.clock, self.states = clock, states
        self.asked: list[DroneSpeech] = []

    @contextmanager
    def link(self, request: DroneSpeech) -> Iterator[Answers]:
        self.asked.append(request)
        waiting: queue.SimpleQueue[DroneSpoken] = queue.SimpleQueue()
        for state in self.states if request.action == "say" else ():
            answer = {"id": request.id, "drone": request.drone, "at_ns": 5, "state": state}
            waiting.put(DroneSpoken.model_validate({**answer, "detail": "psdk"}))

        def next_one(seconds: float) -> DroneSpoken | None:
            self.clock.advance(seconds)
            return None if waiting.empty() else waiting.get()

        yield next_one


def test_a_drone_says_it_and_tells_of_it() -> None:
    clock = ManualClock()
    drone = FakeDrone(clock, "taken", "playing", "done")
    sound = Audio(np.full(16000, 3000, np.int16), 16000)
    done = DroneSpeaker("sky", "dock-1", clock, drone.link, volume=70).speak(
        sound, threading.Event()
    )
    (asked,) = drone.asked
    assert (asked.action, asked.drone, asked.volume) == ("say", "dock-1", 70)
    assert len(base64.b64decode(asked.audio)) == done.bytes_sent > 1000
    assert done.started_ns == 5
    assert done.seconds == 1.0
    assert done.device_reply == "taken psdk; playing psdk; done psdk"


@pytest.mark.parametrize(
    ("states", "stopped", "words"),
    [
        ((), False, "says nothing"),
        (("taken", "failed"), False, "failed: psdk"),
        (("playing",), False, "says nothing"),
        (("playing",), True, "stopped"),
    ],
)
def test_a_drone_is_called_off_after_any_failure(
    states: tuple[str, ...], stopped: bool, words: str
) -> None:
    clock = ManualClock()
    drone = FakeDrone(clock, *states)
    stop = threading.Event()
    if stopped:
        stop.set()
    with pytest.raises(SpeakerError, match=words):
        DroneSpeaker("sky", "dock-1", clock, drone.link).speak(
            Audio(np.full(8000, 3000, np.int16), 16000), stop
        )
    assert [asked.action for asked in drone.asked] == ["say", "stop"]
    assert drone.asked[0].id == drone.asked[1].id
