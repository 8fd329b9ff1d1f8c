"""The judge judged: perfect, poor and broken detectors and folders; then the real models."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from core.clock import ManualClock
from core.seeing import Detections
from core.video import Bgr
from models import registry
from models.convert import centernet
from models.errors import ModelError
from models.evaluate import evaluate
from models.sources import MIRROR
from models.store import Store
from tests.models.reference import Centernet, Yolox

BOXES = {1: [10, 20, 30, 40], 2: [5, 5, 50, 20]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    images, annotations = [], []
    for key, box in BOXES.items():
        picture = np.full((80, 100, 3), key, np.uint8)
        cv2.imwrite(str(tmp_path / f"{key}.png"), picture)
        images.append({"id": key, "file_name": f"{key}.png", "width": 100, "height": 80})
        annotations.append(
            {
                "id": key,
                "image_id": key,
                "category_id": 3,
                "bbox": box,
                "area": box[2] * box[3],
                "iscrowd": 0,
            }
        )
    write(tmp_path, images=images, annotations=annotations)
    return tmp_path


def write(folder: Path, **changes: Any) -> None:
    path = folder / "annotations.json"
    data = json.loads(path.read_text()) if path.exists() else {}
    data.setdefault("categories", [{"id": 3, "name": "motorbike"}])
    data.update(changes)
    path.write_text(json.dumps(data))


class Oracle:
    """Answers with the truth, moved aside by some pixels."""

    def __init__(self, aside: float = 0.0, label: str = "motorcycle") -> None:
        self.aside = aside
        self.label = label
        self.clock = ManualClock()

    def __call__(self, pictures: Sequence[Bgr]) -> list[Detections]:
        self.clock.advance(0.25 * len(pictures))
        answers = []
        for picture in pictures:
            x, y, w, h = BOXES[int(picture[0, 0, 0])]
            box = np.array([[(x + self.aside) / 100, y / 80, w / 100, h / 80]], np.float32)
            answers.append(Detections(box, np.array([0.9], np.float32), (self.label,)))
        return answers


def test_truth_scores_one_and_time_is_counted(folder: Path) -> None:
    oracle = Oracle()
    steps: list[tuple[int, int]] = []
    result = evaluate(
        oracle,
        folder,
        model="oracle",
        batch=2,
        clock=oracle.clock,
        progress=lambda done, total: steps.append((done, total)),
    )
    assert (result.model, result.images) == ("oracle", 2)
    assert result.ap == pytest.approx(1.0)
    assert result.ap50 == pytest.approx(1.0)
    assert result.ms_per_image == pytest.approx(250)
    assert steps == [(2, 2)]


def test_boxes_a_little_aside_score_between(folder: Path) -> None:
    result = evaluate(Oracle(aside=6), folder)
    assert result.ap50 == pytest.approx(1.0)
    assert 0.2 < result.ap < 0.9


def test_nothing_found_scores_nought(folder: Path) -> None:
    result = evaluate(lambda pictures: [Detections.none() for _ in pictures], folder)
    assert (result.ap, result.ap50) == (0.0, 0.0)


def test_other_classes_are_an_error(folder: Path) -> None:
    with pytest.raises(ModelError, match="no category is one of the model's classes"):
        evaluate(Oracle(label="rod"), folder, classes=("rod", "net"))


def test_a_model_that_sees_only_other_things_scores_nought(folder: Path) -> None:
    result = evaluate(Oracle(label="rod"), folder, classes=("rod", "motorcycle"))
    assert (result.ap, result.ap50) == (0.0, 0.0)


def test_detector_that_loses_pictures_is_an_error(folder: Path) -> None:
    with pytest.raises(ModelError, match="0 answers for 1 pictures"):
        evaluate(lambda pictures: [], folder)


def test_missing_folder_and_broken_files(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nowhere.annotations\.json: No such file"):
        evaluate(Oracle(), tmp_path / "nowhere")
    (folder / "1.png").write_bytes(b"not a picture")
    with pytest.raises(ModelError, match=r"1\.png: not a picture"):
        evaluate(Oracle(), folder)
    (folder / "1.png").unlink()
    with pytest.raises(ModelError, match=r"1\.png: the picture cannot be read"):
        evaluate(Oracle(), folder)
    (folder / "annotations.json").write_text("{")
    with pytest.raises(ModelError, match="not valid JSON"):
        evaluate(Oracle(), folder)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"images": []}, "images"),
        ({"categories": None}, "categories"),
        ({"annotations": [{"id": 1}]}, "annotations → 0 → image_id"),
        ({"images": [{"id": 1}]}, "images → 0 → file_name"),
    ],
)
def test_annotation_errors_name_the_field(
    folder: Path, changes: dict[str, Any], field: str
) -> None:
    write(folder, **changes)
    with pytest.raises(ModelError, match=rf"annotations\.json: {field}"):
        evaluate(Oracle(), folder)


@pytest.mark.assets
def test_yolox_nano_reaches_its_figure(
    assets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(MIRROR, str(assets / "models"))
    card = Store(tmp_path).ensure("yolox-nano")
    result = evaluate(Yolox(card.path, card.classes), assets / "coco", model=card.label)
    assert result.images == 50
    assert result.ap >= 0.35


@pytest.mark.assets
def test_centernet_reaches_its_figure(
    assets: Path, tmp_path: Path, centernet_files: dict[str, bytes]
) -> None:
    path = tmp_path / "centernet.onnx"
    path.write_bytes(centernet.convert(*centernet_files.values()))
    entry = registry.load().entry("centernet-mbv3")
    assert entry is not None
    result = evaluate(Centernet(path, entry.classes), assets / "coco")
    assert result.ap >= 0.36
