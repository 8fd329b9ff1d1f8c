"""The ONVIF backchannel driver against a device with faults."""

import threading
import time
from typing import Any

import numpy as np
import pytest

from broadcast import g711
from broadcast.audio import Audio
from broadcast.base import Delivery
from broadcast.errors import NoBackchannelError, SignInError, SpeakerError, StoppedError
from broadcast.onvif import REQUIRE, OnvifSpeaker
from broadcast.rtp import RtpPacket
from broadcast.talk import LEAD_S
from core.clock import SystemClock
from tests.broadcast.faulty_speaker import NEEDS_REQUIRE, FaultyServer

TONE = Audio(
    (8000 * np.sin(2 * np.pi * 1000 * np.arange(6400) / 16000)).astype(np.int16), 16000
)  # 0.4 s


def speak(server: FaultyServer, delivery: Delivery | None = None, **how: Any) -> Delivery:
    speaker = OnvifSpeaker("river", server.url, SystemClock(), **{"timeout_s": 1.0, **how})
    return speaker.speak(TONE, threading.Event(), delivery)


def test_says_the_words_and_closes() -> None:
    with FaultyServer() as server:
        before_ns = SystemClock().utc_ns()
        done = speak(server)
    assert server.methods == ["DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert all(server.last(method).headers["require"] == REQUIRE for method in NEEDS_REQUIRE)
    assert server.last("SETUP").url == server.url + "/trackID=4"
    assert server.last("PLAY").url == server.url + "/"
    assert server.last("PLAY").headers["session"] == "4711"
    assert server.early_packets == 0
    assert server.open_sessions == 0
    packets = [RtpPacket.parse(data) for data in server.packets]
    assert {packet.payload_type for packet in packets} == {8}
    assert {len(packet.payload) for packet in packets} == {160}
    assert packets[0].marker
    assert not any(packet.marker for packet in packets[1:])
    steps = np.diff([packet.timestamp for packet in packets]) % 2**32
    assert set(steps) == {160}
    assert set(np.diff([packet.sequence for packet in packets]) % 2**16) == {1}
    sound = g711.PCMA.decode(b"".join(packet.payload for packet in packets))
    lead = round(LEAD_S * 8000)
    assert np.abs(sound[:lead]).max() <= 8
    words = sound[lead : lead + 3200].astype(float)
    spectrum = np.abs(np.fft.rfft(words * np.hanning(3200)))
    assert np.argmax(spectrum) * 8000 / 3200 == pytest.approx(1000, abs=3)
    assert done.seconds == pytest.approx(0.4)
    assert done.bytes_sent == 160 * len(packets)
    assert done.started_ns is not None
    assert done.started_ns >= before_ns
    assert "PLAY 200 OK" in done.device_reply
    assert "TEARDOWN 200 OK" in done.device_reply


def test_keeps_real_time() -> None:
    """The last packet does not arrive before its turn; lateness is the machine's business."""
    with FaultyServer() as server:
        speak(server)
    span_s = server.arrived_s[-1] - server.arrived_s[0]
    assert span_s >= 0.95 * 0.02 * (len(server.packets) - 1)


def test_uses_the_channel_that_setup_granted() -> None:
    with FaultyServer(channels="6-7") as server:
        speak(server)
    assert set(server.channel_of) == {6}


def test_udp_when_the_device_does_not_interleave() -> None:
    with FaultyServer(udp=True) as server:
        done = speak(server)
    assert server.methods == ["DESCRIBE", "SETUP", "SETUP", "PLAY", "TEARDOWN"]
    assert len(server.packets) >= 50
    assert set(server.channel_of) == {-1}
    assert "UDP" in done.device_reply


def test_takes_no_notice_of_what_the_device_sends_meanwhile() -> None:
    with FaultyServer(chatter=True) as server:
        done = speak(server)
    assert done.seconds == pytest.approx(0.4)
    assert server.methods[-1] == "TEARDOWN"


@pytest.mark.parametrize(
    ("offered", "used"),
    [
        (("MD5",), "Digest"),
        (("SHA-256",), "SHA-256"),
        (("Basic", "MD5", "SHA-256"), "SHA-256"),
        (("Basic",), "Basic"),
    ],
)
def test_signs_in(offered: tuple[str, ...], used: str) -> None:
    with FaultyServer(auth=offered) as server:
        speak(server, username="user", password="geheim")
    assert server.methods == ["DESCRIBE", "DESCRIBE", "SETUP", "PLAY", "TEARDOWN"]
    assert used in server.last("PLAY").headers["authorization"]
    assert all(
        "Basic" not in request.headers.get("authorization", "")
        for request in server.requests
        if used != "Basic"
    )


def test_a_stale_nonce_is_no_wrong_password() -> None:
    with FaultyServer(auth=("MD5",), stale_once=True) as server:
        speak(server, username="user", password="geheim")
    assert server.methods[-1] == "TEARDOWN"


def test_wrong_password_is_tried_once() -> None:
    with (
        FaultyServer(auth=("MD5",)) as server,
        pytest.raises(SignInError, match=r"camera river: DESCRIBE refuses the user name"),
    ):
        speak(server, username="user", password="wrong")
    assert server.methods == ["DESCRIBE", "DESCRIBE"]  # no third try: devices lock accounts


def test_sign_in_wanted_but_not_configured() -> None:
    with FaultyServer(auth=("MD5",)) as server, pytest.raises(SignInError, match="password"):
        speak(server)


@pytest.mark.parametrize(
    ("faults", "error", "message"),
    [
        ({"codes": {"DESCRIBE": 551}}, NoBackchannelError, "no ONVIF backchannel"),
        ({"codes": {"SETUP": 551}}, NoBackchannelError, "no ONVIF backchannel"),
        ({"back_track": ""}, NoBackchannelError, "no audio track marked sendonly"),
        (
            {
                "back_track": "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\n"
                "a=sendonly\r\n"
            },
            NoBackchannelError,
            "MPEG4-GENERIC/16000 only",
        ),
        ({"codes": {"DESCRIBE": 404}}, SpeakerError, "DESCRIBE answered 404"),
        ({"codes": {"SETUP": 453}}, SpeakerError, "another program may be talking"),
        ({"codes": {"PLAY": 455}}, SpeakerError, "wants RECORD"),
        ({"codes": {"PLAY": 503}}, SpeakerError, "PLAY answered 503"),
        ({"silent_on": "DESCRIBE"}, SpeakerError, "no answer to DESCRIBE within 1 s"),
        ({"silent_on": "PLAY"}, SpeakerError, "no answer to PLAY within 1 s"),
        ({"garbage_on": "DESCRIBE"}, SpeakerError, "not RTSP: 'HTTP/1.1 200 OK'"),
    ],
)
def test_each_fault_is_one_clear_message(
    faults: dict[str, Any], error: type[SpeakerError], message: str
) -> None:
    with FaultyServer(**faults) as server, pytest.raises(error) as caught:
        speak(server)
    assert message in str(caught.value)
    assert str(caught.value).startswith("camera river: ")
    assert server.packets == []
    assert server.open_sessions == 0
    if "PLAY" in server.methods:
        assert "TEARDOWN" in server.methods


def test_early_close_says_how_much_was_heard() -> None:
    done = Delivery()
    with (
        FaultyServer(close_after_packets=35) as server,
        pytest.raises(SpeakerError, match=r"^camera river: .* after 0\.\d s of 0\.4 s"),
    ):
        speak(server, done)
    assert done.started_ns is not None
    assert 35 * 160 <= done.bytes_sent < 54 * 160


def test_stop_breaks_off_and_closes() -> None:
    stop = threading.Event()
    with FaultyServer() as server:

        def stop_soon() -> None:
            while len(server.packets) < 10:
                time.sleep(0.005)
            stop.set()

        helper = threading.Thread(target=stop_soon)
        helper.start()
        with pytest.raises(StoppedError, match="stopped after"):
            OnvifSpeaker("river", server.url, SystemClock()).speak(TONE, stop)
        helper.join()
    assert server.methods[-1] == "TEARDOWN"
    assert len(server.packets) < 50


def test_a_device_slower_than_real_time_is_given_up() -> None:
    with FaultyServer() as server:

        class Stalling(SystemClock):
            """Half a minute is lost once ten packets are out."""

            def monotonic_ns(self) -> int:
                lost_ns = 30_000_000_000 if len(server.packets) >= 10 else 0
                return super().monotonic_ns() + lost_ns

        with pytest.raises(SpeakerError, match="camera river: takes the sound slower"):
            OnvifSpeaker("river", server.url, Stalling()).speak(TONE, threading.Event())
    assert server.methods[-1] == "TEARDOWN"
    assert server.open_sessions == 0


def test_long_talks_keep_the_session_alive() -> None:
    with FaultyServer(session_timeout_s=1, codes={"GET_PARAMETER": 501}) as server:
        longer = Audio(np.zeros(8000 * 2, np.int16), 8000)
        OnvifSpeaker("river", server.url, SystemClock()).speak(longer, threading.Event())
    assert server.methods.count("GET_PARAMETER") == 1
    assert server.methods.count("OPTIONS") >= 1
    assert server.last("OPTIONS").headers["session"] == "4711"


def test_a_hanging_teardown_does_not_hang_us() -> None:
    with FaultyServer(silent_on="TEARDOWN") as server:
        done = speak(server)
    assert done.seconds == pytest.approx(0.4)
    assert "TEARDOWN without answer" in done.device_reply


def test_nobody_there() -> None:
    with FaultyServer() as server:
        url = server.url
    with pytest.raises(SpeakerError, match=r"camera river: cannot connect to 127\.0\.0\.1:\d+"):
        OnvifSpeaker("river", url, SystemClock()).speak(TONE, threading.Event())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/x", "rtsp://user:pw@127.0.0.1/x", "rtsp://h:99999/x", "river"]
)
def test_unusable_addresses(url: str) -> None:
    with pytest.raises(SpeakerError, match="camera river: "):
        OnvifSpeaker("river", url, SystemClock()).speak(TONE, threading.Event())
