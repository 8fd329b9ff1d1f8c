"""Fine-tuning and export with ultralytics, an extra: ``pip install 'wardwatch[train]'``.

Ultralytics and what is trained with it stand under AGPL-3.0; Wardwatch itself never needs it.
It works without a network: nothing is reported, installed or fetched but weights that are named
and not there.
"""

import importlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.cache import default_directory
from models.errors import ModelError

DATA = "data.yaml"
PARTS = ("train", "val")
LICENCE = "AGPL-3.0"
_QUIET = {
    "YOLO_OFFLINE": "true",  # no telemetry, no looking for newer versions
    "YOLO_AUTOINSTALL": "false",  # it would run pip in the middle of the work
}
_WRONG = (RuntimeError, ValueError, OSError, ImportError, AssertionError)
"""What ultralytics raises over files and settings that cannot be used."""


def train(
    dataset: Path,
    base: str,
    out: Path,
    *,
    epochs: int = 50,
    side: int = 640,
    device: str = "cpu",
) -> Path:
    """Fine-tune on a data set in YOLO form and export the best weights.

    Args:
        dataset: directory with ``data.yaml``.
        base: weights (``.pt``) to begin with, or a configuration (``yolo26n.yaml``) for none.
        out: directory for runs and weights.
        side: side of the square input in pixels.

    Returns:
        The ONNX file.

    Raises:
        ModelError: the extra is missing, or the data set or the base cannot be used.
    """
    if not (dataset / DATA).is_file():
        raise ModelError(f"{dataset}: no {DATA}; make it with `models dataset --format yolo`")
    counts = {part: len(list((dataset / part / "images").glob("*.jpg"))) for part in PARTS}
    for part, count in counts.items():
        if count == 0:
            raise ModelError(
                f"{dataset}: no pictures to {part} with; judged incidents of two days or two "
                "cameras are the least"
            )
    model = load(base)
    try:
        model.train(
            data=str((dataset / DATA).resolve()),
            epochs=epochs,
            imgsz=side,
            batch=_batch(counts["train"]),
            device=device,
            project=str(out.resolve()),
            name="run",
            exist_ok=True,
            seed=0,
            deterministic=True,
            workers=0,
            plots=False,
        )
        best = Path(model.trainer.best)
    except _WRONG as error:
        raise ModelError(f"{dataset}: cannot be trained on: {error}") from error
    return export(str(best), side=side)


def _batch(pictures: int) -> int:
    """Pictures a step: 16, fewer where an epoch would be less than eight steps."""
    return max(4, min(16, pictures // 8))


def export(weights: str, *, side: int = 640, prompts: Sequence[str] = ()) -> Path:
    """Weights to an ONNX file that ``models import`` takes, beside them.

    Args:
        prompts: class names for an open-vocabulary model (YOLO-World, YOLOE); they are built
            into the file.

    Raises:
        ModelError: the extra is missing, the weights cannot be used, or take no prompts.
    """
    model = load(weights)
    try:
        if prompts:
            if not hasattr(model, "set_classes"):
                raise ModelError(f"{weights}: takes no prompts; use YOLO-World or YOLOE weights")
            model.set_classes(list(prompts))
        return Path(model.export(format="onnx", imgsz=side, simplify=False)).resolve()
    except _WRONG as error:
        raise ModelError(f"{weights}: cannot be exported: {error}") from error


def load(weights: str) -> Any:
    """A model of ultralytics, from weights or a configuration.

    Raises:
        ModelError: the extra is missing, or the weights cannot be used.
    """
    try:
        ultralytics = _library()
    except ImportError as error:
        raise ModelError(
            f"training and export need the extra `train` ({error}); install it with "
            "pip install 'wardwatch[train]' (it brings PyTorch)"
        ) from None
    lowered = Path(weights).name.lower()
    kind = "RTDETR" if "rtdetr" in lowered else "YOLO"
    if "world" in lowered:
        kind = "YOLOWorld"
    elif "yoloe" in lowered:
        kind = "YOLOE"
    try:
        return getattr(ultralytics, kind)(weights)
    except _WRONG as error:
        raise ModelError(
            f"{weights}: cannot be loaded: {error}; name a file of weights that is here "
            "(without a network none is fetched)"
        ) from error


def _library() -> Any:
    """Ultralytics, kept from reaching out by itself."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    settings = default_directory() / "ultralytics"
    settings.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("YOLO_CONFIG_DIR", str(settings))
    ultralytics = importlib.import_module("ultralytics")
    # It fetches a font before training, for plots that are not made here.
    utils: Any = importlib.import_module("ultralytics.data.utils")
    utils.check_font = lambda *_: None
    return ultralytics
