"""How the light of a picture differs from that of the background: by place, and by colour.

A cloud's shadow changes a part of the picture, an exposure step all of it; neither changes what
is there. Light is told from things by its breadth and its pace: it is estimated from what
agreed with the background a moment ago, over a tenth of the picture's width, and so follows a
shadow that drifts and ignores a car that arrives (local illumination gain, as in the
normalised convolution of Knutsson and Westin 1993).
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from detectors.appearance import Colour, Mask

Field = NDArray[np.float32]

_EACH = 4  # every fourth pixel of every fourth row is enough to tell light
_BREADTHS = (10.0, 1.5)  # of those pixels
_OFFSET = 8.0  # colour steps: in the dark, ratios say little
_LEAST = 0.04  # share of a neighbourhood that must be free, for its light to be told
_RANGE = (0.4, 2.5)
_FEWEST = 50
_COLOURLESS = 0.25
_COLOURED = 2.5  # mean colour steps between the channels of a picture in colour


class Light:
    """The light of one camera's picture against its background."""

    def __init__(self) -> None:
        self._field: Field | None = None

    def gain(self, now: Colour, back: Colour, free: Mask, limit: Field) -> Colour:
        """What the background must be multiplied with to be in the light of ``now``.

        Args:
            now: the picture, (H, W, 3).
            back: the background, likewise.
            free: where the ground is seen: nobody, and nothing put down.
            limit: colour steps up to which a place agrees with the background, (H, W).

        Returns:
            (H, W, 3) float32.
        """
        all_over = _exposure(now, back, free)
        sparse = (slice(_EACH // 2, None, _EACH),) * 2
        seen, known = _grey(now[sparse]), _grey(back[sparse] * all_over)
        if self._field is None or self._field.shape != seen.shape:
            self._field = np.ones_like(seen)
        agree = free[sparse] & (np.abs(seen - known * self._field) <= limit[sparse])
        self._field = _local(seen, known, agree)
        height, width = limit.shape
        field = cv2.resize(self._field, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(cv2.merge([field * channel for channel in all_over]), np.float32)

    def forget(self) -> None:
        """The background is a new one, in the light of now."""
        self._field = None


def lost_colour(now: Colour, back: Colour) -> bool:
    """True when one of the two is in colour and the other grey: infrared was switched."""
    first, second = sorted((_colour(now), _colour(back)))
    return second >= _COLOURED and first <= _COLOURLESS * second


def _exposure(now: Colour, back: Colour, free: Mask) -> Colour:
    """By channel, from a sixteenth of the pixels."""
    rows = free[::4, ::4]
    known = back[::4, ::4][rows]
    if len(known) < _FEWEST:
        return np.ones(3, np.float32)
    ratio = np.median((now[::4, ::4][rows] + _OFFSET) / (known + _OFFSET), axis=0)
    gain: Colour = np.clip(ratio, 0.5, 2.0).astype(np.float32)
    return gain


def _local(seen: Field, known: Field, free: Mask) -> Field:
    """Ratio of brightness around every pixel; where no ground is seen, that of a wider circle."""
    weight = free.astype(np.float32)
    above, below = weight * (seen + _OFFSET), weight * (known + _OFFSET)
    ratio: Field = np.ones_like(seen)
    for breadth in _BREADTHS:
        trust = np.float32(_LEAST) * (known + _OFFSET)
        up, down = (cv2.GaussianBlur(plane, (0, 0), breadth) for plane in (above, below))
        ratio = ((up + trust * ratio) / (down + trust)).astype(np.float32)
    field: Field = np.clip(ratio, *_RANGE)
    return field


def _grey(colour: Colour) -> Field:
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.float32)


def _colour(picture: Colour) -> float:
    few = picture[::_EACH, ::_EACH]
    green = few[..., 1]
    return float((np.abs(few[..., 0] - green) + np.abs(few[..., 2] - green)).mean())
