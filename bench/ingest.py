"""What a camera costs while it is read: processor time, memory, lost packets, by camera count.

A feeder process serves pre-encoded loops (main 1280x720, sub 640x360, 10 pictures a second) with
the virtual camera's server; a second process reads main and sub of every camera as the recorder
does. After it, in the same run, as many `ffmpeg -c copy` processes read the same. Run from a
checkout:

    python -m bench.ingest [--cameras 16 32 64] [--seconds 15] [--draw FILE.svg]
"""

import argparse
import multiprocessing
import random
import subprocess
import threading
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import numpy as np
import psutil
import structlog

from bench.chart import Chart, Curve, Line, drawn
from bench.feeder import PASSWORD, USER, Feeder
from core.clock import NS_PER_S, SystemClock
from ingest.events import Lost, MediaPacket
from ingest.rtsp import RtspSource

FPS = 10
SIZES = {"main": (1280, 720), "sub": (640, 360)}
TITLES = {"cpu": "Processor time", "memory": "Memory"}


def read(base: str, cameras: int, seconds: float, result: Pipe) -> None:
    """The reading process: one thread a stream, as in the recorder."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    clock, stop, process = SystemClock(), threading.Event(), psutil.Process()
    counts = [[0, 0, 0] for _ in range(2 * cameras)]  # pictures, gaps, sessions lost
    running = threading.Event()

    def one(number: int) -> None:
        kind = ("main", "sub")[number % 2]
        source = RtspSource(
            f"c{number // 2}",
            f"{base}/c{number // 2}/{kind}",
            clock,
            username=USER,
            password=PASSWORD,
            rng=random.Random(number),
        )
        last_ns = 0
        for event in source.packets(stop):
            if isinstance(event, MediaPacket):
                if running.is_set():
                    counts[number][0] += 1
                    missing = round((event.time_ns - last_ns) * FPS / NS_PER_S) - 1
                    counts[number][1] += max(0, missing) if last_ns else 0
                last_ns = event.time_ns
            elif isinstance(event, Lost) and event.reason != "stopped":
                counts[number][2] += 1

    empty = process.memory_info().rss
    threads = [threading.Thread(target=one, args=(n,), daemon=True) for n in range(2 * cameras)]
    for thread in threads:
        thread.start()
        clock.wait(stop, 0.02)
    clock.wait(stop, 6.0)
    running.set()
    before, start_ns = process.cpu_times(), clock.monotonic_ns()
    clock.wait(stop, seconds)
    after, passed_s = process.cpu_times(), (clock.monotonic_ns() - start_ns) / NS_PER_S
    running.clear()
    used_s = after.user + after.system - before.user - before.system
    result.send(
        {
            "cpu": 100 * used_s / passed_s / cameras,
            "memory": (process.memory_info().rss - empty) / 2**20 / cameras,
            "pictures": sum(c[0] for c in counts),
            "lost": sum(c[1] for c in counts),
            "sessions_lost": sum(c[2] for c in counts),
        }
    )
    stop.set()
    for thread in threads:
        thread.join(8)


def copy(address: str, cameras: int, seconds: float) -> dict[str, float]:
    """The same by ``ffmpeg -c copy``, one process a camera, main and sub in each."""
    clock, pause = SystemClock(), threading.Event()
    running = []
    for number in range(cameras):
        inputs = [
            word
            for kind in SIZES
            for word in ("-rtsp_transport", "tcp", "-i", f"{address}/c{number}/{kind}")
        ]
        command = ["ffmpeg", "-nostdin", "-loglevel", "quiet", *inputs]
        command += ["-map", "0:v", "-map", "1:v", "-c", "copy", "-f", "null", "-"]
        running.append(psutil.Popen(command, stdout=subprocess.DEVNULL))
        clock.wait(pause, 0.05)
    clock.wait(pause, 8.0)

    def spent_s() -> float:
        return sum(p.cpu_times().user + p.cpu_times().system for p in running)

    before, start_ns = spent_s(), clock.monotonic_ns()
    clock.wait(pause, seconds)
    passed_s = (clock.monotonic_ns() - start_ns) / NS_PER_S
    found = {
        "cpu": 100 * (spent_s() - before) / passed_s / cameras,
        "memory": sum(p.memory_info().rss for p in running) / 2**20 / cameras,
    }
    for process in running:
        process.kill()
        process.wait()
    return found


def measure(cameras: int, seconds: float) -> tuple[dict, dict]:
    """Ours, then ffmpeg's, of the same cameras: side by side they would starve each other."""
    context = multiprocessing.get_context("spawn")
    with Feeder(cameras, SIZES, FPS) as feeder:
        mine, theirs = context.Pipe()
        reader = context.Process(
            target=read, args=(f"rtsp://127.0.0.1:{feeder.port}", cameras, seconds, theirs)
        )
        reader.start()
        ours = mine.recv()
        reader.join(20)
        address = f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{feeder.port}"
        return ours, copy(address, cameras, seconds)


def fitted(cameras: list[int], totals: list[float]) -> tuple[Line, float]:
    """The straight line of least squares and its R²."""
    slope, start = np.polyfit(cameras, totals, 1)
    off = np.polyval((slope, start), cameras) - totals
    spread = np.array(totals) - np.mean(totals)
    return Line(float(slope), float(start)), float(1 - (off @ off) / (spread @ spread))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument(
        "--draw", type=Path, help="write the growth as SVG, e.g. docs/images/ingest-growth.svg"
    )
    arguments = parser.parse_args()
    print("| cameras | % core each | ffmpeg -c copy | ratio | MiB each | ffmpeg MiB | lost |")
    print("|---|---|---|---|---|---|---|")
    found = []
    for cameras in arguments.cameras:
        ours, theirs = measure(cameras, arguments.seconds)
        found.append((ours, theirs))
        print(
            f"| {cameras} | {ours['cpu']:.2f} | {theirs['cpu']:.2f} | "
            f"{ours['cpu'] / theirs['cpu']:.2f} | {ours['memory']:.1f} | "
            f"{theirs['memory']:.1f} | {ours['lost']} of {ours['pictures']} |",
            flush=True,
        )
    if len(found) < 3:
        return
    charts = []
    for what, unit in (("cpu", "% of a core"), ("memory", "MiB")):
        curves = []
        for name, which in (("Wardwatch", 0), ("ffmpeg -c copy", 1)):
            totals = [
                one[which][what] * cameras
                for cameras, one in zip(arguments.cameras, found, strict=True)
            ]
            line, fit = fitted(arguments.cameras, totals)
            print(f"{name}: {line.start:.1f} + {line.slope:.2f} {unit} a camera, R² {fit:.4f}")
            curves.append(Curve(name, list(zip(arguments.cameras, totals, strict=True)), line))
        charts.append(Chart(TITLES[what], "cameras (main and sub)", unit, curves))
    if arguments.draw:
        arguments.draw.write_text(drawn(charts), encoding="utf-8")


if __name__ == "__main__":
    main()
