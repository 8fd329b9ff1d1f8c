"""Acts of occupation: cars that overstay, stalls, goods, umbrellas, sheds."""

from collections.abc import Callable

from sim.actors import Prop, Vehicle
from sim.draw.sprite import Sprite
from sim.draw.things import STALL_STAGES
from sim.draw.things import stall as draw_stall
from sim.draw.wares import SHED_STAGES, parasol
from sim.draw.wares import goods as draw_goods
from sim.draw.wares import shed as draw_shed
from sim.scenarios.call import Call
from sim.steps import DriveTo, Exit, Grow, Push, Stay, Until, WalkTo


def parks(call: Call, label: str = "car") -> Vehicle:
    """A vehicle comes along the nearest lane, or straight in, and stops at the spot."""
    x, z = call.spot
    lanes = [(abs(lane - z), lane, left) for lane, left in call.place.roads if abs(lane - z) < 2]
    if not lanes:
        what = call.vehicle(label, z)
    else:
        _, lane, left = min(lanes)
        what = call.vehicle(label, lane, left=left)
        what.does(DriveTo(x + (6.0 if left else -6.0), lane, 6.0))
    what.does(DriveTo(x, z, 5.0, stop=True))
    return what


def car(call: Call) -> None:
    """A car parks and stays."""
    parks(call)


def truck(call: Call) -> None:
    """A truck parks and stays."""
    parks(call, "truck")


def tricycle(call: Call) -> None:
    """A loaded cargo tricycle stops to sell from its bed and stays."""
    parks(call, "tricycle").load = 0.8


def hidden(call: Call) -> None:
    """A car parks and stays; a bus stops in front of it for a while."""
    parks(call)
    lane, left = call.place.roads[0]
    bus = call.vehicle("bus", lane, 14.0, left=left)
    x, z = call.spot
    bus.does(
        DriveTo(x * lane / z, lane, 6.0, stop=True), Stay(12.0),
        DriveTo(call.off(lane, 6.0, -1 if left else 1), lane, 7.0), Exit(),
    )  # fmt: skip


def stall(call: Call) -> None:
    """A vendor wheels in a handcart and turns it into a stall."""
    x, z = call.spot
    seed, eye_m = int(call.rng.integers(100)), call.place.view.height_m
    booth = call.prop(
        "stall",
        (call.off(z, 1.9), z),
        lambda ppm, stage: draw_stall(int(stage), ppm, eye_m, seed),
    )
    booth.does(Until(call.at_s))
    vendor = call.person(z + 0.2)
    vendor.does(
        Push(booth, x + call.side * 0.2, z, mps=1.05),
        Grow(booth, STALL_STAGES - 1, 1.5),
        WalkTo(x + 0.9, z + 0.25, 0.7),
        Stay(None, 105.0),
    )


def _built(
    call: Call, label: str, paint: Callable[[float, float], Sprite], stages: int, each_s: float
) -> Prop:
    """Somebody comes, works on a thing and goes."""
    x, z = call.spot
    thing = call.prop(label, (x, z), paint)
    who = call.person(z + 0.3)
    who.does(WalkTo(x + call.side * 1.6, z + 0.3), Stay(0.4, 90.0 + 90.0 * call.side))
    who.does(Grow(thing, stages, each_s))
    call.leaves(who, z + 0.6)
    return thing


def goods(call: Call) -> None:
    """A shopkeeper stacks cartons on the ground."""
    seed, eye_m = int(call.rng.integers(100)), call.place.view.height_m
    _built(call, "goods", lambda ppm, stage: draw_goods(ppm, eye_m, int(stage) + 1, seed), 2, 2.0)


def umbrella(call: Call) -> None:
    """Somebody puts up a big umbrella with a table."""
    seed, eye_m = int(call.rng.integers(100)), call.place.view.height_m
    _built(call, "umbrella", lambda ppm, _: parasol(ppm, eye_m, seed), 1, 3.0)


def shed(call: Call) -> None:
    """A shed goes up, in a few stages."""
    seed, eye_m = int(call.rng.integers(100)), call.place.view.height_m

    def paint(ppm: float, stage: float) -> Sprite:
        return draw_shed(ppm, eye_m, int(stage), seed)

    _built(call, "shed", paint, SHED_STAGES - 1, 4.0)
