"""MobileNetV3-CenterNet from TensorFlow.js to ONNX.

The graph is written so that ONNX Runtime keeps it in blocked NCHW from end to end, which halves
the time of a plain translation:

- it is NCHW inside, transposed once where the picture enters and once at each output;
- channels are filled up with zeros to whole blocks of 16, so that no operator falls out;
- the gates, spelled out in the source as Add, Relu6 and Mul, become one ``HardSigmoid``, and that
  of a hard swish stands behind a 1×1 depthwise convolution by one, into which it is fused;
- the gate of a squeeze-and-excite block is spread over the picture before it is multiplied,
  because a product of unequal shapes leaves the blocked layout.

Face of the ONNX file:

==========================  ==================  ==================================================
``tower_0/images``          N×512×512×3 float   RGB 0..255, letterboxed with 0
``tower_0/keypoints``       N×128×128×80 float  score of an object's centre where it is the
                                                greatest of its 3×3 neighbours, else 0
``tower_0/wh``              N×128×128×4 float   distances left, top, right, bottom, in pixels of the
                                                input, from the point (4·column, 4·row)
==========================  ==================  ==================================================

The bytes written depend on the source files alone, so they have a SHA-256 of their own.
"""

import math
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.convert.tfjs import Array, GraphModel, Node, read
from models.errors import ModelError

INPUT = "tower_0/images"
KEYPOINTS = "tower_0/keypoints"
DISTANCES = "tower_0/wh"
SIDE = 512
CLASSES = 80
OPSET = 13
BLOCK = 16  # floats in a 512-bit register: ONNX Runtime's block of channels, 8 on AVX2
IR_VERSION = 8  # fixed: the library's own default moves with its releases


def convert(topology: bytes, weights: bytes) -> bytes:
    """The ONNX file (see above) for the two files of the TensorFlow.js model.

    Raises:
        ModelError: the files are damaged, or hold another network than the one known here.
    """
    model = _Converter(read(topology, weights)).build()
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        raise ModelError(f"centernet: the converted graph is not valid ONNX: {error}") from None
    return bytes(model.SerializeToString(deterministic=True))


class _Converter:
    """Walks the source graph in order and writes ONNX nodes; sizes are known on the way."""

    def __init__(self, source: GraphModel) -> None:
        self._source = source
        self._readers = source.readers()
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._sizes: dict[str, tuple[int, int]] = {}  # (height, width) of each tensor
        self._alias: dict[str, str] = {}
        self._channels: dict[str, int] = {}  # filled up to whole blocks
        self._infos: list[onnx.ValueInfoProto] = []
        self._skipped: set[str] = set()

    def build(self) -> onnx.ModelProto:
        for needed in (INPUT, KEYPOINTS, DISTANCES):
            if needed not in self._source.nodes:
                raise ModelError(f"centernet: the graph has no node {needed}; another network?")
        order = self._order()
        # All gates first: the product x/6 of a hard swish stands before the Add that betrays it.
        gates = {name: self._gate(self._source.nodes[name]) for name in order}
        for name in order:
            if name in self._skipped:
                continue
            if (gate := gates[name]) is not None:
                self._hard_sigmoid(*gate)
            else:
                self._convert(self._source.nodes[name])
        self._finish()
        graph = helper.make_graph(
            self._nodes,
            "centernet-mbv3",
            [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["N", SIDE, SIDE, 3])],
            [
                helper.make_tensor_value_info(
                    name, TensorProto.FLOAT, ["N", SIDE // 4, SIDE // 4, channels]
                )
                for name, channels in ((KEYPOINTS, CLASSES), (DISTANCES, 4))
            ],
            self._constants,
            value_info=self._infos,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION
        )
        model.producer_name = "wardwatch"
        return model

    def _order(self) -> list[str]:
        """Operators that the two outputs need, each after those it reads."""
        done: dict[str, None] = {}
        stack: list[tuple[str, bool]] = [(DISTANCES, False), (KEYPOINTS, False)]
        while stack:
            name, ready = stack.pop()
            if name in done or name in self._source.weights:
                continue
            if ready:
                done[name] = None
                continue
            node = self._source.nodes.get(name)
            if node is None:
                raise ModelError(f"centernet: the graph refers to {name}, which it does not hold")
            stack.append((name, True))
            stack.extend((source, False) for source in reversed(node.inputs))
        return list(done)

    # ---- patterns -------------------------------------------------------------------------

    def _gate(self, node: Node) -> tuple[str, str, str | None] | None:
        """Recognise ``relu6(x + 3) / 6``, alone or times x, at its Add.

        Returns the tensor x, the name the result must get, and for the swish form x again as
        the factor (None for the gate alone).
        """
        if node.op != "Add" or (three := self._scalar(node.inputs[1])) is None:
            return None
        relu = self._only_reader(node.name, "Relu6")
        product = self._only_reader(relu, "Mul") if relu else None
        if relu is None or product is None or not math.isclose(three, 3.0):
            raise ModelError(f"centernet: {node.name}: an Add of a constant outside a gate")
        x = node.inputs[0]
        other = next(name for name in self._source.nodes[product].inputs if name != relu)
        if self._is_sixth(other):
            self._skipped |= {relu, product}
            return x, product, None
        scaled = self._source.nodes.get(other)
        if scaled is None or scaled.op != "Mul" or x not in scaled.inputs:
            raise ModelError(f"centernet: {product}: neither a gate nor a hard swish")
        if not any(self._is_sixth(name) for name in scaled.inputs):
            raise ModelError(f"centernet: {other}: a hard swish that does not divide by 6")
        self._skipped |= {relu, product, other}
        return x, product, x

    def _hard_sigmoid(self, x: str, result: str, factor: str | None) -> None:
        # The source stores 1/6 as float16; the network was trained with 1/6 itself.
        gate = result if factor is None else f"{result}/gate"
        linear = x
        if factor is not None:
            linear = f"{result}/copy"
            channels = self._channels[x]
            ones = self._constant(f"{linear}/W", np.ones((channels, 1, 1, 1), np.float32))
            self._emit("Conv", [x, ones], linear, group=channels, kernel_shape=[1, 1])
        self._emit("HardSigmoid", [linear], gate, alpha=1 / 6, beta=0.5)
        if factor is not None:
            self._emit("Mul", [factor, gate], result)
        self._shape(result, self._size(x), self._channels[x])

    def _only_reader(self, name: str, op: str) -> str | None:
        readers = self._readers.get(name, [])
        if len(readers) == 1 and self._source.nodes[readers[0]].op == op:
            return readers[0]
        return None

    def _scalar(self, name: str) -> float | None:
        value = self._source.weights.get(name)
        return float(value.reshape(())) if value is not None and value.size == 1 else None

    def _is_sixth(self, name: str) -> bool:
        value = self._scalar(name)
        return value is not None and math.isclose(value, 1 / 6, rel_tol=1e-3)

    # ---- operators ------------------------------------------------------------------------

    def _convert(self, node: Node) -> None:
        match node.op:
            case "Placeholder":
                self._emit("Transpose", [INPUT], f"{INPUT}/nchw", perm=[0, 3, 1, 2])
                self._alias[INPUT] = f"{INPUT}/nchw"
                self._shape(INPUT, (SIDE, SIDE), 3)
            case "Conv2D" | "_FusedConv2D":
                self._conv(node, depthwise=False)
            case "DepthwiseConv2dNative" | "FusedDepthwiseConv2dNative":
                self._conv(node, depthwise=True)
            case "Add" | "Mul":
                self._binary(node)
            case "Relu" | "Sigmoid":
                self._emit(node.op, [node.inputs[0]], node.name)
                self._shape(node.name, self._size(node.inputs[0]), self._channels[node.inputs[0]])
            case "Mean":
                if tuple(self._weight(node.inputs[1])) != (1, 2) or not node.flag("keep_dims"):
                    raise ModelError(f"centernet: {node.name}: a Mean that is not over the picture")
                self._emit("GlobalAveragePool", [node.inputs[0]], node.name)
                self._shape(node.name, (1, 1), self._channels[node.inputs[0]])
            case "ConcatV2":
                self._concat(node)
            case "ResizeBilinear":
                self._resize(node)
            case "Identity":
                self._alias[node.name] = self._name(node.inputs[0])
                self._shape(node.name, self._size(node.inputs[0]), self._channels[node.inputs[0]])
            case _:
                raise ModelError(f"centernet: {node.name}: operator {node.op} is not known here")

    def _conv(self, node: Node, *, depthwise: bool) -> None:
        kernel = self._weight(node.inputs[1])  # HWIO, for depthwise HWI×multiplier
        high, wide, channels, last = kernel.shape
        if node.text("data_format") != "NHWC" or set(node.ints("dilations")) != {1}:
            raise ModelError(f"centernet: {node.name}: a convolution that is not NHWC or dilated")
        if depthwise:
            if last != 1:
                raise ModelError(f"centernet: {node.name}: a depthwise multiplier of {last}")
            ready, group = kernel.transpose(2, 3, 0, 1), self._channels[node.inputs[0]]
            filled = group
        else:
            ready, group = kernel.transpose(3, 2, 0, 1), 1
            filled = _blocks(last)
            ready = _fill(ready, 1, self._channels[node.inputs[0]])
        if not 0 <= self._channels[node.inputs[0]] - channels < BLOCK:
            raise ModelError(f"centernet: {node.name}: {channels} channels do not fit its input")
        ready = _fill(ready, 0, filled)
        fused = node.texts("fused_ops") if "fused_ops" in node.attrs else ()
        if fused not in ((), ("BiasAdd",), ("BiasAdd", "Relu")):
            raise ModelError(f"centernet: {node.name}: fused operators {fused} are not known here")
        _, down, across, _ = node.ints("strides")
        size = self._size(node.inputs[0])
        top, bottom, tall = _same(size[0], high, down, node)
        left, right, broad = _same(size[1], wide, across, node)
        inputs = [node.inputs[0], self._constant(f"{node.name}/W", ready)]
        if fused:
            bias = self._weight(node.inputs[2])
            inputs.append(self._constant(f"{node.name}/B", _fill(bias, 0, filled)))
        result = f"{node.name}/linear" if "Relu" in fused else node.name
        self._emit(
            "Conv",
            inputs,
            result,
            group=group,
            kernel_shape=[high, wide],
            pads=[top, left, bottom, right],
            strides=[down, across],
        )
        if "Relu" in fused:
            self._emit("Relu", [result], node.name)
        self._shape(node.name, (tall, broad), filled)

    def _binary(self, node: Node) -> None:
        left, right = node.inputs
        if right in self._source.weights:
            if (value := self._scalar(right)) is None:
                raise ModelError(f"centernet: {node.name}: {node.op} with a constant tensor")
            other = self._constant(f"{node.name}/y", np.float32(value).reshape(1))
        else:
            left, right = sorted((left, right), key=self._size, reverse=True)
            other = self._spread(right, self._size(left))
            if self._channels[left] != self._channels[right]:
                raise ModelError(f"centernet: {node.name}: {node.op} of unequal channels")
        self._emit(node.op, [left, other], node.name)
        self._shape(node.name, self._size(left), self._channels[left])

    def _spread(self, name: str, size: tuple[int, int]) -> str:
        """Repeat a 1×1 tensor over a picture of ``size``."""
        if self._size(name) == size:
            return name
        if self._size(name) != (1, 1):
            raise ModelError(f"centernet: {name}: cannot spread {self._size(name)} to {size}")
        spread = f"{name}/spread"
        scales = self._constant(f"{spread}/scales", np.array([1, 1, *size], np.float32))
        self._emit(
            "Resize",
            [name, "", scales],
            spread,
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        )
        self._shape(spread, size, self._channels[name])
        return spread

    def _concat(self, node: Node) -> None:
        parts = node.inputs[:-1]
        if int(self._weight(node.inputs[-1])) not in (3, -1):
            raise ModelError(f"centernet: {node.name}: joins along another axis than 3")
        self._emit("Concat", list(parts), node.name, axis=1)
        self._shape(node.name, self._size(parts[0]), sum(self._channels[part] for part in parts))

    def _resize(self, node: Node) -> None:
        if node.flag("align_corners") or node.flag("half_pixel_centers"):
            raise ModelError(f"centernet: {node.name}: resizes with other than plain coordinates")
        size = self._size(node.inputs[0])
        wanted = tuple(int(side) for side in self._weight(node.inputs[1]))
        if wanted != (size[0] * 2, size[1] * 2):
            raise ModelError(f"centernet: {node.name}: resizes {size} to {wanted}, expected twice")
        scales = self._constant(f"{node.name}/scales", np.array([1, 1, 2, 2], np.float32))
        self._emit(
            "Resize",
            [node.inputs[0], "", scales],
            node.name,
            mode="linear",
            coordinate_transformation_mode="asymmetric",
        )
        self._shape(node.name, (wanted[0], wanted[1]), self._channels[node.inputs[0]])

    def _finish(self) -> None:
        """Keep the peaks, and turn both outputs to NHWC."""
        if self._size(KEYPOINTS) != (SIDE // 4, SIDE // 4):
            raise ModelError(f"centernet: keypoints are {self._size(KEYPOINTS)}, expected 128×128")
        scores = self._name(KEYPOINTS)
        self._emit(
            "MaxPool", [scores], "peaks/max", kernel_shape=[3, 3], pads=[1] * 4, strides=[1, 1]
        )
        zero = self._constant("peaks/zero", np.zeros(1, np.float32))
        distances = self._name(DISTANCES)
        self._alias.clear()
        # Transposed before they are compared: that is free where the blocked layout ends. The
        # flat shape keeps ONNX Runtime from moving the transposition behind the comparison.
        flat = self._integers("peaks/flat", [0, -1, CLASSES])
        for name, source in (("peaks/scores", scores), ("peaks/greatest", "peaks/max")):
            self._emit("Transpose", [source], f"{name}/nhwc", perm=[0, 2, 3, 1])
            self._emit("Reshape", [f"{name}/nhwc", flat], name)
        self._emit("Equal", ["peaks/scores", "peaks/greatest"], "peaks/is")
        self._emit("Where", ["peaks/is", "peaks/scores", zero], "peaks/kept")
        shape = self._integers("peaks/shape", [0, SIDE // 4, SIDE // 4, CLASSES])
        self._emit("Reshape", ["peaks/kept", shape], KEYPOINTS)
        self._emit("Transpose", [distances], DISTANCES, perm=[0, 2, 3, 1])

    # ---- small things ---------------------------------------------------------------------

    def _emit(self, op: str, inputs: list[str], result: str, **attributes: Any) -> None:
        names = [self._name(name) for name in inputs]
        self._nodes.append(helper.make_node(op, names, [result], name=result, **attributes))

    def _constant(self, name: str, value: Array) -> str:
        self._constants.append(
            numpy_helper.from_array(np.ascontiguousarray(value, dtype="<f4"), name)
        )
        return name

    def _integers(self, name: str, value: list[int]) -> str:
        self._constants.append(numpy_helper.from_array(np.array(value, "<i8"), name))
        return name

    def _name(self, name: str) -> str:
        return self._alias.get(name, name)

    def _shape(self, name: str, size: tuple[int, int], channels: int) -> None:
        self._sizes[name], self._channels[name] = size, channels
        if self._name(name) == name:
            self._infos.append(
                helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", channels, *size])
            )

    def _size(self, name: str) -> tuple[int, int]:
        if name not in self._sizes:
            raise ModelError(f"centernet: {name} is read before it is made")
        return self._sizes[name]

    def _weight(self, name: str) -> Array:
        if name not in self._source.weights:
            raise ModelError(f"centernet: {name} should be a constant of the graph")
        return self._source.weights[name]


def _blocks(channels: int) -> int:
    """Channels filled up to whole blocks; the few of an output are left alone."""
    return channels if channels < BLOCK else math.ceil(channels / BLOCK) * BLOCK


def _fill(weights: Array, axis: int, length: int) -> Array:
    """Append zeros along ``axis`` until it has ``length`` entries."""
    missing = [(0, 0)] * weights.ndim
    missing[axis] = (0, length - weights.shape[axis])
    return np.pad(weights, missing)


def _same(size: int, kernel: int, stride: int, node: Node) -> tuple[int, int, int]:
    """Padding before and after, and the size out, by TensorFlow's rules for SAME and VALID."""
    if node.text("padding") == "VALID":
        return 0, 0, (size - kernel) // stride + 1
    out = math.ceil(size / stride)
    total = max((out - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2, out
