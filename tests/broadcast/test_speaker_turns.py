"""Turns, pre-emption, groups, volume, live speech and drones."""

import base64
import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver
from broadcast.drone import Answers, DroneSpeaker
from broadcast.errors import SpeakerError, StoppedError
from broadcast.feed import LiveFeed, Recording
from broadcast.file import FileSpeaker
from broadcast.groups import Place, Step
from broadcast.onvif import OnvifSpeaker
from broadcast.turns import FORCE_S, Turns
from core.cases import Announcement, Hearing, Priority, Receipt
from core.clock import ManualClock, SystemClock
from core.config.cameras import Camera
from core.config.site import Site
from core.errors import ConfigError
from core.messages import DroneSpeech, DroneSpoken
from tests.broadcast.faulty_speaker import FaultyServer
from tests.broadcast.speaker_town import FastClock, announcement, camera, sign_ins, site

CLOCK_ONLY = {"cooldown_s": 0, "max_repeats": 10}


class LongTalk(SpeakerDriver):
    """Speaks until told to stop, or until let go."""

    name = "long"

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.let_go = threading.Event()
        self.said: list[str] = []

    def of(self, one: Camera, volume: int | None) -> SpeakerDriver:
        return self

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        assert delivery is not None
        delivery.started_ns = 1
        self.begun.release()
        while not self.let_go.wait(0.01):
            if stop.is_set():
                delivery.seconds = 0.5
                raise StoppedError("camera river: stopped")
        delivery.seconds = audio.seconds
        return delivery


def in_thread(work: Callable[[], Receipt]) -> Callable[[], Receipt]:
    found: list[Receipt] = []
    thread = threading.Thread(target=lambda: found.append(work()))
    thread.start()

    def wait() -> Receipt:
        thread.join(60)
        return found[0]

    return wait


@pytest.mark.parametrize("rule", ["repeat", "drop"])
def test_an_emergency_breaks_off_a_routine_warning(tmp_path: Path, rule: str) -> None:
    clock, horn = ManualClock(), LongTalk()
    announcer = Announcer(
        site(camera("river", {"driver": "file"}), warnings={**CLOCK_ONLY, "broken_off": rule}),
        clock=clock,
        audio_dir=tmp_path,
        build=horn.of,
    )
    routine = announcement(clock, incident="inc-1")
    first = in_thread(lambda: announcer.handle(routine))
    assert horn.begun.acquire(timeout=60)
    urgent = announcement(clock, incident="inc-2", priority=Priority.EMERGENCY)
    second = in_thread(lambda: announcer.handle(urgent))
    assert horn.begun.acquire(timeout=60)
    horn.let_go.set()
    assert second().ok
    receipt = first()
    told = f"broken off after 0.5 s by {urgent.id}"
    if rule == "repeat":
        assert receipt.ok, receipt.error
        assert receipt.device_reply == f"{told}, said again"
    else:
        assert not receipt.ok
        assert receipt.error == f"camera river: {told}; not said again: the township's rule"
        assert receipt.started_ns is not None


def test_nobody_is_broken_off_for_what_the_rules_refuse(tmp_path: Path) -> None:
    clock, horn = ManualClock(), LongTalk()
    announcer = Announcer(
        site(camera("river", {"driver": "file"}), warnings={"cooldown_s": 0, "max_repeats": 1}),
        clock=clock,
        audio_dir=tmp_path,
        build=horn.of,
    )
    first = in_thread(lambda: announcer.handle(announcement(clock)))
    assert horn.begun.acquire(timeout=60)
    refused = announcer.handle(announcement(clock, priority=Priority.EMERGENCY))
    assert "already warned 1 times" in str(refused.error)
    horn.let_go.set()
    assert first().ok


def test_the_more_urgent_goes_first_and_equals_wait() -> None:
    turns = Turns(SystemClock())
    talking = turns.take("horn", "a", Priority.URGENT, 10)
    assert talking is not None
    order: list[str] = []
    waiting = threading.Semaphore(0)

    def speak(who: str, priority: Priority) -> None:
        waiting.release()
        turn = turns.take("horn", who, priority, 60)
        assert turn is not None
        order.append(who)
        turns.release(turn)

    threads = [
        threading.Thread(target=speak, args=one)
        for one in (("routine", Priority.ROUTINE), ("urgent", Priority.URGENT))
    ]
    for thread in threads:
        thread.start()
        assert waiting.acquire(timeout=60)
    while len(turns._waiting["horn"]) < 2:
        threading.Event().wait(0.01)
    assert not talking.stop.is_set()
    turns.release(talking)
    for thread in threads:
        thread.join(60)
    assert order == ["urgent", "routine"]
    assert turns.take("other horn", "b", Priority.ROUTINE, 0) is not None


def test_a_talker_that_hangs_loses_its_turn() -> None:
    clock = ManualClock()
    turns = Turns(clock, lease_s=60)
    hanging = turns.take("horn", "a", Priority.EMERGENCY, 0)
    assert hanging is not None
    clock.advance(59)
    assert turns.take("horn", "b", Priority.ROUTINE, 0) is None
    assert not hanging.stop.is_set()
    clock.advance(1)
    assert turns.take("horn", "b", Priority.ROUTINE, 0) is None
    assert hanging.stop.is_set()  # first it is told, then it is left
    assert not hanging.lost
    clock.advance(FORCE_S)
    turns.take("horn", "b", Priority.ROUTINE, 0)
    mine = turns.take("horn", "b", Priority.ROUTINE, 0)
    assert mine is not None
    assert hanging.lost
    turns.release(hanging)  # too late, and nothing of it
    assert turns.take("horn", "c", Priority.ROUTINE, 0) is None


# -- groups --------------------------------------------------------------------------------


def grouped(*cameras: Camera, members: tuple[str, ...], **warnings: object) -> Site:
    group = {"id": "bank", "name": {"zh": "岸", "en": "bank"}, "cameras": members}
    return site(*cameras, warnings={**CLOCK_ONLY, **warnings}, groups=(group,))


def test_a_group_speaks_in_step_with_a_receipt_each(tmp_path: Path) -> None:
    clock = SystemClock()
    with FaultyServer() as one, FaultyServer() as two, FaultyServer(codes={"SETUP": 453}) as bad:
        town = grouped(
            camera("river", {"driver": "onvif", "url": one.url, "group": "bank"}),
            camera("weir", {"driver": "onvif", "url": two.url}),
            camera("lane", {"driver": "onvif", "url": bad.url}),
            members=("weir", "lane", "river"),
            max_repeats=1,
        )
        announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
        asked = announcement(clock, text="停")
        receipts = {receipt.camera: receipt for receipt in announcer.handle_all(asked)}
        again = announcer.handle_all(announcement(clock, text="停"))
    assert receipts["river"].announcement == asked.id
    assert receipts["weir"].announcement == f"{asked.id}.2"
    assert receipts["river"].ok
    assert receipts["weir"].ok
    assert "453" in str(receipts["lane"].error)
    # As near as the machine lets two threads be; out of step it would be a connection's time.
    assert one.packets
    assert abs(one.arrived_s[0] - two.arrived_s[0]) < 2.0
    assert one.open_sessions == two.open_sessions == bad.open_sessions == 0
    # One warning, though three loudspeakers were asked.
    assert all("already warned 1 times" in str(receipt.error) for receipt in again)


def test_a_step_waits_for_all_but_those_who_left() -> None:
    step = Step(3, wait_s=60)
    places = [Place(step) for _ in range(3)]
    ready = [threading.Thread(target=place.ready) for place in places[:2]]
    for thread in ready:
        thread.start()
    ready[0].join(0.2)
    assert ready[0].is_alive()
    places[2].leave()
    places[2].leave()
    for thread in ready:
        thread.join(60)
        assert not thread.is_alive()
    Step(2, wait_s=0.01).ready()  # nobody else comes: it is begun alone


def test_groups_and_addresses_are_checked_when_read() -> None:
    with pytest.raises(ValueError, match="camera 'weir' has no loudspeaker"):
        grouped(camera("river", {"driver": "file"}), members=("river", "weir"))
    with pytest.raises(ValueError, match="no speaker group 'gone'"):
        site(camera("river", {"driver": "file", "group": "gone"}))
    with pytest.raises(ValueError, match="hikvision: `url` is missing"):
        camera("river", {"driver": "hikvision"})
    with pytest.raises(ValueError, match="multicast: `url` begins with rtp:"):
        camera("river", {"driver": "multicast", "url": "http://239.1.1.1"})
    with pytest.raises(ValueError, match="put the user name in"):
        camera("river", {"driver": "axis", "url": "http://u:p@10.0.0.1"})


# -- volume, sign-in, hearing --------------------------------------------------------------


def test_volume_is_taken_off_where_the_device_cannot_be_told(tmp_path: Path) -> None:
    clock = ManualClock()
    loud: list[float] = []

    class Quiet(FileSpeaker):
        def speak(
            self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
        ) -> Delivery:
            loud.append(audio.speech_dbfs)
            assert audio.peak_dbfs <= -0.9
            return super().speak(audio, stop, delivery)

    def build(one: Camera, volume: int | None) -> SpeakerDriver:
        driver = Quiet(one.id, tmp_path / "out", clock)
        driver.sets_volume = one.id == "weir"
        return driver

    section = {"driver": "file", "url": str(tmp_path)}
    town = site(
        camera("river", section),
        camera("weir", {**section, "volume": 10}),
        camera("lane", {**section, "gain_db": 6}),
        warnings=CLOCK_ONLY,
    )
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path / "kept", build=build)
    for name, volume in (("river", None), ("river", 50), ("weir", None), ("lane", None)):
        assert announcer.handle(announcement(clock, name, volume=volume)).ok
    assert loud[1] - loud[0] == pytest.approx(-6, abs=0.5)
    assert loud[2] == pytest.approx(loud[0], abs=0.1)
    assert 0.5 < loud[3] - loud[0] <= 6.1  # the limiter takes back the peaks


def test_a_loudspeaker_has_its_own_sign_in(tmp_path: Path) -> None:
    own = camera(
        "river",
        {"driver": "sip", "url": "sip:h@10.0.0.1", "username": "horn", "password_env": "HORN"},
        username="cam",
        password_env="CAM",
    )
    known = sign_ins(tmp_path, HORN="h", CAM="c")
    credential = known.of_speaker(own)
    assert credential is not None
    assert (credential.username, credential.password) == ("horn", "h")
    foreign = {"driver": "http", "url": "http://10.0.0.1/"}
    assert known.of_speaker(camera("a", foreign, username="cam", password_env="CAM")) is None
    same = {"driver": "hikvision", "url": "http://10.0.0.1"}
    shared = known.of_speaker(camera("a", same, username="cam", password_env="CAM"))
    assert shared is not None
    assert shared.password == "c"
    with pytest.raises(ConfigError, match="HORN is not set"):
        sign_ins(tmp_path).of_speaker(own)


def test_what_was_heard_is_kept_with_the_receipt(tmp_path: Path) -> None:
    clock = ManualClock()
    town = site(camera("river", {"driver": "file", "url": str(tmp_path)}), warnings=CLOCK_ONLY)
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path / "kept")
    asked = announcement(clock)
    receipt = announcer.handle(asked)
    assert receipt.hearing is None
    heard = Hearing(verdict="heard", microphone="river", score=0.7, threshold=0.36, lag_s=0.8)
    announcer.keep_hearing(receipt, heard)
    again = Announcer(town, clock=clock, audio_dir=tmp_path / "kept").handle(asked)
    assert again.hearing == heard
    # Receipts and announcements from before there was any of this can still be read.
    old = receipt.model_dump(exclude={"hearing"})
    assert Receipt.model_validate(old) == receipt
    dropped = {"priority", "group", "volume"}
    assert Announcement.model_validate(asked.model_dump(exclude=dropped)) == asked


# -- live speech ---------------------------------------------------------------------------


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


# -- drones --------------------------------------------------------------------------------


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


def test_who_waited_finds_the_cooldown_of_who_spoke(tmp_path: Path) -> None:
    """The rest begins before the next one gets its turn."""
    clock, horn = ManualClock(), LongTalk()
    announcer = Announcer(
        site(camera("river", {"driver": "file"}), warnings={"cooldown_s": 60}),
        clock=clock,
        audio_dir=tmp_path,
        build=horn.of,
    )
    first = in_thread(lambda: announcer.handle(announcement(clock, incident="inc-1")))
    assert horn.begun.acquire(timeout=60)
    second = in_thread(lambda: announcer.handle(announcement(clock, incident="inc-2")))
    while not any(announcer._turns._waiting.values()):
        threading.Event().wait(0.01)
    horn.let_go.set()
    assert first().ok
    assert "cooldown: 60 s left" in str(second().error)
