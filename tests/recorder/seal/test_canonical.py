"""Canonical JSON against the examples of RFC 8785, and what it refuses."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recorder.seal.check.canonical import UnreadableError, canonical, read_canonical, read_json

# RFC 8785, appendix B (those within 2^53), and the edges of the exponent form.
NUMBERS = {
    0.0: "0", 1.0: "1", -1.5: "-1.5", 5e-324: "5e-324", -5e-324: "-5e-324",
    9007199254740991.0: "9007199254740991", 1e-6: "0.000001", 1e-7: "1e-7", 0.00012: "0.00012",
    123456.789: "123456.789", 333333333.33333329: "333333333.3333333", 1.25e-9: "1.25e-9",
    4.50: "4.5", 2e-3: "0.002", -120.5: "-120.5", 1e15: "1000000000000000", 100.0: "100",
}  # fmt: skip

TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2**53) + 1, 2**53 - 1)
    | TEXTS,
    lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner),
    max_leaves=12,
)


@pytest.mark.parametrize(("number", "text"), NUMBERS.items())
def test_numbers_are_written_as_ecmascript_writes_them(number: float, text: str) -> None:
    assert canonical(number).decode() == text


def test_minus_nothing_is_nothing() -> None:
    assert canonical(-0.0) == b"0"


def test_names_are_sorted_by_utf_16() -> None:
    # RFC 8785 §3.2.3: U+1F600 (surrogates D83D DE00) comes before U+FB33.
    value = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}
    names = list(json.loads(canonical(value)))
    assert names == ["\r", "1", "\x80", "\u00f6", "\u20ac", "\U0001f600", "\ufb33"]


@given(VALUES)
def test_the_same_value_comes_back(value: Any) -> None:
    content = canonical(value)
    assert canonical(read_canonical(content)) == content
    assert read_json(content) == value


@pytest.mark.parametrize(
    "content",
    [b'{"a": 1}', b'{"b":1,"a":2}', b"1.0", b'"\\u0061"', b"[1,2] ", b"\xef\xbb\xbf1", b"-0"],
)
def test_another_text_of_the_same_value_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_canonical(content)


@pytest.mark.parametrize(
    "content",
    [b'{"a":1,"a":1}', b"NaN", b"9007199254740992", b"\xff", b"", b"[" * 100_000, b'"\\ud800"'],
)
def test_what_readers_differ_about_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableError):
        read_canonical(content)


@pytest.mark.parametrize("value", [math.nan, math.inf, 2**53, b"bytes", {1: 2}, "\ud800"])
def test_what_json_has_no_text_for_is_refused(value: Any) -> None:
    with pytest.raises(UnreadableError):
        canonical(value)
