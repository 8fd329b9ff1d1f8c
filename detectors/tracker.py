"""Detections to tracks: ByteTrack's two-stage association, in seconds instead of frames.

ByteTrack (Zhang et al. 2022, algorithm 1) matches strong detections first and then uses weak
ones only to continue what is known. Four things differ because looks come when the motion
gate wants them, not at every frame:

- ages are seconds of frame time, counted only from the first look that missed the object, so
  a shut gate holds a track instead of losing it;
- a look may cover a part of the frame, and a track outside it was not missed;
- who is seen only from the waist up, with the head where it was, stands behind something:
  the feet are still where they were, because zones and dwell are judged by feet;
- a strong detection near a lost track continues it even without overlap, because at five
  frames a second a small walker leaves its own box between two looks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Detections, Track
from detectors.labels import GEAR, MOVERS, PERSON, group
from detectors.motion import Array, Filters
from detectors.overlap import ious

_FORBIDDEN = 1e6
_LEAST_INSIDE = 0.3
_SAME_HEAD = 0.12  # of the height
_CUT_OFF = 0.75
_FIGURE = 0.2  # one box that is too high is not believed


@dataclass(frozen=True)
class TrackerSettings:
    """Thresholds of the tracker; scores 0..1, times in seconds of frame time.

    Attributes:
        strong: from here on a detection takes part in the first stage.
        new: from here on a detection may start a track.
        hits: detections before a track is shown.
        memory_s: how long a shown track is kept after the first look that missed it.
        edge_memory_s: the same for one that stands at the border of the picture.
        doubt_s: the same for one that is not yet shown.
        damping_s: time in which the speed of an unseen track falls to 1/e.
    """

    strong: float = 0.4
    new: float = 0.45
    hits: int = 3
    memory_s: float = 3.0
    edge_memory_s: float = 1.2
    doubt_s: float = 0.7
    damping_s: float = 1.5


@dataclass
class _Life:
    """What is known of one track beside its filter.

    Attributes:
        height, head: of the box over the last looks that showed all of it, frame heights.
    """

    first_ns: int
    last_ns: int
    score: float
    id: int = 0
    hits: int = 1
    missed_ns: int | None = None
    seen: bool = True
    label: str = ""
    height: float = 0.0
    head: float = 0.0
    votes: Counter[str] = field(default_factory=Counter)

    @property
    def matters(self) -> bool:
        """It is somebody, or gear."""
        return self.label in MOVERS or self.label in GEAR

    def vote(self, label: str) -> None:
        """Count a detection's label; the most frequent is the track's."""
        self.votes[label] += 1
        if (self.votes[label], label) > (self.votes[self.label], self.label):
            self.label = label


class Tracker:
    """The tracks of one camera.

    Args:
        aspect: width of the picture over its height.
        settings: thresholds.
    """

    def __init__(self, *, aspect: float = 16 / 9, settings: TrackerSettings | None = None) -> None:
        self._aspect = aspect
        self._set = settings or TrackerSettings()
        self._filters = Filters()
        self._lives: list[_Life] = []
        self._now_ns: int | None = None
        self._next_id = 1

    def update(
        self, time_ns: int, detections: Detections, looked: Sequence[Box] | None = None
    ) -> tuple[Track, ...]:
        """Take in what a look found.

        Args:
            time_ns: UTC of the frame, later than the last one.
            detections: normalised to the whole frame.
            looked: parts of the frame that were looked at; None for all of it.

        Returns:
            The tracks that are shown, by id.
        """
        self._advance(time_ns)
        boxes = self._measurements(detections.boxes)
        rows, columns = self._match(time_ns, detections, boxes)
        self._hit(rows, columns, detections, boxes, time_ns)
        missed = np.delete(np.arange(len(self._lives)), rows)
        self._miss(missed.tolist(), time_ns, looked)
        fresh = detections.scores >= self._set.new
        fresh[columns] = False
        self._start(np.flatnonzero(fresh), detections, boxes)
        self._forget(time_ns)
        return self._shown()

    def hold(self, time_ns: int) -> tuple[Track, ...]:
        """Move on to a frame nobody looked at: boxes are predicted, nothing grows older."""
        self._advance(time_ns)
        for life in self._lives:
            life.seen = False
        return self._shown()

    def clear(self) -> None:
        """Lose all tracks; numbers are not used again."""
        self._filters, self._lives, self._now_ns = Filters(), [], None

    @property
    def doubtful(self) -> bool:
        """True while a look would settle something: somebody new, or one just missed."""
        return any(
            life.id == 0 or life.missed_ns is not None for life in self._lives if life.matters
        )

    @property
    def watched(self) -> list[Box]:
        """Places of those who can act, and of gear: worth looks of their own.

        Of the rest the scheduled looks are enough. A tree that is broccoli in one framing and
        nothing in the next was looked at in every picture.
        """
        return [self._box(row) for row, life in enumerate(self._lives) if life.matters]

    @property
    def boxes(self) -> list[Box]:
        """Places of all tracks, those not yet shown too."""
        return [self._box(row) for row in range(len(self._lives))]

    def _advance(self, time_ns: int) -> None:
        if self._now_ns is not None and time_ns > self._now_ns and self._lives:
            seconds = (time_ns - self._now_ns) / NS_PER_S
            unseen = np.array([not life.seen for life in self._lives])
            damping = np.where(unseen, np.exp(-seconds / self._set.damping_s), 1.0)
            # After a long pause nothing is known of speeds: leave boxes where they were.
            self._filters.predict(min(seconds, 1.0), damping)
        self._now_ns = time_ns

    def _measurements(self, boxes: NDArray[np.float32]) -> Array:
        wide = boxes.astype(np.float64)
        return np.stack(
            [
                (wide[:, 0] + wide[:, 2] / 2) * self._aspect,
                wide[:, 1] + wide[:, 3],
                wide[:, 2] * self._aspect,
                wide[:, 3],
            ],
            axis=1,
        )

    def _match(
        self, time_ns: int, detections: Detections, boxes: Array
    ) -> tuple[list[int], list[int]]:
        """Rows of tracks and of the detections that continue them."""
        matched: tuple[list[int], list[int]] = [], []
        if not self._lives or len(detections) == 0:
            return matched
        free, open_ = np.ones(len(detections), bool), np.ones(len(self._lives), bool)
        strong = detections.scores >= self._set.strong
        shown = np.array([life.id > 0 for life in self._lives], bool)
        kinds = np.array([group(life.label) for life in self._lives])
        alike = kinds[:, None] == np.array([group(label) for label in detections.labels])
        stages = (  # tracks, detections, largest cost, by distance
            (shown, strong, 0.8, False),
            (shown, ~strong, 0.6, False),
            (shown, strong, 1.0, True),
            (~shown, strong, 0.8, False),
            (~shown, strong, 1.0, True),
        )
        for tracks, candidates, limit, by_distance in stages:
            rows, columns = np.flatnonzero(tracks & open_), np.flatnonzero(candidates & free)
            if len(rows) == 0 or len(columns) == 0:
                continue
            cost = self._cost(rows, boxes[columns], by_distance, time_ns)
            cost[~alike[np.ix_(rows, columns)] | (cost > limit)] = _FORBIDDEN
            left, right = linear_sum_assignment(cost)
            good = cost[left, right] < _FORBIDDEN
            rows, columns = rows[left[good]], columns[right[good]]
            open_[rows] = free[columns] = False
            matched[0].extend(rows.tolist())
            matched[1].extend(columns.tolist())
        return matched

    def _cost(
        self, rows: NDArray[np.int64], boxes: Array, by_distance: bool, time_ns: int
    ) -> Array:
        known = self._filters.value[rows]
        if not by_distance:
            return 1.0 - ious(_corners(known), _corners(boxes)).astype(np.float64)
        missing = np.array([(time_ns - self._lives[row].last_ns) / NS_PER_S for row in rows])
        size = np.sqrt(known[:, 2] * known[:, 3])
        reach = size * np.clip(0.8 + 0.5 * missing, 0.8, 1.6)
        gap = np.hypot(known[:, None, 0] - boxes[None, :, 0], known[:, None, 1] - boxes[None, :, 1])
        ratio = size[:, None] / np.sqrt(boxes[:, 2] * boxes[:, 3])[None, :]
        cost: Array = gap / reach[:, None]
        cost[(ratio < 0.55) | (ratio > 1.8)] = _FORBIDDEN
        return cost

    def _hit(
        self,
        rows: list[int],
        columns: list[int],
        detections: Detections,
        boxes: Array,
        time_ns: int,
    ) -> None:
        scores = detections.scores[columns].astype(np.float64)
        measured = np.array(
            [self._whole(row, boxes[c]) for row, c in zip(rows, columns, strict=True)]
        )
        self._filters.correct(np.array(rows, np.int64), measured, scores)
        order = sorted(zip(rows, columns, scores.tolist(), strict=True))
        for row, column, score in order:  # by age, so that new numbers do not depend on stages
            life = self._lives[row]
            life.last_ns, life.score, life.missed_ns, life.seen = time_ns, score, None, True
            life.hits += 1
            life.vote(detections.labels[column])
            if life.id == 0 and life.hits >= self._set.hits:
                life.id, self._next_id = self._next_id, self._next_id + 1

    def _whole(self, row: int, measured: Array) -> Array:
        """The measurement, with the feet of a person who is seen without them."""
        life, height = self._lives[row], float(measured[3])
        head = float(measured[1]) - height
        steady = abs(head - life.head) < _SAME_HEAD * life.height
        if life.label == PERSON and life.id and steady and height < _CUT_OFF * life.height:
            return np.array([measured[0], head + life.height, measured[2], life.height])
        share = _FIGURE if life.height else 1.0
        life.height += share * (height - life.height)
        life.head += share * (head - life.head)
        return measured

    def _miss(self, rows: list[int], time_ns: int, looked: Sequence[Box] | None) -> None:
        for row in rows:
            life = self._lives[row]
            life.seen = False
            covered = looked is None or any(_covers(part, self._box(row)) for part in looked)
            if life.missed_ns is None and covered:
                life.missed_ns = time_ns
                self._filters.lose(row)

    def _start(self, columns: NDArray[np.int64], detections: Detections, boxes: Array) -> None:
        if len(columns) == 0 or self._now_ns is None:
            return
        self._filters.add(boxes[columns])
        for column in columns:
            life = _Life(self._now_ns, self._now_ns, float(detections.scores[column]))
            life.vote(detections.labels[column])
            if self._set.hits <= 1:
                life.id, self._next_id = self._next_id, self._next_id + 1
            self._lives.append(life)

    def _forget(self, time_ns: int) -> None:
        keep = np.ones(len(self._lives), bool)
        for row, life in enumerate(self._lives):
            if life.missed_ns is None:
                continue
            if self._inside(row) < _LEAST_INSIDE:
                keep[row] = False  # it has walked out of the picture
                continue
            allowed_s = self._set.doubt_s
            if life.id:
                at_edge = _at_edge(self._box(row))
                allowed_s = self._set.edge_memory_s if at_edge else self._set.memory_s
            keep[row] = time_ns - life.missed_ns <= allowed_s * NS_PER_S
        if not keep.all():
            self._filters.keep(keep)
            self._lives = [life for life, kept in zip(self._lives, keep, strict=True) if kept]

    def _inside(self, row: int) -> float:
        """Share of the predicted box that lies in the picture."""
        foot_x, foot_y, width, height = self._filters.value[row]
        across = min(foot_x + width / 2, self._aspect) - max(foot_x - width / 2, 0.0)
        down = min(foot_y, 1.0) - max(foot_y - height, 0.0)
        return float(max(across, 0.0) * max(down, 0.0) / (width * height))

    def _box(self, row: int) -> Box:
        foot_x, foot_y, width, height = self._filters.value[row]
        left, right = (foot_x - width / 2) / self._aspect, (foot_x + width / 2) / self._aspect
        left, right = min(max(left, 0.0), 1.0), min(max(right, 0.0), 1.0)
        top, bottom = min(max(foot_y - height, 0.0), 1.0), min(max(foot_y, 0.0), 1.0)
        return Box(float(left), float(top), float(right - left), float(bottom - top))

    def _shown(self) -> tuple[Track, ...]:
        tracks = [
            Track(
                life.id, life.label, life.score, self._box(row), life.first_ns, life.last_ns,
                life.seen,
            )
            for row, life in enumerate(self._lives)
            if life.id
        ]  # fmt: skip
        return tuple(sorted(tracks, key=lambda track: track.id))


def _corners(measured: Array) -> NDArray[np.float32]:
    corner = measured.astype(np.float32)
    corner[:, 0] -= corner[:, 2] / 2
    corner[:, 1] -= corner[:, 3]
    return corner


def _covers(part: Box, box: Box) -> bool:
    x, y = box.centre
    return part.x <= x <= part.x + part.w and part.y <= y <= part.y + part.h


def _at_edge(box: Box) -> bool:
    margin = 0.01
    return (
        box.x <= margin
        or box.y <= margin
        or box.x + box.w >= 1 - margin
        or box.y + box.h >= 1 - margin
    )
