"""Conditions: what the light, the weather, the camera and other people add to a scene."""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from sim.actors import Prop
from sim.draw.lens import Clouds, Exposure, Infrared, Shake
from sim.draw.plants import tree
from sim.draw.view import View
from sim.draw.wares import pillar
from sim.draw.water import Water
from sim.draw.weather import Grain, Night, Rain
from sim.errors import SimulatorError
from sim.scenarios.places import Ground, Place
from sim.scenes.cast import GRAIN, drivers, strollers
from sim.stage import Plant, Shower, Stage, generator

DARK = frozenset({"lamp", "headlights", "infrared"})
GROUPS: dict[str, tuple[str, ...]] = {
    "day": ("day", "dusk"),
    "night": ("lamp", "infrared", "headlights"),
    "rain": ("rain",),
    "water": ("ripples",),
    "leaves": ("leaves",),
    "crowd": ("crowd",),
    "occlusion": ("occlusion",),
    "small": ("small",),
    "shake": ("shake",),
    "light": ("clouds", "exposure", "switch"),
}
"""Conditions of the table and the weathers that stand for them."""


def build(
    name: str, place: Place, seed: int, fps: float, weather: str, rng: np.random.Generator,
    spot: Ground, drawn: bool,
) -> Stage:  # fmt: skip
    """The empty stage of a place in one weather.

    Args:
        spot: where the act will be.
        drawn: False for a rehearsal, which nobody looks at.
    """
    stage = Stage(name, place.view, fps, seed, np.zeros((1, 1, 3), np.uint8))
    if weather == "ripples" and place.afloat is None:
        raise SimulatorError(f"{name}: there is no water at {place.name} to ripple")
    if weather in _PEOPLE:
        _PEOPLE[weather](stage, place, rng, spot)
    if drawn:
        _paint(stage, place, weather)
        if weather in _LENSES:
            _LENSES[weather](stage, rng)
    return stage


def _paint(stage: Stage, place: Place, weather: str) -> None:
    background, surface = place.paint()
    dark = {"dusk": 0.45, "switch": 0.42, "infrared": 0.30, "lamp": 0.24, "headlights": 0.22}
    if weather in dark:
        lamps = [] if weather in ("dusk", "switch", "infrared") else list(place.lamps)
        stage.night = Night(place.view, lamps, dark[weather])
        background = background.copy()
        stage.night.darken(background)
    stage.background = background
    noise = 2.0 if weather in DARK else GRAIN
    stage.grain = Grain(stage.size, generator(stage.seed, f"{stage.name} grain"), noise)
    if surface is not None:
        stage.water = Water(
            background, place.view, surface, generator(stage.seed, "water"),
            ripple=2.0 if weather == "ripples" else 1.0,
            light=stage.night.map() if stage.night else None,
        )  # fmt: skip
    wind = 2.2 if weather == "leaves" else 0.9
    chosen = place.trees if weather == "leaves" else place.trees[: 1 + stage.seed % 2]
    stage.plants = tuple(_tree(place.view, *at, wind, index) for index, at in enumerate(chosen))


@lru_cache(maxsize=8)
def _tree(view: View, x: float, z: float, height_m: float, wind: float, index: int) -> Plant:
    leaf = ((66, 114, 84), (78, 122, 92), (60, 106, 78))[index % 3]
    rng = generator(index, f"tree {x} {z}")
    return Plant(x, z, tree(rng, view.ppm(z), height_m, leaf, wind))


def _crowd(stage: Stage, place: Place, _rng: np.random.Generator, _spot: Ground) -> None:
    view, seed = place.view, stage.seed
    stage.passing += [
        strollers(view, seed, "crowd behind", place.paths, 0.5, (2.0, 4.5)),
        strollers(view, seed, "crowd before", (place.front, place.front - 0.4), 3.0, (5.0, 9.0)),
    ]


def _occlusion(stage: Stage, place: Place, rng: np.random.Generator, spot: Ground) -> None:
    """Pillars beside the spot, and people who pass close before it."""
    x, z = spot
    front = min(z - 1.2, place.front)
    for offset in (-1.3, 1.2):
        near = front - 0.9
        at = ((x + offset + float(rng.uniform(-0.2, 0.2))) * near / z, near)
        stage.enter(Prop("pillar", *at, paint=lambda ppm, _: pillar(ppm, 0.42, 6.0)))
    stage.passing.append(
        strollers(place.view, stage.seed, "passers before", (front,), 4.0, (4.0, 7.5))
    )


def _headlights(stage: Stage, place: Place, _rng: np.random.Generator, _spot: Ground) -> None:
    roads = place.roads or ((place.paths[-1] + 0.8, False),)
    for z, left in roads:
        name = f"headlights {z}"
        stage.passing.append(
            drivers(place.view, stage.seed, name, z, left, 4.0, (7.0, 14.0), lamps=True)
        )


_PEOPLE: dict[str, Callable[[Stage, Place, np.random.Generator, Ground], None]] = {
    "crowd": _crowd,
    "occlusion": _occlusion,
    "headlights": _headlights,
}


def _rain(stage: Stage, rng: np.random.Generator) -> None:
    stage.rain = Rain(stage.size, rng)
    stage.showers = (Shower(strength=float(rng.uniform(0.7, 1.0))),)


def _shake(stage: Stage, rng: np.random.Generator) -> None:
    stage.shake = Shake(rng)


def _clouds(stage: Stage, rng: np.random.Generator) -> None:
    stage.lenses = (Clouds(stage.size, rng),)


def _exposure(stage: Stage, rng: np.random.Generator) -> None:
    at_s, steps = float(rng.uniform(5, 12)), []
    for index in range(40):
        steps.append((at_s, (1.22, 0.85, 1.0)[index % 3]))
        at_s += float(rng.uniform(9, 16))
    stage.lenses = (Exposure(tuple(steps)),)


def _switch(stage: Stage, rng: np.random.Generator) -> None:
    """Dusk falls and the camera switches to infrared light while the act goes on."""
    stage.lenses = (Infrared(stage.size, float(rng.uniform(22, 30)), 1.7),)


def _infrared(stage: Stage, _rng: np.random.Generator) -> None:
    stage.lenses = (Infrared(stage.size),)


_LENSES: dict[str, Callable[[Stage, np.random.Generator], None]] = {
    "rain": _rain,
    "shake": _shake,
    "clouds": _clouds,
    "exposure": _exposure,
    "switch": _switch,
    "infrared": _infrared,
}
