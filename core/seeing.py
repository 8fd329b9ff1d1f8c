"""What the detectors say: detections, tracks and sightings (线索)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from core.geometry import Box, GeoPoint
from core.value import Text, Value


class Kind(StrEnum):
    """The three kinds of violation the product exists for."""

    FISHING = "fishing"
    DUMPING = "dumping"
    OCCUPATION = "occupation"


@dataclass(frozen=True, eq=False)
class Detections:
    """What a model found in one picture.

    Attributes:
        boxes: (N, 4) float32 ``x, y, w, h``, normalised to the whole frame.
        scores: (N,) float32, 0..1.
        labels: N class names, e.g. ``"person"``.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    labels: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def none(cls) -> "Detections":
        """Nothing found."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


@dataclass(frozen=True)
class Track:
    """One thing followed through time, as the tracker holds it at one moment.

    Attributes:
        id: number unique within the camera and the run, from 1.
        label: class name, the most frequent among its detections.
        score: score of the last detection matched.
        box: place now (predicted when ``seen`` is False).
        first_ns: time of its first detection.
        last_ns: time of the last detection matched to it.
        seen: True when a detection was matched at this moment.
    """

    id: int
    label: str
    score: float
    box: Box
    first_ns: int
    last_ns: int
    seen: bool


class Why(Value):
    """Why a behaviour fired, in words and in numbers that can be checked."""

    text: Text = Field(description="One sentence for people.")
    facts: Mapping[str, Any] = Field(
        default_factory=dict, description="Numbers behind it: dwell_s, displacement, limit_s …"
    )


ENDED = "ended"
"""Name of the fact that tells an :class:`Ending`."""


class Phase(StrEnum):
    """Where a sighting stands in its own short life."""

    FIRED = "fired"
    CONTINUES = "continues"
    ENDED = "ended"


class Ending(StrEnum):
    """How an act was seen to end; ``ended`` in the facts of its last report, where it is known."""

    LEFT_ZONE = "left_zone"  # seen outside the zone
    LEFT_PICTURE = "left_picture"  # seen going over the edge of the picture
    MOVED = "moved"  # seen away from its place, still in the zone
    THING_GONE = "thing_gone"  # the ground it stood on is seen again
    LOST = "lost"  # lost from view: no proof that it went
    ALLOWED = "allowed"  # the hours of the rule are over

    @classmethod
    def of(cls, fact: object) -> "Ending | None":
        """The ending that a fact names; None: it names none, so nobody saw how."""
        return _ENDINGS.get(fact) if isinstance(fact, str) else None


_ENDINGS = {one.value: one for one in Ending}


class Sighting(Value):
    """A lead (线索): one act in one zone of one camera. Not yet evidence.

    It is published when it fires, again every few seconds of frame time while the act goes on,
    and once more when it ends (the person left, the goods are gone). ``id`` stays the same, so
    a consumer that has seen a phase before may ignore it.
    """

    id: str
    camera: str = Field(description="Empty: a tip, and no camera shows the place.")
    zone: str
    kind: Kind
    phase: Phase
    started_ns: int = Field(description="When the act began, UTC of the frame.")
    fired_ns: int = Field(description="When the behaviour's conditions were first all met.")
    last_ns: int = Field(description="Latest frame on which the act was still going on.")
    ended_ns: int | None = Field(default=None, description="When it was found to be over.")
    box: Box = Field(description="The subject at `last_ns`, normalised.")
    tracks: tuple[int, ...] = ()
    labels: tuple[str, ...] = Field(default=(), description="Class names of the subjects.")
    cues: tuple[str, ...] = Field(
        default=(),
        description="Facts that raise severity: vehicle, large, night, group, rod, net, boat.",
    )
    why: Why
    model: str = Field(default="", description="Name and hash of the model that saw it.")
    model_sha256: str = Field(default="", description="Hash of the model's file.")
    min_score: float | None = Field(
        default=None, description="Weakest detection that began a track."
    )
    zone_version: str = Field(default="", description="Hash of the zone's configuration.")
    source: Literal["camera", "drone", "tip"] = Field(
        default="camera", description="What it was seen by; tip: a person told us of it."
    )
    place: GeoPoint | None = Field(
        default=None, description="Where the act itself is; None: not known beside the camera's."
    )
    place_error_m: float | None = Field(
        default=None, ge=0, description="Radius that the place is right within 95 times of 100."
    )

    @property
    def ending(self) -> Ending | None:
        """How the act ended; None: it goes on, or nobody saw how."""
        return Ending.of(self.why.facts.get(ENDED))


@dataclass(frozen=True)
class Seen:
    """Everything one analysed frame of one camera gave.

    Attributes:
        time_ns: UTC of the frame.
        looked: True when a model looked at (a part of) this frame.
        tracks: what the tracker holds after this frame.
        sightings: sightings that fired, went on or ended at this frame.
    """

    camera: str
    time_ns: int
    looked: bool
    tracks: tuple[Track, ...]
    sightings: tuple[Sighting, ...] = field(default=())
