"""Where an act is: places with the radius they are right within, and squares to find them by.

``place_error_m`` is a radius that holds the true place 95 times of 100. Errors of two sources are
independent, so the same act gives two places that lie no farther apart than the root of the sum
of their squares, 95 times of 100 at least (for equal directions; nearer otherwise).

Squares are a grid of 1/400 degree, about 278 m from south to north. They serve for looking into
a database by an index, not for deciding anything.
"""

import math

from core.geometry import GeoPoint

_PER_DEGREE = 400
_M_PER_DEGREE = 110_500.0
"""No degree of latitude is shorter on the WGS-84 ellipsoid (110 574 m at the equator)."""
_MOST_CELLS = 400


def cell_of(place: GeoPoint) -> str:
    """The square a place lies in.

    >>> cell_of(GeoPoint(lon=112.4612, lat=30.4231))
    '12169:44984'
    """
    return f"{math.floor(place.lat * _PER_DEGREE)}:{math.floor(place.lon * _PER_DEGREE)}"


def cells_around(place: GeoPoint, radius_m: float) -> list[str]:
    """The squares that everything within a radius lies in; a few more do no harm.

    Raises:
        ValueError: the radius needs more squares than anybody should look into (some km).
    """
    south, west, north, east = box_around(place, radius_m)
    rows = range(_cut(south), _cut(north) + 1)
    columns = range(_cut(west), _cut(east) + 1)
    if len(rows) * len(columns) > _MOST_CELLS:
        raise ValueError(f"a radius of {radius_m:.0f} m is too large to look around in")
    return [f"{row}:{column}" for row in rows for column in columns]


def box_around(place: GeoPoint, radius_m: float) -> tuple[float, float, float, float]:
    """South, west, north and east, in degrees, of a box that holds everything within a radius."""
    north = radius_m / _M_PER_DEGREE
    farthest = min(89.0, abs(place.lat) + north)
    east = radius_m / (_M_PER_DEGREE * math.cos(math.radians(farthest)))
    return place.lat - north, place.lon - east, place.lat + north, place.lon + east


def allowance_m(one_m: float, other_m: float, apart_m: float) -> float:
    """How far two places may lie apart and still be one: errors, and ``apart_m`` beside them."""
    return apart_m + math.hypot(one_m, other_m)


def _cut(degrees: float) -> int:
    return math.floor(degrees * _PER_DEGREE)
