"""Processes come back, end together and never outlive their supervisor."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.clock import SystemClock
from core.errors import BusError
from wardwatch.paths import Paths
from wardwatch.supervisor import Supervisor, SupervisorError

PATIENCE_S = 20.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.05)


@pytest.fixture
def bus(paths: Paths) -> Iterator[RedisBus]:
    bus = RedisBus(socket_url(paths.run), "test", paths.spool)
    yield bus
    bus.close()


def answers(bus: RedisBus) -> bool:
    try:
        bus.ping()
    except BusError:
        return False
    return True


def test_a_killed_process_comes_back(paths: Paths, bus: RedisBus) -> None:
    supervisor = Supervisor(paths, SystemClock())
    supervisor.spawn("bus")
    supervisor.wait_ready("bus", answers=lambda: answers(bus))
    supervisor.watch()
    before = supervisor.pids()["bus"]
    os.kill(before, signal.SIGKILL)
    until(lambda: supervisor.pids().get("bus", before) != before and answers(bus))
    after = supervisor.pids()["bus"]
    assert supervisor.restarts() == {"bus": 1}
    supervisor.stop()
    assert not psutil.pid_exists(before)
    assert not psutil.pid_exists(after)


def test_a_process_that_cannot_start_is_explained(paths: Paths) -> None:
    paths.site_file.write_text("{}", encoding="utf-8")
    supervisor = Supervisor(paths, SystemClock())
    supervisor.spawn("recorder")
    with pytest.raises(SupervisorError, match=r"process recorder ended with code 1"):
        supervisor.wait_ready("recorder")
    supervisor.stop()


_STARTS_A_BUS_AND_WAITS = """
import sys, time
from pathlib import Path
from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.clock import SystemClock
from core.errors import BusError
from wardwatch.paths import Paths
from wardwatch.supervisor import Supervisor

paths = Paths(Path(sys.argv[1]))
bus = RedisBus(socket_url(paths.run), "probe", paths.spool)
def answers():
    try:
        bus.ping()
    except BusError:
        return False
    return True
supervisor = Supervisor(paths, SystemClock())
supervisor.spawn("bus")
supervisor.wait_ready("bus", answers=answers)
supervisor.watch()
print(supervisor.pids()["bus"], flush=True)
time.sleep(600)
"""


def test_no_orphan_after_kill_9_of_the_supervisor(paths: Paths) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", _STARTS_A_BUS_AND_WAITS, str(paths.data)],
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert psutil.pid_exists(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == "zombie")
