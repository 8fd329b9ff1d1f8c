"""The static-object map: what was put down stays until it is taken away."""

from collections.abc import Callable, Sequence

import cv2
import numpy as np
import pytest

from core.geometry import Box
from detectors.background import StaticMap, StaticObject
from tests.detectors.detector_kit import at

W, H = 320, 180
BAG = Box(150 / W, 100 / H, 16 / W, 14 / H)


def ground(seed: int = 1) -> np.ndarray:
    rough = np.random.default_rng(seed).integers(70, 170, (23, 40, 3)).astype(np.uint8)
    return cv2.resize(rough, (W, H), interpolation=cv2.INTER_CUBIC)


GROUND = ground()


def with_bag(picture: np.ndarray = GROUND, box: Box = BAG, colour: int = 20) -> np.ndarray:
    picture = picture.copy()
    left, top = round(box.x * W), round(box.y * H)
    picture[top : top + round(box.h * H), left : left + round(box.w * W)] = colour
    return picture


def watch(
    things: StaticMap,
    first_s: float,
    last_s: float,
    picture: np.ndarray | Callable[[float], np.ndarray],
    movers: Sequence[Box] = (),
    noise: float = 2.0,
) -> list[tuple[StaticObject, ...]]:
    rng = np.random.default_rng(round(first_s * 10))
    grain = rng.normal(0, noise, (4, H, W, 3))
    seen = []
    for step, t_s in enumerate(np.arange(first_s, last_s, 0.4)):
        drawn = picture(t_s) if callable(picture) else picture
        noisy = np.clip(drawn + grain[step % 4], 0, 255).astype(np.uint8)
        seen.append(things.update(at(float(t_s)), noisy, movers))
    return seen


@pytest.fixture
def things() -> StaticMap:
    made = StaticMap()
    assert not any(watch(made, 0, 12, GROUND)), "the scene at start-up is background"
    return made


def test_a_bag_is_found_with_place_size_and_time(things: StaticMap) -> None:
    seen = watch(things, 12, 20, with_bag())
    found = [objects[0] for objects in seen if objects]
    assert len(found) >= 10, "within four seconds"
    assert found[-1].box.iou(BAG) > 0.6
    assert found[-1].area == pytest.approx(BAG.area, rel=0.35)
    assert abs(found[-1].since_ns - at(12)) <= 1e9


def test_a_bag_does_not_fade_in_ten_minutes(things: StaticMap) -> None:
    seen = watch(things, 12, 620, with_bag())
    assert {thing.id for objects in seen[20:] for thing in objects} == {1}
    assert all(objects and objects[0].present for objects in seen[20:])


def test_it_is_gone_once_when_taken_away(things: StaticMap) -> None:
    watch(things, 12, 30, with_bag())
    after = watch(things, 30, 40, GROUND)
    gone = [thing for objects in after for thing in objects if not thing.present]
    assert [thing.id for thing in gone] == [1]
    assert gone[0].last_ns <= at(31)
    assert after[-1] == ()


def test_somebody_before_it_hides_it_but_does_not_remove_it(things: StaticMap) -> None:
    watch(things, 12, 20, with_bag())
    body = Box(140 / W, 60 / H, 36 / W, 70 / H)
    hidden = watch(things, 20, 50, with_bag(box=body, colour=200), [body])
    assert all(objects[0].present and objects[0].id == 1 for objects in hidden)
    assert [thing.id for thing in watch(things, 50, 60, with_bag())[-1]] == [1]


def test_people_who_stand_are_no_things(things: StaticMap) -> None:
    body = Box(100 / W, 60 / H, 20 / W, 50 / H)
    assert not any(watch(things, 12, 60, with_bag(box=body, colour=200), [body]))


def test_who_stood_there_at_the_start_leaves_no_ghost() -> None:
    things, body = StaticMap(), Box(100 / W, 60 / H, 20 / W, 50 / H)
    watch(things, 0, 20, with_bag(box=body, colour=200), [body])
    assert not any(watch(things, 20, 40, GROUND))


def test_what_was_there_from_the_start_leaves_no_ghost() -> None:
    things = StaticMap()
    watch(things, 0, 20, with_bag(box=Box(0.3, 0.5, 0.15, 0.2), colour=210))
    assert not any(watch(things, 20, 40, GROUND))


@pytest.mark.parametrize("seconds", [4.0, 40.0])
def test_exposure_makes_no_things(things: StaticMap, seconds: float) -> None:
    def brighter(t_s: float) -> np.ndarray:
        return np.clip(GROUND * (1 + 0.5 * min((t_s - 12) / seconds, 1)), 0, 255)

    assert not any(watch(things, 12, 60, brighter))


def test_rippling_water_makes_no_things(things: StaticMap) -> None:
    rng = np.random.default_rng(9)

    def ripple(_: float) -> np.ndarray:
        picture = GROUND.astype(float)
        picture[120:] += rng.normal(0, 30, (10, 20, 1)).repeat(6, 0).repeat(16, 1)
        return np.clip(picture, 0, 255)

    assert not any(watch(things, 12, 80, ripple)[20:])


def test_night_falls_and_the_bag_is_still_there(things: StaticMap) -> None:
    watch(things, 12, 30, with_bag())
    dark = with_bag((255 - GROUND) // 3, colour=120)
    seen = watch(things, 30, 60, dark)
    assert [thing.id for thing in seen[-1]] == [1]
    removed = watch(things, 60, 70, (255 - GROUND) // 3)
    assert any(not thing.present for objects in removed for thing in objects)


def test_a_second_bag_beside_the_first_is_another_thing(things: StaticMap) -> None:
    watch(things, 12, 40, with_bag())
    both = with_bag(with_bag(), Box(168 / W, 100 / H, 16 / W, 14 / H), 220)
    assert len(watch(things, 40, 50, both)[-1]) == 2


@pytest.mark.parametrize("speed", [60, 90, 150])
@pytest.mark.parametrize("roof", [40, 200])
def test_traffic_at_start_up_leaves_no_ghost(speed: int, roof: int) -> None:
    """A car that nobody has detected yet drives through the very first pictures."""

    def passing(t_s: float) -> np.ndarray:
        picture = GROUND.copy()
        left = round(-20 + speed * t_s)
        if left < W:
            picture[90:130, max(left, 0) : max(left + 80, 0)] = roof
            picture[98:108, max(left + 15, 0) : max(left + 60, 0)] = 250 - roof
        return picture

    made = StaticMap()
    assert not any(watch(made, 0, 60, passing))
    seen = watch(made, 60, 68, with_bag())
    assert seen[-1], "what is put down later is found all the same"
