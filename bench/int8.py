"""What INT8 would gain and cost: CPU time and average precision beside FP32, on both runtimes.

    python -m bench.int8 COCO_FOLDER [--models yolox-nano] [--pictures 24] [--json]

COCO_FOLDER holds pictures and `annotations.json`. Ranges are calibrated on pictures of the
simulator's scenes, never on those that are judged. ONNX Runtime quantises to QDQ (weights by
channel, activations by their least and most), which OpenVINO runs too; OpenVINO's own way is
measured where `nncf` is installed. What follows the last convolutions stays in floating point.
"""

import argparse
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from bench.runtimes import cpu_ms
from core.model import ModelCard
from core.video import Bgr
from detectors.backends.base import Backend
from detectors.backends.choice import RuntimeName, opener
from detectors.backends.focus import without_focus
from detectors.engine import Engine
from detectors.families.registry import family_of
from detectors.letterbox import Letterbox
from models.evaluate import evaluate
from models.store import Store
from sim import scenes

_WEAK = 0.005  # the area under the whole curve counts
_OPSET = 13  # scales by channel came with it


def rendered(count: int) -> Iterator[Bgr]:
    """Pictures of the demo's scenes, three seconds apart."""
    for name in scenes.ZONES:
        scene = scenes.build(name, seed=3, size=(640, 360), fps=1.0)
        for _ in range(count // len(scenes.ZONES)):
            yield [scene.step() for _ in range(3)][-1].picture


def batch_of(card: ModelCard, picture: Bgr, last: bool) -> NDArray[np.float32]:
    """As the engine hands it over; ``last``: colours are the last dimension."""
    entry, size = family_of(card).entry, card.input_size
    box = Letterbox.fit(picture.shape[:2], size, centred=entry.centred, bent=entry.bent)
    canvas = box.paint(picture, size, entry.fill, np.empty((*size, 3), np.uint8))
    fitted = canvas[..., ::-1] if entry.rgb else canvas
    ordered = fitted if last else fitted.transpose(2, 0, 1)
    return np.ascontiguousarray(ordered[None], dtype=np.float32) * np.float32(entry.scale)


class Calibration(CalibrationDataReader):
    def __init__(self, name: str, batches: list[NDArray[np.float32]]) -> None:
        self._left = iter([{name: batch} for batch in batches])

    def get_next(self) -> dict[str, NDArray[np.float32]] | None:
        return next(self._left, None)


def prepared(card: ModelCard, folder: Path) -> Path:
    """The file as the backends rewrite it, in an opset that knows scales by channel."""
    model = onnx.load_from_string(without_focus(card.path) or card.path.read_bytes())
    if model.opset_import[0].version < _OPSET:
        model = onnx.version_converter.convert_version(model, _OPSET)
    plain, ready = folder / "plain.onnx", folder / "ready.onnx"
    onnx.save(model, str(plain))
    quant_pre_process(str(plain), str(ready), skip_symbolic_shape=True)
    return ready


def kept_in_floating_point(path: Path) -> list[str]:
    """The last convolutions and what follows them: nodes behind which there is no other."""
    graph = onnx.load(str(path)).graph
    users: dict[str, list[onnx.NodeProto]] = {}
    for node in graph.node:
        for name in node.input:
            users.setdefault(name, []).append(node)
    ahead: set[str] = set()
    last = []
    for node in reversed(graph.node):
        after = [user for name in node.output for user in users.get(name, [])]
        if any(user.name in ahead or user.op_type == "Conv" for user in after):
            ahead.add(node.name)
        else:
            last.append(node.name)
    return last


def quantised(ready: Path, batches: list[NDArray[np.float32]], folder: Path) -> Path:
    made = folder / "int8.onnx"
    name = onnx.load(str(ready)).graph.input[0].name
    quantize_static(
        str(ready),
        str(made),
        Calibration(name, batches),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        nodes_to_exclude=kept_in_floating_point(ready),
    )
    return made


def compressed(ready: Path, batches: list[NDArray[np.float32]], folder: Path) -> Path:
    """OpenVINO's own quantisation."""
    import nncf
    import openvino

    model = openvino.Core().read_model(ready)
    made = nncf.quantize(model, nncf.Dataset(batches), subset_size=len(batches))
    openvino.save_model(made, folder / "nncf.xml", compress_to_fp16=False)
    return folder / "nncf.xml"


def measure(card: ModelCard, pictures: int, judged: Path, runs: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory(prefix="ww-int8-") as name:
        folder = Path(name)
        last = opener()(card.path, 1).input_shape[3] == 3
        batches = [batch_of(card, picture, last) for picture in rendered(pictures)]
        ready = prepared(card, folder)
        integer = quantised(ready, batches, folder)
        cases: dict[str, tuple[RuntimeName, Path]] = {
            "ONNX Runtime, FP32": ("onnxruntime", card.path),
            "ONNX Runtime, INT8": ("onnxruntime", integer),
        }
        if find_spec("openvino") is not None:
            cases["OpenVINO, FP32"] = ("openvino", card.path)
            cases["OpenVINO, INT8 of ONNX Runtime"] = ("openvino", integer)
            if find_spec("nncf") is not None:
                cases["OpenVINO, INT8 of its own"] = (
                    "openvino",
                    compressed(ready, batches, folder),
                )
        backends = {case: opener(runtime)(path, 1) for case, (runtime, path) in cases.items()}
        spent = cpu_ms({case: _run(one, batches[0]) for case, one in backends.items()}, runs)
        found = {}
        for case, (runtime, path) in cases.items():
            other = card.model_copy(update={"path": path})
            result = evaluate(Engine(other, min_score=_WEAK, runtime=runtime).detect, judged)
            found[case] = {
                "cpu_ms": spent[case],
                "ap": round(result.ap, 4),
                "ap50": round(result.ap50, 4),
            }
    return found


def _run(backend: Backend, batch: NDArray[np.float32]) -> Callable[[], object]:
    return lambda: backend.run(batch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path, help="pictures and annotations.json")
    parser.add_argument("--models", nargs="+", default=["yolox-nano", "centernet-mbv3"])
    parser.add_argument("--pictures", type=int, default=24, help="to calibrate on")
    parser.add_argument("--runs", type=int, default=60)
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    logging.disable(logging.WARNING)
    result = {
        name: measure(Store().ensure(name), asked.pictures, asked.folder, asked.runs)
        for name in asked.models
    }
    if asked.json:
        print(json.dumps(result, indent=2))
        return
    for name, cases in result.items():
        print(name)
        for case, figures in cases.items():
            print(f"  {case:32}", *(f"{key} {value:g} " for key, value in figures.items()))


if __name__ == "__main__":
    main()
