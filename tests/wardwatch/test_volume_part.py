"""The volume of a camera's own loudspeaker: set by ONVIF for one warning, put back after it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from broadcast.announcer import Announcer
from core.cases import Receipt
from core.clock import SystemClock
from core.config.site import Site
from sim.camera import VirtualTownship
from sim.camera.onvif.body import Body
from sim.camera.onvif.options import OnvifOptions
from tests.broadcast.speaker_town import announcement, camera, site
from tests.sim.camera_kit import PASSWORD, USER, BoxScene
from wardwatch.parts.volume import OnvifVolume


@pytest.fixture(scope="module")
def township() -> Iterator[VirtualTownship]:
    with VirtualTownship(
        {"box": BoxScene()}, username=USER, password=PASSWORD, clock=SystemClock(), onvif_port=0
    ) as running:
        yield running


@pytest.fixture
def body(township: VirtualTownship) -> Iterator[Body]:
    assert township.onvif is not None
    found = township.onvif.camera("box")
    found.output_levels[:] = [7]
    yield found
    found.options = OnvifOptions()


@pytest.fixture
def town(township: VirtualTownship, monkeypatch: pytest.MonkeyPatch) -> Site:
    assert township.onvif is not None
    monkeypatch.setenv("BOX_PASSWORD", PASSWORD)
    one = camera(
        "river",
        {"driver": "onvif"},
        streams={"main": township.url("box")},
        onvif=township.onvif.url("box"),
        username=USER,
        password_env="BOX_PASSWORD",
    )
    return site(one, warnings={"cooldown_s": 0, "max_repeats": 9})


def say(town: Site, folder: Path, **more: Any) -> Receipt:
    clock = SystemClock()
    knob = OnvifVolume(lambda: town, clock)
    announcer = Announcer(town, clock=clock, audio_dir=folder, knob=knob)
    return announcer.handle(announcement(clock, text="离开", **more))


@pytest.mark.parametrize("media2", [False, True])
def test_a_volume_is_set_for_one_warning_and_put_back(
    town: Site, body: Body, tmp_path: Path, media2: bool
) -> None:
    body.options = replace(body.options, media2=media2)
    receipt = say(town, tmp_path, volume=30)
    assert receipt.ok, receipt.error
    assert body.output_levels == [7, 3, 7]
    assert (receipt.volume, receipt.volume_by) == (30, "ONVIF output level 3, before 7")


def test_without_a_volume_nothing_is_asked(town: Site, body: Body, tmp_path: Path) -> None:
    receipt = say(town, tmp_path)
    assert receipt.ok, receipt.error
    assert body.output_levels == [7]
    assert (receipt.volume, receipt.volume_by) == (None, "")


def test_where_it_cannot_be_set_the_sound_is_made_softer(
    town: Site, body: Body, tmp_path: Path
) -> None:
    body.options = replace(body.options, fault="SetAudioOutputConfiguration")
    receipt = say(town, tmp_path / "fault", volume=50)
    assert receipt.ok, receipt.error
    assert receipt.volume_by.startswith("sound made softer by 6.0 dB (camera river")
    elsewhere = town.cameras[0].model_copy(update={"onvif": None})
    without = town.model_copy(update={"cameras": (elsewhere,)})
    receipt = say(without, tmp_path / "none", volume=50)
    assert receipt.ok
    assert "has no onvif address" in receipt.volume_by
    assert body.output_levels == [7]
