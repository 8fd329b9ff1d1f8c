"""What was known of a drone at one moment, and over a flight.

Heights from different zeros are different fields and never mixed. The fields are what
``drones.pose.Pose`` asks for; the composition root fills it, for rooms do not know each other.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal

from core.clock import NS_PER_S
from core.geometry import GeoPoint
from ingest.telemetry.attitude import Attitude

GAP_S = 3.0

GimbalFrame = Literal["earth", "heading", "body"]
"""``earth``: against north and horizon; ``heading``: yaw against the nose, the rest against the
horizon; ``body``: all against the airframe. The values of ``drones.pose.GimbalFrame``."""


@dataclass(frozen=True, slots=True)
class TelemetrySample:
    """One moment. Whatever the source did not say is None.

    Attributes:
        time_ns: UTC nanoseconds.
        place: where the camera (or the drone) is.
        amsl_m: its height above mean sea level.
        ellipsoid_m: its height above the WGS-84 ellipsoid.
        relative_m: its height above the take-off point.
        unlabelled_m: a height of which the source does not say from where it is counted.
        airframe: the airframe against north and horizon.
        gimbal: the camera, counted as ``gimbal_frame`` says.
        hfov_deg, vfov_deg: full angles of view.
        slant_range_m: from the camera to the middle of the picture on the ground.
        target_width_m: width of the ground shown at the middle of the picture.
        centre: the place shown in the middle of the picture.
        centre_amsl_m, centre_ellipsoid_m: its height.
        corners: the places shown in the corners, from the upper left clockwise.
        speed_mps: speed over ground.
        satellites: how many were used.
        iso, shutter_s, f_number, ev, focal_mm, zoom, colour_k: settings of the camera. The
            focal length is what the maker writes, which is mostly that of 35 mm film.
    """

    time_ns: int
    place: GeoPoint | None = None
    amsl_m: float | None = None
    ellipsoid_m: float | None = None
    relative_m: float | None = None
    unlabelled_m: float | None = None
    airframe: Attitude | None = None
    gimbal: Attitude | None = None
    gimbal_frame: GimbalFrame | None = None
    hfov_deg: float | None = None
    vfov_deg: float | None = None
    slant_range_m: float | None = None
    target_width_m: float | None = None
    centre: GeoPoint | None = None
    centre_amsl_m: float | None = None
    centre_ellipsoid_m: float | None = None
    corners: tuple[GeoPoint, GeoPoint, GeoPoint, GeoPoint] | None = None
    speed_mps: float | None = None
    satellites: int | None = None
    iso: float | None = None
    shutter_s: float | None = None
    f_number: float | None = None
    ev: float | None = None
    focal_mm: float | None = None
    zoom: float | None = None
    colour_k: float | None = None


_NAMES = tuple(f.name for f in fields(TelemetrySample) if f.name not in ("time_ns", "gimbal_frame"))


class TelemetryTrack:
    """Samples of one flight in the order of time, and what lay between them.

    Args:
        samples: in any order; of two with the same time the later one given counts.
        gap_s: two samples farther apart than this say nothing of the time between them.
    """

    def __init__(self, samples: Iterable[TelemetrySample], gap_s: float = GAP_S) -> None:
        by_time = {sample.time_ns: sample for sample in samples}
        self.samples: Sequence[TelemetrySample] = tuple(by_time[time] for time in sorted(by_time))
        self.gap_s = gap_s
        self._times = [sample.time_ns for sample in self.samples]

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def first_ns(self) -> int | None:
        return self._times[0] if self._times else None

    @property
    def last_ns(self) -> int | None:
        return self._times[-1] if self._times else None

    @property
    def covered_s(self) -> float:
        """Seconds for which ``at`` has an answer."""
        limit_ns = round(self.gap_s * NS_PER_S)
        steps = (b - a for a, b in zip(self._times, self._times[1:], strict=False))
        return sum(step for step in steps if step <= limit_ns) / NS_PER_S

    def at(self, time_ns: int) -> TelemetrySample | None:
        """What held at a moment, between two samples by interpolation.

        None before the first sample, after the last, and within a gap longer than ``gap_s``:
        nothing is guessed. A field that one of the two neighbours lacks is None as well.
        """
        index = bisect_right(self._times, time_ns)
        if index and self._times[index - 1] == time_ns:
            return self.samples[index - 1]
        if index == 0 or index == len(self._times):
            return None
        before, after = self.samples[index - 1], self.samples[index]
        span_ns = after.time_ns - before.time_ns
        if span_ns > self.gap_s * NS_PER_S:
            return None
        return between(before, after, time_ns, (time_ns - before.time_ns) / span_ns)

    def shifted(self, by_ns: int) -> "TelemetryTrack":
        """The same flight on another clock."""
        moved = (replace(sample, time_ns=sample.time_ns + by_ns) for sample in self.samples)
        return TelemetryTrack(moved, self.gap_s)


def merged(*tracks: TelemetryTrack) -> TelemetryTrack:
    """One track from several that each know some of the fields, interpolated to all times."""
    known: list[TelemetrySample] = []
    for time_ns in sorted({sample.time_ns for track in tracks for sample in track.samples}):
        values: dict[str, Any] = {}
        for track in tracks:
            sample = track.at(time_ns)
            if sample is not None:
                values |= {n: v for n in _NAMES if (v := getattr(sample, n)) is not None}
                if sample.gimbal is not None:
                    values["gimbal_frame"] = sample.gimbal_frame
        known.append(TelemetrySample(time_ns=time_ns, **values))
    return TelemetryTrack(known, max((track.gap_s for track in tracks), default=GAP_S))


def between(
    before: TelemetrySample, after: TelemetrySample, time_ns: int, share: float
) -> TelemetrySample:
    """The sample ``share`` (0..1) of the way from one to the next."""
    values: dict[str, Any] = {
        name: _mixed(getattr(before, name), getattr(after, name), share) for name in _NAMES
    }
    if before.gimbal_frame == after.gimbal_frame:
        values["gimbal_frame"] = before.gimbal_frame
    else:  # angles counted from different zeros have nothing between them
        values["gimbal"] = None
    return TelemetrySample(time_ns=time_ns, **values)


def _mixed(before: Any, after: Any, share: float) -> Any:
    if before is None or after is None:
        return None
    match before:
        case Attitude():
            return before.toward(after, share)
        case GeoPoint():
            return _place(before, after, share)
        case tuple():
            return tuple(_place(a, b, share) for a, b in zip(before, after, strict=True))
        case int():
            return before  # a count does not go up by halves
    return before + (after - before) * share


def _place(before: GeoPoint, after: GeoPoint, share: float) -> GeoPoint:
    """On the straight line in degrees, which over a few seconds of flight is the geodesic."""
    east = (after.lon - before.lon + 180) % 360 - 180  # the short way over the date line
    lon = (before.lon + east * share + 180) % 360 - 180
    return GeoPoint(lon=lon, lat=before.lat + (after.lat - before.lat) * share)
