"""What stands in the picture that was not there: the static-object map.

A long-term background in colour is compared with the picture about twice a second. What
differs and stays the same for a few seconds is a static object and remains one until it is
taken away: foreground is never learned, so a dropped pile does not fade, however long it lies.

Not taken for objects: people and vehicles (the boxes of tracks are left out, and a spot first
seen under somebody stays unknown until it has been seen free), light that keeps the texture
below it, ground bared by something that was there from the start, and things that flicker
(their noise is learned as the gate learns it).

What tells a thing from bared ground and from light is in :mod:`detectors.appearance`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import cv2
import numpy as np
from numpy.typing import NDArray

from core.clock import NS_PER_S
from core.geometry import Box
from core.video import Bgr
from detectors.appearance import Colour, Mask, Scene, is_thing
from detectors.light import Light, lost_colour

_GRID_WIDTH = 320
_SAMPLE_S = 0.4
_KNOWN_S = 1.5  # seen free and steady for so long, a spot is background
_RESTLESS_S = 8.0  # a spot that is never steady (ripples, leaves) is taken as it is after this
_LEARN_S = 12.0
_NOISE_S = 8.0
_COMES_S, _AGAIN, _AT_FIRST = 20.0, 1.3, 0.45  # comings fade in this time; so many are flicker
_FLOOR = (7.0, 15.0)  # colour steps of 255
_CONTRAST = 0.12  # share of the ground's brightness: what is dark differs by few steps
_RELIGHT_S = 60.0  # time in which the background takes on the light of the day
_FACTOR = 4.0
_FOLLOW = 0.3  # share of the newest sample in what an object's own pixels are compared with
_STEADY = 14.0  # an object's own pixels change less than this from sample to sample
_CHANGED_SHARE = 0.45  # more foreground than this is another picture, not objects
_CHANGED_S = 1.5
_PRESENT_SHARE = 0.35
_JOIN_S = 10.0  # what appears beside an object so soon after it is a part of it
_LARGE = 0.01
_GROWN = 2.0  # a thing so many times as large as when it was judged is judged again
_SPLINTER = 4.0  # the same, however small it is
_KERNEL = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class StaticObject:
    """A thing that was put down.

    Attributes:
        id: number unique within the camera and the run, from 1.
        box: its extent, normalised.
        area: its pixels as a share of the frame (its box may be much larger).
        since_ns: when its place first showed it.
        last_ns: when it was last seen there (a person in front of it does not count).
        present: False at the one update at which it was found to be gone.
        doubtful: found gone, but perhaps nobody took it away: it turned out to be no thing, or
            what lies below it had to be guessed when the picture changed.
    """

    id: int
    box: Box
    area: float
    since_ns: int
    last_ns: int
    present: bool
    doubtful: bool = False


@dataclass(eq=False)
class _Thing:
    id: int
    mask: Mask
    since_ns: int
    last_ns: int
    judged: int  # pixels it had when it was last held to be a thing
    guessed: bool = False  # what lies below it is a guess

    def value(self, present: bool, doubtful: bool = False) -> StaticObject:
        height, width = self.mask.shape
        rows, columns = np.flatnonzero(self.mask.any(1)), np.flatnonzero(self.mask.any(0))
        box = Box(
            float(columns[0] / width),
            float(rows[0] / height),
            float((columns[-1] + 1 - columns[0]) / width),
            float((rows[-1] + 1 - rows[0]) / height),
        )
        area = float(self.mask.mean())
        return StaticObject(self.id, box, area, self.since_ns, self.last_ns, present, doubtful)


class StaticMap:
    """The static objects of one camera.

    Args:
        steady_s: how long something must stay the same before it is an object.
        min_area: smallest object, share of the frame.
        gone_s: how long its place must look otherwise before it is gone.
    """

    def __init__(
        self, *, steady_s: float = 3.0, min_area: float = 0.0003, gone_s: float = 1.5
    ) -> None:
        self._steady_s = steady_s
        self._min_area = min_area
        self._gone_s = gone_s
        self._things: list[_Thing] = []
        self._next_id = 1
        self._now_ns: int | None = None
        self._changed_s = 0.0
        self._back: Colour = np.zeros((0, 0, 3), np.float32)
        self._light = Light()

    def due(self, time_ns: int) -> bool:
        """True when the next sample is wanted at this frame."""
        return (
            self._now_ns is None
            or time_ns < self._now_ns
            or time_ns - self._now_ns >= _SAMPLE_S * NS_PER_S
        )

    def update(self, time_ns: int, picture: Bgr, movers: Sequence[Box]) -> tuple[StaticObject, ...]:
        """Take in a (H, W, 3) uint8 BGR picture.

        Args:
            time_ns: UTC of the frame.
            picture: the frame.
            movers: boxes of people, vehicles and animals; nothing is learned or judged there.
        """
        now = self._shrink(picture)
        if self._back.shape != now.shape:
            self._begin(now)
        seconds = 0.0 if self._now_ns is None else (time_ns - self._now_ns) / NS_PER_S
        seconds = min(max(seconds, 0.0), 2.0)
        self._now_ns = time_ns
        busy = self._busy(movers)
        limit = np.maximum(self._floor(), self._noise * _FACTOR)
        gain = self._light.gain(now, self._back, ~busy & (self._age_s <= 0), limit)
        back = self._back * gain
        signed = now - back
        change = _largest(now, back)
        front = (change > limit) & (self._known >= _KNOWN_S)
        judged = ~busy & (self._known >= _KNOWN_S)
        if self._is_other_picture(now, front & judged, judged, seconds):
            if self._changed_s >= _CHANGED_S:
                self._rebase(now)
            return tuple(thing.value(True) for thing in self._things)
        cv2.accumulateWeighted(back, self._back, seconds / _RELIGHT_S)
        self._learn(now, gain, signed, change, front, busy, seconds)
        self._age(now, front, busy, seconds, time_ns)
        gone = self._judge_known(front, judged, time_ns)
        gone += self._find_new(Scene(now, back, change, front, busy), time_ns)
        return tuple([thing.value(True) for thing in self._things] + gone)

    def _shrink(self, picture: Bgr) -> Colour:
        height, width = picture.shape[:2]
        size = (_GRID_WIDTH, max(round(height * _GRID_WIDTH / width), 1))
        # OpenCV has a quick way for halves only: three times as fast as one step of four.
        while width >= 2 * size[0] and width % 2 == 0 and height % 2 == 0:
            width, height = width // 2, height // 2
            picture = np.asarray(
                cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA), np.uint8
            )
        small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return cv2.GaussianBlur(small, (3, 3), 0).astype(np.float32)

    def _begin(self, now: Colour) -> None:
        shape = now.shape[:2]
        self._back = now.copy()
        self._noise = np.full(shape, 3.0, np.float32)
        self._known = np.zeros(shape, np.float32)  # seconds seen free and steady
        self._waited = np.zeros(shape, np.float32)  # seconds seen free, steady or not
        # For the first seconds whatever comes is taken for flicker: water, leaves.
        self._comes = np.full(shape, _AT_FIRST, np.float32)
        self._was_front = np.zeros(shape, bool)
        self._short = now.copy()
        self._age_s = np.zeros(shape, np.float32)
        self._born_ns = np.zeros(shape, np.int64)
        self._things = []

    def _busy(self, movers: Sequence[Box]) -> Mask:
        height, width = self._back.shape[:2]
        busy = np.zeros((height, width), bool)
        for box in movers:
            side, up = box.w * 0.15 + 0.006, box.h * 0.08 + 0.006
            top, bottom = max(box.y - up, 0), box.y + box.h + up
            left, right = max(box.x - side, 0), box.x + box.w + side
            busy[
                int(top * height) : int(np.ceil(bottom * height)),
                int(left * width) : int(np.ceil(right * width)),
            ] = True
        return busy

    def _floor(self) -> NDArray[np.float32]:
        """Least change that counts, by place."""
        grey = cv2.cvtColor(self._back, cv2.COLOR_BGR2GRAY)
        floor: NDArray[np.float32] = np.clip(np.float32(_CONTRAST) * grey, *_FLOOR)
        return floor

    def _is_other_picture(self, now: Colour, front: Mask, judged: Mask, seconds: float) -> bool:
        """Nothing is learned or judged while most of the picture, or its colour, is another."""
        # Where little is known yet, that little is not most of the picture.
        share = front.sum() / max(int(judged.sum()), judged.size // 2)
        other = share > _CHANGED_SHARE or lost_colour(now, self._back)
        self._changed_s = self._changed_s + seconds if other else 0.0
        return other

    def _rebase(self, now: Colour) -> None:
        """Day turned to night, or the camera was moved: begin anew, but keep the objects.

        What has not lain there long enough yet is kept with the age it had before the change.
        """
        kept, age_s, born_ns = self._things, self._age_s, self._born_ns
        covered = age_s >= _SAMPLE_S * 2
        for thing in kept:
            covered |= thing.mask
            age_s[thing.mask], born_ns[thing.mask] = self._steady_s, thing.since_ns
            thing.guessed = True
        self._begin(now)
        self._light.forget()
        self._changed_s = 0.0
        if covered.any():
            # What lies below an object is not visible; its surroundings are the best guess.
            hidden = cv2.dilate(covered.astype(np.uint8), _KERNEL, iterations=2)
            small = np.clip(now, 0, 255).astype(np.uint8)
            self._back = cv2.inpaint(small, hidden, 3, cv2.INPAINT_TELEA).astype(np.float32)
            self._known[hidden > 0] = _KNOWN_S
            self._things = kept
            self._age_s[covered], self._born_ns[covered] = age_s[covered], born_ns[covered]

    def _learn(
        self,
        now: Colour,
        gain: Colour,
        signed: Colour,
        change: NDArray[np.float32],
        front: Mask,
        busy: Mask,
        seconds: float,
    ) -> None:
        fresh = ~busy & (self._known < _KNOWN_S)
        if fresh.any():
            # Traffic that nobody has detected yet passes: what stood there was not the ground.
            passed = fresh & (change >= _STEADY) & (self._waited < _RESTLESS_S)
            self._known[passed] = 0
            self._waited[fresh] += seconds
            # The first free sample replaces whatever stood there before.
            weight = np.where(self._known[fresh] <= 0, 1.0, 0.4)[:, None]
            self._back[fresh] += weight * (now[fresh] / gain[fresh] - self._back[fresh])
            self._known[fresh] += max(seconds, 1e-3)
        calm = ~busy & ~front & ~fresh
        self._back += signed * _three(calm * np.float32(seconds / _LEARN_S))
        # A car that passes is no flicker: only what comes again is noise.
        self._comes *= np.float32(exp(-seconds / _COMES_S))
        self._comes += front & ~self._was_front
        self._was_front = front
        restless = front & ~busy & (self._age_s <= 0) & (self._comes >= _AGAIN)
        learns = (calm | restless) * np.float32(seconds / _NOISE_S)
        self._noise += learns * (change - self._noise)
        np.clip(self._noise, 2.0, 60.0, out=self._noise)

    def _age(self, now: Colour, front: Mask, busy: Mask, seconds: float, time_ns: int) -> None:
        step = now - self._short
        steady = cv2.inRange(step, (-_STEADY,) * 3, (_STEADY,) * 3) > 0
        free = ~busy
        begun = free & front & (self._age_s <= 0)
        self._born_ns[begun] = time_ns
        grown_s = (front & steady) * np.float32(3.0 * seconds) - np.float32(2.0 * seconds)
        self._age_s += grown_s * free
        self._age_s[begun & steady] = np.maximum(self._age_s[begun & steady], 1e-3)
        np.clip(self._age_s, 0, self._steady_s + 2.0, out=self._age_s)
        # Spots never seen free show their background when whatever hid them goes.
        ages = self._age_s > 0
        self._short += step * _three(free * (1 - np.float32(1 - _FOLLOW) * ages))

    def _judge_known(self, front: Mask, judged: Mask, time_ns: int) -> list[StaticObject]:
        gone = []
        for thing in list(self._things):
            visible = thing.mask & judged
            count = int(visible.sum())
            if count < 0.3 * thing.mask.sum():
                thing.last_ns = time_ns  # hidden: remembered, not gone
            elif (front & visible).sum() >= _PRESENT_SHARE * count:
                thing.last_ns = time_ns
            elif time_ns - thing.last_ns >= self._gone_s * NS_PER_S:
                self._things.remove(thing)
                gone.append(thing.value(False, doubtful=thing.guessed))
        return gone

    def _find_new(self, scene: Scene, time_ns: int) -> list[StaticObject]:
        """Add what has lain still for long enough; returns what turned out to be no thing."""
        known = np.zeros(self._age_s.shape, bool)
        for thing in self._things:
            known |= thing.mask
        ripe = ((self._age_s >= self._steady_s) & ~known).astype(np.uint8)
        if not ripe.any():
            return []
        joined = cv2.morphologyEx(ripe, cv2.MORPH_CLOSE, _KERNEL, iterations=2)
        count, labels = cv2.connectedComponents(joined)
        for number in range(1, count):
            mask = (labels == number) & (ripe > 0)
            if mask.mean() < self._min_area / 2:
                continue
            since_ns = int(np.median(self._born_ns[mask]))
            if self._grown(mask, since_ns):
                continue
            if mask.mean() < self._min_area:
                continue
            if not is_thing(scene, mask):
                self._absorb(mask, scene)
                continue
            self._things.append(_Thing(self._next_id, mask, since_ns, time_ns, int(mask.sum())))
            self._next_id += 1
        return self._judge_grown(scene)

    def _judge_grown(self, scene: Scene) -> list[StaticObject]:
        """A shadow that creeps over the ground begins as a small patch, too small to tell.

        So does ground that is bared little by little, as people step out of the way.
        """
        gone = []
        for thing in list(self._things):
            size = int(thing.mask.sum())
            splinter = size >= _SPLINTER * thing.judged
            if not splinter and size < max(_GROWN * thing.judged, _LARGE * thing.mask.size):
                continue
            thing.judged = size
            if not is_thing(scene, thing.mask):
                self._things.remove(thing)
                self._absorb(thing.mask & ~scene.busy, scene)
                gone.append(thing.value(False, doubtful=True))
        return gone

    def _grown(self, mask: Mask, since_ns: int) -> bool:
        around = cv2.dilate(mask.astype(np.uint8), _KERNEL, iterations=3) > 0
        for thing in self._things:
            soon = abs(since_ns - thing.since_ns) <= _JOIN_S * NS_PER_S
            fringe = mask.sum() < 0.25 * thing.mask.sum()
            if (soon or fringe) and (around & thing.mask).any():
                thing.mask |= mask
                return True
        return False

    def _absorb(self, mask: Mask, scene: Scene) -> None:
        # In the light of the background: what the light adds now it will not add later.
        self._back[mask] *= (scene.now[mask] + 1) / (scene.back[mask] + 1)
        self._age_s[mask] = 0


def _three(plane: NDArray[np.float32]) -> Colour:
    """The same for each channel; (H, W) to (H, W, 3), ten times as fast as broadcasting."""
    return np.asarray(cv2.merge([plane, plane, plane]), np.float32)


def _largest(one: Colour, other: Colour) -> NDArray[np.float32]:
    """Largest absolute difference of the three channels; by planes, ten times as fast as max."""
    blue, green, red = cv2.split(cv2.absdiff(one, other))
    return np.asarray(cv2.max(cv2.max(blue, green), red), np.float32)
