"""Places out of a flying camera's picture, by the telemetry beside it.

Only a pose of the picture's own moment or from before it is used, never one from after: whichever
has arrived later, the answer is that of a replay. What the telemetry leaves out is not guessed:
without place, heading, pitch, roll, gimbal or angle of view there is no place. The height over
the ground is by the configured height, else by the ground's own height mid-picture, else by the
slant range to it.
"""

import math
import threading
from bisect import bisect_right, insort
from operator import attrgetter

from core.clock import NS_PER_S
from core.config.cameras import Flight
from core.geometry import Box, GeoPoint
from core.messages import CameraPose
from drones.errors import DroneError
from drones.ground import Errors, Ground, locate
from drones.pose import Angles, Camera, GimbalFrame, Height, HeightKind, Pose

OLDEST_S = 1.0
"""A pose that is older than this tells nothing of a picture."""
KEPT_S = 300.0
_95_OF_90 = 1.192
"""A circle that holds 95 of 100 is at most so much wider than one that holds 90: 1.141 when
both axes are alike, 1.1916 when all of it lies on a line."""
_PICTURE_PX = 10_000
_FOOT_ALONG = 0.05
_RAY_DEG = 0.5
_GROUND_TOLD_M = 8.0
_by_time = attrgetter("time_ns")


class Poses:
    """What was lately told of flying cameras; may be told and asked from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[str, list[CameraPose]] = {}

    def tell(self, pose: CameraPose) -> None:
        """Keep a pose; those of long before are forgotten."""
        with self._lock:
            known = self._of.setdefault(pose.camera, [])
            insort(known, pose, key=_by_time)
            oldest_ns = known[-1].time_ns - round(KEPT_S * NS_PER_S)
            if known[0].time_ns < oldest_ns:
                del known[: bisect_right(known, oldest_ns, key=_by_time)]

    def at(self, camera: str, time_ns: int) -> CameraPose | None:
        """The newest pose that is not from after a moment, if it is fresh."""
        with self._lock:
            known = self._of.get(camera, [])
            newest = bisect_right(known, time_ns, key=_by_time)
            pose = known[newest - 1] if newest else None
        fresh = pose is not None and time_ns - pose.time_ns <= OLDEST_S * NS_PER_S
        return pose if fresh else None


def place(
    told: CameraPose, flight: Flight, box: Box, aspect: float, time_ns: int
) -> tuple[GeoPoint, float] | None:
    """Where what stands in a box is, and the radius that this is right within, metres.

    Args:
        aspect: width of the picture over its height.
        time_ns: of the picture.

    Returns:
        None: the telemetry does not say enough, or the box shows no ground.
    """
    pose = _pose(told, aspect)
    if pose is None:
        return None
    ground_m = _ground_m(told, pose, flight)
    if ground_m is None:
        return None
    vertical_deg = math.degrees(2 * math.atan(_PICTURE_PX / 2 / pose.camera.fy_px))
    loose_deg = math.hypot(_RAY_DEG, _FOOT_ALONG * box.h * vertical_deg)
    late_s = (time_ns - told.time_ns) / NS_PER_S
    errors = Errors(
        ground_m=flight.ground_error_m if flight.ground_amsl_m is not None else _GROUND_TOLD_M,
        pitch_deg=loose_deg,
        sync_s=math.hypot(0.1, late_s),
    )
    x, y = box.foot
    try:
        hit = locate(
            pose,
            x * _PICTURE_PX,
            y * _PICTURE_PX,
            Ground.flat(Height(metres=ground_m, kind=pose.height.kind)),
            errors,
        )
    except DroneError:
        return None
    return hit.place, hit.ce90_m * _95_OF_90


def _pose(told: CameraPose, aspect: float) -> Pose | None:
    heading, pitch, roll = told.heading_deg, told.pitch_deg, told.roll_deg
    yaw, tilt, hfov = told.sensor_yaw_deg, told.sensor_pitch_deg, told.hfov_deg
    if told.place is None or heading is None or pitch is None or roll is None:
        return None
    if yaw is None or tilt is None or hfov is None or not 0 < hfov < 170:
        return None
    if told.amsl_m is not None:
        height = Height(metres=told.amsl_m, kind=HeightKind.AMSL)
    elif told.ellipsoid_m is not None:
        height = Height(metres=told.ellipsoid_m, kind=HeightKind.ELLIPSOID)
    else:
        return None
    across = 0.5 / math.tan(math.radians(hfov) / 2)
    camera = Camera(
        width_px=_PICTURE_PX,
        height_px=_PICTURE_PX,
        fx_px=across * _PICTURE_PX,
        fy_px=across * aspect * _PICTURE_PX,
        cx_px=_PICTURE_PX / 2,
        cy_px=_PICTURE_PX / 2,
    )
    return Pose(
        time_ns=told.time_ns,
        place=told.place,
        height=height,
        airframe=Angles(yaw_deg=heading, pitch_deg=pitch, roll_deg=roll),
        gimbal=Angles(yaw_deg=yaw, pitch_deg=tilt, roll_deg=told.sensor_roll_deg or 0.0),
        gimbal_frame=GimbalFrame.BODY,
        camera=camera,
    )


def _ground_m(told: CameraPose, pose: Pose, flight: Flight) -> float | None:
    """The height of the ground, in the same kind as the camera's."""
    amsl = pose.height.kind is HeightKind.AMSL
    if amsl and flight.ground_amsl_m is not None:
        return flight.ground_amsl_m
    if amsl and told.centre_amsl_m is not None:
        return told.centre_amsl_m
    if told.slant_range_m is None:
        return None
    # The optical axis is the third column: east, north, up of what the camera looks along.
    return pose.height.metres + told.slant_range_m * float(pose.rotation()[2, 2])
