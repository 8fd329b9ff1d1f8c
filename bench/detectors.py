"""What the detectors cost: gate, tracker, static map, and the whole pipeline on a street clip.

    python -m bench.detectors [--clip vtest.avi] [--json]

Prints medians in milliseconds of one thread. The clip is that of Debian's opencv-doc; every
second frame is handed in, as a camera at about five frames a second would.

``persons_tracked``: of the persons that one look at the whole of every frame finds (yolox-nano,
score at least as given), the share on whom a track lies at that frame: one to one, IoU >= 0.5.
"""

import argparse
import gzip
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
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core.allocator import keep_freed_memory
from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Detections
from core.video import Frame
from detectors.background import StaticMap
from detectors.engine import Engine
from detectors.gate import Gate
from detectors.overlap import ious
from detectors.pipeline import CameraPipeline
from detectors.tracker import Tracker
from models.store import Store

_CLIPS = Path("/usr/share/doc/opencv-doc/examples/data")
_SCORES = (0.3, 0.45, 0.6)


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


def pipeline(path: Path, engine: Engine, every: int = 2) -> dict[str, object]:
    """Cost of the whole way, and what of the persons in the clip is tracked."""
    watch = CameraPipeline(None, engine, fps=5)
    spent, held, seen = [], [], []
    for frame in frames(path, every):
        seen.append(engine.detect([frame.to_bgr()])[0])
        begun = time.process_time_ns()
        tracks = watch.process(frame).tracks
        spent.append((time.process_time_ns() - begun) / 1e6)
        persons = [track.box for track in tracks if track.label == "person"]
        held.append(np.array(persons, np.float32).reshape(-1, 4))
    return {
        "cpu_ms_per_frame": round(sum(spent) / len(spent), 2),
        "looks_per_frame": round(watch.cost.frames_looked / watch.cost.frames, 3),
        "calls_per_frame": round(watch.cost.detector_calls / watch.cost.frames, 3),
        "persons_tracked": {str(score): tracked(seen, held, score) for score in _SCORES},
    }


def tracked(seen: list[Detections], held: list[NDArray[np.float32]], score: float) -> float:
    """Share of the persons of at least this score on whom a track lies."""
    wanted = found = 0
    for some, boxes in zip(seen, held, strict=True):
        persons = np.array([label == "person" for label in some.labels], bool)
        there = some.boxes[persons & (some.scores >= score)]
        overlap = ious(there, boxes)
        rows, columns = linear_sum_assignment(-overlap)
        wanted += len(there)
        found += int((overlap[rows, columns] >= 0.5).sum())
    return round(found / max(wanted, 1), 3)


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--clip", type=Path, help="video; vtest.avi of opencv-doc when absent")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    keep_freed_memory()  # as the analyst does
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
        if path:
            engine = Engine(Store().ensure("yolox-nano"))
            result["engine_ms"] = engine_ms(path, engine)
            result["pipeline"] = pipeline(path, engine)
    if asked.json:
        print(json.dumps(result, indent=2))
    else:
        for name, value in result.items():
            print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
