"""OpenVINO itself: what it sees in photographs is what ONNX Runtime sees."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.model import ModelCard
from core.seeing import Detections
from detectors.engine import Engine
from detectors.errors import ModelFileError
from tests.detectors.detector_kit import assets, mobile, nano

PHOTOGRAPHS = 3


def photographs() -> list[np.ndarray]:
    paths = sorted((assets() / "coco").glob("*.jpg"))[:PHOTOGRAPHS]
    assert len(paths) == PHOTOGRAPHS
    return [cv2.imread(str(path)) for path in paths]


def agree(one: Detections, other: Detections) -> None:
    """The same things; who is nearly alike in score may change places."""
    assert len(one) == len(other) > 0
    order, theirs = (
        sorted(range(len(found)), key=lambda i: (found.labels[i], *np.round(found.boxes[i], 2), i))
        for found in (one, other)
    )
    assert [one.labels[i] for i in order] == [other.labels[i] for i in theirs]
    np.testing.assert_allclose(one.scores[order], other.scores[theirs], atol=1e-3)
    np.testing.assert_allclose(one.boxes[order], other.boxes[theirs], atol=2e-3)


@pytest.mark.assets
@pytest.mark.parametrize("model", [nano, mobile])
def test_sees_what_onnx_runtime_sees(model: type[ModelCard]) -> None:
    usual = Engine(model(), runtime="onnxruntime", min_score=0.25)
    other = Engine(model(), runtime="openvino", min_score=0.25)
    assert usual.input_size == other.input_size
    shown = photographs()
    expected = usual.detect(shown)
    for one, answer in zip(expected, other.detect(shown), strict=True):
        agree(answer, one)
    with ThreadPoolExecutor(4) as threads:  # a request belongs to one thread
        for number, found in enumerate(
            threads.map(lambda picture: other.detect([picture])[0], shown * 2)
        ):
            agree(found, expected[number % PHOTOGRAPHS])


def test_a_file_that_is_no_model_is_named(tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    card = ModelCard(
        name="broken", path=broken, sha256="0" * 64, family="yolox", input_size=(416, 416),
        classes=("person",), licence="Apache-2.0",
    )  # fmt: skip
    with pytest.raises(ModelFileError, match=r"broken\.onnx cannot be loaded"):
        Engine(card, runtime="openvino")
