"""The motion gate: never shut, not fooled, not blind."""

from itertools import pairwise

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S
from core.geometry import Box
from detectors.gate import Decision, Gate, Reason

H, W = 180, 320
_rng = np.random.default_rng(3)
GROUND = np.kron(_rng.integers(60, 180, (18, 32)), np.ones((10, 10))).astype(np.uint8)


def walker(x: int, y: int = 80, wide: int = 10, high: int = 24) -> np.ndarray:
    picture = GROUND.copy()
    picture[y : y + high, max(x, 0) : max(x + wide, 0)] = 230
    return picture


def run(gate: Gate, pictures: list[np.ndarray], start_s: float = 0.0) -> list[Decision]:
    return [
        gate.consider(picture, round((start_s + index * 0.2) * NS_PER_S))
        for index, picture in enumerate(pictures)
    ]


def settled() -> Gate:
    gate = Gate()
    run(gate, [GROUND] * 75)
    return gate


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(0.01, 20.0), st.sampled_from(["still", "flicker", "other"])),
        min_size=1,
        max_size=60,
    )
)
def test_is_never_shut_for_ten_seconds_of_video(steps: list[tuple[float, str]]) -> None:
    """Invariant 4, whatever the gaps between frames and whatever is seen."""
    gate, now, looked = Gate(), 0.0, None
    for gap_s, content in steps:
        picture = {"still": GROUND, "other": 255 - GROUND}.get(content)
        if picture is None:
            picture = (GROUND + _rng.integers(0, 40, GROUND.shape)).astype(np.uint8)
        decision = gate.consider(picture, round(now * NS_PER_S))
        if decision.whole:
            looked = now
        assert looked is not None, "the first frame is looked at"
        assert now - looked < 10.0
        now += gap_s


def test_first_look_is_at_once_and_whole() -> None:
    decision = Gate().consider(GROUND, 0)
    assert decision.reason is Reason.START
    assert decision.whole


def test_a_walker_is_seen_in_every_frame_and_placed() -> None:
    decisions = run(settled(), [walker(10 + 4 * step) for step in range(40)], 15.0)
    assert all(decision.look for decision in decisions)
    moving = [decision for decision in decisions[5:] if decision.regions]
    assert len(moving) >= 34
    for step, decision in enumerate(decisions[5:], start=5):
        truth = Box((10 + 4 * step) / W, 80 / H, 10 / W, 24 / H)
        assert any(region.iou(truth) > 0.2 for region in decision.regions)


def test_a_walker_does_not_deafen_the_cells_it_crosses() -> None:
    gate = settled()
    run(gate, [walker(10 + 6 * step) for step in range(40)], 15.0)
    run(gate, [GROUND] * 25, 23.0)
    again = run(gate, [walker(250 - 6 * step) for step in range(40)], 28.0)
    assert sum(bool(decision.regions) for decision in again) >= 36


def test_flickering_water_is_learned_and_somebody_before_it_is_not() -> None:
    rng = np.random.default_rng(5)

    def ripple(picture: np.ndarray) -> np.ndarray:
        water = picture.astype(np.int16)
        water[90:] += rng.integers(-30, 31, (15, 40)).repeat(6, 0).repeat(8, 1)
        return np.clip(water, 0, 255).astype(np.uint8)

    gate = Gate()
    learned = run(gate, [ripple(GROUND) for _ in range(150)])
    assert sum(decision.look for decision in learned[75:]) <= 6
    on_land = run(gate, [ripple(walker(10 + 5 * step, 30)) for step in range(30)], 30.0)
    assert sum(bool(decision.regions) for decision in on_land) >= 27


def test_exposure_is_no_movement() -> None:
    gate = settled()
    pictures = [np.clip(GROUND.astype(int) + step, 0, 255).astype(np.uint8) for step in range(25)]
    assert not any(decision.regions for decision in run(gate, pictures, 15.0))


def test_a_new_picture_is_looked_at_as_a_whole() -> None:
    gate = settled()
    decision = gate.consider(255 - GROUND, round(16.2 * NS_PER_S))
    assert decision.reason in (Reason.GLOBAL, Reason.SCHEDULED)
    assert decision.regions == ()


def test_tracks_are_looked_at_every_second_and_doubts_at_once() -> None:
    gate = settled()
    box = (Box(0.4, 0.4, 0.1, 0.2),)
    held = [gate.consider(GROUND, round((15 + 0.2 * i) * NS_PER_S), tracks=box) for i in range(25)]
    looks = [index for index, decision in enumerate(held) if decision.look]
    assert all(b - a <= 5 for a, b in pairwise(looks))
    assert gate.consider(GROUND, round(20.1 * NS_PER_S), tracks=box, doubtful=True).look


def thrown(step: int) -> np.ndarray:
    """Something as large as a person that is here now and then there, like nothing learned."""
    rng = np.random.default_rng(step // 4)
    x, y = int(rng.integers(20, 280)), int(rng.integers(10, 140))
    return walker(x, y, 14, 30)


def test_fruitless_movement_is_believed_less() -> None:
    taught, untaught = settled(), settled()
    looks = [0, 0]
    for step in range(300):
        time_ns = round((15 + 0.2 * step) * NS_PER_S)
        for number, gate in enumerate((taught, untaught)):
            decision = gate.consider(thrown(step), time_ns)
            looks[number] += bool(decision.regions)
            for region in decision.regions if gate is taught else ():
                gate.nothing_there(region)
    assert looks[0] < looks[1] / 2


def test_what_stands_beside_the_water_is_narrower_than_its_waves() -> None:
    """Broad waves as bright as the walker before them are learned; the walker is seen."""
    xs = np.arange(W)

    def waves(picture: np.ndarray, t_s: float) -> np.ndarray:
        rows = np.arange(H)[:, None]
        swell = 40 * np.sin(xs[None, :] / 25 + rows / 6 + 2.2 * t_s + np.sin(rows / 9 + t_s))
        return np.clip(0.6 * picture + swell + 40, 0, 255).astype(np.uint8)

    gate = Gate()
    learned = run(gate, [waves(GROUND, 0.2 * step) for step in range(200)])
    assert sum(bool(decision.regions) for decision in learned[100:]) <= 2
    seen = [waves(walker(40 + 2 * step, 90, 5, 12), 40 + 0.2 * step) for step in range(30)]
    assert sum(bool(decision.regions) for decision in run(gate, seen, 40.0)) >= 20


def test_a_shaking_camera_asks_for_little() -> None:
    smooth = cv2.GaussianBlur(np.kron(GROUND[::10, ::10], np.ones((10, 10), np.uint8)), (0, 0), 2)
    rng = np.random.default_rng(7)

    def shaken() -> np.ndarray:
        dx, dy = rng.normal(0, 0.7, 2)
        return cv2.warpAffine(
            smooth, np.array([[1, 0, dx], [0, 1, dy]]), (W, H), borderMode=cv2.BORDER_REPLICATE
        )

    gate = Gate()
    run(gate, [smooth] * 75)
    decisions = run(gate, [shaken() for _ in range(100)], 15.0)
    assert sum(decision.look for decision in decisions) <= 10


def test_who_walks_is_looked_at_in_every_frame_even_where_nothing_seems_to_move() -> None:
    gate = settled()
    walked = [
        gate.consider(
            GROUND,
            round((15 + 0.2 * step) * NS_PER_S),
            tracks=(Box(0.2 + 0.01 * step, 0.4, 0.03, 0.12),),
        )
        for step in range(30)
    ]
    assert all(decision.look for decision in walked[5:])


def test_a_whole_look_comes_before_a_frame_that_would_be_too_late() -> None:
    gate = Gate()
    looks = [time_s for time_s in range(0, 60, 3) if gate.consider(GROUND, time_s * NS_PER_S).whole]
    assert max(b - a for a, b in pairwise(looks)) <= 10


def test_a_clock_set_back_begins_anew() -> None:
    assert settled().consider(GROUND, 0).reason is Reason.START
