"""Where the sun stands, to tell night from day without a clock time in the configuration."""

import math

from core.clock import NS_PER_S
from core.geometry import GeoPoint

DARK_BELOW_DEG = -6.0
"""Lower than this under the horizon it is dark: the end and the beginning of civil twilight."""

_J2000_S = 946_728_000


def sun_height_deg(utc_ns: int, place: GeoPoint) -> float:
    """Height of the sun's middle over the horizon, degrees, without refraction.

    The low-precision formulas of the Astronomical Almanac (section C, "Low precision formulas
    for the Sun"): right to 0.01° between 1950 and 2050, which is a few seconds of time.
    """
    days = (utc_ns / NS_PER_S - _J2000_S) / 86_400
    anomaly = math.radians(357.528 + 0.985_600_3 * days)
    mean_deg = 280.460 + 0.985_647_4 * days
    longitude = math.radians(mean_deg + 1.915 * math.sin(anomaly) + 0.020 * math.sin(2 * anomaly))
    tilt = math.radians(23.439 - 0.000_000_4 * days)
    rises = math.atan2(math.cos(tilt) * math.sin(longitude), math.cos(longitude))
    declination = math.asin(math.sin(tilt) * math.sin(longitude))
    sidereal_deg = 280.460_618_37 + 360.985_647_366_29 * days
    hour = math.radians(sidereal_deg + place.lon) - rises
    latitude = math.radians(place.lat)
    return math.degrees(
        math.asin(
            math.sin(latitude) * math.sin(declination)
            + math.cos(latitude) * math.cos(declination) * math.cos(hour)
        )
    )


def is_dark(utc_ns: int, place: GeoPoint) -> bool:
    """True between the end of the evening's civil twilight and the beginning of the morning's."""
    return sun_height_deg(utc_ns, place) < DARK_BELOW_DEG
