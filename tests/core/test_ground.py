"""The ground in the picture: planes of known cameras, round trips, and points that fix nothing."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.config.ground import Ground
from core.config.load import load
from core.errors import ConfigError
from core.geometry import GeoPoint
from core.ground import GroundError, Plane
from sim.draw.view import View
from tests.core.test_config import broken, write

ASPECT = 16 / 9
VIEW = View((1280, 720), height_m=4.0, horizon=0.16, focal=0.95)
PLACES = [(-6.0, 20.0), (6.0, 20.0), (-5.0, 13.0), (5.0, 13.0), (-4.0, 9.0), (4.0, 9.0)]


def seen(x: float, z: float, view: View = VIEW) -> tuple[float, float]:
    """Where a camera sees a point of the ground, 0..1."""
    px, py = view.px(x, z)
    return px / view.size[0], py / view.size[1]


def points(**change: Any) -> list[dict[str, Any]]:
    given = [
        {"image": [round(value, 4) for value in seen(*place)], "metres": list(place)}
        for place in PLACES
    ]
    for number, place in change.items():
        given[int(number[1:])]["metres"] = place
    return given


views = st.builds(
    View,
    st.just((1280, 720)),
    st.floats(2.5, 15.0),
    st.floats(-0.3, 0.3),
    st.floats(0.5, 3.0),
)
turns = st.tuples(st.floats(-math.pi, math.pi), st.floats(-500, 500), st.floats(-500, 500))


@settings(max_examples=60, deadline=None)
@given(views, turns, st.floats(-0.4, 0.4), st.floats(0.1, 0.9))
def test_the_plane_of_a_known_camera(
    view: View, turn: tuple[float, float, float], side: float, way: float
) -> None:
    """Whatever frame the metres are counted in: places, scale and slant come out."""
    angle, east, north = turn
    near, far = view.depth_at(0.95 * 720), view.depth_at((view.horizon + 0.25) * 720)
    assume(near > view.height_m)  # seen flatter than 45°, as this lens shows all further off
    places = [
        (share * view.half_width_m(z), z)
        for z in (near, (near + far) / 2, far)
        for share in (-0.9, 0.9)
    ]

    def turned(x: float, z: float) -> tuple[float, float]:
        cos, sin = math.cos(angle), math.sin(angle)
        return east + cos * x - sin * z, north + sin * x + cos * z

    plane = Plane.fit([seen(*place, view) for place in places], [turned(*p) for p in places])
    z = near + way * (far - near)
    x = side * view.half_width_m(z)
    spot = seen(x, z, view)
    assert plane.residual < 1e-6
    assert not plane.mirrored
    assert plane.metres(spot) == pytest.approx(turned(x, z), rel=1e-6, abs=1e-5)
    assert plane.image(turned(x, z)) == pytest.approx(spot, abs=1e-6)
    middle = plane.scale(seen(0.0, z, view), ASPECT)
    assert middle is not None
    assert middle.across_m == pytest.approx(view.size[0] / view.ppm(z), rel=1e-4)
    assert middle.flatness == pytest.approx(view.height_m / z, rel=1e-4)


def test_the_sky_has_no_place_and_no_size() -> None:
    plane = Plane.fit([seen(*place) for place in PLACES], PLACES)
    assert plane.metres((0.5, 0.1)) is None
    assert plane.scale((0.5, 0.1), ASPECT) is None
    assert plane.scale((0.5, VIEW.horizon + 0.001), ASPECT) is None
    assert plane.image((0.0, -5.0)) is None


def test_clicks_that_are_a_little_off_are_averaged() -> None:
    rng = np.random.default_rng(1)
    many = [(x, z) for x in (-4.0, 0.0, 4.0) for z in (9.0, 12.0, 16.0, 20.0)]
    off = rng.normal(0, 0.003, (len(many), 2)).tolist()
    clicked = [
        (u + du, v + dv) for (u, v), (du, dv) in zip((seen(*p) for p in many), off, strict=True)
    ]
    plane = Plane.fit(clicked, many)
    assert 0.0005 < plane.residual < 0.02
    assert plane.metres(seen(1.0, 14.0)) == pytest.approx((1.0, 14.0), abs=0.4)


GEO = GeoPoint(lon=112.46, lat=30.42)


def as_places(mirror: bool = False) -> list[dict[str, Any]]:
    """The same points as longitude and latitude, a camera that looks to the north."""
    metre_lat = 1 / 110_853.0
    metre_lon = 1 / 96_072.0
    return [
        {
            "image": [round(value, 5) for value in seen(*place)],
            "place": {
                "lon": GEO.lon + (-1 if mirror else 1) * place[0] * metre_lon,
                "lat": GEO.lat + place[1] * metre_lat,
            },
        }
        for place in PLACES
    ]


def test_longitude_and_latitude_measure_the_same() -> None:
    metres = Ground.model_validate({"points": points()}).plane
    places = Ground.model_validate({"points": as_places()}).plane
    for spot in (seen(0.0, 12.0), seen(-3.0, 16.0)):
        one, other = metres.scale(spot, ASPECT), places.scale(spot, ASPECT)
        assert one is not None
        assert other is not None
        assert other.across_m == pytest.approx(one.across_m, rel=0.002)
        assert other.flatness == pytest.approx(one.flatness, rel=0.002)


LINE = [{"image": [0.1 * n, 0.5 + 0.05 * n], "metres": [n, 2 * n]} for n in range(1, 6)]
FLAT = [{"image": [0.2 * n, 0.6 + 0.2 * (n % 2)], "metres": [n, 0]} for n in range(1, 5)]
CROSSED = [
    {"image": [0.2, 0.4], "metres": [-5, 20]},
    {"image": [0.8, 0.4], "metres": [5, 20]},
    {"image": [0.2, 0.9], "metres": [3, 8]},
    {"image": [0.8, 0.9], "metres": [-3, 8]},
]


@pytest.mark.parametrize(
    ("ground", "complaint"),
    [
        ({"points": points()[:3]}, r"ground: a ground needs at least 4 points, this one has 3"),
        ({"points": LINE}, r"ground: no four of the points form a quadrilateral in the picture"),
        ({"points": FLAT}, r"ground: no four of the points form a quadrilateral on the ground"),
        ({"points": points(p3=[5.0, 31.0])}, r"contradict each other: point \d lies \d+\.\d%"),
        ({"points": CROSSED}, r"ground: no camera sees these points so"),
        (
            {"points": [{**one, "image": [0.5 + one["image"][0] / 50, 0.5 + one["image"][1] / 50]}
                        for one in points()]},
            r"ground: the points lie within a twentieth of the picture",
        ),
        ({"points": as_places(mirror=True)}, r"ground: left and right are changed"),
        ({"points": [*points()[:4], *as_places()[4:]]}, r"ground: give all points in `metres`"),
        ({"points": [{"image": [0.1, 0.2]}]}, r"ground → points → 0: give either"),
        ({"points": [{"image": [1.2, 0.2], "metres": [0, 0]}]}, r"points → 0 → image → 0: Input"),
        ({"points": [*as_places()[:5], {"image": [0.9, 0.9], "place": {"lon": 30, "lat": 60}}]},
         r"ground: points lie \d+\.\d km apart"),
    ],
)  # fmt: skip
def test_a_bad_ground_names_camera_and_field(
    tmp_path: Path, ground: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ConfigError, match=r"cameras\.yaml: river → ground.*") as error:
        load(write(tmp_path, cameras=broken("ground", ground)))
    assert len(str(error.value).splitlines()) == 1
    assert error.match(complaint)


def test_four_points_of_a_line_and_one_beside_it_fix_nothing() -> None:
    image = [(0.1, 0.5), (0.3, 0.5), (0.6, 0.5), (0.9, 0.5), (0.5, 0.9)]
    metres = [(-4.0, 10.0), (-2.0, 10.0), (1.0, 10.0), (4.0, 10.0), (0.0, 5.0)]
    with pytest.raises(GroundError, match="too many lie on one line"):
        Plane.fit(image, metres)
