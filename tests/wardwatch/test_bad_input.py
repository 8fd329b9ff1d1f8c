"""Bad input: one clear message that names the field, file or camera; the others go on."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from core.clock import SystemClock
from sim import scenes
from sim.camera import VirtualTownship
from tests.model_cards import model_card
from tests.wardwatch.cli import ROOT, complaint, wardwatch
from wardwatch.lock import held

PATIENCE_S = 60.0


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A copy of the demo township with a data directory of its own and any port."""
    directory = tmp_path / "config"
    shutil.copytree(ROOT / "configs" / "demo", directory)
    change(directory / "township.yaml", "data_dir: var", f"data_dir: {tmp_path / 'data'}")
    change(directory / "township.yaml", "port: 8600", "port: 0")
    change(directory / "township.yaml", "mode: demo", "mode: live")
    return directory


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_unknown_key(config: Path) -> None:
    change(config / "cameras.yaml", "bearing_deg: 350", "bearing: 350")
    message = complaint(wardwatch("up", "--config", config))
    assert message == f"{config / 'cameras.yaml'}: river → bearing: unknown key (given: 350)"


def test_zone_of_two_points(config: Path) -> None:
    change(
        config / "cameras.yaml", "[0.112, 0.697], [0.888, 0.697], [1.0, 0.87], ", "[1.0, 0.87], "
    )
    message = complaint(wardwatch("up", "--config", config))
    assert message.endswith(
        "cameras.yaml: river → zones → shore → polygon → points: "
        "a polygon needs at least 3 points, this one has 2"
    )


def test_missing_model_file(config: Path, tmp_path: Path) -> None:
    change(config / "township.yaml", "model: auto", "model: my-model")
    message = complaint(
        wardwatch("up", "--config", config, WARDWATCH_CAMERA_PASSWORD="x", COLUMNS="200")
    )
    assert "no model is called 'my-model'" in message
    nothing = wardwatch("models", "import", tmp_path / "none.onnx", "--name", "mine")
    assert "none.onnx" in complaint(nothing)
    torn = tmp_path / "torn.onnx"
    torn.write_bytes(b"no graph")
    assert "torn.onnx" in complaint(wardwatch("models", "import", torn, "--name", "mine"))


def test_a_port_that_is_taken(config: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        change(config / "township.yaml", "port: 0", f"port: {port}")
        message = complaint(wardwatch("up", "--config", config, WARDWATCH_CAMERA_PASSWORD="x"))
    assert f"cannot listen on 127.0.0.1:{port}" in message


def test_a_data_directory_that_is_in_use(config: Path, tmp_path: Path) -> None:
    with held(tmp_path / "data"):
        message = complaint(wardwatch("up", "--config", config, WARDWATCH_CAMERA_PASSWORD="x"))
    assert message == f"{tmp_path / 'data'}: another Wardwatch runs in this data directory"


def test_doctor_names_what_is_wrong(config: Path) -> None:
    model_card("yolox-nano")
    done = wardwatch("doctor", "--config", config, "--json", WARDWATCH_CAMERA_PASSWORD="x")
    checks = json.loads(done.stdout)
    cameras = {one["what"]: one for one in checks if one["what"].startswith("camera ")}
    assert done.returncode == 1
    assert set(cameras) == {"camera river", "camera lane", "camera market", "camera street"}
    assert all(one["state"] == "bad" for one in cameras.values())
    assert "nothing listens there" in cameras["camera river"]["detail"]


def test_unreachable_camera_and_missing_password_leave_the_others_alone(
    config: Path, tmp_path: Path
) -> None:
    """river works; lane is nowhere; market's password is not set; street's is wrong."""
    model_card("yolox-nano")
    with VirtualTownship(
        {"river": scenes.build("river"), "street": scenes.build("street")},
        username="ward",
        password="right",
        clock=SystemClock(),
    ) as township:
        cameras = config / "cameras.yaml"
        change(cameras, "127.0.0.1:8554", f"127.0.0.1:{township.port}")
        text = cameras.read_text(encoding="utf-8")
        head, market = text.split("- id: market")
        market, street = market.split("- id: street")
        market = market.replace("WARDWATCH_CAMERA_PASSWORD", "WARDWATCH_UNSET")
        street = street.replace("WARDWATCH_CAMERA_PASSWORD", "WARDWATCH_WRONG")
        cameras.write_text(f"{head}- id: market{market}- id: street{street}", encoding="utf-8")
        data = tmp_path / "data"
        with up(config, WARDWATCH_CAMERA_PASSWORD="right", WARDWATCH_WRONG="wrong"):
            recordings = data / "recordings"
            until(lambda: sum(f.stat().st_size for f in recordings.glob("river/*/*.mp4")) > 100_000)
            until(lambda: "street" in errors(data))
        said = errors(data)
    assert "lane" in said["lane"]
    assert "environment variable WARDWATCH_UNSET is not set" in said["market"]
    assert "refused" in said["street"]
    assert "river" not in said
    assert not list((data / "recordings").glob("lane/*/*.mp4"))


@contextmanager
def up(config: Path, **environment: str) -> Iterator[None]:
    process = subprocess.Popen(
        [sys.executable, "-m", "wardwatch", "up", "--config", str(config)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0


def until(condition: object) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, "nothing happened in time"
        time.sleep(0.2)


def errors(data: Path) -> dict[str, str]:
    """Last complaint of the recorder about each camera."""
    log = data / "logs" / "recorder.log"
    if not log.exists():
        return {}
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return {
        line["camera"]: " ".join(str(line.get(key, "")) for key in ("reason", "detail", "error"))
        for line in lines
        if "camera" in line and line["level"] in ("warning", "error")
    }
