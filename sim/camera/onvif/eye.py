"""What a camera sees by itself: the last picture, and whether something moves."""

import threading
from collections.abc import Callable

from core.video import Bgr
from sim.base import Scene, ScenePicture, TruthEvent

_MOVES = 0.004
"""Least way of an object's centre between two looks, part of the picture."""
_LOOK_S = 0.4
_CALM_S = 1.2


class Eye:
    """A scene that is looked at while it is played; a :class:`sim.base.Scene` itself.

    Something moves from the moment when a drawn object has come, gone or changed its place, until
    nothing has for 1.2 s of scene time.

    Args:
        changed: called on the scene's thread with the new state.
    """

    def __init__(self, scene: Scene, changed: Callable[[bool], None]) -> None:
        self.name = scene.name
        self.size = scene.size
        self.fps = scene.fps
        self.motion = False
        self._scene = scene
        self._changed = changed
        self._lock = threading.Lock()
        self._picture: Bgr | None = None
        self._places: dict[int, tuple[float, float]] | None = None
        self._looked_s = self._moved_s = float("-inf")

    @property
    def events(self) -> list[TruthEvent]:
        return self._scene.events

    def hear(self, seconds: float) -> None:
        self._scene.hear(seconds)

    def visit(self) -> None:
        self._scene.visit()

    def step(self) -> ScenePicture:
        drawn = self._scene.step()
        with self._lock:
            self._picture = drawn.picture
        if drawn.t_s - self._looked_s >= _LOOK_S:
            self._looked_s = drawn.t_s
            self._look(drawn)
        return drawn

    def picture(self) -> Bgr | None:
        """A copy of the last picture, (H, W, 3) uint8 BGR; None before the first."""
        with self._lock:
            return None if self._picture is None else self._picture.copy()

    def _look(self, drawn: ScenePicture) -> None:
        places = {
            thing.id: (thing.box.x + thing.box.w / 2, thing.box.y + thing.box.h / 2)
            for thing in drawn.objects
        }
        before, self._places = self._places, places
        if before is not None and _differ(before, places):
            self._moved_s = drawn.t_s
        motion = drawn.t_s - self._moved_s < _CALM_S
        if motion != self.motion:
            self.motion = motion
            self._changed(motion)


def _differ(before: dict[int, tuple[float, float]], after: dict[int, tuple[float, float]]) -> bool:
    if before.keys() != after.keys():
        return True
    return any(
        abs(before[thing][axis] - after[thing][axis]) > _MOVES for thing in after for axis in (0, 1)
    )
