"""No model comes into use without proof, and the one before is never lost."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model import ModelCard
from models import training
from models.errors import ModelError
from models.promotion import PROMOTED, History, Promotion
from models.sources import MIRROR
from models.store import Store
from tests.models.test_store import FILE, TINY, known, store, tiny_onnx

PICTURES = Path("set/val")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "tiny.onnx").write_bytes(TINY)
    monkeypatch.setenv(MIRROR, str(mirror))
    return store(tmp_path, known(FILE))


def brought(models: Store, tmp_path: Path, name: str, weight: float) -> ModelCard:
    path = tmp_path / f"{name}.onnx"
    path.write_bytes(tiny_onnx(weight, names="{0: 'rod'}"))
    return models.import_file(path, name, "yolo")


def measure(models: Store, card: ModelCard, ap: float, dataset: str = "d1") -> None:
    models.ledger.note(card, dataset, PICTURES, 50, ap, ap + 0.1)


def test_promoted_only_with_a_gain_on_the_same_pictures(models: Store, tmp_path: Path) -> None:
    before, new = models.default(), brought(models, tmp_path, "new", 2.0)
    with pytest.raises(ModelError, match="no evaluation of it and of tiny on the same pictures"):
        models.ledger.promote(new, before, by="zhou")
    measure(models, new, 0.5)
    measure(models, before, 0.4, "d2")
    with pytest.raises(ModelError, match="no evaluation"):
        models.ledger.promote(new, before, by="zhou")
    measure(models, before, 0.495)
    with pytest.raises(ModelError, match=r"AP 0\.5000 against 0\.4950 of tiny"):
        models.ledger.promote(new, before, by="zhou")
    assert models.default() == before
    measure(models, new, 0.52)
    step = models.ledger.promote(new, before, by="zhou")
    assert (step.ap_before, step.ap, step.before) == (0.495, 0.52, before.label)
    assert models.default() == new
    with pytest.raises(ModelError, match="in use already"):
        models.ledger.promote(new, models.default(), by="zhou")


def test_a_reason_does_without_proof_and_is_kept(models: Store, tmp_path: Path) -> None:
    new = brought(models, tmp_path, "new", 2.0)
    with pytest.raises(ModelError):
        models.ledger.promote(new, models.default(), by="zhou", anyway="  ")
    models.ledger.promote(new, models.default(), by="zhou", anyway="finds nets")
    assert models.ledger.history().steps[-1].reason == "finds nets"


def test_rollback_goes_back_step_by_step(models: Store, tmp_path: Path) -> None:
    first = models.default()
    cards = [brought(models, tmp_path, name, weight) for name, weight in (("a", 2.0), ("b", 3.0))]
    for card in cards:
        models.ledger.promote(card, models.default(), by="zhou", anyway="x")
    assert models.default() == cards[1]
    models.ledger.rollback(by="zhou", reason="worse at night")
    assert models.default() == cards[0]
    models.ledger.rollback(by="zhou", reason="")
    assert models.default() == first
    with pytest.raises(ModelError, match="no model was promoted"):
        models.ledger.rollback(by="zhou", reason="")
    assert len(models.ledger.history().steps) == 4


def test_a_promoted_file_that_changed_is_not_used(models: Store, tmp_path: Path) -> None:
    first, new = models.default(), brought(models, tmp_path, "new", 2.0)
    models.ledger.promote(new, first, by="zhou", anyway="x")
    brought(models, tmp_path, "new", 4.0)  # another file under the same name
    assert models.default() == first
    new.path.unlink()
    assert models.default() == first


def test_a_damaged_history_is_one_clear_error(models: Store) -> None:
    models.default()
    (models.directory / PROMOTED).write_text("{", encoding="utf-8")
    with pytest.raises(ModelError, match=r"promoted\.json: cannot be read"):
        models.default()


@given(st.lists(st.one_of(st.none(), st.integers(0, 5))))
def test_history_is_a_stack(moves: list[int | None]) -> None:
    expected: list[str] = []
    steps = []
    for move in moves:
        name = None if move is None else f"m{move}"
        steps.append(Promotion(name=name, sha256="0", before="", at_ns=0, by="zhou"))
        if name is not None:
            expected.append(name)
        elif expected:
            expected.pop()
    current = History(steps=tuple(steps)).current
    assert (current.name if current else None) == (expected[-1] if expected else None)


def test_without_the_extra_training_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "ultralytics", None)
    with pytest.raises(ModelError, match=r"no data\.yaml"):
        training.train(tmp_path, "yolo11n.yaml", tmp_path / "out")
    with pytest.raises(ModelError, match=r"pip install 'wardwatch\[train\]'"):
        training.export("yolo11n.pt")
