"""Who comes and goes by themselves: people, vehicles, animals; nothing is put down there.

A bag may look like a cat to the model, and a heap like a boat. People and vehicles are believed
at once; an animal or a boat only when it has moved under our eyes.
"""

from collections.abc import Iterable

from core.geometry import Box
from core.seeing import Track
from detectors.labels import CYCLES, MOVERS, PERSON, VEHICLES

_BELIEVED = frozenset({PERSON}) | VEHICLES | CYCLES
_MOVED_IOU = 0.5


class Movers:
    """The movers of one camera."""

    def __init__(self) -> None:
        self._first: dict[int, Box | None] = {}

    def boxes(self, tracks: Iterable[Track]) -> list[Box]:
        """Where they are at this frame."""
        here, found = {}, []
        for track in tracks:
            if track.label not in MOVERS:
                continue
            first = self._first.get(track.id, track.box)
            if first is not None and first.iou(track.box) < _MOVED_IOU:
                first = None  # it has moved, and whoever has moved once moves
            here[track.id] = first
            if first is None or track.label in _BELIEVED:
                found.append(track.box)
        self._first = here
        return found
