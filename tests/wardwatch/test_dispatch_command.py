"""``wardwatch dispatch isochrones``, and what doctor and a start say about the road map."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alerts.errors import RoadsError
from core.config.load import load
from core.errors import ConfigError
from core.geometry import GeoPoint
from sim.roads import hill_and_river
from wardwatch.checks import examine
from wardwatch.cli.dispatch import DispatchError, app
from wardwatch.command_centre import CommandCentre

DEMO = Path(__file__).parents[2] / "configs" / "demo"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The demo's township with a road map, and without cameras to connect to."""
    folder = tmp_path / "config"
    shutil.copytree(DEMO, folder)
    township = folder / "township.yaml"
    text = township.read_text(encoding="utf-8")
    text = text.replace("data_dir: var", f"data_dir: {tmp_path / 'data'}")
    township.write_text(
        text + "\ndispatch: {roads: roads.osm, circle_minutes: 2}\n", encoding="utf-8"
    )
    centre = GeoPoint(lon=112.46, lat=30.42)
    network = hill_and_river(5, centre, columns=16, rows=12, spacing_m=300)
    (folder / "roads.osm").write_text(network.osm, encoding="utf-8")
    return folder


def draw(*arguments: object) -> str:
    done = CliRunner().invoke(app, ["isochrones", *map(str, arguments)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def test_areas_and_the_cameras_beyond_them(config: Path, tmp_path: Path) -> None:
    out = tmp_path / "reach.geojson"
    said = draw("--config", config, "--out", out, "--minutes", "1,2")
    found = json.loads(out.read_text(encoding="utf-8"))
    classes = [one["properties"]["class"] for one in found["features"]]
    assert classes.count("isochrone") == 2
    beyond = [one["properties"] for one in found["features"]]
    beyond = [one for one in beyond if one["class"] == "camera" and not one["reached"]]
    assert f"{len(beyond)} cameras beyond 2 minutes" in said
    assert said.count("not reached: camera") == len(beyond)
    assert "0 cameras" in draw("--config", config, "--out", out, "--now") or beyond


def test_numbers_of_minutes_must_be_numbers(config: Path, tmp_path: Path) -> None:
    for words in ("", "a,b", "0", "5,-1", "1000"):
        with pytest.raises(DispatchError, match="--minutes"):
            draw("--config", config, "--out", tmp_path / "o", "--minutes", words)
    with pytest.raises(DispatchError, match="cannot be written"):
        draw("--config", config, "--out", tmp_path / "no" / "such" / "folder.geojson")


def test_a_bad_map_stops_the_start_and_shows_in_doctor(config: Path) -> None:
    (config / "roads.osm").write_text('<osm version="0.6">\n<node', encoding="utf-8")
    (config / "cameras.yaml").write_text("[]\n", encoding="utf-8")
    with pytest.raises(RoadsError, match=r"roads\.osm: .*line 2"):
        CommandCentre(load(config)).start()
    (found,) = [check for check in examine(config) if check.what == "roads"]
    assert found.state == "bad"
    assert "roads.osm" in found.detail


def test_a_vehicle_must_be_there(config: Path) -> None:
    officers = config / "officers.yaml"
    text = officers.read_text(encoding="utf-8")
    officers.write_text(text.replace("speed_kmh: 45", "speed_kmh: 45\n  vehicle: van", 1), "utf-8")
    with pytest.raises(ConfigError, match=r"no vehicle 'van' in dispatch\.vehicles"):
        load(config)
