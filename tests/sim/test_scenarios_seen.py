"""One scenario of each behaviour and one negative through the real detectors."""

import pytest

from core.clock import NS_PER_S
from core.seeing import Phase, Sighting
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from sim.scenarios.base import FPS, START_NS, Play
from sim.scenarios.suite import find
from tests.model_cards import model_card

pytestmark = [pytest.mark.assets, pytest.mark.slow]


def _fired(play: Play) -> list[Sighting]:
    pipeline = CameraPipeline(play.camera, Engine(model_card("yolox-nano")), fps=FPS)
    return [
        sighting
        for frame, _ in play.pictures()
        for sighting in pipeline.process(frame).sightings
        if sighting.phase is Phase.FIRED
    ]


@pytest.mark.parametrize(
    "name", ["fishing/day/sits-bank", "dumping/day/cart-street", "occupation/day/car-street"]
)
def test_a_violation_is_seen_when_its_rule_is_fulfilled(name: str) -> None:
    play = find(name)[0].play()
    (told,) = _fired(play)
    (truth,) = play.truth
    assert (told.kind, told.zone) == (truth.kind, truth.zone)
    assert abs((told.fired_ns - START_NS) / NS_PER_S - truth.fulfilled_s) <= 4.0


def test_people_who_pass_are_no_violation() -> None:
    play = find("negative/walkers/bank")[0].again(1, 30.0, "day").play()
    assert play.truth == ()
    assert _fired(play) == []
