"""Noise and the ground: grass, asphalt, paving and walls with the grain of real surfaces."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.video import Bgr
from sim.draw.sprite import Colour
from sim.draw.view import View

Field = NDArray[np.float32]

_TILE = 512


def noise(rng: np.random.Generator, size: tuple[int, int], cell: float) -> Field:
    """Smooth noise, mean 0 and deviation about 1; (width, height) and grain size in pixels."""
    wide, high = size
    coarse = rng.normal(0, 1, (int(high / cell) + 3, int(wide / cell) + 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (wide, high), interpolation=cv2.INTER_CUBIC)
    return np.asarray(smooth, np.float32)


def tile(rng: np.random.Generator, octaves: dict[float, float]) -> Field:
    """A square noise tile that repeats without a seam; ``octaves`` maps grain to strength."""
    out = np.zeros((_TILE, _TILE), np.float32)
    for cell, strength in octaves.items():
        count = max(2, int(_TILE / cell))
        coarse = rng.normal(0, 1, (count, count)).astype(np.float32)
        wrapped = np.pad(coarse, 4, mode="wrap")
        step = _TILE / count
        large = cv2.resize(wrapped, None, fx=step, fy=step, interpolation=cv2.INTER_CUBIC)
        margin = round(4 * step)
        out += strength * large[margin : margin + _TILE, margin : margin + _TILE]
    return out


def on_ground(view: View, pattern: Field, per_metre: float, stretch: float = 1.0) -> Field:
    """A tile laid on the ground, as seen by the camera; zero above the horizon.

    Args:
        per_metre: tile pixels per metre of ground.
        stretch: how much longer the grain is across the picture than along it.
    """
    wide, high = view.size
    out = np.zeros((high, wide), np.float32)
    first = int(view.horizon_px) + 2
    rows = np.arange(first, high, dtype=np.float32)[:, None]
    z = view.focal_px * view.height_m / (rows - view.horizon_px)
    x = (np.arange(wide, dtype=np.float32)[None, :] - wide / 2) * z / view.focal_px
    u = (x * per_metre / stretch) % _TILE
    v = np.broadcast_to((z * per_metre) % _TILE, u.shape)
    seen = cv2.remap(
        pattern, u.astype(np.float32), v.astype(np.float32), cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_WRAP,
    )  # fmt: skip
    # Grain finer than a pixel averages out with distance.
    fade = np.clip(view.focal_px / z / (per_metre * 0.6), 0.15, 1.0)
    out[first:] = seen * fade
    return out


def sky(picture: Bgr, view: View, rng: np.random.Generator, top: Colour, low: Colour) -> None:
    """A pale, slightly clouded sky down to the horizon."""
    rows = int(view.horizon_px) + 1
    share = np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    base = np.array(top, np.float32) * (1 - share) + np.array(low, np.float32) * share
    clouds = noise(rng, (view.size[0], rows), view.size[0] / 7)
    clouds += 0.5 * noise(rng, (view.size[0], rows), view.size[0] / 22)
    picture[:rows] = np.clip(base + 5.0 * clouds[:, :, None], 0, 255)


def paint(
    picture: Bgr,
    where: NDArray[np.float32],
    colour: Colour,
    grain: Field | None = None,
    strength: float = 0.06,
    soft_px: float = 0.0,
) -> None:
    """Fill a pixel polygon (or an (H, W) 0..1 mask) with a grained colour."""
    high, wide = picture.shape[:2]
    mask = where if where.shape == (high, wide) else polygon_mask((wide, high), where)
    if soft_px > 0:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), soft_px), np.float32)
    factor: Field | float = 1.0 if grain is None else 1.0 + strength * grain
    surface = np.ones((high, wide, 1), np.float32) * np.array(colour, np.float32)
    surface = surface * (factor[:, :, None] if isinstance(factor, np.ndarray) else factor)
    share = mask[:, :, None]
    picture[:] = np.clip(picture * (1 - share) + surface * share, 0, 255)


def polygon_mask(size: tuple[int, int], points: NDArray[np.float32]) -> Field:
    """(H, W) coverage 0..1 of a pixel polygon, with smooth edges."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.fillPoly(mask, [np.round(points * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return np.asarray(mask, np.float32) / np.float32(255)
