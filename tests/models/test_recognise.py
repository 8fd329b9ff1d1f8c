"""The family of a file, told from its outputs and metadata."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from models import recognise
from models.errors import ModelError
from models.registry import Family

CELLS = 21  # of a 32×32 input with strides 8, 16 and 32
SIZE = (32, 32)


def graph(outputs: dict[str, list[int]], **metadata: str) -> onnx.ModelProto:
    nodes, values = [], []
    for name, shape in outputs.items():
        table = numpy_helper.from_array(np.zeros(shape, np.float32))
        nodes.append(helper.make_node("Constant", [], [name], value=table))
        values.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, *SIZE])
    model = helper.make_model(helper.make_graph(nodes, "made", [images], values))
    onnx.helper.set_model_props(model, metadata)
    return model


ULTRALYTICS = {"author": "Ultralytics", "task": "detect"}


@pytest.mark.parametrize(
    ("outputs", "metadata", "family"),
    [
        ({"output0": [1, 84, CELLS]}, ULTRALYTICS, "yolo"),
        ({"output0": [1, 84, CELLS]}, {}, "yolo"),
        ({"output0": [1, 300, 6]}, {**ULTRALYTICS, "end2end": "True"}, "yolo"),
        ({"output0": [1, 300, 84]}, {**ULTRALYTICS, "head": "RTDETRDecoder"}, "rtdetr"),
        (
            {"output0": [1, 300, 6]},
            {**ULTRALYTICS, "description": "Ultralytics rtdetr-l"},
            "rtdetr",
        ),
        ({"logits": [1, 300, 80], "pred_boxes": [1, 300, 4]}, {}, "rtdetr"),
        ({"output": [1, CELLS, 85]}, {}, "yolox"),
        ({"t/keypoints": [1, 8, 8, 80], "t/wh": [1, 8, 8, 4]}, {}, "centernet"),
    ],
)
def test_family_is_told_from_the_graph(
    outputs: dict[str, list[int]], metadata: dict[str, str], family: Family
) -> None:
    assert recognise.family(graph(outputs, **metadata), "m.onnx", SIZE) == family


@pytest.mark.parametrize(
    ("outputs", "metadata", "said"),
    [
        ({"output0": [1, 300, 6]}, {}, "several families or none; say which with --family"),
        ({"output0": [1, 1000]}, {}, "no table of boxes"),
        ({"a": [1, 2, 3], "b": [1, 2, 3]}, {}, "a, b are of no known family"),
        ({"output0": [1, 116, CELLS]}, {**ULTRALYTICS, "task": "segment"}, "made to segment"),
    ],
)
def test_what_cannot_be_told_is_said(
    outputs: dict[str, list[int]], metadata: dict[str, str], said: str
) -> None:
    with pytest.raises(ModelError, match=said):
        recognise.family(graph(outputs, **metadata), "m.onnx", SIZE)


@pytest.mark.parametrize(
    ("outputs", "family"),
    [
        ({"output0": [1, 84, CELLS]}, "yolo"),
        ({"output0": [1, CELLS, 85]}, "yolox"),
        ({"output0": [1, 300, 84]}, "rtdetr"),
        ({"logits": [1, 300, 80], "pred_boxes": [1, 300, 4]}, "rtdetr"),
    ],
)
def test_names_are_counted(outputs: dict[str, list[int]], family: Family) -> None:
    recognise.demand_classes(graph(outputs), "m.onnx", family, 80)
    with pytest.raises(ModelError, match="has 80 classes, 3 are named"):
        recognise.demand_classes(graph(outputs), "m.onnx", family, 3)
