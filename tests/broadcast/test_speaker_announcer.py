"""The announcer: once, one at a time, always a receipt, always closed."""

import hashlib
import json
import threading
from ipaddress import ip_network
from pathlib import Path

import numpy as np
import pytest

from broadcast.announcer import Announcer
from broadcast.audio import Audio, read_wav
from broadcast.base import Delivery, SpeakerDriver
from broadcast.drivers import build, identity
from broadcast.errors import BroadcastError, SpeakerError
from broadcast.file import FileSpeaker
from broadcast.onvif import OnvifSpeaker
from core.cases import Announcement, Receipt
from core.clock import ManualClock, SystemClock
from core.config.cameras import Camera
from core.config.site import Site
from tests.broadcast.faulty_speaker import FaultyServer
from tests.broadcast.speaker_town import announcement, camera, sign_ins, site


class Horn(SpeakerDriver):
    """A driver that counts talkers; ``gate`` holds them inside, ``crash`` throws."""

    name = "horn"

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Semaphore(0)
        self.inside: list[str] = []
        self.most_of: dict[str, int] = {}
        self.most = 0
        self.talks = 0
        self.crash: Exception | None = None
        self._guard = threading.Lock()

    def of(self, camera_: Camera, volume: int | None = None) -> SpeakerDriver:
        horn, who = self, identity(camera_)

        class One(SpeakerDriver):
            name = "horn"

            def speak(
                self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
            ) -> Delivery:
                return horn.say(who, delivery or Delivery(), audio)

        return One()

    def speak(
        self, audio: Audio, stop: threading.Event, delivery: Delivery | None = None
    ) -> Delivery:
        return self.say("", delivery or Delivery(), audio)

    def say(self, who: str, delivery: Delivery, audio: Audio) -> Delivery:
        with self._guard:
            self.inside.append(who)
            self.talks += 1
            self.most = max(self.most, len(self.inside))
            self.most_of[who] = max(self.most_of.get(who, 0), self.inside.count(who))
        self.entered.release()
        try:
            assert self.gate.wait(20)
            delivery.started_ns = self.clock.utc_ns()
            if self.crash:
                raise self.crash
            delivery.seconds = audio.seconds
            return delivery
        finally:
            with self._guard:
                self.inside.remove(who)


CLOCK_ONLY = {"cooldown_s": 0, "max_repeats": 10}


def to_file(camera_id: str, directory: Path, **more: object) -> Camera:
    return camera(camera_id, {"driver": "file", "url": str(directory)}, **more)


def together(announcer: Announcer, announcements: list[Announcement]) -> list[Receipt]:
    found: list[Receipt] = []
    threads = [
        threading.Thread(target=lambda one=one: found.append(announcer.handle(one)))
        for one in announcements
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_a_warning_becomes_sound_and_evidence(tmp_path: Path) -> None:
    clock = ManualClock()
    out = tmp_path / "horn"
    announcer = Announcer(
        site(to_file("river", out), warnings=CLOCK_ONLY), clock=clock, audio_dir=tmp_path / "kept"
    )
    asked = announcement(clock)
    receipt = announcer.handle(asked)
    assert receipt.ok, receipt.error
    assert (receipt.announcement, receipt.incident, receipt.camera) == (
        asked.id,
        "inc-1",
        "river",
    )
    assert receipt.driver == "file"
    assert receipt.text == asked.text
    assert receipt.started_ns == clock.utc_ns()
    assert receipt.audio_path is not None
    data = Path(receipt.audio_path).read_bytes()
    assert hashlib.sha256(data).hexdigest() == receipt.audio_sha256
    (heard,) = out.glob("*.wav")
    assert heard.read_bytes() == data
    assert read_wav(heard).seconds == pytest.approx(receipt.seconds, abs=0.001)
    assert receipt.bytes_sent == len(data)
    assert list(out.glob(".*")) == []


def test_a_repeated_message_is_spoken_once_also_after_a_restart(tmp_path: Path) -> None:
    clock, out = ManualClock(), tmp_path / "horn"
    town = site(to_file("river", out), warnings=CLOCK_ONLY)
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
    asked = announcement(clock)
    receipt = announcer.handle(asked)
    assert announcer.handle(asked) == receipt
    again = Announcer(town, clock=clock, audio_dir=tmp_path)
    assert again.handle(asked) == receipt
    assert len(list(out.glob("*.wav"))) == 1


def test_the_same_message_in_many_threads_is_spoken_once(tmp_path: Path) -> None:
    clock = ManualClock()
    horn = Horn(clock)
    announcer = Announcer(
        site(to_file("river", tmp_path), warnings=CLOCK_ONLY),
        clock=clock,
        audio_dir=tmp_path,
        build=horn.of,
    )
    asked = announcement(clock)
    receipts = together(announcer, [asked] * 8)
    assert horn.talks == 1
    assert len(receipts) == 8
    assert all(receipt == receipts[0] for receipt in receipts)


def test_one_talker_a_speaker_but_speakers_side_by_side(tmp_path: Path) -> None:
    clock = ManualClock()
    horn = Horn(clock)
    horn.gate.clear()
    # river and weir share one loudspeaker.
    town = site(
        to_file("river", tmp_path / "a"),
        to_file("weir", tmp_path / "a"),
        to_file("lane", tmp_path / "b"),
        warnings=CLOCK_ONLY,
    )
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path / "kept", build=horn.of)
    asked = [
        announcement(clock, name, incident=f"inc-{index}")
        for index, name in enumerate(["river", "weir", "river", "lane"])
    ]
    threads = [threading.Thread(target=announcer.handle, args=(one,)) for one in asked]
    for thread in threads:
        thread.start()
    # Both loudspeakers are talking at the same time before either may finish.
    assert horn.entered.acquire(timeout=20)
    assert horn.entered.acquire(timeout=20)
    horn.gate.set()
    for thread in threads:
        thread.join(30)
    assert horn.talks == 4
    assert horn.most == 2
    assert set(horn.most_of.values()) == {1}


@pytest.mark.parametrize("crash", [ValueError("boom"), SpeakerError("camera river: gone")])
def test_a_crash_in_a_driver_is_a_receipt_and_frees_the_speaker(
    tmp_path: Path, crash: Exception
) -> None:
    clock = ManualClock()
    horn = Horn(clock)
    horn.crash = crash
    announcer = Announcer(
        site(to_file("river", tmp_path), warnings=CLOCK_ONLY),
        clock=clock,
        audio_dir=tmp_path,
        build=horn.of,
    )
    receipt = announcer.handle(announcement(clock))
    assert not receipt.ok
    assert str(crash) in str(receipt.error)
    assert "river" in str(receipt.error)
    assert receipt.started_ns is not None
    assert receipt.audio_sha256 is not None
    horn.crash = None
    assert announcer.handle(announcement(clock)).ok
    assert horn.inside == []


def test_rules_refuse_with_a_receipt(tmp_path: Path) -> None:
    clock, out = ManualClock(), tmp_path / "horn"
    town = site(to_file("river", out), warnings={"cooldown_s": 60, "max_repeats": 2})
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
    assert announcer.handle(announcement(clock)).ok
    refused = announcer.handle(announcement(clock))
    assert not refused.ok
    assert refused.started_ns is None
    assert refused.error == ("camera river: not spoken: cooldown: 60 s left for this loudspeaker")
    # The rules outlive the process.
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
    assert "cooldown" in str(announcer.handle(announcement(clock)).error)
    clock.advance(70)
    assert announcer.handle(announcement(clock)).ok
    clock.advance(70)
    assert "already warned 2 times" in str(announcer.handle(announcement(clock)).error)
    pressed = announcement(clock, requested_by="zhang", override_reason="有人落水")
    assert announcer.handle(pressed).ok
    assert len(list(out.glob("*.wav"))) == 3


def test_a_warning_cut_off_by_a_crash_of_the_program_is_not_repeated(tmp_path: Path) -> None:
    clock, out = ManualClock(), tmp_path / "horn"
    town = site(to_file("river", out), warnings={"cooldown_s": 60})
    asked = announcement(clock)
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
    assert announcer.handle(asked).ok
    # As if power had gone while speaking: the receipt's line is torn.
    journal = tmp_path / "receipts.jsonl"
    journal.write_bytes(journal.read_bytes()[:-30])
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
    receipt = announcer.handle(asked)
    assert not receipt.ok
    assert "not repeated" in str(receipt.error)
    assert len(list(out.glob("*.wav"))) == 1
    assert "cooldown" in str(announcer.handle(announcement(clock)).error)
    # The torn line did not swallow the lines after it.
    assert Announcer(town, clock=clock, audio_dir=tmp_path).handle(asked) == receipt
    whole = [line for line in journal.read_text().splitlines() if line.endswith("}")]
    assert sum("receipt" in json.loads(line) for line in whole) == 2


def test_nothing_is_spoken_that_cannot_be_written_down(tmp_path: Path) -> None:
    clock = ManualClock()
    horn = Horn(clock)
    announcer = Announcer(
        site(to_file("river", tmp_path), warnings=CLOCK_ONLY),
        clock=clock,
        audio_dir=tmp_path,
        build=horn.of,
    )
    (tmp_path / "receipts.jsonl").mkdir()
    receipt = announcer.handle(announcement(clock))
    assert not receipt.ok
    assert "receipts.jsonl: cannot write" in str(receipt.error)
    assert horn.talks == 0
    with pytest.raises(BroadcastError, match=r"receipts\.jsonl: cannot be read"):
        Announcer(site(), clock=clock, audio_dir=tmp_path)


def test_bad_cameras_and_bad_words_are_receipts_and_others_go_on(tmp_path: Path) -> None:
    clock = ManualClock()
    town = site(
        camera("mute"),
        camera("vague", {"driver": "file"}),
        camera("locked", {"driver": "onvif"}, username="u", password_env="WW_NOT_SET"),
        to_file("river", tmp_path / "horn"),
        warnings=CLOCK_ONLY,
    )
    announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
    for name, words in (
        ("gone", "no camera 'gone'"),
        ("mute", "camera mute: has no loudspeaker"),
        ("vague", "speaker.url: name the directory"),
        ("locked", "environment variable WW_NOT_SET is not set"),
    ):
        receipt = announcer.handle(announcement(clock, name))
        assert not receipt.ok
        assert words in str(receipt.error)
    assert "empty" in str(announcer.handle(announcement(clock, text=" ")).error)
    assert "characters" in str(announcer.handle(announcement(clock, text="停" * 999)).error)
    assert "lasts" in str(announcer.handle(announcement(clock, text="请离开。" * 90)).error)
    assert announcer.handle(announcement(clock)).ok


def test_shutting_down_refuses(tmp_path: Path) -> None:
    clock = ManualClock()
    announcer = Announcer(
        site(to_file("river", tmp_path), warnings=CLOCK_ONLY), clock=clock, audio_dir=tmp_path
    )
    announcer.stop()
    assert announcer.handle(announcement(clock)).error == "shutting down"


def test_two_cameras_speak_over_the_network_at_once_and_both_close(tmp_path: Path) -> None:
    clock = SystemClock()
    with FaultyServer(auth=("SHA-256",)) as good, FaultyServer(close_after_packets=20) as bad:
        town: Site = site(
            camera(
                "river", {"driver": "onvif", "url": good.url}, username="user", password_env="WW_PW"
            ),
            camera("lane", {"driver": "onvif", "url": bad.url}),
            warnings=CLOCK_ONLY,
        )
        announcer = Announcer(
            town,
            clock=clock,
            audio_dir=tmp_path,
            build=lambda one, _volume: build(one, clock, sign_ins(tmp_path, WW_PW="geheim")),
        )
        asked = [announcement(clock, name, text="停") for name in ("river", "lane")]
        receipts = {one.camera: one for one in together(announcer, asked)}
    assert receipts["river"].ok, receipts["river"].error
    assert "TEARDOWN 200 OK" in receipts["river"].device_reply
    assert receipts["river"].bytes_sent == 160 * len(good.packets)
    assert not receipts["lane"].ok
    assert "camera lane" in str(receipts["lane"].error)
    assert receipts["lane"].bytes_sent >= 20 * 160
    assert good.open_sessions == bad.open_sessions == 0


def test_drivers_are_made_from_the_configuration(tmp_path: Path) -> None:
    clock = ManualClock()
    one = camera("river", {"driver": "onvif"})
    assert isinstance(build(one, clock, sign_ins(tmp_path)), OnvifSpeaker)
    assert identity(one) == "onvif:rtsp://127.0.0.1:1/river"
    assert isinstance(build(to_file("river", tmp_path), clock, sign_ins(tmp_path)), FileSpeaker)


def test_a_loudspeaker_outside_the_networks_is_not_connected_to(tmp_path: Path) -> None:
    clock = ManualClock()
    with FaultyServer() as server:
        town = site(
            camera("river", {"driver": "onvif", "url": server.url}),
            warnings=CLOCK_ONLY,
            networks=["10.0.0.0/8"],
        )
        announcer = Announcer(town, clock=clock, audio_dir=tmp_path)
        receipt = announcer.handle(announcement(clock))
        assert not receipt.ok
        assert "127.0.0.1 lies outside the camera networks" in str(receipt.error)
        assert server.requests == []
        announcer.use(town.model_copy(update={"networks": (ip_network("127.0.0.0/8"),)}))
        assert announcer.handle(announcement(clock)).ok


def test_files_are_never_overwritten(tmp_path: Path) -> None:
    speaker = FileSpeaker("river", tmp_path, ManualClock())
    sound = Audio(np.full(800, 1000, np.int16), 8000)
    for _ in range(3):
        speaker.speak(sound, threading.Event())
    assert len(list(tmp_path.glob("*.wav"))) == 3
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(SpeakerError, match="camera river: cannot write a warning into"):
        FileSpeaker("river", blocked, ManualClock()).speak(sound, threading.Event())
