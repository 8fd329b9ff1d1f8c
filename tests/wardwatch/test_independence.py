"""Recording depends on nothing else (invariant 1), and everything comes back by itself."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from core.clock import NS_PER_S, SystemClock
from core.config.load import load
from core.config.site import Site
from recorder.ledger import read_gaps
from recorder.shelf import latest_end_ns, segments
from sim import scenes
from sim.camera import VirtualTownship
from tests.model_cards import model_card
from tests.wardwatch.cli import ROOT
from wardwatch.command_centre import CommandCentre

PATIENCE_S = 60.0


@pytest.fixture
def centre() -> Iterator[CommandCentre]:
    """A whole command centre with one working camera."""
    model = model_card("yolox-nano").name
    with (
        TemporaryDirectory(prefix="ww-") as directory,
        VirtualTownship(
            {"river": scenes.build("river")}, username="ward", password="pw", clock=SystemClock()
        ) as township,
    ):
        centre = CommandCentre(
            _site(Path(directory), township, model),
            environment={"WARDWATCH_CAMERA_PASSWORD": "pw"},
        )
        centre.start()
        yield centre
        centre.stop()


def _site(data: Path, township: VirtualTownship, model: str) -> Site:
    site = load(ROOT / "configs" / "demo", data_dir=data, mode="live")
    camera = site.cameras[0]
    streams = camera.streams.model_copy(
        update={"main": township.url("river"), "sub": township.url("river", "sub")}
    )
    return site.model_copy(
        update={
            "cameras": (camera.model_copy(update={"streams": streams}),),
            "console": site.console.model_copy(update={"port": 0}),
            "analysis": site.analysis.model_copy(update={"model": model}),
        }
    )


def test_recording_goes_on_whatever_else_dies(centre: CommandCentre) -> None:
    root = centre.paths.recordings
    until(lambda: recorded_s(root) > 3)
    first = next(iter(segments(root, "river"))).start_ns
    recorder = centre.pids()["recorder"]
    hurt(centre, "analyst", signal.SIGSTOP)
    hurt(centre, "bus", signal.SIGKILL)
    hurt(centre, "hub", signal.SIGKILL)
    time.sleep(8)
    hurt(centre, "analyst", signal.SIGKILL)
    until(lambda: centre.restarts() == {"bus": 1, "recorder": 0, "analyst": 1, "hub": 1})
    until(lambda: (latest_end_ns(root, "river") or 0) - first > 20 * NS_PER_S)
    assert centre.pids()["recorder"] == recorder
    assert [gap for gap in read_gaps(root, "river") if gap.first_ns >= first] == []


def test_what_is_recorded_after_kill_9_of_the_recorder_has_an_honest_gap(
    centre: CommandCentre,
) -> None:
    root = centre.paths.recordings
    until(lambda: recorded_s(root) > 4)
    before_ns = latest_end_ns(root, "river") or 0
    hurt(centre, "recorder", signal.SIGKILL)
    until(lambda: (latest_end_ns(root, "river") or 0) > before_ns + 12 * NS_PER_S)
    (gap,) = [one for one in read_gaps(root, "river") if one.first_ns >= before_ns - NS_PER_S]
    assert gap.last_ns is not None
    # At most one group of pictures (1 s) before the kill is lost; the rest is the restart.
    assert gap.first_ns >= before_ns - 1.5 * NS_PER_S
    assert (gap.last_ns - gap.first_ns) / NS_PER_S < 15


def hurt(centre: CommandCentre, role: str, how: signal.Signals) -> None:
    until(lambda: role in centre.pids())
    os.kill(centre.pids()[role], how)


def recorded_s(root: Path) -> float:
    found = list(segments(root, "river"))
    end_ns = latest_end_ns(root, "river")
    return (end_ns - found[0].start_ns) / NS_PER_S if found and end_ns else 0.0


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.2)
