"""Trees and reeds that sway: a short loop of sprites, drawn once."""

from dataclasses import dataclass
from math import pi, sin

import numpy as np

from sim.draw.sprite import Canvas, Colour, Sprite, tone

LOOP = 24
"""Pictures in the loop of a swaying plant."""

_BARK: Colour = (58, 72, 88)


@dataclass(frozen=True, eq=False)
class Swaying:
    """A plant in the wind; ``loop`` plays for ever, back to its start without a jump."""

    loop: tuple[Sprite, ...]
    period_s: float

    def at(self, t_s: float) -> Sprite:
        return self.loop[round(t_s / self.period_s * LOOP) % len(self.loop)]


def tree(
    rng: np.random.Generator,
    ppm: float,
    height_m: float = 5.0,
    leaves: Colour = (62, 112, 78),
    wind: float = 1.0,
) -> Swaying:
    """A round-headed street tree; ``wind`` scales how far the crown moves."""
    radius = height_m * 0.30
    middle = height_m * 0.66
    clumps = []
    for _ in range(84):
        angle, reach = rng.uniform(0, 2 * pi), radius * rng.uniform(0.0, 1.0) ** 0.6
        x, y = reach * np.cos(angle), middle + 0.95 * reach * np.sin(angle)
        light = 0.66 + 0.42 * (y - middle + radius) / (2 * radius) - 0.10 * x / radius
        clumps.append(
            (
                x,
                y,
                rng.uniform(0.16, 0.30) * radius,
                light + rng.normal(0, 0.05),
                rng.uniform(0, 2 * pi),
            )
        )
    clumps.sort(key=lambda c: c[3])
    seed = int(rng.integers(1 << 30))
    specks = rng.uniform(-1, 1, (260, 2))
    loop = []
    for index in range(LOOP if wind > 0 else 1):
        turn = 2 * pi * index / LOOP
        canvas = Canvas(ppm, radius * 1.5, radius * 2.4, height_m * 1.06, 0.5, over=2)
        lean = 0.05 * wind * sin(turn)
        top = (lean * 0.6, middle)
        canvas.limb((0.0, 0.0), (lean * 0.3, middle * 0.7), (0.13, 0.09), _BARK)
        for side in (-0.5, 0.1, 0.55):
            canvas.limb(
                (lean * 0.3, middle * 0.65), (side * radius + top[0], middle), (0.07, 0.03), _BARK
            )
        for x, y, size, light, own in clumps:
            sway = wind * (0.05 * sin(turn) + 0.035 * sin(2 * turn + own)) * y / middle
            canvas.oval((x + sway, y + 0.02 * wind * sin(turn + own)), (size, size * 0.8),
                        tone(leaves, light))  # fmt: skip
        for k, (sx, sy) in enumerate(specks):
            if sx * sx + sy * sy > 0.8:
                continue
            sway = wind * (0.05 * sin(turn) + 0.03 * sin(3 * turn + k))
            at = (sx * radius + sway, middle + sy * radius * 0.95)
            glow = 1.22 if k % 3 else 0.62
            canvas.oval(at, (0.07, 0.04), tone(leaves, glow), 37.0 * k)
        canvas.speckle(seed, 0.05)
        loop.append(canvas.sprite(None, (0.25, 0.16)))
    return Swaying(tuple(loop), float(rng.uniform(3.2, 4.6)))


def reeds(rng: np.random.Generator, ppm: float, width_m: float = 2.0, wind: float = 1.0) -> Swaying:
    """A clump of reeds at the water's edge, about 1 m high."""
    blades = [
        (rng.uniform(-0.5, 0.5) * width_m, rng.uniform(0.5, 1.1), rng.normal(0, 0.12),
         rng.uniform(0.7, 1.2), rng.uniform(0, 2 * pi))
        for _ in range(round(26 * width_m))
    ]  # fmt: skip
    loop = []
    for index in range(LOOP):
        turn = 2 * pi * index / LOOP
        canvas = Canvas(ppm, width_m * 0.7, width_m * 0.7, 1.4, 0.2, over=2)
        for k, (x, high, lean, light, own) in enumerate(blades):
            bend = lean + wind * (0.09 * sin(turn + own * 0.4) + 0.03 * sin(2 * turn + own))
            green: Colour = (70, 122, 96) if k % 4 else (96, 140, 150)
            canvas.line(
                [(x, -0.05), (x + bend * 0.3, high * 0.6), (x + bend, high)],
                tone(green, light),
                0.03,
            )
            if k % 5 == 0:
                canvas.limb(
                    (x + bend * 0.9, high * 0.93), (x + bend, high), (0.03, 0.03), (52, 78, 110)
                )
        loop.append(canvas.sprite())
    return Swaying(tuple(loop), float(rng.uniform(2.2, 3.4)))


def bush(rng: np.random.Generator, ppm: float, leaves: Colour = (66, 108, 84)) -> Sprite:
    """A low round bush, still."""
    canvas = Canvas(ppm, 1.1, 1.6, 1.3, 0.3)
    for index in range(40):
        x, y = rng.normal(0, 0.38), abs(rng.normal(0.32, 0.22))
        light = 0.66 + 0.5 * y + 0.004 * index
        canvas.oval((float(x), float(y)), (0.20, 0.15), tone(leaves, float(light)))
    canvas.speckle(int(rng.integers(1 << 30)), 0.08)
    return canvas.sprite(None, (0.3, 0.16))
