"""Where a talk's sound comes from: speech as it comes, and finished recordings."""

import threading

import numpy as np
import pytest

from broadcast.audio import Audio
from broadcast.base import Delivery
from broadcast.feed import LiveFeed, Recording
from broadcast.onvif import OnvifSpeaker
from core.clock import ManualClock
from tests.broadcast.faulty_speaker import FaultyServer
from tests.broadcast.speaker_town import FastClock


def test_live_speech_goes_out_as_it_comes_and_ends_when_it_ends() -> None:
    clock = FastClock(4)
    feed = LiveFeed(clock, 48000, held_s=5)
    tone = (9000 * np.sin(2 * np.pi * 1000 * np.arange(24000) / 48000)).astype(np.int16)

    with FaultyServer() as server:
        done: list[Delivery] = []
        speaker = OnvifSpeaker("river", server.url, clock)
        thread = threading.Thread(
            target=lambda: done.append(speaker.stream(feed, threading.Event()))
        )
        thread.start()
        while not server.packets:
            clock.wait(threading.Event(), 0.05)
        for piece in np.split(tone, 10):
            assert feed.put(piece)
        feed.close()
        assert not feed.put(tone)
        thread.join(60)
        assert server.open_sessions == 0
    said = feed.said()
    assert said.rate == 8000
    assert said.seconds == pytest.approx(done[0].seconds)
    assert np.count_nonzero(np.abs(said.pcm) > 2000) / 8000 == pytest.approx(0.43, abs=0.08)
    assert feed.ended == "ended by the speaker"


@pytest.mark.parametrize(
    ("level", "seconds", "why"),
    [(None, 3.1, "no sound came any more"), (0, 21, "silent too long"), (9000, 121, "longest")],
)
def test_live_speech_does_not_hold_the_loudspeaker(
    level: int | None, seconds: float, why: str
) -> None:
    clock = ManualClock()
    feed = LiveFeed(clock, 8000)
    feed.begin(8000)
    frame = np.full(160, level or 0, np.int16)
    for _ in range(round(seconds / 0.02)):
        clock.advance(0.02)
        if level is not None:
            feed.put(frame)
        if feed.frame() is None:
            break
    while feed.frame() is not None:
        pass
    assert why in feed.ended


def test_live_speech_that_is_too_late_is_lost_oldest_first() -> None:
    clock = ManualClock()
    feed = LiveFeed(clock, 8000, held_s=0.1)
    feed.begin(8000)
    for number in range(20):
        feed.put(np.full(160, 1000 + number, np.int16))
    assert feed.lost_s == pytest.approx(0.3)
    frame = feed.frame()
    assert frame is not None
    assert frame[0] == 1015


def test_a_recording_is_a_feed_too() -> None:
    feed = Recording(Audio(np.ones(8000, np.int16), 16000))
    feed.begin(8000)
    assert feed.seconds == 0.5
    assert sum(1 for _ in iter(lambda: feed.frame() is not None, False)) == 25
