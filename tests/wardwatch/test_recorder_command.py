"""``wardwatch recorder``: exit code and JSON of a check; what was deleted."""

import json
import shutil
from pathlib import Path

from click.testing import Result
from typer.testing import CliRunner

from core.clock import SystemClock
from core.config.load import load
from recorder.seal.deletion import Deleted, Why
from recorder.shelf import segment_path
from recorder.volume import Mark, known, remember
from tests.wardwatch.cli import ROOT, complaint, wardwatch
from wardwatch.cli.evidence import app as evidence
from wardwatch.cli.recorder import app
from wardwatch.paths import Paths
from wardwatch.vaults import recordings_book


def test_check_mends_and_says_so(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "configs" / "demo", config)
    text = (config / "township.yaml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("data_dir")]
    lines.append(f"data_dir: {tmp_path / 'data'}")
    (config / "township.yaml").write_text("\n".join(lines), encoding="utf-8")
    recordings = tmp_path / "data" / "recordings"
    bad = segment_path(recordings, "river", 1_790_000_000_000_000_000)
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"no film")
    words = complaint(wardwatch("recorder", "check", "--config", config))
    assert words == "the recordings are not in order; --repair"
    done = wardwatch("recorder", "check", "--config", config, "--repair", "--json")
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["ok"]
    assert [(one["kind"], one["mended"]) for one in report["findings"]] == [("headless", True)]
    remember(recordings, (Mark(id="vol-1", path="/mnt/a", mount=True),))
    assert wardwatch("recorder", "accept", "--config", config, "/mnt/a").returncode == 0
    assert known(recordings) == ()


def test_deletions_are_shown_and_verified(tmp_path: Path) -> None:
    config = tmp_path / "config"
    shutil.copytree(ROOT / "configs" / "demo", config)
    township = config / "township.yaml"
    text = township.read_text(encoding="utf-8")
    township.write_text(text.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}"), "utf-8")
    site = load(config)
    book = recordings_book(site, Paths(site.data_dir), SystemClock())
    for number in range(2):
        thing = Deleted(f"river/{number}.mp4", 1000, "ab" * 32, "river", number, number + 1)
        book.record([thing], Why("retention", "age", "days=30"))
    done = run("deletions", "--config", str(config), "--verify", "--json")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert [one["example"] for one in shown] == ["river/0.mp4", "river/1.mp4"]
    assert "2 records hold" in done.stderr
    assert "days=30" in run("deletions", "--config", str(config)).stdout
    book.file.write_bytes(book.file.read_bytes().replace(b"river/0", b"river/9"))
    spoilt = run("deletions", "--config", str(config), "--verify")
    assert "record 1: its signature does not hold" in str(spoilt.exception)
    checked = CliRunner().invoke(evidence, ["verify", "--config", str(config)])
    assert "record 1: its signature does not hold" in str(checked.exception)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, list(arguments))
