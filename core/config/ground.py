"""Where points of a camera's picture lie on the ground, so that things have a size in metres."""

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

    @model_validator(mode="after")
    def _is_a_plane(self) -> Self:
        if len({point.place is None for point in self.points}) > 1:
            raise ValueError("give all points in `metres` or all as `place`, not both")
        plane = self.plane
        if self.points[0].place is not None and plane.mirrored:
            raise ValueError(
                "left and right are changed: two points have each other's place, "
                "or longitude and latitude are confused"
            )
        return self

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
