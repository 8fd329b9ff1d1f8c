"""What is written in a signing SEI: tag, length, value (ONVIF Media Signing, "TLV tags").

All numbers are big-endian. The layout is that of the published specification, which the open
framework of ONVIF writes since 2024; the draft of June 2023 had another one.
"""

import struct
from dataclasses import dataclass, field
from enum import IntEnum

from recorder.signing.errors import SigningError

NO_LINK = (0x00, 0xFF)
"""Octets that fill the link of the very first group of pictures."""

HASHES = {
    bytes.fromhex("0609608648016503040201"): "sha256",
    bytes.fromhex("0609608648016503040202"): "sha384",
    bytes.fromhex("0609608648016503040203"): "sha512",
    bytes.fromhex("06082a811ccf55018311"): "sm3",
}
"""Object identifiers in DER, and how ``hashlib`` calls them."""


class Tag(IntEnum):
    """Tags of the specification."""

    GENERAL = 1
    HASH_LIST = 2
    SIGNATURE = 3
    CRYPTO = 4
    VENDOR = 5
    CERTIFICATES = 6
    ARBITRARY = 7


@dataclass(frozen=True)
class General:
    """About one group of pictures, or a part of one.

    Attributes:
        software: version of the signing software, e.g. ``0.0.4``.
        partial: signed because it grew long, not because the next group began.
        start, end: the camera's UTC in units of 100 ns since 1601.
        counter: goes up by one for each.
        units: how many hashes there are.
        gop_hash: of all hashes in a row.
        link: first hash of the one before.
    """

    software: str
    partial: bool
    start: int
    end: int
    counter: int
    units: int
    gop_hash: bytes
    link: bytes

    @property
    def first(self) -> bool:
        """Nothing was signed before it."""
        return any(self.link == bytes([octet]) * len(self.link) for octet in NO_LINK)


@dataclass(frozen=True)
class Vendor:
    """What the device says of itself; only its certificate proves anything."""

    firmware: str
    serial: str
    manufacturer: str


@dataclass
class Content:
    """The values of one SEI; None for a tag that is not there."""

    general: General | None = None
    hash_list: bytes | None = None
    signature: bytes | None = None
    algorithm: str | None = None
    vendor: Vendor | None = None
    chain: bytes | None = None
    """Of the maker; PEM, leaf first."""
    user_chain: bytes | None = None
    """Of whoever runs the camera, if he has given it a key of his own."""
    signature_at: int | None = None
    """Where the signature's tag stands."""
    seen: set[int] = field(default_factory=set)


def parse(data: bytes) -> Content:
    """Read the values.

    Args:
        data: what follows the reserved byte, without emulation prevention.

    Raises:
        SigningError: it is torn, contradicts itself or is of a version not known here.
    """
    content = Content()
    at = 0
    while at < len(data):
        if at + 3 > len(data):
            raise SigningError("signing SEI: torn tag")
        tag, length = struct.unpack_from(">BH", data, at)
        value = data[at + 3 : at + 3 + length]
        if len(value) < length:
            raise SigningError(f"signing SEI: tag {tag} is longer than what is left")
        if content.signature_at is not None:
            raise SigningError("signing SEI: something stands behind the signature")
        if tag in content.seen and tag != Tag.CERTIFICATES:
            raise SigningError(f"signing SEI: tag {tag} appears twice")
        content.seen.add(tag)
        if tag == Tag.SIGNATURE:
            content.signature_at = at
        try:
            _take(content, tag, value)
        except (struct.error, IndexError) as error:
            raise SigningError(f"signing SEI: tag {tag} is too short") from error
        at += 3 + length
    return content


def _take(content: Content, tag: int, value: bytes) -> None:
    if tag == Tag.GENERAL:
        content.general = _general(value)
        return
    if tag not in set(Tag):
        raise SigningError(f"signing SEI: tag {tag} is not known here")
    if value[0] != 1:
        raise SigningError(f"signing SEI: version {value[0]} of tag {tag} is not known here")
    if tag == Tag.HASH_LIST:
        content.hash_list = value[1:]
    elif tag == Tag.SIGNATURE:
        size = struct.unpack_from(">H", value, 1)[0]
        if size > len(value) - 3:
            raise SigningError("signing SEI: the signature is longer than its room")
        content.signature = value[3 : 3 + size]
    elif tag == Tag.CRYPTO:
        oid = value[2 : 2 + value[1]]
        if oid not in HASHES:
            raise SigningError(f"signing SEI: hash algorithm {oid.hex()} is not known here")
        content.algorithm = HASHES[oid]
    elif tag == Tag.VENDOR:
        texts, at = [], 1
        for _ in range(3):
            size = value[at]
            texts.append(value[at + 1 : at + 1 + size].decode("utf-8", "replace"))
            at += 1 + size
        content.vendor = Vendor(*texts)
    elif tag == Tag.CERTIFICATES:
        if value[1]:
            content.user_chain = value[2:]
        else:
            content.chain = value[2:]


def _general(value: bytes) -> General:
    version, *software = struct.unpack_from(">4B", value)
    if version not in (1, 2):
        raise SigningError(f"signing SEI: version {version} of tag 1 is not known here")
    partial, start = struct.unpack_from(">Bq", value, 4)
    at = 13
    end = start
    if version == 2:
        end = struct.unpack_from(">q", value, at)[0]
        at += 8
    counter, count = struct.unpack_from(">IH", value, at)
    hashes = value[at + 6 :]
    if not hashes or len(hashes) % 2 or len(hashes) > 128:
        raise SigningError("signing SEI: tag 1 holds no two hashes")
    half = len(hashes) // 2
    return General(
        software=".".join(str(part) for part in software),
        partial=bool(partial),
        start=start,
        end=end,
        counter=counter,
        units=count,
        gop_hash=hashes[:half],
        link=hashes[half:],
    )
