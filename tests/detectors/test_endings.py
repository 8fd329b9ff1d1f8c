"""How an act ends, and how much is told of it: only what was seen."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from core.geometry import Box
from core.seeing import Ending, Phase
from detectors.behaviours.actors import ActorLog
from detectors.behaviours.base import Moment
from detectors.behaviours.registry import behaviours_of
from tests.detectors.behaviour_kit import (
    ASPECT,
    CAR,
    SPOT,
    angler,
    behaviour,
    dumper,
    moved,
    phases,
    play,
    seconds,
)
from tests.detectors.detector_kit import at, camera, track, zone


def test_fishing_ends_within_five_seconds_of_leaving_the_zone() -> None:
    left_half = zone("fishing", [[0.4, 0], [1, 0], [1, 1], [0.4, 1]], dwell_s=30)
    told = play(behaviours_of(camera(left_half))[0], angler, 130)
    # the foot point crosses x = 0.4 at 102.5 s
    assert 102.5 <= seconds(told[-1].ended_ns) <= 107.5
    assert told[-1].ending is Ending.LEFT_ZONE


@pytest.mark.parametrize(
    ("speed", "spot", "how"),
    [
        (0.05, SPOT, Ending.LEFT_PICTURE),
        (0.0, SPOT, Ending.LOST),  # vanished where it sat
        (0.05, moved(SPOT, 0.3), Ending.LOST),  # on the way, far from the edge
        (0.0, Box(0.0, 0.5, 0.05, 0.2), Ending.LOST),  # sat at the edge all the time
    ],
)
def test_how_an_angler_went_is_told_only_where_it_was_seen(
    speed: float, spot: Box, how: Ending
) -> None:
    def goes(t_s: float):
        box = moved(spot, -max(0.0, t_s - 50) * speed)
        gone = t_s > 60.2
        box = Box(max(box.x, 0.0), box.y, box.w, box.h)
        return [] if gone else [track(1, box, t_s, first_ns=at(0))], []

    told = play(behaviour("fishing", dwell_s=30), goes, 80)
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    assert told[-1].ending is how
    assert told[0].ending is None


def test_a_schedule_that_ends_ends_the_act() -> None:
    rule = zone("fishing", dwell_s=10, schedule={"hours": [{"start": "09:00", "end": "11:00"}]})
    judge, log = behaviours_of(camera(rule))[0], ActorLog()
    told = []
    for t_s in range(40):
        local = datetime(2026, 9, 21, 10 if t_s < 20 else 11, tzinfo=ZoneInfo("Asia/Shanghai"))
        seen = (track(1, SPOT, t_s, first_ns=at(0)),)
        told += judge.update(Moment(at(t_s), local, ASPECT, seen, (), log))
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    assert seconds(told[-1].ended_ns) == 20
    assert told[-1].ending is Ending.ALLOWED


def test_a_broken_time_tells_nothing_of_how_it_ended() -> None:
    judge = behaviour("fishing", dwell_s=30)
    assert phases(play(judge, angler, 60)) == [Phase.FIRED]
    (ended,) = judge.interrupt()
    assert (ended.phase, ended.ending) == (Phase.ENDED, None)


@pytest.mark.parametrize("doubtful", [False, True])
def test_dumping_ends_when_the_thing_is_removed(doubtful: bool) -> None:
    def cleaned(t_s: float):
        tracks, statics = dumper(t_s, doubtful=doubtful)
        return tracks, [replace(s, present=t_s < 50, last_ns=at(min(t_s, 50))) for s in statics
                        if t_s <= 50.1]  # fmt: skip

    told = play(behaviour("dumping", settle_s=10), cleaned, 60)
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    assert seconds(told[-1].ended_ns) == pytest.approx(50, abs=0.3)
    assert told[-1].ending is (Ending.LOST if doubtful else Ending.THING_GONE)


@pytest.mark.parametrize(
    ("speed", "edge", "how"),
    [(0.1, 0.6, Ending.LEFT_ZONE), (0.1, 1.0, Ending.MOVED), (0.0, 1.0, Ending.LOST)],
)
def test_how_a_vehicle_went_is_told_only_where_it_was_seen(
    speed: float, edge: float, how: Ending
) -> None:
    def parks(t_s: float):
        box = moved(CAR, min(0, t_s - 5) * 0.1 + min(0.3, max(0, t_s - 80) * speed))
        shown = t_s < 80 or speed > 0
        return ([track(1, box, t_s, "car", first_ns=at(0))] if shown else []), []

    place = zone("occupation", [[0, 0], [edge, 0], [edge, 1], [0, 1]], limit_s=60)
    told = play(behaviours_of(camera(place))[0], parks, 100)
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    assert told[-1].ending is how
