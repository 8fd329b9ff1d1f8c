"""A mosaic cannot be undone: other pictures give the very same one."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.geometry import Box
from recorder.copies.following import Spot, follow, reviews
from recorder.copies.mosaic import LEAST_PX, PER_SIDE, Area, mask
from recorder.copies.picture import Picture

WIDTH, HEIGHT = 640, 360
SHARES = st.floats(0, 1, allow_nan=False)


def noise(seed: int) -> Picture:
    rng = np.random.default_rng(seed)

    def plane(scale: int) -> np.ndarray:
        return rng.integers(0, 256, (HEIGHT // scale, WIDTH // scale), dtype=np.uint8)

    return Picture(plane(1), plane(2), plane(2))


@given(x=SHARES, y=SHARES, w=st.floats(0.02, 1), h=st.floats(0.02, 1), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_many_pictures_give_one_mosaic(x: float, y: float, w: float, h: float, seed: int) -> None:
    box = Box(x, y, w, h)
    area = Area.of(box, WIDTH, HEIGHT, "pixelate")
    if area is None:
        assert min(1 - x, 1 - y) * WIDTH < 2
        return
    # It covers the box, and few blocks are on its shorter side.
    assert area.x <= x * WIDTH
    assert area.y <= y * HEIGHT
    assert area.x + area.w >= min(1, x + w) * WIDTH - 1e-6
    assert area.y + area.h >= min(1, y + h) * HEIGHT - 1e-6
    shorter = min(min(1, x + w) * WIDTH - x * WIDTH, min(1, y + h) * HEIGHT - y * HEIGHT)
    assert area.block >= LEAST_PX
    assert area.block * PER_SIDE >= shorter
    # Pixels change places within their blocks: another face, the same mosaic.
    one, other = noise(seed), noise(seed)
    rng = np.random.default_rng(seed + 1)
    for plane, scale in ((other.y, 1), (other.u, 2), (other.v, 2)):
        edge = area.block // scale
        for top in range(area.y // scale, (area.y + area.h) // scale, edge):
            for left in range(area.x // scale, (area.x + area.w) // scale, edge):
                block = plane[
                    top : min(top + edge, (area.y + area.h) // scale),
                    left : min(left + edge, (area.x + area.w) // scale),
                ]
                block[:] = rng.permutation(block.ravel()).reshape(block.shape)
    assert (one.y != other.y).any()
    mask(one, area)
    mask(other, area)
    for name in ("y", "u", "v"):
        assert (getattr(one, name) == getattr(other, name)).all()
    inside = one.y[area.y : area.y + area.h, area.x : area.x + area.w]
    blocks = -(-area.w // area.block) * -(-area.h // area.block)
    assert len(np.unique(inside)) <= min(17, blocks)


def test_nothing_outside_is_touched() -> None:
    one, before = noise(3), noise(3)
    area = Area.of(Box(0.25, 0.25, 0.25, 0.25), WIDTH, HEIGHT, "fill")
    assert area is not None
    mask(one, area)
    inside = np.zeros((HEIGHT, WIDTH), bool)
    inside[area.y : area.y + area.h, area.x : area.x + area.w] = True
    assert (one.y[~inside] == before.y[~inside]).all()
    assert set(np.unique(one.y[inside])) == {128}


def look(number: int, *boxes: Box, score: float = 0.8) -> tuple[int, int, list[Spot]]:
    return number, number * 100_000_000, [Spot("person", score, box) for box in boxes]


def test_two_who_cross_keep_their_masks() -> None:
    looks = [
        look(n, Box(0.1 + 0.05 * n, 0.4, 0.08, 0.3), Box(0.7 - 0.05 * n, 0.45, 0.08, 0.3))
        for n in range(13)
    ]
    things = follow(looks)
    for number, utc_ns, spots in looks:
        masked = [box for box in (one.at(utc_ns) for one in things) if box is not None]
        for spot in spots:
            assert any(spot.box.iou(box) > 0.99 for box in masked), number


def test_a_thing_seen_once_is_masked_for_a_second_around() -> None:
    box = Box(0.4, 0.4, 0.1, 0.2)
    looks = [look(n) for n in range(20)]
    looks[10] = look(10, box, score=0.25)
    (thing,) = follow(looks)
    assert thing.at(0) == box
    assert thing.at(2_000_000_000) == box
    assert thing.at(2_100_000_000) is None
    told = [one.why for one in reviews([thing], looks)]
    assert told == [
        "appears within the picture",
        "vanishes within the picture",
        "seen with a score of only 0.25",
    ]
    assert [one.why for one in reviews([], looks)] == ["nothing was found in the whole film"]
