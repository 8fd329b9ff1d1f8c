"""The hub's part that sends evidence elsewhere."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.config.load import load
from core.remote import RemoteState
from recorder.remote.vault import RemoteVault
from tests.recorder.remote.conftest import raw_client
from tests.recorder.remote.faults import Server
from tests.wardwatch.test_evidence_command import DEMO
from wardwatch.parts import uploads
from wardwatch.parts.uploads import UploadsPart
from wardwatch.paths import Paths
from wardwatch.processes.context import Context
from wardwatch.vaults import open_vault

PATIENCE_S = 60.0


def until(state: Callable[[], RemoteState], holds: Callable[[RemoteState], bool]) -> RemoteState:
    deadline = time.monotonic() + PATIENCE_S
    while not holds(found := state()):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return found


def test_keys_that_come_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without keys evidence is sealed, and the console is told; with them it is sent."""
    server = Server()
    raw_client(server.endpoint).create_bucket(Bucket="late-keys")
    site = load(DEMO)
    place = {"url": "s3://late-keys/a", "endpoint": server.endpoint}
    site = site.model_copy(
        update={"data_dir": tmp_path, "vault": type(site.vault).model_validate(place)}
    )
    monkeypatch.delenv("WARDWATCH_S3_ACCESS_KEY", raising=False)
    monkeypatch.setattr(uploads, "_RETRY_S", 0.1)
    context = Context("hub", site, Paths(tmp_path), clock=SystemClock())
    vault = open_vault(site, context.paths, context.clock)
    assert isinstance(vault, RemoteVault)
    clip = tmp_path / "clip.mp4"
    clip.write_bytes(b"moving pictures")
    item = vault.seal("inc-1", "clip", clip, camera="river-1", first_ns=1, last_ns=2)
    part = UploadsPart(context, vault)
    part.start()
    try:
        state = until(part.elsewhere.state, lambda one: one.state == "stuck")
        assert "WARDWATCH_S3_ACCESS_KEY" in state.error
        monkeypatch.setenv("WARDWATCH_S3_ACCESS_KEY", "station")
        monkeypatch.setenv("WARDWATCH_S3_SECRET_KEY", "station-secret")
        until(part.elsewhere.state, lambda one: one.state == "ok" and one.sent == 1)
        assert part.elsewhere.holds(item)
        vault.give_up(item)
        assert b"".join(part.elsewhere.read(item, 7, 14)) == b"pictures"
        assert part.elsewhere.at_hand(item).read_bytes() == b"moving pictures"
    finally:
        context.stop.set()
        part.join()
        server.close()
