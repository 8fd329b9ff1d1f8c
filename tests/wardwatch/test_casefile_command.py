"""``wardwatch evidence export``, ``review`` and ``verify`` of what they made."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.accounts import create_user
from core.cases import Incident, IncidentState, Severity, StateChange
from core.clock import SystemClock
from core.config.load import load
from core.geometry import Box
from core.reviews import ReviewError
from core.seeing import Kind
from core.store.database import open_store
from core.store.users import Role
from core.value import Text
from wardwatch.cli.casefile import PASSWORD, CaseFileCommandError
from wardwatch.cli.evidence import app
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

DEMO = Path(__file__).parents[2] / "configs" / "demo"
INCIDENT = "inc-1"
SECRET = "a long password"
REVIEW = ("--office", "审核员", "--basis", "符合规定", "--outcome", "passed")


def an_incident(name: str) -> Incident:
    why = Text.same("stayed at the water")
    step = StateChange(state="detected", at_ns=1, actor="system", reason=why)
    return Incident(
        id=name, kind=Kind.FISHING, severity=Severity.MINOR, camera="river", zone="shore",
        state=IncidentState.DETECTED, history=(step,), started_ns=1, last_seen_ns=2,
        active=False, box=Box(0.4, 0.3, 0.1, 0.3), why=why,
    )  # fmt: skip


def evidence(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=True)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == code, done.output
    return done.stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A site with an incident, a sealed file and three accounts."""
    folder = tmp_path / "config"
    shutil.copytree(DEMO, folder)
    township = folder / "township.yaml"
    text = township.read_text(encoding="utf-8")
    township.write_text(
        text.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}"), encoding="utf-8"
    )
    site, clock = load(folder), SystemClock()
    paths = Paths(site.data_dir)
    paths.make()
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"moving pictures")
    item = open_vault(site, paths, clock).seal(
        INCIDENT, "clip", clip, camera="river", first_ns=1, last_ns=2
    )
    store = open_store(paths.database_url(site))
    with store.begin() as unit:
        unit.incidents.put(an_incident(INCIDENT))
        unit.evidence.put(item)
    for name, role in (("3号队员", Role.CHIEF), ("4号队员", Role.CHIEF), ("访客", Role.VIEWER)):
        create_user(store, name, SECRET, role, clock)
    store.close()
    return folder


def test_export_review_verify(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "case.zip"
    export = ("export", INCIDENT, "--config", config, "--reason", "立案")
    made = json.loads(evidence(*export, "--out", out, "--by", "3号队员", "--json"))
    assert (made["standing"], made["bytes"]) == ("lead", out.stat().st_size)
    assert "性质：线索" in evidence("verify", out, "--config", config)
    monkeypatch.setenv(PASSWORD, SECRET)
    review = ("review", INCIDENT, "--config", config, *REVIEW)
    evidence(*review, "--kind", "legal", "--by", "3号队员")
    with pytest.raises(ReviewError, match="two persons"):
        evidence(*review, "--kind", "technical", "--by", "3号队员")
    evidence(*review, "--kind", "technical", "--by", "4号队员")
    password = tmp_path / "password"
    password.write_text(f"{SECRET}\n")
    locked = tmp_path / "locked.zip"
    said = evidence(*export, "--out", locked, "--password-file", password)
    assert "证据 evidence" in said
    assert "已加密" in evidence("verify", locked, "--config", config, code=1)
    unlocked = evidence("verify", locked, "--config", config, "--password-file", password)
    assert "性质：证据" in unlocked
    assert "已知 known" in unlocked
    monkeypatch.setenv(PASSWORD, "another one")
    with pytest.raises(CaseFileCommandError, match="another password"):
        evidence(*review, "--kind", "legal", "--by", "3号队员")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"--reason": " "}, "--reason"),
        ({"--by": "访客"}, "may export"),
        ({"--by": "谁"}, "no account"),
        ({"--out": "/nowhere/case.zip"}, "is no folder"),
        ({"--password-file": "/nowhere/password"}, "cannot be read"),
    ],
)
def test_what_is_refused(change: dict[str, str], why: str, config: Path, tmp_path: Path) -> None:
    given = {"--config": config, "--out": tmp_path / "case.zip", "--reason": "立案", **change}
    words = [part for pair in given.items() for part in pair]
    with pytest.raises(CaseFileCommandError, match=why):
        evidence("export", INCIDENT, *words)
    assert not (tmp_path / "case.zip").exists()
