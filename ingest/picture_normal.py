"""What a camera's picture is normally like, learned while it is well, and what departs from it.

Blur, covers and a moved view have no absolute mark: foliage is soft and a wall is empty. So
each camera is compared with itself. Light may change as it likes: sharpness is kept for every
brightness apart, and the view is compared by its edges, which night and exposure leave in place.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from core.clock import NS_PER_S
from core.messages import PictureState
from ingest.picture_measures import Edges, Measures, alikeness, lost_share, shift_of

LEARN_LOOKS = 10
"""Looks before blur, covers and moves are judged."""
_MEMORY_LOOKS = 120
_RELIT_LOOKS = 5
_BLACK_LIGHT, _WHITE_DARK = 30.0, 215.0
_BIN, _BIN_EDGE = 32.0, 10.0
_BLURRED = 0.55
_UNLIKE = 0.65
_COVERED_KEEPS, _COVERED_SHARE = 0.35, 0.45
_MOVED, _CERTAIN = 0.025, 0.12
_SHIFT_EVERY = 4
_RELIT = 20.0
_STILL_LEAST, _STILL_MOST, _STILL_SHARE = 0.02, 0.25, 0.1
_STILL_S, _STILL_LONGEST_S = 7.0, 60.0


@dataclass(frozen=True)
class Reading:
    """What one look suggests, before anybody believes it.

    Attributes:
        score: how far from normal, 0 to 1.
        since_ns: when it began, if that was before this look.
    """

    state: PictureState
    score: float
    since_ns: int | None = None


class StillRun:
    """How long the picture has not changed at all.

    A live sensor has noise, so pictures that are alike to the bit are one picture. But a strong
    compression may swallow the noise of a calm scene; a scene that was still and moved again
    teaches that stillness must last longer to mean something, up to a minute.
    """

    def __init__(self) -> None:
        self._before: Measures | None = None
        self._began_ns = 0
        self._ended_ns = 0
        self._needs_s = _STILL_S
        self._typical = 0.0

    def forget(self) -> None:
        """The next picture has nothing to be compared with."""
        self._before = None

    def since_ns(self, found: Measures, time_ns: int) -> int | None:
        """Since when the picture has stood still, if it is for too long."""
        before, self._before = self._before, found
        if before is None or before.sample.shape != found.sample.shape:
            self._began_ns = self._ended_ns = time_ns
            return None
        change = cv2.mean(cv2.absdiff(found.sample, before.sample))[0]
        if change > min(_STILL_MOST, max(_STILL_LEAST, _STILL_SHARE * self._typical)):
            lasted_s = (self._ended_ns - self._began_ns) / NS_PER_S
            if 2 * lasted_s > self._needs_s:
                self._needs_s = min(_STILL_LONGEST_S, 2 * lasted_s)
            self._began_ns = self._ended_ns = time_ns
            self._typical += (change - self._typical) * 0.1
            return None
        self._ended_ns = time_ns
        too_long = time_ns - self._began_ns >= self._needs_s * NS_PER_S
        return self._began_ns if too_long else None


class Normal:
    """The learned normal of one camera's view."""

    def __init__(self) -> None:
        self._still = StillRun()
        self._sharpness: dict[int, tuple[float, int]] = {}  # by brightness: mean and looks
        self.forget_view()

    def forget_view(self) -> None:
        """The camera looks elsewhere on purpose: learn the view anew."""
        self._edges: Edges | None = None
        self._detail: Edges = np.zeros((0, 0), np.float32)
        self._looks = 0
        self._alike = 1.0
        self._mean = 0.0
        self._shifted = False
        self._sharpness.clear()
        self._still.forget()

    def interrupted(self) -> None:
        """Pictures were missing; stillness cannot be counted across the gap."""
        self._still.forget()

    def read(self, found: Measures, time_ns: int, *, learn: bool) -> Reading:
        """Compare a picture with the normal, and learn from it if it fits and ``learn``."""
        still_ns = self._still.since_ns(found, time_ns)
        if found.light < _BLACK_LIGHT:
            return Reading("black", 1 - found.light / 255)
        if found.dark > _WHITE_DARK:
            return Reading("white", found.dark / 255)
        if self._edges is None:
            self._edges, self._detail = found.edges, found.detail
            self._mean = found.mean
        reading = self._compare(found, self._edges)
        if still_ns is not None and reading.state == "ok":
            return Reading("frozen", 1.0, still_ns)
        if learn and reading.state == "ok":
            self._learn(found, self._edges)
        return reading

    def _compare(self, found: Measures, edges: Edges) -> Reading:
        alike = alikeness(edges, found.edges)
        unlike = alike < _UNLIKE * self._alike
        learned = self._looks >= LEARN_LOOKS
        lost = lost_share(self._detail, found.detail, _COVERED_KEEPS)
        if learned and unlike and lost >= _COVERED_SHARE:
            return Reading("covered", lost)
        if learned and (unlike or self._shifted or self._looks % _SHIFT_EVERY == 0):
            right, down, certainty = shift_of(edges, found.edges)
            there = certainty >= _CERTAIN
            self._shifted = there and max(abs(right), abs(down)) > _MOVED
            if self._shifted or (unlike and not there):
                return Reading("moved", 1 - max(0.0, alike))
        usual = self._usual_sharpness(found.mean)
        if learned and usual and found.sharpness < _BLURRED * usual:
            return Reading("blurred", 1 - found.sharpness / usual)
        return Reading("ok", max(0.0, 1 - alike / max(self._alike, 0.1)))

    def _usual_sharpness(self, mean: float) -> float | None:
        """What is usual at that brightness; None before it was seen often enough."""
        for at in (mean, mean - _BIN_EDGE, mean + _BIN_EDGE):
            sharpness, looks = self._sharpness.get(int(at // _BIN), (0.0, 0))
            if looks >= LEARN_LOOKS:
                return sharpness
        return None

    def _learn(self, found: Measures, edges: Edges) -> None:
        if abs(found.mean - self._mean) > _RELIT:
            self._looks = min(self._looks, LEARN_LOOKS + _RELIT_LOOKS)  # take to the new light
        self._looks += 1
        share = 1.0 / min(self._looks, _MEMORY_LOOKS)
        alike = alikeness(edges, found.edges)
        self._edges = edges + (found.edges - edges) * np.float32(share)
        self._detail = self._detail + (found.detail - self._detail) * np.float32(share)
        self._mean += (found.mean - self._mean) * share
        self._alike += (alike - self._alike) * share
        at = int(found.mean // _BIN)
        sharpness, looks = self._sharpness.get(at, (0.0, 0))
        looks += 1
        share = 1.0 / min(looks, _MEMORY_LOOKS)
        self._sharpness[at] = (sharpness + (found.sharpness - sharpness) * share, looks)
