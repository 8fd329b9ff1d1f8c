"""Which areas of each picture are masked: what was found, and what a person drew."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.clock import NS_PER_S
from core.copies import Masking
from core.geometry import Box
from recorder.copies.film import pictures
from recorder.copies.following import Followed, Review, Spot, follow, reviews
from recorder.copies.mosaic import Area

LOOK_EVERY_S = 0.19
"""A look five times a second; what is between is reckoned."""
_MARGIN = 0.12
"""Widening of every box found, on each side, in its own width and height."""
_HEAD = 0.3
_PLATE = 0.4


@dataclass(frozen=True)
class Finder:
    """A model that finds people and vehicles, as the composition root hands it in.

    Attributes:
        find: what is in a (H, W, 3) uint8 BGR picture.
        model: its name.
        sha256: of its file.
        min_score: weakest finding that is told of.
    """

    find: Callable[[NDArray[np.uint8]], Sequence[Spot]]
    model: str
    sha256: str
    min_score: float


@dataclass(frozen=True)
class Masks:
    """What is to be masked in one film."""

    masking: Masking
    first_ns: int
    things: tuple[Followed, ...] = ()
    review: tuple[Review, ...] = ()

    def areas(self, utc_ns: int, width: int, height: int) -> list[Area]:
        """The areas of a picture of that size."""
        areas = (Area.of(box, width, height, self.masking.style) for box in self._boxes(utc_ns))
        return [area for area in areas if area is not None]

    def _boxes(self, utc_ns: int) -> Iterator[Box]:
        at_s = (utc_ns - self.first_ns) / NS_PER_S
        for manual in self.masking.manual:
            if manual.from_s <= at_s < manual.to_s:
                yield manual.area()
        for thing in self.things:
            box = thing.at(utc_ns)
            part = None if box is None else _part(box, thing.group, self.masking)
            if part is not None:
                yield part


def look(film: Path, first_ns: int, masking: Masking, finder: Finder | None) -> Masks:
    """Look for what is to be masked.

    Raises:
        RecorderError: the film cannot be read.
    """
    if finder is None or not masking.detects:
        return Masks(masking, first_ns)
    wanted = {
        group
        for group, how in (("people", masking.people), ("vehicles", masking.vehicles))
        if how != "none"
    }
    looks: list[tuple[int, int, list[Spot]]] = []
    due_ns: int | None = None
    for mapped, frame, _ in pictures(film, first_ns):
        if due_ns is None or mapped.utc_ns >= due_ns:
            found = finder.find(np.asarray(frame.to_ndarray(format="bgr24"), np.uint8))
            looks.append((mapped.number, mapped.utc_ns, [s for s in found if s.group in wanted]))
            due_ns = mapped.utc_ns + round(LOOK_EVERY_S * NS_PER_S)
    things = follow(looks)
    review = sorted(reviews(things, looks), key=lambda one: one.number)
    return Masks(masking, first_ns, tuple(things), tuple(review))


def _part(box: Box, group: str, masking: Masking) -> Box | None:
    """The part of a person or vehicle that is masked, with a margin."""
    how = masking.people if group == "people" else masking.vehicles
    wide, high = box.w * _MARGIN, box.h * _MARGIN
    whole = Box(box.x - wide, box.y - high, box.w + 2 * wide, box.h + 2 * high)
    if how == "head":
        # Of one who sits or stoops the head is lower and larger than of one who stands.
        share = _HEAD if box.h > 1.5 * box.w else 2 * _HEAD
        return Box(whole.x, whole.y, whole.w, high + box.h * share)
    if how == "plate":
        # Wherever on the lower part it is fixed; a windscreen bears no plate.
        return Box(whole.x, box.y + box.h * _PLATE, whole.w, box.h * (1 - _PLATE) + high)
    return None if how == "none" else whole
