"""``wardwatch evidence`` on a vault that was sealed as the configuration says."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from core.clock import SystemClock
from core.config.load import load
from recorder.seal.custody import Act
from wardwatch.checks import _vault
from wardwatch.cli.evidence import EvidenceError, app
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

DEMO = Path(__file__).parents[2] / "configs" / "demo"
INCIDENT = "inc-1"


def evidence(*arguments: object) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site with one sealed file."""
    folder = tmp_path / "config"
    shutil.copytree(DEMO, folder)
    township = folder / "township.yaml"
    text = township.read_text(encoding="utf-8")
    text = text.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}")
    township.write_text(text, encoding="utf-8")
    site = load(folder)
    vault = open_vault(site, Paths(site.data_dir), SystemClock())
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"moving pictures")
    vault.seal(INCIDENT, "clip", clip, camera="river-1", first_ns=1, last_ns=2)
    vault.tell(INCIDENT, [Act("viewed", actor="2号队员", reason="办案")])
    return folder


def test_verify_the_vault(config: Path, tmp_path: Path) -> None:
    found = json.loads(evidence("verify", "--config", config, "--json"))
    assert [one["verdict"] for one in found["incidents"]] == ["authentic"]
    assert found["log_error"] == ""
    assert "真实 / authentic" in evidence("verify", "--config", config)
    folder = tmp_path / "data" / "vault" / INCIDENT
    assert "已知 known" in evidence("verify", folder, "--config", config)
    assert "未比对 not compared" in evidence("verify", folder)
    site = load(config)
    assert [one.state for one in _vault(site, Paths(site.data_dir))] == ["ok"]

    clip = next(folder.glob("clip-*"))
    clip.chmod(0o640)
    clip.write_bytes(b"other pictures!")
    with pytest.raises(EvidenceError, match="1 of 1 incidents"):
        evidence("verify", "--config", config)
    assert CliRunner().invoke(app, ["verify", str(folder)]).exit_code == 1
    assert [one.state for one in _vault(site, Paths(site.data_dir))] == ["bad"]


def test_the_log_and_its_head(config: Path, tmp_path: Path) -> None:
    head = tmp_path / "head.json"
    head.write_text(evidence("log", "--config", config))
    assert json.loads(head.read_text())["size"] == 3
    evidence("log", "--config", config, "--head", head)
    log = tmp_path / "data" / "log" / "log.jsonl"
    log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(Exception, match="entries were changed or removed"):
        evidence("log", "--config", config, "--head", head)


def test_keys(config: Path) -> None:
    (before,) = json.loads(evidence("keys", "list", "--config", config, "--json"))
    assert (before["name"], before["signs"]) == ("p256-0001", True)
    assert "BEGIN CERTIFICATE REQUEST" in evidence("keys", "request", "--config", config)
    after = json.loads(evidence("keys", "rotate", "--config", config, "--json"))
    assert [one["signs"] for one in after] == [False, True]
    assert after[0]["sha256"] == before["sha256"]
    assert "authentic" in evidence("verify", "--config", config)
    assert "p256-0002" in evidence("keys", "list", "--config", config)
