"""``wardwatch cameras`` as a person runs it."""

import json
from pathlib import Path
from typing import Any, Literal

import cv2
from click.testing import Result
from typer.testing import CliRunner

from core.bus.embedded import socket_url
from core.bus.streams import RedisBus
from core.clock import NS_PER_S, SystemClock
from core.config.load import load
from core.credentials import Credential, credentials_of
from core.errors import BusError, WardwatchError
from core.messages import HEALTH, CameraHealth
from sim.camera import VirtualTownship
from tests.sim.camera_kit import wait_for
from tests.wardwatch.cameras.conftest import CAMERAS, PASSWORD, USER
from tests.wardwatch.cli import complaint, wardwatch
from wardwatch.cameras.states import recorder_states
from wardwatch.cli.cameras import PASSWORD as VARIABLE
from wardwatch.cli.cameras import app
from wardwatch.cli.cameras_shown import camera_facts
from wardwatch.paths import Paths
from wardwatch.supervisor import Supervisor

ACCOUNT = {VARIABLE: PASSWORD}


def cameras(config: Path, *arguments: str, **environment: str) -> Result:
    """The command in this process, which spares a start each time."""
    return CliRunner().invoke(app, [*arguments, "--config", str(config)], env=environment)


def last_line(output: str) -> Any:
    """The JSON; in this process the log, which no command has set up, goes before it."""
    return json.loads(output.splitlines()[-1])


def test_from_nothing_to_a_picture_and_away(
    config: Path, running: VirtualTownship, tmp_path: Path
) -> None:
    address = running.onvif_url("river")
    told = []

    def run(*arguments: str, **environment: str) -> str:
        done = cameras(config, *arguments, **environment)
        assert done.exit_code == 0, done.output
        told.append(done.output)
        return done.stdout

    probed = last_line(run("probe", address, "--user", USER, "--json", **ACCOUNT))
    assert probed["streams"][0]["url"] == running.url("river")
    said = wardwatch(
        *("cameras", "add", "river", address, "--user", USER, "--name-zh", "河口"),
        *("--place", "112.4,30.2", "--bearing", "90", "--config", config),
        **ACCOUNT,
    )
    assert said.returncode == 0, said.stderr
    assert "Virtual Camera" in said.stdout
    assert "river added" in said.stdout
    told.append(said.stdout + said.stderr)
    text = (config / "cameras.yaml").read_text(encoding="utf-8")
    assert text.startswith(CAMERAS)
    assert text.removeprefix(CAMERAS) == (
        "\n- id: river\n"
        "  name: {zh: 河口, en: 河口}\n"
        "  place: {lon: 112.4, lat: 30.2}\n"
        "  bearing_deg: 90\n"
        "  streams:\n"
        f"    main: {running.url('river')}\n"
        f"    sub: {running.url('river', 'sub')}\n"
        f"  onvif: {address}\n"
    )
    picture = tmp_path / "river.jpg"
    run("snapshot", "river", "--out", str(picture))
    assert cv2.imread(str(picture)).shape == (480, 640, 3)
    run("change", "river", "--disable", "--sub", "", "--name-en", "Mouth")
    listed = {one["id"]: one for one in last_line(run("list", "--json"))}
    assert listed["river"]["name"] == {"zh": "河口", "en": "Mouth"}
    assert listed["river"]["sub"] is None
    assert listed["river"]["enabled"] is False
    assert listed["river"]["state"] is None
    assert "river" in run("list")
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or PASSWORD.encode() not in path.read_bytes(), path
    run("remove", "river", "--yes")
    assert [camera.id for camera in load(config).cameras] == ["bridge", "ford"]
    assert not any(PASSWORD in one for one in told)


def test_failures_are_one_line_and_change_nothing(config: Path, running: VirtualTownship) -> None:
    def fails(*arguments: str) -> str:
        done = cameras(config, *arguments)
        assert done.exit_code != 0
        assert isinstance(done.exception, WardwatchError)
        return str(done.exception)

    address = running.onvif_url("river")
    wrong = wardwatch(
        *("cameras", "add", "river", address, "--user", USER, "--config", config),
        **{VARIABLE: "Wrong-5%word"},
    )
    assert "refuses the user name or password" in complaint(wrong)
    assert "Wrong-5" not in wrong.stdout + wrong.stderr
    assert "outside the camera networks" in fails("probe", "10.1.2.3")
    assert "there is a camera of that id already" in fails("add", "ford", address)
    assert "there is no camera of that id" in fails("remove", "ferry")
    assert "rtsp:// address of its stream is needed" in fails("add", "x", "127.0.0.1", "--no-probe")
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS
    assert not (config / "credentials.json").exists()


def test_remove_asks(config: Path) -> None:
    assert cameras(config, "remove", "ford").exit_code != 0  # nobody answers
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS


def test_password_and_import(config: Path, tmp_path: Path) -> None:
    done = cameras(config, "password", "ford", "--user", USER, **ACCOUNT)
    assert done.exit_code == 0, done.output
    assert credentials_of(load(config)).stored("ford") == Credential(USER, PASSWORD)
    done = cameras(config, "password", "ford", "--loudspeaker", "--user", "horn", **ACCOUNT)
    assert done.exit_code == 0, done.output
    assert credentials_of(load(config)).stored("ford.speaker") == Credential("horn", PASSWORD)
    assert credentials_of(load(config)).stored("ford") == Credential(USER, PASSWORD)
    sheet = tmp_path / "cameras.csv"
    sheet.write_text(
        "编号,名称,主码流,用户名,密码\n"
        f"weir,堰口,rtsp://127.0.0.1/weir,{USER},{PASSWORD}\n"
        "Bad,坏,rtsp://127.0.0.1/bad,,\n",
        encoding="gb18030",
    )
    all_or_none = cameras(config, "import", str(sheet))
    assert str(all_or_none.exception).startswith(f"{sheet}: line 3, id: 'Bad' is no id")
    assert (config / "cameras.yaml").read_text(encoding="utf-8") == CAMERAS
    done = cameras(config, "import", str(sheet), "--skip-bad", "--json")
    assert done.exit_code == 0, done.output
    assert last_line(done.stdout)["added"] == ["weir"]
    assert "1 passwords in the clear; delete it" in done.stderr
    assert PASSWORD not in f"{all_or_none.output}{all_or_none.exception}{done.output}"
    assert credentials_of(load(config)).stored("weir") == Credential(USER, PASSWORD)


def test_states_of_a_running_centre(config: Path, paths: Paths) -> None:
    """The newest word of the recorder counts, as long as it is fresh."""
    site, clock = load(config, data_dir=paths.data), SystemClock()
    assert recorder_states(site, clock) is None
    supervisor = Supervisor(paths, clock)
    supervisor.spawn("bus")
    bus = RedisBus(socket_url(paths.run), "test", paths.spool)
    try:
        wait_for(lambda: answers(bus), 60)
        assert recorder_states(site, clock) is None
        now_ns = clock.utc_ns()
        tell(bus, "bridge", "offline", now_ns)
        tell(bus, "bridge", "online", now_ns)
        tell(bus, "ford", "online", now_ns - 60 * NS_PER_S)
        states = recorder_states(site, clock)
    finally:
        bus.close()
        supervisor.stop()
    assert states is not None
    facts = [camera_facts(camera, states)["state"] for camera in site.cameras]
    assert facts == ["online", None]
    assert recorder_states(site, clock) is None


def tell(bus: RedisBus, camera: str, state: Literal["online", "offline"], at_ns: int) -> None:
    process: Literal["recorder"] = "recorder"
    bus.show(
        HEALTH,
        CameraHealth(camera=camera, process=process, state=state, since_ns=at_ns, at_ns=at_ns),
    )


def answers(bus: RedisBus) -> bool:
    try:
        bus.ping()
    except BusError:
        return False
    return True
