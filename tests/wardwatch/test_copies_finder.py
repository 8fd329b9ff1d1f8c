"""The real model looks closely for whom to mask."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from core.config.load import load
from tests.model_cards import model_card
from wardwatch.copies import finder_of

DEMO = Path(__file__).parents[2] / "configs" / "demo"
MOMENT_MS = 13_500
"""A woman stands with her back to the camera, from 0.50 to 0.67 of the width."""


@pytest.mark.assets
def test_a_person_is_found_whole_and_when_small(assets: Path) -> None:
    card = model_card("yolox-nano")
    site = load(DEMO)
    analysis = site.analysis.model_copy(update={"model": card.name, "threads": 1})
    finder = finder_of(site.model_copy(update={"analysis": analysis}))
    assert (finder.model, finder.sha256) == (card.name, card.sha256)
    film = cv2.VideoCapture(str(assets / "video" / "one-by-one-person-detection.mp4"))
    film.set(cv2.CAP_PROP_POS_MSEC, MOMENT_MS)
    _, picture = film.read()
    film.release()
    best = max(
        (one for one in finder.find(picture) if one.group == "people"), key=lambda one: one.score
    )
    assert best.score > 0.6
    assert abs(best.box.x + best.box.w / 2 - 0.58) < 0.05
    assert best.box.h > 0.75
    # A fifth of the size in a corner of a large picture: the parts show her.
    large = np.full((1080, 1920, 3), 200, np.uint8)
    small = cv2.resize(picture, (192, 108), interpolation=cv2.INTER_AREA)
    large[900:1008, 1500:1692] = small
    people = [one.box for one in finder.find(large) if one.group == "people"]
    x, y = (1500 + 0.58 * 192) / 1920, (900 + 0.45 * 108) / 1080
    assert any(b.x < x < b.x + b.w and b.y < y < b.y + b.h for b in people)
