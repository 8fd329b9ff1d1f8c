"""Acts of fishing: sitting, standing, in a group, from a boat, with a net."""

from sim.draw.pose import Posture
from sim.draw.sprite import Sprite
from sim.draw.vehicles import boat as draw_boat
from sim.draw.wares import floats
from sim.scenarios.call import Call
from sim.scenarios.places import Ground
from sim.steps import Fish, Flit, Stay, Until, WalkTo


def _comes_to(call: Call, spot: Ground, sit: bool, after_s: float = 0.0) -> None:
    behind = 1 if call.place.away < 180 else -1  # the land's side of the spot
    z = spot[1] + behind * 1.2
    who = call.person(z, after_s)
    heading = call.place.away + float(call.rng.uniform(-25, 25))
    who.does(WalkTo(spot[0], z), WalkTo(*spot, 1.1), Stay(0.6, heading), Fish(heading, sit))


def sits(call: Call) -> None:
    """Somebody comes, sits down on a stool and fishes."""
    _comes_to(call, call.spot, sit=True)


def stands(call: Call) -> None:
    """Somebody comes and fishes standing."""
    _comes_to(call, call.spot, sit=False)


def group(call: Call) -> None:
    """Three come one after the other and fish side by side."""
    x, z = call.spot
    x = min(max(x, -1.4), 1.4)
    for index, gap_m in enumerate((0.0, 1.7, -1.8)):
        spot = (x - call.side * gap_m, z + 0.12 * index)
        _comes_to(call, spot, sit=index != 1, after_s=2.5 * index)


def _moors(call: Call, posture: Posture, nets: bool) -> None:
    z = call.place.afloat
    assert z is not None, f"{call.place.name} has no water to float on"
    colour = ((90, 110, 150), (110, 120, 96), (84, 96, 120))[int(call.rng.integers(3))]
    x, start = call.between((-1.8, 1.8)), call.off(z, 2.6)

    def paint(ppm: float, _: float) -> Sprite:
        return draw_boat(colour, ppm)

    hull = call.prop("boat", (start, z), paint)
    crew = call.person(z + 0.12)
    crew.x, crew.posture, crew.lift, crew.heading = start, posture, 0.22, call.place.away
    hull.does(Until(call.at_s), Flit(x, z, 0.9))
    crew.does(Flit(x, z + 0.12, 0.9, lift=0.22), Stay(None, call.place.away, posture))
    if nets:
        line = call.prop("floats", (x + 0.4, z - 0.9), lambda ppm, _: floats(ppm))
        line.does(Until(call.at_s + 16.0))


def boat(call: Call) -> None:
    """Somebody comes in a boat, stops before the shore and fishes from it."""
    _moors(call, Posture.SIT_FISHING, nets=False)


def net(call: Call) -> None:
    """Somebody comes in a boat, sets a net and hauls at it, standing bent."""
    _moors(call, Posture.BEND, nets=True)
