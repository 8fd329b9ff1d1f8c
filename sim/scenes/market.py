"""The market: a vendor sets up a stall in the no-stall area; only an officer makes him leave."""

from functools import lru_cache

from sim.actors import Actor, Person, Prop, Reaction, Step
from sim.draw.person import Look
from sim.draw.plants import tree
from sim.draw.things import STALL_STAGES, stall
from sim.draw.view import View
from sim.scenes.cast import GRAIN, edge, sensor, strollers
from sim.scenes.sets import town
from sim.stage import Plant, Stage, generator
from sim.steps import Exit, GiveUp, PackUp, Push, SetUp, Stay, TakeAway, Until, WalkTo

VIEW = View(height_m=3.6, horizon=0.17, focal=0.90)
ENTERS_S = 12.0
PLACE = (1.6, 11.6)
"""Where the vendor unpacks, metres (x, z)."""
STAGE_S = 1.5
OBEYS_AFTER_S = 5.0
"""From the officer's coming until the vendor begins to pack."""

ZONES = {"no_stall": VIEW.normal([(-2.2, 13.4), (4.4, 13.4), (4.4, 10.2), (-2.2, 10.2)])}


def vendor(view: View, seed: int, enters_s: float) -> list[Actor]:
    """The vendor and the stall that starts as a handcart."""
    z = PLACE[1] + 0.2
    away = edge(view, z, 1.8)
    booth = Prop(
        "stall",
        away,
        z,
        visible=False,
        paint=lambda ppm, stage: stall(int(stage), ppm, view.height_m, seed),
    )
    booth.does(Until(enters_s))
    look = Look((70, 74, 166), (70, 60, 50), (34, 34, 38), (120, 156, 204), (50, 50, 60), 1.66)
    person = Person("person", away, z, 180.0, look=look, visible=False)

    def leave() -> list[Step]:
        return [
            PackUp(booth, STAGE_S),
            Push(booth, away, z, ahead_m=-0.9),
            GiveUp(),
            TakeAway(booth),
            Exit(),
        ]

    person.respect = Reaction(OBEYS_AFTER_S, leave)
    person.does(
        Until(enters_s),
        Push(booth, PLACE[0] + 0.2, PLACE[1], mps=1.05),
        SetUp(booth, STALL_STAGES - 1, STAGE_S),
        WalkTo(PLACE[0] + 0.75, PLACE[1] + 0.15, 0.7),
        Stay(None, 105.0),
    )
    return [booth, person]


@lru_cache(maxsize=4)
def _plants(view: View, seed: int) -> tuple[Plant, ...]:
    rng = generator(seed, "market plants")
    return (Plant(-5.4, 17.4, tree(rng, view.ppm(17.4), 4.6, (64, 112, 80), 0.8)),)


def build(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    enters_s: float = ENTERS_S,
    passers: bool = True,
    name: str = "market",
) -> Stage:
    """The market square.

    Args:
        enters_s: when the vendor comes in.
        passers: people who walk across.
    """
    view = View(size, VIEW.height_m, VIEW.horizon, VIEW.focal)
    passing = []
    if passers:
        passing = [
            strollers(view, seed, "market back", (14.6, 15.6, 16.6), 2.0, (7.0, 14.0)),
            strollers(view, seed, "market front", (9.6,), 9.0, (24.0, 40.0)),
        ]
    return Stage(
        name,
        view,
        fps,
        seed,
        town(view, seed, square=True),
        plants=_plants(view, seed),
        actors=vendor(view, seed, enters_s),
        passing=passing,
        grain=sensor(size, seed, name, grain),
    )
