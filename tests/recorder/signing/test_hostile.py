"""Whatever a stream holds, the verifier neither fails nor calls it authentic."""

import contextlib
import hashlib
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from recorder.signing.chain import Chain
from recorder.signing.errors import SigningError
from recorder.signing.nal import escaped_length, kind_of, payload_size, unescaped, units
from recorder.signing.sei import UUID, is_signing, read
from recorder.signing.tlv import parse
from tests.recorder.signing.conftest import Film
from tests.recorder.signing.signer import Signer, escape, tlv

CODECS = st.sampled_from(["h264", "hevc"])
ANY = st.binary(max_size=200)
VALUES = st.builds(tlv, st.integers(0, 9), st.builds(bytes.__add__, st.just(b"\1"), ANY))


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Units that look like signing SEIs, more or less."""
    body = UUID + draw(st.binary(min_size=1, max_size=1)) + b"".join(draw(st.lists(VALUES)))
    size = draw(st.sampled_from([len(body), len(body) + 1, 0, 255]))
    head = draw(st.sampled_from([b"\x06\x05", b"\x4e\x01\x05"]))
    unit = head + b"\xff" * (size // 255) + bytes([size % 255]) + body + b"\x80"
    return draw(st.sampled_from([unit, escape(unit), unit[: len(unit) // 2]]))


@given(st.lists(st.one_of(messages(), ANY)), CODECS)
def test_any_stream_is_judged(stream: list[bytes], codec: str) -> None:
    chain = Chain(codec, "sha256")
    for number, unit in enumerate(stream):
        chain.feed(unit, number * 10**9)
    assert chain.look().state in ("not_signed", "not_authentic")
    assert chain.take(1).verified == 0
    assert chain.waiting == 0


@given(st.binary(max_size=400))
def test_values_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(SigningError):
        parse(data)


@given(messages(), CODECS)
def test_messages_are_read_or_refused(unit: bytes, codec: str) -> None:
    if is_signing(unit, codec):
        with contextlib.suppress(SigningError):
            read(unit, codec)


@given(st.binary(max_size=300), st.sampled_from([None, 1, 2, 4]))
def test_packets_are_cut_up(data: bytes, prefix: int | None) -> None:
    found = list(units(data, prefix))
    assert sum(map(len, found)) <= len(data)
    for unit in found:
        kind_of(unit, "h264")
        kind_of(unit, "hevc")
        payload_size(unit)


@given(st.lists(st.sampled_from([b"\0", b"\1", b"\3", b"\x80", b"\xff"])), st.data())
def test_emulation_prevention_is_undone(octets: list[bytes], data: st.DataObject) -> None:
    plain = b"".join(octets)
    unit = escape(plain)
    assert b"\0\0\1" not in unit
    assert unescaped(unit) == plain
    count = data.draw(st.integers(0, len(plain)))
    assert unescaped(unit[: escaped_length(unit, count)]) == plain[:count]


@settings(deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_changed_stream_is_never_authentic(
    h264: Film, camera: Signer, rng: random.Random
) -> None:
    """One random change to what is signed of the first thirty pictures."""
    signed = [unit for picture in replace(camera, part_pictures=rng.choice([0, 3])).sign(
        h264.pictures[:40]) for unit in picture]  # fmt: skip
    pictures = [n for n, unit in enumerate(signed) if unit[0] & 0x1F in (1, 5)]
    at = rng.choice(pictures[: len(pictures) * 3 // 4])
    unit = signed[at]
    place = rng.randrange(1, len(unit))
    flipped = unit[:place] + bytes([unit[place] ^ 1 << rng.randrange(8)]) + unit[place + 1 :]
    changed = rng.choice(
        [
            [*signed[:at], flipped, *signed[at + 1 :]],
            [*signed[:at], unit, *signed[at:]],
            [*signed[:at], flipped, *signed[at:]],
        ]
    )
    chain = Chain("h264", "sha256")
    for number, one in enumerate(changed):
        chain.feed(one, number * 40_000_000)
    assert chain.look().state == "not_authentic"


def test_a_flood_of_messages_is_bounded(h264: Film, camera: Signer) -> None:
    """Messages that are signed, but fit nothing, are given up after a while."""
    flood = [
        unit
        for counter in range(0, 150, 5)
        for picture in replace(camera, first_counter=counter).sign(h264.pictures)
        for unit in picture
        if UUID in unit
    ]
    chain = Chain("h264", "sha256")
    for number in range(100):
        chain.feed(b"\x41\x9a" + hashlib.sha256(bytes([number % 251])).digest(), number)
        for unit in flood:
            chain.feed(unit, number)
    found = chain.look()
    assert found.state == "not_authentic"
    assert "fit no pictures" in " ".join(found.faults)
