"""Square metres of what lies on a known ground, against solids seen by a known camera."""

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from core.geometry import Box
from core.ground import Plane
from detectors.sizes import Size, size_on

W, H = 640, 360
ASPECT = W / H
Points = NDArray[np.float64]


class Pitched:
    """A pinhole camera that looks down; world axes as in the simulator: right, up, away."""

    def __init__(self, height_m: float, pitch_deg: float, focal_px: float = 550.0) -> None:
        self._height_m, self._focal_px = height_m, focal_px
        self._sin, self._cos = math.sin(math.radians(pitch_deg)), math.cos(math.radians(pitch_deg))

    def see(self, world: Points) -> Points:
        x, y, z = world[:, 0], world[:, 1] - self._height_m, world[:, 2]
        depth = z * self._cos - y * self._sin
        down = -(y * self._cos + z * self._sin)
        u = 0.5 + self._focal_px * x / depth / W
        return np.stack([u, 0.5 + self._focal_px * down / depth / H], axis=1)

    def plane(self, turn_deg: float = 0.0) -> Plane:
        """Fitted to six points, in a frame turned and moved at will."""
        ground = np.array([[x, 0.0, z] for z in (7.0, 12.0, 22.0) for x in (-4.0, 4.0)])
        cos, sin = math.cos(math.radians(turn_deg)), math.sin(math.radians(turn_deg))
        places = [(80 + cos * x - sin * z, sin * x + cos * z - 9) for x, _, z in ground.tolist()]
        return Plane.fit([(u, v) for u, v in self.see(ground).tolist()], places)

    def measure(self, solid: Points, turn_deg: float = 0.0) -> Size:
        """What is measured of the outline of a convex solid."""
        outline = cv2.convexHull(self.see(solid).astype(np.float32))
        left, top = outline[:, 0].min(axis=0).tolist()
        right, bottom = outline[:, 0].max(axis=0).tolist()
        box = Box(left, top, right - left, bottom - top)
        size = size_on(self.plane(turn_deg), box, float(cv2.contourArea(outline)), ASPECT)
        assert size is not None
        return size


def heap(width_m: float, depth_m: float, height_m: float, z: float, x: float = 0.5) -> Points:
    """Upper half of an ellipsoid on the ground."""
    around, up = np.meshgrid(np.linspace(0, 2 * np.pi, 60), np.linspace(0, np.pi / 2, 15))
    return np.stack(
        [
            x + width_m / 2 * np.cos(around) * np.cos(up),
            height_m * np.sin(up),
            z + depth_m / 2 * np.sin(around) * np.cos(up),
        ],
        axis=-1,
    ).reshape(-1, 3)


CAMERA = Pitched(4.0, 18.0)


@pytest.mark.parametrize("z", [9.0, 12.0, 18.0])
@pytest.mark.parametrize(
    ("width", "depth", "height"),
    [(2.2, 2.0, 0.6), (2.2, 1.4, 0.35), (4.0, 2.4, 0.6), (1.2, 1.2, 0.3)],
)
def test_a_heap_is_measured_to_a_third(width: float, depth: float, height: float, z: float) -> None:
    size = CAMERA.measure(heap(width, depth, height, z))
    truth = math.pi / 4 * width * depth
    assert size.width_m == pytest.approx(width, rel=0.15)
    assert 0.67 * truth <= size.ground_m2 <= 1.33 * truth


def test_flat_litter_is_measured_too_small_and_never_too_large() -> None:
    for z in (9.0, 12.0, 18.0):
        share = CAMERA.measure(heap(3.0, 2.0, 0.02, z)).ground_m2 / (math.pi / 4 * 6)
        assert 0.4 <= share <= 1.0


def test_what_is_tall_takes_no_more_than_a_round_of_its_width() -> None:
    post = np.array([[x, y, 12 + z] for x in (-0.2, 0.2) for y in (0, 2.5) for z in (-0.2, 0.2)])
    size = CAMERA.measure(post)
    assert size.ground_m2 == pytest.approx(math.pi / 4 * size.width_m**2)
    assert size.ground_m2 < 0.25


@settings(max_examples=40, deadline=None)
@given(st.floats(-180, 180), st.floats(8, 18), st.floats(0.5, 4))
def test_the_frame_of_the_metres_does_not_matter(turn_deg: float, z: float, wide: float) -> None:
    solid = heap(wide, wide, wide / 4, z)
    one, other = CAMERA.measure(solid), CAMERA.measure(solid, turn_deg)
    assert one.ground_m2 == pytest.approx(other.ground_m2, rel=1e-3)
    assert one.width_m == pytest.approx(other.width_m, rel=1e-3)


@given(st.floats(1.1, 3.0))
def test_larger_is_larger(times: float) -> None:
    small, large = heap(1.0, 1.0, 0.3, 12.0), heap(times, times, 0.3 * times, 12.0)
    assert CAMERA.measure(large).ground_m2 > CAMERA.measure(small).ground_m2


def test_at_the_horizon_nothing_is_measured() -> None:
    plane = CAMERA.plane()
    assert size_on(plane, Box(0.4, 0.0, 0.2, 0.02), 0.004, ASPECT) is None
