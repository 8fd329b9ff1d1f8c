"""The river: somebody comes along the bank, sits down and fishes; leaves when warned."""

from functools import lru_cache

from sim.actors import Person, Reaction, Step
from sim.draw.person import Look
from sim.draw.plants import reeds, tree
from sim.draw.pose import Posture
from sim.draw.view import View
from sim.draw.water import Water
from sim.scenes.cast import GRAIN, edge, sensor, strollers
from sim.scenes.sets import bank
from sim.stage import Plant, Stage, generator
from sim.steps import Exit, Fish, GiveUp, Stay, Until, WalkTo

VIEW = View(height_m=3.6, horizon=0.20, focal=0.90)
SPOT = (0.4, 10.35)
"""Where the angler sits, metres (x, z)."""
ENTERS_S = 15.0
PACKS_AFTER_S = 2.0
"""From the end of the warning until he stands up; packing takes as long again."""

ZONES = {"shore": VIEW.normal([(-5.0, 11.6), (5.0, 11.6), (5.0, 8.6), (-5.0, 8.6)])}


def angler(view: View, enters_s: float, sit: bool = True) -> Person:
    """Somebody who walks in from the left, fishes at ``SPOT`` and leaves when warned."""
    look = Look((70, 92, 60), (66, 58, 52), (30, 30, 32), (128, 165, 212), (44, 52, 66), 1.72, 1.05)
    z = 12.6
    away = -edge(view, z)

    def leave() -> list[Step]:
        return [Stay(PACKS_AFTER_S, 30.0, Posture.BEND), GiveUp(), WalkTo(-2.0, z), WalkTo(away, z),
                Exit()]  # fmt: skip

    person = Person("person", away, z, look=look, visible=False)
    person.reaction = Reaction(PACKS_AFTER_S, leave)
    person.does(
        Until(enters_s), WalkTo(-1.6, z, 1.35), WalkTo(*SPOT, 1.2), Stay(0.6, 60.0), Fish(60.0, sit)
    )
    return person


@lru_cache(maxsize=4)
def _plants(view: View, seed: int) -> tuple[Plant, ...]:
    rng = generator(seed, "river plants")
    trees = [
        Plant(x, z, tree(rng, view.ppm(z), high, leaf))
        for x, z, high, leaf in (
            (-7.6, 19.6, 5.6, (66, 116, 84)),
            (-1.4, 20.4, 5.0, (78, 124, 92)),
            (5.2, 19.4, 5.4, (60, 106, 78)),
        )
    ]
    clumps = [
        Plant(x, z, reeds(rng, view.ppm(z), wide))
        for x, z, wide in ((-4.5, 9.3, 2.2), (-2.9, 9.0, 1.2), (3.6, 9.0, 1.6), (4.9, 9.3, 1.8))
    ]
    return (*trees, *clumps)


def build(
    seed: int = 0,
    size: tuple[int, int] = (1280, 720),
    fps: float = 10.0,
    grain: float = GRAIN,
    enters_s: float = ENTERS_S,
    sit: bool = True,
    passers: bool = True,
    name: str = "river",
) -> Stage:
    """The river bank.

    Args:
        enters_s: when the angler comes in.
        sit: he sits on a stool, or stands.
        passers: strollers on the path behind.
    """
    view = View(size, VIEW.height_m, VIEW.horizon, VIEW.focal)
    background, surface = bank(view, seed)
    return Stage(
        name,
        view,
        fps,
        seed,
        background,
        water=Water(background, view, surface, generator(seed, "river water")),
        plants=_plants(view, seed),
        actors=[angler(view, enters_s, sit)],
        passing=[strollers(view, seed, "river path", (16.4, 17.0), 4.0, (22.0, 40.0))]
        if passers
        else [],
        grain=sensor(size, seed, name, grain),
    )
