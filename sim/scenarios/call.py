"""What an act is given: the stage, a spot in the zone it is about, and chance of its own."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sim.actors import Actor, Person, Prop, Vehicle
from sim.draw.person import Look
from sim.draw.pose import Posture
from sim.draw.sprite import Sprite
from sim.draw.vehicles import CAR_COLOURS
from sim.scenarios.places import Ground, Place
from sim.scenes.cast import edge
from sim.stage import Stage
from sim.steps import Exit, Until, WalkTo


@dataclass
class Call:
    """The call sheet of one act.

    Attributes:
        spot: where it is done, inside the zone it is about.
        at_s: scene time at which it comes on.
        dark: lamps are lit.
    """

    stage: Stage
    place: Place
    rng: np.random.Generator
    spot: Ground
    at_s: float
    dark: bool = False

    def __post_init__(self) -> None:
        self.side = 1 if self.rng.random() < 0.5 else -1

    def between(self, span: Ground) -> float:
        return float(self.rng.uniform(*span))

    def off(self, z: float, beyond_m: float = 0.8, side: int | None = None) -> float:
        """Just out of sight at depth ``z``, on the act's own side."""
        return (side or self.side) * edge(self.place.view, z, beyond_m)

    def person(
        self, z: float, after_s: float = 0.0, look: Look | None = None, side: int | None = None
    ) -> Person:
        """Somebody who will come on from the side at depth ``z``."""
        side = side or self.side
        who = Person(
            "person", self.off(z, 0.8, side), z, 180.0 if side > 0 else 0.0,
            look=look or Look.random(self.rng), visible=False,
        )  # fmt: skip
        self.stage.enter(who)
        who.does(Until(self.at_s + after_s))
        return who

    def vehicle(
        self,
        label: str,
        z: float,
        after_s: float = 0.0,
        load: float = 0.0,
        left: bool | None = None,
    ) -> Vehicle:
        """A vehicle that will come on at depth ``z``, heading into the picture."""
        left = self.side > 0 if left is None else left
        colour = CAR_COLOURS[int(self.rng.integers(len(CAR_COLOURS)))]
        if label == "truck":
            colour = (146, 104, 48)
        what = Vehicle(
            label, self.off(z, 5.5, 1 if left else -1), z, 180.0 if left else 0.0,
            colour=colour, load=load, speed=4.0, visible=False, lamps=self.dark,
        )  # fmt: skip
        self.stage.enter(what)
        what.does(Until(self.at_s + after_s))
        return what

    def prop(
        self,
        label: str,
        at: Ground,
        paint: Callable[[float, float], Sprite],
        *,
        stage: float = 0.0,
        visible: bool = False,
    ) -> Prop:
        """A thing; not to be seen until somebody brings it, unless ``visible``."""
        thing = Prop(label, *at, paint=paint, stage=stage, visible=visible)
        self.stage.enter(thing)
        return thing

    def leaves(self, who: Actor, z: float, mps: float = 1.3, side: int | None = None) -> None:
        """Append the way out."""
        who.does(WalkTo(self.off(z, 0.8, side), z, mps), Exit())

    def rests(self, at: Ground, heading: float, posture: Posture) -> Person:
        """Somebody who has been there from the start."""
        who = Person("person", *at, heading, look=Look.random(self.rng), posture=posture)
        self.stage.enter(who)
        return who
