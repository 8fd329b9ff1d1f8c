"""Memory, threads and open files of a whole command centre that watches cameras for an hour.

    python -m bench.memory [--cameras 8] [--minutes 60] [--svg FILE] [--samples FILE] [--json]

The cameras are virtual ones (640×360 at five pictures a second over RTSP) in a process of their
own. Each plays a scene of the demo, with what happens there, and after some minutes another of
its kind: so there are sightings, incidents, warnings and orders all the time. Bus, recorder,
analyst and hub are those of the product. Counted is USS, memory of a process's own: of libraries
PSS counts a share, which grows when other programs that use them end.
"""

import argparse
import json
import multiprocessing
import signal
import tempfile
import threading
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import psutil
import structlog

from bench.chart import Chart, Curve, Line, drawn
from core.clock import NS_PER_S, SystemClock
from core.config.cameras import Camera
from core.config.load import SHIPPED, load
from core.config.site import Site
from core.messages import HEALTH, SIGHTINGS, CameraHealth
from core.seeing import Sighting
from models.store import Store
from sim import scenes
from sim.base import Scene, ScenePicture, TruthEvent
from sim.camera import VirtualTownship
from wardwatch.command_centre import CommandCentre

USER, PASSWORD = "ward", "bench"
SIZE, FPS = (640, 360), 5.0
REPEAT_S = 240.0
EACH_S = 10.0
SETTLING_MIN = 10.0
ROLES = ("analyst", "recorder", "hub", "bus")

Sample = dict[str, Any]


class Again:
    """A scene that is played again and again, each time with another seed."""

    size, fps = SIZE, FPS

    def __init__(self, name: str, seed: int) -> None:
        self.name, self._seed = name, seed
        self._pictures = 0
        self._over: list[TruthEvent] = []
        self._scene: Scene = scenes.build(name, seed=seed, size=SIZE, fps=FPS)

    @property
    def events(self) -> list[TruthEvent]:
        return [*self._over, *self._scene.events]

    def step(self) -> ScenePicture:
        if self._pictures and self._pictures % round(REPEAT_S * FPS) == 0:
            self._seed += 100
            self._over.clear()
            self._scene = scenes.build(self.name, seed=self._seed, size=SIZE, fps=FPS)
        now = self._scene.step()
        at = ScenePicture(self._pictures, self._pictures / FPS, now.picture, now.objects)
        self._pictures += 1
        return at

    def hear(self, seconds: float) -> None:
        self._scene.hear(seconds)

    def visit(self) -> None:
        self._scene.visit()


def serve(cameras: list[tuple[str, str]], pipe: Pipe) -> None:
    """The process of the cameras, until the other end of the pipe says or is gone."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(1)
    played = {name: Again(scene, seed) for seed, (name, scene) in enumerate(cameras)}
    with VirtualTownship(played, username=USER, password=PASSWORD, clock=SystemClock()) as township:
        pipe.send(township.port)
        try:
            pipe.recv()
        except EOFError:
            return


def site_of(cameras: int, data: Path) -> Site:
    """The demo's configuration with as many cameras as asked, and no port yet."""
    site = load(SHIPPED / "demo", data_dir=data, mode="demo")
    several = [
        site.cameras[number % len(site.cameras)].model_copy(update={"id": f"c{number}"})
        for number in range(cameras)
    ]
    return site.model_copy(
        update={
            "cameras": tuple(several),
            "console": site.console.model_copy(update={"port": 0}),
            "analysis": site.analysis.model_copy(update={"model": Store().default().name}),
        }
    )


def at_port(camera: Camera, port: int) -> Camera:
    main, sub = (f"rtsp://127.0.0.1:{port}/{camera.id}/{one}" for one in ("main", "sub"))
    streams = camera.streams.model_copy(update={"main": main, "sub": sub})
    return camera.model_copy(update={"streams": streams})


class Watcher:
    """Samples of the processes, and what they say of their work."""

    def __init__(self, centre: CommandCentre) -> None:
        self._centre = centre
        self._stop = threading.Event()
        self._bus = centre.bus("memory")
        self._analysed: dict[str, float] = {}
        self._acts: set[str] = set()
        self._threads = [
            threading.Thread(target=self._health, daemon=True),
            threading.Thread(target=self._count, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def sample(self, minute: float) -> Sample:
        """For each process memory of its own in MB, threads, and open files."""
        found: Sample = {"minute": round(minute, 2)}
        for role, pid in self._centre.pids().items():
            process = psutil.Process(pid)
            family = [process, *process.children(recursive=True)]
            own = sum(one.memory_full_info().uss for one in family) / 1e6
            threads = sum(one.num_threads() for one in family)
            found[role] = [round(own, 2), threads, sum(one.num_fds() for one in family)]
        found["analysed_fps"] = round(sum(self._analysed.values()), 1)
        found["sightings"] = len(self._acts)
        return found

    def _health(self) -> None:
        for one in self._bus.tail(HEALTH, CameraHealth, self._stop):
            if one.process == "analyst" and one.analysed_fps is not None:
                self._analysed[one.camera] = one.analysed_fps

    def _count(self) -> None:
        for one in self._bus.tail(SIGHTINGS, Sighting, self._stop):
            self._acts.add(one.id)


def summary(samples: list[Sample]) -> dict[str, dict[str, float]]:
    """What each process took when settled and at the end, and the straight line between."""
    settled = [one for one in samples if one["minute"] >= SETTLING_MIN] or samples
    found = {}
    for role in ROLES:
        memory, threads, files = np.array([one[role] for one in settled if role in one]).T
        found[role] = {
            "settled_mb": memory[0],
            "end_mb": memory[-1],
            "most_mb": float(memory.max()),
            "mb_an_hour": round(60 * line_of(settled, role).slope, 2),
            "threads": int(threads[-1]),
            "threads_most": int(threads.max()),
            "files": int(files[-1]),
            "files_most": int(files.max()),
        }
    return found


def line_of(samples: list[Sample], role: str) -> Line:
    """Least squares over minutes."""
    points = [(one["minute"], one[role][0]) for one in samples if role in one]
    slope, start = np.polyfit(*np.array(points).T, 1)
    return Line(float(slope), float(start))


def chart(samples: list[Sample]) -> str:
    settled = [one for one in samples if one["minute"] >= SETTLING_MIN] or samples
    panels = []
    for title, roles in (("Analyst and recorder", ROLES[:2]), ("Hub and bus", ROLES[2:])):
        curves = []
        for role in roles:
            points = [(one["minute"], one[role][0]) for one in samples[::6] if role in one]
            curves.append(Curve(role, points, line_of(settled, role)))
        panels.append(Chart(title, "minutes", "USS, MB", curves))
    return drawn(panels)


def play(cameras: int, minutes: float, path: Path | None) -> tuple[list[Sample], dict[str, int]]:
    """Samples, and how often each process had to be started again."""
    clock, stop = SystemClock(), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    context = multiprocessing.get_context("spawn")
    mine, theirs = context.Pipe()
    samples: list[Sample] = []
    with tempfile.TemporaryDirectory(prefix="ww-") as folder:
        site = site_of(cameras, Path(folder))
        shown = [(camera.id, scene_of(number)) for number, camera in enumerate(site.cameras)]
        township = context.Process(target=serve, args=(shown, theirs), daemon=True)
        township.start()
        port = mine.recv()
        site = site.model_copy(
            update={"cameras": tuple(at_port(camera, port) for camera in site.cameras)}
        )
        variables = {camera.password_env for camera in site.cameras if camera.password_env}
        centre = CommandCentre(site, environment=dict.fromkeys(variables, PASSWORD))
        centre.start()
        watcher = Watcher(centre)
        began_ns = clock.monotonic_ns()
        try:
            while not clock.wait(stop, EACH_S):
                minute = (clock.monotonic_ns() - began_ns) / NS_PER_S / 60
                samples.append(watcher.sample(minute))
                if path is not None:
                    with path.open("a", encoding="utf-8") as out:
                        out.write(json.dumps(samples[-1]) + "\n")
                if minute >= minutes:
                    break
            restarts = centre.restarts()
        finally:
            watcher.stop()
            centre.stop()
            mine.send("end")
            township.join(10)
    return samples, restarts


def scene_of(number: int) -> str:
    """The scenes of the demo in turn, as its cameras stand."""
    names = list(scenes.ZONES)
    return names[number % len(names)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--cameras", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--svg", type=Path, help="where to draw memory over time")
    parser.add_argument("--samples", type=Path, help="file that each sample is appended to")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    samples, restarts = play(asked.cameras, asked.minutes, asked.samples)
    found = summary(samples)
    last = samples[-1]
    if asked.svg:
        asked.svg.write_text(chart(samples), encoding="utf-8")
    if asked.json:
        print(json.dumps({"last": last, "restarts": restarts, **found}))
        return
    print(f"{last['minute']:.0f} min, {last['analysed_fps']} pictures a second analysed, ", end="")
    print(f"{last['sightings']} sightings, restarts {restarts}")
    for role, figures in found.items():
        print(f"{role:9}", *(f"{name} {value:g} " for name, value in figures.items()))


if __name__ == "__main__":
    main()
