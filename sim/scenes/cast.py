"""Walk-on parts and weather that several scenes share."""

import numpy as np

from sim.actors import Actor, Person, Vehicle
from sim.draw.person import Look
from sim.draw.sprite import Colour
from sim.draw.vehicles import CAR_COLOURS, CAR_LENGTH_M
from sim.draw.view import View
from sim.draw.weather import Grain
from sim.stage import Passing, generator
from sim.steps import DriveTo, Exit, WalkTo

GRAIN = 1.1
"""Noise of the simulated sensor, grey levels."""


def sensor(size: tuple[int, int], seed: int, name: str, sigma: float) -> Grain | None:
    """The noise of a scene's camera, or none."""
    return Grain(size, generator(seed, f"{name} grain"), sigma) if sigma > 0 else None


def edge(view: View, z: float, beyond_m: float = 0.8) -> float:
    """A place just out of sight at depth ``z``."""
    return view.half_width_m(z) + beyond_m


def stroller(
    view: View, rng: np.random.Generator, z: float, left: bool, mps: float | None = None
) -> Person:
    """Somebody who walks across the picture without stopping."""
    far = edge(view, z)
    side = 1 if left else -1
    person = Person("person", side * far, z, 180.0 if left else 0.0, look=Look.random(rng))
    person.does(WalkTo(-side * far, z, mps or float(rng.uniform(1.1, 1.5))), Exit())
    return person


def strollers(
    view: View,
    seed: int,
    name: str,
    depths: tuple[float, ...],
    first_s: float,
    pause_s: tuple[float, float],
) -> Passing:
    """A stream of people walking by, either way, at one of some depths."""

    def make(rng: np.random.Generator) -> Actor:
        z = float(rng.choice(depths)) + float(rng.uniform(-0.15, 0.15))
        return stroller(view, rng, z, bool(rng.random() < 0.5))

    return Passing(make, first_s, pause_s, generator(seed, name))


def driver(
    view: View, z: float, left: bool, colour: Colour, mps: float = 7.0, lamps: bool = False
) -> Vehicle:
    """A car that drives through."""
    far = edge(view, z, CAR_LENGTH_M)
    side = 1 if left else -1
    car = Vehicle(
        "car", side * far, z, 180.0 if left else 0.0, colour=colour, speed=mps, lamps=lamps
    )
    car.does(DriveTo(-side * far, z, mps), Exit())
    return car


def drivers(
    view: View,
    seed: int,
    name: str,
    z: float,
    left: bool,
    first_s: float,
    pause_s: tuple[float, float],
    lamps: bool = False,
) -> Passing:
    """A stream of cars in one lane."""

    def make(rng: np.random.Generator) -> Actor:
        colour = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
        return driver(view, z, left, colour, float(rng.uniform(5.5, 8.0)), lamps)

    return Passing(make, first_s, pause_s, generator(seed, name))
