"""What lies over the whole picture: rain, the sensor's noise, night with its lamps."""

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from core.video import Bgr
from sim.draw.view import View


class Rain:
    """Falling streaks; every picture shows other ones, as at ten pictures a second."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator) -> None:
        wide, high = size
        self._size = size
        sheet = np.zeros((high * 3 // 2, wide * 3 // 2), np.uint8)
        unit = high / 720
        for _ in range(700):
            x, y = int(rng.integers(sheet.shape[1])), int(rng.integers(sheet.shape[0]))
            length = float(rng.uniform(14, 38)) * unit
            end = (round(x - 0.16 * length), round(y + length))
            cv2.line(sheet, (x, y), end, int(rng.integers(34, 78)), 1, cv2.LINE_AA)
        self._sheet = cv2.cvtColor(sheet, cv2.COLOR_GRAY2BGR)

    def draw(self, picture: Bgr, rng: np.random.Generator, strength: float) -> None:
        """Rain of ``strength`` 0..1 over the picture."""
        wide, high = self._size
        y = int(rng.integers(self._sheet.shape[0] - high + 1))
        x = int(rng.integers(self._sheet.shape[1] - wide + 1))
        sheet = self._sheet[y : y + high, x : x + wide]
        cv2.addWeighted(picture, 1 - 0.10 * strength, sheet, strength, 12 * strength, dst=picture)


class Grain:
    """Noise of the sensor: small steps up and down, taken from random places of one sheet."""

    def __init__(self, size: tuple[int, int], rng: np.random.Generator, sigma: float) -> None:
        self._size = size
        shape = (size[1] + 64, size[0] + 64, 1)
        field = rng.normal(0, sigma, shape).astype(np.float32)
        field = field + rng.normal(0, sigma * 0.35, (*shape[:2], 3)).astype(np.float32)
        rounded = np.round(field)
        self._up = np.clip(rounded, 0, 255).astype(np.uint8)
        self._down = np.clip(-rounded, 0, 255).astype(np.uint8)

    def draw(self, picture: Bgr, rng: np.random.Generator) -> None:
        wide, high = self._size
        y, x = (int(v) for v in rng.integers(0, 65, 2))
        cv2.add(picture, self._up[y : y + high, x : x + wide], dst=picture)
        cv2.subtract(picture, self._down[y : y + high, x : x + wide], dst=picture)


class Night:
    """Darkness with street lamps: a map of light for the ground and for those who walk there.

    Args:
        lamps: ground points (x, z) in metres under each lamp.
        dark: brightness far from every lamp.
    """

    def __init__(self, view: View, lamps: list[tuple[float, float]], dark: float = 0.24) -> None:
        self._view, self._lamps, self._dark = view, lamps, dark

    def at(self, x: float, z: float) -> float:
        """Brightness (0..1) at a ground point."""
        light = self._dark
        for lx, lz in self._lamps:
            light += 0.62 / (1.0 + ((x - lx) / 4.2) ** 2 + ((z - lz) / 4.2) ** 2) ** 1.5
        return min(1.0, light)

    def map(self) -> NDArray[np.float32]:
        """(H, W) brightness of the ground seen in every pixel."""
        view = self._view
        wide, high = view.size
        rows = np.arange(high, dtype=np.float32)[:, None]
        z = view.focal_px * view.height_m / np.maximum(rows - view.horizon_px, view.focal_px / 9)
        x = (np.arange(wide, dtype=np.float32)[None, :] - wide / 2) * z / view.focal_px
        light = np.full((high, wide), self._dark, np.float32)
        for lx, lz in self._lamps:
            light += 0.62 / (1.0 + ((x - lx) / 4.2) ** 2 + ((z - lz) / 4.2) ** 2) ** 1.5
        return np.minimum(light, np.float32(1.0))

    def darken(self, background: Bgr) -> None:
        """Turn a background drawn by day into night."""
        view, light = self._view, self.map()[:, :, None]
        tint = np.array((0.92, 0.94, 1.0), np.float32)
        background[:] = np.clip(background * light * tint, 0, 255)
        for lx, lz in self._lamps:
            px, py = view.px(lx, lz, 4.6)
            _add(background, glow(view.ppm(lz) * 0.9), (px, py))


@lru_cache(maxsize=20)
def glow(radius_px: float) -> NDArray[np.uint8]:
    """Light around a lamp, to be added to the picture."""
    n = max(3, int(radius_px))
    y, x = np.mgrid[-n : n + 1, -n : n + 1].astype(np.float32) / n
    fall = np.clip(1 - np.hypot(x, y), 0, 1)
    light = 255 * np.minimum(1.0, fall**2.2 + (fall > 0.86))
    tint = np.array((0.80, 0.93, 1.0), np.float32)
    return np.asarray(light[:, :, None] * tint, np.uint8)


def headlights(picture: Bgr, view: View, nose: tuple[float, float], left: bool) -> None:
    """The lamp and its light on the road, ``nose`` being (x, z) of the car's front in metres."""
    scale = view.ppm(nose[1])
    px, py = view.px(nose[0], nose[1], 0.7)
    _add(picture, glow(scale * 0.45), (px, py))
    pool = _pool(round(scale), left)
    gx, gy = view.px(nose[0], nose[1], 0.0)
    _add(picture, pool, (gx + (-1 if left else 1) * pool.shape[1] / 2, gy - 0.1 * scale))


@lru_cache(maxsize=20)
def _pool(ppm: int, left: bool) -> NDArray[np.uint8]:
    wide, high = max(4, ppm * 6), max(4, round(ppm * 0.9))
    x = np.linspace(0, 1, wide, dtype=np.float32)[None, :]
    y = np.linspace(-1, 1, high, dtype=np.float32)[:, None]
    spread = 0.35 + 0.65 * x
    light = 120 * np.clip(1 - x, 0, 1) * np.clip(x * 6, 0, 1) * np.clip(1 - (y / spread) ** 2, 0, 1)
    tinted = (light[:, :, None] * np.array((0.8, 0.92, 1.0), np.float32)).astype(np.uint8)
    return np.ascontiguousarray(tinted[:, ::-1]) if left else tinted


def _add(picture: Bgr, light: NDArray[np.uint8], centre: tuple[float, float]) -> None:
    high, wide = light.shape[:2]
    left, top = round(centre[0] - wide / 2), round(centre[1] - high / 2)
    x0, y0 = max(left, 0), max(top, 0)
    x1, y1 = min(left + wide, picture.shape[1]), min(top + high, picture.shape[0])
    if x0 < x1 and y0 < y1:
        target = picture[y0:y1, x0:x1]
        cv2.add(target, light[y0 - top : y1 - top, x0 - left : x1 - left], dst=target)
