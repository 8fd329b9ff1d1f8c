"""Is a patch that differs from the background a thing, or bared ground, or light?

A thing has an outline of its own and does not look like the ground around it. Ground that
something has bared has lost an outline and looks like its surroundings. A shadow of a cloud or
a building changes all colours alike and either lets the texture below shine through or begins
so gently that the picture beyond its rim is changed as well.

Ghosts are told from things by whose outline it is: Cucchiara et al., Detecting Moving Objects,
Ghosts and Shadows in Video Streams, IEEE PAMI 25(10), 2003.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Colour = NDArray[np.float32]

_KERNEL = np.ones((3, 3), np.uint8)
_MARGIN = 12  # grid pixels of surroundings that are looked at
_LOST_OUTLINE = 0.75
"""A thing's outline is a third stronger than what was along its rim before: of bags put down, in
three scenes looked at, the ratio was at most 0.22, of what shows where one was taken away 0.76 to
0.87."""
_HALF_OUTLINE = 0.65
_BARED = 0.5  # of the strangeness before
_NO_CLEARER = 1.4  # the same where the outline is hardly clearer than before
_BARED_LEAST = 8.0  # colour steps of 255
_RESEMBLES = 0.15  # share of the surroundings that must have the same colour
_TEXTURE = 3.0
_SHINES_THROUGH = 0.6
_GENTLE = 0.3
_SAME_HUE = 0.05
_OWN_OUTLINE = 0.4


@dataclass(frozen=True)
class Scene:
    """The picture now against the background, both (H, W, 3) float32 on the map's grid.

    Attributes:
        back: the background, in the exposure of this picture.
        change: largest difference of the three channels, (H, W) float32.
        front: where that is more than noise.
        busy: under somebody's box: nothing is known there.
    """

    now: Colour
    back: Colour
    change: NDArray[np.float32]
    front: Mask
    busy: Mask

    def around(self, mask: Mask) -> tuple["Scene", Mask]:
        """The part of it around ``mask``, and the mask in it."""
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        part = (
            slice(max(rows[0] - _MARGIN, 0), rows[-1] + _MARGIN + 1),
            slice(max(columns[0] - _MARGIN, 0), columns[-1] + _MARGIN + 1),
        )
        cut = Scene(
            self.now[part], self.back[part], self.change[part], self.front[part], self.busy[part]
        )
        return cut, mask[part]


def is_thing(scene: Scene, mask: Mask) -> bool:
    """True when what differs at ``mask`` (H, W) was put there."""
    near, own = scene.around(mask)
    lost = _lost_outline(near, own)
    if lost > _LOST_OUTLINE or _is_bared(near, own, lost):
        return False
    return not (_shines_through(near, own) or (lost > _OWN_OUTLINE and _is_gentle(near, own)))


def _lost_outline(scene: Scene, mask: Mask) -> float:
    """Strength of the edges along its rim in the background over that in the picture."""
    rim = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_GRADIENT, _KERNEL) > 0
    before, after = _edges(scene.back)[rim].mean(), _edges(scene.now)[rim].mean()
    return float(before) / max(float(after), 0.1)


def _is_bared(scene: Scene, mask: Mask, lost: float) -> bool:
    """Something stood out there before, and what is there now stands out no more than that.

    What lies beside a bag that is taken away keeps half of the outline alive, so the outline
    alone does not tell.
    """
    own = mask.astype(np.uint8)
    beyond = cv2.dilate(own, _KERNEL, iterations=10) > cv2.dilate(own, _KERNEL, iterations=2)
    beyond &= ~scene.busy
    before = _strangeness(scene.back, mask, beyond)
    if before <= _BARED_LEAST:
        return False
    limit = _NO_CLEARER if lost > _HALF_OUTLINE else _BARED
    return _strangeness(scene.now, mask, beyond) < limit * before


def _strangeness(colour: Colour, mask: Mask, beyond: Mask) -> float:
    """Colour steps between a typical pixel of ``mask`` and those ``beyond`` most like it."""
    inner, outer = colour[mask], colour[beyond]
    if len(outer) < 20:
        return 0.0
    inner = inner[:: max(1, len(inner) // 100)]
    outer = outer[:: max(1, len(outer) // 200)]
    steps = np.abs(inner[:, None] - outer[None]).max(axis=2)
    nearest = np.partition(steps, int(_RESEMBLES * len(outer)), axis=1)
    return float(np.median(nearest[:, int(_RESEMBLES * len(outer))]))


def _shines_through(scene: Scene, mask: Mask) -> bool:
    """The texture below is still seen: correlation of the fine detail."""
    inner = cv2.erode(mask.astype(np.uint8), _KERNEL) > 0
    if inner.sum() < 30:
        return False
    now, back = _detail(scene.now)[inner], _detail(scene.back)[inner]
    if min(now.std(), back.std()) < _TEXTURE:
        return False
    return float(np.corrcoef(now, back)[0, 1]) > _SHINES_THROUGH


def _is_gentle(scene: Scene, mask: Mask) -> bool:
    """All channels change alike, and the change goes on beyond the rim of what differs."""
    ratio = np.median((scene.now[mask] + 4) / (scene.back[mask] + 4), axis=0)
    if float(np.ptp(ratio)) > _SAME_HUE:
        return False
    _, labels = cv2.connectedComponents(((scene.front & ~scene.busy) | mask).astype(np.uint8))
    whole = np.isin(labels, np.unique(labels[mask])).astype(np.uint8)
    beyond = cv2.dilate(whole, _KERNEL, iterations=4) > cv2.dilate(whole, _KERNEL)
    beyond &= ~scene.busy & ~scene.front
    if beyond.sum() <= 10:
        return False
    inside = max(float(np.median(scene.change[mask])), 1.0)
    return float(np.median(scene.change[beyond])) >= _GENTLE * inside


def _edges(colour: Colour) -> NDArray[np.float32]:
    grey = colour.mean(axis=2)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    strength: NDArray[np.float32] = np.hypot(across, down).astype(np.float32)
    return strength


def _detail(colour: Colour) -> NDArray[np.float32]:
    grey = colour.mean(axis=2)
    fine: NDArray[np.float32] = (grey - cv2.GaussianBlur(grey, (0, 0), 3)).astype(np.float32)
    return fine
