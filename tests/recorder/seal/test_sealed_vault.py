"""The sealed vault: signed, logged, told, and whole after a crash at any step."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.cases import EvidenceItem
from core.clock import ManualClock
from recorder.errors import VaultError
from recorder.seal.check.canonical import canonical
from recorder.seal.check.judge import Trust, judge
from recorder.seal.check.report import Report
from recorder.seal.custody import Act
from recorder.vault import Manifest, Vault
from tests.recorder.seal.conftest import INCIDENT, Station


def codes(report: Report) -> set[str]:
    """What was found, notes apart."""
    return {one.code for one in report.findings if one.weight != "note"}


def test_what_is_sealed_is_authentic(station: Station) -> None:
    items = [station.seal("a"), station.seal("b")]
    assert station.vault.manifest(INCIDENT).items == tuple(items)
    report = station.again().vault.verify(INCIDENT)
    assert (report.verdict, codes(report)) == ("authentic", set())
    (signer,) = report.provenance.signers
    assert signer["known"] is True
    assert "望守镇" in signer["name"]
    assert station.log.verify() == 4


def test_both_digests_are_listed(station: Station) -> None:
    item = station.seal()
    row = json.loads((station.folder / "manifest.json").read_bytes())["files"][0]
    assert row["sha256"] == item.sha256 == hashlib.sha256(b"moving pictures").hexdigest()
    assert row["sm3"] == hashlib.new("sm3", b"moving pictures").hexdigest()


def test_custody_goes_on_without_a_new_manifest(station: Station) -> None:
    station.seal()
    before = (station.folder / "manifest.json").read_bytes()
    act = Act("viewed", actor="2号队员", unit="望守镇综合执法队", reason="办案 case 7")
    station.vault.tell(INCIDENT, [act])
    station.vault.tell(INCIDENT, [act])
    assert (station.folder / "manifest.json").read_bytes() == before
    events = [json.loads(line) for line in (station.folder / "custody.jsonl").open("rb")]
    assert [one["action"] for one in events] == ["sealed", "viewed", "viewed"]
    assert events[2]["prev_hash"] == events[1]["hash"]
    assert station.vault.verify(INCIDENT).authentic


def change(path: Path, edit: Callable[[bytes], bytes]) -> None:
    path.chmod(0o640)
    path.write_bytes(edit(path.read_bytes()))


def lines(edit: Callable[[list[bytes]], Any]) -> Callable[[bytes], bytes]:
    def whole(content: bytes) -> bytes:
        found = content.splitlines(keepends=True)
        edit(found)
        return b"".join(found)

    return whole


def clip(station: Station) -> Path:
    return next(station.folder.glob("clip-*"))


def certificate(station: Station) -> Path:
    return next((station.folder / "certs").iterdir())


def swap_certificate(station: Station) -> None:
    other = Station(**vars(station)).again()
    other.keys.folder = station.root / "other"
    certificate(station).write_bytes(other.keys.signers()[0].identity.pem)


def sign_by_stranger(station: Station) -> None:
    """Everything made anew by a key of one's own: consistent in itself."""
    other = Station(**vars(station)).again()
    other.keys.folder = station.root / "other"
    signer = other.keys.signers()[0]
    manifest = json.loads((station.folder / "manifest.json").read_bytes())
    manifest["signers"][0] |= {"key": signer.key_file, "key_sha256": signer.identity.sha256}
    manifest["files"] = [row for row in manifest["files"] if row["role"] != "certificate"]
    pem = signer.identity.pem
    certificate(station).unlink()
    (station.folder / signer.key_file).write_bytes(pem)
    row = {"path": signer.key_file, "role": "certificate", "size": len(pem)}
    manifest["files"].append({**row, "sha256": hashlib.sha256(pem).hexdigest()})
    content = canonical(manifest)
    (station.folder / "manifest.json").write_bytes(content)
    (station.folder / "manifest.sig.p256").write_bytes(signer.sign(content))
    custody = (station.folder / "custody.jsonl").read_bytes()
    (station.folder / "custody.sig.p256").write_bytes(signer.sign(custody))


def put_back(station: Station) -> None:
    """An older state, signed in its time."""
    kept = {path: path.read_bytes() for path in station.folder.glob("[mc]*.*") if path.is_file()}
    clips = set(station.folder.glob("clip-*"))
    station.seal("third")
    for path in set(station.folder.glob("clip-*")) - clips:
        path.unlink()
    for path, content in kept.items():
        path.chmod(0o640)
        path.write_bytes(content)


TAMPERINGS: dict[str, tuple[Callable[[Station], Any], str, str]] = {
    "flip a bit": (
        lambda s: change(clip(s), lambda c: c[:-1] + b"!"),
        "not_authentic",
        "file_changed",
    ),
    "cut a file": (lambda s: change(clip(s), lambda c: c[:-1]), "not_authentic", "file_changed"),
    "append": (lambda s: change(clip(s), lambda c: c + b"0"), "not_authentic", "file_changed"),
    "remove a file": (lambda s: clip(s).unlink(), "authentic_parts_missing", "file_missing"),
    "rename": (
        lambda s: clip(s).rename(s.folder / "clip-x.mp4"),
        "not_authentic",
        "file_extra",
    ),
    "insert": (
        lambda s: (s.folder / "clip-ev-2.mp4").write_bytes(b"x"),
        "not_authentic",
        "file_extra",
    ),
    "insert deep": (
        lambda s: (s.folder / "certs" / "x.mp4").write_bytes(b"x"),
        "not_authentic",
        "file_extra",
    ),
    "link": (
        lambda s: (s.folder / "x.mp4").symlink_to(clip(s)),
        "not_authentic",
        "not_a_file",
    ),
    "replace by link": (
        lambda s: (clip(s).rename(s.root / "y"), clip_link(s)),
        "not_authentic",
        "not_a_file",
    ),
    "edit the manifest": (
        lambda s: change(s.folder / "manifest.json", lambda c: c.replace(b"river-1", b"river-2")),
        "not_authentic",
        "signature_bad",
    ),
    "add a space": (
        lambda s: change(s.folder / "manifest.json", lambda c: c + b" "),
        "not_authentic",
        "manifest_bad",
    ),
    "cut the signature": (
        lambda s: change(s.folder / "manifest.sig.p256", lambda c: c[:-1]),
        "not_authentic",
        "signature_bad",
    ),
    "empty the signature": (
        lambda s: change(s.folder / "manifest.sig.p256", lambda _: b""),
        "not_authentic",
        "signature_bad",
    ),
    "remove the signature": (
        lambda s: (s.folder / "manifest.sig.p256").unlink(),
        "not_authentic",
        "signature_missing",
    ),
    "remove the certificate": (
        lambda s: certificate(s).unlink(),
        "not_authentic",
        "key_missing",
    ),
    "swap the certificate": (swap_certificate, "not_authentic", "key_swapped"),
    "sign by a stranger": (sign_by_stranger, "not_authentic", "signer_stranger"),
    "remove custody": (
        lambda s: (s.folder / "custody.jsonl").unlink(),
        "not_authentic",
        "custody_missing",
    ),
    "cut custody": (
        lambda s: change(s.folder / "custody.jsonl", lines(lambda x: x.pop())),
        "not_authentic",
        "signature_bad",
    ),
    "reorder custody": (
        lambda s: change(s.folder / "custody.jsonl", lines(lambda x: x.reverse())),
        "not_authentic",
        "custody_bad",
    ),
    "edit custody": (
        lambda s: change(s.folder / "custody.jsonl", lambda c: c.replace(b"system", b"nobody")),
        "not_authentic",
        "custody_bad",
    ),
    "remove the manifest": (
        lambda s: (s.folder / "manifest.json").unlink(),
        "not_signed",
        "no_manifest",
    ),
    "put an older state back": (put_back, "not_authentic", "log_newer"),
    "remove the log": (
        lambda s: s.log.file.unlink(),
        "authentic_parts_missing",
        "log_absent",
    ),
}


def clip_link(station: Station) -> None:
    (station.folder / "clip-link.mp4").symlink_to(station.root / "y")


@pytest.mark.parametrize("name", TAMPERINGS)
def test_tampering_is_found(station: Station, name: str) -> None:
    tamper, verdict, code = TAMPERINGS[name]
    station.seal("first")
    station.vault.tell(INCIDENT, [Act("viewed")])
    tamper(station)
    report = station.again().vault.verify(INCIDENT)
    assert (report.verdict, code in codes(report)) == (verdict, True), report.as_text()


class Killed(BaseException):
    """Where the power went."""


def test_a_crash_at_any_step_leaves_the_old_state_or_the_new(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every call that changes names on the disk is, in turn, the last one before the crash."""
    station.seal("first")
    step, crashed = 0, True
    while crashed:
        step += 1
        crashed = die_before(step, station, monkeypatch)
        after = station.again()
        report = after.vault.verify(INCIDENT)
        assert report.verdict == "authentic", f"step {step}: {report.as_text()}"
        assert len(after.vault.manifest(INCIDENT).items) in (step, step + 1)
        station = after
        if len(after.vault.manifest(INCIDENT).items) == step:
            station.seal(f"again {step}")
    assert step > 12


def die_before(step: int, station: Station, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Seal, and crash before the n-th change; False when there are no so many."""
    left = step

    def counting(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **more: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                raise Killed(name)
            return real(*args, **more)

        return call

    with monkeypatch.context() as patch:
        for name in ("replace", "link", "unlink", "rename", "fdatasync"):
            patch.setattr(os, name, counting(name, getattr(os, name)))
        try:
            station.seal(f"number {step}")
        except Killed:
            return True
    return False


def test_evidence_comes_before_its_signature(station: Station) -> None:
    station.seal("first")
    key = next(station.keys.folder.glob("*.key"))
    key.chmod(0o644)
    second = station.again().seal("second")
    report = station.vault.verify(INCIDENT)
    assert (report.verdict, codes(report)) == ("not_signed", {"no_signature"})
    key.chmod(0o600)
    third = station.again().seal("third")
    assert station.vault.manifest(INCIDENT).items[1:] == (second, third)
    assert station.again().vault.verify(INCIDENT).authentic


def test_a_damaged_log_stops_no_sealing(station: Station) -> None:
    station.seal("first")
    station.log.file.write_bytes(b"{}\n")
    station.again().seal("second")
    report = station.again().vault.verify(INCIDENT)
    assert report.verdict == "authentic"
    assert "log_unreadable" in {one.code for one in report.findings}


def test_rotation_between_two_items(station: Station) -> None:
    station.seal("first")
    station.keys.rotate()
    station.vault.tell(INCIDENT, [Act("viewed")])
    assert station.vault.verify(INCIDENT).authentic
    station.seal("second")
    report = station.again().vault.verify(INCIDENT)
    assert report.authentic, report.as_text()
    assert len(list((station.folder / "certs").iterdir())) == 2


def old_vault(station: Station, clock: ManualClock) -> EvidenceItem:
    """As it was before manifests were signed."""
    item = EvidenceItem(
        id="ev-1",
        incident=INCIDENT,
        role="clip",
        path=f"{INCIDENT}/clip-ev-1.mp4",
        sha256=hashlib.sha256(b"old").hexdigest(),
        bytes=3,
        mime="video/mp4",
        camera="river-1",
        first_ns=clock.utc_ns(),
        last_ns=clock.utc_ns(),
        sealed_ns=clock.utc_ns(),
        clock_offset_s=-0.25,
    )
    station.folder.mkdir(parents=True)
    (station.folder / "clip-ev-1.mp4").write_bytes(b"old")
    manifest = Manifest(incident=INCIDENT, items=(item,)).model_dump_json(indent=1)
    (station.folder / "manifest.json").write_text(manifest)
    return item


def test_older_vaults_are_read_and_not_signed(station: Station, clock: ManualClock) -> None:
    item = old_vault(station, clock)
    assert station.vault.manifest(INCIDENT).items == (item,)
    report = station.vault.verify(INCIDENT)
    assert (report.verdict, [one.state for one in report.files]) == ("not_signed", ["ok"])
    change(station.folder / "clip-ev-1.mp4", lambda _: b"new")
    assert station.vault.verify(INCIDENT).verdict == "not_authentic"


def test_an_older_vault_is_signed_with_the_next_item(station: Station, clock: ManualClock) -> None:
    item = old_vault(station, clock)
    new = station.seal("new")
    assert station.vault.manifest(INCIDENT).items == (item, new)
    assert station.vault.verify(INCIDENT).authentic
    events = [json.loads(line) for line in (station.folder / "custody.jsonl").open("rb")]
    assert [one["action"] for one in events] == ["adopted", "sealed"]


def test_what_was_changed_before_it_was_signed_stays_found(
    station: Station, clock: ManualClock
) -> None:
    old_vault(station, clock)
    change(station.folder / "clip-ev-1.mp4", lambda _: b"new")
    station.seal("new")
    report = station.vault.verify(INCIDENT)
    assert (report.verdict, codes(report)) == ("not_authentic", {"file_changed"})


def test_without_a_sealer_nothing_is_signed(tmp_path: Path, clock: ManualClock) -> None:
    vault = Vault(tmp_path / "vault", clock)
    (tmp_path / "a.mp4").write_text("a")
    vault.seal(INCIDENT, "clip", tmp_path / "a.mp4", camera="c", first_ns=1, last_ns=2)
    assert vault.verify(INCIDENT).verdict == "not_signed"


def test_a_log_signed_by_a_key_not_trusted_says_nothing(station: Station) -> None:
    station.seal()
    signer = station.keys.signers()[0]
    station.keys.rotate()
    station.log.append("deletion", "deletions.jsonl", "ab" * 32)
    proof = station.log.proof("manifest", INCIDENT)
    assert proof is not None
    (station.folder / "log.json").write_bytes(proof)
    assert judge(station.folder, station.keys.trust()).provenance.log is not None
    report = judge(station.folder, Trust(frozenset({signer.identity.sha256})))
    assert report.authentic
    assert "log_stranger" in {one.code for one in report.findings}
    assert report.provenance.log is None


def test_a_folder_that_cannot_be_used_is_named(station: Station) -> None:
    station.vault.root.mkdir()
    station.folder.write_text("in the way")
    with pytest.raises(VaultError, match=f"incident {INCIDENT}: its folder in the vault"):
        station.seal()
