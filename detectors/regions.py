"""Where to point the model: the whole frame, crops around what matters, or a mosaic of crops.

The whole frame is one call and misses nothing large. A model of 416 pixels sees a 1080p frame
at a fifth of its size, though, and a walker of 60 pixels becomes one of 13. Crops show it
larger, at a call each; a mosaic shows many crops in one call, each at half or a third of that
size. Which it is, is decided by expected cost: the calls, and what would be missed.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.geometry import Box, bounding_box
from core.seeing import Detections
from core.video import Bgr
from detectors import mosaic
from detectors.labels import group
from detectors.overlap import intersections, ious

WHOLE = Box(0.0, 0.0, 1.0, 1.0)

_HALF_SEEN_PX = 30.0
"""Height in the model's input at which every second thing is seen, in poor light and contrast;
of the walkers in a street by day yolox-nano sees half at 16 px and 97 % at 24."""
_SEEN_SPREAD_PX = 6.0
_MISS_CALLS = 2.0
"""What missing one attended thing is worth, in calls."""
_REGION = 0.25
"""What a movement nobody has looked at is worth beside a thing that is known: most are a
shadow, a leaf, or a part of something larger."""
_CUT = 0.3
"""Chance that a tile among many cuts what it shows, or shows it among its neighbours."""
_LARGE_PX = 64.0
"""When everything is higher than this in the whole frame's look, no other is needed."""
_MAX_CROPS = 2
_MOSAICS = (2, 3)
_CROP_MARGINS = (3.0, 4.2)
"""Side of a crop over the height of what it is made for, from look to look: in one framing in
twenty-five by night a small model does not see who stands there plainly, in another it does."""
_TILE_MARGIN = 2.2
"""The same for the tiles of a mosaic, which are small as they are."""
_LEAST = 0.6
"""Smallest crop over the input's side: a smaller one is blown up and shows no more."""
_LARGEST = 0.75
"""A crop of more than this much of the frame's width is no crop."""
_EDGE = 0.01
_SAME_IOU = 0.6
_INSIDE = 0.85


@dataclass(frozen=True)
class Plan:
    """Parts of the frame to look at.

    Attributes:
        parts: normalised to the frame.
        per_side: parts along each side of one input; 1 gives every part an input of its own.
    """

    parts: tuple[Box, ...]
    per_side: int = 1

    @property
    def whole(self) -> bool:
        return self.parts == (WHOLE,)

    @property
    def calls(self) -> int:
        """Inputs this takes."""
        return -(-len(self.parts) // self.per_side**2)

    def pictures(self, picture: Bgr, model: tuple[int, int]) -> list[Bgr]:
        """What to put before the model, of a (H, W, 3) picture."""
        height, width = picture.shape[:2]
        crops = [
            picture[
                round(part.y * height) : round((part.y + part.h) * height),
                round(part.x * width) : round((part.x + part.w) * width),
            ]
            for part in self.parts
        ]
        return crops if self.per_side == 1 else mosaic.compose(crops, model, self.per_side)

    def gather(self, found: list[Detections], model: tuple[int, int]) -> Detections:
        """What the model saw in :meth:`pictures`, normalised to the frame, without doubles."""
        if self.per_side > 1:
            found = mosaic.take_apart(found, len(self.parts), model, self.per_side)
        return merge(self.parts, found)


def plan(
    known: Sequence[Box],
    moving: Sequence[Box],
    frame: tuple[int, int],
    model: tuple[int, int],
    look: int = 0,
) -> Plan:
    """Choose the parts to look at: least expected cost, in calls.

    Args:
        known: what is tracked, normalised.
        moving: what moves and belongs to nothing known, normalised.
        frame: height and width of the frame in pixels.
        model: height and width of the model's input in pixels.
        look: number of this look; crops are framed otherwise than at the one before.
    """
    margin = _CROP_MARGINS[look % len(_CROP_MARGINS)]
    worth = dict.fromkeys(moving, _REGION) | dict.fromkeys(known, 1.0)
    height, width = frame
    scale = min(model[0] / height, model[1] / width)
    whole = Plan((WHOLE,))
    if not worth or min(box.h for box in worth) * height * scale >= _LARGE_PX:
        return whole
    crops, _ = _tiled(worth, 1, frame, model, margin)
    if crops is not None and crops.calls <= _MAX_CROPS:
        return crops  # two share no call: a crop shows more around what matters than a tile does
    best, least = whole, 1.0 + _missed(worth, worth, height * scale)
    # Where much goes on, some of it is cut by the edge of its tile.
    cut = _MISS_CALLS * _CUT * sum(worth.values())
    for per_side in _MOSAICS:
        tiled, miss = _tiled(worth, per_side, frame, model, _TILE_MARGIN)
        if tiled is not None and tiled.calls == 1 and 1.0 + miss + cut < least:
            best, least = tiled, 1.0 + miss + cut
    return best


def _tiled(
    worth: Mapping[Box, float],
    per_side: int,
    frame: tuple[int, int],
    model: tuple[int, int],
    margin: float,
) -> tuple[Plan | None, float]:
    """Crops around everything for so many along a side of one input, and the expected loss."""
    height, width = frame
    room_px = mosaic.tile_px(model, per_side)
    # A tile is square, so its crop must be; a crop by itself may be as wide as it likes.
    largest_px = _LARGEST * width if per_side == 1 else min(_LARGEST * width, height)
    parts, miss = [], 0.0
    for cluster in _clusters(list(worth), room_px * _LEAST / width / 2, width / height):
        side_px = _side_px(cluster, room_px, margin, height, width)
        if side_px > largest_px:
            return None, 0.0
        parts.append(_square(bounding_box(cluster).centre, side_px, width, height))
        miss += _missed(worth, cluster, height * room_px / side_px)
    return Plan(tuple(parts), per_side), miss


def _missed(worth: Mapping[Box, float], boxes: Iterable[Box], scale_px: float) -> float:
    """Expected loss in calls when the frame's height is ``scale_px`` input pixels."""
    loss = 0.0
    for box in boxes:
        above = (box.h * scale_px - _HALF_SEEN_PX) / _SEEN_SPREAD_PX
        loss += worth[box] / (1.0 + math.exp(min(above, 50.0)))
    return _MISS_CALLS * loss


def _side_px(
    cluster: Sequence[Box], room_px: float, margin: float, height: int, width: int
) -> float:
    extent = bounding_box(cluster)
    around_px = max(extent.w * width, extent.h * height) * 1.25
    tallest_px = max(box.h for box in cluster) * height * margin
    return min(max(around_px, tallest_px, room_px * _LEAST), width)


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
