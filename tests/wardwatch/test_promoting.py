"""Another model: written into the audit log, and taken up by the analyst while it runs."""

import json
import threading
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from core.clock import SystemClock
from core.config.cameras import Camera
from core.config.load import load
from core.config.site import Analysis, Site
from core.messages import OBJECTS, ObjectsSeen
from core.model import ModelCard
from core.store.database import open_store
from core.value import Value
from models.cache import DIRECTORY
from models.errors import ModelError
from models.sources import MIRROR
from models.store import Store
from tests.detectors.test_engine import TABLE, graph
from tests.sim.camera_kit import PASSWORD, USER, township, wait_for
from tests.wardwatch.test_analyst_watches import Bus
from wardwatch.cli.models import app
from wardwatch.following.model import SharedModel
from wardwatch.paths import Paths
from wardwatch.processes import analyst
from wardwatch.processes.context import Context, mark_of

pytestmark = pytest.mark.assets
PICTURES = Path("set/val")


@pytest.fixture
def models(assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A cache with two models of the site's own, ``dim`` and ``keen``, beside the default."""
    monkeypatch.setenv(DIRECTORY, str(tmp_path / "models"))
    monkeypatch.setenv(MIRROR, str(assets / "models"))
    store = Store()
    for name, table, label in (("dim", TABLE * 0, "dog"), ("keen", TABLE, "boat")):
        answer = table * np.float32([[1], [1], [1], [1], [1.5], [0]])
        made = graph(tmp_path / f"{name}.onnx", np.repeat(answer, 8, axis=1), 1)
        store.import_file(made, name, "yolo", classes=[label, "other"])
    return store


# ---- the command line ------------------------------------------------------------------------


class Office:
    """A configuration, and a person who calls ``wardwatch models``."""

    def __init__(self, directory: Path) -> None:
        self.config = directory / "config"
        self.config.mkdir()
        plan = {
            "name": {"zh": "镇", "en": "Town"},
            "centre": {"lon": 112.0, "lat": 30.0},
            "data_dir": str(directory / "data"),
        }
        (self.config / "township.yaml").write_text(yaml.safe_dump(plan), encoding="utf-8")

    def call(self, *words: str) -> str:
        """What it says; a refusal is raised."""
        done = CliRunner().invoke(app, [*words, "--config", str(self.config), "--by", "zhou"])
        if done.exception is not None:
            raise done.exception
        return done.stdout

    def audit(self) -> list[Any]:
        site = load(self.config)
        store = open_store(Paths(site.data_dir).database_url(site), SystemClock())
        with store.read() as unit:
            found = [one for one in unit.audit.entries() if one.action.startswith("model.")]
        store.close()
        return found


def measure(store: Store, card: ModelCard, ap: float) -> None:
    store.ledger.note(card, "d1", PICTURES, 50, ap, ap)


def test_promotion_and_rollback_are_in_the_audit_log(models: Store, tmp_path: Path) -> None:
    office = Office(tmp_path)
    first, keen, dim = models.default(), models.ensure("keen"), models.ensure("dim")
    with pytest.raises(ModelError, match="no evaluation of it and of yolox-nano"):
        office.call("promote", "keen")
    measure(models, first, 0.40)
    measure(models, keen, 0.405)
    with pytest.raises(ModelError, match=r"AP 0\.4050 against 0\.4000"):
        office.call("promote", "keen")
    assert office.audit() == []
    measure(models, keen, 0.47)
    assert "AP 0.4000 → 0.4700 on 50 pictures" in office.call("promote", "keen")
    office.call("promote", "dim", "--anyway", "finds nets")
    office.call("rollback", "--reason", "worse at night")
    office.call("rollback", "--reason", "start over")
    assert models.default() == first
    with pytest.raises(ModelError, match="no model was promoted"):
        office.call("rollback", "--reason", "again")
    said = office.audit()
    assert [(one.actor, one.action, one.object, one.reason) for one in said] == [
        ("zhou", "model.promoted", "keen", ""),
        ("zhou", "model.promoted", "dim", "finds nets"),
        ("zhou", "model.rolled_back", "keen", "worse at night"),
        ("zhou", "model.rolled_back", "yolox-nano", "start over"),
    ]
    hashes = [(one.detail["from_sha256"], one.detail["to_sha256"]) for one in said]
    assert hashes == [
        (first.sha256, keen.sha256),
        (keen.sha256, dim.sha256),
        (dim.sha256, keen.sha256),
        (keen.sha256, first.sha256),
    ]
    measured = {"dataset_sha256": "d1", "images": 50, "ap_before": 0.40, "ap": 0.47}
    assert measured.items() <= said[0].detail.items()
    assert "ap" not in said[1].detail


def test_what_cannot_be_written_down_is_not_done(
    models: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = Office(tmp_path)
    first = models.default()

    def full(*_: object) -> None:
        raise OSError("no space left on the device")

    with monkeypatch.context() as patch:
        patch.setattr("core.audit.AuditLog.append", full)
        with pytest.raises(OSError, match="no space"):
            office.call("promote", "keen", "--anyway", "x")
    assert models.default() == first
    with monkeypatch.context() as patch:
        patch.setattr("models.promotion.write", full)
        with pytest.raises(ModelError, match=r"promoted\.json: cannot be written"):
            office.call("promote", "keen", "--anyway", "x")
    assert office.audit() == []


# ---- the running analyst ---------------------------------------------------------------------


class Listening(Bus):
    """Nothing comes from cameras themselves."""

    def tail(self, stream: str, kind: type, stop: threading.Event) -> Iterator[Value]:
        stop.wait()
        yield from ()

    def close(self) -> None:
        pass


class Alone(Context):
    """An analyst without a real bus."""

    heard = Listening()

    def bus(self, part: str = "") -> Listening:  # type: ignore[override]  # as much as is used
        return self.heard


def test_a_running_analyst_takes_up_another_model_and_goes_back(
    models: Store, bare_site: Site, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    dim, keen = models.ensure("dim"), models.ensure("keen")
    models.ledger.promote(dim, models.default(), by="zhou", anyway="x")
    monkeypatch.setenv("CAMERA_PASSWORD", PASSWORD)
    with township() as town:
        camera = Camera.model_validate(
            {
                "id": "river",
                "name": {"zh": "江", "en": "river"},
                "streams": {"main": town.url("river"), "sub": town.url("river", "sub")},
                "username": USER,
                "password_env": "CAMERA_PASSWORD",
            }
        )
        found = {"cameras": (camera,), "networks": (ip_network("127.0.0.0/8"),)}
        site = bare_site.model_copy(update=found)
        context = Alone("analyst", site, paths, mark_of(paths))
        bus, ready = context.heard, paths.run / "analyst.ready"
        thread = threading.Thread(target=analyst.run, args=(context,))
        thread.start()
        try:
            wait_for(lambda: len(bus.said) > 10, seconds=60)
            assert json.loads(ready.read_text())["model"] == dim.label
            assert labels(bus) == set()
            models.ledger.promote(keen, dim, by="zhou", anyway="x")
            wait_for(lambda: "boat" in labels(bus), seconds=60)
            assert json.loads(ready.read_text())["model"] == keen.label
            models.ledger.rollback(by="zhou", reason="x")
            wait_for(lambda: json.loads(ready.read_text())["model"] == dim.label, seconds=60)
            count = len(bus.said)
            wait_for(lambda: len(bus.said) > count + 20 and not labels(bus, 10), seconds=60)
            assert bus.reconnects() == {0}, "the camera was not asked again"
        finally:
            context.stop.set()
            thread.join()
    assert not [one for one in threading.enumerate() if one.name.startswith("inference-")]


def labels(bus: Bus, last: int = 0) -> set[str]:
    """Of all that was told, or of the last so many messages."""
    seen = [one for stream, one in list(bus.said)[-last:] if stream == OBJECTS]
    return {thing.label for one in seen if isinstance(one, ObjectsSeen) for thing in one.objects}


def test_what_cannot_be_loaded_leaves_the_present_model(models: Store) -> None:
    keen = models.ensure("keen")
    with SharedModel(Analysis(model="auto"), models) as shared:
        before = shared.label
        assert not shared.look()
        models.promotions.write_text("{", encoding="utf-8")
        assert not shared.look()
        assert shared.label == before
        models.promotions.unlink()
        models.ledger.promote(keen, models.default(), by="zhou", anyway="x")
        assert shared.look()
        assert shared.label == keen.label
        assert not shared.look()


def test_a_model_that_is_named_stays(models: Store) -> None:
    with SharedModel(Analysis(model="dim"), models) as shared:
        models.ledger.promote(models.ensure("keen"), models.default(), by="zhou", anyway="x")
        assert not shared.look()
        assert shared.label == models.ensure("dim").label
