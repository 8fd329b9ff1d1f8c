"""``cameras.yaml`` after an edit: what was meant, and every other byte as it was."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config.load import load
from core.errors import ConfigError
from tests.wardwatch.cameras.conftest import CAMERAS
from tests.wardwatch.cli import ROOT
from wardwatch.cameras.page import Page
from wardwatch.cameras.roster import Roster

FILE = Path("cameras.yaml")
NEW = {"id": "weir", "name": {"zh": "堰", "en": "on"}, "streams": {"main": "rtsp://10.0.0.9/a#1"}}


def page(text: str = CAMERAS) -> Page:
    return Page(FILE, text)


def test_a_change_touches_its_lines_only() -> None:
    edited = page()
    edited.change("bridge", {"bearing_deg": 10, "streams": {"sub": "rtsp://127.0.0.1:9/s"}})
    before, after = CAMERAS.splitlines(), edited.text.splitlines()
    assert [line for line in before if line not in after] == ["  bearing_deg: 350"]
    assert [line for line in after if line not in before] == [
        "  bearing_deg: 10",
        "    sub: rtsp://127.0.0.1:9/s",
    ]


def test_new_keys_stand_in_the_order_of_the_description() -> None:
    edited = page()
    edited.change("bridge", {"onvif": "127.0.0.1:80", "enabled": False})
    assert list(edited.cameras[0]) != sorted(edited.cameras[0])
    lines = [line.split(":")[0].strip() for line in edited.text.splitlines()]
    assert lines.index("enabled") < lines.index("bearing_deg") < lines.index("onvif")
    assert lines.index("onvif") < lines.index("zones")


COMMENTED = """\
# head
- id: a
  # about the name
  name: {zh: 甲, en: A}  # end
  # about onvif
  onvif: 10.0.0.1   # port 80
  # about streams

  # more
  streams:
    # the main
    main: rtsp://10.0.0.1/a   # m
    sub: rtsp://10.0.0.1/b    # s
    # transport comment
    transport: tcp
  speaker:
    driver: onvif  # sp
  # about zones
  zones: []
# tail
"""


def test_comments_stay_with_their_keys() -> None:
    edited = page(COMMENTED)
    fields = {"onvif": None, "streams": {"sub": None}, "speaker": None, "bearing_deg": 3}
    edited.change("a", {**fields, "name": {"zh": "乙"}})
    gone = ("  onvif:", "    sub:", "  speaker:", "    driver:")
    kept = [line for line in COMMENTED.splitlines() if not line.startswith(gone)]
    kept[3] = "  name: {zh: 乙, en: A}  # end"
    kept.insert(4, "  bearing_deg: 3")
    assert edited.text.splitlines() == kept


def test_added_and_removed_again_leaves_no_trace() -> None:
    edited = page(CAMERAS.removesuffix("# the end\n"))
    before = edited.text
    edited.add([NEW])
    assert edited.text.startswith(before)
    assert yaml.safe_load(edited.text)[-1] == NEW
    edited.remove("weir")
    assert edited.text == before


def test_removing_keeps_all_comments_outside_the_entry() -> None:
    edited = page()
    edited.remove("bridge")
    for comment in ("# 摄像机 the cameras", "# the north side", "# the south side", "# the end"):
        assert comment in edited.text
    assert "mill" not in edited.text
    edited.remove("ford")
    assert edited.cameras == []
    edited.add([NEW])
    assert yaml.safe_load(edited.text) == [NEW]


@pytest.mark.parametrize(
    "text",
    [
        "[{id: a, streams: {main: x}}, {id: b}]  # flow\n",
        "-\n  id: a\n  streams: {main: x}\n-\n  id: b\n",
        "  - id: a\n    streams:\n      main: x\n\n  - id: b\n",
        "-   id: a\n    streams: {main: x}\n-   id: b",
        '- {id: a, streams: {main: x}}\n- "id": b\n',
        "---\n- id: a\n  streams: {main: x}\n- id: b\n",
    ],
)
def test_whatever_the_style(text: str) -> None:
    edited = page(text)
    plain = [dict(entry) for entry in yaml.safe_load(text)]
    edited.change("a", {"enabled": False, "streams": {"main": "y"}})
    plain[0] |= {"enabled": False, "streams": {"main": "y"}}
    edited.change("b", {"name": {"zh": "乙", "en": "no"}})
    plain[1]["name"] = {"zh": "乙", "en": "no"}
    edited.add([NEW])
    found = yaml.safe_load(edited.text)
    assert found[0] == plain[0]
    assert found[1]["name"] == plain[1]["name"]
    assert found[2] == NEW
    edited.remove("a")
    assert [entry["id"] for entry in yaml.safe_load(edited.text)] == ["b", "weir"]
    assert ("# flow" in text) == ("# flow" in edited.text)


def test_what_others_lean_on_is_not_changed_under_them() -> None:
    text = "- &first\n  id: a\n  streams: {main: x}\n# kept\n- <<: *first\n  id: b\n"
    edited = page(text)
    with pytest.raises(ConfigError, match=r"cannot be edited safely; edit it by hand"):
        edited.change("a", {"enabled": False})
    assert edited.text == text
    edited.change("b", {"enabled": False})
    assert yaml.safe_load(edited.text)[1] == {"id": "b", "streams": {"main": "x"}, "enabled": False}
    assert "# kept" in edited.text


words = st.text(st.characters(exclude_categories=("Cc", "Cs")), min_size=1, max_size=30)


@settings(deadline=None, max_examples=50)
@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.fixed_dictionaries({"zh": words, "en": words}),
            "enabled": st.booleans(),
            "bearing_deg": st.floats(0, 359.9) | st.integers(0, 359),
            "onvif": words | st.none(),
            "username": words | st.none(),
            "streams": st.fixed_dictionaries({}, optional={"sub": words | st.none()}),
        },
    )
)
def test_any_words_come_back_as_they_were(fields: dict[str, Any]) -> None:
    edited = page()
    ford = dict(edited.entry("ford"))
    edited.change("bridge", fields)
    again = page(edited.text)
    assert again.cameras == edited.cameras
    assert again.entry("ford") == ford
    for key, value in fields.items():
        if value is None:
            assert key not in again.entry("bridge")
        elif not isinstance(value, dict):
            assert again.entry("bridge")[key] == value
    assert edited.text[edited.text.index("# the south") :] == CAMERAS[CAMERAS.index("# the so") :]


def test_ids_that_are_there_and_are_not() -> None:
    edited = page()
    with pytest.raises(ConfigError, match="ford: there is a camera of that id already"):
        edited.add([{**NEW, "id": "ford"}])
    with pytest.raises(ConfigError, match="ferry: there is no camera of that id"):
        edited.remove("ferry")
    with pytest.raises(ConfigError, match="ferry: there is no camera of that id"):
        edited.change("ferry", {"enabled": False})
    assert edited.text == CAMERAS


def test_nothing_is_written_when_the_whole_does_not_hold(config: Path) -> None:
    roster = Roster(config)
    with roster.editing() as edited:
        edited.change("ford", {"bearing_deg": 400})
        with pytest.raises(ConfigError, match=r"cameras.yaml: ford → bearing_deg: .*less than 360"):
            roster.check(edited)
    assert roster.path.read_text(encoding="utf-8") == CAMERAS


def test_a_missing_file_is_made(config: Path) -> None:
    (config / "cameras.yaml").unlink()
    roster = Roster(config)
    with roster.editing() as edited:
        edited.add([NEW])
        assert [camera.id for camera in roster.check(edited).cameras] == ["weir"]
        roster.write(edited)
    assert roster.path.read_text(encoding="utf-8").startswith("# 摄像机")
    assert [camera.id for camera in load(config).cameras] == ["weir"]


def test_line_ends_mode_and_link_stay(config: Path, tmp_path: Path) -> None:
    real = tmp_path / "elsewhere.yaml"
    real.write_bytes(CAMERAS.replace("\n", "\r\n").encode())
    real.chmod(0o640)
    (config / "cameras.yaml").unlink()
    (config / "cameras.yaml").symlink_to(real)
    roster = Roster(config)
    with roster.editing() as edited:
        edited.change("ford", {"enabled": False})
        roster.write(edited)
    content = real.read_bytes()
    assert content.count(b"\r\n") == content.count(b"\n") == CAMERAS.count("\n") + 1
    assert real.stat().st_mode & 0o777 == 0o640
    assert roster.path.is_symlink()


EDITOR = """
import sys
from pathlib import Path
from core.clock import SystemClock
from core.config.load import load
from core.credentials import Credential
from core.roster import CameraDraft
from core.value import Text
from wardwatch.cameras.office import Office
office = Office(load(Path(sys.argv[1])), SystemClock())
for number in range(8):
    one = f"{sys.argv[2]}-{number}"
    draft = CameraDraft(name=Text.same(one), main=f"rtsp://127.0.0.1:9/{one}")
    office.add(one, draft, Credential("viewer", one))
"""


def test_two_editors_at_once_lose_nothing(config: Path) -> None:
    editors = [
        subprocess.Popen([sys.executable, "-c", EDITOR, str(config), name], cwd=ROOT)
        for name in ("east", "west")
    ]
    assert [editor.wait(120) for editor in editors] == [0, 0]
    names = {camera.id for camera in load(config).cameras}
    assert names == {"bridge", "ford"} | {f"{n}-{k}" for n in ("east", "west") for k in range(8)}
    content = (config / "cameras.yaml").read_text(encoding="utf-8")
    assert content.startswith(CAMERAS)
    sealed = (config / "credentials.json").read_text(encoding="utf-8")
    assert sealed.count("east-") == sealed.count("west-") == 8
