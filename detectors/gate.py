"""The motion gate: which frames are worth a look.

Luma is shrunk to a grid of cells about 1/256 of the width each. Every cell has a mean and a
mean absolute deviation (its noise); what leaves the mean by a multiple of its own noise moves.
Ripples, leaves and rain return to the same cells again and again and so raise the noise there;
a person passes once, and cells under a track do not learn noise at all.

Two other gates in use go blind over water because they wait for the picture to become calm.
This one never waits: a full look is due every few seconds whatever the cells say (invariant 4),
more often right after the start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from core.clock import NS_PER_S
from core.geometry import Box
from core.video import Luma

Cells = NDArray[np.float32]


class Reason(StrEnum):
    """Why a frame is looked at, or not."""

    QUIET = "quiet"
    START = "start"
    SCHEDULED = "scheduled"
    GLOBAL = "global"
    MOTION = "motion"
    TRACK = "track"


@dataclass(frozen=True)
class Decision:
    """The gate's word on one frame.

    Attributes:
        reason: why; ``QUIET`` is the only one without a look.
        regions: where something moves, normalised, largest first.
    """

    reason: Reason
    regions: tuple[Box, ...] = ()

    @property
    def look(self) -> bool:
        return self.reason is not Reason.QUIET

    @property
    def whole(self) -> bool:
        """True when the whole frame must be looked at, not only what moves."""
        return self.reason in (Reason.START, Reason.SCHEDULED, Reason.GLOBAL)


@dataclass(frozen=True)
class GateSettings:
    """Times are seconds of frame time, levels are luma steps of 255.

    Attributes:
        scheduled_s: longest time between two looks at the whole frame.
        start_s, start_every_s: for so long after the start, look so often.
        track_s: longest time between two looks while anything is tracked.
        global_s: shortest time between two looks for a change of the whole picture.
        floor: change below which nothing moves.
        factor: change in units of the cell's noise from which on it moves.
        min_cells: smallest moving thing; more while rain or snow falls.
        global_share: share of cells that makes a change global (exposure, day/night, shake).
    """

    scheduled_s: float = 5.0
    start_s: float = 10.0
    start_every_s: float = 1.0
    track_s: float = 1.0
    global_s: float = 1.0
    floor: float = 9.0
    factor: float = 3.5
    min_cells: int = 3
    global_share: float = 0.4


_GRID_WIDTH = 256
_MEAN_S = 6.0  # time in which a cell's mean follows a lasting change
_NOISE_UP_S = 2.5  # noise rises fast and falls slowly: gusts come back
_NOISE_DOWN_S = 20.0
_NOISE_MAX = 40.0
_CALM = 4.0  # below this noise one frame is enough to believe a movement
_CLUTTER_BLOBS = 8  # so many untracked specks at once are weather
_CLUTTER_FACTOR = 1.5
_CLUTTER_CELLS = 24.0  # a walker of 24x60 px on 1080p is larger than this
_CLUTTER_UP_S, _CLUTTER_DOWN_S = 1.0, 10.0
_GROW = np.ones((7, 7), np.uint8)
_JOIN = np.ones((3, 3), np.uint8)


class Gate:
    """The motion gate of one camera."""

    def __init__(self, settings: GateSettings | None = None) -> None:
        self._set = settings or GateSettings()
        self._mean: Cells | None = None
        self._noise: Cells = np.zeros((0, 0), np.float32)
        self._before: NDArray[np.uint8] = np.zeros((0, 0), np.uint8)
        self._least_cells = float(self._set.min_cells)
        self._start_ns = self._now_ns = self._look_ns = self._whole_ns = self._global_ns = 0

    def consider(
        self,
        luma: Luma,
        time_ns: int,
        *,
        tracks: Sequence[Box] = (),
        doubtful: bool = False,
    ) -> Decision:
        """Learn from a frame and say whether to look at it.

        Args:
            luma: (H, W) uint8.
            time_ns: UTC of the frame.
            tracks: boxes of what is tracked; noise is not learned there.
            doubtful: the tracker wants a look (new track, or one just missed).
        """
        cells = self._shrink(luma)
        if self._mean is None or self._mean.shape != cells.shape or time_ns < self._now_ns:
            self._begin(cells, time_ns)
            return Decision(Reason.START)
        seconds = min((time_ns - self._now_ns) / NS_PER_S, 2.0)
        self._now_ns = time_ns
        moving, change = self._moving(cells)
        share = cv2.countNonZero(moving) / moving.size
        is_global = share > self._set.global_share
        regions = () if is_global else self._regions(moving, tracks, seconds)
        self._learn(cells, change, seconds, tracks, is_global)
        decision = Decision(self._reason(time_ns, is_global, regions, tracks, doubtful), regions)
        if decision.look:
            self._look_ns = time_ns
        if decision.whole:
            self._whole_ns = time_ns
        if decision.reason is Reason.GLOBAL:
            self._global_ns = time_ns
        return decision

    def nothing_there(self, region: Box) -> None:
        """A look at a moving region found nothing: believe movement there less."""
        if self._mean is not None:
            cells = self._noise[self._slices(region)]
            np.minimum(cells * 1.15 + 0.4, _NOISE_MAX, out=cells)

    def _shrink(self, luma: Luma) -> Cells:
        height, width = luma.shape
        factor = -(-width // _GRID_WIDTH)
        size = (max(width // factor, 1), max(height // factor, 1))
        # Whole multiples only: averaging by an integer factor is several times faster.
        whole = luma[: size[1] * factor, : size[0] * factor]
        return cv2.resize(whole, size, interpolation=cv2.INTER_AREA).astype(np.float32)

    def _begin(self, cells: Cells, time_ns: int) -> None:
        self._mean = cells.copy()
        self._noise = np.full_like(cells, 2.0)
        self._before = np.zeros(cells.shape, np.uint8)
        self._start_ns = self._now_ns = self._look_ns = self._whole_ns = time_ns
        self._global_ns = time_ns

    def _moving(self, cells: Cells) -> tuple[NDArray[np.uint8], Cells]:
        assert self._mean is not None
        change = cells - self._mean
        # A cloud or the camera's exposure moves all cells alike: that is no movement.
        change -= np.median(change[::4, ::4])
        np.abs(change, out=change)
        limit = self._noise * self._set.factor
        limit += self._set.floor
        strong = (change > limit).view(np.uint8)
        calm = (self._noise < _CALM).view(np.uint8)
        lasting = calm | np.asarray(cv2.dilate(self._before, _GROW), np.uint8)
        self._before = strong
        return strong & lasting, change

    def _regions(
        self, moving: NDArray[np.uint8], tracks: Sequence[Box], seconds: float
    ) -> tuple[Box, ...]:
        if not moving.any():
            self._weigh_clutter(np.zeros(0, np.int64), seconds)
            return ()
        joined = cv2.dilate(moving, _JOIN)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        cells = np.bincount(labels[moving > 0], minlength=count)[1:]
        height, width = int(moving.shape[0]), int(moving.shape[1])
        left, top, wide, high = (stats[1:, column] for column in range(4))
        tracked = np.zeros(count - 1, bool)
        for box in tracks:
            tracked |= (
                (left < (box.x + box.w) * width)
                & (left + wide > box.x * width)
                & (top < (box.y + box.h) * height)
                & (top + high > box.y * height)
            )
        self._weigh_clutter(cells[~tracked], seconds)
        enough = cells >= np.where(tracked, self._set.min_cells, self._least_cells)
        boxes = [
            Box(x / width, y / height, w / width, h / height)
            for x, y, w, h in stats[1:, :4][enough].tolist()
        ]
        return tuple(sorted(boxes, key=lambda box: (-box.area, box)))

    def _weigh_clutter(self, specks: NDArray[np.int64], seconds: float) -> None:
        """Rain hits other cells in every frame, so no cell learns it; its drops are learned."""
        target = float(self._set.min_cells)
        if len(specks) >= _CLUTTER_BLOBS:
            largest = float(np.percentile(specks, 95))
            target = min(_CLUTTER_FACTOR * largest + target, _CLUTTER_CELLS)
        speed_s = _CLUTTER_UP_S if target > self._least_cells else _CLUTTER_DOWN_S
        self._least_cells += min(1.0, seconds / speed_s) * (target - self._least_cells)

    def _learn(
        self,
        cells: Cells,
        change: Cells,
        seconds: float,
        tracks: Sequence[Box],
        is_global: bool,
    ) -> None:
        assert self._mean is not None
        if is_global:
            self._mean = cells.copy()
            return
        since_start = (self._now_ns - self._start_ns) / NS_PER_S
        mean = self._mean
        follow = min(1.0, seconds / min(_MEAN_S, max(since_start, seconds)))
        cv2.accumulateWeighted(cells, mean, follow)
        # The noise is a mean absolute deviation with two speeds.
        step = change - self._noise
        rise, fall = min(1.0, seconds / _NOISE_UP_S), min(1.0, seconds / _NOISE_DOWN_S)
        step *= np.where(step > 0, np.float32(rise), np.float32(fall))
        np.minimum(step, 6.0 * seconds, out=step)  # one passer-by must not deafen a cell
        for box in tracks:
            step[self._slices(box)] = 0
        self._noise += step
        np.clip(self._noise, 1.0, _NOISE_MAX, out=self._noise)

    def _slices(self, box: Box) -> tuple[slice, slice]:
        height, width = self._noise.shape
        return (
            slice(max(int(box.y * height) - 1, 0), int((box.y + box.h) * height) + 2),
            slice(max(int(box.x * width) - 1, 0), int((box.x + box.w) * width) + 2),
        )

    def _reason(
        self,
        time_ns: int,
        is_global: bool,
        regions: tuple[Box, ...],
        tracks: Sequence[Box],
        doubtful: bool,
    ) -> Reason:
        def due(since_ns: int, seconds: float) -> bool:
            return time_ns - since_ns >= round(seconds * NS_PER_S)

        starting = not due(self._start_ns, self._set.start_s)
        if starting and due(self._whole_ns, self._set.start_every_s):
            return Reason.START
        if due(self._whole_ns, self._set.scheduled_s):
            return Reason.SCHEDULED
        if is_global and due(self._global_ns, self._set.global_s):
            return Reason.GLOBAL
        if regions:
            return Reason.MOTION
        if doubtful or (tracks and due(self._look_ns, self._set.track_s)):
            return Reason.TRACK
        return Reason.QUIET
