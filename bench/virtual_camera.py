"""What a virtual camera costs: processor time of drawing, encoding and serving, per camera.

Cameras run in a process of their own, as in the demo; viewers (stream copy, no decoding) in this
one, so that only the cameras' work is counted. Run from a checkout:

    PYTHONPATH=. python bench/virtual_camera.py [--cameras 4] [--seconds 20] [--fps 10] [--json]
"""

import argparse
import contextlib
import json
import multiprocessing
import threading
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

import av
import cv2
import numpy as np
import psutil

from core.clock import NS_PER_S, SystemClock
from sim.base import ScenePicture, TruthEvent
from sim.camera import serve

USER, PASSWORD = "operator", "bench"
SETTINGS = {"nobody watches": (0, 0), "1 main, 1 sub": (1, 1), "3 main, 2 sub": (3, 2)}
"""Viewers of each camera's main and sub stream."""


class BusyStreet:
    """A textured still ground with rippling water and twelve moving boxes, 1280x720."""

    def __init__(self, seed: int, fps: float) -> None:
        self.name = f"street{seed}"
        self.size = (1280, 720)
        self.fps = fps
        self.events: list[TruthEvent] = []
        dice = np.random.default_rng(seed)
        coarse = dice.integers(60, 190, (45, 80, 3), dtype=np.uint8)
        grain = dice.integers(0, 12, (720, 1280, 3), dtype=np.uint8)
        self._ground = cv2.add(cv2.resize(coarse, self.size, interpolation=cv2.INTER_CUBIC), grain)
        self._water = dice.integers(80, 140, (200, 1400, 3), dtype=np.uint8)
        self._water = cv2.GaussianBlur(self._water, (9, 3), 0)
        self._starts = dice.integers(0, 1280, 12)
        self._index = 0

    def step(self) -> ScenePicture:
        index, self._index = self._index, self._index + 1
        picture = self._ground.copy()
        shift = (index * 3) % 120
        picture[520:] = self._water[:, shift : shift + 1280]
        for number, start in enumerate(self._starts):
            left = int(start + index * (3 + number)) % 1280
            top = 40 + 36 * number
            colour = (20 * number, 255 - 18 * number, 90)
            cv2.rectangle(picture, (left, top), (left + 40, top + 90), colour, -1)
        return ScenePicture(index, index / self.fps, picture, ())

    def hear(self, seconds: float) -> None:
        """Nobody there."""


def run_cameras(count: int, fps: float, port: Connection, stop: Event) -> None:
    scenes = {f"street{i}": BusyStreet(i, fps) for i in range(count)}
    account = {"username": USER, "password": PASSWORD}
    serve(scenes, **account, clock=SystemClock(), ready=port.send, stop=stop)


class Copier:
    """A viewer that takes packets and looks no further."""

    def __init__(self, url: str) -> None:
        self.packets = self.octets = 0
        self._url = url
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        options = {"rtsp_transport": "tcp", "analyzeduration": "100000"}
        with (
            contextlib.suppress(av.error.FFmpegError),
            av.open(self._url, options=options) as player,
        ):
            for packet in player.demux(video=0):
                self.packets += 1
                self.octets += packet.size
                if self._stop.is_set():
                    return


def measure(cameras: int, viewers: tuple[int, int], fps: float, seconds: float) -> dict[str, float]:
    """Run one setting; CPU in percent of one core per camera, and what one viewer received."""
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    stop = context.Event()
    child = context.Process(target=run_cameras, args=(cameras, fps, theirs, stop))
    child.start()
    try:
        port = mine.recv()
        base = f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{port}"
        copiers = {
            stream: [Copier(f"{base}/street{i}/{stream}") for i in range(cameras) for _ in range(n)]
            for stream, n in zip(("main", "sub"), viewers, strict=True)
        }
        clock, pause = SystemClock(), threading.Event()
        clock.wait(pause, 4.0)
        process = psutil.Process(child.pid)
        before = {s: [(c.packets, c.octets) for c in group] for s, group in copiers.items()}
        cpu, start_ns = process.cpu_times(), clock.monotonic_ns()
        clock.wait(pause, seconds)
        after, passed_s = process.cpu_times(), (clock.monotonic_ns() - start_ns) / NS_PER_S
        used_s = after.user + after.system - cpu.user - cpu.system
        result = {
            "cpu_percent_per_camera": round(100 * used_s / passed_s / cameras, 2),
            "memory_mb": round(process.memory_info().rss / 1e6),
        }
        for stream, group in copiers.items():
            if group:
                rates = [
                    ((c.packets - p) / passed_s, (c.octets - o) * 8 / 1000 / passed_s)
                    for c, (p, o) in zip(group, before[stream], strict=True)
                ]
                result[f"{stream}_slowest_fps"] = round(min(rate[0] for rate in rates), 2)
                result[f"{stream}_kbps"] = round(sum(rate[1] for rate in rates) / len(rates))
        for copier in (*copiers["main"], *copiers["sub"]):
            copier.stop()
        return result
    finally:
        stop.set()
        child.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--fps", type=float, default=10)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    results = {
        name: measure(arguments.cameras, viewers, arguments.fps, arguments.seconds)
        for name, viewers in SETTINGS.items()
    }
    if arguments.json:
        print(json.dumps(results, indent=2))
        return
    for name, result in results.items():
        print(f"{name:16}", "  ".join(f"{key} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
