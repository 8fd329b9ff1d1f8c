"""SIP horns over TCP and TLS: baresip as the independent peer, a horn with faults."""

import socket
import threading
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from broadcast.announcer import Announcer
from broadcast.audio import Audio
from broadcast.base import Delivery
from broadcast.drivers import build
from broadcast.errors import SpeakerError, StoppedError
from broadcast.sip import SipSpeaker
from broadcast.tls import Trust
from core.clock import SystemClock
from core.config.speakers import Speaker
from core.credentials import Credential
from core.networks import Networks
from tests.broadcast import baresip
from tests.broadcast.certificates import Certificate, self_signed
from tests.broadcast.sip_horn import SipHorn
from tests.broadcast.sip_stream_horn import StreamHorn
from tests.broadcast.speaker_town import FastClock, announcement, camera, sign_ins, site

CLOCK = FastClock(2.5)
PATIENCE = FastClock(25)
"""For what only waits until its limit."""
TONE = Audio((8000 * np.sin(np.arange(1600) * 0.4)).astype(np.int16), 16000)  # 0.1 s
LONG = Audio(np.zeros(20 * 16000, np.int16), 16000)
"""For talks that are broken off; however slow the machine is, they do not end before."""
USER = Credential("user", "geheim")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("horn"))


def speak(uri: str, clock: SystemClock = CLOCK, **how: Any) -> Delivery:
    return SipSpeaker("river", uri, clock, **how).speak(TONE, threading.Event())


def refused(uri: str, clock: SystemClock = CLOCK, **how: Any) -> str:
    """The one error of a talk that fails; it names the loudspeaker."""
    with pytest.raises(SpeakerError) as raised:
        SipSpeaker("river", uri, clock, **how).speak(LONG, threading.Event())
    assert str(raised.value).startswith("camera river: ")
    return str(raised.value)


# -- baresip -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def telephone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[baresip.Baresip]:
    if baresip.modules() is None:
        pytest.skip(baresip.MISSING)
    with baresip.running(tmp_path_factory.mktemp("baresip")) as one:
        yield one


@pytest.mark.peer
@pytest.mark.parametrize(
    ("way", "pinned"), [("udp", False), ("tcp", False), ("tls", False), ("sips", True)]
)
def test_baresip_answers_is_sent_sound_and_is_free_again(
    telephone: baresip.Baresip, way: str, pinned: bool
) -> None:
    shown = telephone.certificate
    trust = Trust(fingerprint=shown.fingerprint) if pinned else Trust(ca_file=shown.public)
    sound = "incoming rtp for 'audio' established, receiving from 127.0.0.1"
    words = ("Call established", "session closed", sound)
    before = [telephone.told(one) for one in words]
    for number in (1, 2):
        done = speak(telephone.uris[way], trust=trust)
        assert done.device_reply.startswith("answered; ")
        assert done.device_reply.endswith("BYE 200 OK")
        assert done.seconds == pytest.approx(0.1)
        telephone.await_told("session closed", before[1] + number)
    assert [telephone.told(one) for one in words] == [count + 2 for count in before]


@pytest.mark.peer
def test_baresip_with_another_certificate_is_not_called(
    telephone: baresip.Baresip, certificate: Certificate
) -> None:
    before = telephone.told("Call established")
    for trust in (Trust(fingerprint=certificate.fingerprint), Trust(certificate.public), Trust()):
        assert "certificate" in refused(telephone.uris["tls"], trust=trust)
    assert telephone.told("Call established") == before


# -- a horn --------------------------------------------------------------------------------


@pytest.mark.parametrize("secure", [False, True])
def test_calls_speaks_and_hangs_up(secure: bool, certificate: Certificate) -> None:
    """Its octets come one by one over TCP; keep-alives stand between its messages."""
    kind = "tls" if secure else "tcp"
    with StreamHorn(
        certificate=certificate if secure else None, cut=1, before=b"\r\n\r\n", password="geheim"
    ) as horn:
        done = speak(horn.uri, trust=Trust(certificate.public), credential=USER)
        assert not horn.in_call
    assert horn.methods == ["INVITE", "ACK", "INVITE", "ACK", "BYE"]
    assert horn.connections == 1
    assert set(horn.vias) == {f"SIP/2.0/{kind.upper()}"}
    assert f";transport={kind}>" in next(
        line for line in horn.requests[0].split("\r\n") if line.startswith("Contact:")
    )
    assert len(horn.packets) * 160 == done.bytes_sent
    assert done.device_reply == "answered; PCMA; BYE 200 OK"


def test_nothing_is_repeated_on_a_connection() -> None:
    clock = FastClock(10)
    with StreamHorn(mute=True) as horn:
        assert "no answer to INVITE" in refused(horn.uri, clock)
    assert horn.methods == ["INVITE"]
    with SipHorn(mute=True) as other:
        refused(other.uri, clock)
    assert len(other.methods) > 1


@pytest.mark.parametrize(
    ("faults", "words", "methods"),
    [
        ({"code": 486}, "INVITE answered 486 Refused (busy;", ["INVITE", "ACK"]),
        ({"code": 488}, "encrypted sound (SRTP)", ["INVITE", "ACK"]),
        ({"rings": True}, "not answered within 1 s", ["INVITE", "CANCEL", "ACK"]),
        ({"rings": True, "late": True}, "not answered", ["INVITE", "CANCEL", "ACK", "BYE"]),
        ({"drops_at": "INVITE"}, "closed the connection", []),
        ({"code": 400, "instead": b"HTTP/1.1 400 No\r\n\r\n"}, "is no SIP message", ["INVITE"]),
        ({"code": 400, "instead": b"\x16\x03\r\n\r\n"}, "is no SIP message", ["INVITE"]),
    ],
)
def test_after_a_failure_nobody_is_in_a_call(
    faults: dict[str, Any], words: str, methods: list[str]
) -> None:
    with StreamHorn(**faults) as horn:
        assert words in refused(horn.uri, ring_s=1.0)
        assert not horn.in_call
    assert horn.methods == methods


def test_who_hangs_up_is_answered_on_the_connection_it_came_by() -> None:
    with StreamHorn(hangs_up_after=5) as horn:
        assert "hung up after " in refused(horn.uri)
        assert not horn.in_call
    assert (horn.answers, horn.connections) == (["SIP/2.0 200 OK"], 1)


def test_a_call_that_is_answered_elsewhere_goes_on_there() -> None:
    """An exchange may answer with the address of the horn itself, never with any other."""
    with StreamHorn(host="127.0.0.2") as horn, StreamHorn() as exchange:
        uri, exchange.uri = exchange.uri, horn.uri
        assert speak(uri).device_reply == "answered; PCMA; BYE 200 OK"
        assert (exchange.methods, horn.methods) == (["INVITE"], ["ACK", "BYE"])
        only_there = Networks((ip_network("127.0.0.1/32"),))
        assert "127.0.0.2 lies outside the camera" in refused(uri, networks=only_there)
    assert horn.methods == ["ACK", "BYE"]


def test_a_connection_lost_while_it_rings_is_called_off_on_another() -> None:
    """With the very Via of the INVITE, or the device would not know what is called off."""
    with StreamHorn(rings=True, drops_when_it_rang=True) as horn:
        assert "closed the connection" in refused(horn.uri)
    assert horn.methods[:2] == ["INVITE", "CANCEL"]
    assert horn.connections == 2
    vias = [text.split("\r\n")[1] for text in horn.requests]
    assert vias[0] == vias[1]


@pytest.mark.parametrize("gone", [False, True])
def test_a_connection_lost_in_the_middle_fails_the_warning_and_frees_the_horn(
    gone: bool, tmp_path: Path
) -> None:
    with StreamHorn(drops_after=20, gone_then=gone) as horn:
        town = site(camera("river", {"driver": "sip", "url": horn.uri}), warnings={"cooldown_s": 0})
        announcer = Announcer(
            town,
            clock=CLOCK,
            audio_dir=tmp_path,
            build=lambda one, _volume: build(one, CLOCK, sign_ins(tmp_path)),
        )
        failed = announcer.handle(announcement(CLOCK, text="禁止垂钓，请离开。" * 5))
        assert not failed.ok
        assert str(failed.error).startswith("camera river: closed the connection after ")
        assert failed.bytes_sent >= 20 * 160
        assert announcer.talker("river") == ""
        if gone:
            assert "hang-up failed (camera river: cannot connect" in failed.device_reply
            return
        assert failed.device_reply == "answered; BYE 200 OK"
        assert not horn.in_call
        assert (horn.methods, horn.connections) == (["INVITE", "ACK", "BYE"], 2)
        horn.drops_after = None
        again = announcer.handle(announcement(CLOCK, text="停"))
        assert again.ok, again.error
        assert not horn.in_call


def test_nobody_takes_the_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = refused(f"sip:horn@127.0.0.1:{port};transport=tcp")
    assert f"cannot connect to 127.0.0.1:{port} over TCP: Connection refused; check" in told


# -- TLS -----------------------------------------------------------------------------------


def test_a_certificate_that_is_not_trusted_is_told_nothing(
    certificate: Certificate, tmp_path: Path
) -> None:
    elsewhere = self_signed(tmp_path, "192.0.2.9")
    with StreamHorn(certificate=certificate) as horn, StreamHorn(certificate=elsewhere) as other:
        told = refused(horn.uri, trust=Trust(fingerprint=elsewhere.fingerprint))
        assert "another certificate than the one in speaker.fingerprint" in told
        assert certificate.fingerprint in told
        told = refused(horn.uri)
        assert "is not accepted (self-signed certificate); name its authority" in told
        assert "IP address mismatch" in refused(other.uri, trust=Trust(elsewhere.public))
        assert "no-such.pem" in refused(horn.uri, trust=Trust(tmp_path / "no-such.pem"))
    assert horn.methods == other.methods == []


def test_a_port_without_tls(certificate: Certificate) -> None:
    trust = Trust(certificate.public)
    with StreamHorn() as horn:
        uri = f"sips:horn@127.0.0.1:{horn.number}"
        assert "does not answer in TLS within 5 s" in refused(uri, PATIENCE, trust=trust)
        horn.answers_at_once = b"220 ready\r\n"
        assert "no TLS with 127.0.0.1" in refused(uri, trust=trust)


def test_stopped_in_the_middle_of_a_handshake() -> None:
    stop = threading.Event()
    with StreamHorn() as horn:
        threading.Timer(0.1, stop.set).start()
        with pytest.raises(StoppedError, match="camera river: stopped"):
            SipSpeaker("river", f"sips:horn@127.0.0.1:{horn.number}", SystemClock()).speak(
                TONE, stop
            )


# -- too large for a datagram --------------------------------------------------------------


@pytest.mark.parametrize("takes_tcp", [True, False])
def test_a_request_too_large_for_a_datagram_goes_by_tcp_where_it_can(takes_tcp: bool) -> None:
    sign_in: dict[str, Any] = {"password": "geheim", "nonce": "n" * 800}
    with SipHorn(code=486, **sign_in) as horn:
        number = int(horn.uri.rpartition(":")[2])
        with StreamHorn(code=486, number=number if takes_tcp else 0, **sign_in) as other:
            assert "486" in refused(horn.uri, credential=USER)
    signed = (other if takes_tcp else horn).requests[-2]
    assert len(signed) > 1300
    assert signed.startswith("INVITE")
    assert ("SIP/2.0/TCP" if takes_tcp else "SIP/2.0/UDP") in signed
    assert len(other.methods) == (2 if takes_tcp else 0)


# -- configuration -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ({"url": "sip:horn@h;transport=sctp"}, "transport=sctp is none of udp, tcp, tls"),
        ({"url": "sips:horn@h;transport=udp"}, "transport=udp is none of tcp, tls"),
        ({"url": "sip:horn@h", "ca_file": "horn.pem"}, "`ca_file` is for sip over TLS"),
        ({"url": "sips:horn@h", "fingerprint": "12:34"}, "64 hex digits"),
        (
            {"url": "sips:horn@h", "fingerprint": "0" * 64, "ca_file": "horn.pem"},
            "either `ca_file` or `fingerprint`",
        ),
        (
            {"driver": "hikvision", "url": "https://h", "fingerprint": "0" * 64},
            "`fingerprint` is for sip over TLS",
        ),
    ],
)
def test_settings_that_do_not_fit_are_refused(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Speaker.model_validate({"driver": "sip", **section})


def test_the_certificate_is_named_in_the_configuration(
    certificate: Certificate, tmp_path: Path
) -> None:
    """A file beside township.yaml, or a fingerprint as OpenSSL prints it."""
    (tmp_path / "horn.pem").write_bytes(certificate.public.read_bytes())
    bytewise = bytes.fromhex(certificate.fingerprint)
    with StreamHorn(certificate=certificate, code=486) as horn:
        for named in ({"ca_file": "horn.pem"}, {"fingerprint": bytewise.hex(":").upper()}):
            one = camera("river", {"driver": "sip", "url": horn.uri, **named})
            driver = build(one, CLOCK, sign_ins(tmp_path), directory=tmp_path)
            with pytest.raises(SpeakerError, match="486"):
                driver.speak(TONE, threading.Event())
    assert horn.methods == ["INVITE", "ACK"] * 2
