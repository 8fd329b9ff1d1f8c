"""The steps that scripts are made of: walk, drive, stand, fish, tip a load, set up a stall."""

from collections.abc import Callable
from dataclasses import dataclass
from math import atan2, degrees, hypot, sqrt

from core.seeing import Kind
from sim.actors import Actor, Person, Prop, Vehicle, World
from sim.draw.pose import Posture

WALK_MPS = 1.25
_BRAKE_MPS2 = 1.6


@dataclass
class Until:
    """Be away until scene time ``at_s``."""

    at_s: float

    def play(self, actor: Actor, world: World, _dt: float, /) -> bool:
        actor.visible = world.now_s >= self.at_s - 1e-9
        return actor.visible


@dataclass
class WalkTo:
    """Go straight to a ground point on foot."""

    x: float
    z: float
    mps: float = WALK_MPS

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        dx, dz = self.x - actor.x, self.z - actor.z
        distance = hypot(dx, dz)
        stride = min(self.mps * dt, distance)
        if distance > 1e-6:
            actor.heading = degrees(atan2(-dz, dx)) % 360
            actor.x += dx / distance * stride
            actor.z += dz / distance * stride
            actor.moved(stride)
        return distance - stride < 1e-6


@dataclass
class Stay:
    """Take a posture for some seconds; for ever when ``seconds`` is None."""

    seconds: float | None
    heading: float | None = None
    posture: Posture = Posture.STAND

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = self.posture
        if self.heading is not None:
            actor.heading = self.heading
        if self.seconds is None:
            return False
        self.seconds -= dt
        return self.seconds <= 1e-9


@dataclass
class Fish:
    """Settle with a rod and stay; the violation begins at once."""

    heading: float
    sit: bool = True
    begun: bool = False

    def play(self, actor: Actor, world: World, _dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.SIT_FISHING if self.sit else Posture.STAND_FISHING
        actor.heading = self.heading
        if not self.begun:
            world.begin(Kind.FISHING, actor)
            self.begun = True
        return False


@dataclass
class GiveUp:
    """The violation is over: he leaves the spot."""

    def play(self, actor: Actor, world: World, _dt: float, /) -> bool:
        world.finish(actor)
        return True


@dataclass
class Exit:
    """Leave the stage."""

    def play(self, actor: Actor, _world: World, _dt: float, /) -> bool:
        actor.gone = True
        return True


@dataclass
class DriveTo:
    """Drive to a ground point; brake to a stand there if ``stop``."""

    x: float
    z: float
    mps: float = 8.0
    stop: bool = False

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if not isinstance(actor, Vehicle):
            raise TypeError(f"{actor.label} {actor.id} cannot drive")
        dx, dz = self.x - actor.x, self.z - actor.z
        distance = hypot(dx, dz)
        limit = self.mps
        if self.stop:
            limit = min(limit, sqrt(2 * _BRAKE_MPS2 * distance) + 0.15)
        actor.speed = min(limit, actor.speed + 2.2 * dt) if actor.speed < limit else limit
        way = min(actor.speed * dt, distance)
        if distance > 1e-6:
            actor.x += dx / distance * way
            actor.z += dz / distance * way
        done = distance - way < 1e-6
        if done and self.stop:
            actor.speed = 0.0
        return done


@dataclass
class Tip:
    """Raise the bed, let the load slide onto the ground behind, lower the bed.

    The violation begins when the first of the load touches the ground.
    """

    heap: Prop
    raise_s: float = 4.0
    pour_s: float = 3.0
    steepest_deg: float = 34.0
    passed_s: float = 0.0

    def play(self, actor: Actor, world: World, dt: float, /) -> bool:
        if not isinstance(actor, Vehicle):
            raise TypeError(f"{actor.label} {actor.id} has no bed to tip")
        self.passed_s += dt
        poured = min(1.0, max(0.0, (self.passed_s - self.raise_s) / self.pour_s))
        falling = max(0.0, self.passed_s - self.raise_s - self.pour_s)
        up = min(1.0, self.passed_s / self.raise_s) - min(1.0, falling / self.raise_s)
        actor.tilt_deg = self.steepest_deg * up
        actor.load = 1.0 - poured
        if poured > 0 and not self.heap.visible:
            self.heap.visible, self.heap.brought_by = True, (actor.id,)
            world.enter(self.heap)
            world.begin(Kind.DUMPING, actor)
        self.heap.stage = max(0.1, round(poured, 1))
        return falling >= self.raise_s


@dataclass
class PutDown:
    """Unload a thing by hand: bend, lay it down, straighten up. Begins a dumping."""

    thing: Prop
    seconds: float = 2.0
    passed_s: float = 0.0

    def play(self, actor: Actor, world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        self.passed_s += dt
        if self.passed_s >= self.seconds / 2 and not self.thing.visible:
            self.thing.visible, self.thing.brought_by = True, (actor.id,)
            world.enter(self.thing)
            world.begin(Kind.DUMPING, actor)
        return self.passed_s >= self.seconds


@dataclass
class SetUp:
    """Turn the handcart into a stall, one stage after the other; then the occupation begins."""

    stall: Prop
    stages: int
    seconds_each: float
    passed_s: float = 0.0

    def play(self, actor: Actor, world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        self.passed_s += dt
        self.stall.stage = min(self.stages, int((self.passed_s + 1e-9) / self.seconds_each))
        if self.stall.stage < self.stages:
            return False
        world.begin(Kind.OCCUPATION, actor)
        return True


@dataclass
class PackUp:
    """Turn the stall back into a handcart, one stage after the other."""

    stall: Prop
    seconds_each: float
    passed_s: float = 0.0
    first: float | None = None

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        if self.first is None:
            self.first = self.stall.stage
        self.passed_s += dt
        self.stall.stage = max(0.0, self.first - int((self.passed_s + 1e-9) / self.seconds_each))
        return self.stall.stage <= 0


@dataclass
class TakeAway:
    """What was pushed along leaves the stage, too."""

    thing: Prop

    def play(self, _actor: Actor, _world: World, _dt: float, /) -> bool:
        self.thing.gone = True
        return True


@dataclass
class Push:
    """Walk to a point and push a thing ahead."""

    thing: Prop
    x: float
    z: float
    ahead_m: float = 0.9
    mps: float = 1.0
    walk: WalkTo | None = None

    def play(self, actor: Actor, world: World, dt: float, /) -> bool:
        self.walk = self.walk or WalkTo(self.x, self.z, self.mps)
        done = self.walk.play(actor, world, dt)
        forward = -1 if 90 < actor.heading < 270 else 1
        self.thing.x, self.thing.z = actor.x + forward * self.ahead_m, actor.z - 0.15
        return done


@dataclass
class Carry:
    """Walk to a point with a thing in hand."""

    thing: Prop
    x: float
    z: float
    mps: float = 1.1
    walk: WalkTo | None = None

    def play(self, actor: Actor, world: World, dt: float, /) -> bool:
        self.walk = self.walk or WalkTo(self.x, self.z, self.mps)
        done = self.walk.play(actor, world, dt)
        forward = -1 if 90 < actor.heading < 270 else 1
        self.thing.x, self.thing.z = actor.x + 0.30 * forward, actor.z - 0.1
        self.thing.visible, self.thing.lift, self.thing.brought_by = actor.visible, 0.34, ()
        return done


@dataclass
class LayDown:
    """Bend and lay down what has been carried; ``helpers`` brought it, too (the car)."""

    thing: Prop
    seconds: float = 1.6
    helpers: tuple[Actor, ...] = ()
    passed_s: float = 0.0

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        self.passed_s += dt
        if self.passed_s >= self.seconds / 2:
            self.thing.visible, self.thing.lift = True, 0.0
            self.thing.brought_by = (actor.id, *(helper.id for helper in self.helpers))
        return self.passed_s >= self.seconds


@dataclass
class PickUp:
    """Bend and take a thing away: into the hand, or out of sight into a cart."""

    thing: Prop
    into_cart: bool = True
    seconds: float = 1.6
    passed_s: float = 0.0

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        self.passed_s += dt
        if self.passed_s >= self.seconds / 2:
            self.thing.brought_by, self.thing.lift = (), 0.34
            self.thing.gone = self.into_cart
        return self.passed_s >= self.seconds


@dataclass
class Pour:
    """Empty a cart or the bed of a tricycle: the heap grows, the load shrinks."""

    heap: Prop
    helpers: tuple[Actor, ...] = ()
    seconds: float = 4.0
    passed_s: float = 0.0

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        self.passed_s += dt
        share = min(1.0, self.passed_s / self.seconds)
        self.heap.visible, self.heap.stage = True, max(0.1, round(share, 1))
        self.heap.brought_by = (actor.id, *(helper.id for helper in self.helpers))
        for bed in (actor, *self.helpers):
            if isinstance(bed, Vehicle):
                bed.load = 1.0 - share
            elif isinstance(bed, Prop):
                bed.stage = round(1.0 - share, 1)
        return share >= 1.0


@dataclass
class Grow:
    """Work on a thing until it has ``stages`` stages, ``seconds_each`` apiece."""

    thing: Prop
    stages: int
    seconds_each: float
    passed_s: float = 0.0

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        if isinstance(actor, Person):
            actor.posture = Posture.BEND
        self.passed_s += dt
        self.thing.visible, self.thing.brought_by = True, (actor.id,)
        done = min(self.stages, int((self.passed_s + 1e-9) / self.seconds_each))
        self.thing.stage = max(self.thing.stage, float(done))
        return done >= self.stages


@dataclass
class Wait:
    """Do nothing until somebody else has come to the end of a step (or of the script)."""

    until: Callable[[], bool]

    def play(self, _actor: Actor, _world: World, _dt: float, /) -> bool:
        return self.until()


@dataclass
class Flit:
    """Glide, swim or trot to a ground point; ``stage`` beats at ``hertz``, 8 to a beat."""

    x: float
    z: float
    mps: float
    hertz: float = 0.0
    lift: float = 0.0
    beat: float = 0.0

    def play(self, actor: Actor, _world: World, dt: float, /) -> bool:
        dx, dz = self.x - actor.x, self.z - actor.z
        distance = hypot(dx, dz)
        way = min(self.mps * dt, distance)
        if distance > 1e-6:
            actor.x += dx / distance * way
            actor.z += dz / distance * way
        self.beat += 8 * self.hertz * dt
        if isinstance(actor, Prop):
            actor.stage = float(int(self.beat) % 8)
        actor.lift = self.lift
        return distance - way < 1e-6
