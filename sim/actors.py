"""Actors: people, vehicles and things that follow a script of steps and may hear a warning."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from math import cos, pi, radians
from typing import Protocol

from core.seeing import Kind
from sim.base import TruthEvent
from sim.draw.haulage import BUS_LENGTH_M, TRICYCLE_LENGTH_M, bus, tricycle
from sim.draw.person import Look, person
from sim.draw.pose import RUNNING_STRIDE_M, STRIDE_M, Posture
from sim.draw.sprite import Colour, Sprite
from sim.draw.vehicles import CAR_LENGTH_M, TRUCK_LENGTH_M, car, truck
from sim.draw.view import View

_LENGTHS_M = {
    "car": CAR_LENGTH_M,
    "truck": TRUCK_LENGTH_M,
    "bus": BUS_LENGTH_M,
    "tricycle": TRICYCLE_LENGTH_M,
}
_SWAY_S = 3.5
"""Period of the small movements of somebody at rest."""
_OPEN_DEG = 30.0
"""How far somebody walking across is turned towards the camera."""


class World(Protocol):
    """What a step may ask of the stage it is played on."""

    @property
    def now_s(self) -> float:
        """Scene time of the picture that is being prepared."""

    def enter(self, actor: "Actor") -> None:
        """Put another actor on the stage."""

    def begin(self, kind: Kind, actor: "Actor") -> None:
        """The actor's violation begins now."""

    def finish(self, actor: "Actor") -> None:
        """The actor's open violation, if any, is over now."""


class Step(Protocol):
    """One line of a script."""

    def play(self, actor: "Actor", world: World, dt: float, /) -> bool:
        """Act for ``dt`` seconds; True when the step is done."""


@dataclass(frozen=True)
class Reaction:
    """What somebody in the act does ``after_s`` seconds after a warning or an officer's coming."""

    after_s: float
    steps: Callable[[], list[Step]]


@dataclass(eq=False)
class Actor:
    """Somebody or something on the stage.

    Attributes:
        label: name of the class in the truth.
        x: metres right of the middle.
        z: metres from the camera.
        heading: degrees; 0 right, 90 towards the camera, 180 left, 270 away.
        steps: what is still to be done; an actor without steps stays as it is.
        reaction: what a warning does; None ignores it.
        respect: what an officer's coming does; None is not impressed.
        lift: metres above the ground: flying, or carried.
    """

    label: str
    x: float
    z: float
    heading: float = 0.0
    steps: deque[Step] = field(default_factory=deque)
    reaction: Reaction | None = None
    respect: Reaction | None = None
    id: int = 0
    visible: bool = True
    gone: bool = False
    lift: float = 0.0
    reacts_at_s: float | None = None

    def does(self, *steps: Step) -> "Actor":
        """Append steps to the script."""
        self.steps.extend(steps)
        return self

    def advance(self, world: World, dt: float) -> None:
        """Live for ``dt`` seconds."""
        if self.reacts_at_s is not None and self.reaction and world.now_s >= self.reacts_at_s:
            self.steps = deque(self.reaction.steps())
            self.reacts_at_s, self.reaction = None, None
        if self.steps and self.steps[0].play(self, world, dt):
            self.steps.popleft()

    def hear(self, event: TruthEvent, now_s: float) -> None:
        """A warning has been heard while in the act of ``event``."""
        event.heard_s.append(now_s)
        if self.reaction and self.reacts_at_s is None:
            self.reacts_at_s = now_s + self.reaction.after_s

    def meet(self, now_s: float) -> None:
        """An officer has come while in the act."""
        if self.respect:
            self.reaction = self.respect
            self.reacts_at_s = now_s + self.respect.after_s

    def moved(self, distance_m: float) -> None:
        """The actor has covered ground on its feet or wheels."""

    def sprite(self, view: View, t_s: float, /) -> Sprite:
        """How the actor looks at scene time ``t_s``."""
        raise NotImplementedError


@dataclass(eq=False)
class Person(Actor):
    """Somebody on foot."""

    look: Look = field(kw_only=True)
    posture: Posture = Posture.WALK
    phase: float = 0.0
    gait: Posture = Posture.WALK
    """How he moves: walking, or running."""

    def moved(self, distance_m: float) -> None:
        self.posture = self.gait
        stride = RUNNING_STRIDE_M if self.gait is Posture.RUN else STRIDE_M
        self.phase += 2 * pi * distance_m / stride

    def sprite(self, view: View, t_s: float, /) -> Sprite:
        phase = self.phase
        if self.posture is not self.gait:
            quick = 2.5 if self.posture is Posture.BEND else 1.0
            phase = 2 * pi * (t_s * quick / _SWAY_S + 0.37 * self.id)
        yaw = self.heading
        if self.posture is self.gait:
            # Across the picture nobody is seen in pure profile by a camera that looks down.
            yaw += _OPEN_DEG * cos(radians(yaw))
        return person(self.look, self.posture, phase, yaw, view.ppm(self.z))


@dataclass(eq=False)
class Vehicle(Actor):
    """A car, a bus, a cargo tricycle, or a tipper truck with a load."""

    colour: Colour = field(kw_only=True)
    load: float = 0.0
    tilt_deg: float = 0.0
    speed: float = 0.0
    lamps: bool = False

    @property
    def length_m(self) -> float:
        """From bumper to bumper."""
        return _LENGTHS_M[self.label]

    @property
    def left(self) -> bool:
        """True when the vehicle faces left."""
        return 90 < self.heading % 360 < 270

    def sprite(self, view: View, _t_s: float, /) -> Sprite:
        if self.label == "truck":
            return truck(self.colour, view, self.z, self.left, self.load, self.tilt_deg, self.lamps)
        if self.label == "bus":
            return bus(self.colour, view, self.z, self.left, self.lamps)
        if self.label == "tricycle":
            return tricycle(self.colour, view, self.z, self.left, self.load)
        return car(self.colour, view, self.z, self.left, self.lamps)


@dataclass(eq=False)
class Prop(Actor):
    """A thing; ``stage`` says how far it has been set up or heaped.

    ``brought_by`` holds the ids of those who have put it where it is (a driver and the car);
    nobody for what has always been there, or is being carried.
    """

    paint: Callable[[float, float], Sprite] = field(kw_only=True)
    """Makes the sprite from pixels per metre and ``stage``."""
    stage: float = 0.0
    brought_by: tuple[int, ...] = ()

    def sprite(self, view: View, _t_s: float, /) -> Sprite:
        return self.paint(round(view.ppm(self.z), 0), self.stage)
