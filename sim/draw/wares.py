"""The painters of goods, umbrellas, sheds, handcarts, benches, pillars and what drifts."""

from functools import lru_cache
from math import cos, pi, sin

import numpy as np

from sim.draw.solid import Slant, prism
from sim.draw.sprite import Canvas, Colour, Sprite, tone

SHED_STAGES = 4
_CARTONS: tuple[Colour, ...] = ((96, 142, 178), (110, 150, 180), (84, 126, 160), (130, 160, 176))


@lru_cache(maxsize=60)
def goods(ppm: float, eye_m: float, layers: int, seed: int) -> Sprite:
    """Cartons and crates, three side by side and ``layers`` high; 1.9 m wide."""
    canvas = Canvas(ppm, 1.2, 1.6, 2.2, 0.3)
    slant = Slant(eye_m, eye_m * 3.4)
    rng = np.random.default_rng([seed, 51])
    for layer in range(max(1, layers)):
        for column in range(3):
            x = -0.95 + 0.64 * column + float(rng.uniform(-0.02, 0.02))
            wide, low = float(rng.uniform(0.54, 0.62)), 0.46 * layer
            paint = tone(_CARTONS[int(rng.integers(4))], float(rng.uniform(0.85, 1.1)))
            box = ((x, low), (x, low + 0.45), (x + wide, low + 0.45), (x + wide, low))
            prism(canvas, slant, box, 0.6, paint)
            canvas.line([(x + wide / 2, low), (x + wide / 2, low + 0.45)], tone(paint, 1.25), 0.05)
            canvas.line([(x, low + 0.01), (x + wide, low + 0.01)], tone(paint, 0.6), 0.02)
    canvas.speckle(seed, 0.04)
    return canvas.sprite(None, (0.3, 0.15))


@lru_cache(maxsize=20)
def parasol(ppm: float, eye_m: float, seed: int) -> Sprite:
    """A big umbrella over a small table with two stools."""
    canvas = Canvas(ppm, 1.8, 2.2, 2.9, 0.3)
    slant = Slant(eye_m, eye_m * 3.4)
    wood: Colour = (84, 116, 150)
    canvas.limb((0.0, 0.05), (0.0, 2.2), (0.035, 0.03), (176, 178, 180))
    for x in (-0.95, 0.70):
        prism(canvas, slant, ((x, 0.0), (x, 0.42), (x + 0.3, 0.42), (x + 0.3, 0.0)), 0.3, wood)
    top = ((-0.5, 0.62), (-0.5, 0.70), (0.5, 0.70), (0.5, 0.62))
    prism(canvas, slant, top, 0.8, tone(wood, 1.2))
    for x in (-0.45, 0.45):
        canvas.line([(x, 0.0), (x, 0.64)], tone(wood, 0.7), 0.05)
    cloth: Colour = ((64, 66, 186), (150, 110, 50), (70, 140, 70))[seed % 3]
    for index in range(8):
        a0, a1 = pi * (1 - index / 8), pi * (1 - (index + 1) / 8)
        rim = [(1.6 * cos(a), 2.05 - 0.22 * sin(a)) for a in np.linspace(a0, a1, 5).tolist()]
        paint = cloth if index % 2 else (210, 214, 216)
        canvas.fill([(0.0, 2.65), *rim], tone(paint, 1.1 - 0.05 * index))
    canvas.speckle(seed, 0.03)
    return canvas.sprite(None, (0.3, 0.15))


@lru_cache(maxsize=40)
def shed(ppm: float, eye_m: float, stage: int, seed: int) -> Sprite:
    """A tin shed, 2.6 m wide: 0 a stack of posts and sheets, 1 posts, 2 walls, 3 the roof."""
    canvas = Canvas(ppm, 1.7, 2.6, 3.2, 0.3)
    slant = Slant(eye_m, eye_m * 3.4)
    tin: Colour = ((176, 150, 96), (150, 152, 156), (120, 140, 170))[seed % 3]
    if stage == 0:
        for row in range(4):
            low = 0.11 * row
            plank = ((-1.2, low), (-1.2, low + 0.1), (1.1, low + 0.1), (1.1, low))
            prism(canvas, slant, plank, 0.8, tone((90, 124, 156), 0.85 + 0.08 * row))
        canvas.speckle(seed, 0.05)
        return canvas.sprite(None, (0.3, 0.15))
    for x, depth in ((-1.25, 1.6), (1.25, 1.6), (-1.25, 0.0), (1.25, 0.0)):
        post = [slant.back(x, 0.0, depth), slant.back(x, 2.2, depth)]
        canvas.line(post, (70, 96, 126), 0.11)
    if stage >= 2:
        wall = ((-1.3, 0.02), (-1.3, 2.15), (1.3, 2.15), (1.3, 0.02))
        prism(canvas, slant, wall, 1.6, tin)
        for x in np.arange(-1.25, 1.3, 0.16):
            canvas.line([(x, 0.05), (x, 2.12)], tone(tin, 0.82), 0.035)
        canvas.fill([(-0.2, 0.02), (-0.2, 1.85), (0.65, 1.85), (0.65, 0.02)], tone(tin, 0.45))
    if stage >= 3:
        roof = ((-1.45, 2.12), (-1.45, 2.26), (1.45, 2.26), (1.45, 2.12))
        prism(canvas, slant, roof, 1.8, tone((84, 84, 150), 1.0))
    canvas.speckle(seed, 0.03)
    return canvas.sprite(None, (0.3, 0.15))


@lru_cache(maxsize=30)
def handcart(ppm: float, eye_m: float, load: float, left: bool) -> Sprite:
    """A two-wheeled handcart, its handles to the left unless ``left`` turns it round."""
    canvas = Canvas(ppm, 1.5, 1.3, 1.5, 0.3)
    slant = Slant(eye_m, eye_m * 3.4)
    wood: Colour = (70, 104, 128)
    back = slant.back(0.1, 0.0, 0.8)
    canvas.oval((back[0], back[1] + 0.28), (0.28, 0.28), (36, 36, 38))
    bed = ((-0.6, 0.42), (-0.7, 0.85), (0.75, 0.85), (0.65, 0.42))
    prism(canvas, slant, bed, 0.85, wood, {1: tone(wood, 0.5)})
    for index in range(round(44 * load)):
        along, row = (index * 0.618) % 1.0, index / 44
        at = slant.back(-0.6 + 1.25 * along, 0.86 + 0.28 * load * (1 - row), 0.7 * (1 - row))
        canvas.oval(at, (0.12, 0.08), tone((104, 114, 120), 0.7 + 0.06 * (index % 7)), 31.0)
    canvas.fill(bed, wood)
    canvas.line([(-0.65, 0.80), (-1.3, 0.92)], tone(wood, 0.8), 0.05)
    canvas.oval((0.1, 0.28), (0.28, 0.28), (36, 36, 38))
    canvas.oval((0.1, 0.28), (0.18, 0.18), (120, 122, 124))
    canvas.speckle(12, 0.05)
    done = canvas.sprite(None, (0.3, 0.15))
    return done.mirrored() if left else done


@lru_cache(maxsize=12)
def bench(ppm: float, eye_m: float) -> Sprite:
    """A park bench seen from the front, 1.8 m wide."""
    canvas = Canvas(ppm, 1.1, 1.4, 1.1, 0.2)
    slant = Slant(eye_m, eye_m * 3.4)
    wood: Colour = (60, 96, 132)
    for x in (-0.8, 0.8):
        canvas.line([(x, 0.0), (x, 0.42)], (60, 62, 64), 0.06)
        low = slant.back(x, 0.0, 0.45)
        canvas.line([low, (low[0], low[1] + 0.85)], (60, 62, 64), 0.06)
    for up in (0.55, 0.72, 0.86):
        left, right = slant.back(-0.9, up, 0.45), slant.back(0.9, up, 0.45)
        canvas.line([left, right], wood, 0.10)
    prism(canvas, slant, ((-0.9, 0.38), (-0.9, 0.44), (0.9, 0.44), (0.9, 0.38)), 0.42, wood)
    return canvas.sprite(None, (0.3, 0.15))


@lru_cache(maxsize=20)
def pillar(ppm: float, width_m: float, height_m: float) -> Sprite:
    """A concrete pillar or the trunk of a sign: what stands in the way."""
    canvas = Canvas(ppm, width_m, width_m + 0.6, height_m, 0.1, over=2)
    half, stone = width_m / 2, (150, 156, 158)
    for share, light in ((1.0, 0.74), (0.72, 0.9), (0.4, 1.04)):
        shift = -half * (1 - share) * 0.4
        canvas.fill(
            [(-half * share + shift, 0.0), (-half * share + shift, height_m),
             (half * share + shift, height_m), (half * share + shift, 0.0)],
            tone(stone, light),
        )  # fmt: skip
    canvas.speckle(21, 0.04)
    return canvas.sprite()


@lru_cache(maxsize=30)
def driftwood(ppm: float, seed: int) -> Sprite:
    """A floating log with a twig, 1.6 m long."""
    canvas = Canvas(ppm, 1.1, 1.1, 0.6, 0.3)
    bark: Colour = (48, 66, 84)
    canvas.oval((0.0, -0.06), (0.8, 0.06), (36, 40, 38))
    canvas.sheet[:, :, 3] //= 2
    canvas.limb((-0.8, 0.03), (0.75, 0.07), (0.10, 0.07), bark)
    canvas.oval((0.76, 0.07), (0.05, 0.07), tone(bark, 1.7))
    canvas.limb((-0.1, 0.08), (0.15 + 0.1 * (seed % 3), 0.34), (0.04, 0.02), bark)
    canvas.speckle(seed, 0.08)
    return canvas.sprite()


@lru_cache(maxsize=20)
def floats(ppm: float) -> Sprite:
    """The line of white floats from which a set net hangs, 5 m long."""
    canvas = Canvas(ppm, 2.7, 2.7, 0.3, 0.3)
    canvas.line([(-2.5, 0.02), (-1.0, -0.02), (1.0, 0.03), (2.5, 0.0)], (70, 84, 90), 0.02)
    for index in range(11):
        canvas.oval((-2.5 + 0.5 * index, 0.03), (0.07, 0.06), (214, 220, 222))
    return canvas.sprite()
