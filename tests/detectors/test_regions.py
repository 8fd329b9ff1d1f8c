"""Regions: what is small is looked at closely, and comes back to the frame in the right place."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.geometry import Box
from detectors.regions import WHOLE, merge, plan
from tests.detectors.detector_kit import found

FRAME, MODEL = (1080, 1920), (416, 416)


def test_large_things_need_one_look_at_the_whole() -> None:
    assert plan([Box(0.4, 0.2, 0.1, 0.5)], FRAME, MODEL).parts == (WHOLE,)


def test_nothing_to_attend_to_means_the_whole() -> None:
    assert plan([], FRAME, MODEL).whole


def test_a_small_walker_gets_a_crop_that_shows_it_larger() -> None:
    walker = Box(0.9, 0.1, 12 / 1920, 30 / 1080)
    (part,) = plan([walker], FRAME, MODEL).parts
    assert part.x <= walker.x
    assert part.x + part.w >= walker.x + walker.w
    assert part.w * 1920 < 416
    assert abs(part.w * 1920 - part.h * 1080) < 1


def test_small_things_all_over_mean_the_whole() -> None:
    spread = [Box(x, 0.5, 0.01, 0.03) for x in (0.05, 0.35, 0.65, 0.95)]
    assert plan(spread, FRAME, MODEL).whole


boxes = st.builds(
    Box, st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.002, 0.1), st.floats(0.002, 0.1)
)


@given(
    st.lists(boxes, min_size=1, max_size=8),
    st.sampled_from([(1080, 1920), (360, 640), (720, 1280), (1920, 1080)]),
)
def test_parts_lie_in_the_frame_and_cover_what_is_attended(
    attended: list[Box], frame: tuple[int, int]
) -> None:
    chosen = plan(attended, frame, MODEL)
    assert 1 <= len(chosen.parts) <= 2
    for part in chosen.parts:
        assert part.x >= 0
        assert part.y >= 0
        assert part.x + part.w <= 1 + 1e-9
        assert part.y + part.h <= 1 + 1e-9
    for box in attended:
        x, y = box.centre
        assert any(p.x <= x <= p.x + p.w and p.y <= y <= p.y + p.h for p in chosen.parts)
    for cut in chosen.cut(np.zeros((*frame, 3), np.uint8)):
        assert min(cut.shape[:2]) > 0


def test_merge_places_boxes_and_removes_doubles() -> None:
    left, right = Box(0, 0, 0.6, 1), Box(0.4, 0, 0.6, 1)
    same_in_left = ("person", 0.9, Box(0.75, 0.4, 0.1, 0.2))
    same_in_right = ("person", 0.8, Box((0.45 - 0.4) / 0.6, 0.4, 0.1, 0.2))
    merged = merge((left, right), [found(same_in_left), found(same_in_right)])
    assert len(merged) == 1
    np.testing.assert_allclose(merged.boxes, [[0.45, 0.4, 0.06, 0.2]], atol=1e-6)


def test_what_a_crop_cuts_is_left_out_unless_the_frame_cuts_it() -> None:
    part = Box(0, 0.2, 0.5, 0.5)
    at_frame, at_crop = Box(0, 0.3, 0.1, 0.3), Box(0.9, 0.3, 0.1, 0.3)
    merged = merge((part,), [found(("person", 0.9, at_frame), ("person", 0.9, at_crop))])
    np.testing.assert_allclose(merged.boxes, [[0, 0.35, 0.05, 0.15]], atol=1e-6)


def test_a_car_called_truck_as_well_is_one() -> None:
    box = Box(0.3, 0.3, 0.2, 0.2)
    merged = merge((WHOLE,), [found(("car", 0.6, box), ("truck", 0.7, box), ("person", 0.5, box))])
    assert merged.labels == ("truck", "person")
