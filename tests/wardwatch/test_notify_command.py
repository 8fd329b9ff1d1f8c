"""``wardwatch notify``: secrets that are kept encrypted, a test message, what is wrong named."""

import json
import shutil
from pathlib import Path

import pytest

from core.config.load import SHIPPED
from tests.alerts.notify.notify_world import KEY
from tests.alerts.notify.peers import web
from wardwatch.cli.app import main


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    directory = tmp_path / "config"
    shutil.copytree(SHIPPED / "demo", directory)
    return directory


def channels(config: Path, url: str) -> None:
    (config / "notify.yaml").write_text(
        f"networks: [127.0.0.0/8]\nchannels:\n  - {{id: hook, kind: webhook, url: '{url}'}}\n",
        encoding="utf-8",
    )


def test_a_secret_is_kept_and_a_test_message_arrives(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with web() as peer:
        channels(config, peer.url)
        with pytest.raises(SystemExit, match="channel hook: has no secret") as error:
            main(["notify", "test", "hook", "--config", str(config)])
        assert "wardwatch notify secret hook" in str(error.value)
        monkeypatch.setenv("WARDWATCH_NEW_SECRET", KEY)
        with pytest.raises(SystemExit) as ended:
            main(["notify", "secret", "hook", "--config", str(config)])
        assert ended.value.code == 0
        assert KEY.encode() not in (config / "credentials.json").read_bytes()
        with pytest.raises(SystemExit) as ended:
            main(["notify", "test", "hook", "--config", str(config)])
        assert ended.value.code == 0
        assert json.loads(peer.taken[0].body)["type"] == "test"
        with pytest.raises(SystemExit, match="no channel 'other'; there are: hook"):
            main(["notify", "test", "other", "--config", str(config)])
        capsys.readouterr()
        with pytest.raises(SystemExit):
            main(["notify", "list", "--config", str(config), "--json"])
        (shown,) = json.loads(capsys.readouterr().out)
        assert (shown["id"], shown["waiting"], shown["failing_since_ns"]) == ("hook", 0, None)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("notify.yaml", "rules: [{channels: [nobody]}]", "rule 1: there is no channel 'nobody'"),
        ("notify.yaml", "channels: [{id: a, kind: fax}]", "notify.yaml: channels"),
        ("duty.yaml", "roster: {week: [{shift: dawn}]}", "there is no shift 'dawn'"),
        ("duty.yaml", "[]", "expected keys and values"),
    ],
)
def test_what_is_wrong_in_the_files_is_named(
    config: Path, name: str, content: str, said: str
) -> None:
    (config / name).write_text(content, encoding="utf-8")
    with pytest.raises(SystemExit) as error:
        main(["notify", "list", "--config", str(config)])
    assert name in str(error.value)
    assert said in str(error.value)
