"""The converter against a plain NumPy run of the source graph."""

import copy
import json
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import registry
from models.convert import centernet, tfjs
from models.errors import ModelError
from models.registry import NpmSource
from models.sources import sha256
from tests.models import tfjs_numpy


@pytest.fixture(scope="module")
def files(npm_source: NpmSource, centernet_files: dict[str, bytes]) -> tuple[bytes, bytes]:
    topology, weights = (centernet_files[member.path] for member in npm_source.members)
    return topology, weights


@pytest.fixture(scope="module")
def converted(files: tuple[bytes, bytes]) -> bytes:
    return centernet.convert(*files)


def scene(seed: int) -> Any:
    """A picture with edges and areas, so that features of all sizes answer."""
    random = np.random.default_rng(seed)
    picture = np.full((512, 512, 3), random.integers(60, 180, 3), np.float32)
    for _ in range(40):
        x, y = random.integers(0, 440, 2)
        w, h = random.integers(10, 200, 2)
        picture[y : y + h, x : x + w] = random.integers(0, 256, 3)
    return picture + random.normal(0, 4, picture.shape).astype(np.float32)


def run(content: bytes, batch: Any) -> tuple[Any, Any]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    keypoints, distances = session.run(
        [centernet.KEYPOINTS, centernet.DISTANCES], {centernet.INPUT: batch}
    )
    return keypoints, distances


def test_bytes_are_those_of_the_registry(files: tuple[bytes, bytes], converted: bytes) -> None:
    entry = registry.load().entry("centernet-mbv3")
    assert entry is not None
    assert centernet.convert(*files) == converted
    assert sha256(converted) == entry.sha256


def test_face_and_structure(converted: bytes) -> None:
    graph = onnx.load_model_from_string(converted).graph
    shapes = {
        item.name: [dim.dim_value or dim.dim_param for dim in item.type.tensor_type.shape.dim]
        for item in [*graph.input, *graph.output]
    }
    assert shapes == {
        "tower_0/images": ["N", 512, 512, 3],
        "tower_0/keypoints": ["N", 128, 128, 80],
        "tower_0/wh": ["N", 128, 128, 4],
    }
    assert sum(node.op_type == "Transpose" for node in graph.node) == 4


def test_same_numbers_as_the_source_graph(files: tuple[bytes, bytes], converted: bytes) -> None:
    batch = scene(1)[None]
    source = tfjs.read(*files)
    # The source holds 1/6 rounded to float16; the converter writes 1/6 itself.
    sixth = {
        name: np.float32(1 / 6)
        for name, value in source.weights.items()
        if value.size == 1 and abs(float(value.reshape(())) - 1 / 6) < 1e-4
    }
    assert len(sixth) > 20
    source = tfjs.GraphModel(source.nodes, {**source.weights, **sixth})
    scores = tfjs_numpy.run(source, {centernet.INPUT: batch}, centernet.KEYPOINTS)
    wanted = tfjs_numpy.run(source, {centernet.INPUT: batch}, centernet.DISTANCES)
    keypoints, distances = run(converted, batch)
    np.testing.assert_allclose(distances, wanted, rtol=1e-4, atol=0.01)
    kept = keypoints > 0
    np.testing.assert_allclose(keypoints[kept], scores[kept], rtol=1e-3, atol=1e-5)
    around = np.pad(scores[0], ((1, 1), (1, 1), (0, 0)))
    greatest = np.max([around[i : i + 128, j : j + 128] for i in range(3) for j in range(3)], 0)
    assert np.mean(kept[0] == (scores[0] == greatest)) > 0.9999  # but for ties by rounding


def test_pictures_of_a_batch_do_not_touch(converted: bytes) -> None:
    batch = np.stack([scene(2), scene(3), scene(4)])
    together = run(converted, batch)
    for index in range(3):
        alone = run(converted, batch[index : index + 1])
        for whole, part in zip(together, alone, strict=True):
            np.testing.assert_allclose(whole[index], part[0], atol=1e-3)


def test_another_network_is_refused(files: tuple[bytes, bytes]) -> None:
    document = json.loads(files[0])

    def changed(which: str, **fields: Any) -> bytes:
        other = copy.deepcopy(document)
        node = next(item for item in other["modelTopology"]["node"] if item["op"] == which)
        node.update(fields)
        return json.dumps(other).encode()

    for topology, complaint in (
        (changed("Sigmoid", op="Softplus"), "Softplus is not known"),
        (changed("Placeholder", name="input"), "no node tower_0/images"),
        (changed("MaxPool", name="x").replace(b"graph-model", b"layers-model"), "format"),
        (changed("ResizeBilinear", attr={"align_corners": {"b": True}}), "plain coordinates"),
        (changed("Mean", attr={}), "not over the picture"),
        (changed("Relu", input=["nowhere"]), "which it does not hold"),
    ):
        with pytest.raises(ModelError, match=complaint):
            centernet.convert(topology, files[1])


# ---- the reader, without the package ------------------------------------------------------

SMALL = {
    "format": "graph-model",
    "modelTopology": {"node": [{"name": "a", "op": "Const", "attr": {}}]},
    "weightsManifest": [
        {
            "weights": [
                {"name": "i", "shape": [2], "dtype": "int32"},
                {
                    "name": "h",
                    "shape": [2, 2],
                    "dtype": "float32",
                    "quantization": {"dtype": "float16"},
                },
                {"name": "s", "shape": [], "dtype": "float32"},
            ]
        }
    ],
}
BLOB = (
    np.array([7, -7], "<i4").tobytes()
    + np.array([1, 0.5, -2, 65504], "<f2").tobytes()
    + np.array(0.1, "<f4").tobytes()
)


def test_weights_are_read_in_order() -> None:
    weights = tfjs.read(json.dumps(SMALL).encode(), BLOB).weights
    assert weights["i"].tolist() == [7, -7]
    assert weights["h"].tolist() == [[1, 0.5], [-2, 65504]]
    assert weights["h"].dtype == np.float32
    assert weights["s"].shape == ()


@given(length=st.integers(0, 2 * len(BLOB)).filter(lambda length: length != len(BLOB)))
def test_weights_of_another_length_are_refused(length: int) -> None:
    with pytest.raises(ModelError, match=r"TensorFlow\.js model"):
        tfjs.read(json.dumps(SMALL).encode(), (BLOB + BLOB)[:length])


@given(cut=st.integers(0, len(json.dumps(SMALL)) - 1))
def test_topology_cut_short_is_refused(cut: int) -> None:
    with pytest.raises(ModelError, match=r"TensorFlow\.js model"):
        tfjs.read(json.dumps(SMALL).encode()[:cut], BLOB)


@given(junk=st.recursive(st.none() | st.integers() | st.text(), st.lists) | st.binary())
def test_junk_is_refused(junk: Any) -> None:
    content = junk if isinstance(junk, bytes) else json.dumps(junk).encode()
    with pytest.raises(ModelError, match=r"TensorFlow\.js model"):
        tfjs.read(content, BLOB)
