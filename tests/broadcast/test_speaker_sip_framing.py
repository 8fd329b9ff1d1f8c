"""SIP messages on a connection: cut anywhere, several at once, of false length."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast import sip_messages as sip
from broadcast.errors import SpeakerError
from broadcast.sip_stream import Reader

HEADERS = [("Via", "SIP/2.0/TCP h"), ("From", "<sip:a@h>"), ("To", "<sip:b@h>"), ("Call-ID", "c")]
MESSAGES = st.builds(
    lambda number, body: sip.request("INFO", "sip:b@h", [*HEADERS, ("CSeq", f"{number} X")], body),
    st.integers(0, 99),
    st.binary(max_size=60) | st.just(b"\r\n\r\n"),
)
KEEP_ALIVES = st.sampled_from([b"", b"", b"\r\n", b"\r\n\r\n"])
"""RFC 5626, section 3.5.1."""
HEAD = b"SIP/2.0 200 OK\r\nVia: a\r\nFrom: b\r\nTo: c\r\nCall-ID: d\r\nCSeq: 1 BYE\r\n"


def read(pieces: list[bytes]) -> tuple[list[sip.SipMessage], str]:
    """The messages of a stream, and the error at which it ended."""
    reader, found = Reader(), []
    for piece in pieces:
        reader.feed(piece)
        try:
            while (message := reader.next()) is not None:
                found.append(message)
        except SpeakerError as error:
            return found, str(error)
    return found, ""


def cut(data: bytes, at: list[int]) -> list[bytes]:
    marks = [0, *sorted(mark % (len(data) + 1) for mark in at), len(data)]
    return [data[begin:end] for begin, end in pairwise(marks)]


CUTS = st.lists(st.integers(0, 10_000), max_size=12)


@given(st.lists(st.tuples(KEEP_ALIVES, MESSAGES), max_size=4), KEEP_ALIVES, CUTS)
def test_messages_come_out_as_they_went_in_wherever_they_are_cut(
    sent: list[tuple[bytes, bytes]], last: bytes, at: list[int]
) -> None:
    stream = b"".join(before + message for before, message in sent) + last
    found, error = read(cut(stream, at))
    assert found == [sip.parse(message) for _, message in sent]
    assert error == ""


PIECES = st.sampled_from(
    [
        HEAD,
        b"\r\n",
        b"Content-Length: ",
        b"l:",
        b"0",
        b"7",
        b"-1",
        b"65536",
        b" ",
        b"\r",
        b"SIP/2.0",
    ]
)


@given(st.lists(PIECES | st.binary(max_size=8), max_size=12), CUTS)
def test_what_is_no_sip_ends_in_the_same_error_wherever_it_is_cut(
    parts: list[bytes], at: list[int]
) -> None:
    stream = b"".join(parts)
    assert read(cut(stream, at)) == read([stream])


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (b"", "without Content-Length"),
        (b"Content-Length: -1\r\n", "that is none: '-1'"),
        (b"Content-Length: 5x\r\n", "that is none: '5x'"),
        (b"Content-Length:\r\n", "that is none"),
        ("Content-Length: ５\r\n".encode(), "that is none"),
        (b"Content-Length: 3\r\nl: 4\r\n", "that is none: '3, 4'"),
        (b"Content-Length: 65536\r\n", "announces 65536 octets"),
        (b"Content-Length: 99999999999\r\n", "that is none"),
    ],
)
def test_a_false_length_is_one_error_after_what_came_before(length: bytes, words: str) -> None:
    good = HEAD + b"Content-Length: 0\r\n\r\n"
    found, error = read([good + HEAD + length + b"\r\n" + good])
    assert len(found) == 1
    assert words in error


def test_a_header_without_end_is_not_kept_for_ever() -> None:
    found, error = read([HEAD, *[b"X: " + b"x" * 4000] * 20])
    assert found == []
    assert "header of more than" in error


def test_a_folded_compact_length_counts() -> None:
    found, error = read([HEAD + b"l:\r\n 3\r\n\r\nabcd"])
    assert [message.body for message in found] == [b"abc"]
    assert error == ""
