"""``wardwatch recorder``: exit code and JSON of a check."""

import json
import shutil
from pathlib import Path

from recorder.shelf import segment_path
from recorder.volume import Mark, known, remember
from tests.wardwatch.cli import ROOT, complaint, wardwatch


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
