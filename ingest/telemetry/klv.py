"""MISB ST 0601 local sets out of a stream of bytes: found, checked, decoded, and found again.

A set is a 16-byte key, a BER length, and items of a BER-OID tag, a BER length and a value; item
2 (time) comes first, item 1 (checksum) last. Where a set is damaged the decoder says at which
byte, and goes on at the next key.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.geometry import GeoPoint
from ingest.telemetry.attitude import Attitude, wrapped
from ingest.telemetry.ber import BerError, read_length, read_tag
from ingest.telemetry.errors import KlvError
from ingest.telemetry.st0601 import ITEMS, Value
from ingest.telemetry.track import GAP_S, TelemetrySample, TelemetryTrack

KEY = bytes.fromhex("060e2b34020b01010e01030101000000")
"""The UAS Datalink Local Set (ST 0601 §6.2)."""

LONGEST_SET = 65_536
CHECKSUM_TAG = 1
FAULTS_KEPT = 100


@dataclass(frozen=True)
class UasSet:
    """One decoded local set.

    Attributes:
        position: byte of its key in the stream.
        values: by the names of ``st0601.ITEMS``; what was out of range or empty is left out.
        unknown: tags that were passed over.
        faults: items that could not be read, each with its byte position.
    """

    position: int
    values: Mapping[str, Value]
    unknown: tuple[int, ...] = ()
    faults: tuple[KlvError, ...] = ()

    @property
    def time_ns(self) -> int:
        """UTC nanoseconds of item 2."""
        return int(self.values["time_us"]) * 1000

    def number(self, name: str) -> float | None:
        """A numeric item, or None."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) else None

    def sample(self) -> TelemetrySample:
        """The same, in the words all telemetry shares."""
        heading, relative = self.number("heading_deg"), self.number("sensor_azimuth_deg")
        pitch = _first(self.number("pitch_full_deg"), self.number("pitch_deg"))
        roll = _first(self.number("roll_full_deg"), self.number("roll_deg"))
        elevation = self.number("sensor_elevation_deg")
        camera_roll = self.number("sensor_roll_deg") or 0.0
        airframe = gimbal = None
        if heading is not None and pitch is not None and roll is not None:
            airframe = Attitude(wrapped(heading), pitch, roll)
        if relative is not None and elevation is not None:
            gimbal = Attitude(wrapped(relative), elevation, wrapped(camera_roll))
        centre = self._place("centre_lat_deg", "centre_lon_deg")
        return TelemetrySample(
            time_ns=self.time_ns,
            place=self._place("sensor_lat_deg", "sensor_lon_deg"),
            amsl_m=self.number("sensor_amsl_m"),
            ellipsoid_m=_first(
                self.number("sensor_ellipsoid_extended_m"), self.number("sensor_ellipsoid_m")
            ),
            airframe=airframe,
            gimbal=gimbal,
            gimbal_frame="body" if gimbal is not None else None,
            hfov_deg=self.number("hfov_deg"),
            vfov_deg=self.number("vfov_deg"),
            slant_range_m=self.number("slant_range_m"),
            target_width_m=_first(
                self.number("target_width_extended_m"), self.number("target_width_m")
            ),
            centre=centre,
            centre_amsl_m=self.number("centre_amsl_m"),
            centre_ellipsoid_m=self.number("centre_ellipsoid_m"),
            corners=self._corners(centre),
            speed_mps=self.number("ground_speed_mps"),
        )

    def _place(self, lat_name: str, lon_name: str) -> GeoPoint | None:
        return _point(self.number(lat_name), self.number(lon_name))

    def _corners(
        self, centre: GeoPoint | None
    ) -> tuple[GeoPoint, GeoPoint, GeoPoint, GeoPoint] | None:
        """Full corners (items 82-89), else offsets from the centre (items 26-33)."""
        found = []
        for number in range(1, 5):
            corner = self._place(f"corner_{number}_lat_deg", f"corner_{number}_lon_deg")
            north = self.number(f"corner_{number}_lat_offset_deg")
            east = self.number(f"corner_{number}_lon_offset_deg")
            if corner is None and centre and north is not None and east is not None:
                corner = _point(centre.lat + north, wrapped(centre.lon + east))
            if corner is None:
                return None
            found.append(corner)
        return found[0], found[1], found[2], found[3]


class KlvDecoder:
    """Local sets from bytes that come in pieces of any size.

    A piece of another packet, noise, or a set that fails its checksum costs no more than that
    set. A set never reaches over the next key, so a wrong length cannot swallow its followers.

    Attributes:
        faults: the newest of what went wrong.
        fault_count: how often something did.
        skipped_bytes: bytes that belonged to no set.
    """

    def __init__(self, on_fault: Callable[[KlvError], None] | None = None) -> None:
        self.faults: deque[KlvError] = deque(maxlen=FAULTS_KEPT)
        self.fault_count = 0
        self.skipped_bytes = 0
        self._on_fault = on_fault
        self._buffer = bytearray()
        self._position = 0  # of the buffer's first byte in the stream
        self._lost = False

    def feed(self, data: bytes) -> list[UasSet]:
        """The sets that are complete with these bytes."""
        self._buffer += data
        return self._take(ended=False)

    def finish(self) -> list[UasSet]:
        """No more bytes follow: what is left is a set, or damage."""
        return self._take(ended=True)

    def _take(self, *, ended: bool) -> list[UasSet]:
        data, at = bytes(self._buffer), 0
        found: list[UasSet] = []
        while True:
            start = data.find(KEY, at)
            if start < 0:
                # The last bytes may be the beginning of a key.
                behind = len(data) if ended else max(at, len(data) - len(KEY) + 1)
                self._lose(at, behind)
                at = behind
                break
            self._lose(at, start)
            at = start
            following = data.find(KEY, start + len(KEY))
            limit = following if following >= 0 else len(data)
            more = following < 0 and not ended
            try:
                end = _end_of_set(data, start, limit, self._position)
                if end is None:
                    if more and len(data) - start <= LONGEST_SET:
                        break  # the rest of it has yet to come
                    raise KlvError(self._position + start, "a set that is cut short")
                one = decode_set(data[start:end], self._position + start)
            except KlvError as error:
                self._fault(error)
                self._lost = True
                at = start + len(KEY)
                self.skipped_bytes += len(KEY)
                continue
            for fault in one.faults:
                self._fault(fault)
            found.append(one)
            self._lost = False
            at = end
        del self._buffer[:at]
        self._position += at
        return found

    def _lose(self, start: int, end: int) -> None:
        """Bytes between sets: one fault for each run of them, however many pieces it has."""
        if end <= start:
            return
        self.skipped_bytes += end - start
        if not self._lost:
            self._fault(KlvError(self._position + start, "no local set begins here"))
            self._lost = True

    def _fault(self, error: KlvError) -> None:
        self.faults.append(error)
        self.fault_count += 1
        if self._on_fault:
            self._on_fault(error)


def decode_set(data: bytes, position: int = 0) -> UasSet:
    """One local set, from its key to its last byte.

    Args:
        position: where it began in the stream, for the errors.

    Raises:
        KlvError: not a set, cut short, wrong checksum, or without a time (ST 0601 demands both).
    """
    if not data.startswith(KEY):
        raise KlvError(position, "no local set begins here")
    end = _end_of_set(data, 0, len(data), position)
    if end != len(data):
        raise KlvError(position, "the length of the set is not that of its bytes")
    header = _header(data, 0, position)
    assert header is not None
    at, values = header[1], dict[str, Value]()
    unknown: list[int] = []
    faults: list[KlvError] = []
    summed = False
    while at < end:
        tag, start, at = _item(data, at, end, position)
        if tag == CHECKSUM_TAG:
            summed = True
            _check(data[:start], data[start:at], position + start)
        elif tag not in ITEMS:
            unknown.append(tag)
        elif start < at:  # an empty item says: no longer known
            item = ITEMS[tag]
            if item.length not in (None, at - start):
                fault = f"item {tag} ({item.name}) has {at - start} bytes, not {item.length}"
                faults.append(KlvError(position + start, fault))
            elif (value := item.decode(data[start:at])) is not None:
                values[item.name] = value
    if not summed:
        raise KlvError(position, "a set without a checksum (item 1)")
    if "time_us" not in values:
        raise KlvError(position, "a set without a time (item 2)")
    return UasSet(position, values, tuple(unknown), tuple(faults))


def read_klv(data: bytes, gap_s: float = GAP_S) -> tuple[TelemetryTrack, KlvDecoder]:
    """A whole recording: its track, and the decoder that knows what was damaged."""
    decoder = KlvDecoder()
    sets = [*decoder.feed(data), *decoder.finish()]
    return TelemetryTrack((one.sample() for one in sets), gap_s), decoder


def checksum(data: bytes) -> int:
    """The 16-bit sum of ST 0601 §6.4 over everything before the checksum's value."""
    return ((sum(data[0::2]) << 8) + sum(data[1::2])) & 0xFFFF


def _check(before: bytes, stored: bytes, position: int) -> None:
    expected = checksum(before)
    if len(stored) != 2 or int.from_bytes(stored, "big") != expected:
        raise KlvError(
            position, f"the checksum is {stored.hex() or 'empty'}, it should be {expected:04x}"
        )


def _header(data: bytes, start: int, position: int) -> tuple[int, int] | None:
    try:
        return read_length(data, start + len(KEY))
    except BerError as error:
        raise KlvError(position + start + len(KEY), f"{error}") from None


def _end_of_set(data: bytes, start: int, limit: int, position: int) -> int | None:
    """The position behind the set; None when it reaches beyond ``limit``."""
    header = _header(data, start, position)
    if header is None:
        return None
    length, at = header
    if at > limit:
        return None
    if length > LONGEST_SET:
        raise KlvError(position + start + len(KEY), f"a set of {length} bytes")
    return at + length if at + length <= limit else None


def _item(data: bytes, at: int, end: int, position: int) -> tuple[int, int, int]:
    """Tag, begin and end of the value at ``at``."""
    try:
        tagged = read_tag(data, at)
        sized = read_length(data, tagged[1]) if tagged else None
    except BerError as error:
        raise KlvError(position + at, f"{error}") from None
    if tagged is None or sized is None or sized[0] + sized[1] > end:
        raise KlvError(position + at, "an item that reaches beyond its set")
    return tagged[0], sized[1], sized[1] + sized[0]


def _first(*values: float | None) -> float | None:
    return next((value for value in values if value is not None), None)


def _point(lat: float | None, lon: float | None) -> GeoPoint | None:
    if lat is None or lon is None or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return GeoPoint(lon=lon, lat=lat)
