"""Verifying SM2 signatures (GB/T 32918.2, ISO/IEC 14888-3), which ``cryptography`` cannot.

Plain integer arithmetic is slow and gives its numbers away by the time it takes: it is for public
values, and for the one time that a new key's public half is computed.
"""

import base64
import hashlib

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.der import BIT_STRING, SEQUENCE, element

SIGNER_ID = b"1234567812345678"
"""The user id that GB/T 35276 fixes for signatures without one of their own."""

# GB/T 32918.5: the recommended curve y² = x³ + ax + b over F_p, its base point and its order.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)

Point = tuple[int, int] | None
"""Affine coordinates; None is the point at infinity."""

_EC_KEY, _SM2_CURVE = "1.2.840.10045.2.1", "1.2.156.10197.1.301"


def sm2_point(pem: bytes) -> tuple[int, int]:
    """The point of a public key in PEM (SubjectPublicKeyInfo, RFC 5480).

    Raises:
        UnreadableError: it is no SM2 key, or its point does not lie on the curve.
    """
    parts = element(sm2_der(pem)).expect(SEQUENCE).children()
    if len(parts) != 2:
        raise UnreadableError("no public key")
    algorithm, bits = parts
    names = [one.oid() for one in algorithm.expect(SEQUENCE).children()]
    raw = bits.expect(BIT_STRING).body
    if names != [_EC_KEY, _SM2_CURVE] or len(raw) != 66 or raw[:2] != b"\x00\x04":
        raise UnreadableError("no SM2 public key")
    x, y = int.from_bytes(raw[2:34], "big"), int.from_bytes(raw[34:], "big")
    if x >= P or y >= P or (y * y - (x * x + A) * x - B) % P:
        raise UnreadableError("the public key does not lie on the SM2 curve")
    return x, y


def sm2_der(pem: bytes) -> bytes:
    """The bytes inside a PEM public key."""
    lines = pem.decode("ascii", "replace").split()
    text = "".join(lines)
    begin, end = "-----BEGINPUBLICKEY-----", "-----ENDPUBLICKEY-----"
    if not (text.startswith(begin) and text.endswith(end)):
        raise UnreadableError("no PEM public key")
    try:
        return base64.b64decode(text[len(begin) : -len(end)], validate=True)
    except ValueError:
        raise UnreadableError("no PEM public key") from None


def sm2_digest(key: tuple[int, int], data: bytes) -> int:
    """e = SM3(Z ‖ M), Z from the user id, the curve and the key (GB/T 32918.2 §5.5).

    Raises:
        UnreadableError: this Python's OpenSSL has no SM3.
    """
    z = (len(SIGNER_ID) * 8).to_bytes(2, "big") + SIGNER_ID
    z += b"".join(number.to_bytes(32, "big") for number in (A, B, *G, *key))
    try:
        return int.from_bytes(
            hashlib.new("sm3", hashlib.new("sm3", z).digest() + data).digest(), "big"
        )
    except ValueError:
        raise UnreadableError("this Python's OpenSSL has no SM3") from None


def sm2_verifies(key: tuple[int, int], signature: bytes, data: bytes) -> bool:
    """Whether the signature (DER: SEQUENCE of r and s) is the key's (GB/T 32918.2 §7.1)."""
    numbers = element(signature).expect(SEQUENCE).children()
    if len(numbers) != 2:
        raise UnreadableError("no SM2 signature")
    r, s = numbers[0].number(), numbers[1].number()
    if not (0 < r < N and 0 < s < N) or (r + s) % N == 0:
        return False
    found = _add(_times(s, G), _times((r + s) % N, key))
    return found is not None and (sm2_digest(key, data) + found[0]) % N == r


def multiple(number: int, point: tuple[int, int]) -> tuple[int, int]:
    """A point added to itself so many times; ``number`` is not a multiple of the order.

    Raises:
        UnreadableError: it is.
    """
    found = _times(number, point)
    if found is None:
        raise UnreadableError("a multiple of the order")
    return found


def _add(one: Point, other: Point) -> Point:
    if one is None or other is None:
        return one or other
    if one[0] == other[0]:
        if (one[1] + other[1]) % P == 0:
            return None
        slope = (3 * one[0] * one[0] + A) * pow(2 * one[1], -1, P)
    else:
        slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P)
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def _times(number: int, point: Point) -> Point:
    found: Point = None
    while number:
        if number & 1:
            found = _add(found, point)
        point = _add(point, point)
        number >>= 1
    return found
