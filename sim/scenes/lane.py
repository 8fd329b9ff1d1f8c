"""The lane: a tipper truck dumps its load beside the road and drives off."""

from functools import lru_cache

from sim.actors import Prop, Vehicle
from sim.draw.plants import tree
from sim.draw.things import pile
from sim.draw.vehicles import TRUCK_LENGTH_M
from sim.draw.view import View
from sim.scenes.cast import GRAIN, drivers, edge, sensor, strollers
from sim.scenes.sets import country
from sim.stage import Plant, Stage, generator
from sim.steps import DriveTo, Exit, Tip, Until

VIEW = View(height_m=4.0, horizon=0.16, focal=0.95)
ENTERS_S = 40.0
NEAR_LANE, FAR_LANE, FOOTPATH = 14.0, 15.8, 17.2
"""Depths in metres of the lane to the right, the lane to the left, and the path behind them."""
STOP = (1.6, 12.4)
HEAP = (-2.1, 12.1)

ZONES = {
    "verge": VIEW.normal([(-6.5, 13.1), (6.5, 13.1), (6.0, 10.0), (-6.0, 10.0)]),
}


def tipper(view: View, seed: int, enters_s: float) -> Vehicle:
    """The truck with its script: in from the left, onto the verge, tip, off to the right."""
    away = edge(view, NEAR_LANE, TRUCK_LENGTH_M / 2 + 0.2)
    heap = Prop(
        "pile", *HEAP, visible=False, paint=lambda ppm, stage: pile(ppm, seed, max(0.1, stage))
    )
    truck = Vehicle(
        "truck", -away, NEAR_LANE, colour=(146, 104, 48), load=1.0, speed=5.0, visible=False
    )
    truck.does(
        Until(enters_s),
        DriveTo(-5.0, NEAR_LANE, 5.0),
        DriveTo(*STOP, 4.0, stop=True),
        Tip(heap),
        DriveTo(STOP[0] + 3.4, NEAR_LANE, 5.0),
        DriveTo(away, NEAR_LANE, 7.0),
        Exit(),
    )
    return truck


@lru_cache(maxsize=4)
def _plants(view: View, seed: int) -> tuple[Plant, ...]:
    rng = generator(seed, "lane plants")
    return (
        Plant(-5.9, 21.5, tree(rng, view.ppm(21.5), 5.6, (68, 114, 86))),
        Plant(4.4, 22.0, tree(rng, view.ppm(22.0), 5.2, (80, 124, 96))),
    )


def build(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    enters_s: float = ENTERS_S,
    passers: bool = True,
    name: str = "lane",
) -> Stage:
    """The country lane.

    Args:
        enters_s: when the truck comes in.
        passers: cars and people who only pass.
    """
    view = View(size, VIEW.height_m, VIEW.horizon, VIEW.focal)
    passing = []
    if passers:
        passing = [
            drivers(view, seed, "lane near", NEAR_LANE, False, 8.0, (enters_s + 32, enters_s + 44)),
            drivers(view, seed, "lane far", FAR_LANE, True, 26.0, (30.0, 55.0)),
            strollers(view, seed, "lane path", (FOOTPATH,), 14.0, (28.0, 46.0)),
        ]
    return Stage(
        name,
        view,
        fps,
        seed,
        country(view, seed),
        plants=_plants(view, seed),
        actors=[tipper(view, seed, enters_s)],
        passing=passing,
        grain=sensor(size, seed, name, grain),
    )
