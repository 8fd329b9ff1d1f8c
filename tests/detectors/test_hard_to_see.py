"""What is hard to see: drifting light, dark ground, infrared, pieces, and names that are wrong."""

from collections.abc import Iterable

import cv2
import numpy as np
import pytest

from core.clock import NS_PER_S
from core.geometry import Box
from core.seeing import Phase, Track
from detectors.background import StaticMap, StaticObject
from detectors.movers import Movers
from detectors.regions import plan
from detectors.tracker import Tracker
from tests.detectors.behaviour_kit import ASPECT, behaviour, phases, play, seconds, thing
from tests.detectors.detector_kit import at, found, track
from tests.detectors.test_static_map import BAG, GROUND, H, W, watch, with_bag

Seen = tuple[Iterable[Track], Iterable[StaticObject]]

# --- the static-object map


def shaded(picture: np.ndarray, t_s: float) -> np.ndarray:
    """Shadows of clouds, a third of the picture wide, drift across at 11 pixels a second."""
    phase = (np.arange(W) - 11 * t_s) * 2 * np.pi / (W * 2 / 3)
    shade = 1 - 0.4 / (1 + np.exp(-6 * np.sin(phase)))
    return picture * shade[None, :, None]


def test_a_bag_is_found_while_clouds_drift() -> None:
    things = StaticMap()
    before = watch(things, 0, 40, lambda t_s: shaded(GROUND, t_s))
    assert not any(before), "shadows are no things"
    seen = watch(things, 40, 60, lambda t_s: shaded(with_bag(colour=30), t_s))
    assert seen[-1]
    assert seen[-1][0].box.iou(BAG) > 0.5


def test_a_grey_bag_on_dark_ground_is_found() -> None:
    night = GROUND.mean(axis=2, keepdims=True).repeat(3, axis=2) * 0.35
    bag = with_bag(night, colour=round(float(night.mean()) * 0.78))
    things = StaticMap()
    assert not any(watch(things, 0, 12, night, noise=1.0))
    seen = watch(things, 12, 22, bag, noise=1.0)
    assert seen[-1]
    assert seen[-1][0].box.iou(BAG) > 0.4


def test_a_car_that_passed_does_not_hide_what_is_laid_down_behind_it() -> None:
    road = np.full((H, W, 3), 60.0)

    def drives(t_s: float) -> np.ndarray:
        picture = road.copy()
        left = round((t_s - 12) * 130)
        picture[80:130, max(left, 0) : left + 90] = 200
        return picture

    things = StaticMap()
    watch(things, 0, 12, road, noise=1.0)
    assert not any(watch(things, 12, 16, drives, noise=1.0))
    seen = watch(things, 16, 26, with_bag(road, colour=46), noise=1.0)
    assert seen[-1]
    assert seen[-1][0].box.iou(BAG) > 0.5


def infrared(picture: np.ndarray) -> np.ndarray:
    """Grey, and lit from the camera's own lamp."""
    y, x = np.mgrid[:H, :W]
    lamp = 0.5 + 0.9 * np.exp(-(((x / W - 0.5) / 0.6) ** 2 + ((y / H - 0.5) / 0.6) ** 2))
    grey = np.clip(picture.mean(axis=2) * lamp, 0, 255)
    return grey[..., None].repeat(3, axis=2)


def test_what_is_laid_down_just_before_the_switch_to_infrared_is_found() -> None:
    things = StaticMap()
    watch(things, 0, 12, GROUND)
    assert not any(watch(things, 12, 14, with_bag())), "not yet for long enough"
    seen = watch(things, 14, 24, infrared(with_bag()))
    boxes = [found.box for found in seen[-1]]
    assert len(boxes) == 1, "nothing else has become a thing by the other light"
    assert boxes[0].iou(BAG) > 0.5
    assert abs(seen[-1][0].since_ns - at(12)) <= 1e9


def test_light_that_went_comes_back_and_leaves_no_ghost() -> None:
    things = StaticMap()
    dark = cv2.GaussianBlur(np.where(np.arange(W) < W // 2, 0.6, 1.0)[None], (61, 1), 0)
    watch(things, 0, 12, GROUND)
    watch(things, 12, 40, GROUND * dark[..., None])
    assert not any(watch(things, 40, 60, GROUND))


def test_only_animals_that_have_moved_are_left_out_of_the_map() -> None:
    movers = Movers()
    sitting, walking = Box(0.5, 0.5, 0.05, 0.08), Box(0.2, 0.5, 0.05, 0.08)
    for t_s in range(5):
        walked = Box(walking.x + 0.02 * t_s, *walking[1:])
        boxes = movers.boxes([track(1, sitting, t_s, "cat"), track(2, walked, t_s, "dog")])
    assert boxes == [walked]
    assert movers.boxes([track(2, walked, 6, "dog")]) == [walked], "also when it stands again"
    assert movers.boxes([track(3, sitting, 7)]) == [sitting], "people at once"


# --- regions and tracker


def test_two_looks_at_the_same_person_are_framed_differently() -> None:
    person = Box(0.5, 0.4, 0.04, 0.14)
    first, second = (plan([person], [], (720, 1280), (416, 416), look).parts for look in (0, 1))
    assert first != second
    assert plan([person], [], (720, 1280), (416, 416), 2).parts == first


def test_the_feet_of_a_vendor_behind_a_counter_stay_where_they_were() -> None:
    tracker, shown = Tracker(aspect=ASPECT), ()
    whole, above = Box(0.5, 0.4, 0.05, 0.3), Box(0.5, 0.4, 0.05, 0.14)
    for step in range(60):
        box = whole if step < 10 else above
        shown = tracker.update(at(0.2 * step), found(("person", 0.8, box)))
    assert abs(shown[0].box.foot[1] - 0.7) < 0.02


def test_who_sits_down_is_lower_and_not_cut() -> None:
    tracker, shown = Tracker(aspect=ASPECT), ()
    standing, sitting = Box(0.5, 0.4, 0.05, 0.3), Box(0.5, 0.5, 0.05, 0.2)
    for step in range(60):
        box = standing if step < 10 else sitting
        shown = tracker.update(at(0.2 * step), found(("person", 0.8, box)))
    assert shown[0].box.iou(sitting) > 0.9


def test_one_box_over_two_people_does_not_make_one_of_them_taller() -> None:
    tracker, shown = Tracker(aspect=ASPECT), ()
    own, both = Box(0.5, 0.5, 0.05, 0.19), Box(0.5, 0.5, 0.05, 0.3)
    for step in range(60):
        shown = tracker.update(at(0.2 * step), found(("person", 0.8, both if step == 20 else own)))
    assert shown[0].box.iou(own) > 0.9


# --- behaviours


def test_an_angler_who_sits_in_a_boat_is_one_sighting() -> None:
    boat, angler = Box(0.4, 0.6, 0.3, 0.12), Box(0.52, 0.45, 0.05, 0.14)

    def comes(t_s: float) -> Seen:
        dx = -0.4 * max(0.0, 1 - t_s / 8)
        return [
            track(1, Box(boat.x + dx, *boat[1:]), t_s, "boat", first_ns=at(0)),
            track(2, Box(angler.x + dx, *angler[1:]), t_s, first_ns=at(0)),
        ], []

    told = play(behaviour("fishing", dwell_s=20), comes, 50)
    assert phases(told) == [Phase.FIRED]
    assert told[0].tracks == (2,)
    assert "boat" in told[0].cues


BAG_SPOT = Box(0.5, 0.6, 0.04, 0.06)


def lays_down(t_s: float) -> Track:
    """Stands beside the spot until 12, then walks off to the left."""
    return track(1, Box(0.45 - 0.05 * max(0.0, t_s - 12), 0.45, 0.05, 0.2), t_s, first_ns=at(0))


def test_a_bag_that_is_called_a_cat_does_not_hide_itself() -> None:
    def scene(t_s: float) -> Seen:
        people = [lays_down(t_s)] if t_s < 20 else []
        if t_s < 10:
            return people, []
        cat = [track(2, BAG_SPOT, t_s, "cat", first_ns=at(14))] if t_s >= 14 else []
        return people + cat, [thing(BAG_SPOT, 10, t_s)]

    assert phases(play(behaviour("dumping", settle_s=10), scene, 40)) == [Phase.FIRED]


def test_what_slides_off_a_nameless_tricycle_was_brought_by_its_rider() -> None:
    bed, load = Box(0.5, 0.55, 0.2, 0.12), Box(0.33, 0.57, 0.15, 0.1)

    def scene(t_s: float) -> Seen:
        if t_s < 5:
            return [], []
        rider = track(1, Box(0.68, 0.45, 0.04, 0.2), t_s, first_ns=at(5))
        if t_s < 15:
            return [rider], [thing(bed, 6, t_s)]
        if t_s < 16:
            return [rider], [thing(bed, 6, t_s), thing(load, 12, t_s, number=2)]
        return [], [thing(load, 12, t_s, number=2)]

    told = play(behaviour("dumping", settle_s=10), scene, 40)
    assert phases(told) == [Phase.FIRED]
    assert told[0].why.facts["actors"] == [1]
    assert seconds(told[0].fired_ns) >= 25, "only after the tricycle has left"


def test_a_car_the_model_names_late_has_stood_there_since_it_came() -> None:
    place = Box(0.4, 0.4, 0.3, 0.2)

    def scene(t_s: float) -> Seen:
        named = [track(1, place, t_s, "truck", first_ns=at(25))] if 25 <= t_s < 33 else []
        return named, ([thing(place, 5, t_s)] if t_s >= 8 else [])

    told = play(behaviour("occupation", limit_s=30, min_area=0.002), scene, 45)
    assert phases(told) == [Phase.FIRED]
    assert abs(seconds(told[0].fired_ns) - 35) <= 1


def test_a_piece_of_a_car_between_pillars_is_no_second_car() -> None:
    whole, right, left = (
        Box(0.3, 0.4, 0.25, 0.16), Box(0.43, 0.4, 0.12, 0.16), Box(0.3, 0.44, 0.04, 0.11),
    )  # fmt: skip

    def scene(t_s: float) -> Seen:
        here = [track(1, whole if t_s < 8 else right, t_s, "car", first_ns=at(0))]
        if t_s >= 10:
            here.append(track(2, left, t_s, "car", first_ns=at(10)))
        return here, []

    told = play(behaviour("occupation", limit_s=30, min_area=0.002), scene, 60)
    assert phases(told) == [Phase.FIRED]


def pile(*bags: int) -> np.ndarray:
    """Dark bags of a heap from the far one (0) to the near one (2), each before the one behind."""
    picture = GROUND.copy()
    for number in bags:
        cv2.ellipse(
            picture, (150 + 6 * number, 104 + 2 * number), (14, 11), 0, 0, 360, (30,) * 3, -1
        )
    return picture


@pytest.mark.parametrize("left", [(0, 1), (1, 2), (0,), ()])
def test_what_is_taken_from_a_heap_leaves_no_thing(left: tuple[int, ...]) -> None:
    """The outline of the bag behind comes to light where the nearer one was, and is no new bag."""
    things = StaticMap()
    watch(things, 0, 20, pile(0, 1, 2))
    assert not any(watch(things, 20, 32, pile(*left)))


def test_a_bag_laid_on_a_heap_is_a_thing() -> None:
    things = StaticMap()
    watch(things, 0, 20, pile(0))
    assert any(watch(things, 20, 32, pile(0, 4)))


def test_only_who_can_act_is_worth_looks_of_their_own() -> None:
    """A tree that is broccoli in one framing and nothing in the next asks for none."""
    tracker = Tracker(aspect=16 / 9)
    boxes = {"broccoli": Box(0.2, 0.2, 0.1, 0.2), "person": Box(0.6, 0.4, 0.05, 0.2)}
    for label, expected in (("broccoli", False), ("person", True)):
        tracker.clear()
        for step in range(4):
            seen = [(label, 0.8, boxes[label])] if step != 3 else []
            tracker.update(step * NS_PER_S // 5, found(*seen), None)
        assert bool(tracker.boxes) is True
        assert tracker.doubtful is expected
        assert bool(tracker.watched) is expected
