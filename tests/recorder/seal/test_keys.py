"""Keys: made once, for their owner alone, renewed, certified by somebody else."""

import stat
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from core.clock import ManualClock
from recorder.seal.check.canonical import UnreadableError
from recorder.seal.check.judge import Trust
from recorder.seal.check.signatures import ED25519, P256, SM2, identity, verifies
from recorder.seal.errors import KeyFileError
from recorder.seal.keys import KeyRing
from tests.recorder.seal.conftest import Station


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("options", "algorithms"),
    [
        ({}, [P256]),
        ({"kind": "ed25519"}, [ED25519]),
        ({"sm2": True}, [P256, SM2]),
        ({"kind": "ed25519", "sm2": True}, [ED25519, SM2]),
    ],
)
def test_keys_sign_and_stay(
    make_station: Callable[..., Station], options: dict[str, str], algorithms: list[str]
) -> None:
    first = make_station(**options).keys.signers()
    second = make_station(**options).keys.signers()
    assert [one.algorithm for one in first] == algorithms
    assert [one.identity.sha256 for one in first] == [one.identity.sha256 for one in second]
    for one, other in zip(first, second, strict=True):
        signature = one.sign(b"evidence")
        assert verifies(other.identity, one.algorithm, signature, b"evidence")
        assert not verifies(other.identity, one.algorithm, signature, b"evidenc3")


def test_only_the_owner_can_read_them(station: Station) -> None:
    station.keys.signers()
    assert mode(station.keys.folder) == 0o700
    assert [mode(path) for path in station.keys.folder.glob("*.key")] == [0o600]


def test_wider_modes_are_refused_by_name(station: Station) -> None:
    station.keys.signers()
    key = next(station.keys.folder.glob("*.key"))
    key.chmod(0o640)
    with pytest.raises(KeyFileError, match=r"p256-0001\.key.*640.*chmod 600"):
        station.again().keys.signers()
    key.chmod(0o600)
    station.keys.folder.chmod(0o755)
    with pytest.raises(KeyFileError, match=r"keys: others can read this \(755\); chmod 700"):
        station.keys.signers()


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE"])
@pytest.mark.parametrize("name", ["p256-0001.key", "sm2-0001.key"])
def test_damaged_keys_are_named(
    make_station: Callable[..., Station], content: bytes, name: str
) -> None:
    station = make_station(sm2=True)
    station.keys.signers()
    (station.keys.folder / name).write_bytes(content)
    with pytest.raises(KeyFileError, match=name):
        make_station(sm2=True).keys.signers()


def test_rotation_keeps_the_certificate_and_destroys_the_key(station: Station) -> None:
    old = station.keys.signers()[0]
    signature = old.sign(b"evidence")
    new = station.keys.rotate()[0]
    assert new.identity.sha256 != old.identity.sha256
    assert [path.name for path in sorted(station.keys.folder.glob("*.key"))] == ["p256-0002.key"]
    infos = station.again().keys.infos()
    assert [(info.name, info.signs) for info in infos] == [
        ("p256-0001", False),
        ("p256-0002", True),
    ]
    assert verifies(infos[0].identity, P256, signature, b"evidence")
    assert station.keys.trust().knows(old.identity)


def test_the_certificate_says_who_and_for_how_long(station: Station, clock: ManualClock) -> None:
    mine = station.keys.signers()[0].identity
    certificate = mine.certificates[0]
    assert "CN=望守镇" in mine.subject
    assert certificate.serial_number.bit_length() > 100
    assert mine.lasts_over(clock.utc_ns())
    assert not mine.lasts_over(clock.utc_ns() + 11 * 366 * 86_400 * 10**9)
    assert not mine.lasts_over(clock.utc_ns() - 2 * 86_400 * 10**9)
    certificate.verify_directly_issued_by(certificate)


def issue(request: bytes, clock: ManualClock) -> tuple[x509.Certificate, x509.Certificate]:
    """What an authority answers to a request: the certificate, and its own."""
    wanted = x509.load_pem_x509_csr(request)
    assert wanted.is_signature_valid
    key = ec.generate_private_key(ec.SECP384R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Authority")])
    now = datetime.fromtimestamp(clock.utc_ns() // 10**9, UTC)
    builder = (
        x509.CertificateBuilder()
        .issuer_name(name)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=365))
    )
    root = (
        builder.subject_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA384())
    )
    mine = (
        builder.subject_name(wanted.subject)
        .public_key(wanted.public_key())
        .serial_number(2)
        .sign(key, hashes.SHA384())
    )
    return mine, root


def test_a_certificate_by_an_authority_takes_the_place(
    station: Station, clock: ManualClock
) -> None:
    mine, root = issue(station.keys.request(), clock)
    path = station.keys.folder / "p256-0001.pem"
    path.write_bytes(mine.public_bytes(Encoding.PEM))
    (signer,) = station.keys.signers()
    assert signer.identity.certificates == (mine,)
    assert Trust(issuers=(root,)).knows(signer.identity) is True
    assert Trust(issuers=(mine,)).knows(signer.identity) is False


def test_a_certificate_of_another_key_is_refused(station: Station, tmp_path: Path) -> None:
    station.keys.signers()
    other = KeyRing(tmp_path / "other", ManualClock(), station="x").signers()[0]
    (station.keys.folder / "p256-0001.pem").write_bytes(other.identity.pem)
    with pytest.raises(KeyFileError, match="p256-0001: the certificate belongs to another key"):
        station.again().keys.signers()


def test_a_public_sm2_key_off_the_curve_is_refused(make_station: Callable[..., Station]) -> None:
    signer = make_station(sm2=True).keys.signers()[1]
    lines = signer.identity.pem.splitlines()
    lines[2] = b"AAAA" + lines[2][4:]
    with pytest.raises(UnreadableError, match="curve"):
        identity(b"\n".join(lines))
