"""From a pixel to a place on the ground, with the error to expect.

The ray through a pixel is d = R·K⁻¹·[u, v, 1]; it is followed from the camera until it meets the
ground, then the crossing is bisected. Distances on the ground are geodesics; the ground's fall
away from the camera's tangent plane (s²/2R) is counted.

The error is CE90: the radius around the place that holds the truth nine times out of ten. The
errors of position, height, ground, attitude and time are each put through the whole
computation, added as covariances, and the circle is found by integrating the resulting
bivariate normal density in polar form.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pyproj import Geod
from scipy.optimize import brentq
from scipy.spatial.transform import Rotation

from core.geometry import GeoPoint
from core.value import Value
from drones.errors import DroneError, HorizonError
from drones.pose import Height, HeightKind, Matrix, Pose

_WGS84 = Geod(ellps="WGS84")
_EARTH_M = 6_371_000.0
MAX_RANGE_M = 5_000.0


@dataclass(frozen=True)
class Ground:
    """The ground's height as a function of place, in one kind of height.

    Attributes:
        height_m: called with a :class:`GeoPoint`.
        step_m: the ray is looked at this often; narrower ridges may be missed.
    """

    kind: HeightKind
    height_m: Callable[[GeoPoint], float]
    step_m: float = 5.0

    @classmethod
    def flat(cls, height: Height) -> "Ground":
        """The same height everywhere."""
        return cls(height.kind, lambda _: height.metres, step_m=500.0)


class Errors(Value):
    """Standard deviations of what goes into a place."""

    position_m: float = Field(default=1.5, ge=0, description="Each of east and north.")
    height_m: float = Field(default=2.0, ge=0, description="Of the camera's height.")
    ground_m: float = Field(default=3.0, ge=0, description="Of the ground; 15 without terrain.")
    pitch_deg: float = Field(default=0.5, ge=0)
    roll_deg: float = Field(default=0.5, ge=0)
    yaw_deg: float = Field(default=2.0, ge=0)
    sync_s: float = Field(default=0.1, ge=0, description="Between picture and telemetry.")
    speed_mps: float = Field(default=8.0, ge=0, description="Flown along the nose meanwhile.")


class Located(Value):
    """A place on the ground that a pixel shows."""

    place: GeoPoint
    height: Height
    distance_m: float = Field(description="From the camera, along the ray.")
    ce90_m: float = Field(description="Radius that holds the truth nine times out of ten.")


def locate(pose: Pose, u: float, v: float, ground: Ground, errors: Errors | None = None) -> Located:
    """The place that pixel (u, v) of an undistorted picture shows.

    Raises:
        HorizonError: the ray meets no ground within 5 km, or would not with a likely error.
        DroneError: heights of different kinds, or the camera is not above the ground.
    """
    if pose.height.kind is not ground.kind:
        raise DroneError(
            f"the camera's height is {pose.height.kind}, the ground's {ground.kind}; "
            "convert one, they are never mixed"
        )
    if ground.height_m(pose.place) >= pose.height.metres:
        raise DroneError("the camera is not above the ground; is the height of the right kind?")
    rotation, ray = pose.rotation(), pose.camera.ray(u, v)
    hit = _meet(pose, rotation @ ray, ground)
    place = _place(pose.place, hit)
    return Located(
        place=place,
        height=Height(metres=ground.height_m(place), kind=ground.kind),
        distance_m=float(np.linalg.norm(hit)),
        ce90_m=_ce90(_covariance(pose, rotation, ray, ground, hit, errors or Errors())),
    )


def pixel(pose: Pose, place: GeoPoint, height: Height) -> tuple[float, float] | None:
    """Where a place appears in the picture, in pixels; None when it lies behind the camera.

    The point may lie outside the picture's borders.
    """
    if pose.height.kind is not height.kind:
        raise DroneError(f"heights of kinds {pose.height.kind} and {height.kind} are never mixed")
    azimuth, _, away = _WGS84.inv(pose.place.lon, pose.place.lat, place.lon, place.lat)
    heading = math.radians(azimuth)
    up = height.metres - pose.height.metres - away**2 / (2 * _EARTH_M)
    offset = np.array([away * math.sin(heading), away * math.cos(heading), up])
    x, y, z = pose.rotation().T @ offset
    if z <= 0:
        return None
    camera = pose.camera
    return float(camera.cx_px + camera.fx_px * x / z), float(camera.cy_px + camera.fy_px * y / z)


def _place(origin: GeoPoint, offset: Matrix) -> GeoPoint:
    east, north = float(offset[0]), float(offset[1])
    azimuth = math.degrees(math.atan2(east, north))
    lon, lat, _ = _WGS84.fwd(origin.lon, origin.lat, azimuth, math.hypot(east, north))
    return GeoPoint(lon=lon, lat=lat, datum=origin.datum)


def _meet(
    pose: Pose, direction: Matrix, ground: Ground, shift: Matrix | None = None, raised_m: float = 0
) -> Matrix:
    """East, north, up from the camera to where the ray first meets the ground."""
    unit = direction / np.linalg.norm(direction)
    start = np.zeros(3) if shift is None else shift

    def above(metres: float) -> float:
        point = start + metres * unit
        fall = (point[0] ** 2 + point[1] ** 2) / (2 * _EARTH_M)
        height = pose.height.metres + float(point[2]) + fall
        return float(height - ground.height_m(_place(pose.place, point)) - raised_m)

    near = 0.0
    while near < MAX_RANGE_M:
        far = min(near + ground.step_m, MAX_RANGE_M)
        if above(far) <= 0:
            return np.asarray(start + brentq(above, near, far, xtol=1e-4) * unit)
        near = far
    raise HorizonError(
        f"the pixel shows no ground within {MAX_RANGE_M:.0f} m: at or above the horizon "
        f"(ray {math.degrees(math.asin(unit[2])):+.1f}° from level)"
    )


def _covariance(
    pose: Pose, rotation: Matrix, ray: Matrix, ground: Ground, hit: Matrix, errors: Errors
) -> NDArray[np.float64]:
    """2×2 covariance of east and north, metres²."""
    right = rotation[:, 0] * (1, 1, 0)
    right = right / np.linalg.norm(right) if np.any(right) else np.array([1.0, 0, 0])
    forward = np.array([-right[1], right[0], 0.0])
    nose = math.radians(pose.airframe.yaw_deg)
    along = np.array([math.sin(nose), math.cos(nose), 0]) * errors.sync_s * errors.speed_mps
    direction = rotation @ ray
    up = np.array([0.0, 0.0, 1.0])
    moves = [
        _meet(pose, Rotation.from_rotvec(axis * math.radians(degrees)).apply(direction), ground)
        - hit
        for axis, degrees in (
            (right, errors.pitch_deg),
            (forward, errors.roll_deg),
            (up, errors.yaw_deg),
        )
    ]
    moves.append(_meet(pose, direction, ground, up * errors.height_m) - hit)
    moves.append(_meet(pose, direction, ground, raised_m=-errors.ground_m) - hit)
    # Shifted with the ground beneath it: a wrong position moves the answer by as much.
    moves += [np.array([errors.position_m, 0, 0]), np.array([0, errors.position_m, 0]), along]
    table = np.array([move[:2] for move in moves])
    return np.asarray(table.T @ table)


def _ce90(covariance: NDArray[np.float64]) -> float:
    """Radius of the circle that holds 90 % of a centred bivariate normal distribution."""
    small, large = np.sqrt(np.maximum(np.linalg.eigvalsh(covariance), 0))
    if large == 0:
        return 0.0
    ratio = max(float(small / large), 0.01)
    angle = np.linspace(0, math.pi, 2048, endpoint=False)
    spread = (np.cos(angle) ** 2 + (np.sin(angle) / ratio) ** 2) / 2

    def outside(radius: float) -> float:
        return float(np.mean(np.exp(-spread * radius**2) / (2 * spread * ratio))) - 0.1

    return float(large) * float(brentq(outside, 1.0, 3.0))
