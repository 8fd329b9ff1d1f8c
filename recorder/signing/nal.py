"""NAL units of H.264 and H.265, as far as signing is concerned.

What is hashed are the slices of pictures. Parameter sets, delimiters, filler and foreign SEI
messages are not: they come and go when a stream is carried about (ONVIF Media Signing, "Signing
a GOP").
"""

from collections.abc import Iterator
from enum import Enum
from typing import Literal

Codec = Literal["h264", "hevc"]

START_CODE = b"\0\0\1"


class Kind(Enum):
    """What a unit is to the verifier."""

    ANCHOR = "anchor"
    """First slice of a picture that decoding can start with: a group of pictures begins."""
    FIRST_SLICE = "first slice"
    """First slice of any other picture."""
    SLICE = "slice"
    """A further slice of a picture."""
    SEI = "sei"
    OTHER = "other"


def length_size(codec: Codec, extradata: bytes | None) -> int | None:
    """How long the lengths before the units are, by the decoder configuration record.

    ISO/IEC 14496-15 §5.3.3.1 (avcC) and §8.3.3.1 (hvcC). None when units are set apart by start
    codes.
    """
    if not extradata or extradata[0] != 1:
        return None
    at = 4 if codec == "h264" else 21
    return (extradata[at] & 3) + 1 if len(extradata) > at else 4


def units(data: bytes, prefix: int | None) -> Iterator[bytes]:
    """The units of one packet; a torn last unit is yielded as far as it goes.

    Args:
        data: a packet.
        prefix: octets of the length before each unit; None: start codes (H.264 annex B).
    """
    if prefix is None:
        start = data.find(START_CODE)
        while start >= 0:
            start += 3
            following = data.find(START_CODE, start)
            yield data[start : following if following >= 0 else len(data)]
            start = following
        return
    at = 0
    while at + prefix <= len(data):
        length = int.from_bytes(data[at : at + prefix], "big")
        at += prefix
        yield data[at : at + length]
        at += length


def kind_of(unit: bytes, codec: Codec) -> Kind:
    """What a unit is. Never raises."""
    if codec == "h264":
        return _h264(unit)
    return _h265(unit)


def _h264(unit: bytes) -> Kind:
    """ITU-T H.264 table 7-1. first_mb_in_slice is ue(v): a set bit says zero."""
    if len(unit) < 2 or unit[0] & 0x80:
        return Kind.OTHER
    number = unit[0] & 0x1F
    if number == 6:
        return Kind.SEI
    if not 1 <= number <= 5:  # others hold no picture that an ordinary decoder shows
        return Kind.OTHER
    if number in (3, 4) or not unit[1] & 0x80:
        return Kind.SLICE
    return Kind.ANCHOR if number == 5 else Kind.FIRST_SLICE


def _h265(unit: bytes) -> Kind:
    """ITU-T H.265 table 7-1. first_slice_segment_in_pic_flag is the first bit of a slice."""
    if len(unit) < 3 or unit[0] & 0x80:
        return Kind.OTHER
    number = unit[0] >> 1 & 0x3F
    if number in (39, 40):
        return Kind.SEI
    if number > 21 or 9 < number < 16:  # reserved types, which decoders pass over
        return Kind.OTHER
    if not unit[2] & 0x80:
        return Kind.SLICE
    return Kind.ANCHOR if 16 <= number <= 21 else Kind.FIRST_SLICE


def unescaped(unit: bytes) -> bytes:
    """A unit without its emulation prevention bytes (H.264 §7.3.1, H.265 §7.3.1.1)."""
    if b"\0\0\3" not in unit:
        return unit
    out = bytearray()
    at = 0
    while (found := unit.find(b"\0\0\3", at)) >= 0:
        out += unit[at : found + 2]
        at = found + 3
    return bytes(out + unit[at:])


def escaped_length(unit: bytes, plain_length: int) -> int:
    """How many octets of ``unit`` hold the first ``plain_length`` octets of it unescaped."""
    at = plain = 0
    while plain < plain_length:
        found = unit.find(b"\0\0\3", at)
        if found < 0 or plain + found + 2 - at >= plain_length:
            return at + plain_length - plain
        plain += found + 2 - at
        at = found + 3
    return at


def payload_size(body: bytes) -> tuple[int, int] | None:
    """Size of an SEI payload and octets that say it (H.264 §7.3.2.3.1); None when torn."""
    stripped = body.lstrip(b"\xff")
    full = len(body) - len(stripped)
    if not stripped:
        return None
    return full * 255 + stripped[0], full + 1
