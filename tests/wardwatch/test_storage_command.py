"""``wardwatch evidence storage``, ``verify`` and ``doctor`` where evidence also lies elsewhere."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.config.load import load
from core.errors import ConfigError, WardwatchError
from recorder.remote.vault import RemoteVault
from tests.recorder.remote.conftest import raw_client
from tests.recorder.remote.faults import Server
from tests.wardwatch.test_evidence_command import INCIDENT, config, evidence
from wardwatch.checks import _elsewhere
from wardwatch.cli.evidence import EvidenceError
from wardwatch.cli.storage import StorageError
from wardwatch.paths import Paths
from wardwatch.remote import remote_of, uploads_of
from wardwatch.vaults import open_vault

__all__ = ["config"]

BUCKET = "commands"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


@pytest.fixture
def stored(config: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The site of the other commands, its one file stored elsewhere."""
    client = raw_client(server.endpoint)
    client.create_bucket(Bucket=BUCKET)
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    monkeypatch.setenv("WARDWATCH_S3_ACCESS_KEY", "station")
    monkeypatch.setenv("WARDWATCH_S3_SECRET_KEY", "station-secret")
    township = config / "township.yaml"
    use_vault(township, f"{{url: 's3://{BUCKET}/site', endpoint: '{server.endpoint}'}}")
    send(config)
    return config


def use_vault(township: Path, vault: str) -> None:
    text = township.read_text(encoding="utf-8")
    text, count = re.subn(r"(?m)^vault:\n  url: null.*$", f"vault: {vault}", text)
    assert count == 1
    township.write_text(text, encoding="utf-8")


def send(config: Path) -> None:
    site = load(config)
    vault = open_vault(site, Paths(site.data_dir), SystemClock())
    assert isinstance(vault, RemoteVault)
    uploads_of(site, vault, SystemClock()).once(threading.Event())


def spoil(server: Server, folder: Path) -> None:
    client = raw_client(server.endpoint)
    clip = next(folder.glob("clip-*")).name
    client.put_object(Bucket=BUCKET, Key=f"site/{INCIDENT}/{clip}", Body=b"Moving pictures")


def test_where_evidence_lies(stored: Path, server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "vault" / INCIDENT
    found = json.loads(evidence("storage", "status", "--config", stored, "--json"))
    assert found["counts"]["both"]["files"] == 1
    assert "两处都有" in evidence("storage", "status", "--config", stored)
    found = json.loads(evidence("storage", "check", "--read", "--config", stored, "--json"))
    assert found == {"counts": found["counts"], "files": []}
    verdicts = json.loads(evidence("verify", "--elsewhere", "--config", stored, "--json"))
    assert [one["verdict"] for one in verdicts["incidents"]] == ["authentic"]

    spoil(server, folder)
    with pytest.raises(StorageError, match="1 of 2 files"):
        evidence("storage", "check", "--config", stored)
    with pytest.raises(EvidenceError, match="1 of 1 incidents"):
        evidence("verify", "--elsewhere", "--config", stored)
    assert "authentic" in evidence("verify", "--config", stored), "the copy here is as sealed"
    next(folder.glob("clip-*")).unlink()
    with pytest.raises(EvidenceError):
        evidence("verify", "--config", stored)


def test_what_is_still_to_go_elsewhere(stored: Path, server: Server) -> None:
    site = load(stored)
    vault = open_vault(site, Paths(site.data_dir), SystemClock())
    vault.delete(INCIDENT, lambda _: None)
    for command, count in (("status", 1), ("check", 2)):  # the state of the seal, too
        found = json.loads(evidence("storage", command, "--config", stored, "--json"))
        assert {where: of["files"] for where, of in found["counts"].items()} == {"deleting": count}
    assert "远端待删" in evidence("storage", "check", "--config", stored)
    assert "clip-" in evidence("storage", "check", "--config", stored)
    verdicts = json.loads(evidence("verify", "--elsewhere", "--config", stored, "--json"))
    assert verdicts["incidents"] == []
    send(stored)
    found = json.loads(evidence("storage", "check", "--config", stored, "--json"))
    assert found == {"counts": {}, "files": []}
    assert not raw_client(server.endpoint).list_objects_v2(Bucket=BUCKET).get("Contents")


def test_the_doctor_tries_it_out(stored: Path, server: Server) -> None:
    states = {one.detail.split(":")[0]: one.state for one in _elsewhere(load(stored))}
    assert states["write once"] == "ok"
    assert "bad" not in states.values()
    assert states["vault.endpoint"] == "warn", "http"
    server.faults.without.add("if-none-match")
    try:
        states = {one.detail.split(":")[0]: one.state for one in _elsewhere(load(stored))}
    finally:
        server.faults.without.clear()
    assert states["write once"] == "warn"
    text = (stored / "township.yaml").read_text(encoding="utf-8")
    (stored / "township.yaml").write_text(text.replace(f"s3://{BUCKET}", "s3://not-there"))
    (bad,) = _elsewhere(load(stored))
    assert (bad.state, "vault.url" in bad.detail) == ("bad", True)


def test_keys_come_from_the_surroundings_or_a_file(
    stored: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WARDWATCH_S3_SECRET_KEY")
    site = load(stored)
    with pytest.raises(ConfigError, match=r"vault\.secret_key_env: .*WARDWATCH_S3_SECRET_KEY"):
        remote_of(site)
    # Who only seals and looks does not need them.
    assert open_vault(site, Paths(site.data_dir), SystemClock()).verify(INCIDENT).authentic

    keys = stored / "keys.ini"
    text = (stored / "township.yaml").read_text(encoding="utf-8")
    text = text.replace("/site',", "/site', credentials_file: keys.ini,")
    (stored / "township.yaml").write_text(text, encoding="utf-8")
    keys.write_text("[default]\naws_access_key_id = station\naws_secret_access_key = secret\n")
    keys.chmod(0o644)
    with pytest.raises(ConfigError, match="others can read it; chmod 600"):
        remote_of(load(stored))
    keys.chmod(0o600)
    remote_of(load(stored)).close()
    keys.write_text("access_key = station\n")
    with pytest.raises(ConfigError, match="no line `secret_key"):
        remote_of(load(stored))


@pytest.mark.parametrize(
    ("vault", "said"),
    [
        ("{url: 'ftp://x'}", "no s3://bucket/prefix"),
        ("{url: 's3://bucket'}", "the storage's address is missing"),
        ("{url: 's3://bucket', endpoint: 'http://user:secret@host'}", "endpoint"),
        ("{lock: {mode: forever, days: 3}}", "mode"),
        ("{secret_key: x}", "secret_key"),
    ],
)
def test_wrong_settings_are_named(config: Path, vault: str, said: str) -> None:
    township = config / "township.yaml"
    use_vault(township, vault)
    with pytest.raises(ConfigError) as caught:
        load(config)
    assert said in str(caught.value)
    assert "user:secret" not in str(caught.value)


def test_a_site_without_it(config: Path) -> None:
    with pytest.raises(WardwatchError, match=r"vault\.url names no storage"):
        evidence("storage", "status", "--config", config)
