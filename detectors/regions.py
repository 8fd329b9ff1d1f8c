"""Where to point the model: the whole frame, or square crops around what matters.

The whole frame is one call and misses nothing large. A model of 416 pixels sees a 1080p frame
at a fifth of its size, though, and a walker of 60 pixels becomes one of 13. So when what is
watched is small in the whole frame, one or two square crops around it are looked at instead.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.geometry import Box, bounding_box
from core.seeing import Detections
from core.video import Bgr
from detectors.labels import group
from detectors.overlap import intersections, ious

WHOLE = Box(0.0, 0.0, 1.0, 1.0)

_SMALL_PX = 64.0
"""An attended thing lower than this in the model's input is worth a crop."""
_CROP_MARGIN = 2.2
"""Side of a crop over the extent of what it is made for."""
_MAX_CROPS = 2
_EDGE = 0.01
_SAME_IOU = 0.6
_INSIDE = 0.85


@dataclass(frozen=True)
class Plan:
    """Parts of the frame to look at, normalised."""

    parts: tuple[Box, ...]

    @property
    def whole(self) -> bool:
        return self.parts == (WHOLE,)

    def cut(self, picture: Bgr) -> list[Bgr]:
        """The parts of a (H, W, 3) picture, as views."""
        height, width = picture.shape[:2]
        return [
            picture[
                round(part.y * height) : round((part.y + part.h) * height),
                round(part.x * width) : round((part.x + part.w) * width),
            ]
            for part in self.parts
        ]


def plan(attended: Sequence[Box], frame: tuple[int, int], model: tuple[int, int]) -> Plan:
    """Choose the parts to look at.

    Args:
        attended: what moves and what is tracked, normalised.
        frame: height and width of the frame in pixels.
        model: height and width of the model's input in pixels.
    """
    height, width = frame
    scale = min(model[0] / height, model[1] / width)
    if not attended or min(box.h for box in attended) * height * scale >= _SMALL_PX:
        return Plan((WHOLE,))
    # Smaller than this and the crop would be blown up, which costs without showing more.
    least_px = min(model) * 0.6
    crops: list[Box] = []
    for cluster in _clusters(attended, least_px / width / 2, width / height):
        extent = bounding_box(cluster)
        side_px = max(max(extent.w * width, extent.h * height) * 1.25, least_px)
        tallest_px = max(box.h for box in cluster) * height * _CROP_MARGIN
        side_px = min(max(side_px, tallest_px), width)
        if side_px > 0.75 * width:
            return Plan((WHOLE,))
        crops.append(_square(extent.centre, side_px, width, height))
    if len(crops) > _MAX_CROPS:
        return Plan((WHOLE,))
    return Plan(tuple(crops))


def merge(parts: Sequence[Box], found: Sequence[Detections]) -> Detections:
    """Bring what was found in each part back to the frame, without doubles.

    Boxes cut by the edge of a crop are left out unless the edge is the frame's own; of boxes
    of one group that lie on each other the strongest stays.
    """
    boxes: list[np.ndarray] = []
    scores: list[np.ndarray] = []
    labels: list[str] = []
    for part, some in zip(parts, found, strict=True):
        keep = _uncut(part, some)
        scaled = some.boxes[keep] * np.array([part.w, part.h, part.w, part.h], np.float32)
        scaled[:, :2] += np.array([part.x, part.y], np.float32)
        boxes.append(scaled)
        scores.append(some.scores[keep])
        labels.extend(some.labels[row] for row in keep)
    if not labels:
        return Detections.none()
    all_boxes, all_scores = np.concatenate(boxes), np.concatenate(scores)
    order = _strongest(all_boxes, all_scores, labels, across=len(parts) > 1)
    return Detections(all_boxes[order], all_scores[order], tuple(labels[row] for row in order))


def _uncut(part: Box, some: Detections) -> list[int]:
    kept = []
    for row, (x, y, w, h) in enumerate(some.boxes.tolist()):
        cut = (
            (x <= _EDGE and part.x > 0)
            or (y <= _EDGE and part.y > 0)
            or (x + w >= 1 - _EDGE and part.x + part.w < 1)
            or (y + h >= 1 - _EDGE and part.y + part.h < 1)
        )
        if not cut:
            kept.append(row)
    return kept


def _strongest(
    boxes: np.ndarray, scores: np.ndarray, labels: Sequence[str], *, across: bool
) -> list[int]:
    order = np.argsort(-scores, kind="stable")
    if len(order) < 2:
        return [int(row) for row in order]
    overlap = ious(boxes, boxes)
    areas = boxes[:, 2] * boxes[:, 3]
    common = intersections(boxes, boxes) / np.maximum(areas[:, None], 1e-12)
    groups = [group(label) for label in labels]
    kept: list[int] = []
    for row in order.tolist():
        doubles = any(
            groups[row] == groups[other]
            and (overlap[row, other] > _SAME_IOU or (across and common[row, other] > _INSIDE))
            for other in kept
        )
        if not doubles:
            kept.append(row)
    return kept


def _clusters(boxes: Sequence[Box], reach: float, aspect: float) -> list[list[Box]]:
    """Group boxes whose centres lie within ``reach`` frame widths of a group's first box."""
    groups: list[list[Box]] = []
    for box in sorted(boxes):
        for members in groups:
            x, y = members[0].centre
            if abs(box.centre[0] - x) <= reach and abs(box.centre[1] - y) / aspect <= reach:
                members.append(box)
                break
        else:
            groups.append([box])
    return groups


def _square(centre: tuple[float, float], side_px: float, width: int, height: int) -> Box:
    w, h = min(side_px / width, 1.0), min(side_px / height, 1.0)
    x = min(max(centre[0] - w / 2, 0.0), 1.0 - w)
    y = min(max(centre[1] - h / 2, 0.0), 1.0 - h)
    return Box(x, y, w, h)
