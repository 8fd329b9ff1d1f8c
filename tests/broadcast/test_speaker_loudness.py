"""How loud it is, whose sign-in is used, and what was heard."""

import threading
from pathlib import Path

import pytest

from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.base import Delivery, SpeakerDriver
from broadcast.file import FileSpeaker
from core.cases import Announcement, Hearing, Receipt
from core.clock import ManualClock
from core.config.cameras import Camera
from core.errors import ConfigError
from tests.broadcast.speaker_town import announcement, camera, sign_ins, site

CLOCK_ONLY = {"cooldown_s": 0, "max_repeats": 10}


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
