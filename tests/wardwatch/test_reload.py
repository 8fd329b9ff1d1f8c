"""What is edited while running: taken over when it is whole and valid, refused once when not."""

from functools import partial
from pathlib import Path

import pytest
import yaml
from structlog.testing import capture_logs

from core.clock import SystemClock
from core.config.load import load
from core.config.site import Site
from core.credentials import Credential, credentials_of
from wardwatch.following.reload import Reload, publish
from wardwatch.paths import Paths


class Desk:
    """A configuration directory, and someone who looks at it as often as the test says."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "config"
        self.directory.mkdir()
        self.paths = Paths(directory / "data")
        self.paths.make()
        self.plan = {
            "name": {"zh": "镇", "en": "Town"},
            "centre": {"lon": 112.0, "lat": 30.0},
            "data_dir": str(self.paths.data),
        }
        self.write("township.yaml", self.plan)
        self.cameras("river", "lane")
        self.said: list[str] = []
        read = partial(load, self.directory)
        site = read()
        publish(site, self.paths.site_file)
        self.reload = Reload(site, self.paths, read, SystemClock(), self.said.append)
        self.settle()

    def write(self, name: str, content: object) -> None:
        (self.directory / name).write_text(yaml.safe_dump(content), encoding="utf-8")

    def cameras(self, *names: str) -> None:
        self.write(
            "cameras.yaml",
            [
                {"id": name, "name": {"zh": name, "en": name}, "streams": {"main": "film.mp4"}}
                for name in names
            ],
        )

    def settle(self) -> list[str]:
        """Looks until nothing is new; what was complained of meanwhile."""
        with capture_logs() as logs:
            for _ in range(4):
                self.reload.look()
        return [str(one) for one in logs if one["log_level"] in ("warning", "error")]

    @property
    def published(self) -> Site:
        return Site.model_validate_json(self.paths.site_file.read_text(encoding="utf-8"))

    @property
    def known(self) -> list[str]:
        return [camera.id for camera in self.published.cameras]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_nothing_is_written_while_nothing_changes(desk: Desk) -> None:
    before = desk.paths.site_file.stat()
    assert desk.settle() == []
    assert desk.paths.site_file.stat() == before
    assert desk.said == []


def test_cameras_are_taken_over(desk: Desk) -> None:
    desk.cameras("river", "gate")
    assert desk.settle() == []
    assert desk.known == ["river", "gate"]
    assert desk.said == ["Configuration taken over: removed lane; added gate"]
    assert desk.paths.site_file.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_still_being_written_is_not_looked_into(desk: Desk) -> None:
    desk.cameras("river")  # valid, but only the first half of what is coming
    desk.reload.look()
    desk.cameras("river", "lane", "gate")
    assert desk.settle() == []
    assert desk.said == ["Configuration taken over: added gate"]


def test_a_mistake_is_said_once_and_nothing_is_taken_over_until_it_is_mended(desk: Desk) -> None:
    (desk.directory / "cameras.yaml").write_text("- id: river\n  name: [")
    (problem,) = desk.settle()
    assert "not valid YAML" in problem
    assert "not valid YAML" in desk.paths.config_error.read_text()
    assert desk.settle() == []
    assert desk.known == ["river", "lane"]
    desk.cameras("lane")
    assert desk.settle() == []
    assert desk.known == ["lane"]
    assert not desk.paths.config_error.exists()


def test_a_list_that_is_gone_does_not_remove_all_cameras(desk: Desk) -> None:
    (desk.directory / "cameras.yaml").unlink()
    (problem,) = desk.settle()
    assert "write [] into it" in problem
    assert desk.known == ["river", "lane"]
    desk.cameras()
    assert desk.settle() == []
    assert desk.known == []


def test_a_new_password_is_published_though_the_site_is_the_same(desk: Desk) -> None:
    before = desk.paths.site_file.stat()
    credentials_of(desk.published).put("lane", Credential("ward", "pw"))
    assert desk.settle() == []
    assert desk.paths.site_file.stat() != before
    assert desk.said == ["Configuration taken over: changed lane"]
    credentials_of(desk.published).file.write_text("{")
    (problem,) = desk.settle()
    assert "credentials.json: cannot be read" in problem


def test_what_waits_for_the_next_start_is_named_once(desk: Desk) -> None:
    desk.write("township.yaml", desk.plan | {"analysis": {"fps": 2}, "networks": ["10.1.0.0/16"]})
    (warning,) = desk.settle()
    assert "next start" in warning
    assert "analysis" in warning
    assert desk.published.analysis.fps == 5
    assert [str(network) for network in desk.published.networks] == ["10.1.0.0/16"]
    desk.cameras("river")
    assert desk.settle() == []
    desk.write("township.yaml", desk.plan)
    assert desk.settle() == []
