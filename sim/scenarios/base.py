"""One scenario: an act at a place in a weather, with the camera's rules and the truth."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import cv2
import numpy as np

from core.clock import NS_PER_S
from core.config.cameras import Camera
from core.config.zones import Zone
from core.seeing import Kind
from core.video import Frame
from sim.base import ScenePicture
from sim.scenarios import weather
from sim.scenarios.call import Call
from sim.scenarios.places import Area, Ground, Place, place
from sim.scenarios.truth import Diary, Violation
from sim.stage import Stage

FPS = 5.0
START_NS = 1_790_000_000 * NS_PER_S
"""UTC of a scenario's first picture."""
RULES: dict[Kind, dict[str, Any]] = {
    Kind.FISHING: {"kind": "fishing", "dwell_s": 20.0},
    Kind.DUMPING: {"kind": "dumping", "settle_s": 10.0},
    Kind.OCCUPATION: {"kind": "occupation", "limit_s": 30.0},
}
"""The rules of every scenario's zones: the product's own, with waits that can be sat through."""
_ENTERS_S = (7.0, 10.0)
_AFTER_S = 10.0
_LONGEST_S = 180.0
_QUIET_S = 60.0

Act = Callable[[Call], None]


@dataclass(frozen=True)
class Scenario:
    """A scripted scene; the same scenario and seed give the same pictures.

    Attributes:
        id: e.g. ``fishing/night/sits-bank-2``.
        kind: the violation it plays; None for what is no violation.
        condition: column of the table: a key of :data:`sim.scenarios.weather.GROUPS`, or for
            negatives the name of the act.
        act: the script.
        place: name of the place.
        weather: a value of :data:`sim.scenarios.weather.GROUPS`.
        seed: everything that chance decides.
        seconds: length; None lets a violation play until ten seconds after the last rule is
            fulfilled, and anything else for a minute.
        every_s: a long play has the act again and again, so many seconds apart.
    """

    id: str
    kind: Kind | None
    condition: str
    act: Act
    place: str
    weather: str
    seed: int
    seconds: float | None = None
    every_s: float | None = None

    def play(self) -> "Play":
        """Set the stage."""
        return Play(self)

    def again(
        self, number: int, seconds: float | None = None, weather_name: str | None = None
    ) -> "Scenario":
        """A variation of it: another seed, and another length and weather if wanted."""
        return replace(
            self,
            id=f"{self.id}@{number}",
            seed=zlib.crc32(f"{self.id} {number}".encode()) & 0x7FFFFFFF,
            seconds=seconds,
            weather=weather_name or self.weather,
        )


class Play:
    """One performance of a scenario: camera, truth, pictures."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario

    @cached_property
    def place(self) -> Place:
        """The place before this scenario's camera."""
        rng = self._chance("place")
        small = self.scenario.weather == "small"
        return place(self.scenario.place, self.scenario.seed, rng, small)

    @cached_property
    def camera(self) -> Camera:
        """The camera with its zones."""
        zones = [
            {
                "id": area.name,
                "name": {"zh": area.name, "en": area.name},
                "polygon": {"points": self.place.view.normal(area.corners())},
                "rule": RULES[area.kind],
            }
            for area in self.place.areas
        ]
        return Camera.model_validate(
            {
                "id": "scenario",
                "name": {"zh": "场景", "en": "scenario"},
                "streams": {"main": "rtsp://127.0.0.1/main"},
                "zones": zones,
            }
        )

    @property
    def zones(self) -> tuple[Zone, ...]:
        return self.camera.zones

    @cached_property
    def truth(self) -> tuple[Violation, ...]:
        """What violates the rules of the zones in this scenario, from a run without drawing."""
        return self._rehearsal[0]

    @property
    def seconds(self) -> float:
        """How long it plays."""
        return self._rehearsal[1]

    def pictures(self) -> Iterator[tuple[Frame, ScenePicture]]:
        """The frames as a camera's analysis stream would give them, with what is in them."""
        stage = self._stage(drawn=True)
        for index in range(round(self.seconds * FPS)):
            shown = stage.step()
            yield frame_of(shown, index), shown

    @cached_property
    def _rehearsal(self) -> tuple[tuple[Violation, ...], float]:
        stage, diary = self._stage(drawn=False), Diary()
        wanted = self.scenario.seconds
        if wanted is None and self.scenario.kind is None:
            wanted = _QUIET_S
        longest = _LONGEST_S if wanted is None else wanted
        for _ in range(round(longest * FPS)):
            stage.play()
            diary.note(stage.now_s, stage.actors)
            stage.turn()
        truth = diary.violations(self.zones, self.place.view)
        if wanted is None:
            own = [one.fulfilled_s for one in truth if one.kind is self.scenario.kind]
            wanted = min(max(own, default=_QUIET_S) + _AFTER_S, longest)
        return tuple(one for one in truth if one.fulfilled_s <= wanted - 1.0), wanted

    def _stage(self, drawn: bool) -> Stage:
        """A fresh stage; the same every time."""
        scenario, rng = self.scenario, self._chance("act")
        kind = scenario.kind
        area = (
            self.place.area(kind)
            if kind
            else self.place.areas[scenario.seed % len(self.place.areas)]
        )
        spot = _in(area, rng)
        stage = weather.build(
            scenario.id, self.place, scenario.seed, FPS, scenario.weather,
            self._chance("weather"), spot, drawn,
        )  # fmt: skip
        at_s, dark = float(rng.uniform(*_ENTERS_S)), scenario.weather in weather.DARK
        scenario.act(Call(stage, self.place, rng, spot, at_s, dark))
        if scenario.every_s is not None and scenario.seconds is not None:
            for later_s in np.arange(at_s, scenario.seconds, scenario.every_s)[1:]:
                call = Call(stage, self.place, rng, _in(area, rng), float(later_s), dark)
                scenario.act(call)
        return stage

    def _chance(self, purpose: str) -> np.random.Generator:
        return np.random.default_rng([self.scenario.seed, zlib.crc32(purpose.encode())])


def _in(area: Area, rng: np.random.Generator) -> Ground:
    return float(rng.uniform(*area.spots[0])), float(rng.uniform(*area.spots[1]))


def frame_of(shown: ScenePicture, index: int) -> Frame:
    """A drawn picture as a decoded one: its own luma plane, colour on request."""
    planar = cv2.cvtColor(shown.picture, cv2.COLOR_BGR2YUV_I420)
    luma = np.asarray(planar[: shown.picture.shape[0]], np.uint8)
    time_ns = START_NS + round(shown.t_s * NS_PER_S)
    return Frame("scenario", time_ns, index, luma, shown.picture.copy)
