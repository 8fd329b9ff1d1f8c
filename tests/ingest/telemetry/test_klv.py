"""ST 0601: against an independent library on a real flight, and against damage."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.geometry import GeoPoint
from drones.pose import Angles, Camera, GimbalFrame, Height, HeightKind, Pose
from ingest.telemetry.ber import BerError, read_length, read_tag
from ingest.telemetry.errors import KlvError
from ingest.telemetry.klv import KEY, KlvDecoder, checksum, decode_set, read_klv

NAMES = {
    2: "time_us", 3: "mission_id", 4: "tail_number", 5: "heading_deg", 6: "pitch_deg",
    7: "roll_deg", 10: "designation", 13: "sensor_lat_deg", 14: "sensor_lon_deg",
    15: "sensor_amsl_m", 16: "hfov_deg", 17: "vfov_deg", 18: "sensor_azimuth_deg",
    19: "sensor_elevation_deg", 20: "sensor_roll_deg", 21: "slant_range_m",
    22: "target_width_m", 23: "centre_lat_deg", 24: "centre_lon_deg", 25: "centre_amsl_m",
    26: "corner_1_lat_offset_deg", 27: "corner_1_lon_offset_deg", 32: "corner_4_lat_offset_deg",
    33: "corner_4_lon_offset_deg", 56: "ground_speed_mps", 59: "call_sign", 65: "version",
}  # fmt: skip


def made(*items: tuple[int, bytes], time_us: int = 1_700_000_000_000_000) -> bytes:
    """A well-formed set."""
    body = b"\x02\x08" + time_us.to_bytes(8, "big")
    for tag, value in items:
        body += _oid(tag) + bytes([len(value)]) + value
    length = len(body) + 4
    whole = KEY + (bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2, "big"))
    whole += body + b"\x01\x02"
    return whole + checksum(whole).to_bytes(2, "big")


def _oid(tag: int) -> bytes:
    return bytes([tag]) if tag < 128 else bytes([0x80 | tag >> 7, tag & 0x7F])


@pytest.fixture(scope="module")
def cheyenne(assets: Path) -> bytes:
    return (assets / "klv" / "Cheyenne.bin").read_bytes()


@pytest.mark.assets
def test_every_value_of_a_real_flight_is_that_of_klvdata(cheyenne: bytes) -> None:
    klvdata = pytest.importorskip("klvdata")
    decoder = KlvDecoder()
    ours = [*decoder.feed(cheyenne), *decoder.finish()]
    theirs = list(klvdata.StreamParser(cheyenne))
    assert len(ours) == len(theirs) == 407
    assert (decoder.fault_count, decoder.skipped_bytes) == (0, 0)
    compared = 0
    for mine, other in zip(ours, theirs, strict=True):
        for element in other.items.values():
            name = NAMES.get(int.from_bytes(element.key, "big"))
            if name is None:
                continue
            expected = element.value.value
            if name == "time_us":
                assert mine.time_ns == round(expected.timestamp() * 1e6) * 1000
            elif isinstance(expected, str):
                assert mine.values[name] == expected
            else:
                assert mine.values[name] == pytest.approx(float(expected), abs=1e-9)
            compared += 1
    assert compared == 407 * len(NAMES)


@pytest.mark.assets
def test_the_pose_of_a_real_flight_looks_where_its_frame_centre_says(cheyenne: bytes) -> None:
    """Angles, frames and heights all have to be right for the ray to meet the ground there."""
    track, _ = read_klv(cheyenne)
    assert track.covered_s == pytest.approx(84.9, abs=0.1)
    misses = []
    for sample in track.samples[::10]:
        assert sample.place
        assert sample.airframe
        assert sample.gimbal
        assert sample.centre
        assert sample.amsl_m is not None
        assert sample.centre_amsl_m is not None
        pose = Pose(
            time_ns=sample.time_ns,
            place=sample.place,
            height=Height(metres=sample.amsl_m, kind=HeightKind.AMSL),
            airframe=Angles(**sample.airframe._asdict()),
            gimbal=Angles(**sample.gimbal._asdict()),
            gimbal_frame=GimbalFrame(sample.gimbal_frame or ""),
            camera=Camera.from_fov(1280, 720, sample.hfov_deg or 0),
        )
        east, north, up = pose.rotation() @ np.array([0.0, 0.0, 1.0])
        fall = (sample.centre_amsl_m - sample.amsl_m) / up
        lat = sample.place.lat + math.degrees(north * fall / 6_360_000)
        lon = sample.place.lon + math.degrees(
            east * fall / 6_378_000 / math.cos(math.radians(sample.place.lat))
        )
        misses.append(sample.centre.distance_m(GeoPoint(lon=lon, lat=lat)))
    assert np.median(misses) < 60  # of 2,000 m slant range


@pytest.mark.assets
def test_samples_lie_on_the_way_and_nothing_is_guessed_outside(cheyenne: bytes) -> None:
    track, _ = read_klv(cheyenne)
    first, second = track.samples[:2]
    middle = track.at((first.time_ns + second.time_ns) // 2)
    assert middle
    assert middle.place
    assert first.place
    assert second.place
    assert middle.place.lat == pytest.approx((first.place.lat + second.place.lat) / 2, abs=1e-9)
    assert middle.corners
    assert track.at(first.time_ns - 1) is None
    assert track.at(track.samples[-1].time_ns + 1) is None


@pytest.mark.assets
def test_damage_costs_the_damaged_set_alone(cheyenne: bytes) -> None:
    whole, _ = read_klv(cheyenne)
    hurt = bytearray(cheyenne)
    third = cheyenne.find(KEY, 400)
    hurt[third + 40] ^= 0x10
    cut = bytes(hurt[: third + 2000]) + b"\x00garbage" + bytes(hurt[third + 2000 + 30 :])
    track, decoder = read_klv(cut)
    assert len(whole) - 3 <= len(track) <= len(whole) - 2
    assert decoder.fault_count >= 2
    assert decoder.faults[0].position == pytest.approx(third, abs=300)
    assert "checksum" in str(decoder.faults[0])


def test_items_are_scaled_as_the_standard_says() -> None:
    one = decode_set(
        made(
            (5, b"\x71\xc2"),  # the standard's own examples
            (6, b"\xfd\x3d"),
            (7, b"\x08\xb8"),
            (13, b"\x55\x95\xb6\x6d"),
            (14, b"\x5b\x53\x60\xc4"),
            (15, b"\xc2\x21"),
            (16, b"\xcd\x9c"),
            (18, b"\x72\x4a\x0a\x20"),
            (21, b"\x03\x83\x09\x26"),
            (75, b"\xc2\x21"),
            (96, b"\x00\xd9\x2a"),
            (104, b"\x2f\x92\x1e"),
        )
    )
    expected = {
        "heading_deg": 159.974365,
        "pitch_deg": -0.431531724,
        "roll_deg": 3.40586566,
        "sensor_lat_deg": 60.1768229669783,
        "sensor_lon_deg": 128.426759042045,
        "sensor_amsl_m": 14190.7195,
        "hfov_deg": 144.571298,
        "sensor_azimuth_deg": 160.719211474396,
        "slant_range_m": 68590.983298744,
        "sensor_ellipsoid_m": 14190.7195,
        "target_width_extended_m": 13898.5463,
        "sensor_ellipsoid_extended_m": 23456.24,
    }
    for name, value in expected.items():
        step = 0.25 if name.endswith("extended_m") else 0  # of IMAPB in three bytes
        assert one.values[name] == pytest.approx(value, rel=1e-6, abs=step), name


def test_out_of_range_empty_and_unknown_items_are_left_out() -> None:
    one = decode_set(made((6, b"\x80\x00"), (13, b""), (130, b"x"), (5, b"\0"), (65, b"\x11")))
    assert one.values == {"time_us": 1_700_000_000_000_000, "version": 17}
    assert one.unknown == (130,)
    assert "item 5 (heading_deg) has 1 bytes, not 2" in str(one.faults[0])


def test_a_wrong_length_does_not_swallow_the_next_set() -> None:
    good = made((65, b"\x11"))
    wrong = bytearray(good)
    wrong[16] = 0x7F
    decoder = KlvDecoder()
    assert len(decoder.feed(bytes(wrong) + good + good)) == 2
    assert decoder.faults[0].position == 0
    assert "KLV byte 0: a set that is cut short" in str(decoder.faults[0])


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"x" * 30, "no local set"),
        (made()[:-1], "length"),
        (KEY + b"\x0e\x02\x08" + bytes(8) + b"\x05\x02\x00\x00", "without a checksum"),
        (KEY + b"\x80", "without an end"),
        (KEY + b"\x84\x7f\xff\xff\xff", "bytes"),
    ],
)
def test_what_is_no_set_is_refused_with_its_place(data: bytes, what: str) -> None:
    with pytest.raises(KlvError, match=what) as caught:
        decode_set(data, 1000)
    assert caught.value.position >= 1000


@given(st.lists(st.integers(1, 60), max_size=60), st.integers(0, 5))
def test_pieces_of_any_size_make_the_same_sets(sizes: list[int], noise: int) -> None:
    stream = b"".join(
        made((65, bytes([n])), time_us=n + 1) + b"\x06\x0e\x2b" * noise for n in range(8)
    )
    decoder, found, at = KlvDecoder(), [], 0
    for size in sizes:
        found += decoder.feed(stream[at : at + size])
        at += size
    found += decoder.feed(stream[at:]) + decoder.finish()
    assert [one.values["version"] for one in found] == list(range(8))
    assert decoder.skipped_bytes == 8 * 3 * noise


@given(st.lists(st.one_of(st.binary(max_size=80), st.just(KEY), st.just(KEY + b"\x82\xff\xf0"))))
def test_any_bytes_are_survived_and_every_byte_is_accounted_for(pieces: list[bytes]) -> None:
    decoder, sets = KlvDecoder(), 0
    for piece in pieces:
        sets += len(decoder.feed(piece))
    sets += len(decoder.finish())
    if not sets:
        assert decoder.skipped_bytes == sum(map(len, pieces))
        assert (decoder.fault_count > 0) == (decoder.skipped_bytes > 0)


@given(st.binary(max_size=200))
def test_any_items_inside_a_valid_frame_are_survived(body: bytes) -> None:
    whole = KEY + b"\x82" + (len(body) + 4).to_bytes(2, "big") + body + b"\x01\x02"
    decoder = KlvDecoder()
    for one in decoder.feed(whole + checksum(whole).to_bytes(2, "big")) + decoder.finish():
        one.sample()


@given(st.binary(max_size=12))
def test_ber_never_reads_beyond_its_bytes(data: bytes) -> None:
    for read in (read_length, read_tag):
        try:
            got = read(data, 0)
        except BerError:
            continue
        assert got is None or 0 < got[1] <= len(data)
