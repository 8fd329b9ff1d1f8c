"""How well identities hold: MOTA and IDF1 on the simulator's scenes, whose truth is known.

    python -m bench.tracking [--seconds 40] [--json]

Gate, detector and tracker run as they would on a camera of five pictures a second. Truth and
tracks are matched at IoU >= 0.4 and judged by motmetrics (``pip install motmetrics``; it is no
part of the program's own requirements). Persons and vehicles of at least 24 px height in the
640x360 picture count; what is smaller is left out on both sides.
"""

import argparse
import json

import cv2
import numpy as np

from core.clock import NS_PER_S
from core.geometry import Box
from core.video import Bgr, Frame
from detectors.engine import Engine
from detectors.labels import PERSON, VEHICLES, group
from detectors.overlap import ious
from detectors.pipeline import CameraPipeline
from models.store import Store
from sim import scenes

try:
    import motmetrics
except ImportError as error:
    raise SystemExit("motmetrics is missing: pip install motmetrics") from error

SCENES = ("street", "fishing", "dumping", "occupation")
SIZE, FPS = (640, 360), 5
LEAST_PX = 24
FARTHEST = 0.6  # 1 - IoU
WANTED = {PERSON} | {group(label) for label in VEHICLES}
WHAT = ["mota", "idf1", "num_switches", "num_false_positives", "num_misses", "num_objects"]


def boxes(things: list[tuple[int, str, Box]], kind: str) -> tuple[list[int], np.ndarray]:
    """Numbers and boxes in pixels of the things of one kind that are large enough."""
    chosen = [
        (number, Box(*box))
        for number, label, box in things
        if group(label) == kind and box[3] * SIZE[1] >= LEAST_PX
    ]
    scale = np.array([SIZE[0], SIZE[1]] * 2)
    return [number for number, _ in chosen], np.array([b for _, b in chosen]).reshape(-1, 4) * scale


def follow(name: str, engine: Engine, seconds: float) -> "motmetrics.MOTAccumulator":
    """Play a scene and note who was taken for whom."""
    scene = scenes.build(name, seed=0, size=SIZE, fps=float(FPS))
    pipeline = CameraPipeline(None, engine, fps=FPS)
    noted = motmetrics.MOTAccumulator(auto_id=True)
    for index in range(round(seconds * FPS)):
        shown = scene.step()
        picture: Bgr = shown.picture
        luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        seen = pipeline.process(
            Frame(name, index * NS_PER_S // FPS, index, luma, lambda picture=picture: picture)
        )
        truth = [(thing.id, thing.label, Box(*thing.box)) for thing in shown.objects]
        tracks = [(track.id, track.label, track.box) for track in seen.tracks]
        there, here, near = [], [], []
        for kind in sorted(WANTED):
            numbers, real = boxes(truth, kind)
            held, found = boxes(tracks, kind)
            apart = 1.0 - ious(real.astype(np.float32), found.astype(np.float32))
            near.append(np.where(apart > FARTHEST, np.nan, apart))
            there.append(numbers)
            here.append(held)
        rows, columns = sum(map(len, there)), sum(map(len, here))
        distance = np.full((rows, columns), np.nan)
        row = column = 0
        for numbers, held, part in zip(there, here, near, strict=True):
            if numbers and held:
                distance[row : row + len(numbers), column : column + len(held)] = part
            row, column = row + len(numbers), column + len(held)
        noted.update(
            [number for some in there for number in some],
            [number for some in here for number in some],
            distance,
        )
    return noted


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--scenes", nargs="+", default=list(SCENES))
    parser.add_argument("--json", action="store_true", help="print JSON")
    asked = parser.parse_args()
    cv2.setNumThreads(1)
    engine = Engine(Store().ensure("yolox-nano"))
    noted = [follow(name, engine, asked.seconds) for name in asked.scenes]
    table = motmetrics.metrics.create().compute_many(
        noted, metrics=WHAT, names=asked.scenes, generate_overall=True
    )
    if asked.json:
        print(json.dumps(json.loads(table.to_json(orient="index")), indent=2))
    else:
        print(table.round(3).to_string())


if __name__ == "__main__":
    main()
