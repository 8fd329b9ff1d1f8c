"""The tracker: identities, ages, and what is not a miss."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry import Box
from core.seeing import Detections, Track
from detectors.tracker import Tracker
from tests.detectors.detector_kit import at, found

ASPECT = 16 / 9


def person(x: float, y: float = 0.5, score: float = 0.8) -> tuple[str, float, Box]:
    return ("person", score, Box(x, y, 0.04, 0.2))


def follow(
    tracker: Tracker, seen: list[Detections | None], start_s: float = 0.0
) -> list[tuple[Track, ...]]:
    """None is a frame nobody looked at."""
    return [
        tracker.hold(at(start_s + 0.2 * index))
        if detections is None
        else tracker.update(at(start_s + 0.2 * index), detections)
        for index, detections in enumerate(seen)
    ]


def test_is_shown_after_three_hits_with_its_first_time() -> None:
    shown = follow(Tracker(aspect=ASPECT), [found(person(0.1 + 0.01 * i)) for i in range(4)])
    assert [len(tracks) for tracks in shown] == [0, 0, 1, 1]
    assert shown[3][0].id == 1
    assert shown[3][0].first_ns == at(0)
    assert shown[3][0].last_ns == at(0.6)


def test_one_strong_flash_is_nobody() -> None:
    shown = follow(Tracker(aspect=ASPECT), [found(person(0.3))] + [found()] * 20)
    assert not any(shown)


def test_identity_survives_two_seconds_behind_a_tree() -> None:
    walk = [found(person(0.1 + 0.012 * i)) for i in range(40)]
    for hidden in range(15, 25):
        walk[hidden] = found()
    shown = follow(Tracker(aspect=ASPECT), walk)
    assert {track.id for tracks in shown for track in tracks} == {1}
    assert all(shown[10:])
    assert shown[20][0].seen is False


def test_two_who_meet_keep_their_numbers() -> None:
    walks = []
    for i in range(40):
        left, right = person(0.2 + 0.01 * i, 0.50), person(0.6 - 0.01 * i, 0.53)
        walks.append(found(left) if abs(i - 20) <= 2 else found(left, right))
    shown = follow(Tracker(aspect=ASPECT), walks)
    first, last = shown[5], shown[-1]
    assert {track.id for tracks in shown for track in tracks} == {1, 2}
    going_right = next(track.id for track in first if track.box.x < 0.4)
    assert next(track.id for track in last if track.box.x > 0.4) == going_right


def test_a_shut_gate_holds_those_who_stand() -> None:
    """Ten minutes without a look are not ten minutes of absence."""
    seen = [found(person(0.4))] * 5 + [None] * 3000 + [found(person(0.4))] * 3
    shown = follow(Tracker(aspect=ASPECT), seen)
    assert {track.id for tracks in shown[3:] for track in tracks} == {1}
    assert all(len(tracks) == 1 for tracks in shown[3:])
    assert abs(shown[2900][0].box.x - 0.4) < 0.01


def test_who_is_missed_for_longer_than_memory_is_gone() -> None:
    shown = follow(Tracker(aspect=ASPECT), [found(person(0.4))] * 5 + [found()] * 20)
    assert len(shown[4 + 14]) == 1
    assert shown[-1] == ()


def test_weak_detections_continue_but_do_not_begin() -> None:
    weak = found(person(0.4, score=0.15))
    assert not any(follow(Tracker(aspect=ASPECT), [weak] * 20))
    shown = follow(Tracker(aspect=ASPECT), [found(person(0.4))] * 4 + [weak] * 50)
    assert shown[-1][0].seen is True


def test_a_look_elsewhere_is_no_miss() -> None:
    tracker = Tracker(aspect=ASPECT)
    follow(tracker, [found(person(0.8))] * 5)
    for step in range(100):
        tracks = tracker.update(at(1 + 0.2 * step), found(), [Box(0, 0, 0.5, 1)])
    assert [track.id for track in tracks] == [1]
    assert not tracker.doubtful


def test_a_van_stays_one_whatever_it_is_called() -> None:
    names = ["car", "truck", "car", "bus", "car", "car", "truck", "car"]
    seen = [found((name, 0.7, Box(0.1 + 0.02 * i, 0.4, 0.2, 0.2))) for i, name in enumerate(names)]
    shown = follow(Tracker(aspect=ASPECT), seen)
    assert [(track.id, track.label) for track in shown[-1]] == [(1, "car")]


def test_who_walks_out_of_the_picture_is_dropped() -> None:
    seen = [found(person(0.75 + 0.02 * i)) for i in range(11)] + [found()] * 4
    assert follow(Tracker(aspect=ASPECT), seen)[-1] == ()


boxes = st.builds(
    Box, st.floats(-0.1, 1), st.floats(-0.1, 1), st.floats(0.005, 0.5), st.floats(0.005, 0.9)
)
things = st.tuples(st.sampled_from(["person", "car", "dog"]), st.floats(0.1, 1), boxes)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 30), st.one_of(st.none(), st.lists(things, max_size=6))),
        max_size=25,
    )
)
def test_tracks_are_always_sound(
    steps: list[tuple[float, list[tuple[str, float, Box]] | None]],
) -> None:
    tracker, now = Tracker(aspect=ASPECT), 0.0
    known: set[int] = set()
    for gap_s, seen in steps:
        now += gap_s
        tracks = tracker.hold(at(now)) if seen is None else tracker.update(at(now), found(*seen))
        numbers = [track.id for track in tracks]
        assert numbers == sorted(set(numbers))
        for track in tracks:
            assert all(np.isfinite(track.box))
            assert 0 <= track.box.x <= 1
            assert 0 <= track.box.y <= 1
            assert track.box.x + track.box.w <= 1 + 1e-9
            assert track.box.y + track.box.h <= 1 + 1e-9
            assert track.first_ns <= track.last_ns <= at(now)
            assert track.id in known or track.id > max(known, default=0)
        known.update(numbers)
