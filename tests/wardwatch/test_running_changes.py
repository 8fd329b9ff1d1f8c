"""Cameras come, change and go while the command centre runs; the others take no notice."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psutil
import pytest
import yaml

from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.config.load import load
from core.credentials import Credential, credentials_of
from core.messages import OBJECTS, ObjectsSeen
from recorder.ledger import Gap, read_gaps
from recorder.live import socket_path, watch
from recorder.shelf import latest_end_ns, segments
from sim.camera import VirtualTownship
from tests.model_cards import model_card
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township
from tests.wardwatch.cli import ROOT
from wardwatch.paths import Paths

PATIENCE_S = 60.0
ZONE = {
    "id": "verge",
    "name": {"zh": "路边", "en": "verge"},
    "polygon": {"points": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]},
    "rule": {"kind": "occupation", "limit_s": 3600},
}


@dataclass
class Running:
    """``wardwatch up`` and the files that a person edits."""

    config: Path
    paths: Paths
    process: "subprocess.Popen[str]"
    terminal: Path
    cameras: list[dict[str, Any]]

    def write(self, text: str | None = None) -> None:
        """As editors do: a new file in the place of the old one."""
        fresh = self.config / ".cameras.yaml.swp"
        fresh.write_text(text or yaml.safe_dump(self.cameras), encoding="utf-8")
        fresh.replace(self.config / "cameras.yaml")

    def child(self, role: str) -> psutil.Process:
        children = psutil.Process(self.process.pid).children()
        (found,) = [one for one in children if role in one.cmdline()]
        return found

    def sockets(self, town: VirtualTownship) -> dict[str, set[int]]:
        """Our ends of each process's connections to a camera: other ones after a reconnect."""
        return {
            role: {
                one.laddr.port
                for one in self.child(role).net_connections("tcp")
                if one.raddr and one.raddr.port == town.port and one.status == "ESTABLISHED"
            }
            for role in ("recorder", "analyst")
        }

    def threads(self) -> dict[str, int]:
        return {role: self.child(role).num_threads() for role in ("recorder", "analyst")}

    def said(self, words: str) -> list[str]:
        return [line for line in self.terminal.read_text().splitlines() if words in line]

    def gaps(self, camera: str) -> list[Gap]:
        """Those after the first start."""
        return read_gaps(self.paths.recordings, camera)[1:]

    def recorded(self, camera: str, more_s: float = 1.5) -> Callable[[], bool]:
        """Whether so much more was recorded than now."""
        root = self.paths.recordings
        now_ns = latest_end_ns(root, camera) if segments(root, camera) else None

        def grown() -> bool:
            found = segments(root, camera)
            end_ns = latest_end_ns(root, camera) if found else None
            return end_ns is not None and end_ns - (now_ns or found[0].start_ns) > more_s * 1e9

        return grown


def camera(name: str, town: VirtualTownship, **more: Any) -> dict[str, Any]:
    return {
        "id": name,
        "name": {"zh": name, "en": name},
        "streams": {"main": town.url(name), "sub": town.url(name, "sub")},
        **more,
    }


@pytest.fixture
def towns() -> Iterator[dict[str, VirtualTownship]]:
    """Three cameras, each an RTSP server of its own."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(township(scenes={name: BoxScene(fps=8)}))
            for name in ("river", "lane", "gate")
        }


@pytest.fixture
def running(towns: dict[str, VirtualTownship]) -> Iterator[Running]:
    """A command centre with the cameras river and lane."""
    model = model_card("yolox-nano").name
    with TemporaryDirectory(prefix="ww-") as directory:
        config, data = Path(directory) / "config", Path(directory) / "data"
        config.mkdir()
        site = {
            "name": {"zh": "镇", "en": "Town"},
            "centre": {"lon": 112.0, "lat": 30.0},
            "data_dir": str(data),
            "networks": ["127.0.0.0/8"],
            "analysis": {"model": model, "fps": 4},
            "console": {"port": 0},
        }
        (config / "township.yaml").write_text(yaml.safe_dump(site), encoding="utf-8")
        credentials = credentials_of(load(config))
        for name in towns:
            credentials.put(name, Credential(USER, PASSWORD))
        cameras = [camera(name, towns[name]) for name in ("river", "lane")]
        (config / "cameras.yaml").write_text(yaml.safe_dump(cameras), encoding="utf-8")
        terminal = Path(directory) / "terminal"
        with terminal.open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "wardwatch", "up", "--config", str(config)],
                cwd=ROOT,
                stderr=output,
                env={**os.environ, "COLUMNS": "400"},
                text=True,
            )
        try:
            yield Running(config, Paths(data), process, terminal, cameras)
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(60) == 0


def test_cameras_come_change_and_go(running: Running, towns: dict[str, VirtualTownship]) -> None:
    river, lane, gate = (towns[name] for name in ("river", "lane", "gate"))
    until(lambda: running.said("Wardwatch"))
    until(running.recorded("river"))
    until(running.recorded("lane"))
    until(lambda: all(running.sockets(river).values()) and all(running.sockets(lane).values()))
    threads, at_river, at_lane = running.threads(), running.sockets(river), running.sockets(lane)

    # One more: recorded, relayed, analysed.
    running.cameras.append(camera("gate", gate))
    running.write()
    until(running.recorded("gate"))
    assert asyncio.run(first_part(running.paths.run, "gate")) == "init"
    assert "gate" in seen(running)
    assert running.said("added gate")

    # The zones of one and the streams of another, with one edit.
    running.cameras[0]["zones"] = [ZONE]
    running.cameras[0]["name"]["en"] = "River bank"
    streams = running.cameras[1]["streams"]
    streams["main"], streams["sub"] = streams["sub"], streams["main"]
    running.write()
    until(lambda: moved(at_lane, running.sockets(lane)))
    until(lambda: running.gaps("lane") and running.gaps("lane")[-1].last_ns is not None)
    assert [gap.reason for gap in running.gaps("lane")] == ["changed"]
    assert running.said("changed river, lane")
    assert running.sockets(river) == at_river
    assert lane.sessions == gate.sessions == 2

    # Another password on the camera, then in the store.
    port = gate.port
    gate.stop()
    with township(scenes={"gate": BoxScene(fps=8)}, port=port, password="other") as gate:
        until(lambda: "refused" in log_of(running, "gate"))
        again = running.recorded("gate")
        credentials_of(load(running.config)).put("gate", Credential(USER, "other"))
        until(again)
        until(lambda: gate.sessions == 2)

        # A mistake changes nothing, and is said once; mended, all of it takes effect.
        del running.cameras[1]
        running.write("- id: river\n  name: [")
        until(lambda: running.paths.config_error.exists())
        assert "cameras.yaml: not valid YAML" in running.paths.config_error.read_text()
        until(running.recorded("lane"))
        running.write()
        until(lambda: lane.connections == 0)
        until(lambda: [gap.reason for gap in running.gaps("lane")] == ["changed", "removed"])
        assert running.gaps("lane")[-1].last_ns is None
        assert not running.paths.config_error.exists()
        assert len(running.said("not taken over")) == 1
        assert not socket_path(running.paths.run, "lane").exists()
        until(lambda: all(now <= threads[role] for role, now in running.threads().items()))

        # What else is changed is named.
        plan = (running.config / "township.yaml").read_text().replace("fps: 4", "fps: 3")
        (running.config / "township.yaml").write_text(plan)
        until(lambda: running.said("takes effect at the next start"))
        assert "section=analysis" in running.said("next start")[0]

    assert running.sockets(river) == at_river
    assert running.gaps("river") == []


def moved(before: dict[str, set[int]], now: dict[str, set[int]]) -> bool:
    """Every process has another connection, and one alone."""
    return all(len(now[role]) == 1 and now[role] != before[role] for role in before)


async def first_part(run: Path, name: str) -> str:
    parts = watch(run, name)
    return (await asyncio.wait_for(anext(parts), PATIENCE_S)).kind


def seen(running: Running) -> set[str]:
    """The cameras that are analysed, until there are three."""
    bus = RedisBus(socket_url(running.paths.run), "test", running.paths.spool)
    stop = threading.Event()
    found: set[str] = set()
    guard = threading.Timer(PATIENCE_S, stop.set)
    guard.start()
    for objects in bus.tail(OBJECTS, ObjectsSeen, stop):
        found.add(objects.camera)
        if len(found) == 3:
            break
    guard.cancel()
    bus.close()
    return found


def log_of(running: Running, name: str) -> str:
    """What the recorder complained of a camera, all in one."""
    lines = (running.paths.logs / "recorder.log").read_text(encoding="utf-8").splitlines()
    return " ".join(line for line in lines if json.loads(line).get("camera") == name)


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.2)
