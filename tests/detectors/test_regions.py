"""Regions: what is small is looked at closely, and comes back to the frame in the right place."""

import cv2
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from core.geometry import Box
from core.seeing import Detections
from detectors import mosaic
from detectors.regions import WHOLE, merge, plan
from tests.detectors.detector_kit import found

FRAME, MODEL = (1080, 1920), (416, 416)


def test_large_things_need_one_look_at_the_whole() -> None:
    assert plan([Box(0.4, 0.2, 0.1, 0.5)], [], FRAME, MODEL).parts == (WHOLE,)


def test_nothing_to_attend_to_means_the_whole() -> None:
    assert plan([], [], FRAME, MODEL).whole


def test_a_small_walker_gets_a_crop_that_shows_it_larger() -> None:
    walker = Box(0.9, 0.1, 12 / 1920, 30 / 1080)
    (part,) = plan([walker], [], FRAME, MODEL).parts
    assert part.x <= walker.x
    assert part.x + part.w >= walker.x + walker.w
    assert part.w * 1920 < 416
    assert abs(part.w * 1920 - part.h * 1080) < 1


def test_two_small_walkers_far_apart_get_a_crop_each() -> None:
    far = [Box(0.05, 0.5, 0.02, 0.06), Box(0.9, 0.2, 0.02, 0.06)]
    chosen = plan(far, [], FRAME, MODEL)
    assert (len(chosen.parts), chosen.per_side, chosen.calls) == (2, 1, 2)


def test_small_things_all_over_are_a_mosaic() -> None:
    spread = [Box(x, y, 0.012, 0.04) for x in (0.05, 0.3, 0.6, 0.9) for y in (0.1, 0.7)]
    chosen = plan(spread, [], FRAME, MODEL)
    assert chosen.per_side > 1
    assert chosen.calls <= 2


def test_large_things_all_over_mean_the_whole() -> None:
    assert plan([Box(x, 0.5, 0.06, 0.4) for x in (0.1, 0.4, 0.8)], [], FRAME, MODEL).whole


def test_too_many_small_things_mean_the_whole() -> None:
    specks = [Box(x / 12, y / 12, 0.005, 0.01) for x in range(12) for y in range(12)]
    assert plan(specks, [], FRAME, MODEL).whole


boxes = st.builds(
    Box, st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.002, 0.1), st.floats(0.002, 0.1)
)


@given(
    st.lists(boxes, min_size=1, max_size=8),
    st.integers(0, 8),
    st.sampled_from([(1080, 1920), (360, 640), (720, 1280), (1920, 1080)]),
)
def test_parts_lie_in_the_frame_and_cover_what_is_attended(
    attended: list[Box], known: int, frame: tuple[int, int]
) -> None:
    chosen = plan(attended[:known], attended[known:], frame, MODEL)
    assert 1 <= chosen.calls <= 2
    for part in chosen.parts:
        assert part.x >= 0
        assert part.y >= 0
        assert part.x + part.w <= 1 + 1e-9
        assert part.y + part.h <= 1 + 1e-9
    for box in attended:
        x, y = box.centre
        assert any(p.x <= x <= p.x + p.w and p.y <= y <= p.y + p.h for p in chosen.parts)
    shown = chosen.pictures(np.zeros((*frame, 3), np.uint8), MODEL)
    assert len(shown) == chosen.calls
    for picture in shown:
        assert min(picture.shape[:2]) > 0


@given(st.integers(1, 12), st.sampled_from([2, 3]), st.data())
def test_a_mosaic_is_taken_apart_as_it_was_composed(
    count: int, per_side: int, data: st.DataObject
) -> None:
    """Each crop has a bright box; what is bright in the mosaic comes back to where it was."""
    inside = st.tuples(*[st.floats(0.2, 0.5)] * 2, *[st.floats(0.1, 0.3)] * 2)
    truth = [Box(*data.draw(inside)) for _ in range(count)]
    crops = []
    for box in truth:
        crop = np.zeros((200, 200, 3), np.uint8)
        x, y = round(box.x * 200), round(box.y * 200)
        crop[y : y + round(box.h * 200), x : x + round(box.w * 200)] = 255
        crops.append(crop)
    found = [bright(picture) for picture in mosaic.compose(crops, MODEL, per_side)]
    parts = mosaic.take_apart(found, count, MODEL, per_side)
    assert [len(part) for part in parts] == [1] * count
    for part, box in zip(parts, truth, strict=True):
        np.testing.assert_allclose(part.boxes[0], box, atol=0.03)


def bright(picture: np.ndarray) -> Detections:
    """A detector of white boxes on black."""
    mask = (picture.min(axis=2) > 128).astype(np.uint8)
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    side = picture.shape[0]
    return found(*(("person", 0.9, Box(*(row[:4] / side))) for row in stats[1:]))


def test_what_reaches_over_a_tile_counts_as_cut() -> None:
    over = found(("person", 0.9, Box(0.3, 0.1, 0.3, 0.2)))
    left, right = mosaic.take_apart([over], 2, MODEL, 2)
    assert len(right) == 0
    assert left.boxes[0, 0] + left.boxes[0, 2] >= 0.99


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
