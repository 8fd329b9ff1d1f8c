"""Image and ground geometry shared by the rooms.

Image coordinates are normalised to 0..1 with the origin at the top left. Boxes are
``(x, y, w, h)`` of the top-left corner and the size. Geography is longitude and latitude in
degrees with its datum beside it; nothing is ever computed in GCJ-02.
"""

from collections.abc import Sequence
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, field_validator
from pyproj import Geod
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon as ShapelyPolygon
from shapely.validation import explain_validity

from core.value import Value

Unit = Annotated[float, Field(ge=0.0, le=1.0)]
Point = tuple[Unit, Unit]

_WGS84 = Geod(ellps="WGS84")


class Box(NamedTuple):
    """A rectangle in normalised image coordinates.

    >>> Box(0.2, 0.1, 0.2, 0.4).foot
    (0.30000000000000004, 0.5)
    """

    x: float
    y: float
    w: float
    h: float

    @property
    def foot(self) -> tuple[float, float]:
        """Middle of the lower edge: where a standing thing touches the ground."""
        return (self.x + self.w / 2, self.y + self.h)

    @property
    def centre(self) -> tuple[float, float]:
        return (self.x + self.w / 2, self.y + self.h / 2)

    @property
    def area(self) -> float:
        return self.w * self.h

    def iou(self, other: "Box") -> float:
        """Intersection over union, 0..1."""
        width = min(self.x + self.w, other.x + other.w) - max(self.x, other.x)
        height = min(self.y + self.h, other.y + other.h) - max(self.y, other.y)
        if width <= 0 or height <= 0:
            return 0.0
        inner = width * height
        return inner / (self.area + other.area - inner)


class Polygon(Value):
    """A simple polygon in normalised image coordinates, three points or more."""

    points: tuple[Point, ...] = Field(
        title="顶点", description="Corners as [x, y] pairs, 0..1, origin at the top left."
    )

    @field_validator("points")
    @classmethod
    def _is_a_polygon(cls, points: tuple[Point, ...]) -> tuple[Point, ...]:
        if len(points) < 3:
            raise ValueError(f"a polygon needs at least 3 points, this one has {len(points)}")
        shape = ShapelyPolygon(points)
        if not shape.is_valid:
            raise ValueError(f"the polygon crosses itself: {explain_validity(shape)}")
        return points

    def contains(self, point: tuple[float, float]) -> bool:
        """True when the point lies inside or on the border."""
        return bool(self.shape().covers(ShapelyPoint(point)))

    def shape(self) -> ShapelyPolygon:
        """The same polygon as a shapely geometry, for areas and intersections."""
        return ShapelyPolygon(self.points)


class GeoPoint(Value):
    """A place on the earth."""

    lon: float = Field(ge=-180, le=180, title="经度", description="Longitude, degrees east.")
    lat: float = Field(ge=-90, le=90, title="纬度", description="Latitude, degrees north.")
    datum: Literal["WGS-84", "CGCS2000"] = Field(
        default="WGS-84", title="坐标系", description="Datum; the two differ by centimetres."
    )

    def distance_m(self, other: "GeoPoint") -> float:
        """Length of the geodesic on the WGS-84 ellipsoid, metres."""
        return float(_WGS84.inv(self.lon, self.lat, other.lon, other.lat)[2])

    def toward(self, other: "GeoPoint", metres: float) -> "GeoPoint":
        """The point ``metres`` along the geodesic to ``other``, never beyond it."""
        azimuth, _, length = _WGS84.inv(self.lon, self.lat, other.lon, other.lat)
        if metres >= length:
            return other
        lon, lat, _ = _WGS84.fwd(self.lon, self.lat, azimuth, metres)
        return GeoPoint(lon=lon, lat=lat, datum=self.datum)


def bounding_box(boxes: Sequence[Box]) -> Box:
    """The smallest box around all of ``boxes`` (at least one)."""
    left, top = min(b.x for b in boxes), min(b.y for b in boxes)
    right, bottom = max(b.x + b.w for b in boxes), max(b.y + b.h for b in boxes)
    return Box(left, top, right - left, bottom - top)
