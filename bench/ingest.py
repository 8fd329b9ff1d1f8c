"""What a camera costs while it is read: processor time, memory, lost packets, by camera count.

A feeder process serves pre-encoded loops (main 1280x720, sub 640x360, 10 pictures a second) with
the virtual camera's server; a second process reads main and sub of every camera as the recorder
does. Beside it, in the same run, `ffmpeg -c copy` processes read the same. Run from a checkout:

    python -m bench.ingest [--cameras 16 32 64] [--seconds 15] [--ffmpeg 8]
"""

import argparse
import asyncio
import multiprocessing
import random
import subprocess
import threading
from multiprocessing.connection import Connection as Pipe
from multiprocessing.synchronize import Event

import cv2
import numpy as np
import psutil
import structlog

from core.clock import NS_PER_S, SystemClock
from ingest.events import Lost, MediaPacket
from ingest.rtsp import RtspSource
from sim.camera import server as limits
from sim.camera.connection import Connection
from sim.camera.digest import Authenticator
from sim.camera.encoder import H264Encoder
from sim.camera.h264 import is_key, payloads
from sim.camera.server import Rules, Server
from sim.camera.session import Camera
from sim.camera.stream import AccessUnit, Stream

USER, PASSWORD, FPS = "operator", "bench", 10
SIZES = {"main": (1280, 720), "sub": (640, 360)}


class Loop:
    """Stands where a scene's feed stands: streams whose pictures were encoded beforehand."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.streams = {kind: Stream(size, FPS) for kind, size in SIZES.items()}

    def now_ns(self) -> int:
        return SystemClock().utc_ns()


def encoded(size: tuple[int, int]) -> list[tuple[bool, tuple[bytes, ...]]]:
    """Two seconds of a textured ground with a moving box, about 1.5 Mbit/s at 720p."""
    encoder, dice = H264Encoder(size, FPS), np.random.default_rng(1)
    coarse = dice.integers(60, 190, (24, 40, 3), dtype=np.uint8)
    ground = cv2.resize(coarse, size, interpolation=cv2.INTER_CUBIC)
    found = []
    for index in range(2 * FPS):
        picture = np.ascontiguousarray(np.roll(ground, index, axis=1))
        left = 20 * index
        cv2.rectangle(picture, (left, 40), (left + 60, 160), (40, 220, 240), -1)
        units = encoder.encode(picture, index / FPS, key=index % FPS == 0)
        found.append((is_key(units), tuple(payloads(units, encoder.sets))))
    return found


def feed(cameras: int, port: Pipe, stop: Event) -> None:
    """The feeder process."""
    asyncio.run(_feed(cameras, port, stop))


async def _feed(cameras: int, port: Pipe, stop: Event) -> None:
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    pictures = {kind: encoded(size) for kind, size in SIZES.items()}
    loops = [Loop(f"c{number}") for number in range(cameras)]
    server = Server(
        {loop.name: Camera(loop.name, loop) for loop in loops},  # type: ignore[arg-type]
        Authenticator(USER, PASSWORD, realm="bench", basic=False),
        SystemClock(),
        Rules(),
        lambda _camera, _talk: None,
    )
    limits.SESSIONS_LIMIT = 4 * cameras + 16
    connections: set[Connection] = set()
    door = await asyncio.get_running_loop().create_server(
        lambda: Connection(server, connections), "127.0.0.1", 0
    )
    port.send(door.sockets[0].getsockname()[1])
    clock = SystemClock()
    start_ns, index = clock.utc_ns(), 0
    while not stop.is_set():
        due_ns = start_ns + index * NS_PER_S // FPS
        # Cameras are not in step: each takes its turn within the picture's tenth of a second.
        for number, loop in enumerate(loops):
            turn_ns = due_ns + number * NS_PER_S // FPS // cameras
            await asyncio.sleep(max(0.0, (turn_ns - clock.utc_ns()) / NS_PER_S))
            for kind, stream in loop.streams.items():
                key, cut = pictures[kind][index % len(pictures[kind])]
                stream.deliver(AccessUnit(turn_ns, key, cut))
        index += 1


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


def measure(cameras: int, seconds: float, ffmpeg: int) -> tuple[dict, dict]:
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    mine, theirs = context.Pipe()
    feeder = context.Process(target=feed, args=(cameras, theirs, stop))
    feeder.start()
    try:
        port = mine.recv()
        reader = context.Process(
            target=read, args=(f"rtsp://127.0.0.1:{port}", cameras, seconds, theirs)
        )
        reader.start()
        ours = mine.recv()
        reader.join(20)
        address = f"rtsp://{USER}:{PASSWORD}@127.0.0.1:{port}"
        return ours, copy(address, min(ffmpeg, cameras), seconds) if ffmpeg else {}
    finally:
        stop.set()
        feeder.join(10)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, nargs="+", default=[16, 32, 64])
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--ffmpeg", type=int, default=8, help="cameras for the comparison")
    arguments = parser.parse_args()
    print("| cameras | % core each | ffmpeg -c copy | ratio | MiB each | ffmpeg MiB | lost |")
    print("|---|---|---|---|---|---|---|")
    totals = []
    for cameras in arguments.cameras:
        ours, theirs = measure(cameras, arguments.seconds, arguments.ffmpeg)
        totals.append(ours["cpu"] * cameras)
        print(
            f"| {cameras} | {ours['cpu']:.2f} | {theirs.get('cpu', 0):.2f} | "
            f"{ours['cpu'] / theirs['cpu'] if theirs else 0:.2f} | {ours['memory']:.1f} | "
            f"{theirs.get('memory', 0):.1f} | {ours['lost']} of {ours['pictures']} |",
            flush=True,
        )
    if len(totals) > 2:
        line = np.polyfit(arguments.cameras, totals, 1)
        off = np.abs(np.polyval(line, arguments.cameras) - totals).max() / max(totals)
        print(f"\nline: {line[0]:.2f} % of a core a camera; farthest point {100 * off:.0f} % off")


if __name__ == "__main__":
    main()
