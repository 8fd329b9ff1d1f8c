"""What is no violation, however much it looks like one. Times stay below every rule's limit."""

from collections.abc import Callable

import numpy as np

from sim.actors import Actor, Person, Vehicle
from sim.draw.animals import bird as draw_bird
from sim.draw.animals import dog as draw_dog
from sim.draw.animals import duck as draw_duck
from sim.draw.person import Look
from sim.draw.pose import Posture
from sim.draw.sprite import Sprite
from sim.draw.vehicles import CAR_COLOURS
from sim.draw.wares import bench, driftwood, handcart
from sim.scenarios.call import Call
from sim.scenarios.dumping import a_bag
from sim.scenarios.occupation import parks
from sim.scenes.cast import driver, stroller, strollers
from sim.stage import Passing, generator
from sim.steps import (
    Carry,
    DriveTo,
    Exit,
    Flit,
    LayDown,
    PickUp,
    Push,
    Stay,
    TakeAway,
    Until,
    WalkTo,
)

SHORT_S = 11.0
"""How long somebody rests, and a car stops, inside a zone: about half of the shortest limit."""
_ORANGE = Look((40, 110, 235), (60, 70, 90), (30, 30, 34), (128, 165, 212), (40, 40, 44))


def _middle(call: Call) -> float:
    """Depth of a path right through the act's zone."""
    return call.spot[1]


def empty(call: Call) -> None:
    """Nobody comes."""


def walkers(call: Call) -> None:
    """People walk by, behind and right through the zone."""
    stage, view = call.stage, call.place.view
    name = f"walkers {call.at_s}"
    depths = (*call.place.paths, _middle(call), _middle(call) + 0.5)
    stage.passing.append(strollers(view, stage.seed, name, depths, call.at_s, (4.0, 9.0)))


def joggers(call: Call) -> None:
    """Runners, alone and in pairs."""
    view = call.place.view

    def make(rng: np.random.Generator) -> Actor:
        z = _middle(call) + float(rng.uniform(-0.3, 0.6))
        who = stroller(view, rng, z, bool(rng.random() < 0.5), float(rng.uniform(2.6, 3.4)))
        who.gait = who.posture = Posture.RUN
        return who

    seeds = generator(call.stage.seed, f"joggers {call.at_s}")
    call.stage.passing.append(Passing(make, call.at_s, (3.0, 8.0), seeds))


def parked(call: Call) -> None:
    """A car comes and parks where it may; another has stood there all the time."""
    x, z = call.place.parking
    colour = CAR_COLOURS[int(call.rng.integers(len(CAR_COLOURS)))]
    call.stage.enter(Vehicle("car", x, z, colour=colour))
    other = call.vehicle("car", z, left=True)
    other.does(DriveTo(x + 5.6, z, 5.0, stop=True))


def stops(call: Call) -> None:
    """A car stops in the zone for a moment: somebody is set down."""
    car = parks(call)
    car.does(Stay(SHORT_S), DriveTo(call.off(car.z, 5.0, -1 if car.left else 1), call.spot[1], 6.0))
    car.does(Exit())


def traffic(call: Call) -> None:
    """Cars, buses, trucks and tricycles drive through, in the zone as well."""
    place, view = call.place, call.place.view
    lanes = place.roads or ((_middle(call) + 0.6, False),)

    def stream(z: float, left: bool) -> Callable[[np.random.Generator], Actor]:
        def make(rng: np.random.Generator) -> Actor:
            colour = CAR_COLOURS[int(rng.integers(len(CAR_COLOURS)))]
            what = driver(view, z, left, colour, float(rng.uniform(4.0, 8.0)), call.dark)
            what.label = str(rng.choice(["car", "car", "car", "truck", "tricycle", "bus"]))
            return what

        return make

    for index, (z, left) in enumerate(lanes):
        rng = generator(call.stage.seed, f"traffic {call.at_s} {z}")
        call.stage.passing.append(Passing(stream(z, left), call.at_s + 3 * index, (5.0, 12.0), rng))


def birds(call: Call) -> None:
    """Birds fly across, low and high; one sits down in the zone, then flies on."""
    left = call.side > 0

    def paint(ppm: float, stage: float) -> Sprite:
        return draw_bird(ppm, int(stage), left)

    for index in range(4):
        z = call.between((8.0, 16.0))
        start, end = call.off(z, 1.0), call.off(z, 1.0, -call.side)
        thing = call.prop("bird", (start, z), paint)
        height = call.between((0.8, 3.5))
        thing.lift = height
        thing.does(Until(call.at_s + 3.0 * index))
        if index == 0:
            x, down = call.spot
            thing.does(
                Flit(x, down, 5.0, 2.6, height), Flit(x + 0.3, down, 0.4, 0.0, 0.1), Stay(7.0),
                Flit(x + 0.6, down, 0.5, 2.6, 0.8),
            )  # fmt: skip
        thing.does(Flit(end, z, call.between((5.0, 8.0)), 2.6, height), Exit())


def ducks(call: Call) -> None:
    """Ducks swim to and fro before the shore."""
    z = call.place.afloat or call.spot[1]
    for index in range(3):
        left = bool((index + (call.side > 0)) % 2)

        def paint(ppm: float, _: float, left: bool = left, index: int = index) -> Sprite:
            return draw_duck(ppm, left, index % 2 == 0)

        depth = z - 0.25 * index
        x = call.between((-1.5, 1.5))
        thing = call.prop("bird", (x, depth), paint, visible=True)
        ahead = -1 if left else 1
        thing.does(Flit(x + 2.0 * ahead, depth, 0.15), Stay(4.0), Flit(x + 7 * ahead, depth, 0.25))
        thing.does(Exit())


def wood(call: Call) -> None:
    """A log drifts by, hangs at the shore for a while and drifts on."""
    z = (call.place.afloat or call.spot[1]) + 0.1
    seed = int(call.rng.integers(100))
    thing = call.prop("wood", (call.off(z, 1.0), z), lambda ppm, _: driftwood(ppm, seed))
    way = -call.side
    thing.does(
        Until(call.at_s), Flit(-0.4 * way, z, 0.35), Stay(20.0),
        Flit(call.off(z, 1.4, way), z, 0.4), Exit(),
    )  # fmt: skip


def cleaner(call: Call) -> None:
    """A cleaner with a cart collects a bag that was there, and one that was just laid down."""
    x, z = call.spot
    eye_m = call.place.view.height_m
    old, new = a_bag(call, (x + 1.0, z), visible=True), a_bag(call, (x - 0.6, z))
    giver = call.person(z)
    giver.does(Carry(new, x - 0.6, z), LayDown(new), Stay(4.0, 90.0))
    call.leaves(giver, z + 0.5)
    side = -call.side
    cart = call.prop(
        "cart", (call.off(z, 2.0, side), z - 0.4),
        lambda ppm, _: handcart(ppm, eye_m, 0.4, side > 0),
    )  # fmt: skip
    cart.does(Until(call.at_s + 1.0))
    who = call.person(z - 0.3, 1.0, _ORANGE, side)
    first, second = (old, new) if side > 0 else (new, old)
    who.does(
        Push(cart, first.x + side * 0.9, z - 0.3), WalkTo(first.x + side * 0.4, z + 0.1),
        PickUp(first), Push(cart, second.x + side * 0.9, z - 0.3),
        WalkTo(second.x + side * 0.4, z + 0.1), PickUp(second),
        Push(cart, call.off(z, 2.0, -side), z - 0.3), TakeAway(cart), Exit(),
    )  # fmt: skip


def rests(call: Call) -> None:
    """Two people rest on a bench outside the zone; a third stands in the zone for a moment."""
    x, z = call.place.bench
    eye_m = call.place.view.height_m
    call.prop("bench", (x, z + 0.05), lambda ppm, _: bench(ppm, eye_m), visible=True)
    for offset in (-0.4, 0.35):
        call.rests((x + offset, z), 80.0 + 40 * offset, Posture.SIT)
    who = call.person(call.spot[1] + 0.5)
    who.does(WalkTo(*call.spot), Stay(SHORT_S, 70.0))
    call.leaves(who, call.spot[1] + 0.5, side=-call.side)


def dogs(call: Call) -> None:
    """Somebody walks a dog; the dog stops to sniff."""
    z, left = call.spot[1], call.side > 0
    who = call.person(z + 0.4)
    who.does(WalkTo(call.spot[0], z + 0.4), Stay(5.0, 90.0))
    call.leaves(who, z + 0.4, side=-call.side)

    def paint(ppm: float, stage: float) -> Sprite:
        return draw_dog(ppm, int(stage), left)

    dog = call.prop("dog", (call.off(z, 1.6), z), paint)
    dog.does(
        Until(call.at_s), Flit(call.spot[0] - 0.8 * call.side, z, 1.25, 1.5), Stay(5.0),
        Flit(call.off(z, 2.0, -call.side), z, 1.3, 1.5), Exit(),
    )  # fmt: skip


def waits(call: Call) -> None:
    """Somebody puts a bag down, waits beside it, picks it up again and goes."""
    x, z = call.spot
    thing = a_bag(call, (x, z - 0.1))
    who: Person = call.person(z)
    who.does(
        Carry(thing, x, z), LayDown(thing), Stay(SHORT_S, 95.0), PickUp(thing, into_cart=False)
    )
    away = call.off(z, 1.0, -call.side)
    who.does(Carry(thing, away, z), TakeAway(thing), Exit())
