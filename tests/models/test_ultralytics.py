"""Our decoding against ultralytics' own results, on models with random weights; and training.

Collected only where the extra ``wardwatch[train]`` is installed (see ``conftest.py``): the
product runs without it, so its absence is no failure.
"""

import importlib
import sys
from pathlib import Path
from types import ModuleType

import cv2
import numpy as np
import pytest
import torch
from ultralytics import RTDETR, YOLO
from ultralytics.engine.results import Boxes

from detectors.backends.onnx import OnnxBackend
from detectors.families.base import Family
from detectors.families.registry import family_of
from detectors.letterbox import Letterbox
from detectors.overlap import distinct
from models import training
from models.store import Store

SIDE = 320
CLASSES = 80
SIZES = ((640, 360), (240, 480))
SCORES = {"yolo": 0.05, "rtdetr": 0.005}
"""Of untrained queries RT-DETR makes no more than a hundredth."""
IOU = 0.55
SAME_SCORE = 5e-4
"""From the same input, to the bit, sessions that split their sums among other numbers of threads
differ by up to 2e-4 (YOLOE-26, whose random weights make much of little)."""
PROMPTS = ("fishing rod", "fishing net", "garbage bag")


def drawn(width: int, height: int, seed: int = 7) -> np.ndarray:
    """A picture with shapes in it, the same every time."""
    generator = np.random.default_rng(seed)
    picture = cv2.resize(
        generator.integers(0, 255, (9, 16, 3), np.uint8), (width, height), interpolation=1
    )
    for _ in range(12):
        x, y = (int(v) for v in generator.integers(0, [width - 60, height - 60]))
        colour = tuple(int(v) for v in generator.integers(0, 255, 3))
        cv2.rectangle(picture, (x, y), (x + 40, y + 55), colour, -1)
    return np.asarray(picture, np.uint8)


def enliven(model: YOLO) -> None:
    """Make random weights answer with what is in the picture, and with scores of all sizes."""
    generator = torch.Generator().manual_seed(3)
    network = model.model
    settle(network)
    weights = []
    for name, value in network.named_parameters():
        bias = name.endswith("bias") and value.ndim == 1
        if "cv3." in name and value.shape[0] == CLASSES:
            if bias:
                value.data = torch.randn(value.shape, generator=generator) - 3
            else:
                weights.append(value)
        if "cv2." in name and bias and value.shape[0] == 4:
            value.data += 8  # YOLO26 gives distances as they are; no box is inside out
    while highest(network) > 0.95:  # scores that are all 1 have no order to compare
        for value in weights:
            value.data *= 0.7


def settle(network: torch.nn.Module) -> None:
    """Let the normalisations learn from a few pictures."""
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the mean of all that it was shown
    network.train()
    with torch.no_grad():
        for number in range(3):
            shown = drawn(SIDE, SIDE, seed=number)[None].transpose(0, 3, 1, 2) / np.float32(255)
            network(torch.from_numpy(shown).repeat(2, 1, 1, 1))
    network.eval()


def highest(network: torch.nn.Module) -> float:
    """The best score of a few pictures; a row is a box, its score and class, or all scores."""
    best = 0.0
    for size in SIZES:
        box = Letterbox.fit(size[::-1], (SIDE, SIDE), centred=True)
        shown = box.paint(drawn(*size), (SIDE, SIDE), 114)[None].transpose(0, 3, 1, 2)
        with torch.no_grad():
            answer = network(torch.from_numpy(shown[:, ::-1] / np.float32(255)))
        table = answer[0] if isinstance(answer, tuple | list) else answer
        scores = table[..., 4] if table.shape[-1] == 6 else table[:, 4:]
        best = max(best, float(scores.max()))
    return best


@pytest.mark.parametrize(
    ("configuration", "nms", "family"),
    [
        ("yolov8n.yaml", None, "yolo"),
        ("yolo11n.yaml", None, "yolo"),
        ("yolo26n.yaml", None, "yolo"),
        ("yolo26n.yaml", False, "yolo"),
        ("rtdetr-l.yaml", None, "rtdetr"),
    ],
)
def test_decodes_what_ultralytics_decodes(
    configuration: str,
    nms: bool | None,
    family: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(5)
    kind = RTDETR if family == "rtdetr" else YOLO
    model = kind(configuration)
    if family == "yolo":
        enliven(model)
    score = SCORES[family]
    made = Path(
        model.export(
            format="onnx", imgsz=SIDE, simplify=False, opset=17, nms=nms, verbose=False,
            max_det=300,
        )
    ).resolve()  # fmt: skip
    card = Store(tmp_path / "cache").import_file(made, "made")
    assert card.family == family
    assert len(card.classes) == CLASSES
    backend = OnnxBackend(card.path)
    reader = family_of(card)
    peer = RTDETR(str(made)) if family == "rtdetr" else YOLO(str(made), task="detect")
    for size in SIZES:
        picture = drawn(*size)
        agree(configuration, peer, backend, reader, picture, score)


class Words:
    """Stands in for the text network, whose weights are not at hand: a chance vector a word."""

    def tokenize(self, texts: list[str]) -> torch.Tensor:
        return torch.arange(len(texts))[:, None]

    def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
        vectors = torch.randn(len(PROMPTS), 512, generator=torch.Generator().manual_seed(4))
        return torch.nn.functional.normalize(vectors[tokens[:, 0]], dim=-1)


@pytest.mark.parametrize(
    "configuration",
    ["yolov8s-worldv2.yaml", "yoloe-v8s.yaml", "yoloe-11s.yaml", "yoloe-26s.yaml"],
)
def test_prompts_become_the_classes_of_an_open_vocabulary(
    configuration: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "clip", ModuleType("clip"))  # asked for, not used
    text_model = importlib.import_module("ultralytics.nn.text_model")
    monkeypatch.setattr(text_model, "build_text_model", lambda *_, **__: Words())
    torch.manual_seed(5)
    model = training.load(configuration)
    model.set_classes(["one", "two", "three"])
    wake(model.model)
    weights = tmp_path / configuration.replace(".yaml", ".pt")
    model.save(weights)
    made = training.export(str(weights), side=SIDE, prompts=PROMPTS)
    card = Store(tmp_path / "cache").import_file(made, "gear")
    assert card.family == "yolo"
    assert card.classes == PROMPTS
    peer = YOLO(str(made), task="detect")
    assert tuple(peer.names.values()) == PROMPTS
    backend, reader = OnnxBackend(card.path), family_of(card)
    for size in SIZES:
        agree(configuration, peer, backend, reader, drawn(*size), SCORES["yolo"])


def wake(network: torch.nn.Module) -> None:
    """Untrained, such heads answer every word with next to nothing."""
    settle(network)
    scales = []
    for name, value in network.named_parameters():
        if "cv4." in name and name.endswith(".bias") and value.numel() == 1:
            value.data.fill_(-2.0)
        if name.endswith("logit_scale"):
            value.data.fill_(1.0)
            scales.append(value)
        if "cv2." in name and name.endswith("bias") and value.numel() == 4:
            value.data += 8
    while highest(network) > 0.95:
        for value in scales:
            value.data -= 0.5


def agree(
    what: str, peer: YOLO, backend: OnnxBackend, reader: Family, picture: np.ndarray, score: float
) -> None:
    """Both read the same out of one picture."""
    theirs = peer.predict(
        picture, imgsz=SIDE, conf=score, iou=IOU, max_det=1000, verbose=False
    )[0].boxes  # fmt: skip
    corners, scores, classes = ours(backend, reader, picture, score)
    same, worst_px = compare((corners, scores, classes), theirs)
    print(
        f"{what} {picture.shape}: {len(scores)} ours, {len(theirs)} theirs, "
        f"{same} the same, corners within {worst_px:.3f} px"
    )
    assert len(theirs) >= 5
    # Where two scores are equal either of two boxes may be the one that stays.
    assert same >= 0.99 * len(theirs)
    assert abs(len(scores) - len(theirs)) <= 0.01 * len(theirs)


Found = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Corners in pixels of the picture, scores and class numbers."""


def ours(backend: OnnxBackend, reader: Family, picture: np.ndarray, score: float) -> Found:
    """What our decoder reads, before boxes are cut at the border of the picture."""
    entry = reader.entry
    target = (SIDE, SIDE)
    box = Letterbox.fit(picture.shape[:2], target, centred=entry.centred, bent=entry.bent)
    canvas = box.paint(picture, target, entry.fill)[..., ::-1].astype(np.float32) * entry.scale
    outputs = backend.run(np.ascontiguousarray(canvas.transpose(2, 0, 1)[None]))
    raw = reader.decode(outputs, 0, target, score)
    sizes = np.concatenate([raw.xyxy[:, :2], raw.xyxy[:, 2:] - raw.xyxy[:, :2]], axis=1)
    kept = np.arange(len(raw.scores))
    if not raw.distinct:
        sizes[:, :2] -= sizes[:, :2].min(axis=0)  # nothing beyond the border, as in the engine
        kept = distinct(sizes, raw.scores, raw.classes, IOU)
    high, wide = picture.shape[:2]
    xywh = box.unfit(raw.xyxy[kept]) * np.array([wide, high] * 2, np.float32)
    corners = np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1)
    return corners, raw.scores[kept], raw.classes[kept]


def compare(mine: Found, theirs: Boxes) -> tuple[int, float]:
    """How many of theirs are among ours, and the largest distance of a corner in pixels."""
    corners, scores, classes = mine
    same, worst = 0, 0.0
    high, wide = theirs.orig_shape
    borders = [wide, high, wide, high]
    corners = corners.clip(0, borders)  # as theirs are; the engine cuts ours later
    for box, score, number in zip(
        theirs.xyxy.numpy(), theirs.conf.numpy(), theirs.cls.numpy(), strict=True
    ):
        box = box.clip(0, borders)  # but RT-DETR's are not
        alike = (classes == int(number)) & (np.abs(scores - score) < SAME_SCORE)
        off = np.abs(corners[alike] - box).max(axis=1)
        if len(off) and off.min() < 0.5:
            same += 1
            worst = max(worst, float(off.min()))
    return same, worst
