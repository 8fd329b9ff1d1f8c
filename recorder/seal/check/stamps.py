"""Checking time-stamps (RFC 3161) and the CMS signature around them (RFC 5652)."""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.der import GENERALIZED_TIME, OCTET_STRING, SEQUENCE, SET, Element, element
from recorder.seal.check.signatures import CERTIFICATE_ERRORS, Identity, issues
from recorder.seal.check.times import utc_ns_of

_SIGNED_DATA, _TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12"
_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
_HASHES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    "2.16.840.1.101.3.4.2.1": ("sha256", hashes.SHA256()),
    "2.16.840.1.101.3.4.2.2": ("sha384", hashes.SHA384()),
    "2.16.840.1.101.3.4.2.3": ("sha512", hashes.SHA512()),
}
_CONTEXT_0 = 0xA0
_LONGEST_CHAIN = 6


@dataclass(frozen=True)
class Stamp:
    """What a time-stamp says once its own signature holds.

    Attributes:
        utc_ns: the moment it names.
        authority: the name in the certificate of who made it.
        serial: its number there.
        nonce: of the request it answers, if one was sent.
        trusted: whether the chain ends at a given root; None when no root was given.
    """

    utc_ns: int
    authority: str
    serial: int
    nonce: int | None
    trusted: bool | None


@dataclass(frozen=True)
class _Signer:
    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]


def read_stamp(response: bytes, data: bytes, roots: tuple[x509.Certificate, ...]) -> Stamp:
    """Check a time-stamp response over some data.

    Args:
        response: TimeStampResp (DER).
        data: what was stamped; its digest must be the imprint.
        roots: authorities to end at; empty leaves that open.

    Raises:
        UnreadableError: it was refused, is of other data, or its signature does not hold.
    """
    try:
        return _read(response, data, roots)
    except (IndexError, *CERTIFICATE_ERRORS) as error:
        raise UnreadableError(f"a time-stamp that cannot be read: {error}") from None


def _read(response: bytes, data: bytes, roots: tuple[x509.Certificate, ...]) -> Stamp:
    status, *rest = element(response).expect(SEQUENCE).children()
    granted = status.expect(SEQUENCE).children()[0].number()
    if granted not in (0, 1) or len(rest) != 1:
        raise UnreadableError(f"the authority refused the time-stamp (status {granted})")
    kind, wrapped = rest[0].expect(SEQUENCE).children()
    if kind.oid() != _SIGNED_DATA:
        raise UnreadableError("a time-stamp that is no signed data")
    parts = element(wrapped.expect(_CONTEXT_0).body).expect(SEQUENCE).children()
    inner_kind, inner = parts[2].expect(SEQUENCE).children()
    if inner_kind.oid() != _TST_INFO:
        raise UnreadableError("signed data that is no time-stamp")
    content = element(inner.expect(_CONTEXT_0).body).expect(OCTET_STRING).body
    info = element(content).expect(SEQUENCE).children()
    algorithm, imprint = info[2].expect(SEQUENCE).children()
    name, _ = _hash(algorithm)
    if hashlib.new(name, data).digest() != imprint.expect(OCTET_STRING).body:
        raise UnreadableError("the time-stamp is of other data")
    utc_ns = _moment(info[4])
    signers = parts[-1].expect(SET).children()
    if len(signers) != 1:
        raise UnreadableError(f"a time-stamp with {len(signers)} signers")
    signer = _check_signature(signers[0].expect(SEQUENCE).children(), _certificates(parts), content)
    _check_purpose(signer.certificate, utc_ns)
    return Stamp(
        utc_ns=utc_ns,
        authority=signer.certificate.subject.rfc4514_string(),
        serial=info[3].number(),
        nonce=next((one.number() for one in info[5:] if one.tag == 0x02), None),
        trusted=_ends_at(signer, roots) if roots else None,
    )


def _hash(algorithm: Element) -> tuple[str, hashes.HashAlgorithm]:
    oid = algorithm.expect(SEQUENCE).children()[0].oid()
    if oid not in _HASHES:
        raise UnreadableError(f"a time-stamp by the digest {oid}, which is not accepted")
    return _HASHES[oid]


def _moment(one: Element) -> int:
    text = one.expect(GENERALIZED_TIME).body.decode("ascii", "replace")
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d{1,9}))?Z", text)
    if found is None:
        raise UnreadableError(f"{text!r} is no time")
    year, month, day, hour, minute, second, rest = found.groups()
    return utc_ns_of(f"{year}-{month}-{day}T{hour}:{minute}:{second}.{(rest or '').ljust(9, '0')}Z")


def _certificates(parts: list[Element]) -> tuple[x509.Certificate, ...]:
    inside = [one for part in parts[3:-1] if part.tag == _CONTEXT_0 for one in part.children()]
    return tuple(x509.load_der_x509_certificate(one.whole) for one in inside)


def _check_signature(
    parts: list[Element], certificates: Iterable[x509.Certificate], content: bytes
) -> _Signer:
    known = tuple(certificates)
    issuer, serial = parts[1].expect(SEQUENCE).children()
    mine = [
        one
        for one in known
        if one.serial_number == serial.number() and one.issuer.public_bytes() == issuer.whole
    ]
    if not mine:
        raise UnreadableError("a time-stamp without the certificate of who made it")
    name, algorithm = _hash(parts[2])
    attributes = parts[3].expect(_CONTEXT_0)
    found = {}
    for one in attributes.children():
        oid, values = one.expect(SEQUENCE).children()
        if oid.oid() in found:
            raise UnreadableError("a time-stamp with an attribute twice")
        found[oid.oid()] = element(values.expect(SET).body)
    if _CONTENT_TYPE not in found or found[_CONTENT_TYPE].oid() != _TST_INFO:
        raise UnreadableError("the time-stamp's signature is of something else")
    digest = hashlib.new(name, content).digest()
    if _MESSAGE_DIGEST not in found or found[_MESSAGE_DIGEST].body != digest:
        raise UnreadableError("the time-stamp was changed")
    _check_certificate_named(found, mine[0])
    # RFC 5652 §5.4: signed as a SET, whatever its tag in the message.
    signed = bytes([SET]) + attributes.whole[1:]
    _check_key(mine[0], parts[5].expect(OCTET_STRING).body, signed, algorithm)
    return _Signer(mine[0], known)


def _check_certificate_named(found: dict[str, Element], mine: x509.Certificate) -> None:
    """ESSCertID (RFC 2634 §5.4, RFC 5816): the certificate cannot be swapped for another."""
    der = mine.public_bytes(serialization.Encoding.DER)
    newer = found.get(_SIGNING_CERTIFICATE_V2)
    named = newer or found.get(_SIGNING_CERTIFICATE)
    if named is None:
        raise UnreadableError("a time-stamp that does not name its certificate")
    first = named.expect(SEQUENCE).children()[0].expect(SEQUENCE).children()[0]
    parts = first.expect(SEQUENCE).children()
    name = "sha1"
    if newer is not None:
        name = _hash(parts.pop(0))[0] if parts[0].tag == SEQUENCE else "sha256"
    if hashlib.new(name, der).digest() != parts[0].expect(OCTET_STRING).body:
        raise UnreadableError("a time-stamp with another certificate than it names")


def _check_key(
    mine: x509.Certificate, signature: bytes, signed: bytes, algorithm: hashes.HashAlgorithm
) -> None:
    key = mine.public_key()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(algorithm))
        else:
            raise UnreadableError("a time-stamp by a kind of key that is not accepted")
    except InvalidSignature:
        raise UnreadableError("the signature of the time-stamp does not hold") from None


def _check_purpose(mine: x509.Certificate, utc_ns: int) -> None:
    """RFC 3161 §2.3: for time-stamping alone, and marked critical."""
    try:
        purposes = mine.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        raise UnreadableError("a time-stamp by a certificate that is not for it") from None
    if not purposes.critical or list(purposes.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise UnreadableError("a time-stamp by a certificate that is not for it")
    if not Identity((mine,), b"", "").lasts_over(utc_ns):
        raise UnreadableError("a time-stamp from outside the days of its certificate")


def _ends_at(signer: _Signer, roots: tuple[x509.Certificate, ...]) -> bool:
    link = signer.certificate
    for _ in range(_LONGEST_CHAIN):
        if link in roots or any(issues(root, link) for root in roots):
            return True
        above = [one for one in signer.others if one != link and issues(one, link)]
        if not above:
            return False
        link = above[0]
    return False
