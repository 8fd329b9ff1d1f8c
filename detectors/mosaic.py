"""Several parts of a frame side by side in one input of the model.

A call costs the same whatever it shows. Four crops of half the input's side, or nine of a
third, cost one call together, and what lies in them is no smaller than it is on the frame.
"""

import cv2
import numpy as np

from core.seeing import Detections
from core.video import Bgr

_GREY = 114
_GAP_PX = 4


def tile_px(model: tuple[int, int], per_side: int) -> int:
    """Side of one tile's picture in input pixels; a grey gap keeps neighbours apart."""
    return min(model) // per_side - (_GAP_PX if per_side > 1 else 0)


def compose(crops: list[Bgr], model: tuple[int, int], per_side: int) -> list[Bgr]:
    """Square crops in rows of ``per_side``, as many pictures as are needed."""
    pitch, side = min(model) // per_side, tile_px(model, per_side)
    room = per_side * per_side
    pictures = []
    for start in range(0, len(crops), room):
        picture = np.full((pitch * per_side, pitch * per_side, 3), _GREY, np.uint8)
        for place, crop in enumerate(crops[start : start + room]):
            top, left = (pitch * number for number in divmod(place, per_side))
            tile = picture[top : top + side, left : left + side]
            cv2.resize(crop, (side, side), dst=tile, interpolation=cv2.INTER_LINEAR)
        pictures.append(picture)
    return pictures


def take_apart(
    found: list[Detections], crops: int, model: tuple[int, int], per_side: int
) -> list[Detections]:
    """What lies in each crop, normalised to the crop.

    A box belongs to the tile its centre lies in. One that reaches into a neighbour is cut at
    the tile's edge, so that it counts as cut.
    """
    whole_px = min(model) // per_side * per_side
    pitch, side = min(model) // per_side / whole_px, tile_px(model, per_side) / whole_px
    room = per_side * per_side
    parts = []
    for place in range(crops):
        some = found[place // room]
        top, left = (pitch * number for number in divmod(place % room, per_side))
        offset = np.array([left, top], np.float32)
        centres = some.boxes[:, :2] + some.boxes[:, 2:] / 2 - offset
        rows = np.flatnonzero(((centres >= 0) & (centres < side)).all(axis=1))
        low = np.clip((some.boxes[rows, :2] - offset) / side, 0, 1)
        high = np.clip((some.boxes[rows, :2] + some.boxes[rows, 2:] - offset) / side, 0, 1)
        boxes = np.concatenate([low, high - low], axis=1).astype(np.float32)
        parts.append(Detections(boxes, some.scores[rows], tuple(some.labels[r] for r in rows)))
    return parts
