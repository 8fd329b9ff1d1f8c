"""Every fault of the picture is found within ten seconds, and weather is none."""

from collections.abc import Callable
from functools import cache

import cv2
import numpy as np
import pytest

from core.clock import NS_PER_S
from core.video import Luma
from ingest.picture_health import WORDS, PictureHealth, PictureWatch
from sim import scenes

SIZE = (640, 360)
SCENES = ["river", "street", "rain", "night", "leaves"]
START_NS = 1_790_000_000 * NS_PER_S
BROKEN_S = 40

Fault = Callable[[Luma], Luma]


@cache
def played(name: str, seconds: int = 120) -> tuple[Luma, ...]:
    """One picture a second of a scene's brightness."""
    scene = scenes.build(name, size=SIZE, fps=1.0)
    return tuple(
        cv2.cvtColor(scene.step().picture, cv2.COLOR_BGR2GRAY).astype(np.uint8, copy=False)
        for _ in range(seconds)
    )


def noisy(level: float, sigma: float = 2.0) -> Fault:
    rng = np.random.default_rng(5)
    return lambda luma: np.clip(rng.normal(level, sigma, luma.shape), 0, 255).astype(np.uint8)


def blurred(sigma: float) -> Fault:
    return lambda luma: cv2.GaussianBlur(luma, (0, 0), sigma).astype(np.uint8, copy=False)


def half_covered(luma: Luma) -> Luma:
    hidden = noisy(50)(luma)
    hidden[:, luma.shape[1] * 2 // 3 :] = luma[:, luma.shape[1] * 2 // 3 :]
    return hidden


def gain(factor: float, gamma: float = 1.0) -> Fault:
    return lambda luma: np.clip(255 * (luma / 255) ** gamma * factor, 0, 255).astype(np.uint8)


def states(watch: PictureWatch, pictures: list[Luma], first_s: int = 0) -> list[PictureHealth]:
    return [
        watch.look(picture, START_NS + (first_s + n) * NS_PER_S)
        for n, picture in enumerate(pictures)
    ]


@pytest.mark.parametrize("name", SCENES)
def test_a_sound_camera_never_alarms(name: str) -> None:
    seen = states(PictureWatch(), list(played(name)))
    assert {one.state for one in seen} == {"ok"}
    assert {one.since_ns for one in seen} == {START_NS}


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (noisy(7), "black"),
        (noisy(246), "white"),
        (blurred(3), "blurred"),
        (blurred(6), "blurred"),
        (noisy(60), "covered"),
        (half_covered, "covered"),
        (lambda luma: np.roll(luma, 60, 1), "moved"),
        (lambda luma: np.roll(luma, 20, 0), "moved"),
    ],
    ids=["black", "white", "soft", "blurred", "covered", "half", "right", "down"],
)
def test_each_fault_is_found_within_ten_seconds_and_forgiven_when_it_ends(
    name: str, fault: Fault, state: str
) -> None:
    pictures = played(name)
    watch = PictureWatch()
    assert states(watch, list(pictures[:BROKEN_S]))[-1].state == "ok"
    broken = states(watch, [fault(one) for one in pictures[BROKEN_S : BROKEN_S + 15]], BROKEN_S)
    assert {one.state for one in broken[10:]} == {state}
    assert broken[-1].since_ns == START_NS + BROKEN_S * NS_PER_S
    after_s = BROKEN_S + 15
    healed = states(watch, list(pictures[after_s : after_s + 6]), after_s)
    assert healed[-1].state == "ok"
    assert healed[-1].since_ns == START_NS + after_s * NS_PER_S


@pytest.mark.parametrize("name", SCENES)
def test_a_view_turned_elsewhere_is_noticed(name: str) -> None:
    pictures = played(name)
    watch = PictureWatch()
    states(watch, list(pictures[:BROKEN_S]))
    turned = [np.ascontiguousarray(one[::-1, ::-1]) for one in pictures[BROKEN_S : BROKEN_S + 11]]
    assert states(watch, turned, BROKEN_S)[-1].state in ("moved", "covered")


@pytest.mark.parametrize("name", SCENES)
def test_a_frozen_picture_is_found(name: str) -> None:
    pictures = played(name)
    watch = PictureWatch()
    states(watch, list(pictures[:BROKEN_S]))
    frozen = states(watch, [pictures[BROKEN_S]] * 12, BROKEN_S)
    assert {one.state for one in frozen[9:]} == {"frozen"}
    assert frozen[-1].since_ns == START_NS + BROKEN_S * NS_PER_S
    assert states(watch, list(pictures[60:66]), 60)[-1].state == "ok"


@pytest.mark.parametrize(
    "light", [gain(0.5), gain(1.5), gain(1.0, 0.5), gain(0.7, 1.6)], ids=["dim", "up", "γ", "dusk"]
)
@pytest.mark.parametrize("name", SCENES)
def test_exposure_is_no_fault(name: str, light: Fault) -> None:
    pictures = played(name)
    watch = PictureWatch()
    states(watch, list(pictures[:BROKEN_S]))
    lit = states(watch, [light(one) for one in pictures[BROKEN_S:80]], BROKEN_S)
    back = states(watch, list(pictures[80:]), 80)
    assert {one.state for one in lit + back} == {"ok"}


def test_night_falling_between_two_pictures_is_no_fault() -> None:
    watch = PictureWatch()
    day, night = list(played("street")[:60]), list(played("night")[:60])
    seen = states(watch, day + night + day)
    assert {one.state for one in seen} == {"ok"}
    dull = states(watch, [blurred(4)(one) for one in night[:12]], 180)
    assert dull[-1].state == "blurred"
    assert states(watch, [blurred(4)(one) for one in day[:12]], 200)[-1].state == "blurred"


def test_a_declared_move_is_no_fault_and_the_new_view_is_learned() -> None:
    watch = PictureWatch()
    states(watch, list(played("street")[:40]))
    watch.expect_move(START_NS + 44 * NS_PER_S)
    moving = states(watch, list(played("river")[:40]), 40)
    assert {one.state for one in moving} == {"ok"}
    assert states(watch, list(played("street")[:12]), 80)[-1].state == "moved"


def test_a_move_can_be_declared_from_the_latest_look_on() -> None:
    watch = PictureWatch()
    watch.expect_move_for(5.0)  # before the first look there is nothing to be moved from
    states(watch, list(played("street")[:40]))
    watch.expect_move_for(5.0)
    assert {one.state for one in states(watch, list(played("river")[:40]), 40)} == {"ok"}


def test_a_calm_scene_under_strong_compression_teaches_patience() -> None:
    watch = PictureWatch()
    pictures = played("street")
    time_s = 0
    for still in (5, 8, 12, 20):  # twice as long as any stillness before is needed
        seen = states(watch, [pictures[time_s]] * still, time_s)
        time_s += still
        assert {one.state for one in seen} == {"ok"}
    assert states(watch, [pictures[time_s]] * 60, time_s)[-1].state == "frozen"


def test_gaps_and_jumps_of_time_are_not_counted() -> None:
    watch = PictureWatch()
    picture = played("street")[0]
    for hour in range(10):
        assert watch.look(picture, START_NS + hour * 3600 * NS_PER_S).state == "ok"
    assert watch.look(picture, START_NS).state == "ok"


def test_it_asks_for_one_picture_a_second() -> None:
    watch, looks = PictureWatch(), 0
    for number in range(250):
        time_ns = START_NS + number * NS_PER_S // 25
        if watch.due(time_ns):
            looks += 1
            watch.look(played("street")[0], time_ns)
    assert looks in (10, 11)


def test_every_state_has_words_in_both_languages() -> None:
    assert len(WORDS) == 7
    assert all(chinese and english.isascii() for chinese, english in WORDS.values())


@pytest.mark.parametrize("size", [(2560, 1440), (1920, 1080), (704, 576), (320, 240)])
def test_any_size_can_be_looked_at(size: tuple[int, int]) -> None:
    watch = PictureWatch()
    pictures = [cv2.resize(one, size) for one in played("street")[:30]]
    assert states(watch, pictures)[-1].state == "ok"
    broken = [cv2.GaussianBlur(one, (0, 0), size[0] / 160) for one in pictures[:12]]
    assert states(watch, broken, 30)[-1].state == "blurred"
