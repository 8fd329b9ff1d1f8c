"""The places where scenes are played: a river bank, a country lane, a town street."""

from functools import lru_cache

import numpy as np

from core.video import Bgr
from sim.draw.buildings import house, pole, wall
from sim.draw.plants import bush, tree
from sim.draw.sprite import Colour
from sim.draw.texture import noise, on_ground, paint, sky, tile
from sim.draw.view import View
from sim.stage import generator

_GRASS: Colour = (84, 128, 112)
_EARTH: Colour = (112, 138, 158)
_ASPHALT: Colour = (112, 110, 108)
_PAVING: Colour = (158, 164, 168)


def _blank(view: View) -> Bgr:
    """Bare ground up to the horizon and beyond, so that no gap is ever black."""
    return np.full((view.size[1], view.size[0], 3), (116, 134, 122), np.uint8)


def _band(view: View, near: float, far: float) -> np.ndarray:
    wide = view.half_width_m(far) + 3
    return view.polygon([(-wide, near), (wide, near), (wide, far), (-wide, far)])


def _grass(picture: Bgr, view: View, rng: np.random.Generator, near: float, far: float) -> None:
    fine = on_ground(view, tile(rng, {3.0: 0.8, 14.0: 0.6, 70.0: 1.0}), 42.0)
    paint(picture, _band(view, near, far), _GRASS, fine, 0.075)


def _asphalt(picture: Bgr, view: View, rng: np.random.Generator, near: float, far: float) -> None:
    grain = on_ground(view, tile(rng, {2.0: 0.6, 90.0: 1.0}), 60.0, 1.6)
    paint(picture, _band(view, near, far), _ASPHALT, grain, 0.035)


def _dashes(picture: Bgr, view: View, z: float) -> None:
    for x in np.arange(-24.0, 24.0, 4.0):
        dash = [(x, z - 0.07), (x + 2.0, z - 0.07), (x + 2.0, z + 0.07), (x, z + 0.07)]
        paint(picture, view.polygon(dash), (206, 210, 212))


def _paving(picture: Bgr, view: View, rng: np.random.Generator, near: float, far: float) -> None:
    slab = tile(rng, {3.0: 0.3, 120.0: 0.6})
    slab[::32, :] -= 2.2
    slab[1::32, :] -= 1.2
    for row in range(16):  # bricks laid in bond
        rows = slice(row * 32, row * 32 + 32)
        slab[rows, (16 if row % 2 else 0) :: 32] -= 2.0
        slab[rows] += rng.normal(0, 0.25)
    grain = on_ground(view, slab, 52.0)
    paint(picture, _band(view, near, far), _PAVING, grain, 0.04)


def _kerb(picture: Bgr, view: View, z: float) -> None:
    paint(picture, _band(view, z - 0.08, z + 0.14), (172, 176, 178))
    paint(picture, _band(view, z - 0.20, z - 0.08), (104, 104, 104))


def _hills(picture: Bgr, view: View, rng: np.random.Generator) -> None:
    """Two blue-green ridges and a far line of trees on the horizon."""
    wide = view.size[0]
    for height, colour, cell in ((0.095, (150, 150, 132), 5), (0.055, (118, 132, 112), 9)):
        ridge = noise(rng, (wide, 1), wide / cell)[0] * 0.28 + 1.0
        top = view.horizon_px - view.size[1] * height * np.clip(ridge, 0.3, 2)
        line = np.stack([np.arange(wide), top], axis=1)
        foot = [[wide, view.horizon_px + 4], [0, view.horizon_px + 4]]
        paint(picture, np.concatenate([line, foot]).astype(np.float32), colour, soft_px=1.0)


def _grove(
    picture: Bgr, view: View, rng: np.random.Generator, z: float, count: int, height_m: float
) -> None:
    """A far row of trees that stand still."""
    far = view.half_width_m(z)
    kinds = [
        tree(rng, view.ppm(z), height_m * float(rng.uniform(0.8, 1.1)), leaf, 0.0).loop[0]
        for leaf in ((74, 112, 84), (84, 120, 98), (70, 102, 74))
    ]
    for index in range(count):
        x = -far + 2 * far * (index + float(rng.uniform(0.2, 0.8))) / count
        at = view.px(x, z + float(rng.uniform(-0.6, 0.6)))
        kinds[index % 3].paste(picture, at)


@lru_cache(maxsize=4)
def bank(view: View, seed: int) -> tuple[Bgr, np.ndarray]:
    """A river bank seen from across the water; also the pixel polygon of the water."""
    rng = generator(seed, "bank")
    picture = _blank(view)
    sky(picture, view, rng, (214, 202, 182), (226, 222, 214))
    _grass(picture, view, rng, 2.0, 400.0)
    _hills(picture, view, rng)
    wall(picture, view, rng, 30.0, 1.2, (150, 160, 168))
    _grove(picture, view, rng, 26.0, 13, 5.2)
    path = on_ground(view, tile(rng, {3.0: 0.6, 60.0: 1.0}), 40.0, 1.5)
    paint(picture, _band(view, 15.6, 17.8), (142, 160, 172), path, 0.04, 1.2)
    for x in np.arange(-9, 9.5, 3.1):
        bush(rng, view.ppm(19.0)).paste(picture, view.px(x + float(rng.uniform(-1, 1)), 19.0))
    wide = view.half_width_m(11.0) + 1
    xs = np.linspace(-wide, wide, 60)
    wander = 0.28 * np.sin(xs * 0.55 + 0.6) + 0.10 * np.sin(xs * 1.9)

    def strip(back: float) -> np.ndarray:
        line = [view.px(float(x), 9.35 + back + float(w)) for x, w in zip(xs, wander, strict=True)]
        corners = [(view.size[0] + 5, view.size[1] + 5), (-5, view.size[1] + 5)]
        return np.array([*line, *corners], np.float32)

    mud = on_ground(view, tile(rng, {4.0: 0.8, 30.0: 1.0}), 45.0, 2.0)
    paint(picture, strip(1.15), (104, 140, 146), mud, 0.06, view.size[0] / 260)
    paint(picture, strip(0.45), (92, 116, 130), mud, 0.06, view.size[0] / 400)
    return picture, strip(0.0)


QUAY_Z = 13.6
"""Depth in metres of the quay's edge; beyond it is water."""


@lru_cache(maxsize=4)
def quay(view: View, seed: int, bridge: bool = False) -> tuple[Bgr, np.ndarray]:
    """A paved quay with water behind it and a far bank; also the pixel polygon of the water."""
    rng = generator(seed, "quay")
    picture = _blank(view)
    sky(picture, view, rng, (214, 202, 182), (226, 222, 214))
    _grass(picture, view, rng, 44.0, 400.0)
    _hills(picture, view, rng)
    _grove(picture, view, rng, 52.0, 15, 6.0)
    paint(picture, _band(view, 44.0, 46.0), (120, 138, 146))
    paint(picture, _band(view, QUAY_Z, 44.0), (140, 136, 112))
    _paving(picture, view, rng, 2.0, QUAY_Z)
    _kerb(picture, view, QUAY_Z - 0.1)
    if bridge:
        _bridge(picture, view)
    wide = view.half_width_m(44.0) + 3
    near, far = QUAY_Z + 0.05, 38.0 if bridge else 44.0
    return picture, view.polygon([(-wide, near), (wide, near), (wide, far), (-wide, far)])


def _bridge(picture: Bgr, view: View) -> None:
    """A road bridge across the far water, on piers."""
    z, wide = 40.0, view.half_width_m(40.0) + 2
    for x in np.arange(-wide, wide, 9.0):
        (x0, foot), (x1, top) = view.px(x, z), view.px(x + 1.2, z, 4.2)
        pier = np.array([[x0, foot], [x0, top], [x1, top], [x1, foot]], np.float32)
        paint(picture, pier, (132, 138, 140))
    for low, high, colour in ((4.0, 5.0, (168, 174, 176)), (5.0, 5.9, (120, 126, 128))):
        (x0, y0), (x1, y1) = view.px(-wide, z, low), view.px(wide, z, high)
        deck = np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], np.float32)
        paint(picture, deck, colour)


@lru_cache(maxsize=4)
def country(view: View, seed: int) -> Bgr:
    """A country lane between a verge with a bare patch and fields."""
    rng = generator(seed, "country")
    picture = _blank(view)
    sky(picture, view, rng, (216, 204, 186), (228, 224, 216))
    _grass(picture, view, rng, 2.0, 400.0)
    _hills(picture, view, rng)
    for z, colour in ((60.0, (96, 150, 150)), (42.0, (80, 130, 108)), (31.0, (92, 142, 134))):
        rows = on_ground(view, tile(rng, {6.0: 1.0}), 20.0, 9.0)
        paint(picture, _band(view, z * 0.8, z), colour, rows, 0.08)
    _grove(picture, view, rng, 27.0, 9, 5.4)
    grain = on_ground(view, tile(rng, {3.0: 0.6, 60.0: 1.0}), 40.0, 1.5)
    paint(picture, _band(view, 16.9, 18.0), (140, 158, 170), grain, 0.05, 1.0)
    _asphalt(picture, view, rng, 13.2, 16.9)
    _dashes(picture, view, 14.9)
    for z in (13.4, 16.75):
        paint(picture, _band(view, z - 0.05, z + 0.05), (196, 200, 202))
    bare = [(-6.2, 11.3), (-3.0, 10.6), (1.5, 10.5), (5.4, 11.2), (7.0, 13.2), (-8.0, 13.2)]
    mud = on_ground(view, tile(rng, {4.0: 0.7, 40.0: 1.0}), 45.0)
    paint(picture, view.polygon(bare), _EARTH, mud, 0.05, view.size[0] / 200)
    for z in (12.0, 12.7):
        track = _band(view, z - 0.10, z + 0.10)
        track[:, 0] = np.clip(track[:, 0], view.size[0] * 0.1, view.size[0] * 0.9)
        paint(picture, track, (96, 122, 142), mud, 0.05, view.size[0] / 250)
    pole(picture, view, 6.0, 18.3, 6.0)
    return picture


@lru_cache(maxsize=4)
def town(view: View, seed: int, square: bool) -> Bgr:
    """A row of houses; before them a paved square, or a street between two pavements."""
    rng = generator(seed, "square" if square else "town")
    picture = _blank(view)
    sky(picture, view, rng, (216, 206, 190), (228, 224, 218))
    _paving(picture, view, rng, 2.0, 400.0)
    front = 19.5
    walls: tuple[Colour, ...] = (
        (176, 196, 206), (160, 178, 196), (186, 194, 196), (158, 182, 184), (170, 176, 198),
    )  # fmt: skip
    x, index = -view.half_width_m(front) - 1.0, 0
    while x < view.half_width_m(front) + 1.0:
        width = float(rng.uniform(4.6, 6.6))
        height = float(rng.uniform(6.4, 8.4))
        house(picture, view, rng, x, x + width, front, walls[(index + square) % 5], height)
        x, index = x + width + (0.0 if index % 3 else 0.25), index + 1
    if square:
        _kerb(picture, view, 9.0)
        _asphalt(picture, view, rng, 2.0, 8.8)
        bay = [(-2.2, 10.2), (4.4, 10.2), (4.4, 13.4), (-2.2, 13.4)]
        _outline(picture, view, bay, (60, 176, 212))
    else:
        _asphalt(picture, view, rng, 12.2, 16.4)
        _dashes(picture, view, 14.3)
        for z in (12.2, 16.4):
            _kerb(picture, view, z)
    for x in (-7.2, 7.6):
        pole(picture, view, x, 17.6 if not square else 18.4, 5.0)
    return picture


def _outline(picture: Bgr, view: View, corners: list[tuple[float, float]], colour: Colour) -> None:
    """A painted frame on the ground: the usual sign of an area to be kept clear."""
    (x0, z0), (x1, _), (_, z1), _ = corners
    for a, b, c, d in (
        (x0, z0, x1, z0 + 0.12), (x0, z1 - 0.12, x1, z1), (x0, z0, x0 + 0.12, z1),
        (x1 - 0.12, z0, x1, z1),
    ):  # fmt: skip
        paint(picture, view.polygon([(a, b), (c, b), (c, d), (a, d)]), colour)


@lru_cache(maxsize=12)
def plain(view: View, seed: int, colour: Colour = (132, 142, 140)) -> Bgr:
    """An empty yard before a wall: the ground of most trial scenes."""
    rng = generator(seed, "plain")
    picture = _blank(view)
    sky(picture, view, rng, (214, 204, 188), (226, 222, 214))
    _grass(picture, view, rng, 20.0, 400.0)
    wall(picture, view, rng, 22.0, 2.4, (158, 170, 178))
    grain = on_ground(view, tile(rng, {2.5: 0.6, 80.0: 1.0}), 50.0, 1.4)
    paint(picture, _band(view, 2.0, 21.8), colour, grain, 0.035)
    return picture
