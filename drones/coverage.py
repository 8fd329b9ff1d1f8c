"""Patrol routes that show every spot of an area: lanes up and down, as one mows a lawn.

The camera looks straight down; each flown lane shows a strip as wide as the picture. Lanes run
along the longest side of the smallest rectangle around the area, which needs the fewest turns.
A lane is as long as the area within its whole strip, so that slanting edges are shown too.
"""

import math
from collections.abc import Sequence

import numpy as np
from pydantic import Field
from pyproj import Transformer
from shapely import affinity
from shapely.geometry import Polygon, box
from shapely.validation import explain_validity

from core.geometry import GeoPoint
from core.value import Value
from drones.errors import DroneError
from drones.pose import Camera, Height, HeightKind

CEILING_M = 120.0  # true height above which airspace is controlled (暂行条例 art. 19)
MAX_WAYPOINTS = 700  # what the commoner flight controllers hold


class Mission(Value):
    """A patrol route and what it costs."""

    waypoints: tuple[GeoPoint, ...] = Field(description="In flying order, two a lane.")
    height: Height = Field(description="The same all the way, above the take-off point.")
    speed_mps: float
    strip_m: float = Field(description="Width of ground that a lane shows.")
    spacing_m: float = Field(description="Between neighbouring lanes.")
    heading_deg: float = Field(description="Of the first lane, clockwise from north.")
    length_m: float = Field(description="From the first waypoint to the last.")
    flight_s: float = Field(description="Length over speed, and the turns.")


def plan(
    area: Sequence[GeoPoint],
    camera: Camera,
    height_m: float,
    *,
    overlap: float = 0.2,
    speed_mps: float = 8.0,
    turn_s: float = 5.0,
    ceiling_m: float = CEILING_M,
) -> Mission:
    """A route whose pictures show the whole ``area``, over flat ground.

    Args:
        area: corners of a simple polygon, one datum.
        height_m: above the ground (and take-off point).
        overlap: part of a strip that its neighbour shows again, 0 to 0.9.
        turn_s: lost at each turn from lane to lane.
        ceiling_m: refuse to plan higher; raise it where a permit allows.

    Raises:
        DroneError: names the argument that cannot be used.
    """
    if not 0 < height_m <= ceiling_m:
        raise DroneError(f"height_m: {height_m} m is not above 0 and at most {ceiling_m:.0f} m")
    if not 0 <= overlap <= 0.9:
        raise DroneError(f"overlap: {overlap} is not within 0 to 0.9")
    if speed_mps <= 0 or turn_s < 0:
        raise DroneError("speed_mps must be above 0 and turn_s not below")
    shape, back, datum = _flatten(area)
    turned_deg = _long_side_deg(shape)
    level = affinity.rotate(shape, -turned_deg, origin=(0, 0))
    strip_m = height_m * camera.width_px / camera.fx_px
    lanes, spacing_m = _lanes(level, strip_m, overlap)
    if 2 * len(lanes) > MAX_WAYPOINTS:
        raise DroneError(
            f"area: {2 * len(lanes)} waypoints needed, a flight holds {MAX_WAYPOINTS}; "
            "fly higher or divide the area"
        )
    path = np.array([point for lane in lanes for point in lane])
    length_m = float(np.sum(np.linalg.norm(np.diff(path, axis=0), axis=1)))
    angle = math.radians(turned_deg)
    spin = np.array([[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]])
    east, north = (path @ spin).T
    lons, lats = back.transform(east, north, direction="INVERSE")
    return Mission(
        waypoints=tuple(
            GeoPoint(lon=lon, lat=lat, datum=datum) for lon, lat in zip(lons, lats, strict=True)
        ),
        height=Height(metres=height_m, kind=HeightKind.RELATIVE),
        speed_mps=speed_mps,
        strip_m=strip_m,
        spacing_m=spacing_m,
        heading_deg=(90 - turned_deg) % 360,
        length_m=length_m,
        flight_s=length_m / speed_mps + turn_s * (len(lanes) - 1),
    )


def _flatten(area: Sequence[GeoPoint]) -> tuple[Polygon, Transformer, str]:
    """The polygon in metres about its middle, and the projection that made it so."""
    if len(area) < 3:
        raise DroneError(f"area: a polygon needs at least 3 corners, this one has {len(area)}")
    if len(datums := {corner.datum for corner in area}) > 1:
        raise DroneError(f"area: corners in {' and '.join(sorted(datums))}; convert to one datum")
    lon = sum(corner.lon for corner in area) / len(area)
    lat = sum(corner.lat for corner in area) / len(area)
    project = Transformer.from_crs(
        "EPSG:4326", f"+proj=aeqd +lat_0={lat} +lon_0={lon} +datum=WGS84", always_xy=True
    )
    shape = Polygon([project.transform(corner.lon, corner.lat) for corner in area])
    if not shape.is_valid or shape.area < 1.0:
        reason = explain_validity(shape) if not shape.is_valid else "it is smaller than 1 m²"
        raise DroneError(f"area: not a usable polygon: {reason}")
    return shape, project, area[0].datum


def _long_side_deg(shape: Polygon) -> float:
    """Direction of the longest side of the smallest rectangle, degrees from east to north."""
    corners = np.array(shape.minimum_rotated_rectangle.exterior.coords)
    sides = np.diff(corners[:3], axis=0)
    east, north = sides[np.argmax(np.linalg.norm(sides, axis=1))]
    return math.degrees(math.atan2(north, east)) % 180


def _lanes(
    shape: Polygon, strip_m: float, overlap: float
) -> tuple[list[list[tuple[float, float]]], float]:
    """Lanes along x in flying order, each from end to end, and their spacing."""
    left, low, right, high = shape.bounds
    most_m = strip_m * (1 - overlap)
    count = max(1, math.ceil((high - low - strip_m) / most_m - 1e-9) + 1)
    spacing_m = (high - low - strip_m) / (count - 1) if count > 1 else 0.0
    first = low + strip_m / 2 if count > 1 else (low + high) / 2
    lanes: list[list[tuple[float, float]]] = []
    forward = True
    for number in range(count):
        y = first + number * spacing_m
        strip = shape.intersection(box(left - 1, y - strip_m / 2, right + 1, y + strip_m / 2))
        pieces = sorted(
            (piece.bounds[0], piece.bounds[2])
            for piece in getattr(strip, "geoms", [strip])
            if piece.area > 0
        )
        merged: list[tuple[float, float]] = []
        for start, end in pieces:
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(merged[-1][1], end))
            else:
                merged.append((start, end))
        for start, end in merged if forward else reversed(merged):
            lanes.append([(start, y), (end, y)] if forward else [(end, y), (start, y)])
        forward = not forward
    return lanes, spacing_m
