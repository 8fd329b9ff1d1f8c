"""The scenario suite holds what it promises: every cell, true truths, the same pictures twice."""

import hashlib
from collections import Counter

import numpy as np
import pytest

from core.config.zones import DumpingRule, FishingRule, OccupationRule
from core.seeing import Kind
from sim.errors import UnknownSceneError
from sim.scenarios.base import FPS, Scenario
from sim.scenarios.suite import SUITE, find
from sim.scenarios.weather import GROUPS

_VIOLATIONS = [one for one in SUITE if one.kind is not None]
_NEGATIVES = [one for one in SUITE if one.kind is None]


def _wait_s(rule: FishingRule | DumpingRule | OccupationRule) -> float:
    if isinstance(rule, FishingRule):
        return rule.dwell_s
    return rule.settle_s if isinstance(rule, DumpingRule) else rule.limit_s


def test_the_suite_has_every_behaviour_in_every_condition() -> None:
    assert len(SUITE) >= 80
    assert len({one.id for one in SUITE}) == len(SUITE)
    assert len({one.seed for one in SUITE}) == len(SUITE)
    cells = Counter((one.kind, one.condition) for one in _VIOLATIONS)
    assert all(cells[kind, condition] >= 2 for kind in Kind for condition in GROUPS)
    for one in _VIOLATIONS:
        assert one.weather in GROUPS[one.condition], one.id
    weathers = {name for group in GROUPS.values() for name in group}
    assert {one.weather for one in SUITE} <= weathers
    wanted = "walkers joggers parked stops traffic birds ducks wood cleaner rests dogs waits empty"
    assert {one.condition for one in _NEGATIVES} == set(wanted.split())


@pytest.mark.parametrize("kind", list(Kind))
def test_violations_fulfil_their_rule_and_no_other(kind: Kind) -> None:
    for one in (one for one in _VIOLATIONS if one.kind is kind):
        play = one.play()
        assert play.truth, f"{one.id} plays no violation"
        for violation in play.truth:
            assert violation.kind is kind, one.id
            zone = play.camera.zone(violation.zone)
            assert zone is not None
            assert zone.rule.kind is kind
            waited_s = violation.fulfilled_s - violation.begins_s
            assert waited_s >= _wait_s(zone.rule) - 1e-6, one.id
            assert violation.fulfilled_s <= play.seconds - 1.0, one.id
            assert violation.ends_s is None, f"{one.id}: it ends before it could be reported"


def test_negatives_violate_nothing_however_they_are_varied() -> None:
    for number, one in enumerate(_NEGATIVES):
        assert one.play().truth == (), one.id
        longer = one.again(number, 180.0, "day")
        assert longer.play().truth == (), longer.id


def test_actors_of_the_truth_are_drawn_in_their_zone() -> None:
    for name in ("fishing/crowd/sits-bank", "dumping/small/truck-lane", "occupation/night/car-str"):
        play = find(name)[0].play()
        violation = play.truth[0]
        zone = play.camera.zone(violation.zone)
        shown = next(
            shown for _, shown in play.pictures() if shown.t_s >= violation.fulfilled_s - 1e-6
        )
        boxes = [thing.box for thing in shown.objects if thing.id in violation.actors]
        assert boxes, name
        assert zone is not None
        assert zone.polygon.contains(boxes[0].foot), name


@pytest.mark.parametrize(
    "name", ["fishing/shake/sits-bank", "dumping/night/bag-market", "negative/birds/yard"]
)
def test_a_scenario_gives_the_same_pictures_every_time(name: str) -> None:
    assert _pictures(find(name)[0]) == _pictures(find(name)[0])


def _pictures(scenario: Scenario) -> list[str]:
    digests = []
    for frame, shown in scenario.play().pictures():
        if frame.index % 30 == 0:
            digests.append(hashlib.sha256(shown.picture.tobytes()).hexdigest())
        if frame.index == 90:
            break
    return digests


def test_variations_differ_in_their_pictures() -> None:
    first = find("negative/empty/yard")[0]
    one, other = first.again(1, 30.0, "day"), first.again(2, 30.0, "day")
    assert one.id != other.id
    assert one.play().seconds == 30.0
    assert _pictures(one) != _pictures(other)


def test_frames_are_those_of_an_analysis_stream() -> None:
    play = find("dumping/light/bag-street-exposure")[0].play()
    pictures = play.pictures()
    (first, shown), (second, _) = next(pictures), next(pictures)
    assert (first.width, first.height) == (1280, 720)
    assert second.time_ns - first.time_ns == round(1e9 / FPS)
    assert np.array_equal(first.to_bgr(), shown.picture)
    # A decoder's luma has the television range, 16 to 235.
    assert 14 <= int(first.luma.min()) < int(first.luma.max()) <= 237


def test_an_unknown_scenario_is_named() -> None:
    with pytest.raises(UnknownSceneError, match="no scenario matches 'skating'"):
        find("skating")
