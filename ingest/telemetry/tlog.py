"""MAVLink telemetry logs (``.tlog``): what a ground station heard, as a track.

A log is records of eight bytes (microseconds since 1970 by the ground station's clock, big
endian) and one MAVLink frame (v1 ``FE`` or v2 ``FD``; https://mavlink.io/en/guide/serialization
.html). Frames are found and checked here; pymavlink decodes those that are wanted.
"""

import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

from pymavlink.dialects.v20 import ardupilotmega as mavlink

from core.geometry import GeoPoint
from ingest.telemetry.attitude import Attitude, wrapped
from ingest.telemetry.errors import TelemetryError
from ingest.telemetry.track import (
    GAP_S,
    GimbalFrame,
    TelemetrySample,
    TelemetryTrack,
    merged,
)

LARGEST_BYTES = 2 * 1024 * 1024 * 1024
EARLIEST_US = 946_684_800_000_000  # 2000-01-01: earlier times are clocks that were never set
LATEST_US = 4_102_444_800_000_000  # 2100-01-01
REBOOT_MS = 5_000
AUTOPILOT = 1  # MAV_COMP_ID_AUTOPILOT1

_HEARTBEAT, _SYSTEM_TIME, _ATTITUDE, _GLOBAL_POSITION, _GPS_RAW = 0, 2, 30, 33, 24
_MOUNT_STATUS, _MOUNT_ORIENTATION, _GIMBAL_ATTITUDE = 158, 265, 285
WANTED = frozenset(
    {
        _HEARTBEAT,
        _SYSTEM_TIME,
        _ATTITUDE,
        _GLOBAL_POSITION,
        _GPS_RAW,
        _MOUNT_STATUS,
        _MOUNT_ORIENTATION,
        _GIMBAL_ATTITUDE,
    }
)


@dataclass(frozen=True)
class Record:
    """One frame of the log.

    Attributes:
        heard_us: when the ground station heard it.
        message: as pymavlink decodes it.
    """

    heard_us: int
    message: Any


@dataclass(frozen=True)
class FlightLog:
    """What a log says of one vehicle.

    Attributes:
        track: where it was, how it lay, how its gimbal pointed.
        system: its MAVLink system id.
        clock: ``vehicle`` when times are its own (from GPS), else the ground station's.
        ground_ahead_s: how far the ground station's clock was ahead of the vehicle's.
        notes: damage and other things worth knowing, one sentence each.
    """

    track: TelemetryTrack
    system: int
    clock: Literal["vehicle", "ground"]
    ground_ahead_s: float | None
    notes: tuple[str, ...]


class TlogReader:
    """The wanted frames of a log; what is damaged is passed over and counted.

    Attributes:
        skipped_bytes: bytes that belonged to no frame.
        first_damage: position of the first of them.
        tail_bytes: bytes of a record that the end of the file cut off.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._parser = mavlink.MAVLink(None)
        self.skipped_bytes = 0
        self.first_damage: int | None = None
        self.tail_bytes = 0

    def records(self) -> Iterator[Record]:
        """In the order of the file."""
        data, at, end = self._data, 0, len(self._data)
        while at < end:
            size = _record_size(data, at)
            message = None
            if size is not None and at + size <= end:
                if _message_id(data, at) not in WANTED and _begins(data, at + size):
                    at += size  # its checksum is not worth the time: the next record is there
                    continue
                message = self._decode(data[at + 8 : at + size])
            if message is None:
                if size is not None and at + size > end and not self.tail_bytes:
                    self.tail_bytes = end - at
                if self.first_damage is None:
                    self.first_damage = at
                at, before = _next_start(data, at + 1), at
                self.skipped_bytes += at - before
                continue
            self.tail_bytes = 0
            if _message_id(data, at) in WANTED:
                yield Record(int.from_bytes(data[at : at + 8], "big"), message)
            assert size is not None
            at += size

    def _decode(self, frame: bytes) -> Any:
        try:
            return self._parser.decode(bytearray(frame))
        except (mavlink.MAVError, ValueError, KeyError, IndexError, TypeError):
            return None
        except Exception as error:
            # struct.error is no ValueError; anything a hostile frame provokes is damage.
            if type(error).__name__ != "error":
                raise
            return None


def read_tlog(path: Path, *, system: int | None = None, gap_s: float = GAP_S) -> FlightLog:
    """Read a telemetry log.

    Args:
        system: MAVLink id of the vehicle; the first autopilot heard if None.

    Raises:
        TelemetryError: cannot be read, or says nothing of a vehicle's place.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise TelemetryError(f"{path}: too large for a telemetry log")
        data = path.read_bytes()
    except OSError as error:
        raise TelemetryError(f"{path}: cannot be read ({error.strerror})") from error
    return parse_tlog(data, str(path), system=system, gap_s=gap_s)


def parse_tlog(
    data: bytes, name: str, *, system: int | None = None, gap_s: float = GAP_S
) -> FlightLog:
    """The same from bytes; ``name`` is what errors call it."""
    reader = TlogReader(data)
    records = list(reader.records())
    vehicles = list(dict.fromkeys(_system(r) for r in records if _is_autopilot(r)))
    if system is None:
        if not vehicles:
            raise TelemetryError(f"{name}: no vehicle is heard in it; is it a MAVLink .tlog file?")
        system = vehicles[0]
    own = [record for record in records if _system(record) == system]
    times = _Times(own)
    positions, attitudes, gimbals = [], [], []
    for record in own:
        time_ns = times.utc_ns(record)
        kind = record.message.get_msgId()
        if kind == _GLOBAL_POSITION:
            positions.append(_position(record.message, time_ns))
        elif kind == _ATTITUDE:
            attitudes.append(TelemetrySample(time_ns, airframe=_attitude(record.message)))
        elif kind in (_MOUNT_STATUS, _MOUNT_ORIENTATION, _GIMBAL_ATTITUDE):
            gimbals.append(_gimbal(record.message, time_ns))
    known = [sample for sample in positions if sample is not None]
    if not known:
        raise TelemetryError(f"{name}: vehicle {system} never says where it is")
    track = merged(
        TelemetryTrack(known, gap_s),
        TelemetryTrack((a for a in attitudes if a.airframe is not None), gap_s),
        TelemetryTrack((sample for sample in gimbals if sample is not None), gap_s),
    )
    notes = [*_damage(reader, name)]
    if len(vehicles) > 1:
        others = ", ".join(str(one) for one in vehicles if one != system)
        notes.append(f"{name}: vehicle {system} was read; vehicles {others} are in it too")
    return FlightLog(track, system, times.clock, times.ground_ahead_s, tuple(notes))


class _Times:
    """Puts a vehicle's messages on UTC.

    Messages carry milliseconds since the vehicle started; SYSTEM_TIME ties them to the UTC of
    its GPS. Where none is heard after a start, the least delayed message ties them to the
    ground station's clock instead.
    """

    def __init__(self, records: list[Record]) -> None:
        self._starts: list[tuple[int, int]] = []  # heard_us of a (re)start's first message, offset
        self.ground_ahead_s: float | None = None
        runs: list[tuple[int, list[int], list[int]]] = []
        last_ms: int | None = None
        for record in records:
            boot_ms = _boot_ms(record)
            if boot_ms is None:
                continue
            if last_ms is None or boot_ms < last_ms - REBOOT_MS:
                runs.append((record.heard_us, [], []))
            last_ms = boot_ms
            runs[-1][2].append(record.heard_us - boot_ms * 1000)
            if record.message.get_msgId() == _SYSTEM_TIME:
                unix_us = int(record.message.time_unix_usec)
                if EARLIEST_US < unix_us < LATEST_US:
                    runs[-1][1].append(unix_us - boot_ms * 1000)
        for heard_us, vehicle, ground in runs:
            offset_us = round(median(vehicle)) if vehicle else min(ground)
            self._starts.append((heard_us, offset_us))
            if vehicle and self.ground_ahead_s is None:
                self.ground_ahead_s = round((min(ground) - offset_us) / 1e6, 3)
        self.clock: Literal["vehicle", "ground"] = (
            "vehicle" if runs and all(vehicle for _, vehicle, _ in runs) else "ground"
        )
        self._run = 0

    def utc_ns(self, record: Record) -> int:
        """Of a message; to be asked in the order of the log."""
        boot_ms = _boot_ms(record)
        if boot_ms is None or not self._starts:
            return self._on_ground_clock(record)
        index = bisect_left(self._starts, (record.heard_us + 1, 0)) - 1
        return (self._starts[max(0, index)][1] + boot_ms * 1000) * 1000

    def _on_ground_clock(self, record: Record) -> int:
        ahead_us = round((self.ground_ahead_s or 0.0) * 1e6)
        return (record.heard_us - ahead_us) * 1000


def _record_size(data: bytes, at: int) -> int | None:
    """Bytes of the record at ``at``, or None when none begins there."""
    if at + 9 > len(data):
        return len(data) - at + 1  # more than there is
    if not _begins(data, at):
        return None
    if at + 11 > len(data):
        return len(data) - at + 1
    payload = data[at + 9]
    if data[at + 8] == 0xFE:
        return 8 + 6 + payload + 2
    return 8 + 10 + payload + 2 + (13 if data[at + 10] & 1 else 0)


def _begins(data: bytes, at: int) -> bool:
    """Whether a record seems to begin here, or the data ends."""
    if at + 9 > len(data):
        return at >= len(data)
    heard_us = int.from_bytes(data[at : at + 8], "big")
    return data[at + 8] in (0xFE, 0xFD) and EARLIEST_US < heard_us < LATEST_US


def _next_start(data: bytes, at: int) -> int:
    """The next place at which a record may begin: a time and a magic byte."""
    while True:
        found = [n for n in (data.find(magic, at + 8) for magic in (b"\xfd", b"\xfe")) if n >= 0]
        if not found:
            return len(data)
        at = min(found) - 8
        if _begins(data, at):
            return at
        at += 1


def _message_id(data: bytes, at: int) -> int:
    if data[at + 8] == 0xFE:
        return data[at + 13] if at + 13 < len(data) else -1
    return int.from_bytes(data[at + 15 : at + 18], "little")


def _system(record: Record) -> int:
    return int(record.message.get_srcSystem())


def _is_autopilot(record: Record) -> bool:
    message = record.message
    return (
        bool(message.get_msgId() == _HEARTBEAT)
        and bool(message.get_srcComponent() == AUTOPILOT)
        and bool(message.autopilot != mavlink.MAV_AUTOPILOT_INVALID)
    )


def _boot_ms(record: Record) -> int | None:
    if record.message.get_srcComponent() != AUTOPILOT:
        return None  # a gimbal or camera counts from its own start
    value = getattr(record.message, "time_boot_ms", None)
    return None if value is None else int(value)


def _position(message: Any, time_ns: int) -> TelemetrySample | None:
    """GLOBAL_POSITION_INT; (0, 0) says that there is no fix."""
    lat, lon = message.lat / 1e7, message.lon / 1e7
    if (lat == 0 and lon == 0) or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        return None
    return TelemetrySample(
        time_ns,
        place=GeoPoint(lon=lon, lat=lat),
        amsl_m=message.alt / 1000,
        relative_m=message.relative_alt / 1000,
        speed_mps=math.hypot(message.vx, message.vy) / 100,
    )


def _attitude(message: Any) -> Attitude | None:
    angles = (message.yaw, message.pitch, message.roll)
    if not all(math.isfinite(angle) for angle in angles):
        return None
    yaw, pitch, roll = (math.degrees(angle) for angle in angles)
    return Attitude(wrapped(yaw), wrapped(pitch), wrapped(roll))


def _gimbal(message: Any, time_ns: int) -> TelemetrySample | None:
    kind = message.get_msgId()
    frame: GimbalFrame = "heading"
    if kind == _GIMBAL_ATTITUDE:
        w, x, y, z = (float(part) for part in message.q)
        length = math.hypot(w, x, y, z)
        if not 0.5 < length < 2:  # NaN too
            return None
        attitude = Attitude.of((w / length, x / length, y / length, z / length))
        frame = _yaw_frame(int(message.flags))
    elif kind == _MOUNT_ORIENTATION:
        if not all(math.isfinite(v) for v in (message.roll, message.pitch, message.yaw)):
            return None
        yaw = message.yaw
        absolute = getattr(message, "yaw_absolute", math.nan)
        if math.isfinite(absolute) and absolute != 0:  # 0: the v1 message has no such field
            yaw, frame = absolute, "earth"
        attitude = Attitude(wrapped(yaw), wrapped(message.pitch), wrapped(message.roll))
    else:  # MOUNT_STATUS: centidegrees; a is pitch, b roll, c yaw against the nose
        a, b, c = (message.pointing_a, message.pointing_b, message.pointing_c)
        attitude = Attitude(wrapped(c / 100), wrapped(a / 100), wrapped(b / 100))
    return TelemetrySample(time_ns, gimbal=attitude, gimbal_frame=frame)


def _yaw_frame(flags: int) -> GimbalFrame:
    """From GIMBAL_DEVICE_FLAGS; devices that set neither frame flag mean the lock flag."""
    if flags & mavlink.GIMBAL_DEVICE_FLAGS_YAW_IN_VEHICLE_FRAME:
        return "heading"
    if flags & mavlink.GIMBAL_DEVICE_FLAGS_YAW_IN_EARTH_FRAME:
        return "earth"
    return "earth" if flags & mavlink.GIMBAL_DEVICE_FLAGS_YAW_LOCK else "heading"


def _damage(reader: TlogReader, name: str) -> Iterator[str]:
    if reader.tail_bytes:
        yield f"{name}: its last {reader.tail_bytes} bytes are an unfinished record"
    other = reader.skipped_bytes - reader.tail_bytes
    if other > 0:
        yield f"{name}: {other} bytes are damaged, the first at byte {reader.first_damage}"
