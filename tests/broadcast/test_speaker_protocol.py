"""RTP, SDP, RTSP messages and sign-in, byte by byte."""

import os
import re
import struct
import threading
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast import sdp
from broadcast.audio import Audio
from broadcast.errors import NoBackchannelError, SpeakerError
from broadcast.feed import Recording
from broadcast.rtp import Pacer, RtpPacket
from broadcast.rtsp_messages import Frame, Reader, Response, request
from broadcast.talk import Packetiser
from core import rtsp_auth
from core.clock import ManualClock

# -- RTP -----------------------------------------------------------------------------------


@given(
    st.integers(0, 127),
    st.integers(0, 65535),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
    st.binary(max_size=400),
    st.booleans(),
)
def test_packets_there_and_back(
    kind: int, sequence: int, stamp: int, ssrc: int, payload: bytes, marker: bool
) -> None:
    packet = RtpPacket(kind, sequence, stamp, ssrc, payload, marker)
    assert RtpPacket.parse(packet.pack()) == packet


def test_header_as_rfc_3550_draws_it() -> None:
    packed = RtpPacket(8, 0x1234, 0x01020304, 0xAABBCCDD, b"\xd5", marker=True).pack()
    assert packed.hex() == "80881234" + "01020304" + "aabbccdd" + "d5"


def test_extension_sources_and_padding_are_passed_over() -> None:
    head = struct.pack("!BBHIII", 0x80 | 0x20 | 0x10 | 1, 0, 1, 2, 3, 99)
    data = head + b"\xbe\xde\x00\x01" + b"ext!" + b"sound" + b"\x00\x00\x03"
    assert RtpPacket.parse(data).payload == b"sound"


@given(st.binary(max_size=40))
def test_broken_packets_are_refused_not_misread(data: bytes) -> None:
    try:
        packet = RtpPacket.parse(data)
    except SpeakerError:
        return
    assert len(packet.payload) <= len(data) - 12


@given(st.integers(1, 400), st.sampled_from([8000, 11025, 16000, 22050]))
def test_cutting_loses_nothing(length: int, rate: int) -> None:
    sound = Audio(np.arange(1, length + 1).astype(np.int16), rate)
    feed = Recording(sound)
    feed.begin(8000)
    pieces = []
    while (piece := feed.frame()) is not None:
        pieces.append(piece)
    assert {len(piece) for piece in pieces} == {160}
    whole = sound.at(8000).pcm
    together = np.concatenate(pieces)
    assert np.array_equal(together[: len(whole)], whole)
    assert not together[len(whole) :].any()
    assert len(together) - len(whole) < 160


def test_packets_count_on_from_a_random_start() -> None:
    packetiser = Packetiser(8)
    cut = [RtpPacket.parse(packetiser.pack(bytes(160))) for _ in range(5)]
    assert set(np.diff([p.sequence for p in cut]) % 65536) == {1}
    assert set(np.diff([p.timestamp for p in cut]) % 2**32) == {160}
    assert [p.marker for p in cut] == [True, False, False, False, False]
    assert len({p.ssrc for p in cut}) == 1
    assert RtpPacket.parse(Packetiser(8).pack(b"")).ssrc != cut[0].ssrc


@given(st.lists(st.floats(0, 0.3), min_size=1, max_size=60))
def test_the_beat_neither_drifts_nor_bursts(busy_s: list[float]) -> None:
    clock = ManualClock()
    pacer = Pacer(clock, threading.Event())
    sent_ns = []
    for seconds in busy_s:
        assert not pacer.wait()
        sent_ns.append(clock.monotonic_ns())
        clock.advance(seconds)
    # However the work was delayed, never more than 100 ms of sound ahead of real time …
    for earlier in range(len(sent_ns)):
        for later in range(earlier, len(sent_ns)):
            real_ns = sent_ns[later] - sent_ns[earlier]
            assert real_ns >= (later - earlier) * 20_000_000 - 100_000_000
    # … and on time when the work was quick.
    if max(busy_s) < 0.02:
        assert sent_ns == [sent_ns[0] + 20_000_000 * i for i in range(len(sent_ns))]


def test_the_pacer_stops() -> None:
    stop = threading.Event()
    pacer = Pacer(ManualClock(), stop)
    assert not pacer.wait()
    stop.set()
    assert pacer.wait()


# -- SDP -----------------------------------------------------------------------------------

# Three shapes met in the field, reduced to what matters.
ONE_LINE_SEVERAL_CODECS = """v=0
m=video 0 RTP/AVP 96
a=control:trackID=0
a=recvonly
m=audio 0 RTP/AVP 8
a=control:trackID=1
a=recvonly
m=audio 0 RTP/AVP 97 0 8 2
a=control:trackID=5
a=rtpmap:97 MPEG4-GENERIC/16000
a=rtpmap:0 PCMU/8000
a=rtpmap:8 PCMA/8000
a=rtpmap:2 G726-32/8000
a=sendonly
"""
STATIC_TYPE_WITHOUT_RTPMAP = """v=0
m=audio 0 RTP/AVP 8
a=sendonly
a=control:rtsp://192.0.2.7:554/Streaming/trackID=4
"""
DYNAMIC_TYPE_AND_TWO_LINES = """v=0
m=audio 0 RTP/AVP 100
a=rtpmap:100 PCMU/16000/1
a=control:track9
a=sendonly
m=audio 0 RTP/AVP 101
a=rtpmap:101 pcma/8000/1
a=control:track10
a=sendonly
"""


@pytest.mark.parametrize(
    ("text", "control", "number", "codec"),
    [
        (ONE_LINE_SEVERAL_CODECS, "trackID=5", 0, "PCMU"),
        (
            STATIC_TYPE_WITHOUT_RTPMAP,
            "rtsp://192.0.2.7:554/Streaming/trackID=4",
            8,
            "PCMA",
        ),
        (DYNAMIC_TYPE_AND_TWO_LINES, "track10", 101, "PCMA"),
        (DYNAMIC_TYPE_AND_TWO_LINES.replace("\n", "\r\n"), "track10", 101, "PCMA"),
    ],
)
def test_finds_the_back_track(text: str, control: str, number: int, codec: str) -> None:
    track = sdp.back_track(sdp.parse(text))
    assert (track.control, track.payload_type, track.codec.name) == (control, number, codec)


@pytest.mark.parametrize("direction", ["recvonly", "sendrecv", "inactive", ""])
def test_a_microphone_is_no_loudspeaker(direction: str) -> None:
    text = f"v=0\nm=audio 0 RTP/AVP 0\na=control:t1\n{'a=' + direction if direction else ''}\n"
    with pytest.raises(NoBackchannelError, match="no audio track marked sendonly"):
        sdp.back_track(sdp.parse(text))


def test_direction_of_the_session_holds_for_tracks_without_one() -> None:
    described = sdp.parse("v=0\na=sendonly\nm=audio 0 RTP/AVP 0\nm=audio 0 RTP/AVP 8\na=recvonly")
    assert [media.direction for media in described.media] == ["sendonly", "recvonly"]


@given(st.text(max_size=300))
def test_any_text_is_parsed_without_a_crash(text: str) -> None:
    described = sdp.parse(text)
    with suppress(NoBackchannelError):
        sdp.back_track(described)


@given(
    st.lists(
        st.sampled_from(
            [
                "m=audio 0 RTP/AVP 0 8",
                "m=audio",
                "m=",
                "a=sendonly",
                "a=rtpmap:0 PCMU/8000",
                "a=rtpmap:x",
                "a=rtpmap:999 PCMA/8000",
                "a=control",
                "a=control:*",
                "=",
                "a=",
            ]
        ),
        max_size=12,
    )
)
def test_shuffled_lines_are_parsed_without_a_crash(lines: list[str]) -> None:
    try:
        track = sdp.back_track(sdp.parse("\n".join(lines)))
    except NoBackchannelError:
        return
    assert track.payload_type in (0, 8, 999)


@pytest.mark.parametrize(
    ("base", "control", "url"),
    [
        ("rtsp://h/live/", "trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live", "trackID=1", "rtsp://h/live/trackID=1"),
        ("rtsp://h/live/", "*", "rtsp://h/live/"),
        ("rtsp://h/live/", "", "rtsp://h/live/"),
        ("rtsp://h/live/", "rtsp://h/other?x=1", "rtsp://h/other?x=1"),
        ("rtsp://h:554/live/", "/abs/1", "rtsp://h:554/abs/1"),
        (
            "rtsp://h/r?channel=1&proto=Onvif/",
            "trackID=5",
            "rtsp://h/r?channel=1&proto=Onvif/trackID=5",
        ),
    ],
)
def test_addresses_of_tracks(base: str, control: str, url: str) -> None:
    assert sdp.resolve(base, control) == url


def _recorded() -> list[Path]:
    folder = os.environ.get("WARDWATCH_ASSETS")
    return sorted(Path(folder, "rtsp").glob("[a-z]*.txt")) if folder else []


@pytest.mark.assets
def test_recordings_of_real_cameras() -> None:
    """None of them was asked with Require: none offers a back track, each says so plainly."""
    files = _recorded()
    if not files:
        pytest.skip("WARDWATCH_ASSETS is not set")
    described = 0
    for path in files:
        data = path.read_bytes()
        if data.startswith(b"v=0"):
            body = data
        else:
            answers = list(Reader().feed(data))
            assert len(answers) == 1, path.name
            (answer,) = answers
            assert isinstance(answer, Response)
            assert answer.code == 200, path.name
            body = answer.body
            if "describe" not in path.name:
                continue
        text = body.decode("utf-8", "replace")
        description = sdp.parse(text)
        described += 1
        assert len(description.media) == len(re.findall(r"^m=", text, re.MULTILINE)), path.name
        assert all(media.control for media in description.media), path.name
        with pytest.raises(NoBackchannelError):
            sdp.back_track(description)
        # What the same camera says of its microphone, turned round, is a back track when G.711.
        turned = sdp.parse(
            re.sub(r"(m=audio [^\r\n]*)", r"\1\na=sendonly", text).replace("a=recvonly", "")
        )
        plain = re.search(r"rtpmap:(\d+) (PCM[AU])/8000", text)
        if plain:
            assert sdp.back_track(turned).codec.name == plain[2], path.name
    assert described >= 10


# -- RTSP messages -------------------------------------------------------------------------


@given(
    st.lists(
        st.one_of(
            st.builds(Frame, st.integers(0, 255), st.binary(max_size=300)),
            st.builds(
                Response,
                st.integers(100, 599),
                st.sampled_from(["OK", "Not Found", ""]),
                st.just((("cseq", "7"),)),
                st.binary(max_size=200),
            ),
        ),
        max_size=8,
    ),
    st.lists(st.integers(1, 50), max_size=30),
)
def test_the_reader_does_not_care_where_packets_end(
    messages: list[Frame | Response], cuts: list[int]
) -> None:
    data = b""
    for message in messages:
        if isinstance(message, Frame):
            data += message.pack()
        else:
            head = f"RTSP/1.0 {message.code} {message.reason}\r\nCSeq: 7\r\n"
            data += f"{head}Content-Length: {len(message.body)}\r\n\r\n".encode() + message.body
    reader, found, place = Reader(), [], 0
    for cut in [*cuts, len(data)]:
        found += list(reader.feed(data[place : place + cut]))
        place += cut
    assert len(found) == len(messages)
    for got, sent in zip(found, messages, strict=True):
        if isinstance(got, Frame):
            assert got == sent
        else:
            assert isinstance(sent, Response)
            assert (got.code, got.reason, got.body) == (sent.code, sent.reason, sent.body)
            assert got.sequence == 7


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    reader = Reader()
    with suppress(SpeakerError):
        for one in reader.feed(data):
            assert isinstance(one, Frame | Response)


def test_oversized_answers_are_refused() -> None:
    with pytest.raises(SpeakerError, match="no end"):
        list(Reader().feed(b"RTSP/1.0 200 OK\r\nX: " + b"a" * 70_000))
    with pytest.raises(SpeakerError, match="body of 99999999 bytes"):
        list(Reader().feed(b"RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n"))


def test_bare_line_feeds_and_questions_of_the_device() -> None:
    data = b"\r\nOPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nRTSP/1.0 200 OK\nCSeq: 2\nX: a\nx: b\n\n"
    (answer,) = Reader().feed(data)
    assert isinstance(answer, Response)
    assert answer.all("X") == ["a", "b"]


def test_a_line_break_cannot_be_smuggled_into_a_request() -> None:
    with pytest.raises(SpeakerError, match="line break"):
        request("PLAY", "rtsp://h/x\r\nRequire: y", {})
    with pytest.raises(SpeakerError, match="line break"):
        request("PLAY", "rtsp://h/x", {"Session": "1\nX: y"})


# -- sign-in -------------------------------------------------------------------------------

RFC_7616 = (
    'Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm={}, '
    'nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", '
    'opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"'
)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_digest_as_rfc_7616_computes_it(algorithm: str, expected: str) -> None:
    """The example of section 3.9.1."""
    challenge = rtsp_auth.strongest([RFC_7616.format(algorithm)])
    assert challenge is not None
    challenge._cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
    answer = challenge.answer("GET", "/dir/index.html", "Mufasa", "Circle of Life")
    assert f'response="{expected}"' in answer
    assert "nc=00000001" in answer
    assert "nc=00000002" in challenge.answer("GET", "/", "Mufasa", "Circle of Life")


def test_digest_without_qop_as_rfc_2617_computes_it() -> None:
    challenge = rtsp_auth.strongest(
        ['Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"']
    )
    assert challenge is not None
    answer = challenge.answer("GET", "/dir/index.html", "Mufasa", "Circle Of Life")
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in answer
    assert "algorithm" not in answer


@pytest.mark.parametrize(
    ("headers", "algorithm"),
    [
        (['Basic realm="a, Digest b"'], "BASIC"),
        (['Basic realm="x"', 'Digest realm="x", nonce="1"'], "MD5"),
        (
            [
                (
                    'Digest realm="x", nonce="1", algorithm=MD5, '
                    'Digest realm="x", nonce="2", algorithm=SHA-256'
                )
            ],
            "SHA-256",
        ),
        (['Digest realm="x", nonce="1", algorithm="sha-256", qop="auth"'], "SHA-256"),
        (['Digest realm="x", nonce="1", algorithm=SHA-512-256', 'Basic realm="x"'], "BASIC"),
    ],
)
def test_takes_the_strongest_it_knows(headers: list[str], algorithm: str) -> None:
    challenge = rtsp_auth.strongest(headers)
    assert challenge is not None
    assert challenge.algorithm == algorithm


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_challenge_is_read_without_a_crash(headers: list[str]) -> None:
    challenge = rtsp_auth.strongest(headers)
    if challenge is not None:
        challenge.answer("PLAY", "rtsp://h/", "u", "p")
