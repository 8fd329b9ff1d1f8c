"""What the behaviours and the static-object map cost by the number of objects.

    python -m bench.behaviours [--size 1280x720] [--frames 300] [--json]

A drawn picture at 5 fps, half people and half cars, all in three zones that cover it
(fishing, dumping, occupation), watched by a camera that knows its ground. *moving*: everything
walks or drives all the time. *staying*: everything stands for so long that each person and each
car is an act going on, told every two seconds. The answers of the model are given, so that
nothing of the time is inference. Milliseconds of one thread's CPU a frame, means of the frames
after the first 30 s; rows of one run were measured in turns.

``gate`` tells how fast the machine was meanwhile (docs/design/detectors.md has it alone).
``loop`` is the whole way of a frame without the model: gate, regions, pictures for the model,
tracker, map, behaviours. ``judged`` is map and behaviours alone.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np

from core.allocator import keep_freed_memory
from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.geometry import Box
from core.seeing import Detections
from core.video import Bgr, Frame
from detectors.pipeline import CameraPipeline
from sim.draw.view import View

FPS = 5
OBJECTS = (0, 4, 10, 30)
FRIGATE_MS = {0: 1.2, 4: 2.6, 10: 4.8, 30: 25.0}
"""Its whole loop without inference, moving objects, 720p at 5 fps (given with the issue)."""
WARM_S = 30.0
_VIEW = View()
_EVERYWHERE = {"points": [[0, 0], [1, 0], [1, 1], [0, 1]]}
_RULES = (
    {"kind": "fishing", "dwell_s": 20},
    {"kind": "dumping", "settle_s": 10},
    {"kind": "occupation", "limit_s": 20, "limits": [
        {"start": "06:00", "end": "08:30", "limit_s": 600, "days": ["sat", "sun"]}]},
)  # fmt: skip


def camera() -> Camera:
    """All three rules everywhere."""
    places = [(-5, 20), (5, 20), (-5, 12), (5, 12), (-4, 8), (4, 8)]
    seen = [_VIEW.px(x, z) for x, z in places]
    points = [
        {"image": [px / _VIEW.size[0], py / _VIEW.size[1]], "metres": place}
        for (px, py), place in zip(seen, places, strict=True)
    ]
    zones = [
        {"id": str(rule["kind"]), "name": {"zh": "区", "en": "zone"}, "polygon": _EVERYWHERE,
         "rule": rule}
        for rule in _RULES
    ]  # fmt: skip
    return Camera.model_validate(
        {
            "id": "bench",
            "name": {"zh": "测", "en": "bench"},
            "streams": {"main": "rtsp://127.0.0.1/main"},
            "ground": {"points": points},
            "zones": zones,
        }
    )


class World:
    """So many people and cars: their boxes and their picture at a time."""

    def __init__(self, objects: int, moving: bool, size: tuple[int, int]) -> None:
        self._size = size
        rng = np.random.default_rng(7)
        self._ground = cv2.resize(rng.integers(70, 160, (36, 64, 3), np.uint8), size)
        self._speed = 0.04 if moving else 0.0
        self._labels = tuple("person" if number % 2 == 0 else "car" for number in range(objects))
        column, row = np.arange(objects) % 6, np.arange(objects) // 6
        self._x = 0.03 + 0.16 * column + 0.02 * (row % 2)
        self._y = 0.05 + 0.18 * row
        self._paint = rng.integers(0, 256, (objects, 3)).tolist()

    def boxes(self, t_s: float) -> list[Box]:
        found = []
        for number, label in enumerate(self._labels):
            wide, high = (0.03, 0.14) if label == "person" else (0.09, 0.10)
            x = self._x[number] + self._speed * t_s
            # There and back between the edges, as a triangle wave.
            x = abs((x % 2.0) - 1.0) * (1.0 - wide)
            if self._speed == 0.0:
                x = self._x[number] * (1.0 - wide)
            found.append(Box(float(x), float(self._y[number]), wide, high))
        return found

    def detections(self, t_s: float) -> Detections:
        boxes = np.array(self.boxes(t_s), np.float32).reshape(-1, 4)
        return Detections(boxes, np.full(len(boxes), 0.8, np.float32), self._labels)

    def picture(self, t_s: float) -> Bgr:
        wide, high = self._size
        picture = self._ground.copy()
        for box, paint in zip(self.boxes(t_s), self._paint, strict=True):
            x, y = round(box.x * wide), round(box.y * high)
            corner = (x + round(box.w * wide), y + round(box.h * high))
            cv2.rectangle(picture, (x, y), corner, paint, -1)
        return picture


class Told:
    """A model that is told the answer for the whole frame, whatever is shown to it."""

    input_size = (416, 416)
    label = "told@0"

    def __init__(self) -> None:
        self.answer = Detections.none()

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        return [self.answer for _ in pictures]


class Meter:
    """Adds up what calls of one method cost while it is on."""

    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call
        self.spent_ns = 0
        self.on = False

    def __call__(self, *given: Any, **named: Any) -> Any:
        begun = time.process_time_ns()
        answer = self._call(*given, **named)
        if self.on:
            self.spent_ns += time.process_time_ns() - begun
        return answer


class Watch:
    """One camera over one world, measured."""

    def __init__(self, objects: int, moving: bool, size: tuple[int, int]) -> None:
        self._world = World(objects, moving, size)
        self._engine = Told()
        self._pipeline = CameraPipeline(camera(), self._engine, fps=FPS)
        # Measured from inside the whole way, so that the parts add up: hence into its privates.
        self._map = Meter(self._pipeline._watch_things)
        self._pipeline._watch_things = self._map  # type: ignore[method-assign]
        self._gate = Meter(self._pipeline._gate.consider)
        self._pipeline._gate.consider = self._gate  # type: ignore[method-assign]
        self._judges = [Meter(one.update) for one in self._pipeline._behaviours]
        for one, meter in zip(self._pipeline._behaviours, self._judges, strict=True):
            one.update = meter  # type: ignore[method-assign]
        self._index = self._frames = self._loop_ns = self._told = 0

    def step(self) -> None:
        """One frame; counted once the start is over."""
        t_s = self._index / FPS
        picture = self._world.picture(t_s)
        luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        self._engine.answer = self._world.detections(t_s)
        frame = Frame("bench", 1_790_000_000 * NS_PER_S + self._index * NS_PER_S // FPS,
                      self._index, np.asarray(luma, np.uint8), lambda: picture)  # fmt: skip
        counted = t_s >= WARM_S
        for meter in (self._gate, self._map, *self._judges):
            meter.on = counted
        begun = time.process_time_ns()
        seen = self._pipeline.process(frame)
        if counted:
            self._loop_ns += time.process_time_ns() - begun
            self._frames += 1
            self._told += len(seen.sightings)
        self._index += 1

    def row(self) -> dict[str, float]:
        """Milliseconds a frame."""

        def ms(spent_ns: int) -> float:
            return round(spent_ns / 1e6 / max(self._frames, 1), 3)

        names = [f"{rule['kind']}_ms" for rule in _RULES]
        parts = {name: ms(meter.spent_ns) for name, meter in zip(names, self._judges, strict=True)}
        judged_ns = self._map.spent_ns + sum(meter.spent_ns for meter in self._judges)
        return {
            "gate_ms": ms(self._gate.spent_ns),
            "map_ms": ms(self._map.spent_ns),
            **parts,
            "judged_ms": ms(judged_ns),
            "loop_ms": ms(self._loop_ns),
            "told_a_second": round(self._told * FPS / max(self._frames, 1), 1),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--size", default="1280x720", help="of the pictures")
    parser.add_argument("--frames", type=int, default=300, help="frames measured a row")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    keep_freed_memory()  # as the analyst does
    cv2.setNumThreads(1)
    kinds = [(objects, moving) for moving in (True, False) for objects in OBJECTS]
    wide, high = (int(part) for part in asked.size.split("x"))
    watches = {kind: Watch(*kind, (wide, high)) for kind in kinds}
    for _ in range(round(WARM_S * FPS) + asked.frames):
        for watch in watches.values():
            watch.step()
    rows = [
        {
            "objects": objects,
            "which": "moving" if moving else "staying",
            **watch.row(),
            "frigate_loop_ms": FRIGATE_MS[objects] if moving and high == 720 else None,
        }
        for (objects, moving), watch in watches.items()
    ]
    if asked.json:
        machine = f"{platform.machine()}, Python {platform.python_version()}, one thread"
        print(json.dumps({"machine": machine, "rows": rows}, indent=2))
        return
    print(" ".join(f"{name:>15}" for name in rows[0]))
    for row in rows:
        print(" ".join(f"{'' if value is None else value:>15}" for value in row.values()))


if __name__ == "__main__":
    main()
