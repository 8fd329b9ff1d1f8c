"""Packets put together: what the virtual camera cuts comes out whole, and anything is survived."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.rtp import payload, receiver_report, sender_report, steps
from ingest.rtp_pictures import Codec, Picture, Pictures
from ingest.rtp_sound import SoundPieces
from ingest.rtsp_plan import plan
from sim.camera import rtp
from tests.ingest.pictures import Pictures as Film

FILMS = {codec: Film(codec, 96) for codec in ("h264", "hevc")}
START = b"\0\0\0\1"
SPS, PPS, SEI, IDR, SLICE, MORE = b"\x67s", b"\x68p", b"\x06s", b"\x65i", b"\x41p", b"\x41q"
RECOVERY = b"\x06\x06\x01\xc4\x80"


def packet(unit: bytes, timestamp: int, *, marker: bool = False, payload_type: int = 96) -> bytes:
    return rtp.rtp_header(payload_type, marker, 0, timestamp, 7) + unit


def put_together(packets: list[bytes], codec: Codec = "h264") -> list[Picture]:
    pictures = Pictures(codec, 96)
    for one in packets:
        pictures.take(b"$\0\0\0" + one + b"rest", 4, 4 + len(one))
    pictures.end()
    return pictures.ready


def stream(*units: bytes) -> bytes:
    return b"".join(START + unit for unit in units)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_film_comes_out_as_it_was_cut(codec: Codec) -> None:
    film = FILMS[codec]
    found = put_together([one for index in range(10) for one in film.packets(index)], codec)
    assert [one.data for one in found] == [stream(*units) for units in film._units]
    assert [one.key for one in found] == [True] + [False] * 9
    assert [b.timestamp - a.timestamp for a, b in pairwise(found)] == [9000] * 9


def test_units_in_one_packet_and_parameter_sets_between_slices() -> None:
    together = b"\x78" + b"".join(len(u).to_bytes(2, "big") + u for u in (SPS, PPS, IDR))
    found = put_together(
        [packet(together, 1), packet(SPS, 1), packet(IDR, 1), packet(SLICE, 2, marker=True)]
    )
    assert [one.data for one in found] == [stream(SPS, PPS, IDR, SPS, IDR), stream(SLICE)]
    assert [one.key for one in found] == [True, False]


def test_what_leads_goes_with_the_next_picture_whatever_its_time_stamp() -> None:
    found = put_together(
        [packet(SLICE, 1), packet(SPS, 1), packet(PPS, 1), packet(IDR, 2), packet(SLICE, 3),
         packet(RECOVERY, 3), packet(MORE, 4, marker=True)]
    )  # fmt: skip
    assert [one.data for one in found] == [
        stream(SLICE), stream(SPS, PPS, IDR), stream(SLICE), stream(RECOVERY, MORE)
    ]  # fmt: skip
    assert [one.key for one in found] == [False, True, False, True]


def test_the_last_picture_counts_only_if_it_is_whole() -> None:
    assert len(put_together([packet(IDR, 1), packet(SLICE, 2, marker=True)])) == 2
    assert len(put_together([packet(IDR, 1), packet(SLICE, 2)])) == 1


def test_other_payload_types_are_left_out() -> None:
    assert not put_together([packet(IDR, 1, payload_type=97), packet(SLICE, 2, payload_type=97)])


@given(st.lists(st.integers(-(2**31) + 1, 2**31 - 1), max_size=20), st.integers(0, 2**32 - 1))
def test_time_goes_on_over_wraps(moves: list[int], first: int) -> None:
    times = [first]
    for move in moves:
        times.append(times[-1] + move)
    assert [steps(a % 2**32, b % 2**32) for a, b in pairwise(times)] == moves


@given(st.sampled_from(["h264", "hevc"]), st.lists(st.binary(max_size=60), max_size=12))
def test_any_octets_are_survived(codec: Codec, parts: list[bytes]) -> None:
    put_together(parts, codec)
    put_together([packet(part, index // 2) for index, part in enumerate(parts)], codec)
    for aac in (False, True):
        sound = SoundPieces(96, 2, aac=aac)
        for index, part in enumerate(parts):
            sound.take(packet(part, index), 0, 12 + len(part))
            sound.take(part, 0, len(part))
    for part in parts:
        sender_report(part)
        plan(part.decode("latin-1"))


@given(st.binary(min_size=12, max_size=80))
def test_payload_lies_within_its_packet(data: bytes) -> None:
    begin, end = payload(data, 0, len(data))
    assert 0 <= begin <= end <= len(data)
    known = rtp.parse_rtp(data)
    assert known is None or data[begin:end] == known.payload


def test_reports_are_read_and_written() -> None:
    sent = rtp.sender_report(7, 1_790_000_000_500_000_000, 9000, 10, 2**32 + 5, "camera")
    found = sender_report(sent)
    assert found is not None
    assert (found.ssrc, found.rtp_timestamp, found.packets, found.octets) == (7, 9000, 10, 5)
    assert abs(found.utc_ns - 1_790_000_000_500_000_000) < 2
    assert rtp.rtcp_types(receiver_report(1, 7, 5, 0x1234, 2.0)) == [201, 202]


def test_sound_is_cut_into_its_pieces() -> None:
    plain = SoundPieces(96, 1)
    plain.take(packet(b"\xd5" * 160, 5), 0, 172)
    assert [(len(one.data), one.timestamp, one.duration) for one in plain.ready] == [(160, 0, 160)]
    aac = SoundPieces(96, 0, aac=True)
    body = (32).to_bytes(2, "big") + (3 << 3).to_bytes(2, "big") + (2 << 3).to_bytes(2, "big")
    whole = packet(body + b"abcde", 100)
    aac.take(whole, 0, len(whole))
    for part in (b"fgh", b"ij"):  # a unit of five octets in two packets
        piece = packet((16).to_bytes(2, "big") + (5 << 3).to_bytes(2, "big") + part, 2148)
        aac.take(piece, 0, len(piece))
    assert [(one.data, one.timestamp) for one in aac.ready] == [
        (b"abc", 0), (b"de", 1024), (b"fghij", 2048)
    ]  # fmt: skip


AAC = """m=audio 0 RTP/AVP 97\r
a=rtpmap:97 mpeg4-generic/16000/1\r
a=fmtp:97 mode=AAC-hbr;config=1408;sizelength=13;indexlength=3;indexdeltalength=3\r
"""
SDP = "v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"


@pytest.mark.parametrize(
    ("more", "read"),
    [
        ("", True),
        ("a=fmtp:96 packetization-mode=1\r\n", True),
        ("a=fmtp:96 packetization-mode=2\r\n", False),
        ("m=audio 0 RTP/AVP 8\r\n", True),
        ("m=audio 0 RTP/AVP 14\r\n", False),
        ("m=audio 0 RTP/AVP 97\r\na=rtpmap:97 PCMU/16000\r\n", True),
        ("m=audio 0 RTP/AVP 97\r\na=rtpmap:97 MP4A-LATM/16000\r\n", False),
        (AAC, True),
        (AAC.replace("13", "6"), False),
        ("m=application 0 RTP/AVP 107\r\na=rtpmap:107 vnd.onvif.metadata/90000\r\n", True),
        ("m=video 0 RTP/AVP 98\r\na=rtpmap:98 H264/90000\r\n", False),
        ("m=audio 0 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000\r\n", False),
    ],
)
def test_only_what_we_put_together_is_read_by_us(more: str, read: bool) -> None:
    assert (plan(SDP + more) is not None) is read
