"""The painters of cars, trucks and boats, seen from the side and a little from above."""

from functools import lru_cache
from math import cos, radians, sin

import cv2

from sim.draw.solid import Slant, prism
from sim.draw.sprite import Canvas, Colour, Mask, Points, Sprite, mix, tone
from sim.draw.view import View

CAR_LENGTH_M = 4.5
TRUCK_LENGTH_M = 6.0
CAR_COLOURS: tuple[Colour, ...] = (
    (196, 198, 200), (60, 58, 150), (150, 100, 50), (112, 108, 102), (218, 220, 222), (58, 104, 74),
)  # fmt: skip
GLASS: Colour = (96, 82, 66)
_STEEL: Colour = (92, 96, 98)
_TYRE: Colour = (34, 33, 33)
_RUBBISH: tuple[Colour, ...] = ((86, 100, 112), (60, 66, 70), (120, 132, 140), (70, 96, 120))

_CAR: Points = (
    (-2.22, 0.32), (-2.25, 0.62), (-2.18, 0.90), (-1.95, 0.97), (-1.62, 1.00), (-1.05, 1.40),
    (-0.70, 1.47), (0.30, 1.47), (0.60, 1.40), (1.18, 1.00), (1.75, 0.92), (2.12, 0.78),
    (2.24, 0.58), (2.24, 0.32),
)  # fmt: skip


def car(colour: Colour, view: View, z: float, left: bool = False, lamps: bool = False) -> Sprite:
    """A saloon at depth ``z``; heads right unless ``left``."""
    sprite = _car(colour, view.height_m, _grade(view, z), lamps)
    return _mirrored(sprite) if left else sprite


def truck(
    colour: Colour,
    view: View,
    z: float,
    left: bool = False,
    load: float = 0.0,
    tilt_deg: float = 0.0,
    lamps: bool = False,
) -> Sprite:
    """A tipper truck; ``load`` 0..1 says how full it is, ``tilt_deg`` how far the bed is raised."""
    sprite = _truck(
        colour, view.height_m, _grade(view, z), round(load, 1), 3 * round(tilt_deg / 3), lamps
    )
    return _mirrored(sprite) if left else sprite


def _grade(view: View, z: float) -> float:
    """Pixels per metre in steps of about 1 %, so that a vehicle that changes lane is cached."""
    return float(max(2.0, round(view.ppm(z))))


@lru_cache(maxsize=300)
def _mirrored(sprite: Sprite) -> Sprite:
    return sprite.mirrored()


@lru_cache(maxsize=120)
def _car(colour: Colour, eye_m: float, ppm: float, lamps: bool) -> Sprite:
    canvas = Canvas(ppm, 2.6, 2.9, 2.2, 0.45)
    slant = Slant(eye_m, eye_m * 3.4)
    ground_shadow(canvas, slant, -2.25, 2.35, 1.75)
    for x in (-1.38, 1.40):
        back = slant.back(x, 0.0, 1.5)
        canvas.oval((back[0], back[1] + 0.3), (0.32, 0.32), _TYRE)
    glass = tone(GLASS, 1.15)
    prism(canvas, slant, _CAR, 1.70, colour, {4: tone(glass, 0.9), 8: glass, 7: tone(colour, 1.2)})
    roof = [slant.back(x, y, 0.2) for x, y in ((-0.6, 1.47), (0.25, 1.47))]
    canvas.line(roof, tone(colour, 1.3), 0.03)
    # The side: light shoulder, dark sill, glass, doors, lamps.
    shoulder = ((-2.22, 0.88), (-1.6, 0.98), (1.2, 0.98), (2.1, 0.76), (2.15, 0.66), (-2.24, 0.7))
    canvas.fill(shoulder, tone(colour, 1.10))
    canvas.fill([(-2.24, 0.52), (2.24, 0.50), (2.22, 0.32), (-2.20, 0.32)], tone(colour, 0.72))
    canvas.fill([(-2.15, 0.36), (2.18, 0.36), (2.15, 0.26), (-2.1, 0.26)], (44, 44, 46))
    canvas.fill([(-1.45, 1.00), (-1.00, 1.34), (-0.66, 1.40), (-0.28, 1.40), (-0.28, 1.00)], GLASS)
    canvas.fill([(-0.20, 1.00), (-0.20, 1.40), (0.28, 1.40), (0.54, 1.33), (1.00, 1.00)], GLASS)
    canvas.fill([(-1.25, 1.12), (-1.0, 1.32), (-0.7, 1.38), (-0.9, 1.12)], tone(GLASS, 1.4))
    canvas.fill([(-0.12, 1.12), (-0.12, 1.37), (0.2, 1.37), (0.02, 1.12)], tone(GLASS, 1.4))
    for x in (-0.24, 1.02, -1.12):
        canvas.line([(x, 0.98), (x + 0.02, 0.42)], tone(colour, 0.62), 0.016)
    for x in (-0.42, 0.86):
        canvas.line([(x - 0.18, 0.84), (x, 0.84)], tone(colour, 0.6), 0.035)
    canvas.fill([(2.02, 0.80), (2.20, 0.66), (2.22, 0.58), (1.92, 0.68)],
                (235, 250, 255) if lamps else (214, 222, 226))  # fmt: skip
    canvas.fill([(-2.24, 0.84), (-1.98, 0.86), (-2.0, 0.70), (-2.25, 0.68)], (46, 42, 168))
    canvas.oval((0.92, 1.05), (0.10, 0.06), tone(colour, 0.8))
    for x in (-1.38, 1.40):
        canvas.oval((x, 0.36), (0.42, 0.42), tone(colour, 0.45), arc_deg=(180, 360))
        wheel(canvas, x, 0.32)
    canvas.speckle(5, 0.02)
    return canvas.sprite(solid(canvas))


@lru_cache(maxsize=240)
def _truck(
    colour: Colour, eye_m: float, ppm: float, load: float, tilt_deg: int, lamps: bool
) -> Sprite:
    canvas = Canvas(ppm, 3.2, 3.4, 4.9 if tilt_deg > 3 else 3.0, 0.5)
    slant = Slant(eye_m, eye_m * 3.4)
    ground_shadow(canvas, slant, -2.9, 3.05, 2.1)
    for x in (-2.05, -1.10, 2.15):
        back = slant.back(x, 0.0, 1.9)
        canvas.oval((back[0], back[1] + 0.42), (0.42, 0.42), _TYRE)
    prism(
        canvas, slant, ((-2.75, 0.62), (-2.75, 0.86), (2.9, 0.86), (2.9, 0.62)), 2.0, (52, 54, 58)
    )
    cab: Points = (
        (1.40, 0.52), (1.40, 2.50), (2.62, 2.50), (2.95, 1.62), (3.02, 1.30), (3.02, 0.50),
    )  # fmt: skip
    prism(canvas, slant, cab, 2.05, colour, {2: tone(GLASS, 1.1)})
    canvas.fill([(1.36, 1.05), (3.02, 1.05), (3.02, 0.52), (1.36, 0.52)], tone(colour, 0.78))
    canvas.fill([(1.74, 1.50), (1.74, 2.30), (2.54, 2.30), (2.82, 1.50)], GLASS)
    canvas.fill([(1.82, 1.70), (1.82, 2.22), (2.1, 2.22), (1.95, 1.70)], tone(GLASS, 1.4))
    canvas.line([(1.66, 2.2), (1.66, 0.7)], tone(colour, 0.6), 0.02)
    canvas.line([(1.8, 1.28), (2.0, 1.28)], (50, 50, 50), 0.04)
    canvas.line([(2.86, 2.0), (2.98, 2.0), (2.98, 1.6)], (40, 40, 42), 0.06)
    canvas.fill([(2.84, 1.0), (3.02, 1.0), (3.02, 0.82), (2.84, 0.84)],
                (235, 250, 255) if lamps else (206, 216, 222))  # fmt: skip
    canvas.fill([(-0.35, 0.80), (0.75, 0.80), (0.75, 0.42), (-0.35, 0.42)], (70, 72, 74))
    canvas.fill([(-0.35, 0.80), (0.75, 0.80), (0.75, 0.70), (-0.35, 0.70)], (104, 106, 108))
    _bed(canvas, slant, mix(colour, _STEEL, 0.85), load, tilt_deg)
    for x in (-2.05, -1.10, 2.15):
        canvas.oval((x, 0.46), (0.54, 0.54), (38, 38, 40), arc_deg=(180, 360))
        wheel(canvas, x, 0.42)
    canvas.fill([(-2.78, 0.78), (-2.6, 0.78), (-2.6, 0.66), (-2.78, 0.66)], (46, 42, 168))
    canvas.speckle(6, 0.03)
    return canvas.sprite(solid(canvas))


def _bed(canvas: Canvas, slant: Slant, colour: Colour, load: float, tilt_deg: int) -> None:
    hinge = (-2.6, 0.88)
    c, s = cos(radians(tilt_deg)), sin(radians(tilt_deg))

    def turned(x: float, y: float) -> tuple[float, float]:
        dx, dy = x - hinge[0], y - hinge[1]
        return hinge[0] + dx * c - dy * s, hinge[1] + dx * s + dy * c

    box = [turned(x, y) for x, y in ((-2.8, 0.9), (-2.8, 1.66), (1.05, 1.66), (1.05, 0.9))]
    if tilt_deg > 3:
        canvas.line([(-0.2, 0.86), turned(0.6, 0.95)], (70, 72, 76), 0.14)
    prism(canvas, slant, box, 2.0, colour, {1: tone(colour, 0.42)})
    if load > 0.05:
        slide = -1.1 * (1 - load) * (1 if tilt_deg > 3 else 0)
        for index in range(90):  # spread evenly by the golden ratio, back row first
            along, row = (index * 0.618) % 1.0, index / 90
            x = -2.6 + 3.5 * along * load**0.3 + slide * 0.4
            up = 1.60 + (0.50 - 0.34 * row) * load * (1 - ((x + 0.85) / 2.1) ** 2)
            at = slant.back(*turned(x, up), 1.5 * (1 - row))
            paint = tone(_RUBBISH[index % 4], 0.75 + 0.05 * (index % 7))
            canvas.oval(at, (0.17, 0.11), paint, 23.0 * index)
        canvas.fill(box, colour)
    for share in (0.02, 0.34, 0.66, 0.98):
        x = -2.8 + 3.85 * share
        canvas.line([turned(x, 0.92), turned(x, 1.64)], tone(colour, 0.7), 0.06)
    canvas.line([turned(-2.8, 1.64), turned(1.05, 1.64)], tone(colour, 1.2), 0.06)
    canvas.line([turned(-2.8, 0.95), turned(1.05, 0.95)], tone(colour, 0.6), 0.08)


@lru_cache(maxsize=30)
def boat(colour: Colour, ppm: float) -> Sprite:
    """A small open boat, 4 m long."""
    canvas = Canvas(ppm, 2.4, 2.4, 1.2, 0.5)
    canvas.oval((0.0, -0.05), (2.0, 0.16), (30, 32, 28))  # its reflection
    canvas.sheet[:, :, 3] //= 2
    canvas.oval((0.0, 0.46), (1.95, 0.22), tone(colour, 0.55))
    canvas.fill(
        [(-2.0, 0.50), (-1.7, 0.05), (1.5, 0.05), (2.1, 0.58), (1.2, 0.42), (-1.2, 0.42)], colour
    )
    canvas.fill([(-1.85, 0.28), (-1.7, 0.05), (1.5, 0.05), (1.8, 0.30)], tone(colour, 0.7))
    canvas.line([(-2.0, 0.5), (-1.2, 0.42), (1.2, 0.42), (2.1, 0.58)], tone(colour, 1.3), 0.05)
    for x in (-0.8, 0.5):
        canvas.line([(x, 0.44), (x + 0.1, 0.60)], (70, 96, 124), 0.16)
    canvas.speckle(9, 0.05)
    return canvas.sprite(solid(canvas))


def wheel(canvas: Canvas, x: float, radius: float) -> None:
    """A wheel that stands on the ground at ``x``."""
    canvas.oval((x, radius), (radius, radius), _TYRE)
    canvas.oval((x, radius), (radius * 0.62, radius * 0.62), (150, 152, 154))
    canvas.oval((x + 0.01, radius - 0.01), (radius * 0.52, radius * 0.52), (112, 114, 118))
    for turn in range(5):
        a = radians(72 * turn + 18)
        end = (x + cos(a) * radius * 0.55, radius + sin(a) * radius * 0.55)
        canvas.line([(x, radius), end], (168, 170, 172), 0.05)
    canvas.oval((x, radius), (radius * 0.14, radius * 0.14), (70, 72, 76))


def ground_shadow(canvas: Canvas, slant: Slant, left: float, right: float, depth: float) -> None:
    """A dark, half transparent patch under a vehicle (drawn first)."""
    near = [(left + 0.1, -0.06), (right + 0.25, -0.06)]
    far = [slant.back(x + 0.5, 0.0, depth) for x, _ in reversed(near)]
    canvas.fill([*near, *far], (0, 0, 0))
    soft = max(1.0, 0.06 * canvas.scale)
    canvas.sheet[:, :, 3] = cv2.blur(canvas.sheet[:, :, 3] // 2, (round(2 * soft), round(soft)))


def solid(canvas: Canvas) -> Mask:
    """All that is opaque: the drawing less the half transparent shadow on the ground."""
    mask = canvas.body()
    mask[mask < 200] = 0
    return mask
