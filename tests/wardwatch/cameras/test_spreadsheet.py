"""Lists of cameras as CSV."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.load import load
from core.credentials import Credential, credentials_of
from core.errors import ConfigError
from tests.wardwatch.cameras.conftest import CAMERAS
from tests.wardwatch.cli import ROOT
from wardwatch.cameras.importing import import_sheet
from wardwatch.cameras.office import Office
from wardwatch.cameras.spreadsheet import (
    BYTES_MOST,
    COLUMNS,
    ROWS_MOST,
    Sheet,
    SheetError,
    read_sheet,
)

PARTED = """\
id|name_zh|name_en|main|sub|onvif|username|password|lon|lat|bearing_deg|transport|enabled|speaker
weir|堰口|Weir|rtsp://127.0.0.1/weir/1|rtsp://127.0.0.1/weir/2|127.0.0.1:8000|viewer|"a,""b;' "|\
112.5|30.25|90|udp|no|yes
quay|"码头, 东"||rtsp://127.0.0.1:9/quay||||||||||
"""
GOOD = PARTED.replace("|", ",").encode()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_spreadsheets_write(encoding: str, delimiter: str, end: str) -> None:
    text = PARTED.replace("|", delimiter)
    sheet = read_sheet(text.replace("\n", end).encode(encoding))
    assert sheet.problems == ()
    assert [row.line for row in sheet.rows] == [2, 3]
    weir, quay = (row.camera for row in sheet.rows)
    assert weir.credential == Credential("viewer", "a,\"b;' ")
    assert weir.draft.model_dump(exclude_none=True) == {
        "name": {"zh": "堰口", "en": "Weir"},
        "enabled": False,
        "main": "rtsp://127.0.0.1/weir/1",
        "sub": "rtsp://127.0.0.1/weir/2",
        "transport": "udp",
        "onvif": "127.0.0.1:8000",
        "place": {"lon": 112.5, "lat": 30.25, "datum": "WGS-84"},
        "bearing_deg": 90.0,
        "speaker": True,
    }
    assert quay.draft.name is not None
    assert quay.draft.name.zh == quay.draft.name.en == "码头, 东"
    assert quay.credential is None


def test_the_guide_shows_what_is_read() -> None:
    guide = (ROOT / "docs" / "guide" / "cameras.md").read_text(encoding="utf-8")
    example = guide.partition("```csv\n")[2].partition("```")[0]
    sheet = read_sheet(example.encode())
    assert sheet.problems == ()
    assert example.splitlines()[0].split(",") == list(COLUMNS)
    table = guide.partition("| column |")[2].partition("\n\n")[0]
    for name, others in COLUMNS.items():
        assert f"`{name}`" in table
        assert all(other in table for other in others)


def test_chinese_columns_in_any_order() -> None:
    sheet = read_sheet("\n名称,主码流,编号,启用\n堰口,rtsp://127.0.0.1/1,weir,是\n".encode())
    assert [(row.line, row.camera.id) for row in sheet.rows] == [(3, "weir")]
    assert sheet.rows[0].camera.draft.enabled is True


BAD = """\
id,name_zh,main,username,password,lon,lat,bearing_deg,transport,enabled
Weir,堰,rtsp://127.0.0.1/1,,,,,,,
quay,,rtsp://127.0.0.1/1,,,,,,,
ford,浅,rtsp://127.0.0.1/1,,,,,,,
a1,甲,rtsp://127.0.0.1/1,,Ge-heim7,,,,,
a2,甲,rtsp://u:Ge-heim7@127.0.0.1/1,,,,,,,
a3,甲,rtsp://10.9.9.9/1,,,,,,,
a4,甲,rtsp://127.0.0.1/1,,,200,30,,,
a5,甲,rtsp://127.0.0.1/1,,,112,,,,
a6,甲,rtsp://127.0.0.1/1,,,,,360,,
a7,甲,rtsp://127.0.0.1/1,,,,,,sctp,maybe
a7,"甲
乙",rtsp://127.0.0.1/1,,,,,,,
a8,甲,rtsp://127.0.0.1/1,,,,,,,,surplus
a9,甲,rtsp://127.0.0.1/\x07,,,,,,,
good,好,rtsp://127.0.0.1/1,viewer,Ge-heim7,,,,,
"""
EXPECTED = [
    "line 2, id: 'Weir' is no id; write",
    "line 3, name_zh: is empty",
    "line 4, id: camera ford exists already",
    "line 5, username: is empty, but there is a password",
    "line 6: camera a2: main: has a user name or password in it",
    "line 7: 10.9.9.9 lies outside the camera networks",
    "line 8, lon: Input should be less than or equal to 180 (given: '200')",
    "line 9, lat: is empty; a place needs both",
    "line 10, bearing_deg: Input should be less than 360 (given: '360')",
    "line 11, enabled: write yes or no (given: 'maybe')",
    "line 11, transport: Input should be 'tcp', 'udp' or 'auto' (given: 'sctp')",
    "line 12, name_zh: has a control character in it",
    "line 12, id: 'a7' stands in line 11 already",
    "line 14: has more fields than the header's 10",
    "line 15, main: has a control character in it",
]


def test_all_that_is_wrong_is_told_and_nothing_written(config: Path, office: Office) -> None:
    with pytest.raises(SheetError) as told:
        import_sheet(office, BAD.encode())
    lines = str(told.value).splitlines()
    for line, expected in zip(lines, EXPECTED, strict=True):
        assert line.startswith(expected)
    assert "Ge-heim7" not in str(told.value)
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS
    assert not (config / "credentials.json").exists()


def test_the_sound_rows_alone(config: Path, office: Office) -> None:
    done = import_sheet(office, BAD.encode(), skip_bad=True)
    assert done.added == ("good",)
    assert done.passwords == 1
    assert len(done.skipped) == len(EXPECTED)
    assert [camera.id for camera in load(config).cameras] == ["bridge", "ford", "good"]


def test_a_good_list_is_imported_whole(config: Path, office: Office) -> None:
    assert import_sheet(office, GOOD, dry_run=True).added == ("weir", "quay")
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS
    import_sheet(office, GOOD)
    site = load(config)
    assert [camera.id for camera in site.cameras] == ["bridge", "ford", "weir", "quay"]
    assert (config / "cameras.yaml").read_text(encoding="utf-8").startswith(CAMERAS)
    assert credentials_of(site).stored("weir") == Credential("viewer", "a,\"b;' ")
    assert credentials_of(site).stored("quay") is None


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "column id is missing"),
        (b"id,name_zh\n", "column main is missing"),
        (b"id,name_zh,main,colour\n", "unknown column 'colour'"),
        (b"id,name_zh,main,id\n", "column id stands twice"),
        (b"id,name_zh,main\n", "holds no cameras"),
        (b'id,name_zh,main\na,"b,c\n', "line 2: is no CSV"),
        (b"\x81\x20\xff\xff", "neither UTF-8 nor GB18030"),
        (b"x" * (BYTES_MOST + 1), "larger than 4 MiB"),
        (b"id,name_zh,main\n" + b"a,b,c\n" * (ROWS_MOST + 1), "more than 2000 rows"),
    ],
)
def test_what_is_no_list_of_cameras(data: bytes, said: str) -> None:
    with pytest.raises(SheetError, match=said):
        read_sheet(data)


HEADER = b"id,name_zh,main,username,password,lon,lat,bearing_deg,enabled\n"


@settings(deadline=None)
@given(
    st.binary(max_size=400)
    | st.binary(max_size=400).map(lambda data: HEADER + data)
    | st.text('a1;,\t\n\r"中 /:@-.\x00', max_size=200).map(lambda text: HEADER + text.encode())
)
def test_no_bytes_do_harm(data: bytes) -> None:
    try:
        sheet = read_sheet(data)
    except ConfigError:
        return
    assert isinstance(sheet, Sheet)
    assert sheet.rows or sheet.problems
