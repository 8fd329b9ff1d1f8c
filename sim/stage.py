"""The stage: one scene in front of one camera, drawn layer by layer from far to near."""

import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import inf

import cv2
import numpy as np

from core.geometry import Box
from core.seeing import Kind
from core.video import Bgr
from sim.actors import Actor, Vehicle
from sim.base import ScenePicture, TruthEvent, TruthObject
from sim.draw.lens import Lens, Shake
from sim.draw.plants import Swaying
from sim.draw.sprite import Sprite
from sim.draw.view import View
from sim.draw.water import Water
from sim.draw.weather import Grain, Night, Rain, headlights

_LEAST_SEEN = 0.12
"""A thing of which less than this share can be seen is not in the truth."""


def generator(seed: int, purpose: str) -> np.random.Generator:
    """A stream of chance of its own for each purpose, so that one never shifts another."""
    return np.random.default_rng([seed, zlib.crc32(purpose.encode())])


@dataclass
class Passing:
    """A stream of passers-by: the next enters at ``next_s``, the others after random pauses.

    Attributes:
        make: makes one actor with its script.
        pause_s: shortest and longest pause between two.
    """

    make: Callable[[np.random.Generator], Actor]
    next_s: float
    pause_s: tuple[float, float]
    rng: np.random.Generator


@dataclass
class Plant:
    x: float
    z: float
    swaying: Swaying


@dataclass
class Shower:
    """Rain between two scene times, swelling and fading over five seconds."""

    first_s: float = 0.0
    last_s: float = inf
    strength: float = 0.7

    def at(self, t_s: float) -> float:
        if self.first_s <= 0 and self.last_s == inf:
            return self.strength
        edge = min((t_s - self.first_s) / 5.0, (self.last_s - t_s) / 5.0, 1.0)
        return self.strength * max(0.0, edge)


@dataclass(eq=False)
class Stage:
    """A scene: see :class:`sim.base.Scene`. Built by the functions of ``sim/scenes``.

    ``hear`` and ``visit`` may be called from other threads; they take effect with the next
    picture.

    Attributes:
        background: (H, W, 3) uint8, all that never changes.
        grain: noise of the sensor; None gives clean pictures.
        lenses: what changes the whole picture, in this order.
        shake: how the camera trembles.
    """

    name: str
    view: View
    fps: float
    seed: int
    background: Bgr
    water: Water | None = None
    plants: tuple[Plant, ...] = ()
    actors: list[Actor] = field(default_factory=list)
    passing: list[Passing] = field(default_factory=list)
    rain: Rain | None = None
    showers: tuple[Shower, ...] = ()
    night: Night | None = None
    grain: Grain | None = None
    lenses: tuple[Lens, ...] = ()
    shake: Shake | None = None

    size: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.size = self.view.size
        self._index = 0
        self._heard: deque[float] = deque()
        self._visits: deque[None] = deque()
        self._events: list[TruthEvent] = []
        self._ids = 0
        self._weather = generator(self.seed, f"{self.name} weather")
        for actor in self.actors:
            self._number(actor)

    @property
    def now_s(self) -> float:
        """Scene time of the picture that is being prepared (or was drawn last)."""
        return self._index / self.fps

    @property
    def events(self) -> list[TruthEvent]:
        """What has happened so far, oldest first."""
        return list(self._events)

    def hear(self, seconds: float) -> None:
        """A warning of that length has just ended at this camera's loudspeaker."""
        self._heard.append(seconds)

    def visit(self) -> None:
        """An officer has come to the place and deals with whoever is in the act."""
        self._visits.append(None)

    def enter(self, actor: Actor) -> None:
        self._number(actor)
        self.actors.append(actor)

    def begin(self, kind: Kind, actor: Actor) -> None:
        self._events.append(TruthEvent(kind, actor.id, self.now_s))

    def finish(self, actor: Actor) -> None:
        for event in self._events:
            if event.actor == actor.id and event.end_s is None:
                event.end_s = self.now_s

    def step(self) -> ScenePicture:
        """Draw the next picture; scene time moves on by 1/fps."""
        self.play()
        picture, objects = self._draw(self.now_s)
        done = ScenePicture(self._index, self.now_s, picture, objects)
        self.turn()
        return done

    def play(self) -> None:
        """Let everybody act up to the picture that is being prepared, without drawing it."""
        self._listen()
        for stream in self.passing:
            if self.now_s >= stream.next_s:
                self.enter(stream.make(stream.rng))
                stream.next_s = self.now_s + float(stream.rng.uniform(*stream.pause_s))
        for actor in list(self.actors):
            actor.advance(self, 1 / self.fps)
        self.actors = [actor for actor in self.actors if not actor.gone]

    def turn(self) -> None:
        """On to the next picture."""
        self._index += 1

    def _number(self, actor: Actor) -> None:
        self._ids += 1
        actor.id = self._ids

    def _listen(self) -> None:
        while self._heard:
            self._heard.popleft()
            for event, actor in self._in_the_act():
                actor.hear(event, self.now_s)
        while self._visits:
            self._visits.popleft()
            for _, actor in self._in_the_act():
                actor.meet(self.now_s)

    def _in_the_act(self) -> list[tuple[TruthEvent, Actor]]:
        return [
            (event, actor)
            for event in self._events
            for actor in self.actors
            if actor.id == event.actor and event.end_s is None
        ]

    def _draw(self, t_s: float) -> tuple[Bgr, tuple[TruthObject, ...]]:
        picture = self.background.copy()
        if self.water:
            self.water.draw(picture, t_s)
        shown: list[tuple[float, float, Sprite, Actor | None]] = [
            (plant.x, plant.z, plant.swaying.at(t_s), None) for plant in self.plants
        ]
        shown += [
            (actor.x, actor.z, actor.sprite(self.view, t_s), actor)
            for actor in self.actors
            if actor.visible
        ]
        shown.sort(key=lambda item: -item[1])
        for x, z, sprite, actor in shown:
            light = self.night.at(x, z) if self.night else 1.0
            sprite.paste(picture, self._foot(x, z, actor), light)
            if self.night and isinstance(actor, Vehicle):
                side = -1 if actor.left else 1
                nose = (actor.x + side * actor.length_m * 0.48, actor.z)
                headlights(picture, self.view, nose, actor.left)
        if self.rain:
            strength = max((shower.at(t_s) for shower in self.showers), default=0.0)
            if strength > 0:
                self.rain.draw(picture, self._weather, strength)
        for lens in self.lenses:
            picture = lens.through(picture, t_s)
        if self.grain:
            self.grain.draw(picture, self._weather)
        objects = self._truth(shown)
        if self.shake:
            picture, (dx, dy) = self.shake.move(picture, t_s)
            objects = [
                replace(thing, box=thing.box._replace(x=thing.box.x + dx, y=thing.box.y + dy))
                for thing in objects
            ]
        return picture, tuple(objects)

    def _foot(self, x: float, z: float, actor: Actor | None) -> tuple[float, float]:
        return self.view.px(x, z, actor.lift if actor else 0.0)

    def _truth(self, shown: list[tuple[float, float, Sprite, Actor | None]]) -> list[TruthObject]:
        placed = [(*sprite.place(self._foot(x, z, actor)), sprite) for x, z, sprite, actor in shown]
        objects = []
        for order, (_, _, _, actor) in enumerate(shown):
            if actor is None:
                continue
            box = _visible(placed[order], placed[order + 1 :], self.size)
            if box:
                objects.append(TruthObject(actor.id, actor.label, box))
        return sorted(objects, key=lambda thing: thing.id)


_Placed = tuple[int, int, Sprite]


def _visible(own: _Placed, nearer: list[_Placed], size: tuple[int, int]) -> Box | None:
    """The box around what can be seen of a sprite behind others and inside the picture."""
    left, top, sprite = own
    ex, ey, ew, eh = sprite.extent
    x0, y0 = max(left + ex, 0), max(top + ey, 0)
    x1, y1 = min(left + ex + ew, size[0]), min(top + ey + eh, size[1])
    if x0 >= x1 or y0 >= y1:
        return None
    whole = cv2.countNonZero(sprite.body)
    mask = sprite.body[y0 - top : y1 - top, x0 - left : x1 - left]
    copied = False
    for other_left, other_top, other in nearer:
        ox, oy, ow, oh = other.extent
        a0, b0 = max(other_left + ox, x0), max(other_top + oy, y0)
        a1, b1 = min(other_left + ox + ow, x1), min(other_top + oy + oh, y1)
        if a0 >= a1 or b0 >= b1:
            continue
        if not copied:
            mask, copied = mask.copy(), True
        cover = other.body[b0 - other_top : b1 - other_top, a0 - other_left : a1 - other_left]
        mask[b0 - y0 : b1 - y0, a0 - x0 : a1 - x0][cover > 0] = 0
    if cv2.countNonZero(mask) < _LEAST_SEEN * whole:
        return None
    bx, by, bw, bh = cv2.boundingRect(mask)
    wide, high = size
    return Box((x0 + bx) / wide, (y0 + by) / high, bw / wide, bh / high)
