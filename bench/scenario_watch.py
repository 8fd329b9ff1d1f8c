"""One scenario through the real pipeline: sightings matched to truth, and why what was missed."""

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Detections, Phase, Seen, Sighting
from core.video import Bgr
from detectors.behaviours.places import gap
from detectors.engine import Engine
from detectors.labels import MOVERS, VEHICLES
from detectors.pipeline import CameraPipeline
from sim.base import ScenePicture
from sim.scenarios.base import FPS, START_NS, Play, Scenario
from sim.scenarios.truth import Violation

EARLY_S = 3.0
"""A sighting may come so much before the rule is truly fulfilled: boxes tremble."""
LATE_S = 10.0
"""A later one is a miss."""
_NEAR = 0.03  # frame widths between a sighting and its subject
_PROBES = 4


@dataclass
class _Case:
    """One violation, and how well what takes part in it could be seen."""

    truth: Violation
    box: Box | None = None
    frames: int = 0
    tracked: int = 0
    mapped: int = 0
    mapped_last: bool = False
    numbers: set[int] = field(default_factory=set)
    probes: list[float] = field(default_factory=list)
    fired_s: float | None = None

    @property
    def delay_s(self) -> float | None:
        if self.fired_s is None or self.fired_s - self.truth.fulfilled_s > LATE_S:
            return None
        return round(self.fired_s - self.truth.fulfilled_s, 2)

    @property
    def living(self) -> bool:
        return self.truth.label in MOVERS

    def cause(self) -> str:
        """Why it was missed, as far as can be told from outside."""
        if self.delay_s is not None:
            return ""
        if self.fired_s is not None:
            return "late"
        count = max(self.frames, 1)
        if self.living:
            if self.probes and sorted(self.probes)[len(self.probes) // 2] < 0.25:
                return "not seen by the model"
            if self.tracked < 0.6 * count:
                return "not held by the tracker"
            return "rule"
        if not self.mapped_last:
            return "not in the static map"
        return "attribution or rule"

    def value(self) -> dict[str, Any]:
        count = max(self.frames, 1)
        return {
            "kind": self.truth.kind.value,
            "zone": self.truth.zone,
            "label": self.truth.label,
            "begins_s": self.truth.begins_s,
            "fulfilled_s": self.truth.fulfilled_s,
            "fired_s": self.fired_s,
            "delay_s": self.delay_s,
            "cause": self.cause(),
            "tracked": round(self.tracked / count, 2),
            "mapped": round(self.mapped / count, 2),
            "track_ids": len(self.numbers),
            "model_scores": self.probes,
        }


def watch(scenario: Scenario, engine: Engine, overlays: Path | None = None) -> dict[str, Any]:
    """Play it; the result is ready for JSON."""
    play = scenario.play()
    cases = [_Case(truth) for truth in play.truth]
    pipeline = CameraPipeline(play.camera, engine, fps=FPS)
    false: list[dict[str, Any]] = []
    shots = {round(at_s * FPS) for at_s in _moments(play)}
    pipeline_s = draw_s = 0.0
    pictures = play.pictures()
    while True:
        begun = time.thread_time()
        item = next(pictures, None)
        draw_s += time.thread_time() - begun
        if item is None:
            break
        frame, shown = item
        begun = time.thread_time()
        seen = pipeline.process(frame)
        pipeline_s += time.thread_time() - begun
        _follow(cases, seen, shown, pipeline, engine)
        for sighting in seen.sightings:
            if sighting.phase is Phase.FIRED:
                wrong = _credit(cases, sighting, shown.t_s)
                if wrong:
                    false.append(_false(sighting, shown.t_s, wrong))
                    shots.add(frame.index)
        if overlays and frame.index in shots:
            name = f"{scenario.id.replace('/', '_')}_{shown.t_s:05.1f}.png"
            cv2.imwrite(str(overlays / name), _overlay(play, shown, seen, pipeline))
    frames = max(pipeline.cost.frames, 1)
    return {
        "id": scenario.id,
        "kind": scenario.kind.value if scenario.kind else "negative",
        "condition": scenario.condition,
        "weather": scenario.weather,
        "seconds": round(play.seconds, 1),
        "truths": [case.value() for case in cases],
        "false": false,
        "frames": frames,
        "looks": pipeline.cost.frames_looked,
        "calls": pipeline.cost.detector_calls,
        "pipeline_ms": round(pipeline_s * 1000 / frames, 2),
        "draw_ms": round(draw_s * 1000 / frames, 2),
    }


def _moments(play: Play) -> list[float]:
    if play.truth:
        return [max(one.fulfilled_s for one in play.truth) + 2.0]
    return [play.seconds / 3]


def _follow(
    cases: list[_Case],
    seen: Seen,
    shown: ScenePicture,
    pipeline: CameraPipeline,
    engine: Engine,
) -> None:
    """Note whether what takes part in each violation is tracked, mapped, and seen at all."""
    for case in cases:
        boxes = [thing.box for thing in shown.objects if thing.id in case.truth.actors]
        if not boxes:
            continue
        case.box = max(boxes, key=lambda box: box.area)
        if not case.truth.begins_s <= shown.t_s <= case.truth.fulfilled_s:
            continue
        case.frames += 1
        held = [
            track
            for track in seen.tracks
            if track.box.iou(case.box) >= 0.3 and (track.label == "person") == (
                case.truth.label == "person")
        ]  # fmt: skip
        case.tracked += bool(held)
        case.numbers |= {track.id for track in held}
        case.mapped_last = any(thing.box.iou(case.box) > 0.1 for thing in pipeline.statics)
        case.mapped += case.mapped_last
        step = max(1, int((case.truth.fulfilled_s - case.truth.begins_s) * FPS) // _PROBES)
        if case.living and case.frames % step == 0:
            case.probes.append(_probe(engine, shown.picture, case.box, case.truth.label))


def _probe(engine: Engine, picture: Bgr, box: Box, label: str) -> float:
    """Score the model gives to the subject in a generous crop around it."""
    high, wide = picture.shape[:2]
    side = max(box.h * high, box.w * wide) * 2.2
    x, y = box.centre[0] * wide, box.centre[1] * high
    left, top = int(max(0, x - side / 2)), int(max(0, y - side / 2))
    crop = np.ascontiguousarray(picture[top : int(y + side / 2), left : int(x + side / 2)])
    found: Detections = engine.detect([crop])[0]
    names = VEHICLES if label in VEHICLES else {label}
    ch, cw = crop.shape[:2]
    own = Box(
        (box.x * wide - left) / cw, (box.y * high - top) / ch, box.w * wide / cw, box.h * high / ch
    )
    return round(
        max(
            (
                float(score)
                for place, score, name in zip(
                    found.boxes.tolist(), found.scores, found.labels, strict=True
                )
                if name in names and Box(*place).iou(own) >= 0.3
            ),
            default=0.0,
        ),
        2,
    )


def _credit(cases: list[_Case], sighting: Sighting, t_s: float) -> str:
    """Credit the sighting to a violation; else the reason why it is a false alarm."""
    aspect = 1280 / 720
    own = [
        case
        for case in cases
        if case.truth.kind is sighting.kind
        and case.truth.zone == sighting.zone
        and case.box is not None
        and gap(case.box, sighting.box, aspect) <= _NEAR
    ]
    ready = [case for case in own if t_s >= case.truth.fulfilled_s - EARLY_S]
    fresh = [case for case in ready if case.fired_s is None]
    if fresh:
        best = max(fresh, key=lambda case: case.box.iou(sighting.box) if case.box else 0.0)
        best.fired_s = t_s
        return ""
    if ready:
        return "again"
    return "too early" if own else "nothing there"


def _false(sighting: Sighting, t_s: float, reason: str) -> dict[str, Any]:
    return {
        "kind": sighting.kind.value,
        "zone": sighting.zone,
        "t_s": t_s,
        "since_s": (sighting.started_ns - START_NS) / NS_PER_S,
        "reason": reason,
        "labels": list(sighting.labels),
        "box": [round(value, 3) for value in sighting.box],
        "why": sighting.why.text.en,
    }


def _overlay(play: Play, shown: ScenePicture, seen: Seen, pipeline: CameraPipeline) -> Bgr:
    """Truth green, tracks yellow, static things blue, zones white, sightings red."""
    picture = shown.picture.copy()
    high, wide = picture.shape[:2]
    for zone in play.zones:
        corners = np.array([[x * wide, y * high] for x, y in zone.polygon.points], np.int32)
        cv2.polylines(picture, [corners], True, (255, 255, 255), 1)
        text = f"{zone.id} {zone.rule.kind.value}"
        cv2.putText(picture, text, corners[0].tolist(), 0, 0.45, (255, 255, 255), 1)
    for thing in shown.objects:
        _mark(picture, thing.box, (80, 200, 80), thing.label, below=True)
    for track in seen.tracks:
        _mark(picture, track.box, (0, 220, 255), f"{track.label} {track.id} {track.score:.2f}")
    for static in pipeline.statics:
        _mark(picture, static.box, (255, 120, 0), f"thing {static.id}", below=True)
    for sighting in seen.sightings:
        _mark(picture, sighting.box, (0, 0, 255), f"{sighting.kind} {sighting.phase}")
    cv2.putText(picture, f"{play.scenario.id} {shown.t_s:.1f} s", (8, 22), 0, 0.6, (0, 0, 255), 2)
    return picture


def _mark(
    picture: Bgr, box: Box, colour: tuple[int, int, int], text: str, below: bool = False
) -> None:
    high, wide = picture.shape[:2]
    x0, y0 = round(box.x * wide), round(box.y * high)
    x1, y1 = round((box.x + box.w) * wide), round((box.y + box.h) * high)
    cv2.rectangle(picture, (x0, y0), (x1, y1), colour, 1)
    at = (x0, y1 + 12) if below else (x0, y0 - 4)
    cv2.putText(picture, text, at, 0, 0.4, colour, 1)
