"""Things that belong together, and patches that are no things."""

import numpy as np

from core.geometry import Box
from detectors.appearance import Scene, is_thing
from detectors.background import StaticObject
from detectors.behaviours.heaps import Heaps
from tests.detectors.detector_kit import at

ASPECT = 16 / 9
LEFT, RIGHT = Box(0.40, 0.5, 0.05, 0.08), Box(0.46, 0.5, 0.05, 0.08)


def thing(number: int, box: Box, since_s: float, last_s: float) -> StaticObject:
    return StaticObject(number, box, box.area, at(since_s), at(last_s), True)


def test_pieces_side_by_side_are_one_heap_since_the_first() -> None:
    parts = [thing(1, LEFT, 5, 20), thing(2, RIGHT, 9, 20)]
    (heap,) = Heaps().of(at(20), parts, ASPECT)
    assert heap.ids == (1, 2)
    assert heap.since_ns == at(5)
    assert heap.grown_ns == at(9)
    assert heap.lost_ns == 0


def test_what_came_much_later_is_another_heap() -> None:
    parts = [thing(1, LEFT, 5, 60), thing(2, RIGHT, 50, 60)]
    assert [heap.ids for heap in Heaps().of(at(60), parts, ASPECT)] == [(1,), (2,)]


def test_a_cart_that_left_is_remembered_for_a_while() -> None:
    heaps = Heaps()
    heaps.of(at(10), [thing(1, LEFT, 5, 10)], ASPECT)
    (heap,) = heaps.of(at(12), [thing(2, RIGHT, 9, 12)], ASPECT)
    assert heap.ids == (1, 2)
    assert heap.lost_ns == at(10)
    assert [it.ids for it in heaps.of(at(30), [thing(2, RIGHT, 9, 30)], ASPECT)] == [(2,)]


def scene(now: np.ndarray, back: np.ndarray) -> tuple[Scene, np.ndarray]:
    change = np.abs(now - back).max(axis=2).astype(np.float32)
    front = change > 15
    return Scene(now, back, change, front, np.zeros_like(front)), front


def test_a_bag_is_a_thing_and_what_it_bared_is_not() -> None:
    ground = np.full((90, 160, 3), 120, np.float32)
    bag = ground.copy()
    bag[40:52, 70:84] = (40, 60, 30)
    assert is_thing(*scene(bag, ground))
    assert not is_thing(*scene(ground, bag))


def test_a_soft_shadow_is_no_thing() -> None:
    grain = np.random.default_rng(3).normal(120, 6, (90, 160, 1))
    ground = grain.repeat(3, axis=2).astype(np.float32)
    y, x = np.mgrid[:90, :160]
    shade = 1 - 0.3 * np.exp(-((x - 80) ** 2 + (y - 45) ** 2) / 600.0)
    assert not is_thing(*scene((ground * shade[..., None]).astype(np.float32), ground))
