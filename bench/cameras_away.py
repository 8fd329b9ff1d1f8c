"""What a camera that is down costs over hours: thousands of failed attempts in a row.

Each kind of being down is met with pauses cut short, by one source in one thread; what an attempt
costs then tells what a day at the real pace costs. Run from a checkout:

    python -m bench.cameras_away [--attempts 4000]
"""

import argparse
import random
import socket
import threading

import psutil
import structlog

from core.clock import SystemClock
from ingest.events import Lost
from ingest.rtsp import RtspSource
from sim.camera.faults import Fault
from tests.sim.camera_kit import USER, BoxScene, township

CAMERA = "gate"
SILENT_OPEN_S = 0.02
PACE_S = 15.0
"""Between two attempts on average, once the pauses have grown to between 0 and 30 s."""


class Brief(random.Random):
    """Cuts every pause short."""

    def uniform(self, a: float, b: float) -> float:
        return min(a, b, 0.0005)


def attempts(name: str, url: str, number: int, open_s: float) -> None:
    """One row of the table."""
    clock, stop, process = SystemClock(), threading.Event(), psutil.Process()
    source = RtspSource(
        CAMERA, url, clock, username=USER, password="wrong", rng=Brief(), open_s=open_s
    )
    warm = number // 4
    sizes: list[int] = []
    reasons: set[str] = set()
    cpu_s, fds, threads = 0.0, 0, 0
    for count, event in enumerate(source.packets(stop), 1):
        assert isinstance(event, Lost)
        reasons.add(event.reason)
        if count == warm:
            used = process.cpu_times()
            cpu_s, fds, threads = used.user + used.system, process.num_fds(), process.num_threads()
        if count >= warm and (count - warm) % max(1, warm // 10) == 0:
            sizes.append(process.memory_info().rss)
        if count == number:
            stop.set()
            break
    used = process.cpu_times()
    spent_s = (used.user + used.system - cpu_s) / (number - warm)
    thousands = (number - warm) / 1000
    half = len(sizes) // 2
    per = 1024 * thousands / 2
    print(
        f"| {name} | {', '.join(sorted(reasons))} | {number} | {1000 * spent_s:.2f} | "
        f"{100 * spent_s / PACE_S:.4f} | {(sizes[half] - sizes[0]) / per:+.0f} | "
        f"{(sizes[-1] - sizes[half]) / per:+.0f} | "
        f"{process.num_fds() - fds:+d} | {process.num_threads() - threads:+d} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attempts", type=int, default=4000)
    arguments = parser.parse_args()
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    print(
        "| the camera | shown as | attempts | ms CPU an attempt | % of a core at the real pace | "
        "KiB per 1000 attempts, first half | second half | descriptors | threads |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    attempts("port closed", f"rtsp://127.0.0.1:{port}/main", arguments.attempts, 10.0)
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as mute:
        url = f"rtsp://127.0.0.1:{mute.getsockname()[1]}/main"
        gone = threading.Event()
        drain = threading.Thread(target=_hold, args=(mute, gone))
        drain.start()
        attempts("connects, never answers", url, arguments.attempts // 4, SILENT_OPEN_S)
        gone.set()
        drain.join()
    with township(scenes={CAMERA: BoxScene(fps=1.0)}) as town:
        attempts("401 (server in the figure)", town.url(CAMERA), arguments.attempts // 4, 10.0)
        town.misbehave(Fault(refuse=True), CAMERA)
        attempts("RST (server in the figure)", town.url(CAMERA), arguments.attempts // 4, 10.0)


def _hold(mute: socket.socket, gone: threading.Event) -> None:
    """Takes connections off the queue, so that it does not run full, and says nothing."""
    mute.settimeout(0.1)
    held: list[socket.socket] = []
    while not gone.is_set():
        try:
            held.append(mute.accept()[0])
        except TimeoutError:
            continue
        if len(held) > 4:
            held.pop(0).close()


if __name__ == "__main__":
    main()
