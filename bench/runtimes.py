"""Runtimes and ways to use the cores, against a bare loop over the model file.

    python -m bench.runtimes [--runs 40] [--json]

CPU milliseconds a picture, medians, cases taking turns; and what the engine as a whole gives
of it: fitting the picture in, the model, reading the answer. Throughput is wall time: one
caller, several callers of one thread each, one caller with as many threads.
"""

import argparse
import json
import os
import threading
import time
from collections.abc import Callable
from importlib.util import find_spec
from statistics import median

import cv2
import numpy as np
import onnxruntime

from detectors.backends.base import Backend
from detectors.backends.onnx import OnnxBackend
from detectors.engine import Engine
from models.store import Store


def cpu_ms(cases: dict[str, Callable[[], object]], runs: int) -> dict[str, float]:
    spent: dict[str, list[float]] = {name: [] for name in cases}
    for turn in range(runs + 3):
        for name, call in cases.items():
            begun = time.process_time_ns()
            call()
            if turn >= 3:
                spent[name].append((time.process_time_ns() - begun) / 1e6)
    return {name: round(median(times), 2) for name, times in spent.items()}


def a_second(call: Callable[[], object], callers: int, runs: int) -> float:
    def loop() -> None:
        for _ in range(runs):
            call()

    running = [threading.Thread(target=loop) for _ in range(callers)]
    begun = time.perf_counter()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return round(callers * runs / (time.perf_counter() - begun), 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=40)
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    cores = os.cpu_count() or 1
    card = Store().ensure("yolox-nano")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    bare = onnxruntime.InferenceSession(str(card.path), options, providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    batch = rng.uniform(0, 255, (1, 3, *card.input_size)).astype(np.float32)
    picture = cv2.resize(rng.integers(0, 256, (36, 64, 3), np.uint8), (1280, 720))
    engine, ours, wide = Engine(card), OnnxBackend(card.path), OnnxBackend(card.path, threads=cores)
    cases: dict[str, Callable[[], object]] = {
        "bare loop, file as it is": lambda: bare.run(None, {"images": batch}),
        "ONNX Runtime, first layer rewritten": lambda: ours.run(batch),
        "engine, from a 720p picture": lambda: engine.detect([picture]),
    }
    if find_spec("openvino") is not None:
        from detectors.backends.openvino import OpenvinoBackend  # an extra

        other: Backend = OpenvinoBackend(card.path)
        cases["OpenVINO, FP32"] = lambda: other.run(batch)
    result: dict[str, object] = {"cores": cores, "cpu_ms": cpu_ms(cases, asked.runs)}
    result["pictures_a_second"] = {
        "one caller": a_second(lambda: ours.run(batch), 1, asked.runs),
        f"{cores} callers, one thread each": a_second(lambda: ours.run(batch), cores, asked.runs),
        f"one caller, {cores} threads": a_second(lambda: wide.run(batch), 1, asked.runs),
    }
    if asked.json:
        print(json.dumps(result, indent=2))
        return
    for title, figures in result.items():
        print(title, figures if isinstance(figures, int) else "")
        if isinstance(figures, dict):
            for name, value in figures.items():
                print(f"  {name:38} {value:8.2f}")


if __name__ == "__main__":
    main()
