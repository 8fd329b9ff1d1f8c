"""ONVIF's own signed sample (onvif/media-signing-framework, MIT): plain, cut, forged, recoded."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from core.clock import NS_PER_S
from recorder.signing.certificates import load_roots
from recorder.signing.file import may_be_signed, verify_file
from recorder.signing.verdict import Verdict
from tests.recorder.signing.signer import certificate, pictures_of, with_escaped_messages, write

pytestmark = pytest.mark.assets

SIGNED_NS = 1_731_515_950 * NS_PER_S
"""When it was made: 2024-11-13, in the first minutes of its certificate."""


@pytest.fixture(scope="module")
def sample(assets: Path) -> Path:
    return assets / "signed" / "test_signed_h264.mp4"


def check(path: Path, roots: tuple[x509.Certificate, ...] = ()) -> Verdict:
    return verify_file(path, roots, SIGNED_NS)


def test_signed_and_plain(sample: Path, assets: Path) -> None:
    verdict = check(sample)
    assert (verdict.state, verdict.verified, verdict.unverified) == ("authentic", 256, 0)
    assert [group.pictures for group in verdict.groups] == [62, 62, 62, 62, 8]
    assert verdict.provenance == "not_checked"
    assert verdict.signer is not None
    assert (verdict.signer.subject, verdict.signer.firmware) == (
        "CN=Test camera,OU=Test,O=SomeOrg",
        "v0.0.4",
    )
    plain = assets / "signed" / "test_h264.mp4"
    assert check(plain).state == "not_signed"
    assert may_be_signed(sample)
    assert not may_be_signed(plain)


def test_other_roots_do_not_make_it_trusted(sample: Path) -> None:
    """A root of the same name but another key, and the camera's own certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    root = certificate("Test RootCA", key, "Test RootCA", key, ca=True)
    assert check(sample, (root,)).provenance == "not_trusted"


def test_certificate_is_judged_at_the_time_of_recording(sample: Path, tmp_path: Path) -> None:
    """The camera's certificate, pinned, was valid for a year."""
    pem = next(
        unit for picture in pictures_of(sample)[0] for unit in picture if b"BEGIN CERT" in unit
    )
    begin, end = pem.index(b"-----BEGIN"), pem.index(b"-----END CERTIFICATE-----") + 25
    (tmp_path / "camera.pem").write_bytes(pem[begin:end])
    roots = load_roots(tmp_path)
    assert verify_file(sample, roots, SIGNED_NS).provenance == "trusted"
    later = verify_file(sample, roots, SIGNED_NS + 2 * 365 * 86_400 * NS_PER_S)
    assert (later.state, later.provenance) == ("authentic", "not_trusted")
    assert "not valid" in later.provenance_why


def ffmpeg(source: Path, out: Path, *options: str, start_s: str = "0") -> Path:
    line = ["ffmpeg", "-v", "quiet", "-y", "-ss", start_s, "-i", str(source), *options, str(out)]
    assert subprocess.run(line, check=False).returncode == 0
    return out


@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".mov"])
def test_stream_copy_keeps_it_authentic(sample: Path, tmp_path: Path, suffix: str) -> None:
    verdict = check(ffmpeg(sample, tmp_path / f"copy{suffix}", "-c", "copy"))
    assert (verdict.state, verdict.verified) == ("authentic", 256)


@pytest.mark.parametrize("suffix", [".ts", ".h264", ".mp4"])
def test_escaped_messages_survive_start_codes(sample: Path, tmp_path: Path, suffix: str) -> None:
    """The sample's messages hold ``00 00 01``, where a reader of start codes cuts them in two."""
    pictures = with_escaped_messages(pictures_of(sample)[0])
    escaped = write(tmp_path / "escaped.mp4", sample, pictures, step_s=0.04)
    assert check(escaped).verified == 256
    verdict = check(ffmpeg(escaped, tmp_path / f"copy{suffix}", "-c", "copy"))
    assert (verdict.state, verdict.verified) == ("authentic", 256)


def test_cuts(sample: Path, tmp_path: Path) -> None:
    six = check(ffmpeg(sample, tmp_path / "six.mp4", "-t", "6", "-c", "copy"))
    assert (six.state, six.verified, six.unverified) == ("authentic", 124, 32)
    # A single message is left, and it is of the group before.
    one = check(ffmpeg(sample, tmp_path / "one.mp4", "-t", "2", "-c", "copy", start_s="2.5"))
    assert (one.state, one.verified) == ("not_signed", 0)
    assert one.why
    pictures = pictures_of(sample)[0]
    torn = check(write(tmp_path / "torn.mp4", sample, pictures[:70] + pictures[80:]))
    assert (torn.state, torn.missing) == ("authentic_with_missing_parts", 10)


def test_transcoding_leaves_no_signature(sample: Path, tmp_path: Path) -> None:
    made = ffmpeg(sample, tmp_path / "t.mp4", "-c:v", "libx264", "-preset", "ultrafast")
    assert check(made).state == "not_signed"


FLIPS: dict[str, Callable[[bytes], int]] = {
    "first picture": lambda data: data.index(b"\x65\xb8\x20") + 20_000,
    "later picture": lambda data: data.index(b"\x65\xb8\x30") + 100,
    "signed hash": lambda data: data.index(b"\x00\x5b\xc9\x3f") + 900,
    "certificate": lambda data: data.index(b"-----BEGIN CERT") + 300,
    "counter": lambda data: data.index(b"\x02\x00\x3e"),
}


@pytest.mark.parametrize("where", FLIPS)
def test_flipped_octet(sample: Path, tmp_path: Path, where: str) -> None:
    data = bytearray(sample.read_bytes())
    data[FLIPS[where](bytes(data))] ^= 0x04
    forged = tmp_path / "forged.mp4"
    forged.write_bytes(data)
    assert check(forged).state == "not_authentic"
