"""CPU of recording, beside ``ffmpeg -c copy`` doing the same at the same time.

A GStreamer server (a process of its own, not counted) sends the cameras over RTSP/TCP on the
loopback interface; our recorder and one ffmpeg a camera record them in the same run, so that
the ratio does not depend on what else the machine does.

    python bench/recorder.py [--cameras 4] [--seconds 30] [--json]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--fps", type=int, default=25)
    parser.add_argument("--kbps", type=int, default=2000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    mount = {"fps": options.fps, "gop": options.fps * 2, "kbps": options.kbps, "pattern": "snow"}
    mounts = {f"cam{n}": mount for n in range(options.cameras)}
    with tempfile.TemporaryDirectory() as folder, GstCamera(**mounts) as server:
        urls = [server.url(name) for name in mounts]
        result = measure(urls, Path(folder), options.seconds)
    if options.json:
        print(json.dumps(result))
        return
    for name, values in result.items():
        print(f"{name:14}" + "  ".join(f"{key} {value}" for key, value in values.items()))


def measure(urls: list[str], folder: Path, seconds: float) -> dict[str, dict[str, float]]:
    """CPU seconds a minute of video and camera, memory, and bytes written, for each recorder."""
    runs = {
        "ours": [ours(urls, folder / "ours", "sync", "still")],
        "ours no sync": [ours(urls, folder / "nosync", "fast", "still")],
        "ours + relay": [ours(urls, folder / "live", "sync", "live")],
        "ffmpeg": [ffmpeg(url, folder / "ffmpeg" / str(n)) for n, url in enumerate(urls)],
    }
    everyone = [process for processes in runs.values() for process in processes]
    try:
        time.sleep(5)  # connections, probing, imports
        before = {name: cpu(processes) for name, processes in runs.items()}
        began = time.monotonic()
        time.sleep(seconds)
        passed = time.monotonic() - began
        minutes = passed / 60 * len(urls)
        result = {}
        for name, processes in runs.items():
            used = cpu(processes) - before[name]
            memory = sum(psutil.Process(p.pid).memory_info().rss for p in processes)
            result[name] = {
                "cpu_s_per_camera_minute": round(used / minutes, 3),
                "rss_mb": round(memory / 1e6),
            }
    finally:
        for process in everyone:
            process.kill()
            process.wait()
    places = {"ours": "ours", "ours no sync": "nosync", "ours + relay": "live"}
    for name in runs:
        place = folder / places.get(name, "ffmpeg")
        written = sum(p.stat().st_size for p in place.rglob("*.mp4"))
        result[name]["mb_written"] = round(written / 1e6, 2)
    base = result["ffmpeg"]["cpu_s_per_camera_minute"]
    for values in result.values():
        values["times_ffmpeg"] = round(values["cpu_s_per_camera_minute"] / base, 2)
    return result


def ours(urls: list[str], folder: Path, sync: str, live: str) -> subprocess.Popen[bytes]:
    """Our recorder for all cameras."""
    folder.mkdir(parents=True)
    return subprocess.Popen([sys.executable, "-c", OURS, str(folder), sync, live, *urls])


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
