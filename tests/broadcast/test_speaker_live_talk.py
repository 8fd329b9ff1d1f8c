"""Live talk: turns, rules, endings; what was said is kept, and the loudspeaker is free after it."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from broadcast.announcer import Announcer
from broadcast.audio import Audio, read_wav, sha256
from broadcast.feed import LiveFeed
from broadcast.live import LiveTalk
from core.cases import Receipt
from core.clock import ManualClock, SystemClock
from core.config.site import Site
from core.talking import RATE
from tests.broadcast.speaker_town import announcement, camera, site

TONE = (8000 * np.sin(2 * np.pi * 500 * np.arange(RATE // 50) / RATE)).astype("<i2").tobytes()
LIMIT_S = 30.0


@dataclass
class Running:
    """A talk in a thread of its own."""

    talk: LiveTalk
    receipts: list[Receipt]
    thread: threading.Thread

    def over(self) -> Receipt:
        self.thread.join(LIMIT_S)
        assert not self.thread.is_alive(), "the talk did not end"
        return self.receipts[0]


class Hall:
    def __init__(self, folder: Path) -> None:
        self.clock = SystemClock()
        self.horn = folder / "horn"
        self.announcer = Announcer(self.town(folder), clock=self.clock, audio_dir=folder / "audio")

    def town(self, folder: Path) -> Site:
        speakers = {"river": "horn", "bridge": "other"}
        cameras = [
            camera(name, {"driver": "file", "url": str(folder / where)})
            for name, where in speakers.items()
        ]
        groups = [{"id": "shore", "name": {"zh": "沿岸", "en": "shore"},
                   "cameras": list(speakers)}]  # fmt: skip
        return site(*cameras, groups=groups, warnings={"cooldown_s": 60})

    def talk(self, **more: Any) -> Running:
        talk = LiveTalk(self.announcer, announcement(self.clock, **more), self.clock)
        receipts: list[Receipt] = []
        thread = threading.Thread(target=lambda: receipts.extend(talk.run()))
        thread.start()
        return Running(talk, receipts, thread)

    def speak(self, running: Running, frames: int) -> None:
        stop = threading.Event()
        for _ in range(frames):
            running.talk.put(TONE)
            self.clock.wait(stop, 0.02)


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    yield made
    made.announcer.stop()


def test_a_voice_reaches_the_loudspeaker_and_is_kept_under_its_hash(hall: Hall) -> None:
    running = hall.talk()
    hall.speak(running, 40)
    assert running.talk.state().phase == "speaking"
    running.talk.close()
    receipt = running.over()
    assert receipt.ok, receipt.error
    assert receipt.audio_path is not None
    kept = Path(receipt.audio_path).read_bytes()
    assert sha256(kept) == receipt.audio_sha256
    (heard,) = hall.horn.glob("*.wav")
    sound: Audio = read_wav(heard)
    loudest = np.abs(np.fft.rfft(sound.pcm.astype(float)))
    hertz = np.fft.rfftfreq(len(sound.pcm), 1 / sound.rate)[int(loudest.argmax())]
    assert abs(hertz - 500) < 5
    state = running.talk.state()
    assert (state.phase, state.why) == ("over", "ended by the speaker")
    assert running.talk.put(TONE) is False


def test_a_network_that_goes_ends_the_talk_and_frees_the_loudspeaker(hall: Hall) -> None:
    running = hall.talk()
    hall.speak(running, 5)
    receipt = running.over()  # nobody closes it
    assert receipt.ok
    assert running.talk.state().why == "no sound came any more"
    assert hall.announcer.talker("river") == ""


def test_the_second_talker_waits_and_is_told_for_whom(hall: Hall) -> None:
    first = hall.talk(id="talk-1")
    hall.speak(first, 10)
    second = hall.talk(id="talk-2", incident="inc-2", override_reason="x", requested_by="chief")
    hall.speak(first, 10)
    state = second.talk.state()
    assert (state.phase, state.by) == ("waiting", "talk-1")
    second.talk.close()
    first.talk.close()
    assert first.over().ok
    assert "given up before its turn" in str(second.over().error)


def test_rests_hold_for_people_who_give_no_reason(hall: Hall) -> None:
    first = hall.talk()
    hall.speak(first, 10)
    first.talk.close()
    assert first.over().ok
    refused = hall.talk(requested_by="monitor").over()
    assert "cooldown" in str(refused.error)
    again = hall.talk(requested_by="chief", override_reason="落水")
    hall.speak(again, 10)
    again.talk.close()
    assert again.over().ok


def test_a_group_hears_the_same_voice(hall: Hall) -> None:
    running = hall.talk(group="shore")
    hall.speak(running, 30)
    running.talk.close()
    running.over()
    assert [one.ok for one in running.receipts] == [True, True]
    assert {one.camera for one in running.receipts} == {"river", "bridge"}


@pytest.mark.parametrize("microphone", ["closed", "open", "muted"])
def test_nothing_said_is_no_talk(hall: Hall, microphone: str) -> None:
    running = hall.talk()
    stop = threading.Event()
    while microphone != "closed" and running.talk.state().phase == "waiting":
        hall.clock.wait(stop, 0.02)
    for _ in range(20 if microphone == "muted" else 0):
        running.talk.put(bytes(len(TONE)))
        hall.clock.wait(stop, 0.02)
    running.talk.close()
    receipt = running.over()
    assert not receipt.ok
    assert receipt.started_ns is None


def test_a_louder_voice_is_not_wrapped() -> None:
    clock = ManualClock()
    feed = LiveFeed(clock, RATE)
    feed.gain = 10.0
    feed.begin(RATE)
    feed.put(np.full(RATE // 50, 20000, np.int16))
    frame = feed.frame()
    assert frame is not None
    assert set(frame.tolist()) == {32767}
