"""Whose signature it is: ways from a camera's certificate to a trusted root."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from core.clock import NS_PER_S
from recorder.signing.certificates import Chain, judge, load_roots, read_chain
from recorder.signing.errors import SigningError
from tests.recorder.signing.signer import FROM, WITHIN_NS, Authority, certificate, pem


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@pytest.mark.parametrize("ca", [True, False])
def test_intermediate_must_be_an_authority(authority: Authority, ca: bool) -> None:
    middle, camera = new_key(), new_key()
    between = authority.issue("Between", middle, ca=ca)
    leaf = certificate("Camera", camera, "Between", middle)
    chain = read_chain(pem(leaf, between))
    provenance, why = judge(chain, (authority.certificate,), WITHIN_NS)
    assert provenance == ("trusted" if ca else "not_trusted")
    assert bool(why) is not ca
    assert judge(read_chain(pem(leaf)), (authority.certificate,), WITHIN_NS)[0] == "not_trusted"


def test_a_camera_cannot_issue_for_another(authority: Authority) -> None:
    """Its own certificate, trusted as it is, is no root for others."""
    first, second = new_key(), new_key()
    pinned = authority.issue("First", first)
    other = certificate("Second", second, "First", first)
    assert judge(read_chain(pem(pinned)), (pinned,), WITHIN_NS)[0] == "trusted"
    assert judge(read_chain(pem(other)), (pinned,), WITHIN_NS)[0] == "not_trusted"
    assert judge(read_chain(pem(other, pinned)), (authority.certificate,), WITHIN_NS)[0] == (
        "not_trusted"
    )


@pytest.mark.parametrize("year", [2025, 2028])
def test_validity_at_the_time_of_recording(authority: Authority, year: int) -> None:
    chain = read_chain(pem(authority.issue("Camera", new_key())))
    at_ns = int(datetime(year, 6, 1, tzinfo=UTC).timestamp()) * NS_PER_S
    provenance, why = judge(chain, (authority.certificate,), at_ns)
    assert provenance == "not_trusted"
    assert "was not valid" in why


def test_certificate_for_another_purpose(authority: Authority) -> None:
    key = new_key()
    others = (
        "digital_signature", "content_commitment", "data_encipherment", "key_agreement",
        "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    usage = dict.fromkeys(others, False)
    leaf = signed(authority, key, x509.KeyUsage(key_encipherment=True, **usage))
    assert "not for signing" in judge(leaf, (authority.certificate,), WITHIN_NS)[1]
    odd = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.3.6.1.4.1.99999.1"), b"\5\0")
    leaf = signed(authority, key, odd)
    assert "critical" in judge(leaf, (authority.certificate,), WITHIN_NS)[1]


def signed(
    authority: Authority, key: ec.EllipticCurvePrivateKey, extension: x509.ExtensionType
) -> Chain:
    builder = x509.CertificateBuilder(
        issuer_name=authority.certificate.subject,
        subject_name=x509.Name([]),
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=FROM,
        not_valid_after=datetime(2027, 1, 1, tzinfo=UTC),
    ).add_extension(extension, critical=True)
    return read_chain(pem(builder.sign(authority.key, hashes.SHA256())))


def test_what_is_no_chain_is_refused(authority: Authority) -> None:
    other = ed25519.Ed25519PrivateKey.generate()
    strange = pem(authority.issue("Camera", other))
    many = pem(authority.certificate) * 20
    for data in (b"", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", strange,
                 many, b"\0" * 50):  # fmt: skip
        with pytest.raises(SigningError):
            read_chain(data)


def test_folder_of_roots(authority: Authority, tmp_path: Path) -> None:
    other = Authority("Other Root")
    (tmp_path / "maker.pem").write_bytes(pem(authority.certificate))
    der = other.certificate.public_bytes(serialization.Encoding.DER)
    (tmp_path / "other.cer").write_bytes(der)
    (tmp_path / "junk.pem").write_text("nothing")
    (tmp_path / "README").write_text("not looked at")
    assert load_roots(tmp_path) == (authority.certificate, other.certificate)
    assert load_roots(tmp_path / "missing") == ()
    assert load_roots(None) == ()
