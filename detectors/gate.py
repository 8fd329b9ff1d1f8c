"""The motion gate: which frames are worth a look.

Luma is shrunk to a grid of about 320 cells across. What is new in a cell is its difference from
a slowly following mean, less that of its neighbours to the left and right: ripples on water are
seen at a flat angle and so are broad, clouds and the camera's exposure are broader still, people
are narrow and upright.

Every cell remembers the largest such change it has lately shown, its *reach* (after the minimum,
maximum and interframe difference that W4 keeps for each pixel: Haritaoglu et al. 2000). Leaves,
waves and lamps stay within the reach of their cells, however rarely they go there, where a
variance would be exceeded every few seconds. A person goes beyond it. Change over reach is added
up along the ways a thing may go, one cell a frame (track before detect, as in Barniv 1985): rain
hits other cells every time and is forgotten, a small walker is not.

The model is the teacher. Where it found nothing in what moved, the reach grows at once and all of
the picture is believed a little less for a while, so that weather never seen before soon asks for
few looks. Cells under a track that walks learn no reach: a person does not deafen the cells
crossed. Who stands is learned, and looked at once a second.

Two other gates in use go blind over water because they wait for the picture to become calm.
This one never waits: a full look is due every few seconds whatever the cells say (invariant 4),
more often right after the start.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp

import cv2
import numpy as np
from numpy.typing import NDArray

from core.clock import NS_PER_S
from core.geometry import Box
from core.video import Luma
from detectors.overlap import ious

Cells = NDArray[np.float32]
Boxes = NDArray[np.float32]

_NO_CELLS: Cells = np.zeros((0, 0), np.float32)


class Reason(StrEnum):
    """Why a frame is looked at, or not."""

    QUIET = "quiet"
    START = "start"
    SCHEDULED = "scheduled"
    GLOBAL = "global"
    MOTION = "motion"
    TRACK = "track"


_WHOLE = frozenset({Reason.START, Reason.SCHEDULED, Reason.GLOBAL})


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
        return self.reason in _WHOLE


@dataclass(frozen=True)
class GateSettings:
    """Times are seconds of frame time, levels are luma steps of 255.

    Attributes:
        scheduled_s: time between two looks at the whole frame.
        never_s: a whole look comes earlier where the next frame would be later than this.
        start_every_s: time from the first whole look to the second; it doubles from look to look
            until it has become ``scheduled_s``.
        track_s: longest time between two looks while anything is tracked.
        global_s: shortest time between two looks for a change of the whole picture.
        floor: added to the reach of every cell; lower changes are the sensor's.
        factor: what has been added up of change over reach moves from here on.
        global_share: share of cells that makes a change global (exposure, day/night).
        shaken_share: share of cells from which on the camera itself may have moved.
    """

    scheduled_s: float = 8.0
    never_s: float = 10.0
    start_every_s: float = 1.0
    track_s: float = 1.0
    global_s: float = 1.0
    floor: float = 1.2
    factor: float = 1.5
    global_share: float = 0.35
    shaken_share: float = 0.04


_GRID_WIDTH = 320
_BESIDE = np.full((1, 9), 1 / 9, np.float32)  # wider than this is no person far away
_MEAN_S = 8.0  # time in which a cell's mean follows a lasting change
_REACH_UP_S = 1.6  # untaught, a change must come back before it is within reach
_REACH_DOWN_S = 60.0  # gusts come back
_REACH_MAX = 120.0
_TAUGHT = 1.15
_SUM_S = 0.56  # time in which what was added up is forgotten
_MOST = 6.0  # one frame adds at most this: a drop or an insect is there only once
_DOUBT, _DOUBT_MAX, _DOUBT_S = 1.10, 2.0, 60.0  # a fruitless look, all of them, their end
_GLOBAL_LEVEL = 14.0  # a change of so many grey levels beside its noise counts as global
_SHAKE_CLIP = 30.0
_MOVED_IOU, _MOVED_S = 0.6, 1.0  # a track that still overlaps itself so much stands
_MOST_REGIONS = 8
_JOIN = np.ones((3, 5), np.uint8)
_NEXT = np.ones((3, 3), np.uint8)


class Gate:
    """The motion gate of one camera."""

    def __init__(self, settings: GateSettings | None = None) -> None:
        self._set = settings or GateSettings()
        self._mean: Cells | None = None
        self._reach = self._sum = self._change = _NO_CELLS
        self._doubt = 1.0
        self._taught = False
        self._interval_s = self._set.start_every_s
        self._start_ns = self._now_ns = self._look_ns = self._whole_ns = self._global_ns = 0
        self._known: deque[tuple[int, Boxes]] = deque()

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
            tracks: boxes of what is tracked; who walks teaches the cells no reach.
            doubtful: the tracker wants a look (new track, or one just missed).
        """
        cells = self._shrink(luma)
        if self._mean is None or self._mean.shape != cells.shape or time_ns < self._now_ns:
            self._begin(cells, time_ns)
            return Decision(Reason.START)
        gap_s = (time_ns - self._now_ns) / NS_PER_S
        seconds = min(gap_s, 2.0)
        self._now_ns = time_ns
        self._taught = False
        is_global = self._measure(cells, seconds)
        regions = () if is_global else self._regions()
        walking = self._walking(tracks, time_ns)
        self._learn(cells, seconds, walking, is_global)
        wanted = doubtful or bool(walking)
        reason = self._reason(time_ns, gap_s, is_global, regions, bool(tracks), wanted)
        if reason is not Reason.QUIET:
            self._look_ns = time_ns
        if reason in (Reason.START, Reason.SCHEDULED):
            self._interval_s = min(2 * self._interval_s, self._set.scheduled_s)
        if reason in _WHOLE:
            self._whole_ns = time_ns
        if reason is Reason.GLOBAL:
            self._global_ns = time_ns
        return Decision(reason, regions)

    def nothing_there(self, region: Box) -> None:
        """A look at a moving region found nothing: movement there is within reach."""
        if self._mean is None:
            return
        where = self._slices(region)
        reach = self._reach[where]
        np.maximum(reach, self._change[where], out=reach)
        np.minimum(reach * _TAUGHT + 0.4, _REACH_MAX, out=reach)
        self._sum[where] = 0
        if not self._taught:
            self._taught = True
            self._doubt = min(self._doubt * _DOUBT, _DOUBT_MAX)

    def _shrink(self, luma: Luma) -> Cells:
        height, width = luma.shape
        factor = -(-width // _GRID_WIDTH)
        size = (max(width // factor, 1), max(height // factor, 1))
        # Whole multiples only, and by two as long as that goes: halving is ten times faster
        # than averaging by four.
        left = luma[: size[1] * factor, : size[0] * factor]
        while factor % 2 == 0:
            factor //= 2
            half = (size[0] * factor, size[1] * factor)
            left = np.asarray(cv2.resize(left, half, interpolation=cv2.INTER_AREA), np.uint8)
        if factor > 1:
            left = np.asarray(cv2.resize(left, size, interpolation=cv2.INTER_AREA), np.uint8)
        return left.astype(np.float32)

    def _begin(self, cells: Cells, time_ns: int) -> None:
        self._mean = cells.copy()
        self._reach = np.full_like(cells, 2.0)
        self._sum, self._change = np.zeros_like(cells), np.zeros_like(cells)
        self._doubt, self._interval_s = 1.0, self._set.start_every_s
        self._start_ns = self._now_ns = self._look_ns = self._whole_ns = time_ns
        self._global_ns = time_ns
        self._known.clear()

    def _measure(self, cells: Cells, seconds: float) -> bool:
        """Change over reach, added up; True when the whole picture has changed."""
        assert self._mean is not None
        new = cells - self._mean
        local = self._local(new)
        share = self._share(local)
        if share > self._set.shaken_share:
            steady = self._steadied(new)
            local = self._local(steady)
            share = self._share(local)
            if share > self._set.global_share:
                self._sum[:] = 0
                self._change = local
                return True
        self._change = local
        ratio = np.divide(local, self._reach + np.float32(self._set.floor))
        np.minimum(ratio, np.float32(_MOST), out=ratio)
        keep = exp(-seconds / _SUM_S)
        cv2.addWeighted(cv2.dilate(self._sum, _NEXT), keep, ratio, 1 - keep, 0.0, dst=self._sum)
        return False

    @staticmethod
    def _local(new: Cells) -> Cells:
        """Change beside that of the cells to the left and right; (rows, columns), positive."""
        return np.asarray(cv2.absdiff(new, cv2.filter2D(new, -1, _BESIDE)), np.float32)

    def _share(self, local: Cells) -> float:
        beyond = local > self._reach + np.float32(_GLOBAL_LEVEL)
        return cv2.countNonZero(beyond.view(np.uint8)) / beyond.size

    def _steadied(self, new: Cells) -> Cells:
        """The change without that by a small turn of the camera.

        One step of Lucas and Kanade (1981) for the picture as a whole: the shift whose effect
        on the mean's slopes explains most of the change.
        """
        assert self._mean is not None
        across = cv2.Sobel(self._mean, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
        down = cv2.Sobel(self._mean, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
        slopes = np.stack([across.ravel(), down.ravel()])
        clipped = np.clip(new, -_SHAKE_CLIP, _SHAKE_CLIP).ravel()
        normal = slopes @ slopes.T + np.eye(2, dtype=np.float32)
        shift = np.linalg.solve(normal, slopes @ clipped)
        return new - np.tensordot(shift, slopes, 1).reshape(new.shape).astype(np.float32)

    def _regions(self) -> tuple[Box, ...]:
        limit = self._set.factor * self._doubt
        if float(self._sum.max()) <= limit:
            return ()
        possible = (self._sum > np.float32(limit / 2)).view(np.uint8)
        _, labels, stats, _ = cv2.connectedComponentsWithStats(
            cv2.dilate(possible, _JOIN), connectivity=8
        )
        certain = self._sum > np.float32(limit)
        sure = np.unique(labels[certain])
        boxes = []
        for number in sure.tolist():
            x, y, w, h = stats[number, :4].tolist()
            where = (slice(y, y + h), slice(x, x + w))
            # What was added up stays a little where nothing is any more. What is there now
            # may be a part of a person only; with the way it came the crop holds all.
            now = self._change[where] > self._reach[where] + np.float32(self._set.floor)
            own = labels[where] == number
            if (now & own).any():
                left, top, wide, high = cv2.boundingRect((certain[where] & own).view(np.uint8))
                boxes.append((x + left, y + top, wide, high))
        height, width = self._sum.shape
        regions = [Box(x / width, y / height, w / width, h / height) for x, y, w, h in boxes]
        return tuple(sorted(regions, key=lambda box: (-box.area, box))[:_MOST_REGIONS])

    def _learn(self, cells: Cells, seconds: float, walking: Sequence[Box], is_global: bool) -> None:
        assert self._mean is not None
        self._doubt = 1 + (self._doubt - 1) * exp(-seconds / _DOUBT_S)
        if is_global:
            self._mean = cells.copy()
            return
        since_start = (self._now_ns - self._start_ns) / NS_PER_S
        follow = min(1.0, seconds / min(_MEAN_S, max(since_start, seconds)))
        cv2.accumulateWeighted(cells, self._mean, follow)
        step = cv2.subtract(self._change, self._reach)
        np.maximum(step, 0, out=step)
        for box in walking:
            step[self._slices(box)] = 0
        rise = 1 - exp(-seconds / min(_REACH_UP_S, max(since_start / 4, 0.2)))
        cv2.addWeighted(
            self._reach, exp(-seconds / _REACH_DOWN_S), step, rise, 0.0, dst=self._reach
        )

    def _slices(self, box: Box) -> tuple[slice, slice]:
        height, width = self._reach.shape
        return (
            slice(max(int(box.y * height) - 1, 0), int((box.y + box.h) * height) + 2),
            slice(max(int(box.x * width) - 1, 0), int((box.x + box.w) * width) + 2),
        )

    def _reason(
        self,
        time_ns: int,
        gap_s: float,
        is_global: bool,
        regions: tuple[Box, ...],
        tracked: bool,
        wanted: bool,
    ) -> Reason:
        def since(then_ns: int) -> float:
            return (time_ns - then_ns) / NS_PER_S

        shut_s = since(self._whole_ns)
        if shut_s >= self._interval_s or shut_s + gap_s >= self._set.never_s:
            starting = self._interval_s < self._set.scheduled_s
            return Reason.START if starting else Reason.SCHEDULED
        if is_global and since(self._global_ns) >= self._set.global_s:
            return Reason.GLOBAL
        if regions:
            return Reason.MOTION
        if wanted or (tracked and since(self._look_ns) >= self._set.track_s):
            return Reason.TRACK
        return Reason.QUIET

    def _walking(self, tracks: Sequence[Box], time_ns: int) -> list[Box]:
        """The tracks that are not where anything was a second ago."""
        boxes = np.array([tuple(box) for box in tracks], np.float32).reshape(-1, 4)
        while len(self._known) > 1 and time_ns - self._known[1][0] >= _MOVED_S * NS_PER_S:
            self._known.popleft()
        before = self._known[0][1] if self._known else boxes
        self._known.append((time_ns, boxes))
        if not len(boxes) or not len(before):
            return list(tracks)
        standing = ious(boxes, before).max(axis=1) >= _MOVED_IOU
        return [box for box, stands in zip(tracks, standing.tolist(), strict=True) if not stands]
