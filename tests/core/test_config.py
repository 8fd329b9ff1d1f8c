"""A wrong configuration gives one clear line that names the file and the field."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.config.load import load
from core.errors import ConfigError

TEXT = {"zh": "字", "en": "word"}
ROW = {
    "id": "fishing",
    "kind": "fishing",
    "act": TEXT,
    "basis": "渔业法 44",
    "sanction": TEXT,
    "authority": "assigned",
    "department": TEXT,
    "severity": "minor",
    "source": "read 2026-11-21",
    "effective_from": "2026-05-01",
}
CAMERA: dict[str, Any] = {
    "id": "river",
    "name": TEXT,
    "streams": {"main": "rtsp://127.0.0.1/river"},
    "zones": [
        {
            "id": "shore",
            "name": TEXT,
            "polygon": {"points": [[0, 0], [1, 0], [1, 1]]},
            "rule": {"kind": "fishing", "dwell_s": 20},
        }
    ],
}


def write(directory: Path, **files: Any) -> Path:
    contents = {
        "township": {"name": TEXT, "centre": {"lon": 112.0, "lat": 30.0}},
        "cameras": [CAMERA],
        "catalogue": [ROW],
        "warnings": [{"kind": "fishing", "text": TEXT}],
    } | files
    for name, content in contents.items():
        (directory / f"{name}.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    return directory


def test_a_whole_site_is_read(tmp_path: Path) -> None:
    site = load(write(tmp_path))
    camera = site.camera("river")
    assert camera is not None
    zone = camera.zone("shore")
    assert zone is not None
    assert zone.polygon.contains((0.9, 0.5))
    assert not zone.polygon.contains((0.1, 0.9))


def test_folder_of_roots_lies_beside_the_configuration(tmp_path: Path) -> None:
    township = {"name": TEXT, "centre": {"lon": 112.0, "lat": 30.0}, "signing": {"roots": "roots"}}
    assert load(write(tmp_path, township=township)).signing.roots == tmp_path / "roots"
    assert load(write(tmp_path)).signing.roots is None


def broken(change: str, value: Any) -> list[Any]:
    camera = copy.deepcopy(CAMERA)
    target: Any = camera
    *path, last = change.split(".")
    for step in path:
        target = target[int(step)] if step.isdigit() else target[step]
    target[last] = value
    return [camera]


@pytest.mark.parametrize(
    ("change", "value", "complaint"),
    [
        ("colour", "red", r"cameras\.yaml: river → colour: unknown key"),
        (
            "zones.0.polygon",
            {"points": [[0, 0], [1, 1]]},
            r"river → zones → shore → polygon → points: a polygon needs at least 3 points",
        ),
        (
            "zones.0.polygon",
            {"points": [[0, 0], [1, 1], [1, 0], [0, 1]]},
            r"the polygon crosses itself",
        ),
        ("zones.0.rule", {"kind": "fishing", "dwell_s": -1}, r"dwell_s: Input should be greater"),
        ("zones.0.rule", {"kind": "flying"}, r"rule: Input tag 'flying'"),
        ("streams", {"main": "rtsp://u:p@host/x"}, r"put the user name in `username`"),
        ("id", "River 1", r"cameras\.yaml: River 1 → id:"),
    ],
)
def test_each_mistake_is_named(tmp_path: Path, change: str, value: Any, complaint: str) -> None:
    with pytest.raises(ConfigError, match=complaint) as error:
        load(write(tmp_path, cameras=broken(change, value)))
    assert len(str(error.value).splitlines()) == 1


def test_a_camera_twice(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="camera id 'river' appears twice"):
        load(write(tmp_path, cameras=[CAMERA, CAMERA]))


def test_missing_directory_and_broken_yaml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration directory"):
        load(tmp_path / "nowhere")
    write(tmp_path)
    (tmp_path / "cameras.yaml").write_text("- id: [", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"cameras\.yaml: not valid YAML"):
        load(tmp_path)


def test_a_secret_is_not_repeated_in_the_complaint(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as error:
        load(write(tmp_path, cameras=broken("streams", {"main": "rtsp://u:hunter2@host/x"})))
    assert "hunter2" not in str(error.value)
