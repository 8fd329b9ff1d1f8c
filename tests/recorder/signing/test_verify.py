"""What is judged authentic, and what is not."""

from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from recorder.signing.file import verify_file
from recorder.signing.sei import UUID
from recorder.signing.verdict import Verdict
from tests.recorder.signing.conftest import Film
from tests.recorder.signing.signer import WITHIN_NS, Authority, Picture, Signer, pem, write

Roots = tuple[x509.Certificate, ...]


def judged(folder: Path, film: Film, pictures: list[Picture], roots: Roots = ()) -> Verdict:
    path = write(folder / "signed.mp4", film.path, pictures)
    return verify_file(path, roots, WITHIN_NS)


HOW = {
    "plain": {},
    "sha512": {"algorithm": "sha512"},
    "in parts": {"part_pictures": 4},
    "late": {"late": 7},
    "very late": {"late": 13},
    "no list": {"listed": False},
    "no list, in parts": {"listed": False, "part_pictures": 4},
    "every second group": {"every": 2},
    "every second group, in parts": {"every": 2, "part_pictures": 4},
    "every third, no list": {"every": 3, "listed": False},
    "escaped first": {"escaped_first": True},
    "escaped first, in parts": {"escaped_first": True, "every": 2, "part_pictures": 3},
    "certificates once": {"once": True},
    "twice": {"twice": True},
    "counter passes zero": {"first_counter": 0xFFFFFFFE},
}


@pytest.mark.parametrize("how", HOW)
def test_signed_film_is_authentic(
    tmp_path: Path, camera: Signer, h264: Film, roots: Roots, how: str
) -> None:
    signer = replace(camera, **HOW[how])
    verdict = judged(tmp_path, h264, signer.sign(h264.pictures), roots)
    assert (verdict.state, verdict.why, verdict.provenance) == ("authentic", "", "trusted")
    assert verdict.pictures == 60
    late = {"very late": 20}.get(how, 10) * signer.every
    assert 60 - late <= verdict.verified <= 60
    assert verdict.unverified == 60 - verdict.verified
    assert verdict.camera_first_ns is not None
    assert verdict.signer is not None
    assert verdict.signer.manufacturer == "Maker"


@pytest.mark.parametrize("bits", [2048, 4096])
def test_rsa(tmp_path: Path, authority: Authority, h264: Film, roots: Roots, bits: int) -> None:
    key = rsa.generate_private_key(65537, bits)
    signer = Signer("h264", key, pem(authority.issue("Camera", key)))
    verdict = judged(tmp_path, h264, signer.sign(h264.pictures), roots)
    assert (verdict.state, verdict.provenance) == ("authentic", "trusted")


def test_h265(tmp_path: Path, camera: Signer, h265: Film, roots: Roots) -> None:
    signer = replace(camera, codec="hevc")
    signed = signer.sign(h265.pictures)
    verdict = judged(tmp_path, h265, signed, roots)
    assert (verdict.state, verdict.verified) == ("authentic", 50)
    forged = [[flipped(unit) if n == 33 else unit for unit in p] for n, p in enumerate(signed)]
    assert judged(tmp_path, h265, forged).state == "not_authentic"


def test_unsigned(tmp_path: Path, h264: Film, h265: Film) -> None:
    for film in (h264, h265):
        assert judged(tmp_path, film, film.pictures).state == "not_signed"


def flipped(unit: bytes, at: int | None = None) -> bytes:
    at = len(unit) * 2 // 3 if at is None else at
    return unit[:at] + bytes([unit[at] ^ 0x10]) + unit[at + 1 :]


@pytest.mark.parametrize("picture", [0, 10, 14, 29, 49])
@pytest.mark.parametrize("how", ["plain", "in parts", "no list", "every second group"])
def test_flipped_picture(
    tmp_path: Path, camera: Signer, h264: Film, how: str, picture: int
) -> None:
    signed = replace(camera, **HOW[how]).sign(h264.pictures)
    if how == "every second group" and picture == 49:
        picture = 30
    signed[picture] = [*signed[picture][:-1], flipped(signed[picture][-1])]
    verdict = judged(tmp_path, h264, signed)
    assert verdict.state == "not_authentic"
    wrong = [g.first_s for g in verdict.groups if g.state == "not_authentic"]
    # Without a list the sum of its message does not hold either, so that group counts, too.
    assert picture // 10 in [round(at) for at in wrong]
    assert len(wrong) <= (2 if signed and how != "plain" else 1)


def test_only_the_forged_key_picture_is_wrong(tmp_path: Path, camera: Signer, h264: Film) -> None:
    signed = camera.sign(h264.pictures)
    signed[20] = [*signed[20][:-1], flipped(signed[20][-1])]
    verdict = judged(tmp_path, h264, signed)
    assert (verdict.state, verdict.verified, verdict.missing) == ("not_authentic", 49, 0)


def test_every_octet_of_a_message_counts(tmp_path: Path, camera: Signer, h264: Film) -> None:
    signed = camera.sign(h264.pictures)
    number = next(n for n, p in enumerate(signed) if n > 30 and len(p) > len(h264.pictures[n]))
    message = signed[number][0]
    for at in (19, 40, 400, len(message) - 500, len(message) - 60):
        forged = list(signed)
        forged[number] = [flipped(message, at), *signed[number][1:]]
        assert judged(tmp_path, h264, forged).state == "not_authentic", at


def test_lost_pictures_are_missing_parts(tmp_path: Path, camera: Signer, h264: Film) -> None:
    signed = camera.sign(h264.pictures)
    verdict = judged(tmp_path, h264, signed[:23] + signed[25:])
    slices = 2 * len(h264.pictures[23])
    assert (verdict.state, verdict.missing) == ("authentic_with_missing_parts", slices)
    assert [g.state for g in verdict.groups].count("authentic_with_missing_parts") == 1
    # The first picture of a group, without which the others' hashes could not be told alone.
    verdict = judged(tmp_path, h264, signed[:20] + signed[21:])
    assert (verdict.state, verdict.missing) == ("authentic_with_missing_parts", slices // 2)
    late = replace(camera, late=5).sign(h264.pictures)
    assert judged(tmp_path, h264, late[:20] + late[21:]).state == "authentic_with_missing_parts"


def test_lost_group_is_a_missing_part(tmp_path: Path, camera: Signer, h264: Film) -> None:
    signed = camera.sign(h264.pictures)
    # The message of the group before comes in the second picture of the one that is lost.
    kept = [*signed[:20], [*signed[21][:1], *signed[30]], *signed[31:]]
    verdict = judged(tmp_path, h264, kept)
    assert (verdict.state, verdict.why) == (
        "authentic_with_missing_parts",
        "signed groups of pictures are missing",
    )


def test_a_signature_without_a_list_forgives_nothing(
    tmp_path: Path, camera: Signer, h264: Film
) -> None:
    signed = replace(camera, listed=False).sign(h264.pictures)
    assert judged(tmp_path, h264, signed[:23] + signed[25:]).state == "not_authentic"


FORGERIES = {
    "inserted picture": lambda s: [*s[:25], s[24], *s[25:]],
    "swapped pictures": lambda s: [*s[:24], s[25], s[24], *s[26:]],
    "swapped groups": lambda s: [*s[:20], *s[30:40], *s[20:30], *s[40:]],
    "repeated group": lambda s: [*s[:30], *s[20:30], *s[30:]],
    "backwards": lambda s: [p for at in range(50, -1, -10) for p in s[at : at + 10]],
    "lost message": lambda s: [*s[:31], s[31][1:], *s[32:]],
    "messages lost from there on": lambda s: [*s[:31], *(p[-1:] for p in s[31:])],
    "unsigned pictures before": lambda s: [*(p[-1:] for p in s[50:]), *s],
    "slice of another picture": lambda s: [*s[:33], [*s[33], s[36][-1]], *s[34:]],
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_forgery(tmp_path: Path, camera: Signer, h264: Film, forgery: str) -> None:
    signed = FORGERIES[forgery](camera.sign(h264.pictures))
    verdict = judged(tmp_path, h264, signed)
    assert verdict.state == "not_authentic", verdict.why
    assert verdict.why


def test_messages_on_other_pictures(tmp_path: Path, camera: Signer, h264: Film) -> None:
    """The messages of one film in another."""
    signed = camera.sign(h264.pictures)
    others = h264.pictures[1:10] * 7
    mixed = [[*s[: len(s) - len(p)], *others[n]] if n % 10 else s
             for n, (s, p) in enumerate(zip(signed, h264.pictures, strict=True))]  # fmt: skip
    assert judged(tmp_path, h264, mixed).state == "not_authentic"


def test_signed_by_another_key(tmp_path: Path, camera: Signer, h264: Film) -> None:
    forger = replace(camera, key=ec.generate_private_key(ec.SECP256R1()))
    verdict = judged(tmp_path, h264, forger.sign(h264.pictures))
    assert (verdict.state, verdict.verified) == ("not_authentic", 0)


def test_key_that_changes(tmp_path: Path, camera: Signer, authority: Authority, h264: Film) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    other = replace(camera, key=key, chain=pem(authority.issue("Other", key)))
    joined = [*camera.sign(h264.pictures)[:30], *other.sign(h264.pictures)[30:]]
    assert judged(tmp_path, h264, joined).state == "not_authentic"


def test_end_without_signature_is_told(tmp_path: Path, camera: Signer, h264: Film) -> None:
    signed = camera.sign(h264.pictures)
    verdict = judged(tmp_path, h264, signed[:47])
    assert (verdict.state, verdict.verified, verdict.unverified) == ("authentic", 40, 7)
    assert verdict.groups[-1].state == "unverified"


def test_cut_so_short_that_no_picture_is_covered(
    tmp_path: Path, camera: Signer, h264: Film
) -> None:
    verdict = judged(tmp_path, h264, camera.sign(h264.pictures)[20:29])
    assert (verdict.state, verdict.verified) == ("not_signed", 0)
    assert "other pictures" in verdict.why


def test_middle_of_a_stream(tmp_path: Path, camera: Signer, h264: Film) -> None:
    verdict = judged(tmp_path, h264, camera.sign(h264.pictures)[20:])
    assert (verdict.state, verdict.verified, verdict.unverified) == ("authentic", 30, 10)


def test_certificates_of_before(tmp_path: Path, camera: Signer, h264: Film, roots: Roots) -> None:
    """Sent once, they are not in what is cut out later; the first verdict brings them along."""
    signed = replace(camera, once=True).sign(h264.pictures)
    whole = judged(tmp_path, h264, signed, roots)
    assert (whole.state, whole.certificates) == ("authentic", "")
    path = write(tmp_path / "later.mp4", h264.path, signed[20:])
    alone = verify_file(path, roots, WITHIN_NS)
    assert "certificate did not come along" in alone.why
    known = next(unit for unit in signed[0] if UUID in unit).hex()
    verdict = verify_file(path, roots, WITHIN_NS, certificates=known)
    assert (verdict.state, verdict.provenance) == ("authentic", "trusted")
    assert verdict.certificates == known


def test_json_form(tmp_path: Path, camera: Signer, h264: Film, roots: Roots) -> None:
    verdict = judged(tmp_path, h264, camera.sign(h264.pictures), roots)
    assert Verdict.model_validate_json(verdict.model_dump_json()) == verdict
    assert verdict.words.zh == "真实；证书可信"
