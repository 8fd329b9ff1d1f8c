"""Who stays where, and since when: by place, so that a change of track id does not matter."""

import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Track
from detectors.behaviours.places import foot_gap
from detectors.labels import group

_EVERY_NS = NS_PER_S // 2
_ANCHOR_NS = 4 * NS_PER_S
_LEAST_GRACE_S = 3.0
_MOST_GRACE_S = 12.0


@dataclass(eq=False)
class Stay:
    """One subject at one place.

    Attributes:
        key: its first track id.
        tracks: all its track ids, oldest first.
        since_ns: since when it has stayed within the allowed distance of where it is.
        last_ns: when a model last saw it.
        displacement: farthest it was from its place since then, frame widths.
        gap_s: longest time between two detections of it: how well it can be seen here.
    """

    key: int
    tracks: list[int]
    labels: Counter[str]
    box: Box
    since_ns: int
    last_ns: int
    displacement: float = 0.0
    gap_s: float = 0.0
    path: deque[tuple[int, float, float]] = field(default_factory=deque)

    @property
    def label(self) -> str:
        return max(self.labels, key=lambda name: (self.labels[name], name))

    @property
    def grace_ns(self) -> int:
        """How long it may be unseen before it counts as gone.

        One who sat half hidden and was seen only now and then is given more time than one
        who was seen in every frame.
        """
        seconds = min(max(2 * self.gap_s + 1, _LEAST_GRACE_S), _MOST_GRACE_S)
        return round(seconds * NS_PER_S)

    def positions(self, most: int = 12) -> list[list[float]]:
        """Seconds since the start and foot points, evenly thinned, for `why`."""
        points = [point for point in self.path if point[0] >= self.since_ns]
        step = max(1, math.ceil(len(points) / most))
        return [
            [round((time_ns - self.since_ns) / NS_PER_S, 1), round(x, 4), round(y, 4)]
            for time_ns, x, y in points[::step]
        ]


class Stays:
    """The stays in one zone.

    Args:
        limit: allowed wandering of a subject of this box, in frame widths.
        memory_s: how far back paths are kept.
    """

    def __init__(self, limit: Callable[[Box], float], memory_s: float) -> None:
        self._limit = limit
        self._memory_ns = round(memory_s * NS_PER_S)
        self._every_ns = max(_EVERY_NS, self._memory_ns // 1000)
        self.all: list[Stay] = []

    def update(self, time_ns: int, tracks: Sequence[Track], aspect: float) -> list[Stay]:
        """Match the subjects of this frame to stays; returns those that are there now."""
        known = {number: stay for stay in self.all for number in stay.tracks}
        current: list[Stay] = []
        newcomers = []
        for track in tracks:
            stay = known.get(track.id)
            if stay is None or stay in current:
                newcomers.append(track)
            else:
                self._see(stay, track, time_ns, aspect)
                current.append(stay)
        for track in newcomers:
            stay = self._vacant(track, current, time_ns, aspect)
            if stay is None:
                stay = Stay(
                    track.id, [track.id], Counter(), track.box, track.first_ns, track.first_ns
                )
                self.all.append(stay)
            elif track.id not in stay.tracks:
                stay.tracks.append(track.id)
            self._see(stay, track, time_ns, aspect)
            current.append(stay)
        return current

    def drop(self, stay: Stay) -> None:
        """It is over."""
        self.all.remove(stay)

    def clear(self) -> None:
        """Forget all stays."""
        self.all = []

    def _vacant(
        self, track: Track, current: Sequence[Stay], time_ns: int, aspect: float
    ) -> Stay | None:
        """The stay whose subject vanished here a moment ago, if any."""
        best: tuple[float, int, Stay] | None = None
        for stay in self.all:
            if stay in current or time_ns - stay.last_ns > stay.grace_ns + 2 * NS_PER_S:
                continue
            if group(stay.label) != group(track.label):
                continue
            reach = max(self._limit(stay.box), 0.5 * stay.box.h / aspect)
            distance = foot_gap(stay.box, track.box, aspect)
            if distance <= reach and (best is None or (distance, stay.key) < best[:2]):
                best = (distance, stay.key, stay)
        return best[2] if best else None

    def _see(self, stay: Stay, track: Track, time_ns: int, aspect: float) -> None:
        if track.seen or not stay.path:
            stay.box = track.box
        if track.seen:
            stay.labels[track.label] += 1
            stay.gap_s = max(stay.gap_s, (track.last_ns - stay.last_ns) / NS_PER_S)
            stay.last_ns = track.last_ns
        elif not stay.labels:
            stay.labels[track.label] += 1
        if stay.path and time_ns - stay.path[-1][0] < self._every_ns:
            return
        # One who is not seen is where it was last seen: a prediction drifts.
        stay.path.append((time_ns, *stay.box.foot))
        while stay.path and time_ns - stay.path[0][0] > self._memory_ns:
            stay.path.popleft()
        self._judge(stay, time_ns, aspect)

    def _judge(self, stay: Stay, time_ns: int, aspect: float) -> None:
        """Walk back from now to the last moment at which it was too far from its place."""
        recent = [point for point in stay.path if time_ns - point[0] <= _ANCHOR_NS]
        anchor_x = sorted(point[1] for point in recent)[len(recent) // 2]
        anchor_y = sorted(point[2] for point in recent)[len(recent) // 2]
        limit = self._limit(stay.box)
        since_ns, farthest = stay.path[-1][0], 0.0
        for moment_ns, x, y in reversed(stay.path):
            distance = math.hypot(x - anchor_x, (y - anchor_y) / aspect)
            if distance > limit:
                break
            since_ns, farthest = moment_ns, max(farthest, distance)
        stay.since_ns, stay.displacement = since_ns, farthest
