"""Where a drone's camera is and looks.

Frames: the earth is *east, north, up* (ENU) in metres about the camera; the airframe is
*forward, right, down*; the camera is *right, down, forward* (x, y, z of the pinhole model).
Angles turn the airframe by yaw (clockwise from north), then pitch (nose up), then roll (right
side down), the convention of MAVLink and of aerospace.
"""

import math
from enum import StrEnum
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.spatial.transform import Rotation

from core.geometry import GeoPoint
from core.value import Value

Matrix = NDArray[np.float64]

_NED_TO_ENU = np.array([[0, 1, 0], [1, 0, 0], [0, 0, -1]], float)
_CAMERA_TO_BODY = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]], float)


class HeightKind(StrEnum):
    """What a height is counted from. Kinds are never mixed."""

    AMSL = "amsl"  # above mean sea level (the geoid)
    ELLIPSOID = "ellipsoid"  # above the datum's ellipsoid, as GNSS measures
    RELATIVE = "relative"  # above the take-off point


class Height(Value):
    """A height and what it is counted from."""

    metres: float = Field(allow_inf_nan=False)
    kind: HeightKind


class Angles(Value):
    """Yaw, pitch and roll in degrees."""

    yaw_deg: float = Field(allow_inf_nan=False)
    pitch_deg: float = Field(default=0.0, ge=-180, le=180)
    roll_deg: float = Field(default=0.0, ge=-180, le=180)

    def rotation(self) -> Matrix:
        """3×3 turning airframe vectors into north, east, down: Rz(yaw)·Ry(pitch)·Rx(roll)."""
        angles = [self.yaw_deg, self.pitch_deg, self.roll_deg]
        return np.asarray(Rotation.from_euler("ZYX", angles, degrees=True).as_matrix())


class GimbalFrame(StrEnum):
    """What gimbal angles are counted from (MAVLink gimbal v2: read the flags)."""

    EARTH = "earth"  # all three against north and horizon: the airframe's do not matter
    HEADING = "heading"  # yaw against the nose, pitch and roll against the horizon
    BODY = "body"  # all three against the airframe


class Camera(Value):
    """A pinhole camera; pixels are those of an undistorted picture."""

    width_px: int = Field(gt=0)
    height_px: int = Field(gt=0)
    fx_px: float = Field(gt=0, description="Focal length in pixel widths.")
    fy_px: float = Field(gt=0, description="Focal length in pixel heights.")
    cx_px: float = Field(description="Column of the optical axis.")
    cy_px: float = Field(description="Row of the optical axis.")

    @classmethod
    def from_fov(cls, width_px: int, height_px: int, horizontal_deg: float) -> Self:
        """A camera with square pixels and its axis in the middle."""
        focal = width_px / 2 / math.tan(math.radians(horizontal_deg) / 2)
        return cls(
            width_px=width_px,
            height_px=height_px,
            fx_px=focal,
            fy_px=focal,
            cx_px=width_px / 2,
            cy_px=height_px / 2,
        )

    def ray(self, u: float, v: float) -> Matrix:
        """Direction K⁻¹·[u, v, 1] in the camera's frame."""
        return np.array([(u - self.cx_px) / self.fx_px, (v - self.cy_px) / self.fy_px, 1.0])


class Pose(Value):
    """One moment: where the camera is, how the airframe lies, how the gimbal points."""

    time_ns: int
    place: GeoPoint
    height: Height
    airframe: Angles
    gimbal: Angles
    gimbal_frame: GimbalFrame
    camera: Camera

    def rotation(self) -> Matrix:
        """3×3 turning camera vectors into east, north, up; yaw enters exactly once."""
        gimbal = self.gimbal.rotation()
        match self.gimbal_frame:
            case GimbalFrame.EARTH:
                north_east_down = gimbal
            case GimbalFrame.HEADING:
                north_east_down = Angles(yaw_deg=self.airframe.yaw_deg).rotation() @ gimbal
            case GimbalFrame.BODY:
                north_east_down = self.airframe.rotation() @ gimbal
        return np.asarray(_NED_TO_ENU @ north_east_down @ _CAMERA_TO_BODY)
