"""A township with one virtual camera, and a configuration directory that may reach it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.clock import SystemClock
from core.config.load import load
from sim.camera import VirtualTownship
from sim.camera.onvif.body import Body
from sim.camera.onvif.options import OnvifOptions
from tests.sim.camera_kit import BoxScene
from wardwatch.cameras.office import Office

USER, PASSWORD = "operator", "Tor-9&zu:geheim"

CAMERAS = """\
# 摄像机 the cameras of this township

# the north side
- id: bridge
  name: {zh: 桥头, en: Bridge}   # by the old mill
  bearing_deg: 350
  streams:
    main: rtsp://127.0.0.1:9/bridge/main  # recorded
    transport: tcp
  zones:
    # drawn in spring
    - id: bank
      name: {zh: 岸, en: Bank}
      polygon: {points: [[0.1, 0.1], [0.9, 0.1], [0.5, 0.9]]}
      rule: {kind: dumping}

# the south side
- id: ford
  name: {zh: 浅滩, en: 'Ford'}
  streams:
    main: "rtsp://127.0.0.1:9/ford/main"
# the end
"""


@pytest.fixture(scope="session")
def running() -> Iterator[VirtualTownship]:
    scenes = {"river": BoxScene(size=(640, 480))}
    with VirtualTownship(
        scenes, username=USER, password=PASSWORD, clock=SystemClock(), onvif_port=0
    ) as township:
        yield township


@pytest.fixture
def body(running: VirtualTownship) -> Iterator[Body]:
    """The camera behind the services; it is sound again after each test."""
    assert running.onvif is not None
    camera = running.onvif.camera("river")
    yield camera
    camera.options = OnvifOptions()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    directory = tmp_path / "config"
    directory.mkdir()
    (directory / "township.yaml").write_text(
        "name: {zh: 镇, en: Town}\n"
        "centre: {lon: 112.0, lat: 30.0}\n"
        f"data_dir: {tmp_path / 'data'}\n"
        "networks: [127.0.0.0/8]\n",
        encoding="utf-8",
    )
    (directory / "cameras.yaml").write_text(CAMERAS, encoding="utf-8")
    return directory


@pytest.fixture
def office(config: Path) -> Office:
    return Office(load(config), SystemClock())
