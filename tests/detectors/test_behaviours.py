"""The three behaviours as state machines over tracks and things, without pictures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry import Box
from core.seeing import Ending, Phase, Track
from detectors.background import StaticObject
from tests.detectors.behaviour_kit import (
    BAG,
    CAR,
    SPOT,
    angler,
    behaviour,
    dumper,
    moved,
    phases,
    play,
    seconds,
    thing,
)
from tests.detectors.detector_kit import at, track

# --- fishing


def test_fishing_fires_after_dwell_and_ends_after_leaving() -> None:
    told = play(behaviour("fishing", dwell_s=30), angler, 130)
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    fired, ended = told[0], told[-1]
    assert 8 <= seconds(fired.started_ns) <= 10.5
    assert 30 <= seconds(fired.fired_ns) - seconds(fired.started_ns) <= 30.5
    assert ended.id == fired.id
    assert seconds(ended.ended_ns) <= 100 + 11 + 5
    gaps = np.diff([seconds(s.last_ns) for s in told if s.phase is not Phase.ENDED])
    assert gaps.min() >= 1.9
    assert gaps.max() <= 2.5
    assert fired.why.facts["dwell_s"] >= 30
    assert fired.why.facts["displacement"] < 0.06
    assert fired.why.facts["positions"]
    assert "河东岸" in fired.why.text.zh
    assert "east bank" in fired.why.text.en
    assert fired.model == "model@0"
    assert fired.cues == ()


def test_a_stroller_never_fishes() -> None:
    def stroll(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        there_and_back = abs(((t_s * 0.01) % 1.6) - 0.8)
        return [track(1, moved(SPOT, there_and_back - 0.5), t_s)], []

    assert play(behaviour("fishing", dwell_s=30), stroll, 300) == []


def test_dwell_goes_on_through_changes_of_track_number() -> None:
    def flicker(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        if t_s % 12 > 10:  # lost for two seconds of twelve, then under a new number
            return [], []
        return [track(1 + int(t_s // 12), SPOT, t_s, first_ns=at(t_s // 12 * 12))], []

    told = play(behaviour("fishing", dwell_s=30), flicker, 80)
    assert phases(told) == [Phase.FIRED]
    assert seconds(told[0].fired_ns) <= 33
    assert told[0].tracks == (1, 2, 3)


def test_others_at_the_same_place_later_do_not_inherit() -> None:
    def relay(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        return ([] if t_s % 30 > 15 else [track(1 + int(t_s // 30), SPOT, t_s)]), []

    assert play(behaviour("fishing", dwell_s=20), relay, 200) == []


def test_a_held_track_goes_on_dwelling_while_the_gate_is_shut() -> None:
    def held(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        looked = t_s // 1.0
        return [track(1, SPOT, looked, seen=t_s == looked, first_ns=at(0))], []

    assert phases(play(behaviour("fishing", dwell_s=30), held, 60)) == [Phase.FIRED]


def test_cues_of_night_and_group() -> None:
    def three(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        return [track(n, moved(SPOT, 0.12 * n - 0.3), t_s, first_ns=at(0)) for n in (1, 2, 3)], []

    told = play(behaviour("fishing", dwell_s=30), three, 40, hour_utc=15)  # 23:00 at the site
    assert len([s for s in told if s.phase is Phase.FIRED]) == 3
    assert all(set(s.cues) == {"group", "night"} for s in told)


def test_a_moored_boat_does_not_fish_but_one_that_came_does() -> None:
    hull = Box(0.5, 0.6, 0.15, 0.08)

    def moored(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        return [track(1, hull, t_s, "boat", first_ns=at(0))], []

    def came(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        return [track(1, moved(hull, min(0, t_s - 8) * 0.04), t_s, "boat", first_ns=at(0))], []

    assert play(behaviour("fishing", dwell_s=30), moored, 100) == []
    told = play(behaviour("fishing", dwell_s=30), came, 60)
    assert phases(told) == [Phase.FIRED]
    assert told[0].cues == ("boat",)


# --- dumping


def test_dumping_fires_once_the_actor_has_left_and_the_thing_settled() -> None:
    told = play(behaviour("dumping", settle_s=10), dumper, 60)
    assert phases(told) == [Phase.FIRED]
    fired = told[0]
    assert seconds(fired.started_ns) == 8
    assert 22 <= seconds(fired.fired_ns) <= 27
    assert fired.tracks == (1,)
    assert fired.cues == ()
    assert fired.why.facts["actors"] == [1]


def test_nothing_fires_while_its_owner_stays() -> None:
    def waits(t_s: float):
        return [track(1, SPOT, t_s, first_ns=at(0))], [thing(BAG, 8, t_s)] if t_s > 12 else []

    assert play(behaviour("dumping", settle_s=10), waits, 120) == []


def test_what_nobody_brought_is_not_dumped() -> None:
    def light(t_s: float):
        far = [track(1, Box(0.02, 0.5, 0.05, 0.2), t_s, first_ns=at(0))]
        return far, [thing(BAG, 8, t_s)] if t_s > 12 else []

    assert play(behaviour("dumping", settle_s=10), light, 120) == []


def test_a_passer_by_on_the_path_behind_did_not_bring_it() -> None:
    def behind(t_s: float):
        body = Box(0.1 + 0.04 * t_s, 0.3, 0.05, 0.2)
        tracks = [track(1, body, t_s, first_ns=at(0))] if body.x < 0.95 else []
        return tracks, [thing(BAG, 8, t_s)] if t_s > 12 else []

    assert play(behaviour("dumping", settle_s=10), behind, 60) == []


def test_a_parked_car_the_model_lost_is_not_dumped() -> None:
    hull = Box(0.4, 0.5, 0.2, 0.2)

    def parked(t_s: float):
        car = [track(1, moved(hull, min(0, t_s - 5) * 0.1), t_s, "car", first_ns=at(0))]
        return (car if t_s < 20 else []), [thing(hull, 23, t_s)] if t_s > 26 else []

    assert play(behaviour("dumping", settle_s=10), parked, 120) == []


def test_cues_of_vehicle_and_large() -> None:
    def tipper(t_s: float):
        hull = moved(Box(0.3, 0.45, 0.3, 0.3), min(0, t_s - 5) * 0.1 + max(0, t_s - 15) * 0.1)
        tracks = [track(1, hull, t_s, "truck", first_ns=at(0))] if -0.3 < hull.x < 0.95 else []
        return tracks, [thing(Box(0.28, 0.6, 0.14, 0.14), 16, t_s)] if t_s > 19 else []

    told = play(behaviour("dumping", settle_s=10), tipper, 60)
    assert phases(told) == [Phase.FIRED]
    assert told[0].cues == ("large", "vehicle")


# --- occupation


def test_a_parked_vehicle_overstays_and_leaves() -> None:
    def parks(t_s: float):
        box = moved(CAR, min(0, t_s - 5) * 0.1 + max(0, t_s - 80) * 0.1)
        return ([track(1, box, t_s, "car", first_ns=at(0))] if -0.2 < box.x < 1 else []), []

    told = play(behaviour("occupation", limit_s=60), parks, 100)
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    assert 63 <= seconds(told[0].fired_ns) <= 66
    assert 80 <= seconds(told[-1].ended_ns) <= 86
    assert told[0].cues == ("vehicle",)
    assert told[-1].ending is Ending.LEFT_PICTURE


def test_traffic_that_never_stops_does_not_occupy() -> None:
    def traffic(t_s: float):
        number, phase = divmod(t_s, 4)
        return [track(int(number) + 1, moved(CAR, phase * 0.3 - 0.6), t_s, "car")], []

    assert play(behaviour("occupation", limit_s=30), traffic, 200) == []


def test_a_queue_whose_cars_follow_each_other_does_not_occupy() -> None:
    def queue(t_s: float):
        number, phase = divmod(t_s, 20)  # each stands for 15 s, then drives on
        box = moved(CAR, min(0, phase - 2.5) * 0.1 + max(0, phase - 17.5) * 0.2)
        since = number * 20
        return [track(int(number) + 1, box, t_s, "car", first_ns=at(since))], []

    assert play(behaviour("occupation", limit_s=30), queue, 200) == []


def test_people_who_stand_do_not_occupy() -> None:
    def stands(t_s: float):
        return [track(1, SPOT, t_s, first_ns=at(0))], []

    assert play(behaviour("occupation", limit_s=30), stands, 200) == []


def test_a_stall_without_a_class_overstays() -> None:
    stall = Box(0.55, 0.5, 0.15, 0.2)

    def vendor(t_s: float):
        here = [track(1, SPOT, t_s, first_ns=at(0))] if t_s < 72 else []  # goods stay behind
        if t_s < 10:
            return here, []
        gone = t_s > 90
        return here, [thing(stall, 8, min(t_s, 90), not gone)] if t_s < 90.3 else []

    told = play(behaviour("occupation", limit_s=60), vendor, 110)
    assert phases(told) == [Phase.FIRED, Phase.ENDED]
    assert seconds(told[0].fired_ns) == pytest.approx(68, abs=0.5)
    assert 90 <= seconds(told[-1].ended_ns) <= 95
    assert told[0].labels == ("object",)
    assert told[-1].ending is Ending.THING_GONE


def test_a_car_that_the_model_takes_for_something_else_overstays() -> None:
    def misnamed(t_s: float):
        box = moved(CAR, min(0, t_s - 8) * 0.1)
        tracks = [track(1, box, t_s, "cell phone", first_ns=at(4))] if t_s >= 4 else []
        return tracks, [thing(CAR, 8, t_s)] if t_s > 12 else []

    told = play(behaviour("occupation", limit_s=60), misnamed, 80)
    assert phases(told) == [Phase.FIRED]
    assert seconds(told[0].fired_ns) == pytest.approx(68, abs=0.5)
    assert told[0].labels == ("object",)


@pytest.mark.parametrize(
    ("label", "since_s", "where"),
    [
        (None, 0, CAR),  # nothing is seen there
        ("bench", 0, CAR),  # it has stood there all the time; the light on it is new
        ("dog", 50, CAR),  # lies there, and will go by itself
        ("umbrella", 50, moved(CAR, 0.15)),  # beside it
        ("bottle", 50, Box(0.45, 0.55, 0.02, 0.05)),  # in the light, and is not what is so large
    ],
)
def test_what_nobody_brought_does_not_occupy(label: str | None, since_s: int, where: Box) -> None:
    def light(t_s: float):
        seen = [track(1, where, t_s, label, first_ns=at(since_s))] if label else []
        return seen if t_s >= since_s else [], [thing(CAR, 60, t_s)] if t_s > 64 else []

    assert play(behaviour("occupation", limit_s=30), light, 130) == []


def test_a_bus_that_hides_the_parked_car_does_not_free_the_place() -> None:
    def hidden(t_s: float):
        bus = track(9, Box(0.3, 0.3, 0.5, 0.5), t_s, "bus")
        car = track(1 if t_s < 40 else 2, CAR, t_s, "car", first_ns=at(0))
        return [bus if 30 <= t_s <= 40 else car], []

    told = play(behaviour("occupation", limit_s=20), hidden, 60)
    assert phases(told) == [Phase.FIRED]


def test_a_car_the_model_loses_goes_on_as_a_thing() -> None:
    def lost(t_s: float):
        car = [track(1, CAR, t_s, "car", first_ns=at(0))]
        return (car, []) if t_s < 20 else ([], [thing(CAR, 20.4, t_s)])

    told = play(behaviour("occupation", limit_s=40), lost, 60)
    assert phases(told) == [Phase.FIRED]
    assert seconds(told[0].fired_ns) <= 41


# --- all of them

boxes = st.builds(Box, st.floats(0, 0.9), st.floats(0, 0.9), st.floats(0.02, 0.1),
                  st.floats(0.02, 0.1))  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(["fishing", "dumping", "occupation"]),
    st.lists(
        st.lists(
            st.tuples(st.integers(1, 4), st.sampled_from(["person", "car", "boat"]), boxes),
            max_size=4,
            unique_by=lambda item: item[0],
        ),
        max_size=40,
    ),
    st.integers(1, 40),
)
def test_every_act_fires_once_continues_and_ends_once(
    kind: str, frames: list[list[tuple[int, str, Box]]], bag_from: int
) -> None:
    limit = {"fishing": {"dwell_s": 2, "max_displacement": 0.9}, "dumping": {"settle_s": 1},
             "occupation": {"limit_s": 2}}[kind]  # fmt: skip

    def scene(t_s: float):
        step = int(t_s)
        seen = frames[step] if step < len(frames) else []
        tracks = [track(n, box, t_s, label) for n, label, box in seen]
        bag = [thing(BAG, bag_from, t_s)] if bag_from <= step < bag_from + 8 else []
        gone = [thing(BAG, bag_from, t_s, False)] if step == bag_from + 8 else []
        return tracks, bag or gone

    running: dict[str, Phase] = {}
    for sighting in play(behaviour(kind, **limit), scene, 60):
        before = running.get(sighting.id)
        if sighting.phase is Phase.FIRED:
            assert before is None
        else:
            assert before in (Phase.FIRED, Phase.CONTINUES)
        assert sighting.started_ns <= sighting.fired_ns
        assert (sighting.ended_ns is not None) == (sighting.phase is Phase.ENDED)
        running[sighting.id] = sighting.phase
    assert set(running.values()) <= {Phase.ENDED}, "all have left, so all is over"
