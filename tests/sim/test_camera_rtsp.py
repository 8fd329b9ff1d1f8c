"""RTSP, digest and RTP units, and what hostile bytes do."""

import contextlib
import hashlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.camera.digest import Authenticator, answer, parse_parameters
from sim.camera.errors import RtspSyntaxError
from sim.camera.h264 import ParameterSets, nal_units
from sim.camera.rtp import ntp_time, parse_rtp, rtcp_types, rtp_header, sender_report
from sim.camera.rtsp import Interleaved, Parser, Request, Transport, parse_transport

SETUP = (
    b"SETUP rtsp://h:554/%E6%B2%B3/main/video RTSP/1.0\r\ncseq: 3\r\n"
    b"Transport: RTP/AVP/TCP;unicast;\r\n  interleaved=0-1\r\nRequire: a, b\r\nRequire: c\r\n\r\n"
)
BODY = b"SET_PARAMETER * RTSP/1.0\r\nCSeq: 4\r\nContent-Length: 5\r\n\r\nhello"
PACKET = b"$\x02\x00\x03abc"


def test_a_request_is_read_with_folded_and_repeated_headers() -> None:
    (request,) = Parser().feed(SETUP)
    assert isinstance(request, Request)
    assert request.path == ("河", "main", "video")
    assert request.headers["transport"] == "RTP/AVP/TCP;unicast; interleaved=0-1"
    assert request.options_required() == ["a", "b", "c"]


@given(st.lists(st.sampled_from([SETUP, BODY, PACKET, b"\r\n"])), st.data())
def test_messages_are_the_same_however_the_bytes_are_cut(parts: list[bytes], data) -> None:
    whole = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    parser, got = Parser(), []
    for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True):
        got += parser.feed(whole[start:end])
    assert got == list(Parser().feed(whole))
    assert len(got) == sum(part != b"\r\n" for part in parts)
    assert sum(isinstance(one, Interleaved) for one in got) == parts.count(PACKET)


@given(st.binary(max_size=400))
def test_garbage_is_read_or_refused_but_nothing_else(data: bytes) -> None:
    with contextlib.suppress(RtspSyntaxError):
        for message in Parser().feed(data):
            if isinstance(message, Request):
                assert isinstance(message.path, tuple)


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GARBAGE\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nno colon\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nContent-Length: -1\r\n\r\n", 400),
        (b"OPTIONS * RTSP/1.0\r\nContent-Length: 99999999999999\r\n\r\n", 413),
        (b"OPTIONS * RTSP/1.0\r\nX: " + b"y" * 20000, 413),
        (b"OPTIONS \xff RTSP/1.0\r\n\r\n", 400),
    ],
)
def test_what_is_refused_and_how(data: bytes, status: int) -> None:
    with pytest.raises(RtspSyntaxError) as caught:
        list(Parser().feed(data))
    assert caught.value.status == status


@pytest.mark.parametrize(
    ("header", "wanted"),
    [
        ("RTP/AVP/TCP;unicast;interleaved=4-5", Transport(interleaved=(4, 5))),
        ("RTP/AVP/TCP;unicast", Transport(interleaved=(-1, -1))),
        (
            "RTP/AVP/UDP;unicast;client_port=6000-6001;mode=play",
            Transport(client_ports=(6000, 6001)),
        ),
        ("RTP/AVP;unicast;client_port=6000", Transport(client_ports=(6000, 6001))),
        ("RTP/AVP;multicast;client_port=6000-6001", None),
        ("RTP/AVP;unicast;client_port=70000-70001", None),
        ("RTP/SAVP;unicast;client_port=6000-6001", None),
        ("", None),
    ],
)
def test_transport_headers(header: str, wanted: Transport | None) -> None:
    assert parse_transport(header) == wanted


@given(st.text(max_size=80))
def test_transport_headers_never_raise(header: str) -> None:
    parse_transport(header)


def test_digest_of_the_standards() -> None:
    """RFC 2617, section 3.5, and RFC 7616, section 3.9.1."""
    old = parse_parameters(
        'realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093",'
        ' uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b"'
    )
    wanted = b"6629fae49393a05397450978507c4ef1"
    assert answer("GET", "Mufasa", "Circle Of Life", old) == wanted
    new = parse_parameters(
        'realm="http-auth@example.org", uri="/dir/index.html", algorithm=SHA-256, qop=auth,'
        ' nc=00000001, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",'
        ' cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"'
    )
    wanted = b"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"
    assert answer("GET", "Mufasa", "Circle of Life", new) == wanted
    assert answer("GET", "a", "b", {"algorithm": "MD4"}) is None


def test_a_digest_holds_for_its_nonce_method_and_camera_only() -> None:
    judge = Authenticator("u", "p", realm="r")
    ha1, ha2 = (hashlib.md5(text).hexdigest() for text in (b"u:r:p", b"PLAY:rtsp://h/a/main"))
    response = hashlib.md5(f"{ha1}:n1:{ha2}".encode()).hexdigest()
    header = (
        f'Digest username="u", realm="r", nonce="n1", uri="rtsp://h/a/main", response="{response}"'
    )
    assert judge.allows("PLAY", "rtsp://h/a/main/video", header, "n1")
    assert not judge.allows("PLAY", "rtsp://h/a/main", header, "n2")
    assert not judge.allows("SETUP", "rtsp://h/a/main", header, "n1")
    assert not judge.allows("PLAY", "rtsp://h/b/main", header, "n1")
    assert not judge.allows("PLAY", "rtsp://h/a/main", "", "n1")
    assert not judge.allows("PLAY", "rtsp://h/a/main", "Basic dTpw", "n1")
    assert Authenticator("u", "p", realm="r", basic=True).allows("PLAY", "*", "Basic dTpw", "n1")


@given(st.text(max_size=120), st.text(max_size=40))
def test_authorization_headers_never_raise(header: str, url: str) -> None:
    judge = Authenticator("u", "p", realm="r", basic=True)
    assert not judge.allows("PLAY", url, "Digest " + header, "n1")
    judge.allows("PLAY", url, "Basic " + header, "n1")


@given(st.binary(max_size=60), st.booleans(), st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF))
def test_rtp_packets_read_back(payload: bytes, marker: bool, sequence: int, timestamp: int) -> None:
    packet = parse_rtp(rtp_header(96, marker, sequence, timestamp, 7) + payload)
    assert packet is not None
    assert (packet.payload_type, packet.sequence, packet.timestamp) == (96, sequence, timestamp)
    assert (packet.ssrc, packet.payload) == (7, payload)


def test_rtp_with_csrc_extension_and_padding() -> None:
    extension = b"\0\0\0\0" + b"\xbe\xde\0\1" + b"EXT!"
    data = bytes([0xB1, 8]) + bytes(10) + extension + b"sound" + b"\0\0\3"
    packet = parse_rtp(data)
    assert packet is not None
    assert packet.payload == b"sound"


@given(st.binary(max_size=80))
def test_broken_rtp_and_rtcp_never_raise(data: bytes) -> None:
    parse_rtp(data)
    rtcp_types(data)


def test_a_sender_report_ties_rtp_time_to_utc() -> None:
    utc_ns = 1_790_000_000_250_000_000
    report = sender_report(0xCAFE, utc_ns, 4500, 10, 2000, "camera")
    assert rtcp_types(report) == [200, 202]
    ssrc, seconds, fraction, timestamp, packets, octets = struct.unpack_from("!IIIIII", report, 4)
    assert (ssrc, timestamp, packets, octets) == (0xCAFE, 4500, 10, 2000)
    assert (seconds - 2_208_988_800, fraction) == (1_790_000_000, 1 << 30)
    assert len(report) % 4 == 0
    assert ntp_time(utc_ns) == seconds << 32 | fraction


NAL_TAIL = st.binary(min_size=1, max_size=300).map(lambda b: b.replace(b"\0", b"\1"))
SETS = ParameterSets(b"\x67\x42\xc0\x1f", b"\x68\xce")


def depacketise(packets: list[bytes]) -> list[bytes]:
    """RFC 6184 read from the other side."""
    units: list[bytes] = []
    for packet in packets:
        kind = packet[0] & 0x1F
        if kind == 24:
            rest = packet[1:]
            while rest:
                size = int.from_bytes(rest[:2])
                units.append(rest[2 : 2 + size])
                rest = rest[2 + size :]
        elif kind == 28:
            if packet[1] & 0x80:
                units.append(bytes([packet[0] & 0xE0 | packet[1] & 0x1F]))
            units[-1] += packet[2:]
        else:
            units.append(packet)
    return units


@given(
    st.lists(st.tuples(st.sampled_from([0x41, 0x65]), NAL_TAIL), min_size=1), st.integers(20, 90)
)
def test_access_units_survive_packetisation(slices: list[tuple[int, bytes]], limit: int) -> None:
    units = [bytes([head]) + tail for head, tail in slices]
    byte_stream = b"".join(b"\0\0\0\1" + unit for unit in [b"\x09\xf0", b"\x06sei", *units])
    assert nal_units(byte_stream)[2:] == units
    packets = SETS.payloads(nal_units(byte_stream), limit)
    assert all(len(packet) <= limit for packet in packets)
    sets = [SETS.sps, SETS.pps] if SETS.is_key(units) else []
    assert depacketise(packets) == sets + units
    fragments = [packet for packet in packets if packet[0] & 0x1F == 28]
    assert sum(bool(f[1] & 0x80) for f in fragments) == sum(bool(f[1] & 0x40) for f in fragments)
