"""The scene in real time, on a clock that the test moves."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import pytest

from core.clock import ManualClock
from sim.base import ScenePicture
from sim.camera.feed import Feed
from sim.camera.stream import AccessUnit, Stream
from sim.camera.truth import Truth
from tests.sim.camera_kit import BoxScene, wait_for


@dataclass
class SlowScene(BoxScene):
    """Drawing takes ``cost_s(index)`` of the clock's time; after ``last`` pictures it stops."""

    clock: ManualClock | None = None
    cost_s: Callable[[int], float] = lambda index: 0.0
    last: int = 100
    drawn_s: tuple[float, ...] = ()
    feed: Feed | None = None

    def step(self) -> ScenePicture:
        self.drawn_s += (self.clock.monotonic_ns() / 1e9,)
        self.clock.advance(self.cost_s(self.pictures))
        picture = super().step()
        if self.pictures == self.last:
            self.feed._stop.set()
        return picture


class Collector:
    def __init__(self) -> None:
        self.units: list[AccessUnit] = []

    def show(self, unit: AccessUnit) -> None:
        self.units.append(unit)


def run(cost_s: Callable[[int], float], last: int = 100) -> tuple[SlowScene, list[AccessUnit], int]:
    clock = ManualClock()
    scene = SlowScene(clock=clock, cost_s=cost_s, last=last)
    feed = Feed("river", scene, clock=clock, truth=Truth(None), deliver=Stream.deliver)
    scene.feed = feed
    seen = Collector()
    feed.streams["sub"].watch(seen)
    epoch_ns = clock.utc_ns()
    feed.start()
    wait_for(lambda: scene.pictures == last)
    feed.stop()
    return scene, seen.units, epoch_ns


def test_pictures_are_drawn_when_due_and_stamped_with_that_moment() -> None:
    scene, units, epoch_ns = run(lambda index: 0.03)
    assert scene.drawn_s == pytest.approx([k / 10 for k in range(100)])
    assert [unit.utc_ns - epoch_ns for unit in units] == [k * 10**8 for k in range(100)]
    assert [k for k, unit in enumerate(units) if unit.key] == list(range(0, 100, 10))


def test_a_late_scene_leaves_out_pictures_and_catches_up() -> None:
    """One picture takes a second; the next come without encoding until the clock is met."""
    scene, units, epoch_ns = run(lambda index: 1.0 if index == 20 else 0.01)
    encoded = {(unit.utc_ns - epoch_ns) // 10**8 for unit in units}
    left_out = set(range(100)) - encoded
    assert left_out
    assert left_out <= set(range(20, 30))
    assert scene.drawn_s[40:] == pytest.approx([k / 10 for k in range(40, 100)])


def test_a_scene_that_is_always_late_still_shows_something() -> None:
    _, units, epoch_ns = run(lambda index: 0.15)
    numbers = [(unit.utc_ns - epoch_ns) // 10**8 for unit in units]
    assert len(numbers) >= 10
    gaps = [later - sooner for sooner, later in pairwise(numbers)]
    assert max(gaps) <= 10, "one picture a second of scene time at least"


def test_a_new_watcher_gets_a_key_frame_at_once() -> None:
    late = Collector()

    class Joining(SlowScene):
        def step(self) -> ScenePicture:
            if self.pictures == 33:
                self.feed.streams["sub"].watch(late)
            return super().step()

    clock = ManualClock()
    scene = Joining(clock=clock, last=45)
    scene.feed = Feed("river", scene, clock=clock, truth=Truth(None), deliver=Stream.deliver)
    early = Collector()
    scene.feed.streams["sub"].watch(early)
    scene.feed.start()
    wait_for(lambda: scene.pictures == 45)
    scene.feed.stop()
    assert [k for k, unit in enumerate(early.units) if unit.key] == [0, 10, 20, 30, 33, 43]
    assert late.units == early.units[33:]
    assert scene.feed.streams["main"].pictures_encoded == 0
