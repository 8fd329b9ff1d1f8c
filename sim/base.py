"""What a scene is to the virtual camera, the tests and the benchmarks."""

from dataclasses import dataclass, field
from typing import Protocol

from core.geometry import Box
from core.seeing import Kind
from core.video import Bgr


@dataclass(frozen=True)
class TruthObject:
    """One drawn thing in one picture.

    Attributes:
        id: number of the actor, the same through the whole scene.
        label: COCO name where there is one (person, car, truck, boat, umbrella), else ours
            (stall, bag, pile, goods).
        box: visible extent, normalised.
    """

    id: int
    label: str
    box: Box


@dataclass
class TruthEvent:
    """A violation that the scene plays.

    Attributes:
        kind: what the behaviours should call it.
        actor: id of the actor who does it.
        start_s: scene time at which the act begins (the angler stands still, the load touches
            the ground, the stall is set up).
        end_s: scene time at which it is over; None while it goes on.
        heard_s: scene times at which the actor heard a warning.
    """

    kind: Kind
    actor: int
    start_s: float
    end_s: float | None = None
    heard_s: list[float] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class ScenePicture:
    """One drawn picture: ``picture`` is (H, W, 3) uint8 BGR; ``t_s`` counts from the first."""

    index: int
    t_s: float
    picture: Bgr
    objects: tuple[TruthObject, ...]


class Scene(Protocol):
    """A little world in front of one camera, deterministic by its seed and by what it hears."""

    name: str
    size: tuple[int, int]
    """Width and height of the pictures in pixels."""
    fps: float

    @property
    def events(self) -> list[TruthEvent]:
        """What has happened so far, oldest first."""

    def step(self) -> ScenePicture:
        """Draw the next picture; scene time moves on by 1/fps."""

    def hear(self, seconds: float) -> None:
        """A warning of that length has just ended at this camera's loudspeaker."""

    def visit(self) -> None:
        """An officer has come to the place and deals with whoever is in the act."""
