"""The painters of birds in the air, ducks on the water and dogs."""

from functools import lru_cache
from math import pi, sin

from sim.draw.sprite import Canvas, Colour, Sprite, tone

PHASES = 8


@lru_cache(maxsize=120)
def bird(ppm: float, phase: int, left: bool, colour: Colour = (60, 58, 56)) -> Sprite:
    """A flying bird, 0.7 m from wing to wing; ``phase`` 0..7 of its wing beat."""
    canvas = Canvas(max(ppm, 8.0), 0.5, 0.5, 0.5, 0.5)
    beat = 0.28 * sin(2 * pi * phase / PHASES)
    canvas.oval((0.0, 0.0), (0.19, 0.07), colour)
    canvas.oval((0.19, 0.05), (0.06, 0.05), tone(colour, 1.2))
    canvas.fill([(-0.18, 0.02), (-0.36, 0.05), (-0.34, -0.05)], tone(colour, 0.8))
    for side, light in ((-1, 0.8), (1, 1.25)):
        tip = (-0.08 + 0.05 * side, beat + 0.05 * side)
        canvas.fill([(0.10, 0.02), (-0.10, 0.02), (tip[0] - 0.06, tip[1] * 1.3), tip],
                    tone(colour, light))  # fmt: skip
    done = canvas.sprite()
    return done.mirrored() if left else done


@lru_cache(maxsize=40)
def duck(ppm: float, left: bool, drake: bool) -> Sprite:
    """A swimming duck, 0.5 m long, with its reflection."""
    canvas = Canvas(ppm, 0.5, 0.5, 0.5, 0.25)
    brown: Colour = (70, 92, 112)
    canvas.oval((0.0, -0.05), (0.26, 0.05), (40, 44, 40))
    canvas.sheet[:, :, 3] //= 2
    canvas.oval((0.0, 0.08), (0.27, 0.11), tone(brown, 0.8))
    canvas.oval((-0.03, 0.11), (0.20, 0.07), tone(brown, 1.1))
    canvas.fill([(-0.22, 0.12), (-0.36, 0.20), (-0.24, 0.04)], tone(brown, 0.9))
    head: Colour = (52, 92, 40) if drake else tone(brown, 0.95)
    canvas.limb((0.19, 0.12), (0.23, 0.27), (0.06, 0.05), head)
    canvas.oval((0.24, 0.29), (0.075, 0.065), head)
    canvas.fill([(0.29, 0.30), (0.40, 0.27), (0.29, 0.25)], (50, 150, 200))
    done = canvas.sprite()
    return done.mirrored() if left else done


@lru_cache(maxsize=120)
def dog(ppm: float, phase: int, left: bool, colour: Colour = (70, 100, 140)) -> Sprite:
    """A dog of middling size; ``phase`` 0..7 of its trot."""
    canvas = Canvas(ppm, 0.7, 0.8, 0.9, 0.2)
    swing = 0.13 * sin(2 * pi * phase / PHASES)
    for x, sign, light in ((-0.30, 1, 0.7), (0.26, -1, 0.7), (-0.26, -1, 1.0), (0.30, 1, 1.0)):
        foot = (x + sign * swing, 0.03)
        canvas.limb((x, 0.33), foot, (0.065, 0.035), colour, light)
    canvas.limb((-0.28, 0.40), (0.28, 0.42), (0.13, 0.15), colour)
    canvas.limb((0.32, 0.46), (0.44, 0.60), (0.10, 0.08), colour)
    canvas.oval((0.49, 0.63), (0.11, 0.09), colour)
    canvas.limb((0.53, 0.62), (0.64, 0.59), (0.055, 0.035), tone(colour, 0.85))
    canvas.oval((0.65, 0.60), (0.022, 0.022), (30, 30, 30))
    canvas.fill([(0.42, 0.68), (0.47, 0.76), (0.50, 0.68)], tone(colour, 0.6))
    canvas.limb((-0.36, 0.45), (-0.54, 0.62), (0.035, 0.02), colour)
    canvas.speckle(3, 0.06)
    done = canvas.sprite(None, (0.3, 0.16))
    return done.mirrored() if left else done
