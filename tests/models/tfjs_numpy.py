"""Run a TensorFlow.js graph in NumPy, operator by operator: the judge of the converter.

Written from TensorFlow's definitions, NHWC throughout, nothing fused or rearranged.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.convert.tfjs import GraphModel, Node

Array = NDArray[Any]


def run(graph: GraphModel, feed: dict[str, Array], wanted: str) -> Array:
    """Value of the tensor ``wanted``."""
    values: dict[str, Array] = {**graph.weights, **feed}
    stack = [wanted]
    while stack:
        name = stack[-1]
        missing = (
            []
            if name in values
            else [source for source in graph.nodes[name].inputs if source not in values]
        )
        if missing:
            stack.extend(missing)
            continue
        if name not in values:
            node = graph.nodes[name]
            values[name] = _apply(node, [values[source] for source in node.inputs])
        stack.pop()
    return values[wanted]


def _apply(node: Node, x: list[Array]) -> Array:
    match node.op:
        case "Conv2D":
            return _conv(node, x[0], x[1])
        case "_FusedConv2D":
            return _fused(node, _conv(node, x[0], x[1]), x[2])
        case "DepthwiseConv2dNative":
            return _depthwise(node, x[0], x[1])
        case "FusedDepthwiseConv2dNative":
            return _fused(node, _depthwise(node, x[0], x[1]), x[2])
        case "Add":
            return np.add(x[0], x[1])
        case "Mul":
            return np.multiply(x[0], x[1])
        case "Relu":
            return np.maximum(x[0], 0)
        case "Relu6":
            return np.clip(x[0], 0, 6)
        case "Sigmoid":
            return 1 / (1 + np.exp(-x[0]))
        case "Mean":
            return np.mean(x[0], axis=tuple(x[1]), keepdims=True)
        case "ConcatV2":
            return np.concatenate(x[:-1], axis=int(x[-1]))
        case "ResizeBilinear":
            return _resize(x[0], int(x[1][0]), int(x[1][1]))
        case "Identity":
            return x[0]
    raise NotImplementedError(node.op)


def _fused(node: Node, value: Array, bias: Array) -> Array:
    value = value + bias
    return np.maximum(value, 0) if "Relu" in node.texts("fused_ops") else value


def _patches(node: Node, x: Array, kernel: Array) -> list[tuple[int, int, Array]]:
    """For each kernel cell the input values it meets."""
    high, wide = kernel.shape[:2]
    _, down, across, _ = node.ints("strides")
    if node.text("padding") == "SAME":
        rows, columns = math.ceil(x.shape[1] / down), math.ceil(x.shape[2] / across)
        tall = max((rows - 1) * down + high - x.shape[1], 0)
        broad = max((columns - 1) * across + wide - x.shape[2], 0)
        x = np.pad(
            x, ((0, 0), (tall // 2, tall - tall // 2), (broad // 2, broad - broad // 2), (0, 0))
        )
    else:
        rows = (x.shape[1] - high) // down + 1
        columns = (x.shape[2] - wide) // across + 1
    return [
        (
            i,
            j,
            x[:, i : i + (rows - 1) * down + 1 : down, j : j + (columns - 1) * across + 1 : across],
        )
        for i in range(high)
        for j in range(wide)
    ]


def _conv(node: Node, x: Array, kernel: Array) -> Array:
    parts = (patch @ kernel[i, j] for i, j, patch in _patches(node, x, kernel))
    return np.asarray(sum(parts))


def _depthwise(node: Node, x: Array, kernel: Array) -> Array:
    parts = (patch * kernel[i, j, :, 0] for i, j, patch in _patches(node, x, kernel))
    return np.asarray(sum(parts))


def _resize(x: Array, high: int, wide: int) -> Array:
    """TensorFlow's first bilinear rule: source = target × ratio, edges repeated."""

    def steps(target: int, source: int) -> tuple[Array, Array, Array]:
        place = np.arange(target) * (source / target)
        low = np.floor(place).astype(int)
        return low, np.minimum(low + 1, source - 1), (place - low).astype(np.float32)

    top, bottom, down = steps(high, x.shape[1])
    left, right, across = steps(wide, x.shape[2])
    down, across = down[:, None, None], across[:, None]
    upper = x[:, top][:, :, left] * (1 - across) + x[:, top][:, :, right] * across
    lower = x[:, bottom][:, :, left] * (1 - across) + x[:, bottom][:, :, right] * across
    return np.asarray(upper * (1 - down) + lower * down)
