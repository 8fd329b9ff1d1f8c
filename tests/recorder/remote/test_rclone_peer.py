"""Another S3 server than the one the rest is tested with: rclone's, which keeps plain files."""

import datetime
import hashlib
import ipaddress
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from recorder.remote import s3, s3_parts
from recorder.remote.errors import RefusedError
from recorder.remote.s3 import S3, Place
from recorder.remote.survey import compared
from recorder.seal.deletion import Deleted
from tests.recorder.remote.conftest import INCIDENT, PREFIX, Bucket, Station

MIB = 1 << 20
KEYS = "station,station-secret"
RCLONE = Path(sys.executable).parent / "rclone"


@contextmanager
def serving(root: Path, *options: str | Path) -> Iterator[str]:
    """Host and port of a server of everything below a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"127.0.0.1:{port}"
    process = subprocess.Popen(
        [RCLONE, "serve", "s3", "--addr", address, "--auth-key", KEYS, *options, root],
        env={**os.environ, "RCLONE_CONFIG": os.devnull},
        stderr=subprocess.PIPE,
    )
    try:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with socket.socket() as look:
                if look.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Place]]:
    """Its folder, and how to sign in."""
    root = tmp_path_factory.mktemp("rclone")
    (root / "evidence").mkdir()
    with serving(root) as address:
        yield root / "evidence", place_at(f"http://{address}")


def place_at(endpoint: str) -> Place:
    return Place(endpoint, "evidence", PREFIX, "us-east-1", *KEYS.split(","))


def certificate(folder: Path) -> tuple[Path, Path]:
    """One of this machine's address, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "storage")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, secret = folder / "storage.pem", folder / "storage.key"
    pem.write_bytes(made.public_bytes(Encoding.PEM))
    secret.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pem, secret


def test_certificates_are_checked(tmp_path: Path) -> None:
    pem, secret = certificate(tmp_path)
    (tmp_path / "served" / "evidence").mkdir(parents=True)
    content = b"moving pictures"
    digest = hashlib.sha256(content).hexdigest()
    with serving(tmp_path / "served", "--cert", pem, "--key", secret) as address:
        place = place_at(f"https://{address}")
        with pytest.raises(RefusedError, match=r"certificate is not accepted .*vault\.ca_file"):
            S3(place).put("a/b", content, digest)
        known = S3(replace(place, ca_file=pem))
        known.put("a/b", content, digest)
        with known.open("a/b") as stream:
            assert stream.read(100) == content


def test_evidence_on_it(
    make_station: Callable[..., Station],
    bucket: Bucket,
    rclone: tuple[Path, Place],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    root, place = rclone
    monkeypatch.setattr(s3_parts, "PART", 5 * MIB)
    monkeypatch.setattr(s3, "PART", 5 * MIB)
    station = make_station(bucket, place=place)
    content = os.urandom(11 * MIB)
    clip, large = station.seal("moving pictures"), station.seal(content, "before")
    station.once()
    assert station.uploads.state().problems == ()
    folder = root / PREFIX.rstrip("/")
    assert (folder / clip.path).read_text() == "moving pictures"
    assert (folder / large.path).read_bytes() == content
    # It repeats the checksum that it is told, so all was read back.
    assert {one.how for one in station.vault.library.records.of(INCIDENT).files.values()} == {
        "read"
    }
    with station.vault.library.open(INCIDENT, station.name(large), 5, 9) as stream:
        assert stream.read(100) == content[5:10]
    assert station.vault.verify_elsewhere(INCIDENT).authentic
    assert {one.where for one in compared(station.vault, read=True)} == {"both"}
    station.vault.give_up(large)
    assert station.vault.at_hand(large).read_bytes() == content

    station.vault.give_up(clip)
    (folder / clip.path).write_text("Moving pictures")
    assert not station.vault.verify(INCIDENT).authentic

    # It keeps no versions and cannot list any; names are deleted then.
    (folder / "inc-other").mkdir()
    (folder / "inc-other" / "a.mp4").write_text("of somebody else")
    told: list[Deleted] = []
    station.vault.delete(INCIDENT, told.extend)
    assert {clip.path, large.path} < {one.path for one in told}
    station.once()
    assert station.uploads.state().state == "ok"
    assert [one.name for one in folder.rglob("*") if one.is_file()] == ["a.mp4"]


def test_what_it_can_do(rclone: tuple[Path, Place]) -> None:
    found = {one.what: one for one in S3(rclone[1]).examine()}
    assert all(found[one].good for one in ("write", "read", "list", "delete"))
    assert not found["checksum"].good
    assert not found["object lock"].good


def test_wrong_keys_name_the_setting(rclone: tuple[Path, Place]) -> None:
    content = b"x"
    for wrong in (replace(rclone[1], secret_key="wrong"), replace(rclone[1], access_key="wrong")):
        with pytest.raises(RefusedError, match="keys_here"):
            S3(replace(wrong, keys_from="keys_here")).put(
                "a/b", content, hashlib.sha256(content).hexdigest()
            )


def test_its_client_reads_what_we_wrote(station: Station) -> None:
    """An independent program sees the same bytes in the bucket."""
    item = station.seal(os.urandom(100_000))
    station.once()
    bucket = station.bucket
    there = f":s3,provider=Other,access_key_id=a,secret_access_key=b,endpoint='{bucket.endpoint}'"
    done = subprocess.run(
        [
            RCLONE,
            "hashsum",
            "sha256",
            "--download",
            f"{there}:{bucket.name}/{PREFIX}{item.path}",
        ],
        env={**os.environ, "RCLONE_CONFIG": os.devnull},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout.split()[0] == item.sha256
