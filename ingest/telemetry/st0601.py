"""The items of MISB ST 0601 that matter here, and how their integers become units.

Item numbers, lengths and ranges are those of ST 0601.17 §8. An unsigned integer spreads a range
evenly over all its values; a signed one does so symmetrically and keeps its lowest value for
*out of range*; IMAPB (ST 1201) is the mapping of the newer items.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Value = float | int | str
Decode = Callable[[bytes], Value | None]


@dataclass(frozen=True)
class Item:
    """One item: its name (the unit at its end), and how its bytes are read."""

    name: str
    decode: Decode
    length: int | None = None  # None: any


def mapped(length: int, low: float, high: float) -> tuple[Decode, int]:
    """Unsigned: 0 is ``low``, all ones are ``high``."""
    scale = (high - low) / (256**length - 1)
    return lambda raw: low + int.from_bytes(raw, "big") * scale, length


def signed(length: int, most: float) -> tuple[Decode, int]:
    """Signed: ±(2ⁿ⁻¹ − 1) is ±``most``; the lowest value means out of range."""
    top = 256**length // 2 - 1

    def decode(raw: bytes) -> float | None:
        number = int.from_bytes(raw, "big", signed=True)
        return None if number < -top else number * most / top

    return decode, length


def whole(length: int) -> tuple[Decode, int]:
    """An unsigned integer as it is."""
    return lambda raw: int.from_bytes(raw, "big"), length


def text(raw: bytes) -> str:
    """UTF-8; damaged letters are shown as such."""
    return raw.decode("utf-8", "replace").rstrip("\0")


def imapb(low: float, high: float) -> Decode:
    """A real of any length in ST 1201's IMAPB; special values (highest bit set) give None."""

    def decode(raw: bytes) -> float | None:
        length = len(raw)
        if not 1 <= length <= 8:
            return None
        number = int.from_bytes(raw, "big")
        if number >> (8 * length - 1) and number != 1 << (8 * length - 1):
            return None
        forward = 2.0 ** (8 * length - 1 - math.ceil(math.log2(high - low)))
        zero = forward * low - math.floor(forward * low) if low < 0 < high else 0.0
        return (number - zero) / forward + low

    return decode


ITEMS: Mapping[int, Item] = {
    2: Item("time_us", *whole(8)),  # Precision Time Stamp, microseconds since 1970
    3: Item("mission_id", text),
    4: Item("tail_number", text),
    5: Item("heading_deg", *mapped(2, 0, 360)),
    6: Item("pitch_deg", *signed(2, 20)),
    7: Item("roll_deg", *signed(2, 50)),
    8: Item("true_airspeed_mps", *whole(1)),
    9: Item("indicated_airspeed_mps", *whole(1)),
    10: Item("designation", text),
    11: Item("image_source", text),
    12: Item("image_coordinates", text),
    13: Item("sensor_lat_deg", *signed(4, 90)),
    14: Item("sensor_lon_deg", *signed(4, 180)),
    15: Item("sensor_amsl_m", *mapped(2, -900, 19_000)),
    16: Item("hfov_deg", *mapped(2, 0, 180)),
    17: Item("vfov_deg", *mapped(2, 0, 180)),
    18: Item("sensor_azimuth_deg", *mapped(4, 0, 360)),
    19: Item("sensor_elevation_deg", *signed(4, 180)),
    20: Item("sensor_roll_deg", *mapped(4, 0, 360)),
    21: Item("slant_range_m", *mapped(4, 0, 5_000_000)),
    22: Item("target_width_m", *mapped(2, 0, 10_000)),
    23: Item("centre_lat_deg", *signed(4, 90)),
    24: Item("centre_lon_deg", *signed(4, 180)),
    25: Item("centre_amsl_m", *mapped(2, -900, 19_000)),
    26: Item("corner_1_lat_offset_deg", *signed(2, 0.075)),
    27: Item("corner_1_lon_offset_deg", *signed(2, 0.075)),
    28: Item("corner_2_lat_offset_deg", *signed(2, 0.075)),
    29: Item("corner_2_lon_offset_deg", *signed(2, 0.075)),
    30: Item("corner_3_lat_offset_deg", *signed(2, 0.075)),
    31: Item("corner_3_lon_offset_deg", *signed(2, 0.075)),
    32: Item("corner_4_lat_offset_deg", *signed(2, 0.075)),
    33: Item("corner_4_lon_offset_deg", *signed(2, 0.075)),
    40: Item("target_lat_deg", *signed(4, 90)),
    41: Item("target_lon_deg", *signed(4, 180)),
    42: Item("target_amsl_m", *mapped(2, -900, 19_000)),
    47: Item("flags", *whole(1)),
    50: Item("angle_of_attack_deg", *signed(2, 20)),
    51: Item("vertical_speed_mps", *signed(2, 180)),
    52: Item("sideslip_deg", *signed(2, 20)),
    56: Item("ground_speed_mps", *whole(1)),
    57: Item("ground_range_m", *mapped(4, 0, 5_000_000)),
    59: Item("call_sign", text),
    64: Item("magnetic_heading_deg", *mapped(2, 0, 360)),
    65: Item("version", *whole(1)),
    72: Item("event_start_us", *whole(8)),
    75: Item("sensor_ellipsoid_m", *mapped(2, -900, 19_000)),
    78: Item("centre_ellipsoid_m", *mapped(2, -900, 19_000)),
    79: Item("north_speed_mps", *signed(2, 327)),
    80: Item("east_speed_mps", *signed(2, 327)),
    82: Item("corner_1_lat_deg", *signed(4, 90)),
    83: Item("corner_1_lon_deg", *signed(4, 180)),
    84: Item("corner_2_lat_deg", *signed(4, 90)),
    85: Item("corner_2_lon_deg", *signed(4, 180)),
    86: Item("corner_3_lat_deg", *signed(4, 90)),
    87: Item("corner_3_lon_deg", *signed(4, 180)),
    88: Item("corner_4_lat_deg", *signed(4, 90)),
    89: Item("corner_4_lon_deg", *signed(4, 180)),
    90: Item("pitch_full_deg", *signed(4, 90)),
    91: Item("roll_full_deg", *signed(4, 90)),
    96: Item("target_width_extended_m", imapb(0, 1_500_000)),
    104: Item("sensor_ellipsoid_extended_m", imapb(-900, 40_000)),
}
