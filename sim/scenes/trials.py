"""Trial scenes: one thing each, for tests and benchmarks of the detectors."""

from collections.abc import Callable
from functools import partial

import numpy as np

from sim.actors import Actor, Person, Prop, Vehicle
from sim.base import Scene
from sim.draw.person import Look
from sim.draw.plants import tree
from sim.draw.sprite import Sprite
from sim.draw.things import bag
from sim.draw.vehicles import CAR_COLOURS
from sim.draw.vehicles import boat as draw_boat
from sim.draw.view import View
from sim.draw.water import Water
from sim.draw.weather import Rain
from sim.scenes import lane, market, river, street
from sim.scenes.cast import GRAIN, edge, sensor, stroller
from sim.scenes.sets import bank, plain
from sim.stage import Passing, Plant, Shower, Stage, generator
from sim.steps import Exit, PutDown, Stay, WalkTo

VIEW = View(height_m=3.6, horizon=0.17, focal=0.90)


def _yard(name: str, seed: int, size: tuple[int, int], fps: float, grain: float) -> Stage:
    view = View(size, VIEW.height_m, VIEW.horizon, VIEW.focal)
    return Stage(name, view, fps, seed, plain(view, seed), grain=sensor(size, seed, name, grain))


def still(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = 0.0,
    person: bool = False,
) -> Stage:
    """An empty yard where nothing moves; with ``person``, somebody stands in it all the time."""
    stage = _yard("still", seed, size, fps, grain)
    if person:
        look = Look.random(generator(seed, "still person"))
        stage.enter(Person("person", -1.0, 12.0, 60.0, look=look).does(Stay(None, 60.0)))
    return stage


def leaves(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    wind: float = 1.6,
) -> Stage:
    """Four trees in the wind, nobody there."""
    stage = _yard("leaves", seed, size, fps, grain)
    rng = generator(seed, "leaves")
    stage.plants = tuple(
        Plant(x, z, tree(rng, stage.view.ppm(z), 4.6, wind=wind))
        for x, z in ((-5.5, 15.0), (-1.5, 17.0), (2.6, 14.0), (6.5, 17.0))
    )
    return stage


def rain(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    strength: float = 1.0,
) -> Stage:
    """Steady rain on an empty yard."""
    stage = _yard("rain", seed, size, fps, grain)
    stage.rain = Rain(size, generator(seed, "rain"))
    stage.showers = (Shower(strength=strength),)
    return stage


def ripples(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    ripple: float = 1.4,
) -> Stage:
    """The river with nobody at it."""
    view = View(size, river.VIEW.height_m, river.VIEW.horizon, river.VIEW.focal)
    background, surface = bank(view, seed)
    water = Water(background, view, surface, generator(seed, "ripples"), ripple=ripple)
    return Stage(
        "ripples", view, fps, seed, background, water=water,
        grain=sensor(size, seed, "ripples", grain),
    )  # fmt: skip


def night(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = 2.0,
) -> Stage:
    """The street by night: lamps, headlights, a noisy picture."""
    return street.build(seed, size, fps, grain, dark=True, rain=False, name="night")


def walkers(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    height_px: float = 150.0,
    count: int = 3,
) -> Stage:
    """People walk to and fro, ``height_px`` pixels high; ``count`` enter in the first seconds."""
    stage = _yard("walkers", seed, size, fps, grain)
    z = stage.view.depth_for(height_px)

    def make(index: int) -> Passing:
        def one(rng: np.random.Generator) -> Actor:
            return stroller(stage.view, rng, z + 0.25 * index, bool(index % 2))

        pause = 2.4 * edge(stage.view, z) / 1.1
        return Passing(one, 2.0 * index, (pause, pause + 4), generator(seed, f"walker {index}"))

    stage.passing = [make(index) for index in range(count)]
    return stage


def dumping(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    truck: bool = True,
) -> Stage:
    """A load is dumped at once, by a truck on the lane or (a bag) by somebody on foot."""
    if truck:
        return lane.build(seed, size, fps, grain, 2.0, passers=False, name="dumping")
    stage = _yard("dumping", seed, size, fps, grain)
    z, away = 12.5, edge(stage.view, 12.5)

    def paint(ppm: float, _: float) -> Sprite:
        return bag(ppm, seed)

    thing = Prop("bag", 0.55, z - 0.2, visible=False, paint=paint)
    person = Person("person", -away, z, look=Look.random(generator(seed, "dumping")))
    person.does(WalkTo(0.0, z), PutDown(thing), WalkTo(-away, z + 0.3), Exit())
    stage.enter(person)
    return stage


def crossing(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
) -> Stage:
    """Two people meet and pass; two more walk behind a parked car and come out again."""
    stage = _yard("crossing", seed, size, fps, grain)
    view, rng = stage.view, generator(seed, "crossing")
    parked = Vehicle("car", 2.4, 11.0, colour=CAR_COLOURS[0])
    stage.enter(parked)
    for z, left in ((14.2, False), (13.8, True), (13.0, False), (13.4, True)):
        stage.enter(stroller(view, rng, z, left, 1.3))
    return stage


def boat(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
) -> Stage:
    """A small empty boat drifts slowly along the shore, from left to right."""
    stage = ripples(seed, size, fps, grain, ripple=1.0)
    stage.name = "boat"

    def paint(ppm: float, _: float) -> Sprite:
        return draw_boat((90, 110, 150), ppm)

    stage.enter(Prop("boat", -4.0, 8.3, paint=paint).does(WalkTo(4.0, 8.3, 0.25)))
    return stage


BUILDERS: dict[str, Callable[..., Scene]] = {
    "still": still,
    "leaves": leaves,
    "rain": rain,
    "ripples": ripples,
    "night": night,
    "walkers": walkers,
    "crossing": crossing,
    "boat": boat,
    "fishing": partial(river.build, enters_s=1.0, passers=False, name="fishing"),
    "dumping": dumping,
    "occupation": partial(market.build, enters_s=1.0, passers=False, name="occupation"),
}
