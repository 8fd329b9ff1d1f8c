"""Which runtime is chosen, and the rewriting of YOLOX's first layer."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from detectors.backends import choice
from detectors.backends.choice import Choice, choose
from detectors.backends.focus import without_focus
from detectors.errors import RuntimeChoiceError

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
PLAIN = {"vendor": "AuthenticAMD", "openvino": False, "offered": [CPU]}
CARD = {**PLAIN, "offered": [TENSORRT, CUDA, CPU]}


def test_without_anything_special_it_is_onnx_runtime_on_the_processor() -> None:
    assert choose("auto", "cpu", **PLAIN) == Choice("onnxruntime", (CPU,))
    assert choose("auto", "cpu", **{**PLAIN, "vendor": ""}).runtime == "onnxruntime"


def test_a_graphics_card_is_used_when_asked_for_and_backed_by_the_processor() -> None:
    assert choose("auto", "cuda", **CARD).providers == (CUDA, CPU)
    assert choose("onnxruntime", "tensorrt", **CARD).providers == (TENSORRT, CUDA, CPU)
    assert choose("auto", "cpu", **CARD).providers == (CPU,)


def test_openvino_is_taken_when_asked_for_or_measured_faster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    there = {**PLAIN, "openvino": True}
    assert choose("openvino", "cpu", **there) == Choice("openvino")
    assert choose("auto", "cpu", **there).runtime == "onnxruntime"
    monkeypatch.setitem(choice.FASTER_ON, "SomeVendor", "openvino")
    assert choose("auto", "cpu", **{**there, "vendor": "SomeVendor"}) == Choice("openvino")
    assert choose("auto", "cpu", **{**PLAIN, "vendor": "SomeVendor"}).runtime == "onnxruntime"


@pytest.mark.parametrize(
    ("runtime", "device", "said"),
    [
        ("openvino", "cpu", r"pip install 'wardwatch\[openvino\]'"),
        ("openvino", "cuda", "analysis.device cuda is for ONNX Runtime"),
        ("auto", "cuda", "has no CUDAExecutionProvider.*onnxruntime-gpu"),
        ("auto", "tensorrt", "has no TensorrtExecutionProvider"),
    ],
)
def test_what_is_not_there_is_named(runtime: Any, device: Any, said: str) -> None:
    with pytest.raises(RuntimeChoiceError, match=said):
        choose(runtime, device, **PLAIN)


def focus(path: Path, *, end: int = 2**62, kernel: int = 3) -> Path:
    """A graph that begins as YOLOX does, rows first as its export has them."""
    rng = np.random.default_rng(0)
    nodes, parts = [], []
    for number, (across, down) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        rows, part = f"rows{number}", f"part{number}"
        nodes += [
            helper.make_node("Slice", ["images", f"at{down}", "end", "two", "two"], [rows]),
            helper.make_node("Slice", [rows, f"at{across}", "end", "three", "two"], [part]),
        ]
        parts.append(part)
    nodes += [
        helper.make_node("Concat", parts, ["joined"], axis=1),
        helper.make_node(
            "Conv", ["joined", "weights", "bias"], ["output"],
            kernel_shape=[kernel, kernel], pads=[kernel // 2] * 4,
        ),
    ]  # fmt: skip
    numbers = {"at0": 0, "at1": 1, "end": end, "two": 2, "three": 3}
    constants = [
        numpy_helper.from_array(np.array([value], np.int64), name)
        for name, value in numbers.items()
    ]
    weights = rng.normal(size=(5, 12, kernel, kernel)).astype(np.float32)
    constants.append(numpy_helper.from_array(weights, "weights"))
    constants.append(numpy_helper.from_array(np.arange(5, dtype=np.float32), "bias"))
    shapes = [1, 3, 32, 48], [1, 5, 16, 24]
    graph = helper.make_graph(
        nodes,
        "focus",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, shapes[0])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shapes[1])],
        constants,
    )
    opset = [helper.make_opsetid("", 11)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), str(path))
    return path


def test_focus_becomes_one_convolution_with_the_same_answers(tmp_path: Path) -> None:
    path = focus(tmp_path / "m.onnx")
    written = without_focus(path)
    assert written is not None
    assert [node.op_type for node in onnx.load_from_string(written).graph.node] == ["Conv"]
    picture = np.random.default_rng(1).normal(size=(1, 3, 32, 48)).astype(np.float32)
    before, after = (
        onnxruntime.InferenceSession(model, providers=[CPU]).run(None, {"images": picture})[0]
        for model in (str(path), written)
    )
    np.testing.assert_allclose(after, before, atol=1e-4)


def test_what_only_looks_like_focus_is_left_alone(tmp_path: Path) -> None:
    assert without_focus(focus(tmp_path / "cut.onnx", end=20)) is None
    assert without_focus(focus(tmp_path / "wide.onnx", kernel=5)) is None
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no model")
    assert without_focus(broken) is None
