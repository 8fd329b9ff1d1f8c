"""The whole way: a camera that shows nothing is told from one that is well, over the network."""

import random
import time
from dataclasses import replace

import numpy as np
import pytest

from core.clock import SystemClock
from ingest.frames import LiveFrames
from ingest.rtsp import RtspSource
from sim.base import ScenePicture
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township


class Failing(BoxScene):
    """Turns black, or white, two seconds after it is switched on."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def step(self) -> ScenePicture:
        shown = super().step()
        if shown.t_s < 2:
            return shown
        return replace(shown, picture=np.full_like(shown.picture, self._level))


@pytest.mark.parametrize(("how", "level"), [("black", 5), ("white", 250)])
def test_health_says_what_the_picture_is(how: str, level: int) -> None:
    with township(scenes={"river": Failing(level)}) as running:
        source = RtspSource(
            "c",
            running.url("river"),
            SystemClock(),
            username=USER,
            password=PASSWORD,
            process="analyst",
            rng=random.Random(1),
        )
        with LiveFrames(source, fps=5.0) as frames:
            end = time.monotonic() + 40
            while source.health.now().picture != how and time.monotonic() < end:
                frames.take()
            found = source.health.now()
    assert (found.picture, found.state, found.reason) == (how, "degraded", f"picture {how}")
    assert found.analysed_fps is not None
    assert found.analysed_fps > 0
