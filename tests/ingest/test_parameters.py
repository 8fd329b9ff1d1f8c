"""Parameter sets in the stream: noticed when they change, and never a reason to fall over."""

import contextlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.nal import PictureSniffer, leading_units
from ingest.parameters import ParameterWatch, described_by
from ingest.rtsp import redacted
from sim.camera.errors import RtspSyntaxError
from sim.camera.rtsp import Parser, parse_transport
from tests.ingest.pictures import encoded

SMALL = {codec: encoded(codec, (320, 240), 2)[0] for codec in ("h264", "hevc")}
LARGE = {codec: encoded(codec, (640, 480), 2)[0] for codec in ("h264", "hevc")}


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_change_is_seen_once_and_described(codec: str) -> None:
    watch = ParameterWatch(codec, None)
    assert watch.changed(SMALL[codec])  # nothing was known
    assert not watch.changed(SMALL[codec])
    assert not watch.changed(b"")
    assert watch.changed(LARGE[codec])
    assert not watch.changed(LARGE[codec])
    stream = described_by(LARGE[codec], codec, Fraction(10))
    assert stream is not None
    context = stream.codec_context
    assert (context.name, context.width, context.height) == (codec, 640, 480)
    assert context.extradata


def test_trailing_zeros_in_a_description_are_no_change() -> None:
    units = [unit for unit in leading_units(SMALL["h264"]) if unit[0] & 0x1F in (7, 8)]
    padded = b"".join(b"\0\0\0\1" + unit + b"\0\0" for unit in units)
    assert not ParameterWatch("h264", padded).changed(SMALL["h264"])


def test_length_prefixed_streams_are_left_alone() -> None:
    assert not ParameterWatch("h264", b"\1\x42\0\x1e\xff").changed(SMALL["h264"])
    assert not ParameterWatch("mjpeg", None).changed(SMALL["h264"])


@given(st.sampled_from(["h264", "hevc", "mjpeg"]), st.binary(max_size=200), st.binary(max_size=400))
def test_any_bytes_are_survived(codec: str, extradata: bytes, data: bytes) -> None:
    watch = ParameterWatch(codec, extradata)
    watch.changed(data)
    assert not watch.changed(data)
    PictureSniffer(codec, extradata).has_picture(data)
    assert sum(len(unit) for unit in leading_units(data)) <= len(data)


@given(st.sampled_from(["h264", "hevc"]), st.binary(max_size=300))
def test_any_key_picture_is_described_or_not(codec: str, tail: bytes) -> None:
    stream = described_by(SMALL[codec][:60] + tail, codec, None)
    assert stream is None or stream.codec_context.width > 0


@given(
    st.text("XYZ._-", min_size=1, max_size=12),
    st.sampled_from(["pass", "password", "PWD", "passwd"]),
    st.text("abcdefghijkl0123456789!$*", min_size=8, max_size=20),
)
def test_no_secret_is_shown(user: str, name: str, secret: str) -> None:
    for url in (
        f"rtsp://{user}:{secret}@10.0.0.9:554/main",
        f"rtsp://10.0.0.9/user={user}&{name}={secret}&channel=1",
        f"rtsp://10.0.0.9/live?{name}={secret}",
    ):
        assert secret not in redacted(url)


@given(st.lists(st.binary(max_size=80), max_size=12))
def test_any_bytes_on_a_camera_connection_are_survived(chunks: list[bytes]) -> None:
    parser = Parser()
    with contextlib.suppress(RtspSyntaxError):  # answered with its status, then closed
        for chunk in chunks:
            list(parser.feed(chunk))


@given(st.text(max_size=100))
def test_any_transport_header_is_survived(header: str) -> None:
    found = parse_transport(header)
    assert found is None or (found.interleaved is None) != (found.client_ports is None)
