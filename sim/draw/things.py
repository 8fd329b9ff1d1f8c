"""The painters of what is left standing: stalls, goods, bags, piles of rubbish."""

from functools import lru_cache
from math import cos, pi, sin

import numpy as np

from sim.draw.solid import Slant, prism
from sim.draw.sprite import Canvas, Colour, Sprite, mix, tone

STALL_STAGES = 4
"""0 a packed handcart, 1 a bare table, 2 with the umbrella up, 3 with the goods laid out."""

_CLOTHS: tuple[tuple[Colour, Colour], ...] = (
    ((62, 70, 190), (206, 214, 220)),
    ((150, 110, 50), (214, 216, 214)),
)
_FRUIT: tuple[Colour, ...] = ((48, 60, 190), (60, 150, 220), (70, 150, 90), (60, 190, 225))
_RUBBISH: tuple[Colour, ...] = (
    (78, 92, 104), (52, 58, 62), (118, 130, 138), (66, 92, 116), (140, 140, 136), (60, 70, 64),
)  # fmt: skip
_BAGS: tuple[Colour, ...] = ((74, 72, 70), (140, 146, 150), (104, 102, 96), (118, 116, 104))


@lru_cache(maxsize=40)
def stall(stage: int, ppm: float, eye_m: float, seed: int) -> Sprite:
    """A market stall, 2 m wide, at one stage of being set up."""
    canvas = Canvas(ppm, 1.7, 2.2, 3.0, 0.3)
    slant = Slant(eye_m, eye_m * 3.4)
    rng = np.random.default_rng([seed, 31])
    wood: Colour = (84, 116, 150)
    if stage == 0:
        for x in (-0.45, 0.45):
            canvas.oval((x, 0.18), (0.18, 0.18), (40, 40, 42))
        prism(canvas, slant, ((-0.8, 0.3), (-0.8, 0.75), (0.8, 0.75), (0.8, 0.3)), 0.7, wood)
        canvas.limb((-0.7, 0.95), (1.0, 1.15), (0.1, 0.05), _CLOTHS[seed % 2][0])
        canvas.speckle(seed, 0.05)
        return canvas.sprite(None, (0.3, 0.15))
    if stage >= 2:
        canvas.limb((0.0, 0.1), (0.0, 2.35), (0.035, 0.03), (176, 178, 180))
    for x in (-0.95, 0.95):
        back = slant.back(x, 0.0, 0.7)
        canvas.line([back, (back[0], back[1] + 0.7)], tone(wood, 0.55), 0.05)
    for x in (-0.97, 0.97):
        canvas.line([(x, 0.0), (x, 0.75)], tone(wood, 0.75), 0.06)
    cloth = tone(_CLOTHS[seed % 2][1], 0.92)
    table = ((-1.05, 0.46), (-1.05, 0.80), (1.05, 0.80), (1.05, 0.46))
    prism(canvas, slant, table, 0.85, cloth)
    for x in np.linspace(-1.0, 1.0, 9):
        canvas.line([(x, 0.78), (x + 0.02, 0.47)], tone(cloth, 0.86), 0.03)
    if stage >= 3:
        _goods(canvas, slant, rng)
    if stage >= 2:
        _umbrella(canvas, *_CLOTHS[seed % 2])
    canvas.speckle(seed, 0.04)
    return canvas.sprite(None, (0.3, 0.15))


def _goods(canvas: Canvas, slant: Slant, rng: np.random.Generator) -> None:
    crate: Colour = (90, 130, 170)
    for row, depth in enumerate((0.55, 0.1)):
        for column in range(4):
            x = -0.98 + 0.5 * column
            at = slant.back(x, 0.80, depth)
            ax, ay = at
            front = [at, (ax + 0.45, ay), (ax + 0.45, ay + 0.14), (ax, ay + 0.14)]
            canvas.fill(front, crate)
            fruit = _FRUIT[(column + 2 * row) % 4]
            for _ in range(9):
                dx, dy = rng.uniform(0.05, 0.40), rng.uniform(0.12, 0.20)
                paint = tone(fruit, float(rng.uniform(0.8, 1.15)))
                canvas.oval((at[0] + dx, at[1] + dy), (0.055, 0.05), paint)
    # Two sacks and a crate beside the table, on the ground.
    for x, colour in ((1.22, (150, 176, 196)), (-1.28, (168, 186, 200))):
        canvas.oval((x, 0.24), (0.21, 0.27), tone(colour, 0.75))
        canvas.oval((x - 0.03, 0.27), (0.17, 0.22), colour)
        canvas.oval((x - 0.02, 0.46), (0.12, 0.06), tone(_FRUIT[2], 0.9))


def _umbrella(canvas: Canvas, stripe: Colour, ground: Colour) -> None:
    """A round garden umbrella, eight panels, seen from slightly above its rim."""
    top, rim, radius, flat = (0.0, 2.72), 2.12, 1.55, 0.20
    for index in range(8):
        a0, a1 = pi * (1 - index / 8), pi * (1 - (index + 1) / 8)
        low = [
            (radius * cos(a0 + (a1 - a0) * s), rim - flat * sin(a0 + (a1 - a0) * s))
            for s in np.linspace(0, 1, 5)
        ]
        paint = stripe if index % 2 == 0 else ground
        canvas.fill([top, *low], tone(paint, 1.12 - 0.05 * index))
        middle = low[2]
        canvas.fill(
            [low[0], middle, low[4], (low[4][0], low[4][1] - 0.10), (middle[0], middle[1] - 0.14),
             (low[0][0], low[0][1] - 0.10)],
            tone(paint, 0.86),
        )  # fmt: skip
    canvas.oval((0.0, 2.74), (0.05, 0.07), tone(stripe, 0.7))


@lru_cache(maxsize=60)
def pile(ppm: float, seed: int, growth: float = 1.0) -> Sprite:
    """A heap of rubble, rubbish and bags, 2.2 m wide and 0.8 m high when fully grown."""
    canvas = Canvas(ppm, 1.5, 2.0, 1.4, 0.45)
    rng = np.random.default_rng([seed, 41])
    wide, high = 1.10 * growth**0.5, 0.74 * growth

    def top(across: float) -> float:
        """Height of the heap's outline at -1..1 across."""
        return high * max(0.0, 1.0 - float(abs(across) ** 1.7))

    edge = [(a * wide, top(a) + float(rng.normal(0, 0.02))) for a in np.linspace(-1, 1, 30)]
    foot = [(a * wide, -0.16 * (1 - a * a)) for a in np.linspace(1, -1, 16)]
    canvas.fill(edge + foot, (84, 96, 104))
    # From the back and top to the front and foot, each piece lit by how far up it lies.
    for level in np.sort(rng.uniform(-0.16, 0.95, round(260 * growth)))[::-1]:
        across = float(rng.uniform(-0.97, 0.97))
        y = float(level) * top(across) if level > 0 else float(level) * (1 - across * across)
        paint = tone(
            _RUBBISH[int(rng.integers(len(_RUBBISH)))],
            float(rng.uniform(0.75, 1.05)) * (0.85 + 0.25 * y - 0.10 * across),
        )
        r = float(rng.uniform(0.03, 0.075))
        if rng.random() < 0.4:  # boards, bricks and boxes
            t, s = float(rng.uniform(-0.6, 0.6)), float(rng.uniform(1.2, 3.0))
            ux, uy, vx, vy = cos(t) * r * s, sin(t) * r * s, -sin(t) * r * 0.6, cos(t) * r * 0.6
            corners = [
                (across * wide + i * ux + j * vx, y + i * uy + j * vy)
                for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))
            ]
            canvas.fill(corners, mix(paint, (104, 138, 164), 0.25))
        else:
            canvas.oval((across * wide, y), (r * 1.4, r * 0.9), paint, float(rng.uniform(-40, 40)))
    for index in range(round(5 * growth)):
        across = -0.75 + 0.36 * index + float(rng.uniform(-0.08, 0.08))
        y = float(rng.uniform(-0.08, 0.35)) * top(across)
        _sack(canvas, (across * wide, y), 0.17, _BAGS[index % len(_BAGS)])
    canvas.speckle(seed, 0.06)
    return canvas.sprite(None, (0.35, 0.16))


def _sack(canvas: Canvas, foot: tuple[float, float], radius: float, colour: Colour) -> None:
    """A full bag that lies half buried in a heap."""
    x, y = foot
    canvas.oval((x, y + 0.6 * radius), (radius * 1.3, radius * 0.72), tone(colour, 0.74), 12)
    canvas.oval((x - 0.02, y + 0.7 * radius), (radius, radius * 0.5), tone(colour, 0.95), 8)
    canvas.line(
        [(x - radius, y + radius * 0.7), (x + radius, y + radius * 0.4)], tone(colour, 0.6), 0.015
    )


@lru_cache(maxsize=20)
def bag(ppm: float, seed: int) -> Sprite:
    """One full rubbish bag."""
    canvas = Canvas(ppm, 0.6, 0.8, 0.9, 0.3)
    _bag_at(canvas, (0.0, 0.0), 0.34, _BAGS[seed % len(_BAGS)])
    canvas.speckle(seed, 0.05)
    return canvas.sprite(None, (0.35, 0.16))


def _bag_at(canvas: Canvas, foot: tuple[float, float], radius: float, colour: Colour) -> None:
    """A sagging sack with a knot: broad below, creased towards the top."""
    x, y = foot
    r = radius
    outline = [
        (-0.55, 0.0), (-1.0, 0.10), (-1.12, 0.45), (-0.98, 0.85), (-0.62, 1.22), (-0.22, 1.48),
        (0.20, 1.50), (0.55, 1.25), (0.92, 0.92), (1.10, 0.52), (1.02, 0.12), (0.60, -0.02),
    ]  # fmt: skip
    canvas.fill([(x + a * r, y + b * r) for a, b in outline], tone(colour, 0.74))
    lit = [(a * 0.80 - 0.10, 0.06 + b * 0.93) for a, b in outline]
    canvas.fill([(x + a * r, y + b * r) for a, b in lit], tone(colour, 0.96))
    neck = (x - 0.02 * r, y + 1.46 * r)
    for a, b, light in (
        (-0.85, 0.35, 0.72), (-0.48, 0.55, 1.28), (-0.18, 0.30, 0.76), (0.20, 0.62, 1.2),
        (0.52, 0.38, 0.66), (0.82, 0.55, 0.82),
    ):  # fmt: skip
        middle = (x + a * 0.55 * r, y + (b + 0.55) * r)
        canvas.line([(x + a * r, y + b * r), middle, neck], tone(colour, light), 0.11 * r)
    canvas.fill(
        [(x - 0.24 * r, y + 1.42 * r), (x - 0.42 * r, y + 1.86 * r), (x - 0.05 * r, y + 1.66 * r),
         (x + 0.30 * r, y + 1.92 * r), (x + 0.22 * r, y + 1.44 * r)],
        tone(colour, 0.9),
    )  # fmt: skip
    tie = [(x - 0.22 * r, y + 1.48 * r), (x + 0.20 * r, y + 1.48 * r)]
    canvas.line(tie, tone(colour, 0.5), 0.1 * r)
