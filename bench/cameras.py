"""What many cameras cost on this machine, from one until it is full.

    python -m bench.cameras [--cameras 1 2 4 … 64] [--seconds 6] [--svg FILE] [--json]

Every camera is a thread that hands five pictures a second to its own pipeline; one model on all
cores serves them. When a camera has not done with a picture, the newest waits and older ones are
dropped and counted, as ingest does. Busy cameras see a crowded street (vtest.avi of Debian's
opencv-doc) and look at every picture; quiet ones see the simulator's river bank with one person.
Pictures lie decoded in memory: decoding is measured by bench.ingest.
"""

import argparse
import json
import os
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import cv2
import numpy as np

from bench.chart import Chart, Curve, Line, drawn
from bench.detectors import frames, street
from core.allocator import keep_freed_memory
from core.clock import NS_PER_S
from core.video import Bgr, Frame
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from detectors.service import BatchedEngine, serving
from models.store import Store
from sim import scenes

FPS = 5
STEPS = [1, 2, 4, 8, 16, 24, 32, 48, 64]


@dataclass
class Camera:
    """One camera's clock and mailbox of one, and what became of its pictures."""

    pictures: list[Frame]
    offset: int
    due: int = 0
    analysed: int = 0
    dropped: int = 0

    def __post_init__(self) -> None:
        self.late_ms: list[float] = []

    def run(self, engine: BatchedEngine, began_s: float, until_s: float) -> None:
        """Real time: picture number n is there n/FPS seconds after the camera's start."""
        pipeline = CameraPipeline(None, engine, fps=FPS)
        start_s = began_s + self.offset / 97 % (1 / FPS)  # cameras are not in step
        taken = -1
        while (now_s := time.perf_counter()) < until_s:
            newest = int((now_s - start_s) * FPS) if now_s >= start_s else -1
            if newest == taken:
                time.sleep(max(0.0, start_s + (taken + 1) / FPS - now_s))
                continue
            self.dropped += newest - taken - 1
            taken = newest
            picture = self.pictures[(taken + self.offset) % len(self.pictures)]
            pipeline.process(replace(picture, time_ns=taken * NS_PER_S // FPS, index=taken))
            self.analysed += 1
            self.late_ms.append((time.perf_counter() - start_s - taken / FPS) * 1000)


def measure(pictures: list[Frame], cameras: int, seconds: float) -> dict[str, float]:
    """One step of the load."""
    threads = os.cpu_count() or 1
    with serving(Engine(Store().ensure("yolox-nano")), threads) as engine:
        engine.detect([pictures[0].to_bgr()])
        watched = [Camera(pictures, 7 * number) for number in range(cameras)]
        began_s, cpu_s = time.perf_counter(), time.process_time()
        until_s = began_s + seconds
        running = [
            threading.Thread(target=camera.run, args=(engine, began_s, until_s))
            for camera in watched
        ]
        for thread in running:
            thread.start()
        for thread in running:
            thread.join()
        wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    # Of what was due, not by the clock: the window is no whole number of pictures for each.
    analysed = [
        FPS * camera.analysed / max(camera.analysed + camera.dropped, 1) for camera in watched
    ]
    late_ms = np.concatenate([camera.late_ms for camera in watched])
    dropped = sum(camera.dropped for camera in watched)
    due = dropped + sum(camera.analysed for camera in watched)
    return {
        "cameras": cameras,
        "cores_busy": round(cpu_s / wall_s, 2),
        "cpu_percent_of_a_core_per_camera": round(100 * cpu_s / wall_s / cameras, 1),
        "fps": round(median(analysed), 2),
        "fps_least": round(min(analysed), 2),
        "fps_most": round(max(analysed), 2),
        "dropped_percent": round(100 * dropped / max(due, 1), 1),
        "late_ms_median": round(float(np.median(late_ms)), 1),
        "late_ms_p95": round(float(np.percentile(late_ms, 95)), 1),
    }


def busy() -> list[Frame]:
    with tempfile.TemporaryDirectory() as folder:
        path = street(None, Path(folder))
        if path is None:
            raise SystemExit("vtest.avi is missing: apt-get install opencv-doc")
        return [kept(frame.luma.copy(), frame.to_bgr()) for frame in frames(path, 2)][:150]


def quiet() -> list[Frame]:
    scene = scenes.build("fishing", seed=0, size=(640, 360), fps=float(FPS))
    pictures = [scene.step().picture for _ in range(150)]
    return [kept(cv2.cvtColor(one, cv2.COLOR_BGR2GRAY), one) for one in pictures]


def kept(luma: Bgr, picture: Bgr) -> Frame:
    planar = cv2.cvtColor(picture[: len(luma) // 2 * 2], cv2.COLOR_BGR2YUV_I420)
    return Frame("camera", 0, 0, luma, lambda: cv2.cvtColor(planar, cv2.COLOR_YUV2BGR_I420))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cameras", type=int, nargs="+", default=STEPS)
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--svg", type=Path, help="where to draw cost, rate and loss over cameras")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    keep_freed_memory()  # as the analyst does
    cv2.setNumThreads(1)
    kinds: dict[str, Callable[[], list[Frame]]] = {"busy": busy, "quiet": quiet}
    rows: dict[str, list[dict[str, float]]] = {}
    for kind, made in kinds.items():
        pictures = made()
        rows[kind] = [measure(pictures, number, asked.seconds) for number in asked.cameras]
    if asked.svg:
        asked.svg.write_text(drawn([_chart(rows, *what) for what in _DRAWN]), encoding="utf-8")
    if asked.json:
        print(json.dumps({"machine": platform.machine(), "cores": os.cpu_count(), **rows}))
        return
    for kind, steps in rows.items():
        print(kind)
        for step in steps:
            print("  ", *(f"{name} {value:g} " for name, value in step.items()))


_DRAWN = (
    ("Processor time of each camera", "% of a core", "cpu_percent_of_a_core_per_camera"),
    ("Pictures analysed a second by each camera", "a second", "fps"),
    ("Pictures dropped for newer ones", "%", "dropped_percent"),
)


def _chart(rows: dict[str, list[dict[str, float]]], title: str, up: str, name: str) -> Chart:
    curves = []
    for kind, steps in rows.items():
        points = [(step["cameras"], step[name]) for step in steps]
        curves.append(Curve(kind, points, Line(0.0, 0.0), joined=True))
    return Chart(title, "cameras", up, curves)


if __name__ == "__main__":
    main()
