"""COCO average precision of a detector on a folder of pictures."""

import contextlib
import hashlib
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from core.clock import Clock, SystemClock
from core.seeing import Detections
from core.value import Value
from core.video import Bgr
from models.errors import ModelError

Detect = Callable[[Sequence[Bgr]], list[Detections]]

ANNOTATIONS = "annotations.json"

# Names that Darknet's class list took from Pascal VOC, and COCO's own for the same.
_SAME = {
    "motorbike": "motorcycle",
    "aeroplane": "airplane",
    "sofa": "couch",
    "pottedplant": "potted plant",
    "diningtable": "dining table",
    "tvmonitor": "tv",
}


class Evaluation(Value):
    """What ``models evaluate`` reports.

    Attributes:
        ap: average precision over IoU 0.50:0.95, 0..1.
        ap50: the same at IoU 0.50.
        ms_per_image: wall time of ``detect``, without reading and decoding the pictures.
    """

    model: str
    images: int
    ap: float
    ap50: float
    ms_per_image: float


def evaluate(
    detect: Detect,
    folder: Path,
    *,
    model: str = "",
    classes: Sequence[str] | None = None,
    batch: int = 1,
    clock: Clock | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Run a detector over a folder in COCO form and judge its answers.

    For figures comparable with published ones, ``detect`` should keep scores down to 0.01 or
    lower; COCO counts the best 100 of each picture.

    Args:
        detect: pictures (H, W, 3 uint8 BGR) to one :class:`Detections` each.
        folder: holds ``annotations.json`` and the pictures it names.
        model: name for the report.
        classes: names that ``detect`` can give; with them a set that has none of them is an
            error instead of a result of 0.
        batch: pictures handed to ``detect`` at once.
        progress: called with pictures done and the whole.

    Raises:
        ModelError: names the file and the field, or the picture, that cannot be used.
    """
    truth = _truth(folder / ANNOTATIONS)
    categories = _categories(truth)
    if classes is not None and categories.keys().isdisjoint(map(_same, classes)):
        raise ModelError(f"{folder / ANNOTATIONS}: no category is one of the model's classes")
    watch = clock or SystemClock()
    images = [truth.imgs[key] for key in sorted(truth.imgs)]
    answers: list[dict[str, Any]] = []
    spent_ns = 0
    for start in range(0, len(images), batch):
        group = images[start : start + batch]
        pictures = [_picture(folder, image) for image in group]
        began_ns = watch.monotonic_ns()
        found = detect(pictures)
        spent_ns += watch.monotonic_ns() - began_ns
        if len(found) != len(group):
            raise ModelError(f"the detector gave {len(found)} answers for {len(group)} pictures")
        for image, picture, detections in zip(group, pictures, found, strict=True):
            answers.extend(_rows(image["id"], picture, detections, categories))
        if progress is not None:
            progress(start + len(group), len(images))
    ap, ap50 = _judge(truth, answers)
    return Evaluation(
        model=model,
        images=len(images),
        ap=ap,
        ap50=ap50,
        ms_per_image=spent_ns / 1e6 / len(images),
    )


def dataset_sha256(folder: Path) -> str:
    """Which pictures and annotations these are: one hash over all of their bytes.

    Raises:
        ModelError: names the file that cannot be read.
    """
    path = folder / ANNOTATIONS
    truth = _truth(path)
    whole = hashlib.sha256(path.read_bytes())
    for key in sorted(truth.imgs):
        name = str(truth.imgs[key]["file_name"])
        try:
            whole.update(hashlib.sha256((folder / name).read_bytes()).digest())
        except OSError as error:
            raise ModelError(
                f"{folder / name}: the picture cannot be read: {error.strerror}"
            ) from None
    return whole.hexdigest()


def _truth(path: Path) -> COCO:
    try:
        data = json.loads(path.read_bytes())
    except OSError as error:
        raise ModelError(
            f"{path}: {error.strerror}; the folder needs pictures and {ANNOTATIONS} in COCO form"
        ) from None
    except ValueError as error:
        raise ModelError(f"{path}: not valid JSON: {error}") from None
    _demand(path, data)
    truth = COCO()
    truth.dataset = data
    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        truth.createIndex()
    return truth


def _demand(path: Path, data: Any) -> None:
    """Check the fields that are read later, so that an error names the right one."""
    wanted: Mapping[str, Mapping[str, type | tuple[type, ...]]] = {
        "images": {"id": int, "file_name": str},
        "categories": {"id": int, "name": str},
        "annotations": {
            "id": int,
            "image_id": int,
            "category_id": int,
            "bbox": list,
            "area": (int, float),
            "iscrowd": int,
        },
    }
    for section, fields in wanted.items():
        rows = data.get(section) if isinstance(data, dict) else None
        if not isinstance(rows, list) or not rows:
            raise ModelError(f"{path}: {section}: expected a list that is not empty")
        for number, row in enumerate(rows):
            for field, kind in fields.items():
                if not isinstance(row, dict) or not isinstance(row.get(field), kind):
                    raise ModelError(f"{path}: {section} → {number} → {field}: missing or wrong")
    images = {image["id"] for image in data["images"]}
    known = {category["id"] for category in data["categories"]}
    for number, row in enumerate(data["annotations"]):
        if row["image_id"] not in images:
            raise ModelError(f"{path}: annotations → {number} → image_id: no such image")
        if row["category_id"] not in known:
            raise ModelError(f"{path}: annotations → {number} → category_id: no such category")
        if len(row["bbox"]) != 4 or not all(isinstance(side, int | float) for side in row["bbox"]):
            raise ModelError(f"{path}: annotations → {number} → bbox: expected [x, y, w, h]")


def _categories(truth: COCO) -> dict[str, int]:
    return {_same(item["name"]): item["id"] for item in truth.dataset["categories"]}


def _same(name: str) -> str:
    return _SAME.get(name, name)


def _picture(folder: Path, image: Mapping[str, Any]) -> Bgr:
    path = folder / str(image["file_name"])
    try:
        content = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise ModelError(f"{path}: the picture cannot be read: {error.strerror}") from None
    picture = cv2.imdecode(content, cv2.IMREAD_COLOR) if content.size else None
    if picture is None:
        raise ModelError(f"{path}: not a picture, or damaged")
    return np.asarray(picture, np.uint8)


def _rows(
    image: int, picture: Bgr, found: Detections, categories: Mapping[str, int]
) -> Iterator[dict[str, Any]]:
    high, wide = picture.shape[:2]
    boxes = found.boxes.astype(float) * (wide, high, wide, high)
    for box, score, label in zip(boxes, found.scores, found.labels, strict=True):
        category = categories.get(_same(label))
        if category is not None:
            yield {
                "image_id": image,
                "category_id": category,
                "bbox": box.tolist(),
                "score": float(score),
            }


def _judge(truth: COCO, answers: list[dict[str, Any]]) -> tuple[float, float]:
    if not answers:
        return 0.0, 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        judge = COCOeval(truth, truth.loadRes(answers), "bbox")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    return float(judge.stats[0]), float(judge.stats[1])
