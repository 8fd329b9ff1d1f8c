"""Where points of a camera's picture lie on the ground: things have a size, and acts a place."""

import math
from functools import cached_property
from typing import Annotated, Self

from pydantic import Field, model_validator
from pyproj import Geod

from core.config.base import Section
from core.geometry import GeoPoint, Point
from core.ground import Plane

_WGS84 = Geod(ellps="WGS84")
_FARTHEST_M = 2_000.0
_Metres = Annotated[float, Field(ge=-_FARTHEST_M, le=_FARTHEST_M, allow_inf_nan=False)]


class GroundPoint(Section):
    """One point that can be told in the picture and on the ground."""

    image: Point = Field(title="画面位置", description="[x, y], 0..1, origin at the top left.")
    metres: tuple[_Metres, _Metres] | None = Field(
        default=None,
        title="地面位置（米）",
        description="[x, y] in metres from any point, e.g. to the right and away from the camera.",
    )
    place: GeoPoint | None = Field(
        default=None, title="地面位置（经纬度）", description="The same as longitude and latitude."
    )

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.metres is None) == (self.place is None):
            raise ValueError("give either `metres` or `place`")
        return self


class Ground(Section):
    """A flat ground, by four points of it or better six, spread over what is watched."""

    points: tuple[GroundPoint, ...] = Field(
        max_length=24,
        title="标定点",
        description="At least 4, all in metres or all as longitude and latitude.",
    )
    anchor: GeoPoint | None = Field(
        default=None,
        title="原点",
        description="For points in metres: where [0, 0] lies. Without it acts have no place.",
    )
    bearing_deg: float | None = Field(
        default=None,
        ge=0,
        lt=360,
        title="纵轴方位",
        description="For points in metres: where y points to, degrees from north.",
    )
    error_m: float = Field(
        default=3,
        gt=0,
        le=100,
        title="标定误差",
        description="The places of the points are right within this, metres, 95 times of 100.",
    )

    @model_validator(mode="after")
    def _is_a_plane(self) -> Self:
        if len({point.place is None for point in self.points}) > 1:
            raise ValueError("give all points in `metres` or all as `place`, not both")
        if (self.anchor is None) != (self.bearing_deg is None):
            raise ValueError("give `anchor` and `bearing_deg` together, or neither")
        if self.anchor is not None and self.points[0].place is not None:
            raise ValueError("`anchor` belongs to points in metres; these have their places")
        plane = self.plane  # points that fix none are refused here
        if self.mapped and plane.mirrored:
            raise ValueError(
                "left and right are changed: two points have each other's place, "
                "longitude and latitude are confused, or x does not point to the right of y"
            )
        return self

    @property
    def mapped(self) -> bool:
        """True when it is known where on the map this ground lies."""
        return self.anchor is not None or self.points[0].place is not None

    def place(self, metres: tuple[float, float]) -> GeoPoint | None:
        """Where on the map a point of the plane lies; None when the ground is not mapped."""
        origin = self.anchor or self.points[0].place
        if origin is None:
            return None
        azimuth = math.degrees(math.atan2(*metres)) + (self.bearing_deg or 0)
        lon, lat, _ = _WGS84.fwd(origin.lon, origin.lat, azimuth, math.hypot(*metres))
        return GeoPoint(lon=lon, lat=lat, datum=origin.datum)

    @cached_property
    def plane(self) -> Plane:
        """The fitted plane."""
        return Plane.fit([point.image for point in self.points], self._metres())

    def _metres(self) -> list[tuple[float, float]]:
        """Each point in metres; places count east and north from the first."""
        places = [point.place for point in self.points if point.place is not None]
        if not places:
            return [point.metres for point in self.points if point.metres is not None]
        flat = []
        for place in places:
            east_m = _away(places[0], GeoPoint(lon=place.lon, lat=places[0].lat))
            north_m = _away(places[0], GeoPoint(lon=places[0].lon, lat=place.lat))
            flat.append((
                east_m if place.lon >= places[0].lon else -east_m,
                north_m if place.lat >= places[0].lat else -north_m,
            ))  # fmt: skip
        return flat


def _away(one: GeoPoint, other: GeoPoint) -> float:
    metres = float(_WGS84.inv(one.lon, one.lat, other.lon, other.lat)[2])
    if metres > _FARTHEST_M:
        raise ValueError(
            f"points lie {metres / 1000:.1f} km apart; are longitude and latitude confused?"
        )
    return metres
