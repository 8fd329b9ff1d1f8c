"""Hikvision, Axis and generic HTTP loudspeakers; after every failure the channel is free."""

import io
import threading
from contextlib import nullcontext
from typing import Any

import av
import numpy as np
import pytest

from broadcast import g711, http
from broadcast.audio import Audio
from broadcast.axis import AxisClipSpeaker, AxisSpeaker
from broadcast.base import Delivery
from broadcast.errors import SignInError, SpeakerError, StoppedError
from broadcast.hikvision import HikvisionSpeaker, channels
from broadcast.http_device import HttpDevice
from broadcast.talk import LEAD_S
from broadcast.volume import loudness
from core.credentials import Credential
from core.networks import PRIVATE, Networks
from tests.broadcast.http_horns import CHANNELS, Axis, Hikvision, HttpHorn, PublicAddress
from tests.broadcast.speaker_town import FastClock, camera

CLOCK = FastClock(4)
TONE = Audio(
    (8000 * np.sin(2 * np.pi * 1000 * np.arange(4800) / 16000)).astype(np.int16), 16000
)  # 0.3 s
USER = Credential("user", "geheim")


def device(horn: HttpHorn, **how: Any) -> HttpDevice:
    return HttpDevice(horn.url, "camera river", **{"timeout_s": 5.0, **how})


def tone_hz(sound: bytes) -> float:
    lead = round(LEAD_S * 8000)
    words = g711.PCMU.decode(bytes(sound))[lead : lead + 2400].astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(words * np.hanning(2400)))) * 8000 / 2400)


# -- Hikvision -----------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["", "geheim"])
def test_hikvision_closes_opens_speaks_and_closes(password: str) -> None:
    with Hikvision(password=password) as horn:
        done = HikvisionSpeaker("river", device(horn, credential=USER), CLOCK).speak(
            TONE, threading.Event()
        )
        assert not horn.open
    verbs = [call.rpartition("/")[2] for call in horn.calls if call.startswith("PUT")]
    assert verbs == ["close", "open", "audioData?sessionId=77", "close"]
    assert tone_hz(horn.sound) == pytest.approx(1000, abs=5)
    assert done.seconds == pytest.approx(0.3)
    assert done.bytes_sent == len(horn.sound)
    assert "close 200 OK" in done.device_reply


def test_hikvision_frees_a_channel_that_a_crash_left_open() -> None:
    with Hikvision(stuck=True) as horn:
        HikvisionSpeaker("river", device(horn), CLOCK).speak(TONE, threading.Event())
        assert len(horn.sound) > 0
        assert not horn.open


@pytest.mark.parametrize(
    ("device_is", "way", "words", "set_to"),
    [
        ({}, "held", "speakerVolume 80, before 50", [80, 50]),
        ({"close_after": 3000}, "held", "speakerVolume 80, before 50", [80, 50]),
        ({"taken": True}, "held", "speakerVolume 80, before 50", [80, 50]),
        ({"codec": "AAC"}, "held", "speakerVolume 80, before 50", [80, 50]),
        ({"volume": 80}, "held", "speakerVolume 80, before 80", []),
        ({"volume": None}, "sound", "softer by 1.9 dB (camera river: channel 1 has no", []),
        ({"fixed_volume": True}, "sound", "answered 403 Refused (notSupport))", []),
    ],
)
def test_hikvision_is_as_loud_as_asked_and_then_as_before(
    device_is: dict[str, Any], way: str, words: str, set_to: list[int]
) -> None:
    fails = {"close_after", "taken", "codec"} & set(device_is)
    with Hikvision(**device_is) as horn:
        speaker = HikvisionSpeaker("river", device(horn), CLOCK)
        with (
            pytest.raises(SpeakerError) if fails else nullcontext(),
            loudness(camera("river"), speaker, 80, None) as loud,
        ):
            assert (loud.way, loud.volume) == (way, 80)
            assert words in loud.by
            assert loud.gain_db == (0 if way == "held" else pytest.approx(-1.94, abs=0.01))
            assert horn.volumes == set_to[:1]
            speaker.speak(TONE, threading.Event())
        assert horn.volumes == set_to
        assert not horn.open
        assert horn.calls.count(f"GET {CHANNELS}") == 1


@pytest.mark.parametrize(
    ("faults", "error", "words"),
    [
        ({"taken": True}, SpeakerError, "open answered 403 Refused (Device Busy); another"),
        ({"codec": "AAC"}, SpeakerError, "set to AAC; set it to G.711ulaw"),
        ({"refuse_sound": True}, SpeakerError, "audioData answered 503"),
        ({"close_after": 3000}, SpeakerError, "after 0."),
        ({"password": "other"}, SignInError, "refuses the user name or password"),
        ({"silent_on": "/open"}, SpeakerError, "no answer to PUT"),
    ],
)
def test_hikvision_failures_leave_it_closed(
    faults: dict[str, Any], error: type[Exception], words: str
) -> None:
    with Hikvision(**faults) as horn:
        speaker = HikvisionSpeaker(
            "river", device(horn, credential=USER, timeout_s=1.0), CLOCK, channel=1
        )
        with pytest.raises(error) as raised:
            speaker.speak(TONE, threading.Event())
        assert str(raised.value).startswith("camera river: ")
        assert words in str(raised.value)
        assert not horn.open


def test_hikvision_stopped_in_the_middle_is_closed() -> None:
    stop = threading.Event()
    delivery = Delivery()
    with Hikvision() as horn:
        timer = threading.Timer(0.3, stop.set)
        timer.start()
        with pytest.raises(StoppedError):
            HikvisionSpeaker("river", device(horn), CLOCK).speak(
                Audio(np.tile(TONE.pcm, 30), TONE.rate), stop, delivery
            )
        assert not horn.open
    assert delivery.started_ns is not None
    assert "close 200 OK" in delivery.device_reply


def test_hikvision_wants_a_channel_that_is_there() -> None:
    with (
        Hikvision() as horn,
        pytest.raises(SpeakerError, match="has no channel 4, only 1"),
    ):
        HikvisionSpeaker("river", device(horn), CLOCK, channel=4).speak(TONE, threading.Event())
    assert horn.calls == [f"GET {CHANNELS}"]


def test_channels_of_broken_documents() -> None:
    assert channels(b"<a><TwoWayAudioChannel>") == []
    assert channels(b"<L><TwoWayAudioChannel><id>../x</id></TwoWayAudioChannel></L>") == []


# -- Axis ----------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["", "geheim"])
def test_axis_plays_what_is_transmitted(password: str) -> None:
    with Axis(password=password) as horn:
        done = AxisSpeaker("river", device(horn, credential=USER), CLOCK).speak(
            TONE, threading.Event()
        )
    assert horn.talking == 0
    assert tone_hz(horn.sound) == pytest.approx(1000, abs=5)
    assert done.bytes_sent == len(horn.sound)


@pytest.mark.parametrize(
    ("faults", "error", "words"),
    [
        ({"busy": True}, SpeakerError, "transmit answered 503"),
        ({"close_after": 3000}, SpeakerError, "after 0."),
        ({"password": "other"}, SignInError, "refuses the user name or password"),
    ],
)
def test_axis_failures_leave_it_free(
    faults: dict[str, Any], error: type[Exception], words: str
) -> None:
    with Axis(**faults) as horn, pytest.raises(error) as raised:
        AxisSpeaker("river", device(horn, credential=USER), CLOCK).speak(TONE, threading.Event())
    assert words in str(raised.value)
    assert horn.talking == 0


def test_axis_clip_is_uploaded_played_and_removed() -> None:
    with Axis(password="geheim") as horn:
        done = AxisClipSpeaker("river", device(horn, credential=USER), CLOCK, volume=60).speak(
            TONE, threading.Event()
        )
    assert horn.played == ["60"]
    assert horn.clips == {}
    assert horn.playing == ""
    assert done.seconds == pytest.approx(0.3)
    assert "playing=7" in done.device_reply


@pytest.mark.parametrize(
    ("faults", "words"), [({"busy": True}, "answered 503"), ({"full": True}, "no space left")]
)
def test_axis_clip_failures_leave_nothing_behind(faults: dict[str, Any], words: str) -> None:
    with Axis(**faults) as horn, pytest.raises(SpeakerError, match=words):
        AxisClipSpeaker("river", device(horn), CLOCK).speak(TONE, threading.Event())
    assert horn.clips == {}
    assert horn.playing == ""


# -- any HTTP ------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["wav", "mp3"])
def test_http_posts_a_file_that_plays(kind: http.Format) -> None:
    with PublicAddress(says="queued as 5") as horn:
        url = f"{horn.url}/play/{{camera}}?vol={{volume}}&s={{seconds}}"
        speaker = http.HttpSpeaker(
            "river", url, device(horn), CLOCK, kind=kind, expect="queued", volume=40
        )
        assert speaker.sets_volume
        done = speaker.speak(TONE, threading.Event())
    assert horn.calls == ["POST /play/river?vol=40&s=0.3"]
    with av.open(io.BytesIO(horn.files[0])) as played:
        samples = sum(frame.samples for frame in played.decode(audio=0))
        rate = played.streams.audio[0].rate
    assert samples / rate == pytest.approx(0.3, abs=0.1)
    assert done.device_reply == "POST 200 OK queued as 5"


@pytest.mark.parametrize(
    ("faults", "words"),
    [({"code": 500, "says": "jammed"}, "500 Refused jammed"), ({"says": "?"}, "without 'queued'")],
)
def test_http_answers_that_are_not_good(faults: dict[str, Any], words: str) -> None:
    with PublicAddress(**faults) as horn, pytest.raises(SpeakerError, match=words):
        http.HttpSpeaker("river", f"{horn.url}/play", device(horn), CLOCK, expect="queued").speak(
            TONE, threading.Event()
        )


def test_http_addresses_cannot_lead_elsewhere() -> None:
    with pytest.raises(SpeakerError, match=r"unknown placeholder \{password\}"):
        http.fill("http://h/{password}", camera="river")
    assert http.fill("http://h/{camera}", camera="a/../b?c") == "http://h/a%2F..%2Fb%3Fc"
    with pytest.raises(SpeakerError, match="host cannot be a placeholder"):
        http.base("http://{camera}/x")


def test_nothing_is_asked_outside_the_networks() -> None:
    with Hikvision() as horn, pytest.raises(SpeakerError, match="outside the camera networks"):
        HikvisionSpeaker("river", device(horn, networks=Networks(PRIVATE)), CLOCK).speak(
            TONE, threading.Event()
        )
    assert horn.calls == []
