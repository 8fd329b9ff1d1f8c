"""Turns, pre-emption and groups."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver
from broadcast.errors import StoppedError
from broadcast.groups import Place, Step
from broadcast.turns import FORCE_S, Turns
from core.cases import Priority, Receipt
from core.clock import ManualClock, SystemClock
from core.config.cameras import Camera
from core.config.site import Site
from tests.broadcast.faulty_speaker import FaultyServer
from tests.broadcast.speaker_town import announcement, camera, site

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
