"""What the tests of behaviours share: scenes of tracks and things, played without pictures."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Phase, Sighting, Track
from detectors.background import StaticObject
from detectors.behaviours.actors import ActorLog
from detectors.behaviours.base import Behaviour, Moment
from detectors.behaviours.registry import behaviours_of
from tests.detectors.detector_kit import at, camera, track, zone

ASPECT = 16 / 9
SPOT = Box(0.5, 0.5, 0.05, 0.2)
BAG = Box(0.52, 0.66, 0.04, 0.05)
CAR = Box(0.4, 0.5, 0.2, 0.2)
Scene = Callable[[float], tuple[Iterable[Track], Iterable[StaticObject]]]


def behaviour(kind: str, **rule: object) -> Behaviour:
    return behaviours_of(camera(zone(kind, **rule)), "model@0")[0]


def play(judge: Behaviour, scene: Scene, last_s: float, *, hour_utc: int = 2) -> list[Sighting]:
    """Five frames a second from 0; the night of the site (UTC+8) is chosen by ``hour_utc``."""
    log, told = ActorLog(), []
    noon = datetime(2026, 9, 21, hour_utc, tzinfo=UTC).astimezone(ZoneInfo("Asia/Shanghai"))
    for t_s in np.arange(0, last_s, 0.2).tolist():
        tracks, statics = scene(t_s)
        tracks, statics = tuple(tracks), tuple(statics)
        log.note(at(t_s), tracks)
        told += judge.update(Moment(at(t_s), noon, ASPECT, tracks, statics, log))
    return told


def phases(told: list[Sighting]) -> list[Phase]:
    return [sighting.phase for sighting in told if sighting.phase is not Phase.CONTINUES]


def seconds(time_ns: int | None) -> float:
    assert time_ns is not None
    return (time_ns - at(0)) / NS_PER_S


def moved(box: Box, dx: float, dy: float = 0.0) -> Box:
    return Box(box.x + dx, box.y + dy, box.w, box.h)


def thing(
    box: Box,
    since_s: float,
    t_s: float,
    present: bool = True,
    number: int = 1,
    doubtful: bool = False,
):
    area = box.area * 0.8
    return StaticObject(number, box, area, at(since_s), at(t_s), present, doubtful)


def angler(t_s: float) -> tuple[list[Track], list[StaticObject]]:
    """Walks in for ten seconds, stays until 100, walks off to the left."""
    dx = min(0.0, (t_s - 10) * 0.05) - max(0.0, (t_s - 100) * 0.05)
    box = moved(SPOT, dx + 0.003 * np.sin(t_s))
    if box.x < -0.04:
        return [], []
    return [track(1, box, t_s, first_ns=at(0))], []


def dumper(t_s: float, label: str = "person", **of_thing: object):
    """Comes, is at the place from 5 to 12 s, leaves to the right; the bag is there from 8 s."""
    dx = min(0.0, t_s - 5) * 0.1 + max(0.0, t_s - 12) * 0.05
    body = moved(SPOT, dx)
    tracks = [track(1, body, t_s, label, first_ns=at(0))] if -0.05 < body.x < 0.98 else []
    statics = [thing(BAG, 8, t_s, **of_thing)] if t_s >= 12 else []
    return tracks, statics
