"""The scenes keep their promises: determinism, truth, scripted times, reactions."""

import json
from io import StringIO

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry import Box, Polygon
from core.seeing import Kind
from sim import scenes
from sim.base import Scene, ScenePicture
from sim.draw.view import View
from sim.errors import UnknownSceneError
from sim.truth import write_truth

SMALL = (320, 180)


def play(scene: Scene, until_s: float) -> list[ScenePicture]:
    """Pictures up to and including scene time ``until_s``."""
    shots = [scene.step()]
    while shots[-1].t_s < until_s - 1e-6:
        shots.append(scene.step())
    return shots


def actor_box(shot: ScenePicture, actor: int) -> Box | None:
    return next((thing.box for thing in shot.objects if thing.id == actor), None)


def inside(name: str, zone: str, box: Box) -> bool:
    return Polygon(points=scenes.ZONES[name][zone]).contains(box.foot)


@pytest.mark.parametrize("name", ["river", "lane", "market", "street", "night", "crossing"])
def test_same_seed_same_pixels(name: str) -> None:
    one, other = (scenes.build(name, seed=4, size=SMALL, fps=2) for _ in range(2))
    for scene_time in range(90):
        a, b = one.step(), other.step()
        assert np.array_equal(a.picture, b.picture), (name, scene_time)
        assert a.objects == b.objects
        if scene_time == 60:
            one.hear(4.0)
            other.hear(4.0)
    assert one.events == other.events


def test_another_seed_is_another_scene() -> None:
    one, other = (scenes.build("street", seed=s, size=SMALL).step().picture for s in (0, 1))
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("name", scenes.NAMES)
def test_every_scene_draws_its_size_and_boxes_stay_in_the_frame(name: str) -> None:
    scene = scenes.build(name, size=SMALL, fps=2)
    for shot in play(scene, 20):
        assert shot.picture.shape == (SMALL[1], SMALL[0], 3)
        assert shot.picture.dtype == np.uint8
        assert shot.t_s == pytest.approx(shot.index / 2)
        for thing in shot.objects:
            x, y, w, h = thing.box
            assert w > 0
            assert h > 0
            assert min(x, y) >= 0
            assert max(x + w, y + h) <= 1 + 1e-9
        ids = [thing.id for thing in shot.objects]
        assert len(ids) == len(set(ids))


def test_truth_boxes_hold_the_pixels_that_change() -> None:
    """Somebody in an empty, noiseless yard: what differs from the yard lies in his box.

    His shadow on the ground is not part of him, so only the upper two thirds are compared.
    """
    empty = scenes.build("still", seed=2).step().picture
    shot = scenes.build("still", seed=2, person=True).step()
    (thing,) = shot.objects
    box, (high, wide) = thing.box, empty.shape[:2]
    changed = cv2.absdiff(shot.picture, empty).max(axis=2) > 8
    cut = int((box.y + box.h * 0.66) * high)
    rows, columns = np.nonzero(changed[:cut])
    assert rows.min() / high == pytest.approx(box.y, abs=2 / high)
    assert columns.min() / wide >= box.x - 2 / wide
    assert columns.max() / wide <= box.x + box.w + 2 / wide
    filled = changed[int(box.y * high) : cut, int(box.x * wide) : int((box.x + box.w) * wide)]
    assert filled.mean() > 0.4


def test_who_is_hidden_is_not_in_the_truth() -> None:
    scene = scenes.build("crossing", fps=5)
    whole: dict[int, int] = {}
    counts = []
    for shot in play(scene, 16):
        people = [thing for thing in shot.objects if thing.label == "person"]
        counts.append(len(people))
        for thing in people:
            whole[thing.id] = max(whole.get(thing.id, 0), round(thing.box.h * 720))
    assert len(whole) == 4
    assert max(counts) == 4
    car = next(thing.box for thing in shot.objects if thing.label == "car")
    assert car.w > 0.2


def test_river_the_angler_settles_and_stays_when_he_hears_nothing() -> None:
    scene = scenes.build("river", size=SMALL, fps=5)
    shots = play(scene, 120)
    (event,) = scene.events
    assert event.kind is Kind.FISHING
    assert 20 <= event.start_s <= 26
    assert event.end_s is None
    first = next(s.t_s for s in shots if actor_box(s, event.actor))
    assert first == pytest.approx(15, abs=2)
    settled = [s for s in shots if s.t_s > event.start_s + 0.5]
    boxes = [actor_box(s, event.actor) for s in settled]
    assert all(box is not None and inside("river", "shore", box) for box in boxes)
    feet = np.array([box.foot for box in boxes if box])
    assert np.ptp(feet, axis=0).max() < 0.02


@given(after_s=st.integers(min_value=1, max_value=30))
@settings(max_examples=4, deadline=None)
def test_river_the_angler_leaves_four_seconds_after_a_warning(after_s: int) -> None:
    scene = scenes.build("river", size=SMALL, fps=5)
    play(scene, 24 + after_s)
    scene.hear(6.0)
    shots = play(scene, 24 + after_s + 20)
    (event,) = scene.events
    (heard_s,) = event.heard_s
    assert heard_s == pytest.approx(24 + after_s, abs=0.3)
    assert event.end_s is not None
    assert event.end_s - heard_s == pytest.approx(4.0, abs=0.7)
    assert actor_box(shots[-1], event.actor) is None


def test_river_strollers_do_not_enter_the_shore() -> None:
    scene = scenes.build("river", size=SMALL, fps=5)
    shots = play(scene, 60)
    actor = scene.events[0].actor
    others = [
        thing.box for shot in shots for thing in shot.objects
        if thing.label == "person" and thing.id != actor
    ]  # fmt: skip
    assert others
    assert not any(inside("river", "shore", box) for box in others)


def test_a_warning_before_the_act_changes_nothing() -> None:
    warned, other = (scenes.build("river", size=SMALL, fps=2) for _ in range(2))
    warned.hear(3.0)
    for _ in range(80):
        assert np.array_equal(warned.step().picture, other.step().picture)


def test_lane_the_load_is_dumped_and_stays() -> None:
    scene = scenes.build("lane", size=SMALL, fps=5)
    shots = play(scene, 100)
    (event,) = scene.events
    assert event.kind is Kind.DUMPING
    assert 44 <= event.start_s <= 54
    trucks = [s.t_s for s in shots if any(t.label == "truck" for t in s.objects)]
    assert trucks[0] == pytest.approx(40, abs=1)
    assert 56 <= trucks[-1] <= 66
    piles = [(s.t_s, t.box) for s in shots for t in s.objects if t.label == "pile" and s.t_s > 66]
    assert piles[-1][0] == shots[-1].t_s
    assert all(box.area >= 0.008 and inside("lane", "verge", box) for _, box in piles)
    labels = {t.label for s in shots for t in s.objects if s.t_s < 38 or s.t_s > 68}
    assert {"car", "person", "pile"} <= labels


def test_lane_pixels_of_the_heap_change_for_good() -> None:
    scene = scenes.build("lane", size=SMALL, fps=5, passers=False, grain=0)
    shots = play(scene, 75)
    box = next(t.box for t in shots[-1].objects if t.label == "pile")
    x, y = int(box.x * SMALL[0]), int(box.y * SMALL[1])
    rows, columns = slice(y, y + int(box.h * SMALL[1])), slice(x, x + int(box.w * SMALL[0]))
    before, after = shots[0].picture[rows, columns], shots[-1].picture[rows, columns]
    assert (cv2.absdiff(before, after).max(axis=2) > 20).mean() > 0.5


def test_market_the_vendor_stays_whatever_he_hears() -> None:
    scene = scenes.build("market", size=SMALL, fps=5)
    play(scene, 60)
    scene.hear(5.0)
    play(scene, 80)
    scene.hear(5.0)
    shots = play(scene, 120)
    (event,) = scene.events
    assert event.kind is Kind.OCCUPATION
    assert 20 <= event.start_s <= 27
    assert event.end_s is None
    assert event.heard_s == pytest.approx([60, 80], abs=0.5)
    booth = next(t.box for t in shots[-1].objects if t.label == "stall")
    assert inside("market", "no_stall", booth)
    assert booth.area > 0.02


@pytest.mark.parametrize("seed", [0, 1])
def test_street_nothing_happens_and_nobody_dwells(seed: int) -> None:
    scene = scenes.build("street", size=SMALL, fps=2, seed=seed)
    shots = play(scene, 240)
    assert scene.events == []
    places: dict[int, list[tuple[float, float]]] = {}
    for shot in shots:
        for thing in shot.objects:
            places.setdefault(thing.id, []).append((shot.t_s, thing.box.centre[0]))
    assert len(places) > 20
    for track in places.values():
        spots = dict(track)
        for t_s, x in track:
            later = spots.get(t_s + 5.0)
            assert later is None or abs(later - x) > 0.1


def test_short_scenes_act_at_once() -> None:
    for name, kind in (
        ("fishing", Kind.FISHING),
        ("dumping", Kind.DUMPING),
        ("occupation", Kind.OCCUPATION),
    ):
        scene = scenes.build(name, size=SMALL, fps=5)
        play(scene, 18)
        assert [event.kind for event in scene.events] == [kind]
    on_foot = scenes.build("dumping", size=SMALL, fps=5, truck=False)
    shots = play(on_foot, 18)
    assert {t.label for t in shots[-1].objects} == {"bag"}
    assert on_foot.events[0].start_s < 12


@pytest.mark.parametrize("height_px", [60, 120, 200])
def test_walkers_are_as_high_as_asked(height_px: int) -> None:
    scene = scenes.build("walkers", height_px=height_px, count=1, fps=5)
    heights = [t.box.h * 720 for s in play(scene, 6) for t in s.objects]
    assert np.median(heights) == pytest.approx(height_px, rel=0.12)


def test_zones_are_sound_polygons() -> None:
    assert set(scenes.ZONES) == set(scenes.demo(size=SMALL))
    for zones in scenes.ZONES.values():
        for corners in zones.values():
            assert Polygon(points=corners).shape().area > 0.01


def test_an_unknown_scene_names_the_known_ones() -> None:
    with pytest.raises(UnknownSceneError, match=r"no scene 'moon'.*river"):
        scenes.build("moon")


def test_truth_is_written_as_json_lines() -> None:
    scene = scenes.build("fishing", size=SMALL, fps=2)
    out = StringIO()
    shots = play(scene, 15)
    write_truth(out, shots, scene.events)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(lines) == len(shots) + 1
    assert lines[-1]["event"] == "fishing"
    assert lines[len(shots) - 1]["objects"][0]["label"] == "person"


@given(
    x=st.floats(-8, 8), z=st.floats(4, 40), y=st.floats(0, 3),
    size=st.sampled_from([(1280, 720), (640, 360), (320, 180)]),
)  # fmt: skip
def test_view_rows_and_depths_agree(x: float, z: float, y: float, size: tuple[int, int]) -> None:
    view = View(size)
    _, row = view.px(x, z)
    assert view.depth_at(row) == pytest.approx(z, rel=1e-6)
    assert view.px(x, z, y)[1] <= row


def test_the_vendor_heeds_an_officer_but_no_warning() -> None:
    scene = scenes.build("market", fps=5.0)
    for _ in range(30 * 5):
        scene.step()
    (event,) = scene.events
    scene.hear(12.0)
    for _ in range(30 * 5):
        scene.step()
    assert event.end_s is None
    scene.visit()
    for _ in range(35 * 5):
        last = scene.step()
    assert event.end_s is not None
    assert "stall" not in {thing.label for thing in last.objects}
