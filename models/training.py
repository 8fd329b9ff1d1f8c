"""Fine-tuning and export with ultralytics, an extra: ``pip install 'wardwatch[train]'``.

Ultralytics and what is trained with it stand under AGPL-3.0; Wardwatch itself never needs it.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from models.errors import ModelError

DATA = "data.yaml"
LICENCE = "AGPL-3.0"


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
    for part in ("train", "val"):
        if not any((dataset / part / "images").glob("*.jpg")):
            raise ModelError(
                f"{dataset}: no pictures to {part} with; judged incidents of two days or two "
                "cameras are the least"
            )
    model = _load(base)
    try:
        model.train(
            data=str((dataset / DATA).resolve()),
            epochs=epochs,
            imgsz=side,
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
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"{dataset}: cannot be trained on: {error}") from error
    return export(str(best), side=side)


def export(weights: str, *, side: int = 640, prompts: Sequence[str] = ()) -> Path:
    """Weights to an ONNX file that ``models import`` takes, beside them.

    Args:
        prompts: class names for an open-vocabulary model (YOLO-World, YOLOE); they are built
            into the file.

    Raises:
        ModelError: the extra is missing, the weights cannot be used, or take no prompts.
    """
    model = _load(weights)
    try:
        if prompts:
            if not hasattr(model, "set_classes"):
                raise ModelError(f"{weights}: takes no prompts; use YOLO-World or YOLOE weights")
            model.set_classes(list(prompts))
        return Path(model.export(format="onnx", imgsz=side, simplify=False)).resolve()
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"{weights}: cannot be exported: {error}") from error


def _load(weights: str) -> Any:
    try:
        ultralytics = importlib.import_module("ultralytics")
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
    except (RuntimeError, ValueError, OSError) as error:
        raise ModelError(f"{weights}: cannot be loaded: {error}") from error
