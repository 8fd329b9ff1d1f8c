"""The vault: written once, and every kind of tampering found."""

import hashlib
import stat
from pathlib import Path

import pytest

from core.clock import ManualClock
from recorder.errors import VaultError
from recorder.vault import Vault

INCIDENT = "inc-0123456789"


@pytest.fixture
def vault(tmp_path: Path, clock: ManualClock) -> Vault:
    return Vault(tmp_path / "vault", clock)


def a_file(tmp_path: Path, text: str = "moving pictures", name: str = "clip.mp4") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def seal(vault: Vault, file: Path, **more: object) -> object:
    return vault.seal(INCIDENT, "clip", file, camera="river-1", first_ns=1, last_ns=2, **more)


def test_sealed_file_is_moved_hashed_and_read_only(vault: Vault, tmp_path: Path) -> None:
    file = a_file(tmp_path)
    item = seal(vault, file)
    path = vault.path_of(item)
    assert not file.exists()
    assert path.read_text() == "moving pictures"
    assert stat.S_IMODE(path.stat().st_mode) == 0o440
    assert item.sha256 == hashlib.sha256(b"moving pictures").hexdigest()
    assert (item.bytes, item.mime) == (15, "video/mp4")
    assert vault.manifest(INCIDENT).items == (item,)
    assert [v.state for v in vault.verify(INCIDENT).files] == ["ok"]


def test_derived_file_names_a_sealed_parent(vault: Vault, tmp_path: Path) -> None:
    parent = seal(vault, a_file(tmp_path))
    child = seal(vault, a_file(tmp_path, "still", "s.jpg"), parent_sha256=parent.sha256)
    assert child.parent_sha256 == parent.sha256
    with pytest.raises(VaultError, match="not sealed; seal the original first"):
        seal(vault, a_file(tmp_path, "other", "o.jpg"), parent_sha256="0" * 64)
    assert (tmp_path / "o.jpg").exists()


def test_same_id_is_sealed_once(vault: Vault, tmp_path: Path) -> None:
    first = seal(vault, a_file(tmp_path), item_id="want-1-clip")
    again = a_file(tmp_path, "something else")
    assert seal(vault, again, item_id="want-1-clip") == first
    assert again.exists()
    assert len(vault.manifest(INCIDENT).items) == 1


def test_every_kind_of_tampering_is_found(vault: Vault, tmp_path: Path) -> None:
    kept, changed, missing = (seal(vault, a_file(tmp_path, t)) for t in ("a", "b", "c"))
    vault.path_of(changed).chmod(0o640)
    vault.path_of(changed).write_text("B")
    vault.path_of(missing).unlink()
    (vault.root / INCIDENT / "planted.mp4").write_text("x")
    states = {v.path: v.state for v in vault.verify(INCIDENT).files}
    assert states == {
        Path(kept.path).name: "ok",
        Path(changed.path).name: "changed",
        Path(missing.path).name: "missing",
        "planted.mp4": "extra",
    }


def test_name_that_is_taken_is_never_overwritten(vault: Vault, tmp_path: Path) -> None:
    folder = vault.root / INCIDENT
    folder.mkdir(parents=True)
    (folder / "clip-ev-1.mp4").write_text("left by a sealing that was cut short")
    item = seal(vault, a_file(tmp_path), item_id="ev-1")
    assert item.path == f"{INCIDENT}/clip-ev-1.1.mp4" or item.path.endswith("ev-1.2.mp4")
    assert (folder / "clip-ev-1.mp4").read_text().startswith("left")
    assert sorted(v.state for v in vault.verify(INCIDENT).files) == ["extra", "ok"]


def test_interrupted_sealing_is_taken_up(vault: Vault, tmp_path: Path) -> None:
    folder = vault.root / INCIDENT
    folder.mkdir(parents=True)
    (folder / "clip-ev-1.mp4").write_text("moving pictures")
    item = seal(vault, a_file(tmp_path), item_id="ev-1")
    assert item.path == f"{INCIDENT}/clip-ev-1.mp4"
    assert [v.state for v in vault.verify(INCIDENT).files] == ["ok"]


@pytest.mark.parametrize("name", ["", "..", "../x", "a/b", ".hidden", "x" * 101])
def test_names_cannot_lead_out_of_the_vault(vault: Vault, tmp_path: Path, name: str) -> None:
    with pytest.raises(VaultError):
        vault.seal(name, "clip", a_file(tmp_path), camera="c", first_ns=0, last_ns=1)
    with pytest.raises(VaultError):
        vault.manifest(name)


def test_damaged_manifest_is_a_clear_error(vault: Vault, tmp_path: Path) -> None:
    seal(vault, a_file(tmp_path))
    (vault.root / INCIDENT / "manifest.json").write_text("{")
    with pytest.raises(VaultError, match=r"manifest\.json.*damaged"):
        vault.manifest(INCIDENT)
    assert vault.verify(INCIDENT).verdict == "not_authentic"
