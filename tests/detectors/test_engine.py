"""The engine, its decoders and the service in front of it."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from core.model import ModelCard
from detectors.engine import Engine
from detectors.errors import ModelFileError
from detectors.families.centernet import Centernet
from detectors.families.rtdetr import RtDetr
from detectors.families.yolo import Yolo
from detectors.families.yolox import Yolox, grid
from detectors.letterbox import Letterbox
from tests.detectors.detector_kit import assets, card, nano

SIZE = (64, 64)


def made_card(path: Path, family: str = "yolo", classes: tuple[str, ...] = ("a", "b")) -> ModelCard:
    return ModelCard(
        name="made", family=family, path=path, sha256="0" * 64, licence="none",
        classes=classes, input_size=SIZE,
    )  # fmt: skip


def graph(path: Path, answer: np.ndarray, batch: int | str) -> Path:
    """A model whose answer depends on the mean of its picture: score = mean / 255."""
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=1),
        helper.make_node("Squeeze", ["mean", "axis"], ["level"]),
        helper.make_node("Mul", ["level", "table"], ["output"]),
    ]
    constants = [
        helper.make_tensor("axis", TensorProto.INT64, [1], [3]),
        helper.make_tensor("table", TensorProto.FLOAT, answer.shape, answer.ravel()),
    ]
    inputs = [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, 3, *SIZE])]
    shape = [batch, *answer.shape]
    outputs = [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)]
    made = helper.make_model(
        helper.make_graph(nodes, "made", inputs, outputs, constants),
        opset_imports=[helper.make_opsetid("", 13)],
        ir_version=8,
    )
    onnx.save(made, str(path))
    return path


TABLE = np.array([[32.0], [32.0], [32.0], [16.0], [1.0], [0.2]], np.float32)
"""One candidate: centre (32, 32), 32 wide, 16 high, scores 1 and 0.2, all times the level."""


def white(value: int = 255) -> np.ndarray:
    return np.full((64, 64, 3), value, np.uint8)


@pytest.mark.parametrize("batch", [1, "batch"])
def test_answers_belong_to_their_pictures(tmp_path: Path, batch: int | str) -> None:
    engine = Engine(made_card(graph(tmp_path / "m.onnx", TABLE, batch)))
    bright, dark, half = engine.detect([white(), white(0), white(128)])
    assert len(dark) == 0
    assert bright.labels == half.labels == ("a",)
    np.testing.assert_allclose(bright.boxes, [[0.25, 0.375, 0.5, 0.25]], atol=1e-6)
    np.testing.assert_allclose(half.scores, [128 / 255], atol=1e-5)


def test_missing_file_is_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"gone\.onnx is missing.*models pull"):
        Engine(made_card(tmp_path / "gone.onnx"))


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x08\x07" * 500])
def test_corrupt_file_is_one_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"bad\.onnx cannot be loaded"):
        Engine(made_card(path))


@pytest.mark.parametrize("family", ["yolox", "centernet"])
def test_wrong_family_is_named(tmp_path: Path, family: str) -> None:
    engine = Engine(made_card(graph(tmp_path / "m.onnx", TABLE, 1), family))
    with pytest.raises(ModelFileError, match="`family` on its card"):
        engine.detect([white()])


def test_too_few_class_names_are_named(tmp_path: Path) -> None:
    table = TABLE.copy()
    table[4:, 0] = 0.2, 1.0
    engine = Engine(made_card(graph(tmp_path / "m.onnx", table, 1), classes=("a",)))
    with pytest.raises(ModelFileError, match="`classes` on its card"):
        engine.detect([white()])


corners = st.tuples(st.floats(0, 50), st.floats(0, 50), st.floats(4, 14), st.floats(4, 14)).map(
    lambda b: np.array([b[0], b[1], b[0] + b[2], b[1] + b[3]], np.float32)
)


@given(corners, st.integers(0, 83), st.integers(0, 2))
def test_yolox_undoes_its_encoding(xyxy: np.ndarray, cell: int, kind: int) -> None:
    cells, strides = grid(SIZE)
    rows = np.zeros((len(cells), 8), np.float32)
    centre, size = (xyxy[:2] + xyxy[2:]) / 2, xyxy[2:] - xyxy[:2]
    rows[cell, :2] = centre / strides[cell] - cells[cell]
    rows[cell, 2:4] = np.log(size / strides[cell])
    rows[cell, 4], rows[cell, 5 + kind] = 0.8, 0.5
    raw = Yolox().decode({"output": rows[None]}, 0, SIZE, 0.3)
    np.testing.assert_allclose(raw.xyxy, [xyxy], atol=1e-3)
    np.testing.assert_allclose(raw.scores, [0.4], atol=1e-6)
    assert raw.classes.tolist() == [kind]


@given(corners, st.integers(0, 15), st.integers(0, 15), st.booleans())
def test_centernet_measures_from_the_peak(
    xyxy: np.ndarray, x: int, y: int, channels_first: bool
) -> None:
    peaks, sides = np.zeros((16, 16, 3), np.float32), np.zeros((16, 16, 4), np.float32)
    peaks[y, x, 2] = 0.7
    sides[y, x] = 4 * x - xyxy[0], 4 * y - xyxy[1], xyxy[2] - 4 * x, xyxy[3] - 4 * y
    if channels_first:
        peaks, sides = peaks.transpose(2, 0, 1), sides.transpose(2, 0, 1)
    outputs = {"tower_0/keypoints": peaks[None], "tower_0/wh": sides[None]}
    raw = Centernet().decode(outputs, 0, SIZE, 0.3)
    np.testing.assert_allclose(raw.xyxy, [xyxy], atol=1e-4)
    assert raw.classes.tolist() == [2]


@given(corners)
def test_yolo_shapes_agree(xyxy: np.ndarray) -> None:
    flat = np.zeros((1, 6, 9), np.float32)
    flat[0, :4, 5] = (*(xyxy[:2] + xyxy[2:]) / 2, *(xyxy[2:] - xyxy[:2]))
    flat[0, 5, 5] = 0.9
    ready = np.zeros((1, 300, 6), np.float32)
    ready[0, 0] = (*xyxy, 0.9, 1)
    for answer in (flat, ready):
        raw = Yolo().decode({"output0": answer}, 0, SIZE, 0.3)
        np.testing.assert_allclose(raw.xyxy, [xyxy], atol=1e-4)
        assert raw.classes.tolist() == [1]


@given(corners, st.integers(0, 1), st.floats(0.31, 0.99))
def test_rtdetr_shapes_agree(xyxy: np.ndarray, kind: int, score: float) -> None:
    part = (*(xyxy[:2] + xyxy[2:]) / 2 / SIZE[0], *(xyxy[2:] - xyxy[:2]) / SIZE[0])
    boxes, logits = np.zeros((1, 9, 4), np.float32), np.full((1, 9, 2), -9.0, np.float32)
    boxes[0, 4], logits[0, 4, kind] = part, np.log(score / (1 - score))
    scores = 1 / (1 + np.exp(-logits))
    ranked = np.zeros((1, 9, 6), np.float32)
    ranked[0, 0] = (*part, score, kind)
    for outputs in (
        {"logits": logits, "pred_boxes": boxes},
        {"pred_logits": logits, "pred_boxes": boxes},
        {"output0": np.concatenate([boxes, scores], axis=2)},
        {"output0": ranked},
    ):
        raw = RtDetr().decode(outputs, 0, SIZE, 0.3)
        np.testing.assert_allclose(raw.xyxy, [xyxy], atol=1e-4)
        np.testing.assert_allclose(raw.scores, [score], atol=1e-4)
        assert raw.classes.tolist() == [kind]
        assert raw.distinct


def test_rtdetr_gives_a_query_every_class_it_scores() -> None:
    boxes, logits = np.full((1, 1, 4), 0.5, np.float32), np.full((1, 1, 3), 2.0, np.float32)
    raw = RtDetr().decode({"logits": logits, "pred_boxes": boxes}, 0, SIZE, 0.3)
    assert raw.classes.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    "outputs",
    [
        {"output0": np.full((1, 9, 6), 40.5, np.float32)},
        {"output0": np.zeros((1, 9, 4), np.float32)},
        {"a": np.zeros((1, 9, 6), np.float32), "b": np.zeros((1, 9, 6), np.float32)},
        {"logits": np.zeros((1, 9, 2), np.float32), "boxes": np.zeros((1, 8, 4), np.float32)},
    ],
)
def test_rtdetr_refuses_what_is_not_its_own(outputs: dict[str, np.ndarray]) -> None:
    with pytest.raises(ValueError, match="expected"):
        RtDetr().decode(outputs, 0, SIZE, 0.3)


@given(st.integers(40, 2000), st.integers(40, 2000))
def test_bent_letterbox_comes_back(width: int, height: int) -> None:
    box = Letterbox.fit((height, width), (320, 416), centred=False, bent=True)
    half = np.array([[0, 0, 208, 160]], np.float32)
    np.testing.assert_allclose(box.unfit(half), [[0, 0, 0.5, 0.5]], atol=1e-4)
    canvas = box.paint(np.full((height, width, 3), 9, np.uint8), (320, 416), 114)
    assert (canvas == 9).all()


@given(st.integers(40, 2000), st.integers(40, 2000), st.booleans())
def test_letterbox_comes_back(width: int, height: int, centred: bool) -> None:
    box = Letterbox.fit((height, width), (416, 416), centred=centred)
    whole = np.array([[0, 0, width, height]], np.float32) * box.scale
    whole += np.array([box.left, box.top] * 2, np.float32)
    np.testing.assert_allclose(box.unfit(whole), [[0, 0, 1, 1]], atol=1e-4)
    canvas = box.paint(np.zeros((height, width, 3), np.uint8), (416, 416), 114)
    assert canvas.shape == (416, 416, 3)


def test_several_callers_do_not_disturb_each_other(tmp_path: Path) -> None:
    engine = Engine(made_card(graph(tmp_path / "m.onnx", TABLE, 1)))

    def ask(level: int) -> list[float]:
        return [float(engine.detect([white(level)])[0].scores[0]) for _ in range(20)]

    levels = [40, 80, 160, 240]
    with ThreadPoolExecutor(len(levels)) as pool:
        for level, scores in zip(levels, pool.map(ask, levels), strict=True):
            np.testing.assert_allclose(scores, [level / 255] * 20, atol=1e-4)


def test_a_wide_picture_after_a_tall_one_leaves_nothing_behind(tmp_path: Path) -> None:
    engine = Engine(made_card(graph(tmp_path / "m.onnx", TABLE, 1), "yolo"))
    wide = np.zeros((32, 64, 3), np.uint8)
    before = engine.detect([wide])[0].scores
    engine.detect([white()])
    np.testing.assert_array_equal(engine.detect([wide])[0].scores, before)


@pytest.mark.assets
def test_yolox_nano_sees_what_is_annotated() -> None:
    engine = Engine(nano(), min_score=0.3)
    picture = cv2.imread(str(assets() / "coco/000000000139.jpg"))
    assert {"person", "tv", "chair"} <= set(engine.detect([picture])[0].labels)
    assert engine.label.startswith("yolox-nano@695e750a")


@pytest.mark.assets
def test_card_of_another_family_is_refused() -> None:
    path = nano().path
    engine = Engine(card(path, "yolo", (416, 416)))
    with pytest.raises(ModelFileError):
        engine.detect([white()])
