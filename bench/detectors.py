"""What the detectors cost: gate, tracker, static map, and the whole pipeline on a street clip.

    python -m bench.detectors --model yolox_nano.onnx [--clip vtest.avi] [--json]

Prints medians in milliseconds of one thread. The clip is that of Debian's opencv-doc; every
second frame is handed in, as a camera at about five frames a second would.
"""

import argparse
import gzip
import hashlib
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import av
import cv2
import numpy as np

from core.clock import NS_PER_S
from core.geometry import Box
from core.model import ModelCard
from core.seeing import Detections
from core.video import Frame
from detectors.background import StaticMap
from detectors.engine import Engine
from detectors.gate import Gate
from detectors.pipeline import CameraPipeline
from detectors.tracker import Tracker

_CLIPS = Path("/usr/share/doc/opencv-doc/examples/data")


def milliseconds(step: Callable[[int], object], times: int) -> float:
    """Median time of one call."""
    spent = []
    for index in range(times):
        begun = time.perf_counter_ns()
        step(index)
        spent.append((time.perf_counter_ns() - begun) / 1e6)
    return round(median(spent), 3)


def gate_ms(width: int, height: int) -> float:
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(40, 200, (36, 64), np.uint8), (width, height))
    pictures = [ground.copy() for _ in range(8)]
    for index, picture in enumerate(pictures):
        picture[200:360, 200 + 30 * index : 260 + 30 * index] = 240
    gate = Gate()
    return milliseconds(lambda i: gate.consider(pictures[i % 8], i * NS_PER_S // 5), 400)


def tracker_ms(objects: int) -> float:
    rng = np.random.default_rng(0)
    tracker = Tracker()
    start = np.stack([rng.uniform(0, 0.5, objects), rng.uniform(0, 0.8, objects)], axis=1)

    def step(index: int) -> None:
        boxes = np.empty((objects, 4), np.float32)
        boxes[:, :2] = start + 0.002 * (index % 200) + rng.normal(0, 0.001, (objects, 2))
        boxes[:, 2:] = 0.03, 0.12
        scores = np.full(objects, 0.8, np.float32)
        tracker.update(index * NS_PER_S // 5, Detections(boxes, scores, ("person",) * objects))

    return milliseconds(step, 200)


def static_map_ms() -> float:
    rng = np.random.default_rng(0)
    ground = cv2.resize(rng.integers(40, 200, (36, 64, 3), np.uint8), (640, 360))
    things = StaticMap()
    movers = [Box(0.2, 0.3, 0.05, 0.2), Box(0.6, 0.4, 0.05, 0.2)]
    return milliseconds(lambda i: things.update(i * NS_PER_S // 2, ground, movers), 100)


def frames(path: Path, every: int) -> Iterator[Frame]:
    with av.open(str(path)) as container:
        for index, picture in enumerate(container.decode(video=0)):
            if index % every:
                continue
            planar = picture.reformat(format="yuv420p")
            plane = planar.planes[0]
            luma = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
            yield Frame(
                "clip",
                round((picture.time or 0.0) * NS_PER_S),
                index,
                luma[: planar.height, : planar.width],
                lambda planar=planar: planar.to_ndarray(format="bgr24"),
            )


def pipeline_ms(path: Path, engine: Engine, every: int = 2) -> dict[str, float]:
    pipeline = CameraPipeline(None, engine, fps=5)
    spent = []
    for frame in frames(path, every):
        begun = time.process_time_ns()
        pipeline.process(frame)
        spent.append((time.process_time_ns() - begun) / 1e6)
    return {
        "cpu_ms_per_frame": round(sum(spent) / len(spent), 2),
        "looks_per_frame": round(pipeline.cost.frames_looked / pipeline.cost.frames, 3),
        "calls_per_frame": round(pipeline.cost.detector_calls / pipeline.cost.frames, 3),
    }


def engine_ms(path: Path, engine: Engine) -> float:
    picture = next(frames(path, 1)).to_bgr()
    return milliseconds(lambda _: engine.detect([picture]), 40)


def street(given: Path | None, folder: Path) -> Path | None:
    if given is not None:
        return given
    for path in sorted(_CLIPS.glob("vtest.avi*")):
        if path.suffix != ".gz":
            return path
        unpacked = folder / path.stem
        with gzip.open(path) as packed, unpacked.open("wb") as plain:
            shutil.copyfileobj(packed, plain)
        return unpacked
    return None


def nano(path: Path) -> ModelCard:
    return ModelCard(
        name=path.stem,
        family="yolox",
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        licence="Apache-2.0",
        classes=tuple(f"class {number}" for number in range(80)),
        input_size=(416, 416),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--model", type=Path, help="YOLOX ONNX file; without it no inference")
    parser.add_argument("--clip", type=Path, help="video; vtest.avi of opencv-doc when absent")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    result: dict[str, object] = {
        "machine": f"{platform.machine()}, Python {platform.python_version()}, one thread",
        "gate_720p_ms": gate_ms(1280, 720),
        "gate_360p_ms": gate_ms(640, 360),
        "tracker_10_ms": tracker_ms(10),
        "tracker_30_ms": tracker_ms(30),
        "static_map_sample_ms": static_map_ms(),
    }
    with tempfile.TemporaryDirectory() as folder:
        path = street(asked.clip, Path(folder))
        if asked.model and path:
            engine = Engine(nano(asked.model))
            result["engine_ms"] = engine_ms(path, engine)
            result["pipeline"] = pipeline_ms(path, engine)
    if asked.json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
