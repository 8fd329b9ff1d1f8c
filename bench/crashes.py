"""What a killed process costs: ``kill -9`` at random moments while cameras are recorded.

A recorder in a process of its own records looped films as cameras, in real time. It is killed
at a random moment, the disk is looked at, it is started again, and so on. Beside it, processes
that do what analyst and hub do to recordings (follow a live picture; cut clips) are killed in
turn: those must cost nothing.

    python -m bench.crashes [--kills 100] [--cameras 8] [--seed 1] [--json]

Printed for each kind of victim: the time lost before the kill (from the last picture on disk to
the kill), the longest, against the group of pictures; whether a check of the recordings found
anything besides a torn end, before and after mending; whether every gap is in the ledger.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np

from core.clock import NS_PER_S
from recorder.check import Check
from recorder.ledger import read_gaps
from recorder.shelf import latest_end_ns

GOP_S = 1.0
FPS = 25
READY_S = 60.0
VICTIMS = ("recorder", "recorder", "analyst", "hub")

RECORDER = """
import sys, threading
from pathlib import Path
from core.clock import SystemClock
from ingest.file import FileSource
from recorder.recorder import Recorder
from recorder.relay import Relay
folder, film, *cameras = sys.argv[1:]
clock = SystemClock()
sources = [FileSource(camera, Path(film), clock, loop=True) for camera in cameras]
relay = Relay(Path(folder) / "run")
Recorder(Path(folder) / "rec", sources, clock, segment_s=4, live=relay).start()
threading.Event().wait()
"""
ANALYST = """
import sys
from pathlib import Path
from recorder.errors import RelayError
from recorder.live import LiveReader
folder, _, camera, *_ = sys.argv[1:]
while True:
    try:
        reader = LiveReader(Path(folder) / "run", camera)
        while True:
            reader.next(1.0)
    except RelayError:
        pass
"""
HUB = """
import sys, time
from pathlib import Path
from core.clock import NS_PER_S
from recorder.clips import cut
from recorder.errors import RecorderError
from recorder.locks import Lock, Locks
folder, _, *cameras = sys.argv[1:]
root, number = Path(folder) / "rec", 0
while True:
    camera, number = cameras[number % len(cameras)], number + 1
    now = time.time_ns()
    try:
        Locks(root).add(Lock(owner=f"i{number}", camera=camera, first_ns=now, last_ns=now))
        cut(root, camera, now - 4 * NS_PER_S, now, Path(folder) / "clip.mp4")
    except (RecorderError, OSError):
        pass
    time.sleep(0.2)
"""
_ROLES = {"recorder": RECORDER, "analyst": ANALYST, "hub": HUB}


class House:
    """The processes, each started again when it was killed."""

    def __init__(self, folder: Path, film: Path, cameras: list[str]) -> None:
        self.root = folder / "rec"
        self._arguments = [str(folder), str(film), *cameras]
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, role: str) -> None:
        """Start one of them."""
        self._running[role] = subprocess.Popen(
            [sys.executable, "-c", _ROLES[role], *self._arguments],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def kill(self, role: str) -> int:
        """Kill it; returns when, UTC nanoseconds."""
        process = self._running[role]
        at_ns = time.time_ns()
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        return at_ns

    def stop(self) -> None:
        """Kill them all."""
        for role in self._running:
            if self._running[role].poll() is None:
                self.kill(role)


def run(kills: int, cameras: int, seed: int) -> dict[str, Any]:
    """Kill so many times and account for each."""
    rng = random.Random(seed)
    names = [f"cam{n}" for n in range(cameras)]
    rows: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory() as folder:
        film = _film(Path(folder) / "film.mp4")
        house = House(Path(folder), film, names)
        for role in _ROLES:
            house.start(role)
        try:
            for number in range(kills):
                row = _one(house, names, VICTIMS[number % len(VICTIMS)], rng)
                rows.append({"number": number + 1, **row})
        finally:
            house.stop()
        final = Check(house.root, repair=True).run()
        again = Check(house.root).run()
    return {
        "kills": kills,
        "cameras": cameras,
        "by_victim": {role: _sum_up([r for r in rows if r["victim"] == role]) for role in _ROLES},
        "files": final.files,
        "ok_after_mending": again.ok,
        "rows": rows,
    }


def _one(house: House, names: list[str], victim: str, rng: random.Random) -> dict[str, Any]:
    _wait_recorded(house.root, names, time.time_ns())
    time.sleep(rng.uniform(0.0, 3.0))
    at_ns = house.kill(victim)
    row: dict[str, Any] = {"victim": victim, "lost_s": 0.0, "others": [], "unlisted": 0}
    if victim == "recorder":
        ends = [latest_end_ns(house.root, name) or 0 for name in names]
        row["lost_s"] = round(max(at_ns - end_ns for end_ns in ends) / NS_PER_S, 2)
        report = Check(house.root, repair=True).run()
        row["torn"] = sum(one.kind == "torn" for one in report.findings)
        usual = ("torn", "ledger")
        row["others"] = [one.kind for one in report.findings if one.kind not in usual]
        row["found"] = sorted(f"{one.kind} {one.detail}" for one in report.findings)
        house.start(victim)
        _wait_recorded(house.root, names, time.time_ns())
        for name, end_ns in zip(names, ends, strict=True):
            gaps = read_gaps(house.root, name, end_ns, at_ns)
            row["unlisted"] += not any(gap.reason == "crash" for gap in gaps)
    else:
        house.start(victim)
    return row


def _wait_recorded(root: Path, names: list[str], since_ns: int) -> None:
    """Until every camera has something from after that time on disk."""
    until = time.monotonic() + READY_S
    while not all((latest_end_ns(root, name) or 0) > since_ns for name in names):
        if time.monotonic() > until:
            raise RuntimeError(f"nothing was recorded for {READY_S:g} s")
        time.sleep(0.1)


def _sum_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    lost = [row["lost_s"] for row in rows]
    return {
        "kills": len(rows),
        "lost_median_s": median(lost) if lost else None,
        "lost_most_s": max(lost, default=None),
        "torn_files": sum(row.get("torn", 0) for row in rows),
        "other_findings": dict(Counter(kind for row in rows for kind in row["others"])),
        "gaps_not_in_ledger": sum(row["unlisted"] for row in rows),
    }


def _film(path: Path) -> Path:
    """A minute of noise with a key frame every ``GOP_S``."""
    rng = np.random.default_rng(1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.gop_size = round(GOP_S * FPS)
        stream.codec_context.max_b_frames = 0
        for _ in range(60 * FPS):
            picture = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = run(options.kills, options.cameras, options.seed)
    if options.json:
        print(json.dumps(result))
        return
    print(f"group of pictures {GOP_S:g} s, {options.cameras} cameras, {result['files']} files")
    for role, values in result["by_victim"].items():
        print(f"{role:10}" + "  ".join(f"{key} {value}" for key, value in values.items()))
    print(f"in order after mending: {result['ok_after_mending']}")


if __name__ == "__main__":
    main()
