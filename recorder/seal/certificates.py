"""The certificate a station makes for its own key (X.509, RFC 5280)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from recorder.seal.signer import PrivateKey

_EARLIER = timedelta(days=1)
"""Valid from a little before it was made, so that a clock set back by minutes harms nothing."""


def self_signed(key: PrivateKey, station: str, utc_ns: int, years: int) -> bytes:
    """The certificate of a key by itself, in PEM."""
    builder = _builder(key.public_key(), station, utc_ns, years)
    made = builder.sign(
        key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    )
    return made.public_bytes(Encoding.PEM)


def self_signed_elsewhere(
    public: ec.EllipticCurvePublicKey,
    sign: Callable[[bytes], bytes],
    station: str,
    utc_ns: int,
    years: int,
) -> bytes:
    """The same for a P-256 key that is not here but signs, as one in a token does.

    ``cryptography`` signs certificates with keys of its own only, so one with a passing key gives
    the part to be signed, and the signature is put in its place.
    """
    passing = _builder(public, station, utc_ns, years).sign(
        ec.generate_private_key(ec.SECP256R1()), hashes.SHA256()
    )
    body = passing.tbs_certificate_bytes
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256, RFC 5758
    bits = b"\x00" + sign(body)
    der = _tlv(0x30, body + algorithm + _tlv(0x03, bits))
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)


def request(key: PrivateKey, station: str) -> bytes:
    """A request for a certificate (PKCS #10), in PEM, to hand to an authority."""
    builder = x509.CertificateSigningRequestBuilder().subject_name(_name(station))
    made = builder.sign(
        key, None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    )
    return made.public_bytes(Encoding.PEM)


def _builder(
    public: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey,
    station: str,
    utc_ns: int,
    years: int,
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(utc_ns // 1_000_000_000, UTC)
    usage = x509.KeyUsage(True, True, *[False] * 7)  # digitalSignature, contentCommitment
    return (
        x509.CertificateBuilder()
        .subject_name(_name(station))
        .issuer_name(_name(station))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + timedelta(days=round(365.25 * years)))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _name(station: str) -> x509.Name:
    # RFC 5280, appendix A: a common name has at most 64 letters.
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Wardwatch evidence"),
            x509.NameAttribute(NameOID.COMMON_NAME, station[:64]),
        ]
    )


def _tlv(tag: int, body: bytes) -> bytes:
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body
