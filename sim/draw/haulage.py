"""The painters of a town bus and of the cargo tricycle that carries half a township's goods."""

from functools import lru_cache

import numpy as np

from sim.draw.person import Look, person
from sim.draw.pose import Posture
from sim.draw.solid import Slant, prism
from sim.draw.sprite import Canvas, Colour, Points, Sprite, tone
from sim.draw.vehicles import GLASS, ground_shadow, solid, wheel
from sim.draw.view import View

BUS_LENGTH_M = 9.6
TRICYCLE_LENGTH_M = 2.9
_RUBBISH: tuple[Colour, ...] = ((86, 100, 112), (60, 66, 70), (120, 132, 140), (70, 96, 120))


def bus(colour: Colour, view: View, z: float, left: bool = False, lamps: bool = False) -> Sprite:
    """A town bus at depth ``z``; heads right unless ``left``."""
    return _bus(colour, view.height_m, float(max(2.0, round(view.ppm(z)))), left, lamps)


def tricycle(colour: Colour, view: View, z: float, left: bool = False, load: float = 0.0) -> Sprite:
    """A motor tricycle with its rider; ``load`` 0..1 says how full the bed is."""
    ppm = float(max(2.0, round(view.ppm(z))))
    return _tricycle(colour, view.height_m, ppm, left, round(load, 1))


@lru_cache(maxsize=24)
def _bus(colour: Colour, eye_m: float, ppm: float, left: bool, lamps: bool) -> Sprite:
    canvas = Canvas(ppm, 5.2, 5.6, 3.9, 0.5)
    slant = Slant(eye_m, eye_m * 3.4)
    ground_shadow(canvas, slant, -4.8, 4.9, 2.4)
    body: Points = ((-4.8, 0.36), (-4.8, 2.9), (4.55, 2.9), (4.8, 1.4), (4.8, 0.36))
    prism(canvas, slant, body, 2.4, colour, {2: tone(GLASS, 1.1)})
    canvas.fill([(-4.8, 0.9), (4.8, 0.9), (4.8, 0.36), (-4.8, 0.36)], tone(colour, 0.7))
    canvas.fill([(-4.6, 2.5), (4.5, 2.5), (4.7, 1.45), (-4.6, 1.45)], GLASS)
    for x in np.arange(-4.6, 4.5, 1.3):
        canvas.fill([(x + 0.1, 2.4), (x + 0.5, 2.4), (x + 0.3, 1.55), (x + 0.1, 1.55)],
                    tone(GLASS, 1.3))  # fmt: skip
        canvas.line([(x, 2.5), (x, 1.45)], tone(colour, 0.8), 0.07)
    for x in (2.9, -0.6):
        canvas.fill([(x, 2.6), (x + 1.0, 2.6), (x + 1.0, 0.5), (x, 0.5)], tone(GLASS, 0.8))
        canvas.line([(x + 0.5, 2.6), (x + 0.5, 0.5)], tone(colour, 0.8), 0.06)
    lamp: Colour = (235, 250, 255) if lamps else (214, 222, 226)
    canvas.fill([(4.6, 0.95), (4.8, 0.95), (4.8, 0.7), (4.6, 0.7)], lamp)
    canvas.fill([(-4.8, 1.1), (-4.68, 1.1), (-4.68, 0.8), (-4.8, 0.8)], (46, 42, 168))
    for x in (-2.9, 2.2):
        canvas.oval((x, 0.5), (0.58, 0.58), (38, 38, 40), arc_deg=(180, 360))
        wheel(canvas, x, 0.46)
    canvas.speckle(8, 0.02)
    done = canvas.sprite(solid(canvas))
    return done.mirrored() if left else done


@lru_cache(maxsize=60)
def _tricycle(colour: Colour, eye_m: float, ppm: float, left: bool, load: float) -> Sprite:
    canvas = Canvas(ppm, 1.7, 1.9, 2.1, 0.4)
    slant = Slant(eye_m, eye_m * 3.4)
    ground_shadow(canvas, slant, -1.4, 1.5, 1.0)
    back = slant.back(-0.75, 0.0, 0.95)
    canvas.oval((back[0], back[1] + 0.28), (0.28, 0.28), (34, 33, 33))
    bed: Points = ((-1.45, 0.50), (-1.45, 0.95), (0.05, 0.95), (0.05, 0.50))
    prism(canvas, slant, bed, 1.05, colour, {1: tone(colour, 0.45)})
    for index in range(round(50 * load)):
        along, row = (index * 0.618) % 1.0, index / 50
        at = slant.back(-1.35 + 1.3 * along, 0.95 + 0.25 * load * (1 - row), 0.8 * (1 - row))
        canvas.oval(at, (0.13, 0.09), tone(_RUBBISH[index % 4], 0.8 + 0.05 * (index % 6)), 29.0)
    canvas.fill(bed, colour)
    canvas.line([(-1.45, 0.95), (0.05, 0.95)], tone(colour, 1.2), 0.05)
    for x in (-1.1, -0.7, -0.3):
        canvas.line([(x, 0.92), (x, 0.52)], tone(colour, 0.7), 0.04)
    # The front: frame, saddle, fork, bars.
    canvas.line([(0.0, 0.52), (0.75, 0.42), (1.0, 0.95)], (50, 52, 56), 0.09)
    canvas.fill([(0.15, 0.78), (0.62, 0.80), (0.60, 0.66), (0.15, 0.64)], (40, 40, 44))
    canvas.line([(1.28, 0.30), (1.0, 1.08)], (90, 92, 96), 0.07)
    canvas.line([(1.02, 1.06), (0.82, 1.12)], (40, 40, 44), 0.06)
    canvas.fill([(0.98, 1.0), (1.14, 0.98), (1.12, 0.8), (1.0, 0.8)], (210, 220, 224))
    wheel(canvas, -0.75, 0.28)
    wheel(canvas, 1.28, 0.28)
    canvas.speckle(4, 0.03)
    cart = canvas.sprite(solid(canvas))
    look = Look((112, 96, 60), (60, 56, 52), (30, 30, 34), (118, 156, 206), (50, 50, 52))
    rider = person(look, Posture.SIT, 0.0, 20.0, ppm)
    return _seated(cart, rider, (0.32 * ppm, -0.30 * ppm), left)


def _seated(cart: Sprite, rider: Sprite, at: tuple[float, float], left: bool) -> Sprite:
    """The rider pasted onto the vehicle; ``at`` is his foot point from the vehicle's own."""
    margin = round(max(rider.foot[1], rider.colour.shape[1]))
    high, wide = cart.colour.shape[:2]
    size = (high + 2 * margin, wide + 2 * margin)
    bgra = np.zeros((*size, 4), np.uint8)
    body = np.zeros(size, np.uint8)
    foot = (cart.foot[0] + margin, cart.foot[1] + margin)
    for sprite, place in ((cart, foot), (rider, (foot[0] + at[0], foot[1] + at[1]))):
        x, y = sprite.place(place)
        h, w = sprite.colour.shape[:2]
        keep = sprite.keep[:, :, :1].astype(np.float32) / 255
        alpha = 255 - sprite.keep[:, :, :1]
        part = bgra[y : y + h, x : x + w]
        part[:] = np.clip(part * keep + np.concatenate([sprite.colour, alpha], axis=2), 0, 255)
        own = body[y : y + h, x : x + w]
        np.maximum(own, sprite.body, out=own)
    done = Sprite.of(bgra, body, foot)
    return done.mirrored() if left else done
