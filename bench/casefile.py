"""Exporting an hour of four cameras as one case file, against copying and hashing the same bytes.

    python -m bench.casefile [--cameras 4] [--minutes 60] [--kbps 2000] [--folder DIR] [--json]

One minute of video (H.264, a key picture every two seconds) is encoded and recorded; the other
minutes are its segments again with later clocks, so they are as real to everything that reads
them. From each camera one clip of the whole time is cut and sealed, as an incident has it. Then,
in the same run: ``sha256sum`` and ``cp`` of the sealed clips, the export, and its check.
"""

import argparse
import json
import os
import resource
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from core.cases import Incident, IncidentState, Severity, StateChange
from core.clock import NS_PER_S, ManualClock
from core.config.load import load
from core.config.site import Site
from core.geometry import Box
from core.seeing import Kind
from core.store.database import open_store
from core.value import Text
from ingest.file import FileSource
from recorder.camera import CameraRecorder
from recorder.casefile.case import Wish
from recorder.casefile.making import make
from recorder.clips import cut
from recorder.seal.check.judge import judge
from recorder.seal.digests import hash_stream
from recorder.shelf import segment_path, segments
from wardwatch.casefiles import station_of
from wardwatch.paths import Paths
from wardwatch.vaults import open_vault

DEMO = Path(__file__).parents[1] / "configs" / "demo"
INCIDENT = "inc-bench"
MINUTE_S = 60


@dataclass(frozen=True)
class Cost:
    """Of one step: seconds by the clock, seconds of processors, most memory."""

    wall_s: float
    cpu_s: float
    peak_mb: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--kbps", type=int, default=2000)
    parser.add_argument("--folder", type=Path, help="Where the files are made; removed after.")
    parser.add_argument("--json", action="store_true")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ww-casefile-", dir=wanted.folder) as scratch:
        found = measure(Path(scratch), wanted.cameras, wanted.minutes, wanted.kbps)
    if wanted.json:
        print(json.dumps(found))
        return
    for name, value in found.items():
        print(f"{name:22} {value}")


def measure(root: Path, cameras: int, minutes: int, kbps: int) -> dict[str, object]:
    """All figures."""
    clock = ManualClock()
    site = load(DEMO).model_copy(update={"data_dir": root / "data"})
    paths = Paths(site.data_dir)
    paths.make()
    minute = film(root / "minute.mp4", kbps)
    vault = open_vault(site, paths, clock)
    sealing_s = 0.0
    for number in range(cameras):
        camera = f"bench-{number}"
        first_ns = record(paths.recordings, camera, minute, clock)
        repeat(paths.recordings, camera, minutes)
        made = cut(
            paths.recordings,
            camera,
            first_ns,
            first_ns + minutes * MINUTE_S * NS_PER_S,
            root / f"{camera}.mp4",
        )
        began = time.perf_counter()
        vault.seal(
            INCIDENT, "clip", made.path, camera=camera, first_ns=made.first_ns, last_ns=made.last_ns
        )
        sealing_s += time.perf_counter() - began
    clips = sorted((paths.vault / INCIDENT).glob("clip-*"))
    mb = sum(one.stat().st_size for one in clips) / 1e6
    bare = root / "bare"
    bare.mkdir()
    hashed = run(["sha256sum", *map(str, clips)])
    copied = run(["cp", *map(str, clips), str(bare)])
    for one in bare.iterdir():
        one.unlink()
    out = root / "case.zip"
    exported = cost(lambda: export(site, paths, clock, out))
    checked = cost(lambda: judge(out, None, hash_stream))
    both_s = hashed.wall_s + copied.wall_s
    return {
        "hours": round(cameras * minutes / 60, 2),
        "mb": round(mb),
        "cores": os.cpu_count(),
        "seal_mb_per_s": round(mb / sealing_s),
        "sha256sum": shown(hashed, mb),
        "cp": shown(copied, mb),
        "export": shown(exported, mb),
        "verify": shown(checked, mb),
        "export / (sha256sum+cp)": round(exported.wall_s / both_s, 2),
    }


def film(path: Path, kbps: int) -> Path:
    """One minute of moving noise at a camera's bit rate."""
    command = (
        "ffmpeg -v error -y -f lavfi -i testsrc2=size=640x360:rate=25 -t 60 -vf "
        f"noise=alls=30:allf=t -c:v libx264 -preset ultrafast -bf 0 -g 50 -b:v {kbps}k "
        f"-minrate {kbps}k -maxrate {kbps}k -bufsize {kbps}k -pix_fmt yuv420p"
    )
    subprocess.run([*command.split(), str(path)], check=True)
    return path


def record(recordings: Path, camera: str, minute: Path, clock: ManualClock) -> int:
    """Record the minute as a camera's; UTC of its first picture."""
    source = FileSource(camera, minute, clock)
    CameraRecorder(recordings, source, clock, segment_s=10, sync=False).run(threading.Event())
    return segments(recordings, camera)[0].start_ns


def repeat(recordings: Path, camera: str, minutes: int) -> None:
    """The minute's segments again, each minute later; a segment's name is its clock."""
    known = segments(recordings, camera)
    for minute in range(1, minutes):
        for segment in known:
            start_ns = segment.start_ns + minute * MINUTE_S * NS_PER_S
            target = segment_path(recordings, camera, start_ns)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.hardlink_to(segment.path)


def export(site: Site, paths: Paths, clock: ManualClock, out: Path) -> None:
    """As the hub does it."""
    store = open_store(paths.database_url(site), clock)
    why = Text.same("bench")
    step = StateChange(state="detected", at_ns=1, actor="system", reason=why)
    with store.begin() as unit:
        unit.incidents.put(
            Incident(
                id=INCIDENT, kind=Kind.FISHING, severity=Severity.MINOR, camera="bench-0",
                zone="shore", state=IncidentState.DETECTED, history=(step,), started_ns=1,
                last_seen_ns=2, active=False, box=Box(0.1, 0.1, 0.1, 0.1), why=why,
            )
        )  # fmt: skip
    wish = Wish("case-bench", (INCIDENT,), "bench", "bench")
    make(station_of(site, paths, store, clock), wish, out, told=lambda *_: None)
    store.close()


def run(command: list[str]) -> Cost:
    """A program's cost; its memory is told by the system."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    wall_s = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall_s, cpu_s, 0.0)


def cost(work: Callable[[], object]) -> Cost:
    """What a step costs in this process; the most memory it has meanwhile, above before."""
    me = psutil.Process()
    start = me.memory_info().rss
    most, over = [start], threading.Event()

    def watch() -> None:
        while not over.wait(0.05):
            most.append(me.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    cpu, began = time.process_time(), time.perf_counter()
    try:
        work()
    finally:
        wall_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu
        over.set()
        watching.join()
    return Cost(wall_s, cpu_s, (max(most) - start) / 1e6)


def shown(one: Cost, mb: float) -> dict[str, float]:
    """For the table."""
    return {
        "wall_s": round(one.wall_s, 2),
        "cpu_s": round(one.cpu_s, 2),
        "mb_per_s": round(mb / one.wall_s),
        "peak_mb": round(one.peak_mb),
    }


if __name__ == "__main__":
    main()
