"""Two hundred cameras that vanish and return together: how they are asked, when they are back.

A process serves the cameras (sub streams, pre-encoded); another reads them all, as the recorder
does, from threads of one process. Measured are the start of all at once, and returns after
cameras were away for a short and for a long time. Run from a checkout:

    python -m bench.return_of_many [--cameras 200] [--away 4 60]
"""

import argparse
import multiprocessing
import random
import threading
from collections import Counter
from multiprocessing.connection import Connection as Pipe
from typing import Any

import psutil
import structlog
from av.container import InputContainer

from bench.feeder import PASSWORD, USER, Feeder
from core.clock import NS_PER_S, SystemClock
from ingest.events import Lost, MediaPacket
from ingest.rtsp import RtspSource

SIZES, FPS = {"sub": (320, 176)}, 2
SLOT_NS = NS_PER_S // 10
LIMIT_S = 90.0


class Asking(RtspSource):
    """Writes down when it asked and how long that took."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.asked: list[tuple[int, int]] = []

    def open(self) -> InputContainer:
        began_ns = self.clock.monotonic_ns()
        try:
            return super().open()
        finally:
            self.asked.append((began_ns, self.clock.monotonic_ns()))


def read(port: int, cameras: int, pipe: Pipe) -> None:
    """The reading process: answers with what happened since it was asked before."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    clock, stop, process = SystemClock(), threading.Event(), psutil.Process()
    pictures: dict[int, int] = {}

    def one(number: int, source: Asking) -> None:
        for event in source.packets(stop):
            if isinstance(event, MediaPacket):
                pictures.setdefault(number, clock.monotonic_ns())
            elif isinstance(event, Lost):
                pictures.pop(number, None)

    sources = [
        Asking(
            f"c{number}",
            f"rtsp://127.0.0.1:{port}/c{number}/sub",
            clock,
            username=USER,
            password=PASSWORD,
            rng=random.Random(number),
        )
        for number in range(cameras)
    ]
    threads = [threading.Thread(target=one, args=pair, daemon=True) for pair in enumerate(sources)]
    for thread in threads:
        thread.start()
    while pipe.recv() != "end":
        used = process.cpu_times()
        pipe.send(
            {
                "first_ns": sorted(pictures.values()),
                "asked": [one for source in sources for one in tuple(source.asked)],
                "cpu_s": used.user + used.system,
            }
        )
    stop.set()
    for thread in threads:
        thread.join(10)


def told(pipe: Pipe) -> dict:
    pipe.send("tell")
    return pipe.recv()


def back(pipe: Pipe, cameras: int, clock: SystemClock) -> dict:
    """Wait until every camera gives pictures."""
    pause = threading.Event()
    end_ns = clock.monotonic_ns() + round(LIMIT_S * NS_PER_S)
    while len((found := told(pipe))["first_ns"]) < cameras and clock.monotonic_ns() < end_ns:
        clock.wait(pause, 0.25)
    return found


def busiest(times_ns: list[int]) -> int:
    return max(Counter(at // SLOT_NS for at in times_ns).values(), default=0)


def row(name: str, since_ns: int, returned_ns: int, before: dict, after: dict) -> None:
    asked = [pair for pair in after["asked"] if pair[0] >= since_ns]
    while_away = [began for began, _ in asked if began < returned_ns]
    coming = [pair for pair in asked if pair[0] >= returned_ns]
    waited = sorted((at - returned_ns) / NS_PER_S for at in after["first_ns"])
    edges = sorted([(b, 1) for b, _ in coming] + [(e, -1) for _, e in coming])
    at_once = most = 0
    for _, step in edges:
        at_once += step
        most = max(most, at_once)
    took = sorted((end - began) / NS_PER_S for began, end in coming)
    print(
        f"| {name} | {len(while_away)} | {busiest(while_away)} | {len(coming)} | "
        f"{busiest([began for began, _ in coming])} | {most} | {took[len(took) // 2]:.2f}, "
        f"{took[-1]:.2f} | {waited[len(waited) // 2]:.1f} | {waited[-1]:.1f} | "
        f"{after['cpu_s'] - before['cpu_s']:.1f} | {len(waited)} |",
        flush=True,
    )


def play(cameras: int, away: list[float]) -> None:
    clock, pause = SystemClock(), threading.Event()
    context = multiprocessing.get_context("spawn")
    with Feeder(cameras, SIZES, FPS) as feeder:
        mine, theirs = context.Pipe()
        reader = context.Process(target=read, args=(feeder.port, cameras, theirs), daemon=True)
        reader.start()
        before, after = told(mine), back(mine, cameras, clock)
        began_ns = min(began for began, _ in after["asked"])
        row("start", began_ns, began_ns, before, after)
        for seconds in away:
            clock.wait(pause, 12.0)  # so long a session counts as steady
            gone_ns = clock.monotonic_ns()
            feeder.shut()
            clock.wait(pause, seconds)
            before, returned_ns = told(mine), clock.monotonic_ns()
            feeder.open()
            row(f"{seconds:g} s away", gone_ns, returned_ns, before, back(mine, cameras, clock))
        mine.send("end")
        reader.join(20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=200)
    parser.add_argument("--away", type=float, nargs="*", default=[4.0, 60.0])
    arguments = parser.parse_args()
    print(
        "| case | asked while away | busiest 0.1 s | asked after | busiest 0.1 s | "
        "opening at once | an open takes s (median, most) | half back s | all back s | CPU s | "
        "cameras back |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    play(arguments.cameras, arguments.away)


if __name__ == "__main__":
    main()
