"""The quiet street: people and cars pass, a tree sways, it rains for a while; nothing happens."""

from functools import lru_cache

from sim.draw.plants import tree
from sim.draw.view import View
from sim.draw.weather import Night, Rain
from sim.scenes.cast import GRAIN, drivers, sensor, strollers
from sim.scenes.sets import town
from sim.stage import Plant, Shower, Stage, generator

VIEW = View(height_m=3.6, horizon=0.17, focal=0.95)
SHOWER_S = (50.0, 105.0)

ZONES = {
    "kerb": VIEW.normal([(-6.0, 13.6), (6.0, 13.6), (6.0, 11.9), (-6.0, 11.9)]),
    "pavement": VIEW.normal([(-5.0, 11.8), (0.0, 11.8), (0.0, 9.4), (-5.0, 9.4)]),
    "corner": VIEW.normal([(1.0, 11.8), (5.0, 11.8), (4.6, 9.4), (0.6, 9.4)]),
}


@lru_cache(maxsize=4)
def _plants(view: View, seed: int) -> tuple[Plant, ...]:
    rng = generator(seed, "street plants")
    return (
        Plant(-4.6, 17.5, tree(rng, view.ppm(17.5), 4.8, (66, 114, 84))),
        Plant(4.2, 17.5, tree(rng, view.ppm(17.5), 4.4, (74, 120, 90))),
    )


def build(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    dark: bool = False,
    rain: bool = True,
    name: str = "street",
) -> Stage:
    """The street.

    Args:
        dark: by night, with street lamps and headlights.
        rain: a light shower passes (``SHOWER_S``).
    """
    view = View(size, VIEW.height_m, VIEW.horizon, VIEW.focal)
    background = town(view, seed, square=False)
    night = None
    if dark:
        night = Night(view, [(-6.3, 17.6), (8.5, 17.6), (0.6, 11.0)])
        background = background.copy()
        night.darken(background)
    return Stage(
        name,
        view,
        fps,
        seed,
        background,
        plants=_plants(view, seed),
        passing=[
            drivers(view, seed, "street near", 13.2, False, 6.0, (18.0, 34.0), dark),
            drivers(view, seed, "street far", 15.4, True, 15.0, (16.0, 30.0), dark),
            strollers(view, seed, "street near walk", (10.2, 10.9), 2.0, (11.0, 20.0)),
            strollers(view, seed, "street far walk", (17.0,), 8.0, (18.0, 32.0)),
        ],
        rain=Rain(size, generator(seed, "street rain")) if rain else None,
        showers=(Shower(*SHOWER_S, 0.7),),
        night=night,
        grain=sensor(size, seed, name, grain),
    )
