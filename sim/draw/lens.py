"""What happens to the whole picture: clouds, exposure, the infrared switch, a trembling pole."""

from dataclasses import dataclass
from math import exp, floor, pi, sin
from typing import Protocol

import cv2
import numpy as np

from core.video import Bgr
from sim.draw.texture import noise


class Lens(Protocol):
    """Changes a finished picture."""

    def through(self, picture: Bgr, t_s: float, /) -> Bgr:
        """The picture as the camera gives it at scene time ``t_s``; may change it in place."""


class Clouds:
    """Shadows of clouds that drift over the ground.

    Args:
        depth: how much darker the deepest shadow is.
        speed: frame widths a second.
    """

    def __init__(
        self,
        size: tuple[int, int],
        rng: np.random.Generator,
        depth: float = 0.42,
        speed: float = 0.035,
    ) -> None:
        wide, high = size
        field = noise(rng, (2 * wide, high), wide / 2.2)
        shade = 255 * (1 - depth * np.clip(0.5 + 0.6 * field, 0, 1))
        loop = np.concatenate([shade, shade[:, ::-1], shade[:, :wide]], axis=1)
        self._sheet = cv2.cvtColor(loop.astype(np.uint8), cv2.COLOR_GRAY2BGR)
        self._wide, self._speed = wide, speed

    def through(self, picture: Bgr, t_s: float, /) -> Bgr:
        start = round(t_s * self._speed * self._wide) % (4 * self._wide)
        part = self._sheet[:, start : start + self._wide]
        return np.asarray(cv2.multiply(picture, part, dst=picture, scale=1 / 255), np.uint8)


@dataclass(frozen=True)
class Exposure:
    """The camera corrects its exposure: at ``at_s`` the gain goes to ``gain`` within half a second.

    Attributes:
        steps: (at_s, gain), in order; the gain is 1 before the first.
    """

    steps: tuple[tuple[float, float], ...]
    ramp_s: float = 0.5

    def gain(self, t_s: float) -> float:
        now = 1.0
        for at_s, gain in self.steps:
            now += (gain - now) * min(1.0, max(0.0, (t_s - at_s) / self.ramp_s))
        return now

    def through(self, picture: Bgr, t_s: float, /) -> Bgr:
        gain = self.gain(t_s)
        if abs(gain - 1) < 0.005:
            return picture
        return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


class Infrared:
    """From ``from_s`` on the camera looks in infrared light: grey, lit by its own lamp.

    Args:
        gain: how much brighter the middle is than without the lamp.
    """

    def __init__(self, size: tuple[int, int], from_s: float = 0.0, gain: float = 2.4) -> None:
        wide, high = size
        y, x = np.mgrid[0:high, 0:wide].astype(np.float32)
        far = ((x / wide - 0.5) / 0.75) ** 2 + ((y / high - 0.62) / 0.75) ** 2
        self._lamp = np.clip(80 * gain * np.exp(-far), 30, 255).astype(np.uint8)
        self._from_s = from_s

    def through(self, picture: Bgr, t_s: float, /) -> Bgr:
        if t_s < self._from_s:
            return picture
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        lit = cv2.multiply(grey, self._lamp, scale=1 / 80)
        return np.asarray(cv2.cvtColor(lit, cv2.COLOR_GRAY2BGR), np.uint8)


class Shake:
    """A pole in the wind: gusts that die down, each a few pixels of swing.

    Args:
        unit: pixels of a common gust's first swing.
    """

    def __init__(self, rng: np.random.Generator, unit: float = 4.0, seconds: float = 600.0) -> None:
        self._gusts: list[tuple[float, float, float, float]] = []
        at_s = float(rng.uniform(1, 4))
        while at_s < seconds:
            strength = unit * float(rng.uniform(0.4, 1.6))
            self._gusts.append((at_s, strength, float(rng.uniform(1.3, 2.7)), float(rng.random())))
            at_s += float(rng.uniform(2.0, 7.0))

    def at(self, t_s: float) -> tuple[float, float]:
        """Pixels right and down at scene time ``t_s``."""
        dx = dy = 0.0
        for at_s, strength, hertz, lean in self._gusts:
            since = t_s - at_s
            if 0 <= since < 8:
                swing = strength * exp(-since / 1.8)
                dx += swing * sin(2 * pi * hertz * since)
                dy += 0.6 * swing * lean * sin(2 * pi * (hertz * 1.3) * since + lean)
        return dx, dy

    def move(self, picture: Bgr, t_s: float) -> tuple[Bgr, tuple[float, float]]:
        """The moved picture, and by how much in shares of its width and height."""
        dx, dy = self.at(t_s)
        if abs(dx) + abs(dy) < 0.05:
            return picture, (0.0, 0.0)
        high, wide = picture.shape[:2]
        margin = int(max(abs(dx), abs(dy))) + 2
        padded = cv2.copyMakeBorder(picture, margin, margin, margin, margin, cv2.BORDER_REPLICATE)
        # Bilinear by two blends of shifted views: several times as fast as a general warp.
        x, y = floor(-dx), floor(-dy)
        rows = slice(margin + y, margin + y + high + 1)
        left = padded[rows, margin + x : margin + x + wide]
        right = padded[rows, margin + x + 1 : margin + x + 1 + wide]
        across = cv2.addWeighted(left, 1 - (-dx - x), right, -dx - x, 0.0)
        moved = cv2.addWeighted(across[:high], 1 - (-dy - y), across[1:], -dy - y, 0.0)
        return np.asarray(moved, np.uint8), (dx / wide, dy / high)
