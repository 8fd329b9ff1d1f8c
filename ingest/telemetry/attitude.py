"""Angles of an airframe or a gimbal, and the way from one to the next.

Yaw (clockwise from north or from the nose), then pitch (nose up), then roll (right side down),
in degrees: the convention of MAVLink, of MISB ST 0601 and of ``drones/pose.py``.
"""

import math
from typing import NamedTuple

Quaternion = tuple[float, float, float, float]
"""w, x, y, z of a unit quaternion."""


class Attitude(NamedTuple):
    """Three angles in degrees."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float

    def quaternion(self) -> Quaternion:
        """Rz(yaw)·Ry(pitch)·Rx(roll) as a unit quaternion."""
        yaw, pitch, roll = (math.radians(angle) / 2 for angle in self)
        cy, sy, cp, sp = math.cos(yaw), math.sin(yaw), math.cos(pitch), math.sin(pitch)
        cr, sr = math.cos(roll), math.sin(roll)
        return (
            cr * cp * cy + sr * sp * sy,
            sr * cp * cy - cr * sp * sy,
            cr * sp * cy + sr * cp * sy,
            cr * cp * sy - sr * sp * cy,
        )

    @classmethod
    def of(cls, quaternion: Quaternion) -> "Attitude":
        """The angles of a unit quaternion; looking straight down or up, roll is put to 0."""
        w, x, y, z = quaternion
        sine = max(-1.0, min(1.0, 2 * (w * y - z * x)))
        if abs(sine) > 1 - 1e-9:
            yaw = -2 * math.atan2(x, w) if sine > 0 else 2 * math.atan2(x, w)
            return cls(wrapped(math.degrees(yaw)), math.copysign(90.0, sine), 0.0)
        yaw = math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
        roll = math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
        return cls(math.degrees(yaw), math.degrees(math.asin(sine)), math.degrees(roll))

    def toward(self, other: "Attitude", share: float) -> "Attitude":
        """The attitude ``share`` (0..1) of the shortest turn to ``other``.

        Turned as a whole (spherical linear interpolation, Shoemake 1985): angle by angle a
        camera that passes straight down would sweep around the horizon.
        """
        if self == other or share <= 0:
            return self
        if share >= 1:
            return other
        first, second = self.quaternion(), other.quaternion()
        cosine = sum(a * b for a, b in zip(first, second, strict=True))
        sign = 1.0 if cosine >= 0 else -1.0
        angle = math.acos(min(1.0, abs(cosine)))
        if angle < 1e-6:
            before, after = 1 - share, share
        else:
            before = math.sin((1 - share) * angle) / math.sin(angle)
            after = math.sin(share * angle) / math.sin(angle)
        mixed = [a * before + b * after * sign for a, b in zip(first, second, strict=True)]
        length = math.hypot(*mixed)
        w, x, y, z = (part / length for part in mixed)
        return Attitude.of((w, x, y, z))


def wrapped(degrees: float) -> float:
    """The same direction in −180..180.

    >>> wrapped(266.5)
    -93.5
    """
    if -180.0 <= degrees <= 180.0:
        return degrees
    return (degrees + 180.0) % 360.0 - 180.0
