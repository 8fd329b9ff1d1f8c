"""What the tracker held when a sighting fired, kept until somebody judges the incident.

Nothing else stores the boxes of a moment: a sighting moves on, and its incident keeps the last
box only. A moment is a few hundred bytes of numbers; it holds no picture.
"""

import hashlib
import threading
from collections import deque
from pathlib import Path

from pydantic import Field, ValidationError

from core.clock import NS_PER_S
from core.messages import ObjectsSeen, SeenObject
from core.seeing import Phase, Sighting
from core.value import Value
from wardwatch.teaching.lessons import put

KEPT_S = 7 * 86_400
"""Incidents that nobody judges for so long are not learned from."""
_NEAR_NS = NS_PER_S // 4
_REMEMBERED = 150  # analysed frames of a camera, half a minute at five a second


class Moment(Value):
    """One sighting as it fired. ``objects`` is None while the frame's objects are not known."""

    sighting: str
    camera: str
    fired_ns: int
    tracks: tuple[int, ...]
    model: str
    objects: tuple[SeenObject, ...] | None = Field(default=None)


class Moments:
    """Moments on disk, and the objects of the last frames of every camera in memory.

    May be told from several threads.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._frames: dict[str, deque[ObjectsSeen]] = {}
        self._waiting: dict[str, Moment] = {}

    def on_objects(self, seen: ObjectsSeen) -> None:
        """What the tracker of a camera holds now."""
        with self._lock:
            frames = self._frames.setdefault(seen.camera, deque(maxlen=_REMEMBERED))
            frames.append(seen)
            here = [one for one in self._waiting.values() if one.camera == seen.camera]
            for moment in here:
                self._settle(moment)

    def on_sighting(self, sighting: Sighting) -> None:
        """A sighting; only the moment it fires counts."""
        if sighting.phase is not Phase.FIRED or self.get(sighting.id) is not None:
            return
        moment = Moment(
            sighting=sighting.id,
            camera=sighting.camera,
            fired_ns=sighting.fired_ns,
            tracks=sighting.tracks,
            model=sighting.model,
        )
        with self._lock:
            self._waiting[sighting.id] = moment
            self._settle(moment)

    def get(self, sighting: str) -> Moment | None:
        """The moment a sighting fired; None when it was not noticed or is forgotten."""
        try:
            return Moment.model_validate_json(self._path(sighting).read_bytes())
        except (OSError, ValidationError):
            return None

    def forget(self, before_ns: int) -> None:
        """Remove moments from before a time, and those whose frame never came."""
        for path in self._folder.glob("*.json"):
            if path.stat().st_mtime_ns < before_ns:
                path.unlink(missing_ok=True)
        with self._lock:
            self._waiting = {k: m for k, m in self._waiting.items() if m.fired_ns >= before_ns}

    def _settle(self, moment: Moment) -> None:
        frames = self._frames.get(moment.camera, ())
        nearest = min(frames, key=lambda one: abs(one.time_ns - moment.fired_ns), default=None)
        if nearest is None or abs(nearest.time_ns - moment.fired_ns) > _NEAR_NS:
            return
        objects = tuple(
            one.model_copy(update={"subject": one.track in moment.tracks})
            for one in nearest.objects
        )
        settled = moment.model_copy(update={"objects": objects})
        put(self._path(moment.sighting), settled.model_dump_json().encode())
        self._waiting.pop(moment.sighting, None)

    def _path(self, sighting: str) -> Path:
        return self._folder / f"{hashlib.sha256(sighting.encode()).hexdigest()[:24]}.json"
