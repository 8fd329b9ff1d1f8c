"""MAVLink logs: against pymavlink's own reader on a real one, and against damage."""

import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymavlink import mavutil
from pymavlink.dialects.v20 import ardupilotmega as mavlink

from ingest.telemetry.attitude import Attitude
from ingest.telemetry.errors import TelemetryError
from ingest.telemetry.tlog import TlogReader, parse_tlog, read_tlog

START_US = 1_700_000_000_000_000


class Flight:
    """Writes a log as a ground station does."""

    def __init__(self, system: int = 1) -> None:
        self.link = mavlink.MAVLink(None, srcSystem=system, srcComponent=1)
        self.data = b""

    def hear(self, at_s: float, message: Any, component: int = 1) -> "Flight":
        self.link.srcComponent = component
        heard = START_US + round(at_s * 1e6)
        self.data += heard.to_bytes(8, "big") + message.pack(self.link)
        return self

    def beat(self, at_s: float) -> "Flight":
        return self.hear(at_s, mavlink.MAVLink_heartbeat_message(2, 3, 81, 0, 4, 3))

    def position(self, at_s: float, boot_ms: int, lat: float = 30.0) -> "Flight":
        return self.hear(
            at_s,
            mavlink.MAVLink_global_position_int_message(
                boot_ms, round(lat * 1e7), 1_120_000_000, 91_000, 60_000, 300, 400, 0, 0
            ),
        )

    def attitude(self, at_s: float, boot_ms: int, yaw_deg: float) -> "Flight":
        return self.hear(
            at_s,
            mavlink.MAVLink_attitude_message(boot_ms, 0, 0, math.radians(yaw_deg), 0, 0, 0),
        )

    def clock(self, at_s: float, boot_ms: int, utc_s: float) -> "Flight":
        unix_us = START_US + round(utc_s * 1e6)
        return self.hear(at_s, mavlink.MAVLink_system_time_message(unix_us, boot_ms))


@pytest.fixture(scope="module")
def vtol(assets: Path) -> Path:
    return assets / "mavlink" / "vtol.tlog"


@pytest.mark.assets
def test_a_real_flight_is_what_pymavlink_reads(vtol: Path) -> None:
    log = read_tlog(vtol)
    assert (log.system, log.clock, log.notes) == (1, "vehicle", ())
    theirs = mavutil.mavlink_connection(str(vtol))
    compared = 0
    offset_us = None
    while message := theirs.recv_match(type=["SYSTEM_TIME", "GLOBAL_POSITION_INT", "ATTITUDE"]):
        if message.get_type() == "SYSTEM_TIME":
            offset_us = message.time_unix_usec - message.time_boot_ms * 1000
            continue
        if offset_us is None:
            continue
        time_ns = (offset_us + message.time_boot_ms * 1000) * 1000
        sample = log.track.at(time_ns)
        if sample is None:
            continue
        compared += 1
        if message.get_type() == "ATTITUDE" and sample.airframe:
            turned = sample.airframe.yaw_deg - math.degrees(message.yaw)
            assert abs(math.remainder(turned, 360)) < 1
            assert sample.airframe.pitch_deg == pytest.approx(math.degrees(message.pitch), abs=1)
        elif sample.place and message.get_type() == "GLOBAL_POSITION_INT":
            assert sample.place.lat == pytest.approx(message.lat / 1e7, abs=2e-5)
            assert sample.amsl_m == pytest.approx(message.alt / 1000, abs=0.5)
    assert compared > 1500
    assert log.track.covered_s > 200


@pytest.mark.assets
def test_a_cut_tail_and_a_hole_cost_only_themselves(vtol: Path) -> None:
    data = vtol.read_bytes()[:60_000]
    whole = parse_tlog(data, "whole.tlog")
    hurt = data[:20_000] + b"\xfe\xfd" * 40 + data[20_500:-5]
    log = parse_tlog(hurt, "hurt.tlog")
    assert len(whole.track) - 6 <= len(log.track) <= len(whole.track)
    assert any("unfinished record" in note for note in log.notes)
    assert any("damaged" in note for note in log.notes)


def test_positions_and_attitudes_meet_on_the_vehicles_own_clock() -> None:
    flight = Flight().beat(0).clock(0.5, 1000, utc_s=-9.0)
    flight.attitude(1.0, 1500, 350).position(1.1, 1600).attitude(2.0, 2500, 10)
    log = parse_tlog(flight.data, "a.tlog")
    assert log.clock == "vehicle"
    assert log.ground_ahead_s == 9.5
    sample = log.track.at((START_US - 10_000_000 + 1_600_000) * 1000)
    assert sample
    assert sample.airframe
    assert sample.airframe.yaw_deg == pytest.approx(-8, abs=0.1)
    assert (sample.amsl_m, sample.relative_m, sample.speed_mps) == (91, 60, 5)


def test_without_gps_time_the_ground_station_dates_and_a_restart_is_noticed() -> None:
    flight = Flight().beat(0).position(1, 60_000).position(2, 61_000)
    flight.position(30, 500).position(31, 1500)
    log = parse_tlog(flight.data, "a.tlog")
    assert (log.clock, log.ground_ahead_s) == ("ground", None)
    starts = [s.time_ns // 1000 - START_US for s in log.track.samples]
    assert starts == [1_000_000, 2_000_000, 30_000_000, 31_000_000]


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (mavlink.MAVLink_mount_status_message(0, 0, -3000, 0, 4500), "heading"),
        (mavlink.MAVLink_mount_orientation_message(0, 0, -30, 45, 45), "earth"),
        (mavlink.MAVLink_mount_orientation_message(0, 0, -30, 45, math.nan), "heading"),
        *(
            (
                mavlink.MAVLink_gimbal_device_attitude_status_message(
                    0, 0, 0, flags, list(Attitude(45, -30, 0).quaternion()), 0, 0, 0, 0
                ),
                frame,
            )
            for flags, frame in [(0, "heading"), (16, "earth"), (32 | 16, "heading"), (64, "earth")]
        ),
    ],
)
def test_gimbal_angles_know_their_frame(message: object, frame: str) -> None:
    flight = Flight().beat(0).position(1, 1000).hear(1.2, message, component=154).position(2, 2000)
    log = parse_tlog(flight.data, "a.tlog")
    sample = next(s for s in log.track.samples if s.gimbal)
    assert sample.gimbal == pytest.approx((45, -30, 0), abs=1e-4)
    assert sample.gimbal_frame == frame


def test_one_of_two_vehicles_is_read_and_the_other_named() -> None:
    data = (
        Flight(1).beat(0).position(1, 1000).data + Flight(7).beat(1.1).position(1.2, 9000, 31).data
    )
    log = parse_tlog(data, "a.tlog")
    assert [s.place.lat for s in log.track.samples if s.place] == [30]
    assert "vehicles 7 are in it too" in log.notes[0]
    other = parse_tlog(data, "a.tlog", system=7)
    assert [s.place.lat for s in other.track.samples if s.place] == [31]


@pytest.mark.parametrize("data", [b"", b"not a log" * 100, Flight().beat(0).data])
def test_what_says_nothing_gives_one_clear_error(data: bytes) -> None:
    with pytest.raises(TelemetryError, match=r"flight\.tlog: .*vehicle"):
        parse_tlog(data, "flight.tlog")


GOOD = Flight().beat(0).position(1, 1000).attitude(1, 1000, 5).data


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=60),
            st.just(GOOD),
            st.binary(max_size=40).map(lambda tail: GOOD[:9] + tail),
            st.integers(0, len(GOOD)).map(lambda n: GOOD[:n]),
        ),
        max_size=12,
    )
)
def test_any_bytes_are_survived(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    reader = TlogReader(data)
    count = sum(1 for _ in reader.records())
    assert count * 20 + reader.skipped_bytes <= len(data)
    try:
        parse_tlog(data, "any.tlog")
    except TelemetryError:
        return


@given(st.integers(0, 255), st.integers(0, len(GOOD) - 1))
def test_a_changed_byte_never_gives_a_wrong_place(value: int, at: int) -> None:
    hurt = bytearray(GOOD + GOOD)
    hurt[at] = value
    log = parse_tlog(bytes(hurt), "any.tlog")
    assert all(s.place is None or s.place.lat == 30 for s in log.track.samples)
