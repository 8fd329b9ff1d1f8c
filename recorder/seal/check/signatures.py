"""Detached signatures and the certificates of those who made them."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.sm2 import sm2_der, sm2_point, sm2_verifies

P256, ED25519, SM2 = "ecdsa-p256-sha256", "ed25519", "sm2-sm3"
SUFFIXES = {P256: "p256", ED25519: "ed25519", SM2: "sm2"}

CERTIFICATE_ERRORS = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What ``cryptography`` raises over certificates that are damaged or strange."""


@dataclass(frozen=True)
class Identity:
    """Whose key it is.

    Attributes:
        certificates: of the signer first, then of its issuers; empty for a bare SM2 key.
        pem: what they were read from.
        sha256: of the signer's certificate (DER), or of the bare public key (DER).
    """

    certificates: tuple[x509.Certificate, ...]
    pem: bytes
    sha256: str

    @property
    def subject(self) -> str:
        """The name in the certificate."""
        return self.certificates[0].subject.rfc4514_string() if self.certificates else ""

    @property
    def plain_pem(self) -> bytes:
        """The certificates as PEM in the one form that ``cryptography`` writes."""
        plain = (one.public_bytes(serialization.Encoding.PEM) for one in self.certificates)
        return b"".join(plain) or self.pem

    def lasts_over(self, utc_ns: int) -> bool:
        """Whether the certificate was valid at a moment; a bare key always is."""
        if not self.certificates:
            return True
        mine = self.certificates[0]
        first, last = mine.not_valid_before_utc, mine.not_valid_after_utc
        return first <= datetime.fromtimestamp(utc_ns // 1_000_000_000, first.tzinfo) <= last

    def issued_by(self, issuers: tuple[x509.Certificate, ...]) -> bool:
        """Whether its chain of certificates ends at one of these authorities."""
        links = self.certificates
        for number, link in enumerate(links):
            if any(issues(issuer, link) for issuer in issuers):
                return True
            if number + 1 == len(links) or not issues(links[number + 1], link):
                return False
        return False


def identity(pem: bytes) -> Identity:
    """Read certificates, or the public key that SM2 has in their place.

    Raises:
        UnreadableError: it is neither.
    """
    try:
        certificates = tuple(x509.load_pem_x509_certificates(pem))
        found = Identity(certificates, pem, certificates[0].fingerprint(hashes.SHA256()).hex())
        str(found.subject)  # read now, so that what is strange shows here
    except CERTIFICATE_ERRORS:
        sm2_point(pem)
        return Identity((), pem, hashlib.sha256(sm2_der(pem)).hexdigest())
    return found


def issues(issuer: x509.Certificate, subject: x509.Certificate) -> bool:
    """Whether the one is an authority and signed the other."""
    try:
        authority = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
        subject.verify_directly_issued_by(issuer)
    except (x509.ExtensionNotFound, InvalidSignature, *CERTIFICATE_ERRORS):
        return False
    return authority


def verifies(who: Identity, algorithm: str, signature: bytes, data: bytes) -> bool:
    """Whether the signature over the data is by this key.

    Raises:
        UnreadableError: the algorithm is not known, or the key is of another kind.
    """
    if algorithm == SM2:
        if who.certificates:
            raise UnreadableError("an SM2 signature beside a certificate of another kind")
        return sm2_verifies(sm2_point(who.pem), signature, data)
    if not who.certificates:
        raise UnreadableError(f"{algorithm} needs a certificate")
    try:
        key = who.certificates[0].public_key()
        if algorithm == P256 and isinstance(key, ec.EllipticCurvePublicKey):
            if not isinstance(key.curve, ec.SECP256R1):
                raise UnreadableError(f"a key on {key.curve.name} where P-256 is due")
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        elif algorithm == ED25519 and isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, data)
        else:
            raise UnreadableError(f"{algorithm}: unknown, or not what the certificate's key is for")
    except InvalidSignature:
        return False
    except CERTIFICATE_ERRORS as error:
        raise UnreadableError(f"a certificate that cannot be used: {error}") from None
    return True
