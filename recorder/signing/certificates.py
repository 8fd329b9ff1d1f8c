"""Who signed: the camera's certificates, and whether they lead to a root that is trusted here.

X.509 as cameras use it: no host names, often version 1. A certificate is judged at the time of
the recording, not of the check (ONVIF Media Signing, "Certificate validation"). Revocation is
not looked up: a recorder has no way to the makers' lists.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import structlog
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.x509.oid import ExtensionOID

from core.clock import NS_PER_S, iso
from recorder.signing.errors import SigningError
from recorder.signing.verdict import Provenance

LONGEST_CHAIN = 8
MOST_RSA_BITS = 8192

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
    "sm3": hashes.SM3(),
}
_UNDERSTOOD = (
    ExtensionOID.BASIC_CONSTRAINTS,
    ExtensionOID.KEY_USAGE,
    ExtensionOID.EXTENDED_KEY_USAGE,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
)
_BAD = (ValueError, TypeError, UnsupportedAlgorithm, InvalidSignature)

_E = TypeVar("_E", bound=x509.ExtensionType)

log = structlog.get_logger()


@dataclass(frozen=True)
class Chain:
    """Certificates as a camera sent them, leaf first."""

    certificates: tuple[x509.Certificate, ...]
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey

    @property
    def leaf(self) -> x509.Certificate:
        return self.certificates[0]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the leaf, lower-case hex."""
        return self.leaf.fingerprint(hashes.SHA256()).hex()

    def signed(self, digest: bytes, signature: bytes, algorithm: str) -> bool:
        """Whether the leaf's key made that signature."""
        digested = utils.Prehashed(_HASHES[algorithm])
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, digest, padding.PKCS1v15(), digested)
            else:
                self.key.verify(signature, digest, ec.ECDSA(digested))
        except _BAD:
            return False
        return True


def read_chain(pem: bytes) -> Chain:
    """Read the certificates of a signing SEI.

    Raises:
        SigningError: there is none, there are too many, or the key is of another kind.
    """
    if pem.count(b"-----BEGIN") > LONGEST_CHAIN:
        raise SigningError("signing SEI: too many certificates")
    try:
        certificates = tuple(x509.load_pem_x509_certificates(pem.rstrip(b"\0")))
        key = certificates[0].public_key()
    except _BAD as error:
        raise SigningError(f"signing SEI: certificates cannot be read ({error})") from error
    if isinstance(key, rsa.RSAPublicKey) and key.key_size <= MOST_RSA_BITS:
        return Chain(certificates, key)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return Chain(certificates, key)
    raise SigningError("signing SEI: the certificate's key is neither ECDSA nor RSA")


def load_roots(folder: Path | None) -> tuple[x509.Certificate, ...]:
    """Trusted roots: all certificates (PEM or DER) of a folder.

    A file that is none is left out with an error in the log. None, or no folder: no roots.
    """
    roots: list[x509.Certificate] = []
    if folder is None:
        return ()
    if not folder.is_dir():
        log.error("folder of trusted roots is missing", folder=str(folder))
        return ()
    for path in sorted(folder.iterdir()):
        if path.suffix.lower() not in (".pem", ".crt", ".cer", ".der"):
            continue
        try:
            data = path.read_bytes()
            if b"-----BEGIN" in data:
                roots += x509.load_pem_x509_certificates(data)
            else:
                roots.append(x509.load_der_x509_certificate(data))
        except (*_BAD, OSError) as error:
            log.error("no certificate in a file of trusted roots", file=str(path), error=str(error))
    return tuple(roots)


def judge(chain: Chain, roots: Sequence[x509.Certificate], at_ns: int) -> tuple[Provenance, str]:
    """Whether certificates led to a trusted root at that time, and in words why not."""
    if not roots:
        return "not_checked", "no trusted roots are configured"
    try:
        why = _distrust(chain, roots, datetime.fromtimestamp(at_ns // NS_PER_S, UTC), at_ns)
    except (*_BAD, x509.DuplicateExtension, OverflowError) as error:
        why = f"a certificate cannot be read ({error})"
    return ("trusted", "") if why is None else ("not_trusted", why)


def _distrust(
    chain: Chain, roots: Sequence[x509.Certificate], at: datetime, at_ns: int
) -> str | None:
    one, left = chain.leaf, list(chain.certificates[1:])
    usage = _extension(one, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        return "the camera's certificate is not for signing"
    for below in range(LONGEST_CHAIN):
        name = one.subject.rfc4514_string()
        if _unknown(one):
            return f"{name}: has a critical extension that is not understood here"
        if not one.not_valid_before_utc <= at <= one.not_valid_after_utc:
            return f"{name}: was not valid at {iso(at_ns)}"
        if one in roots:
            return None
        root = next((r for r in roots if _issued(one, r) and _may_issue(r, below)), None)
        if root is not None:
            if not root.not_valid_before_utc <= at <= root.not_valid_after_utc:
                return f"{root.subject.rfc4514_string()}: was not valid at {iso(at_ns)}"
            return None
        above = next((c for c in left if _issued(one, c) and _may_issue(c, below, True)), None)
        if above is None:
            return f"{name}: its issuer {one.issuer.rfc4514_string()} is no trusted root"
        left.remove(above)
        one = above
    return "too many certificates"


def _issued(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        one.verify_directly_issued_by(issuer)
    except _BAD:
        return False
    return True


def _may_issue(one: x509.Certificate, below: int, sent: bool = False) -> bool:
    """Whether it may issue certificates (RFC 5280 §6.1.4); a root of version 1 may."""
    basic = _extension(one, x509.BasicConstraints)
    usage = _extension(one, x509.KeyUsage)
    if basic is None:
        return not sent and one.version is x509.Version.v1
    if usage is not None and not usage.key_cert_sign:
        return False
    return basic.ca and (basic.path_length is None or basic.path_length >= below)


def _extension(one: x509.Certificate, kind: type[_E]) -> _E | None:
    try:
        return one.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


def _unknown(one: x509.Certificate) -> bool:
    return any(e.critical and e.oid not in _UNDERSTOOD for e in one.extensions)
