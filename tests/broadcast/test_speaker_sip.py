"""SIP horns over UDP, and paging: a faulty horn, a UDP sink."""

import re
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast import codecs, g711
from broadcast import sip_messages as sip
from broadcast.audio import Audio
from broadcast.base import Delivery
from broadcast.errors import SignInError, SpeakerError, StoppedError
from broadcast.multicast import UNCONFIRMED, MulticastSpeaker
from broadcast.rtp import RtpPacket
from broadcast.sip import SipSpeaker
from broadcast.talk import LEAD_S
from core.credentials import Credential
from core.networks import PRIVATE, Networks
from tests.broadcast.sip_horn import SipHorn
from tests.broadcast.speaker_town import FastClock

CLOCK = FastClock(2.5)
TONE = Audio(
    (8000 * np.sin(2 * np.pi * 1000 * np.arange(6400) / 16000)).astype(np.int16), 16000
)  # 0.4 s


def speak(horn: SipHorn, delivery: Delivery | None = None, **how: Any) -> Delivery:
    speaker = SipSpeaker("river", horn.uri, CLOCK, **how)
    return speaker.speak(TONE, threading.Event(), delivery)


def peak_hz(samples: np.ndarray, rate: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


# -- calls ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("types", "name", "kind"), [("8 0", "PCMA", 8), ("0", "PCMU", 0), ("9 8", "G722", 9)]
)
def test_calls_speaks_and_hangs_up(types: str, name: str, kind: int) -> None:
    with SipHorn(types=types) as horn:
        done = speak(horn)
        assert not horn.in_call
    assert horn.methods == ["INVITE", "ACK", "BYE"]
    assert {packet.payload_type for packet in horn.packets} == {kind}
    assert {len(packet.payload) for packet in horn.packets} == {160}
    assert set(np.diff([p.timestamp for p in horn.packets]) % 2**32) == {160}
    octets = [packet.payload for packet in horn.packets]
    if name == "G722":
        sound, rate = codecs.decode_g722(octets), 16000
    else:
        sound, rate = g711.CODECS[name].decode(b"".join(octets)), 8000
    first = round((LEAD_S + 0.05) * rate)
    assert peak_hz(sound[first : first + rate * 3 // 10], rate) == pytest.approx(1000, abs=10)
    assert done.seconds == pytest.approx(0.4)
    assert done.device_reply == f"answered; {name}; BYE 200 OK"


@pytest.mark.parametrize("proxy", [False, True])
def test_signs_in(proxy: bool) -> None:
    with SipHorn(password="geheim", proxy=proxy) as horn:
        speak(horn, credential=Credential("user", "geheim"))
    assert horn.methods == ["INVITE", "ACK", "INVITE", "ACK", "BYE"]
    assert not horn.in_call


def test_a_lost_invite_is_sent_again() -> None:
    with SipHorn(deaf=1) as horn:
        speak(horn)
        assert not horn.in_call
    assert horn.methods == ["INVITE", "ACK", "BYE"]


def test_a_lost_ack_is_sent_again() -> None:
    with SipHorn(repeats_ok=1) as horn:
        speak(horn)
    assert horn.methods == ["INVITE", "ACK", "ACK", "BYE"]


@pytest.mark.parametrize(
    ("faults", "error", "words", "last"),
    [
        ({"code": 486}, SpeakerError, "INVITE answered 486 Refused (busy;", "ACK"),
        ({"code": 404}, SpeakerError, "no such extension", "ACK"),
        ({"rings": True}, SpeakerError, "not answered within 2 s", "ACK"),
        ({"rings": True, "late": True}, SpeakerError, "not answered within 2 s", "BYE"),
        ({"password": "x"}, SignInError, "refuses the user name or password", "ACK"),
        ({"types": "18"}, SpeakerError, "takes none of G722, PCMA, PCMU", "BYE"),
        ({"direction": "inactive"}, SpeakerError, "does not listen", "BYE"),
        ({"hangs_up_after": 20}, SpeakerError, "hung up after 0.", "ACK"),
    ],
)
def test_after_a_failure_nobody_is_in_a_call(
    faults: dict[str, Any], error: type[Exception], words: str, last: str
) -> None:
    with SipHorn(**faults) as horn:
        with pytest.raises(error) as raised:
            speak(horn, ring_s=2.0, credential=Credential("user", "geheim"))
        assert str(raised.value).startswith("camera river: ")
        assert words in str(raised.value)
        assert not horn.in_call
    assert horn.methods[-1] == last


def test_nobody_there() -> None:
    with SipHorn(deaf=99) as horn, pytest.raises(SpeakerError, match="no answer to INVITE"):
        speak(horn, ring_s=2.0)
    assert horn.methods == []


def test_a_bye_that_is_not_answered_is_told() -> None:
    with SipHorn(ignores_bye=True) as horn:
        done = speak(horn)
    assert done.device_reply.endswith("BYE without answer")
    assert horn.methods.count("BYE") >= 2


def test_stopped_while_it_rings() -> None:
    stop = threading.Event()
    with SipHorn(rings=True) as horn:
        threading.Timer(0.3, stop.set).start()
        with pytest.raises(StoppedError):
            SipSpeaker("river", horn.uri, CLOCK).speak(TONE, stop)
        assert not horn.in_call
    assert "CANCEL" in horn.methods


def test_sound_is_not_sent_outside_the_networks() -> None:
    """A device may name any address in its answer; it is not a way to make us flood others."""

    with SipHorn(media_host="192.0.2.77") as horn:
        with pytest.raises(SpeakerError, match=r"192\.0\.2\.77 lies outside the camera networks"):
            speak(horn, networks=Networks((ip_network("127.0.0.0/8"),)))
        assert not horn.in_call
    assert horn.packets == []
    with SipHorn() as horn, pytest.raises(SpeakerError, match="outside the camera networks"):
        speak(horn, networks=Networks(PRIVATE))
    assert horn.methods == []


@given(st.binary(max_size=300))
def test_what_is_no_sip_is_refused_not_misread(data: bytes) -> None:
    try:
        message = sip.parse(b"SIP/2.0 200 OK\r\nCall-ID: 1\r\n" + data)
    except SpeakerError:
        return
    assert message.first("via")


def test_headers_folded_compact_and_in_lists() -> None:
    message = sip.parse(
        b"SIP/2.0 200 OK\r\nv: SIP/2.0/UDP a\r\nf: <sip:a@b>;tag=1\r\nt: <sip:c@d>\r\n ;tag=x2\r\n"
        b"i: call\r\nCSeq: 7 INVITE\r\nRecord-Route: <sip:p1;lr>, <sip:p2,x;lr>\r\n"
        b"Record-Route: <sip:p3;lr>\r\n\r\n"
    )
    assert (message.method, message.code, message.sequence) == ("INVITE", 200, 7)
    assert sip.tag_of(message.first("to")) == "x2"
    assert message.list("record-route") == ["<sip:p1;lr>", "<sip:p2,x;lr>", "<sip:p3;lr>"]


@pytest.mark.parametrize(
    "value",
    [
        "<sip:a@h;lr>;q=1",
        '"Horn" <sip:a@h;lr>',
        "Horn <sip:a@h;lr>;expires=60",
        '"<sip:x@y>, \\"left\\" bank" <sip:a@h;lr>',
    ],
)
def test_an_address_is_found_beside_a_name(value: str) -> None:
    assert sip.address_of(value) == "sip:a@h;lr"
    assert sip.address_of("sip:a@h;tag=1") == "sip:a@h"


@pytest.mark.parametrize(
    "uri",
    [
        "sip:horn",
        "http://h",
        "sip:a@h:99999",
        "sip:a@h;transport=sctp",
        "sips:a@h;transport=udp",
        "sip:a@h\r\nX: y",
    ],
)
def test_addresses_that_are_none(uri: str) -> None:
    with pytest.raises(SpeakerError):
        sip.endpoint(uri) if uri != "sip:horn" else sip.endpoint("sip:")


# -- paging --------------------------------------------------------------------------------

GROUP = "239.255.77.1"


@contextmanager
def sink(group: str) -> Iterator[socket.socket]:
    """Whoever has joined a group on the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.bind((group, 0))
        joined = struct.pack("4s4s", socket.inet_aton(group), socket.inet_aton("127.0.0.1"))
        ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        ear.settimeout(1.0)
        yield ear


@pytest.mark.parametrize("voice", [codecs.PCMU, codecs.PCMA, codecs.G722], ids=lambda v: v.name)
def test_paging_reaches_the_group(voice: codecs.Voice) -> None:
    with sink(GROUP) as ear:
        speaker = MulticastSpeaker(
            "river",
            f"rtp://{GROUP}:{ear.getsockname()[1]}",
            CLOCK,
            voice=voice,
            interface="127.0.0.1",
        )
        done = speaker.speak(TONE, threading.Event())
        packets = []
        while len(packets) * 160 < done.bytes_sent:
            packets.append(RtpPacket.parse(ear.recv(2048)))
    assert {packet.payload_type for packet in packets} == {voice.payload_type}
    assert done.device_reply.endswith(UNCONFIRMED)
    assert re.match(rf"{voice.name} to {GROUP}:\d+; nobody confirms", done.device_reply)
    octets = [packet.payload for packet in packets]
    if voice is codecs.G722:
        sound = codecs.decode_g722(octets)
    else:
        sound = g711.CODECS[voice.name].decode(b"".join(octets))
    first = round((LEAD_S + 0.05) * voice.rate)
    piece = sound[first : first + voice.rate * 3 // 10]
    assert peak_hz(piece, voice.rate) == pytest.approx(1000, abs=10)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("rtp://239.1.2.3", "is not rtp://group:port"),
        ("rtp://8.8.8.8:5004", "outside the camera networks"),
        ("rtp://239.1.2.3:99999", "no address"),
    ],
)
def test_paging_addresses_that_are_none(url: str, words: str) -> None:
    with pytest.raises(SpeakerError, match=words):
        MulticastSpeaker("river", url, CLOCK, voice=codecs.PCMU, networks=Networks(PRIVATE))


def test_paging_from_an_address_that_is_not_ours() -> None:
    speaker = MulticastSpeaker(
        "river", f"rtp://{GROUP}:5004", CLOCK, voice=codecs.PCMU, interface="192.0.2.1"
    )
    with pytest.raises(SpeakerError, match="`interface` names our address"):
        speaker.speak(TONE, threading.Event())
