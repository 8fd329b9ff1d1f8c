"""CPU of recording, beside ``ffmpeg -c copy`` doing the same at the same time.

A GStreamer server (a process of its own, not counted) sends the cameras over RTSP/TCP on the
loopback interface; our recorder and one ffmpeg a camera record them in the same run, so that
the ratio does not depend on what else the machine does. Of several turns, which follow each other
in the same run, the median of each figure is given.

    python bench/recorder.py [--cameras 4] [--seconds 30] [--turns 3] [--shared] [--only NAMES]

``--shared`` has one encoder for all cameras, so that the server leaves a core to record many.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.ingest.peers import GstCamera

OURS = """
import sys, threading
from pathlib import Path
from core.clock import SystemClock
from ingest.rtsp import RtspSource
from recorder.recorder import Recorder
from recorder.relay import Relay
root, sync, live, *urls = sys.argv[1:]
clock = SystemClock()
relay = Relay(Path(root) / "run") if live == "live" else None
sources = [RtspSource(f"cam{n}", url, clock) for n, url in enumerate(urls)]
Recorder(Path(root) / "rec", sources, clock, live=relay, sync=sync == "sync").start()
threading.Event().wait()
"""

OPTIONS = {"ours": ("sync", "still"), "unsynced": ("fast", "still"), "relayed": ("sync", "live")}
NAMES = [*OPTIONS, "ffmpeg"]


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--kbps", type=int, default=2000)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    mount = {"fps": options.fps, "gop": options.fps * 2, "kbps": options.kbps, "pattern": "snow"}
    mounts = {f"cam{n}": mount for n in range(1 if options.shared else options.cameras)}
    with tempfile.TemporaryDirectory() as folder, GstCamera(**mounts) as server:
        urls = [server.url(f"cam{n % len(mounts)}") for n in range(options.cameras)]
        result = measure(urls, Path(folder), options.seconds, options.turns, options.only)
    if options.json:
        print(json.dumps(result))
        return
    for name, values in result.items():
        print(f"{name:14}" + "  ".join(f"{key} {value}" for key, value in values.items()))


def measure(
    urls: list[str], folder: Path, seconds: float, turns: int, names: Sequence[str]
) -> dict[str, dict[str, float]]:
    """CPU seconds a minute of video and camera, memory, and bytes written, for each recorder."""
    runs = {
        name: ours(urls, folder / name, *OPTIONS[name])
        if name in OPTIONS
        else [ffmpeg(url, folder / name / str(n)) for n, url in enumerate(urls)]
        for name in names
    }
    everyone = [process for processes in runs.values() for process in processes]
    spent: dict[str, list[float]] = {name: [] for name in runs}
    try:
        time.sleep(5 + len(urls) / 4)  # connections, probing, imports
        for _ in range(turns):
            before = {name: cpu(processes) for name, processes in runs.items()}
            began = time.monotonic()
            time.sleep(seconds)
            minutes = (time.monotonic() - began) / 60 * len(urls)
            for name, processes in runs.items():
                spent[name].append((cpu(processes) - before[name]) / minutes)
        memory = {
            name: sum(psutil.Process(p.pid).memory_info().rss for p in processes)
            for name, processes in runs.items()
        }
    finally:
        for process in everyone:
            process.kill()
            process.wait()
    result = {}
    for name, turned in spent.items():
        written = sum(p.stat().st_size for p in (folder / name).rglob("*.mp4"))
        result[name] = {
            "cpu_s_per_camera_minute": round(median(turned), 3),
            "rss_mb": round(memory[name] / 1e6),
            "mb_written": round(written / 1e6, 2),
        }
        if "ffmpeg" in spent:
            ratios = [a / b for a, b in zip(turned, spent["ffmpeg"], strict=True)]
            result[name]["times_ffmpeg"] = round(median(ratios), 2)
    return result


def ours(urls: list[str], folder: Path, sync: str, live: str) -> list[subprocess.Popen[bytes]]:
    """Our recorder for all cameras."""
    folder.mkdir(parents=True)
    return [subprocess.Popen([sys.executable, "-c", OURS, str(folder), sync, live, *urls])]


def ffmpeg(url: str, folder: Path) -> subprocess.Popen[bytes]:
    """FFmpeg for one camera, writing fragmented segments as we do."""
    folder.mkdir(parents=True)
    return subprocess.Popen(
        [
            "ffmpeg", "-v", "quiet", "-nostdin", "-rtsp_transport", "tcp", "-i", url,
            "-map", "0:v", "-c", "copy", "-f", "segment", "-segment_time", "10",
            "-segment_format_options", "movflags=frag_keyframe+empty_moov+default_base_moof",
            str(folder / "%05d.mp4"),
        ]
    )  # fmt: skip


def cpu(processes: list[subprocess.Popen[bytes]]) -> float:
    """User and system seconds used so far."""
    times = [psutil.Process(process.pid).cpu_times() for process in processes]
    return sum(t.user + t.system for t in times)


if __name__ == "__main__":
    main()
