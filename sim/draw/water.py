"""Rippling water: two layers of glints that run against each other over a still colour."""

import cv2
import numpy as np
from numpy.typing import NDArray

from core.video import Bgr
from sim.draw.sprite import Colour
from sim.draw.texture import noise, on_ground, polygon_mask, tile
from sim.draw.view import View


class Water:
    """A water surface inside one pixel polygon.

    Args:
        background: the finished background; the parts that stay are taken from it once.
        where: (N, 2) pixel polygon of the surface.
        ripple: contrast of the ripples, 1 for a breeze.
        light: (H, W) brightness 0..1 of the place; None by day.
    """

    def __init__(
        self,
        background: Bgr,
        view: View,
        where: NDArray[np.float32],
        rng: np.random.Generator,
        near: Colour = (112, 104, 74),
        far: Colour = (150, 146, 122),
        ripple: float = 1.0,
        light: NDArray[np.float32] | None = None,
    ) -> None:
        wide = view.size[0]
        mask = polygon_mask(view.size, where)
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), wide / 900), np.float32)
        rows = np.flatnonzero(mask.max(axis=1) > 0)
        self._top, self._end = int(rows[0]), int(rows[-1]) + 1
        share = np.linspace(0, 1, self._end - self._top, dtype=np.float32)[:, None, None]
        base = np.array(far, np.float32) * (1 - share) + np.array(near, np.float32) * share
        base = np.broadcast_to(base, (self._end - self._top, wide, 3)).copy()
        base += 4.0 * noise(rng, (wide, self._end - self._top), wide / 9)[:, :, None]
        self._base = np.clip(base - 18 * ripple, 0, 255).astype(np.uint8)
        small = mask[self._top : self._end, :, None]
        lit = small if light is None else small * light[self._top : self._end, :, None]
        self._mask = np.ascontiguousarray((lit * 255).astype(np.uint8).repeat(3, axis=2))
        self._rest = (background[self._top : self._end] * (1 - small)).astype(np.uint8)
        self._layers = []
        for stretch, grains in ((3.0, {14.0: 1.0, 6.0: 0.6}), (4.5, {22.0: 1.0, 9.0: 0.7})):
            seen = on_ground(view, tile(rng, grains), 55.0, stretch)[self._top : self._end]
            # Mirrored, so that it runs round without a seam.
            loop = np.concatenate([seen, seen[:, ::-1]], axis=1)
            grey = np.clip(30.0 + 26.0 * ripple * loop, 0, 255).astype(np.uint8)
            self._layers.append(np.concatenate([grey, grey[:, :wide]], axis=1))
        self._wide = wide

    def draw(self, picture: Bgr, t_s: float) -> None:
        """Draw the surface as it is at scene time ``t_s`` over ``picture``."""
        views = []
        for layer, speed in zip(self._layers, (0.031, -0.023), strict=True):
            start = round(t_s * speed * self._wide) % (2 * self._wide)
            views.append(layer[:, start : start + self._wide])
        glint = cv2.addWeighted(views[0], 0.62, views[1], 0.62, 0.0)
        surface = cv2.add(self._base, cv2.cvtColor(glint, cv2.COLOR_GRAY2BGR))
        surface = cv2.multiply(surface, self._mask, scale=1 / 255)
        cv2.add(surface, self._rest, dst=picture[self._top : self._end])
