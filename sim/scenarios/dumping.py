"""Acts of dumping: by hand, from a handcart, a tricycle, a car, a truck."""

from sim.actors import Prop
from sim.draw.sprite import Sprite
from sim.draw.things import bag as draw_bag
from sim.draw.things import pile as draw_pile
from sim.draw.wares import handcart
from sim.scenarios.call import Call
from sim.scenarios.places import Ground
from sim.steps import (
    Carry,
    DriveTo,
    Exit,
    LayDown,
    Pour,
    Push,
    Stay,
    TakeAway,
    Tip,
    Until,
    Wait,
    WalkTo,
)


def a_bag(call: Call, at: Ground, visible: bool = False) -> Prop:
    """A full rubbish bag."""
    seed = int(call.rng.integers(100))
    return call.prop("bag", at, lambda ppm, _: draw_bag(ppm, seed), visible=visible)


def _heap(call: Call, at: Ground, visible: bool = False) -> Prop:
    seed = int(call.rng.integers(100))

    def paint(ppm: float, stage: float) -> Sprite:
        return draw_pile(ppm, seed, max(0.1, stage))

    return call.prop("pile", at, paint, visible=visible)


def bag(call: Call) -> None:
    """Somebody carries a bag in, lays it down and goes."""
    x, z = call.spot
    thing = a_bag(call, (x, z - 0.1))
    who = call.person(z)
    who.does(Carry(thing, x, z), LayDown(thing))
    call.leaves(who, z + 0.4, side=-call.side if call.rng.random() < 0.5 else call.side)


def bags(call: Call) -> None:
    """Two people lay a bag each on the same heap and go."""
    x, z = call.spot
    for index in range(2):
        spot = (x + 0.55 * index, z + 0.15 * index)
        thing = a_bag(call, spot)
        who = call.person(spot[1], 2.4 * index)
        who.does(Carry(thing, *spot), LayDown(thing))
        call.leaves(who, spot[1] + 0.5)


def cart(call: Call) -> None:
    """Somebody tips a handcart full of rubble and pushes it away."""
    x, z = call.spot
    eye_m, side = call.place.view.height_m, call.side
    barrow = call.prop(
        "cart",
        (call.off(z, 2.0), z),
        lambda ppm, stage: handcart(ppm, eye_m, round(stage, 1), side > 0),
        stage=1.0,
    )
    barrow.does(Until(call.at_s))
    heap = _heap(call, (x - side * 0.9, z - 0.3))
    who = call.person(z)
    away = call.off(z, 2.2)
    who.does(
        Push(barrow, x + side * 1.4, z), Pour(heap, (barrow,)), Push(barrow, away, z, -0.9),
        TakeAway(barrow), Exit(),
    )  # fmt: skip


def tricycle(call: Call) -> None:
    """A cargo tricycle stops, its load slides off, it drives on."""
    x, z = call.spot
    trike = call.vehicle("tricycle", z + 0.5, load=1.0)
    ahead = -call.side
    heap = _heap(call, (x, z))
    away = call.off(z + 0.5, 3.0, -call.side)
    trike.does(
        DriveTo(x + ahead * 2.3, z + 0.5, 4.0, stop=True), Stay(1.0), Pour(heap),
        DriveTo(away, z + 0.5, 5.0), Exit(),
    )  # fmt: skip


def truck(call: Call) -> None:
    """A tipper truck stops, tips its load and drives off."""
    x, z = call.spot
    seed = int(call.rng.integers(100))
    heap = Prop(
        "pile", x, z - 0.2, visible=False,
        paint=lambda ppm, stage: draw_pile(ppm, seed, max(0.1, stage)),
    )  # fmt: skip
    ahead = -call.side
    lorry = call.vehicle("truck", z + 0.2, load=1.0)
    lorry.does(
        DriveTo(x + ahead * 3.7, z + 0.2, 4.5, stop=True), Tip(heap),
        DriveTo(call.off(z + 0.2, 4.0, -call.side), z + 0.2, 6.0), Exit(),
    )  # fmt: skip


def car(call: Call) -> None:
    """A car stops, the driver gets out, lays down a bag and drives off."""
    x, z = call.spot
    stop = (x - call.side * 1.2, z + 1.0)
    saloon = call.vehicle("car", stop[1])
    thing = a_bag(call, (x, z - 0.2))
    driver = call.person(stop[1])
    driver.steps.clear()
    driver.x, driver.z = stop[0], z + 0.35

    def stands() -> bool:
        return abs(saloon.x - stop[0]) < 0.05 and saloon.speed == 0.0

    driver.does(
        Wait(stands), Until(0.0), Carry(thing, x - 0.25, z - 0.1),
        LayDown(thing, helpers=(saloon,)),
        WalkTo(stop[0], z + 0.35), Exit(),
    )  # fmt: skip
    saloon.does(
        DriveTo(*stop, 5.0, stop=True), Wait(lambda: driver.gone), Stay(0.8),
        DriveTo(call.off(stop[1], 4.0, -call.side), stop[1], 6.0), Exit(),
    )  # fmt: skip
