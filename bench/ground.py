"""How well the size of a dumped thing is measured, on a camera that knows its ground.

    python -m bench.ground [--json]

*solids*: half ellipsoids (heaps), blocks and flat litter of known width, depth and height, seen
by four pinhole cameras at 8, 12 and 20 m; the outline is that of the projected solid. Says the
measured area over the true one, and beside it what two simpler measures would say: the outline
laid flat on the ground, and a round of the thing's width.

*scenes*: bags and heaps laid down in the simulator's yard; gate, default model, tracker,
static-object map and behaviour find them. The truth is the width that was drawn (what is drawn
has no depth). Says the measured width over the true one.
"""

import argparse
import json
import math
from statistics import median

import cv2
import numpy as np
from numpy.typing import NDArray

from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.geometry import Box
from core.ground import Plane
from core.video import Frame
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from detectors.sizes import size_on
from models.store import Store
from sim.actors import Person, Prop
from sim.draw.person import Look
from sim.draw.things import bag, pile
from sim.draw.view import View
from sim.scenes.sets import plain
from sim.stage import Stage, generator
from sim.steps import Exit, PutDown, WalkTo

Points = NDArray[np.float64]
WIDE, HIGH = 640, 360
FPS = 5
CAMERAS = ((4.0, 60.0, 18.0), (6.0, 60.0, 25.0), (3.5, 90.0, 15.0), (10.0, 50.0, 35.0))
"""Height in metres, horizontal angle of view and pitch in degrees."""
DISTANCES_M = (8.0, 12.0, 20.0)
SOLIDS = {
    "heap": ((2.2, 2.2, 0.7), (2.2, 1.2, 0.5), (4.0, 2.0, 0.9), (1.2, 1.2, 0.4), (6.0, 1.5, 0.6),
             (3.0, 3.0, 1.4)),
    "flat": ((2.0, 2.0, 0.05), (3.0, 1.5, 0.05), (1.0, 1.0, 0.02)),
    "block": ((1.0, 0.8, 0.4), (2.0, 0.9, 0.8), (0.5, 0.5, 0.5)),
    "tall": ((2.0, 1.0, 1.8), (0.6, 0.6, 1.2), (0.5, 0.5, 0.9)),
}  # fmt: skip
"""Width, depth and height in metres."""
SPOTS_M = (9.5, 12.5, 16.0)


def see(camera: tuple[float, float, float], world: Points) -> Points:
    """Image points, 0..1, of world points: right, up, away."""
    height_m, angle_deg, pitch_deg = camera
    focal = 0.5 / math.tan(math.radians(angle_deg / 2))
    sin, cos = math.sin(math.radians(pitch_deg)), math.cos(math.radians(pitch_deg))
    up, away = world[:, 1] - height_m, world[:, 2]
    depth = away * cos - up * sin
    u = 0.5 + focal * world[:, 0] / depth
    v = 0.5 - focal * (up * cos + away * sin) / depth * WIDE / HIGH
    return np.stack([u, v], axis=1)


def solid(kind: str, wide: float, deep: float, high: float) -> tuple[Points, float]:
    """Points of a convex solid around the origin, and the ground it covers."""
    if kind in ("block", "tall"):
        ends = [(x, y, z) for x in (-0.5, 0.5) for y in (0.0, 1.0) for z in (-0.5, 0.5)]
        return np.array(ends) * (wide, high, deep), wide * deep
    around, up = np.meshgrid(np.linspace(0, 2 * np.pi, 80), np.linspace(0, np.pi / 2, 20))
    shell = (np.cos(around) * np.cos(up) / 2, np.sin(up), np.sin(around) * np.cos(up) / 2)
    points = np.stack(shell, axis=-1).reshape(-1, 3) * (wide, high, deep)
    return points, math.pi / 4 * wide * deep


def solids() -> dict[str, dict[str, list[float]]]:
    """By kind and measure: measured over true area, as 10 %, median and 90 %."""
    found: dict[str, dict[str, list[float]]] = {}
    for camera in CAMERAS:
        corners = np.array([(x, 0.0, z) for z in (7.0, 12.0, 22.0) for x in (-4.0, 4.0)])
        image = [(u, v) for u, v in see(camera, corners).tolist()]
        plane = Plane.fit(image, [(x, z) for x, _, z in corners.tolist()])
        for kind, sizes in SOLIDS.items():
            for size in sizes:
                points, truth_m2 = solid(kind, *size)
                for z in DISTANCES_M:
                    outline = cv2.convexHull(
                        see(camera, points + np.array([0.5, 0, z])).astype(np.float32)
                    )
                    for name, m2 in measures(plane, outline).items():
                        found.setdefault(kind, {}).setdefault(name, []).append(m2 / truth_m2)
    return {
        kind: {name: spread(shares) for name, shares in some.items()}
        for kind, some in found.items()
    }


def measures(plane: Plane, outline: NDArray[np.generic]) -> dict[str, float]:
    """Square metres by our measure and by two simpler ones."""
    (left, top), (right, bottom) = outline[:, 0].min(axis=0), outline[:, 0].max(axis=0)
    box = Box(float(left), float(top), float(right - left), float(bottom - top))
    area = float(cv2.contourArea(np.asarray(outline, np.float32)))
    size, scale = size_on(plane, box, area, WIDE / HIGH), plane.scale(box.foot, WIDE / HIGH)
    if size is None or scale is None:
        raise ValueError("the solid stands at the horizon")
    return {
        "ours": size.ground_m2,
        "laid flat": area / (WIDE / HIGH) * scale.across_m**2 / scale.flatness,
        "round": math.pi / 4 * size.width_m**2,
    }


def spread(shares: list[float]) -> list[float]:
    low, high = np.percentile(shares, [10, 90]).tolist()
    return [round(value, 2) for value in (low, median(shares), high)]


def scenes(engine: Engine) -> list[dict[str, object]]:
    """Bags and heaps through the whole pipeline."""
    return [
        watch(engine, what, z, seed)
        for what in ("bag", "small heap", "heap")
        for seed, z in enumerate(SPOTS_M)
    ]


def watch(engine: Engine, what: str, z: float, seed: int) -> dict[str, object]:
    """Somebody lays a thing down and goes."""
    view = View((WIDE, HIGH), height_m=3.6, horizon=0.17, focal=0.90)
    growth = {"small heap": 0.35, "heap": 1.0}.get(what)
    paint = (lambda ppm, _: bag(ppm, seed)) if growth is None else (
        lambda ppm, _: pile(ppm, seed, growth))  # fmt: skip
    thing = Prop("thing", 0.6, z - 0.2, visible=False, paint=paint)
    away = view.half_width_m(z) + 0.6
    who = Person("person", -away, z, look=Look.random(generator(seed, "ground")))
    who.does(WalkTo(-0.6, z), PutDown(thing), WalkTo(-away, z + 0.3), Exit())
    stage = Stage("ground", view, float(FPS), seed, plain(view, seed))
    stage.enter(who)
    stage.enter(thing)
    pipeline = CameraPipeline(camera(view), engine, fps=FPS)
    facts = None
    for index in range(60 * FPS):
        picture = stage.step().picture
        luma = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        frame = Frame("ground", index * NS_PER_S // FPS, index, luma, picture.copy)
        for sighting in pipeline.process(frame).sightings:
            facts = sighting.why.facts
    truth_m = thing.sprite(view, 0.0).extent[2] / view.ppm(thing.z)
    return {
        "what": what,
        "away_m": z,
        "true_width_m": round(truth_m, 2),
        "width_m": facts and facts["width_m"],
        "share": facts and round(facts["width_m"] / truth_m, 2),
        "ground_m2": facts and facts["ground_m2"],
    }


def camera(view: View) -> Camera:
    """It knows six points of its ground, clicked to a thousandth of the picture."""
    places = [(-4.0, 20.0), (4.0, 20.0), (-4.0, 12.0), (4.0, 12.0), (-3.5, 8.5), (3.5, 8.5)]
    points = [
        {"image": [round(px / WIDE, 3), round(py / HIGH, 3)], "metres": place}
        for place in places
        for px, py in [view.px(*place)]
    ]
    name = {"zh": "院", "en": "yard"}
    corners = {"points": [[0, 0.3], [1, 0.3], [1, 1], [0, 1]]}
    rule = {"kind": "dumping", "settle_s": 10}
    return Camera.model_validate(
        {
            "id": "ground",
            "name": name,
            "streams": {"main": "rtsp://127.0.0.1/main"},
            "ground": {"points": points},
            "zones": [{"id": "yard", "name": name, "polygon": corners, "rule": rule}],
        }
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    result = {"solids": solids(), "scenes": scenes(Engine(Store().ensure("yolox-nano")))}
    if asked.json:
        print(json.dumps(result, indent=2))
        return
    print("measured over true area: 10 %, median, 90 %")
    for kind, some in result["solids"].items():
        print(f"{kind:6}", "  ".join(f"{name}: {shares}" for name, shares in some.items()))
    for row in result["scenes"]:
        print("  ".join(f"{name}: {value}" for name, value in row.items()))


if __name__ == "__main__":
    main()
