"""Read a TensorFlow.js *graph model*: a JSON topology and one file of weights.

The topology is a TensorFlow ``GraphDef`` in protobuf's JSON form (bytes are base64, 64-bit
numbers are strings). The weights lie one after the other in the order of the manifest; float32
ones may be stored as float16 (``quantization.dtype``), as the TensorFlow.js converter does.
"""

import base64
import binascii
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.errors import ModelError

Array = NDArray[Any]

_STORED: Mapping[str, np.dtype[Any]] = {
    "float32": np.dtype("<f4"),
    "float16": np.dtype("<f2"),
    "int32": np.dtype("<i4"),
}


@dataclass(frozen=True)
class Node:
    """One operator of the graph.

    Attributes:
        inputs: names of the tensors it reads, without control inputs and ``:0``.
        attrs: raw attributes, see the methods.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    attrs: Mapping[str, Any]

    def text(self, key: str) -> str:
        """A bytes attribute as text, e.g. ``padding`` → ``"SAME"``."""
        return _text(self.attrs[key]["s"])

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(_text(item) for item in self.attrs[key]["list"].get("s", ()))

    def ints(self, key: str) -> tuple[int, ...]:
        return tuple(int(item) for item in self.attrs[key]["list"].get("i", ()))

    def flag(self, key: str) -> bool:
        return bool(self.attrs.get(key, {}).get("b", False))


@dataclass(frozen=True)
class GraphModel:
    """Operators and constants by name, in the order of the file."""

    nodes: Mapping[str, Node]
    weights: Mapping[str, Array]

    def readers(self) -> dict[str, list[str]]:
        """For each tensor the operators that read it."""
        found: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for source in node.inputs:
                found.setdefault(source, []).append(node.name)
        return found


def read(topology: bytes, weights: bytes) -> GraphModel:
    """Parse a graph model.

    Args:
        topology: content of the ``.json`` file.
        weights: content of the ``.bin`` file.

    Raises:
        ModelError: not a graph model, cut short, or stored in a way not known here.
    """
    try:
        document = json.loads(topology)
        if document.get("format") != "graph-model":
            raise ModelError(
                f"TensorFlow.js model: format is {document.get('format')!r}, expected 'graph-model'"
            )
        entries = [entry for group in document["weightsManifest"] for entry in group["weights"]]
        raw_nodes = document["modelTopology"]["node"]
        nodes = {raw["name"]: _node(raw) for raw in raw_nodes}
        return GraphModel(nodes, _weights(entries, weights))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise ModelError(
            f"TensorFlow.js model: the topology cannot be read: {type(error).__name__}: {error}"
        ) from None


def _node(raw: Mapping[str, Any]) -> Node:
    inputs = tuple(
        name.removesuffix(":0") for name in raw.get("input", ()) if not name.startswith("^")
    )
    return Node(raw["name"], raw["op"], inputs, raw.get("attr", {}))


def _weights(entries: list[Any], blob: bytes) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    offset = 0
    for entry in entries:
        name, shape = entry["name"], tuple(int(side) for side in entry["shape"])
        stored = entry.get("quantization", {}).get("dtype", entry["dtype"])
        if stored not in _STORED or entry["dtype"] not in ("float32", "int32"):
            raise ModelError(f"TensorFlow.js model: weight {name}: cannot read type {stored!r}")
        dtype = _STORED[stored]
        count = math.prod(shape)
        if offset + count * dtype.itemsize > len(blob):
            raise ModelError(
                f"TensorFlow.js model: the weights end at byte {len(blob)}, inside {name}; "
                "the file was cut short"
            )
        flat = np.frombuffer(blob, dtype, count, offset)
        arrays[name] = flat.astype(entry["dtype"]).reshape(shape)
        offset += count * dtype.itemsize
    if offset != len(blob):
        raise ModelError(
            f"TensorFlow.js model: {len(blob)} bytes of weights, the manifest describes {offset}"
        )
    return arrays


def _text(encoded: str) -> str:
    return base64.b64decode(encoded, validate=True).decode()
