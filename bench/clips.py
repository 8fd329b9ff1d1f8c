"""Cars from straight above on real footage: what the models see of them, and what comes of it.

    python -m bench.clips [--models yolox-nano centernet-mbv3] [--clip car-detection.mp4] [--json]

The clip is the shared one of a car park lane (``video/car-detection.mp4`` below the directory
that ``WARDWATCH_ASSETS`` names): four cars that fill up to a fifth of the picture each.

Where the cars are is taken from the pictures: the ground is smooth, so a car is where edges are
that the median picture does not have. Every box was looked at once; ``outside`` counts those
that lie in no interval of the clip's hand-made ``EVENTS_GT.json`` and should be 0.

``looks``: of the cars in all frames, the share on which a detection of at least that score lies
(IoU >= 0.5), named as a vehicle or as anything at all, for several ways of showing the picture.
``product``: the same of the pipeline's tracks. ``held``: the clip stops at a moment at which a
car is wholly in view, and that picture stays, with a little noise: has the static-object map got
the car, and does a zone of each kind over all of the picture report it?
"""

import argparse
import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from bench.detectors import frames
from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.geometry import Box
from core.seeing import Detections, Phase, Seen
from core.video import Bgr, Frame
from detectors.behaviours.places import covered
from detectors.engine import Engine
from detectors.labels import VEHICLES
from detectors.overlap import ious
from detectors.pipeline import CameraPipeline
from detectors.regions import Plan
from models.store import Store

_FPS = 5
_EDGE = 90.0  # Sobel of 8-bit grey
_LEAST = 0.01  # of the picture
_SCORES = (0.1, 0.25, 0.45)
_TOLERANCE_S = 0.7
_HELD_S = 60.0
_MOMENTS_S = (6.4, 16.8, 26.4)
"""When a car, or two at the second, is wholly in view."""

Way = Callable[[Engine, Bgr], Detections]
_Boxes = NDArray[np.float32]


@dataclass(frozen=True)
class Shot:
    """One frame and the boxes of the cars in it."""

    t_s: float
    picture: Bgr
    cars: list[Box]


def shots(path: Path) -> list[Shot]:
    """The clip at five pictures a second with what is in it."""
    pictures, due_s = [], 0.0
    for frame in frames(path, 1):
        t_s = frame.time_ns / NS_PER_S
        if t_s + 1e-6 >= due_s:
            pictures.append((t_s, frame.to_bgr()))
            due_s += 1 / _FPS
    ground = np.median([picture for _, picture in pictures[::3]], axis=0).astype(np.uint8)
    known = cv2.dilate(_edges(ground), np.ones((7, 7), np.uint8)) >= _EDGE * 2 / 3
    return [Shot(t_s, picture, _cars(picture, known)) for t_s, picture in pictures]


def _edges(picture: Bgr) -> NDArray[np.float32]:
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), (3, 3), 0)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return np.asarray(cv2.magnitude(across, down), np.float32)


def _cars(picture: Bgr, known: NDArray[np.bool_]) -> list[Box]:
    height, width = picture.shape[:2]
    fresh = ((_edges(picture) > _EDGE) & ~known).astype(np.uint8)
    fresh = cv2.morphologyEx(fresh, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    fresh = cv2.morphologyEx(fresh, cv2.MORPH_CLOSE, np.ones((21, 21), np.uint8))
    _, _, parts, _ = cv2.connectedComponentsWithStats(fresh)
    return [
        Box(x / width, y / height, w / width, h / height)
        for x, y, w, h, area in parts[1:].tolist()
        if area > _LEAST * width * height
    ]


def outside(film: Sequence[Shot], path: Path) -> int:
    """Cars in frames in which, by the hand-made list of events, there are fewer."""
    listed = json.loads((path.parent / "EVENTS_GT.json").read_text(encoding="utf-8"))
    events = listed["videos"][path.name]["events"]
    return sum(
        max(
            0,
            len(shot.cars)
            - sum(
                one["start_s"] - _TOLERANCE_S <= shot.t_s <= one["end_s"] + _TOLERANCE_S
                for one in events
            ),
        )
        for shot in film
    )


def tiles(per_side: int, overlap: float = 0.2) -> Way:
    """The picture in overlapping parts, each shown by itself: as large as can be."""
    side = 1 / (per_side - (per_side - 1) * overlap)
    step = side * (1 - overlap)
    steps = [number * step for number in range(per_side)]
    return _parts([Box(x, y, side, side) for y in steps for x in steps])


def squares(count: int, aspect: float) -> Way:
    """Squares of the picture's height, side by side: nothing is padded."""
    return _parts([Box(x, 0.0, 1 / aspect, 1.0) for x in np.linspace(0, 1 - 1 / aspect, count)])


def _parts(parts: list[Box]) -> Way:
    plan = Plan(tuple(parts))

    def look(engine: Engine, picture: Bgr) -> Detections:
        found = engine.detect(plan.pictures(picture, engine.input_size))
        return plan.gather(found, engine.input_size)

    return look


def smaller(share: float) -> Way:
    """The whole picture at a part of the size that would fit: cars of the size models know."""

    def look(engine: Engine, picture: Bgr) -> Detections:
        height, width = picture.shape[:2]
        canvas = np.full((round(height / share), round(width / share), 3), 114, np.uint8)
        canvas[:height, :width] = picture
        found = engine.detect([canvas])[0]
        scale = np.array([canvas.shape[1] / width, canvas.shape[0] / height] * 2, np.float32)
        return Detections(found.boxes * scale, found.scores, found.labels)

    return look


def ways(aspect: float) -> dict[str, tuple[int, Way]]:
    """Name, calls a frame, and the look itself."""
    return {
        "whole": (1, lambda engine, picture: engine.detect([picture])[0]),
        "whole at 1/2": (1, smaller(1 / 2)),
        "whole at 1/4": (1, smaller(1 / 4)),
        "3 squares": (3, squares(3, aspect)),
        "2x2 tiles": (4, tiles(2)),
        "3x3 tiles": (9, tiles(3)),
    }


def look(engine: Engine, way: Way, film: Sequence[Shot]) -> dict[str, Any]:
    """What one way of looking sees of the cars, by score, and what it calls them."""
    vehicle, anything, names, cars = Counter[float](), Counter[float](), Counter[str](), 0
    for shot in film:
        if not shot.cars:
            continue
        found = way(engine, shot.picture)
        is_vehicle = np.array([label in VEHICLES for label in found.labels], bool)
        on = ious(_array(shot.cars), found.boxes) >= 0.5
        cars += len(shot.cars)
        for score in _SCORES:
            sure = on & (found.scores >= score)
            anything[score] += int(sure.any(axis=1).sum())
            vehicle[score] += int((sure & is_vehicle).any(axis=1).sum())
        for row in on & (found.scores >= _SCORES[1]):
            if row.any():
                names[found.labels[int(np.argmax(np.where(row, found.scores, 0)))]] += 1
    return {
        "cars": cars,
        "vehicle": {str(score): round(vehicle[score] / cars, 2) for score in _SCORES},
        "anything": {str(score): round(anything[score] / cars, 2) for score in _SCORES},
        "names": dict(names.most_common(4)),
    }


def _array(boxes: Sequence[Box]) -> _Boxes:
    return np.array(boxes, np.float32).reshape(-1, 4)


def product(engine: Engine, film: Sequence[Shot]) -> dict[str, Any]:
    """What the pipeline tracks of the cars, and as what."""
    pipeline, names, cars, held = _pipeline(engine), dict[int, str](), 0, 0
    for index, shot in enumerate(film):
        seen = pipeline.process(_frame(shot, index))
        names |= {track.id: track.label for track in seen.tracks}
        on = ious(_array(shot.cars), _array([track.box for track in seen.tracks])) >= 0.5
        cars, held = cars + len(shot.cars), held + int(on.any(axis=1).sum())
    return {
        "tracked": round(held / cars, 2),
        "tracks": dict(Counter(names.values())),
        "calls_per_frame": round(pipeline.cost.detector_calls / len(film), 2),
    }


def held(engine: Engine, film: Sequence[Shot], at_s: float) -> dict[str, Any]:
    """The clip up to a moment, and that picture for a minute: what stands there is reported?"""
    pipeline, seen, index = _pipeline(engine), list[Seen](), 0
    before = [shot for shot in film if shot.t_s <= at_s]
    last, noise = before[-1], np.random.default_rng(0)
    for index, shot in enumerate(before):
        seen.append(pipeline.process(_frame(shot, index)))
    for step in range(1, round(_HELD_S * _FPS) + 1):
        grain = noise.normal(0, 1.5, last.picture.shape).round()
        picture = np.clip(last.picture + grain, 0, 255).astype(np.uint8)
        shot = Shot(last.t_s + step / _FPS, picture, last.cars)
        seen.append(pipeline.process(_frame(shot, index + step)))
    things = [thing.box for thing in pipeline.statics]
    return {
        "at_s": round(last.t_s, 1),
        "cars": len(last.cars),
        "in_static_map": sum(
            any(covered(car, thing) >= 0.5 for thing in things) for car in last.cars
        ),
        "tracks": sorted({track.label for track in seen[-1].tracks}),
        "fired": sorted(
            f"{one.kind} ({', '.join(one.labels)})"
            for some in seen
            for one in some.sightings
            if one.phase is Phase.FIRED
        ),
    }


def _pipeline(engine: Engine) -> CameraPipeline:
    whole = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]
    rules: dict[str, dict[str, float]] = {
        "fishing": {"dwell_s": 20.0},
        "dumping": {"settle_s": 10.0},
        "occupation": {"limit_s": 30.0},
    }
    text = {"zh": "区", "en": "zone"}
    camera = {
        "id": "above",
        "name": text,
        "streams": {"main": "rtsp://127.0.0.1/above"},
        "zones": [
            {"id": kind, "name": text, "polygon": {"points": whole}, "rule": {"kind": kind, **rule}}
            for kind, rule in rules.items()
        ],
    }
    return CameraPipeline(Camera.model_validate(camera), engine, fps=_FPS)


def _frame(shot: Shot, index: int) -> Frame:
    luma = cv2.cvtColor(shot.picture, cv2.COLOR_BGR2YUV_I420)[: shot.picture.shape[0]]
    time_ns = round(shot.t_s * NS_PER_S)
    return Frame("above", time_ns, index, np.asarray(luma, np.uint8), lambda: shot.picture)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--models", nargs="+", default=["yolox-nano", "centernet-mbv3"])
    parser.add_argument("--clip", type=Path, help="EVENTS_GT.json lies beside it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    folder = os.environ.get("WARDWATCH_ASSETS")
    if asked.clip is None and folder is None:
        raise SystemExit("name the clip with --clip, or its directory's parent in WARDWATCH_ASSETS")
    path = asked.clip or Path(folder or "") / "video" / "car-detection.mp4"
    cv2.setNumThreads(1)
    film = shots(path)
    height, width = film[0].picture.shape[:2]
    rows: dict[str, Any] = {"outside": outside(film, path)}
    for name in asked.models:
        engine = Engine(Store().ensure(name))
        rows[name] = {
            "looks": {
                way: {"calls": calls, **look(engine, how, film)}
                for way, (calls, how) in ways(width / height).items()
            },
            "product": product(engine, film),
            "held": [held(engine, film, at_s) for at_s in _MOMENTS_S],
        }
    if asked.json:
        print(json.dumps(rows, indent=1))
        return
    print("cars outside the hand-made intervals:", rows.pop("outside"))
    for name, row in rows.items():
        print(name)
        for way, result in row["looks"].items():
            print(f"  {way:13}", *(f"{key} {value}" for key, value in result.items()))
        print("  product      ", *(f"{key} {value}" for key, value in row["product"].items()))
        for result in row["held"]:
            print("  held         ", *(f"{key} {value}" for key, value in result.items()))


if __name__ == "__main__":
    main()
