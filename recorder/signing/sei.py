"""Signing SEI messages: user data unregistered with the UUID of ONVIF Media Signing.

The NAL unit is header, payload type 5, size, UUID, a reserved byte, the values of
:mod:`recorder.signing.tlv`, stop bit. What is signed, the *document*, is everything from the
header up to the signature's tag. The second bit of the reserved byte says whether that was
hashed with emulation prevention bytes in it or without.
"""

from dataclasses import dataclass

from recorder.signing.errors import SigningError
from recorder.signing.nal import Codec, escaped_length, payload_size, unescaped
from recorder.signing.tlv import Content, parse

UUID = bytes.fromhex("005bc93f2d715e95ada4796f90877a6f")

_CERTIFICATES_ONLY = 0x80
_ESCAPED_FIRST = 0x40
_MORE_FLAGS = 0x01
_NEAR = 8192
"""The UUID follows header and size; each octet of the size stands for 255 of payload."""


@dataclass(frozen=True)
class SigningSei:
    """One message.

    Attributes:
        document: the octets that were hashed to be signed; of a message without a signature,
            the octets whose hash the next one lists.
        certificates_only: sent once, to tell the certificates; it signs no picture.
    """

    document: bytes
    content: Content
    certificates_only: bool


def is_signing(unit: bytes, codec: Codec) -> bool:
    """Whether an SEI unit is one of signing. Cheap."""
    header = 1 if codec == "h264" else 2
    if unit[header : header + 1] != b"\x05" or UUID not in unit[: header + _NEAR]:
        return False
    sized = payload_size(unit[header + 1 :])
    return sized is not None and unit.startswith(UUID, header + 1 + sized[1])


def read(unit: bytes, codec: Codec) -> SigningSei:
    """Read a unit for which :func:`is_signing` says yes.

    Some senders do not prevent emulation at all: then the size told is the size there is, and
    what looks like a prevention byte is none.

    Raises:
        SigningError: it is damaged, or of a kind not known here.
    """
    header = 1 if codec == "h264" else 2
    sized = payload_size(unit[header + 1 :])
    if sized is None:
        raise SigningError("signing SEI: no size")
    size, octets = sized
    head = header + 1 + octets
    plain = unit
    if len(unit) != head + size + 1:
        plain = unescaped(unit)
    if len(plain) != head + size + 1 or plain[-1] != 0x80:
        raise SigningError("signing SEI: not as long as it says")
    at = head + len(UUID)
    if size < len(UUID) + 1:
        raise SigningError("signing SEI: nothing in it")
    flags = plain[at]
    if flags & _MORE_FLAGS:
        raise SigningError("signing SEI: flags that are not known here")
    content = parse(plain[at + 1 : -1])
    document = plain
    if content.signature_at is not None:
        document = plain[: at + 1 + content.signature_at]
    if flags & _ESCAPED_FIRST and plain is not unit:
        document = unit[: escaped_length(unit, len(document))]
    return SigningSei(document, content, bool(flags & _CERTIFICATES_ONLY))
