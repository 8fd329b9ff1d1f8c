"""The whole loop of teaching, on simulated scenes and with the product's own commands.

    python -m bench.teaching WORK_DIR [--seconds 150] [--base-epochs 6] [--epochs 20]

Needs the extra ``wardwatch[train]``. Weights to begin with cannot be had without a network, so a
base is trained first on drawn scenes of other places, from random weights. Then the demo runs, its
incidents are confirmed or dismissed over the console's API, and ``models dataset``, ``train``,
``evaluate``, ``promote`` and ``rollback`` do the rest. Both models are judged on pictures of the
demo's scenes played with another seed, held against the truth of the drawing. Every stage that
WORK_DIR already has is kept.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import cv2
import httpx

from models import training
from models.store import Store
from sim import scenes
from sim.base import ScenePicture
from sim.scenarios.suite import SUITE
from wardwatch import demo

SIDE = 256
_EVERY_S = 4.0
_SCENARIOS = 24
_HELD_OUT_S = 90
_DISMISSED = "occupation"
"""Kind whose incidents are dismissed as false alarms, so that both verdicts are taught."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("work", type=Path)
    parser.add_argument("--seconds", type=float, default=150, help="length of the demo")
    parser.add_argument("--base-epochs", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=20)
    asked = parser.parse_args()
    work: Path = asked.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    os.environ["WARDWATCH_MODEL_DIR"] = str(work / "models")
    classes = Store().default().classes
    if not (work / "base").exists():
        _draw(work / "base", "train", _others(), classes)
        _draw(work / "base", "val", islice(_others(1), 0, None, 10), classes)
    if not (work / "held-out").exists():
        _draw(work / "held-out", "val", _again(), classes)
    if not _known("base"):
        _base(work / "base", work / "models/runs/base", asked.base_epochs)
    config, data = work / "config", work / "demo"
    if not config.exists():
        _run_demo(data, asked.seconds)
        _configure(config, data)
    if not (work / "set").exists():
        _models("dataset", "--config", config, "--out", work / "set", "--val", 0.25)
    held_out, weights = work / "held-out" / "val", work / "models/runs/base/run/weights/best.pt"
    if not _known("town"):
        _models("train", work / "set", "--name", "town", "--base", weights,
                "--epochs", asked.epochs, "--side", SIDE)  # fmt: skip
    audited = ("--config", config)
    _models("promote", "base", *audited, "--anyway", "what the town's model begins with")
    _models("promote", "town", *audited, may_fail=True)  # nothing was measured on the same yet
    for name in ("yolox-nano", "base", "town"):
        _models("evaluate", name, held_out)
    _models("promote", "town", *audited, may_fail=True)  # unless it gained, which this shows
    _models("promote", "town", *audited, "--anyway", "to show the way back", may_fail=True)
    _models("rollback", *audited, "--reason", "to show that it goes back")
    _models("rollback", *audited, "--reason", "to leave all as it was")
    return 0


def _base(dataset: Path, out: Path, epochs: int) -> None:
    """Weights to begin with, by steps as large as only random weights bear."""
    model = training.load("yolo11n.yaml")
    model.train(
        data=str(dataset / "data.yaml"), epochs=epochs, imgsz=SIDE, batch=4, device="cpu",
        optimizer="AdamW", lr0=0.002, warmup_epochs=1, mosaic=0.0, seed=0, workers=0,
        project=str(out), name="run", exist_ok=True, plots=False,
    )  # fmt: skip
    made = training.export(str(model.trainer.best), side=SIDE)
    Store().import_file(made, "base", licence=training.LICENCE)


def _known(name: str) -> bool:
    return any(one.name == name for one in Store().listing())


def _models(*words: object, may_fail: bool = False) -> None:
    line = [sys.executable, "-m", "wardwatch", "models", *map(str, words)]
    print("$ wardwatch", *line[3:], flush=True)
    began = time.perf_counter()
    subprocess.run(line, check=not may_fail)
    print(f"  ({time.perf_counter() - began:.0f} s)", flush=True)


def _others(number: int = 0) -> Iterator[ScenePicture]:
    """Pictures of the scenario suite: other places than the demo's."""
    step = max(1, len(SUITE) // _SCENARIOS)
    for scenario in SUITE[number::step]:
        play = scenario.play()
        for frame, shown in play.pictures():
            if frame.index % round(_EVERY_S * 5) == 0 and shown.objects:
                yield shown


def _again() -> Iterator[ScenePicture]:
    """Pictures of the demo's scenes by another seed."""
    for scene in scenes.demo(seed=41, fps=5.0).values():
        for _ in range(round(_HELD_OUT_S * scene.fps)):
            shown = scene.step()
            if shown.index % round(_EVERY_S * scene.fps) == 0 and shown.objects:
                yield shown


def _draw(root: Path, side: str, shown: Iterable[ScenePicture], classes: tuple[str, ...]) -> None:
    """Pictures with their truth, in YOLO and COCO form, as ``models dataset`` writes them."""
    folder = root / side
    (folder / "images").mkdir(parents=True)
    (folder / "labels").mkdir()
    numbers = {label: number for number, label in enumerate(classes)}
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for one in shown:
        high, wide = one.picture.shape[:2]
        name = f"{len(images):05d}"
        cv2.imwrite(str(folder / "images" / f"{name}.jpg"), one.picture)
        image = {"file_name": f"images/{name}.jpg", "width": wide, "height": high}
        images.append({"id": len(images) + 1, **image})
        lines = []
        for thing in one.objects:
            if thing.label not in numbers:
                continue
            number, box = numbers[thing.label], thing.box
            x, y = box.centre
            lines.append(f"{number} {x:.6f} {y:.6f} {box.w:.6f} {box.h:.6f}\n")
            pixels = [box.x * wide, box.y * high, box.w * wide, box.h * high]
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": len(images),
                    "category_id": number + 1,
                    "bbox": pixels,
                    "area": pixels[2] * pixels[3],
                    "iscrowd": 0,
                }
            )
        (folder / "labels" / f"{name}.txt").write_text("".join(lines))
    categories = [{"id": number + 1, "name": label} for label, number in numbers.items()]
    table = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(table))
    names = "".join(f"  {number}: {json.dumps(label)}\n" for label, number in numbers.items())
    (root / "data.yaml").write_text(f"train: train/images\nval: val/images\nnames:\n{names}")
    print(f"{folder}: {len(images)} pictures, {len(annotations)} objects", flush=True)


def _run_demo(data: Path, seconds: float) -> None:
    """Run the demo and judge every incident as it comes, as a person at the desk would."""
    with (
        demo.running(data, model="yolox-nano", port=0) as running,
        httpx.Client(base_url=f"{running.url}/api/v1") as client,
    ):
        signed = client.post("/session", json={"name": running.user, "password": running.password})
        client.headers["x-csrf-token"] = signed.json()["csrf"]
        until = time.monotonic() + seconds
        judged: set[str] = set()
        while time.monotonic() < until:
            time.sleep(5)
            for one in client.get("/incidents", params={"open": True}).json()["items"]:
                # A clip that is sealed shows the moment; without it there is nothing to keep.
                if one["id"] in judged or not one["evidence"]:
                    continue
                wrong = one["kind"] == _DISMISSED
                act = {
                    "action": "dismiss" if wrong else "close",
                    "reason": "误报" if wrong else "属实",
                }
                answer = client.post(f"/incidents/{one['id']}/actions", json=act)
                print(f"  {one['kind']} at {one['camera']}: {act['action']} {answer.status_code}")
                judged.add(one["id"])
        lessons = data / "teaching"
        for _ in range(60):
            if len(list(lessons.glob("*/lesson.json"))) >= len(judged):
                break
            time.sleep(1)


def _configure(config: Path, data: Path) -> None:
    """The demo's configuration with the data directory of this run."""
    config.mkdir()
    for file in demo.CONFIG.iterdir():
        text = file.read_text(encoding="utf-8")
        if file.name == "township.yaml":
            text = text.replace("data_dir: var", f"data_dir: {data}")
        (config / file.name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
