"""Judged incidents to a training set in YOLO or COCO form.

What is shown by a confirmed incident is labelled with what the tracker held. In a false alarm
the subject was not there: its boxes are left out, so that what remains, often nothing, teaches
the background. An incident that was dismissed because the act was allowed is left out whole.

All pictures of one camera and local day go to the same side, so that no scene is trained on and
judged on. The side follows from camera and day alone, so a set made again from more incidents
keeps what it had where it was (only where one side would be empty one camera-day is moved).
Nothing depends on the time or place of making it.
"""

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from core.messages import SeenObject
from wardwatch.teaching.lessons import Lesson, Picture, TeachingError, lessons

Format = Literal["yolo", "coco"]
Side = Literal["train", "val"]
SIDES: tuple[Side, Side] = ("train", "val")
ANNOTATIONS = "annotations.json"
SUMMARY = "dataset.json"

_SAME_IOU = 0.5


@dataclass(frozen=True)
class Example:
    """One picture and what is in it."""

    side: Side
    name: str
    source: Path
    picture: Picture
    objects: tuple[SeenObject, ...]


def export(
    root: Path,
    out: Path,
    classes: Sequence[str],
    *,
    form: Format = "yolo",
    since_ns: int = 0,
    val_share: float = 0.2,
) -> Mapping[str, Any]:
    """Write a training set.

    Args:
        root: ``data/teaching``.
        out: a directory that does not exist yet.
        classes: names in the order of the model's card; other objects are left out and counted.
        since_ns: only incidents judged since.
        val_share: wanted share of camera-days to judge on.

    Returns:
        What ``dataset.json`` says: counts, hashes, and ``sha256`` over all of it.

    Raises:
        TeachingError: nothing to learn from, a kept picture was changed, or ``out`` exists.
    """
    if out.exists():
        raise TeachingError(f"{out}: exists already; name a directory that does not")
    left_out: Counter[str] = Counter()
    chosen = [one for one in lessons(root) if one.judgement.at_ns >= since_ns]
    usable = []
    for lesson in chosen:
        if lesson.judgement.verdict == "allowed":
            left_out["allowed"] += 1
        else:
            usable.append(lesson)
    if not usable:
        raise TeachingError(
            f"{root}: no judged incident to learn from ({len(chosen)} were looked at); "
            "confirm incidents, or dismiss them as false alarms, while Wardwatch runs"
        )
    sides = _sides({(one.camera, one.day) for one in usable}, val_share)
    known = set(classes)
    examples = []
    for lesson in usable:
        for picture in lesson.pictures:
            objects = labelled(lesson, picture)
            left_out["objects_of_other_classes"] += sum(one.label not in known for one in objects)
            stem = f"{lesson.incident}-{Path(picture.file).stem}"
            examples.append(
                Example(
                    side=sides[lesson.camera, lesson.day],
                    name=stem,
                    source=root / lesson.incident / picture.file,
                    picture=picture,
                    objects=tuple(one for one in objects if one.label in known),
                )
            )
    fresh = out.with_name(f".{out.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        for side in SIDES:
            _write_side(fresh, side, [one for one in examples if one.side == side], classes, form)
        if form == "yolo":
            _write_text(fresh / "data.yaml", _data_yaml(classes))
        summary = _summary(fresh, examples, usable, classes, form, left_out)
        _write_text(fresh / SUMMARY, json.dumps(summary, ensure_ascii=False, indent=1) + "\n")
        fresh.replace(out)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return summary


def labelled(lesson: Lesson, picture: Picture) -> tuple[SeenObject, ...]:
    """The objects of a picture that a model is to find, by the verdict."""
    if lesson.judgement.verdict == "confirmed":
        return picture.objects
    wrong = [one.box for one in picture.objects if one.subject]
    return tuple(
        one
        for one in picture.objects
        if not one.subject and all(one.box.iou(box) < _SAME_IOU for box in wrong)
    )


def _sides(groups: Iterable[tuple[str, str]], share: float) -> dict[tuple[str, str], Side]:
    """Train or val of each camera-day; with two or more of them neither side is empty."""
    drawn = {group: draw(group) for group in sorted(groups)}
    sides: dict[tuple[str, str], Side] = {
        group: "val" if lot < share else "train" for group, lot in drawn.items()
    }
    if len(drawn) > 1:
        order = sorted(drawn, key=lambda group: (drawn[group], group))
        if "val" not in sides.values():
            sides[order[0]] = "val"
        if "train" not in sides.values():
            sides[order[-1]] = "train"
    return sides


def draw(group: tuple[str, str]) -> float:
    """A lot in 0..1 that depends on camera and day alone."""
    digest = hashlib.sha256("|".join(group).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _write_side(
    root: Path, side: Side, examples: Sequence[Example], classes: Sequence[str], form: Format
) -> None:
    folder = "images/" if form == "yolo" else ""
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    (root / side / folder).mkdir(parents=True)
    numbers = {label: number for number, label in enumerate(classes)}
    for example in examples:
        content = example.source.read_bytes() if example.source.is_file() else b""
        if hashlib.sha256(content).hexdigest() != example.picture.sha256:
            raise TeachingError(f"{example.source}: missing or changed; remove its folder")
        file = f"{folder}{example.name}.jpg"
        (root / side / file).write_bytes(content)
        wide, high = example.picture.width, example.picture.height
        images.append({"id": len(images) + 1, "file_name": file, "width": wide, "height": high})
        lines = []
        for one in example.objects:
            number, box = numbers[one.label], one.box
            x, y = box.centre
            lines.append(f"{number} {x:.6f} {y:.6f} {box.w:.6f} {box.h:.6f}\n")
            pixels = [box.x * wide, box.y * high, box.w * wide, box.h * high]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": number + 1,
                    "bbox": [round(value, 2) for value in pixels],
                    "area": round(pixels[2] * pixels[3], 2),
                    "iscrowd": 0,
                }
            )
        if form == "yolo":
            _write_text(root / side / "labels" / f"{example.name}.txt", "".join(lines))
    categories = [{"id": number + 1, "name": label} for label, number in numbers.items()]
    table = {"images": images, "annotations": annotations, "categories": categories}
    _write_text(root / side / ANNOTATIONS, json.dumps(table, ensure_ascii=False, indent=1) + "\n")


def _data_yaml(classes: Sequence[str]) -> str:
    names = "".join(
        f"  {number}: {json.dumps(label, ensure_ascii=False)}\n"
        for number, label in enumerate(classes)
    )
    return f"train: train/images\nval: val/images\nnames:\n{names}"


def _summary(
    root: Path,
    examples: Sequence[Example],
    used: Sequence[Lesson],
    classes: Sequence[str],
    form: Format,
    left_out: Mapping[str, int],
) -> dict[str, Any]:
    files = {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
    whole = "".join(f"{digest}  {name}\n" for name, digest in files.items())
    return {
        "schema": 1,
        "format": form,
        "sha256": hashlib.sha256(whole.encode()).hexdigest(),
        "classes": list(classes),
        "incidents": len(used),
        "confirmed": sum(one.judgement.verdict == "confirmed" for one in used),
        "false_alarms": sum(one.judgement.verdict == "false_alarm" for one in used),
        "pictures": {side: sum(one.side == side for one in examples) for side in SIDES},
        "objects": {
            side: sum(len(one.objects) for one in examples if one.side == side) for side in SIDES
        },
        "left_out": dict(sorted(left_out.items())),
        "files": files,
    }


def _write_text(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
