"""DJI subtitles: all styles that are known, the broken ones, and any text at all."""

from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.telemetry.attitude import Attitude
from ingest.telemetry.dji_srt import parse_dji_srt, read_dji_srt
from ingest.telemetry.errors import TelemetryError

NEW_STYLE = """1
00:00:00,000 --> 00:00:00,033
<font size="28">FrameCnt: 1, DiffTime: 33ms
2024-03-02 09:15:00.250
[iso: 110] [shutter: 1/320.0] [fnum: 1.7] [ev: -0.3] [color_md: default] [focal_len: 24.00] \
[latitude: 30.123456] [longitude: 112.234567] [rel_alt: 1.300 abs_alt: 41.241] \
[ct: 5310] [gb_yaw: -113.2 gb_pitch: -30.1 gb_roll: 0.5] </font>
"""


@pytest.mark.assets
@pytest.mark.parametrize(
    ("name", "cues", "lon", "lat", "start"),
    [
        ("old_format.SRT", 468, 149.0251, -20.2533, "2017-08-05T14:11:50"),
        ("mavic_pro.SRT", 468, 149.0251, -20.2533, "2017-08-05T14:11:50"),
        ("mavic_2_style.SRT", 468, 149.0251, -20.2533, "2017-08-05T14:11:51.393525"),
        ("mavic_mini.SRT", 117, -121.7458, 48.0771, None),
        ("p4_rtk.SRT", 55, -58.851745, -34.237922, None),
        ("air2s.srt", 17, 2.234156, 41.424724, "2022-08-07T13:40:40.774808"),
        ("mavic_air2.srt", 25, 2.162162, 41.420684, "2022-05-01T15:01:58.531716"),
        ("matrice_300.srt", 381, -6.1120, 36.6146, "2022-06-21T16:06:17"),
    ],
)
def test_every_style_is_read_to_its_end(
    assets: Path, name: str, cues: int, lon: float, lat: float, start: str | None
) -> None:
    log = read_dji_srt(assets / "dji_srt" / name)
    assert len(log.cues) == cues
    place = log.cues[0].sample.place
    assert place
    assert (place.lon, place.lat) == (lon, lat)
    begun = log.local_start
    assert (begun and begun.replace(tzinfo=None)) == (start and datetime.fromisoformat(start))
    track = log.track(1_000_000_000)
    # one sample has the time of another where the style tells whole seconds only
    assert cues - 5 <= len(track) <= cues
    assert track.at(track.samples[0].time_ns + 10_000_000) is not None


@pytest.mark.assets
def test_angles_heights_and_settings_are_kept_apart(assets: Path) -> None:
    rtk = read_dji_srt(assets / "dji_srt" / "p4_rtk.SRT").cues[1].sample
    assert rtk.airframe == Attitude(110.3, 3.0, -19.9)
    assert rtk.gimbal == Attitude(110.5, -24.4, 0.0)
    assert rtk.gimbal_frame == "earth"
    assert (rtk.relative_m, rtk.amsl_m, rtk.unlabelled_m) == (85.83, None, None)
    assert (rtk.speed_mps, rtk.satellites, rtk.f_number, rtk.shutter_s) == (2.88, 15, 5.6, 1 / 400)
    air = read_dji_srt(assets / "dji_srt" / "air2s.srt").cues[0].sample
    assert (air.unlabelled_m, air.amsl_m, air.relative_m) == (117.0, None, None)
    assert (air.iso, air.shutter_s, air.f_number) == (100, 1 / 80, 2.8)
    assert (air.focal_mm, air.colour_k) == (24.0, 5744)
    pro = read_dji_srt(assets / "dji_srt" / "mavic_pro.SRT").cues[0].sample
    assert (pro.relative_m, pro.satellites, pro.f_number) == (1.9, 16, 2.2)
    mini = read_dji_srt(assets / "dji_srt" / "mavic_mini.SRT").cues[0].sample
    assert (mini.relative_m, mini.ev, mini.satellites) == (200.7, -1.7, 17)
    matrice = read_dji_srt(assets / "dji_srt" / "matrice_300.srt").cues[0].sample
    assert (matrice.relative_m, matrice.unlabelled_m, matrice.satellites) == (0.3, 0.0, None)


@pytest.mark.assets
@pytest.mark.parametrize(
    ("name", "line"), [("broken_empty.SRT", 1), ("broken_incomplete.SRT", 117)]
)
def test_broken_ones_give_one_clear_error(assets: Path, name: str, line: int) -> None:
    with pytest.raises(TelemetryError) as caught:
        read_dji_srt(assets / "dji_srt" / name)
    assert f"{name}, line {line}: " in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.assets
def test_salvage_keeps_what_came_before_the_damage(assets: Path) -> None:
    log = read_dji_srt(assets / "dji_srt" / "broken_incomplete.SRT", salvage=True)
    assert len(log.cues) == 19
    assert "line 117" in log.fault


def test_the_newest_style_has_both_heights_and_the_gimbal() -> None:
    cue = parse_dji_srt(NEW_STYLE, "new.SRT").cues[0]
    assert cue.local == datetime.fromisoformat("2024-03-02T09:15:00.250+00:00")
    one = cue.sample
    assert (one.relative_m, one.amsl_m) == (1.3, 41.241)
    assert one.gimbal == Attitude(-113.2, -30.1, 0.5)
    assert (one.f_number, one.focal_mm, one.ev, one.iso) == (1.7, 24.0, -0.3, 110)


def test_avata_writes_latitude_first() -> None:
    text = "1\n00:00:00,000 --> 00:00:01,000\nGPS(39.9,116.3,69.800) BAROMETER(91.2)"
    one = parse_dji_srt(text, "avata.SRT").cues[0].sample
    assert one.place
    assert (one.place.lat, one.place.lon) == (39.9, 116.3)
    assert (one.unlabelled_m, one.relative_m) == (69.8, 91.2)


def test_a_position_before_the_first_fix_is_none() -> None:
    text = "1\n00:00:00,000 --> 00:00:01,000\n[latitude: 0.000] [longitude: 0.000] [iso: 100]"
    one = parse_dji_srt(text, "a.SRT").cues[0].sample
    assert one.place is None
    assert one.iso == 100


@pytest.mark.parametrize(
    ("body", "what"),
    [
        ("2024.13.01 10:00:00\nGPS(1,2,3)", "is no time"),
        ("GPS(200.5,190.1,3)", "no place on the earth"),
        ("[latitude: 1] [longitude: 2] [shutter : 1/0]", "divides by zero"),
        ("Welcome to my channel", "no position"),
    ],
)
def test_nonsense_is_named_with_its_line(body: str, what: str) -> None:
    with pytest.raises(TelemetryError, match=what) as caught:
        parse_dji_srt(f"1\n00:00:00,000 --> 00:00:01,000\n{body}\n", "x.SRT")
    assert "x.SRT, line " in str(caught.value)


@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(
                [
                    *NEW_STYLE.splitlines(),
                    "",
                    "7",
                    "GPS(1.5, 2.5, 99999999999)",
                    "00:99:99,9 --> 00:00:00",
                    "(" * 50 + "-" * 50,
                    "9" * 400,
                ]
            ),
        ),
        max_size=40,
    )
)
def test_any_text_is_read_or_refused(lines: list[str]) -> None:
    try:
        log = parse_dji_srt("\n".join(lines), "any.SRT", salvage=True)
    except TelemetryError:
        return
    assert log.cues
    log.track(0)
    assert log.local_start is None or log.local_start.year
