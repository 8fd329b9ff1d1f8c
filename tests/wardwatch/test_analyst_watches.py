"""The analyst's watches: other zones count at once, and the camera is not asked again."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import pytest

from core.config.cameras import Camera
from core.config.site import Site
from core.messages import SIGHTINGS, CameraHealth
from core.seeing import Sighting
from core.value import Value
from recorder.activity import ActivityLog
from tests.detectors.test_camera_pipeline import H, Rectangles, W, scene
from tests.sim.camera_kit import wait_for
from wardwatch.following.crew import Crew
from wardwatch.paths import Paths
from wardwatch.placing.placer import Placer
from wardwatch.processes.analyst import Watches, key
from wardwatch.processes.context import Context
from wardwatch.sources.hearing import Hearing


@dataclass
class Bus:
    """Keeps what the analyst says."""

    said: list[tuple[str, Value]] = field(default_factory=list)

    def publish(self, stream: str, message: Value) -> None:
        self.said.append((stream, message))

    show = publish

    def sightings(self) -> list[Sighting]:
        return [one for stream, one in list(self.said) if stream == SIGHTINGS]

    def reconnects(self) -> set[int]:
        return {one.reconnects for _, one in list(self.said) if isinstance(one, CameraHealth)}


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """A figure that stands for half a minute."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=5, options={"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = W, H, "yuv420p"
        for number in range(150):
            picture = av.VideoFrame.from_ndarray(scene(10 + number / 5), format="bgr24")
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def watches(bare_site: Site, paths: Paths, bus: Bus) -> Iterator[Watches]:
    context = Context("analyst", bare_site, paths)
    activity = ActivityLog(paths.recordings, context.clock)
    made = Watches(context, bus, Rectangles(), "", Hearing(bus, context.stop), activity, Placer())
    yield made
    made.stop()
    assert not [one for one in threading.enumerate() if one.name.startswith("watch-")]


def test_zones_are_changed_under_a_running_watch(
    bare_site: Site, film: Path, bus: Bus, watches: Watches
) -> None:
    crew = Crew(key, watches.start, watches.end, what="camera cannot be analysed")
    crew.take(with_camera(bare_site, film))
    wait_for(lambda: len(bus.said) > 10)
    assert bus.sightings() == []
    zone = {
        "id": "shore",
        "name": {"zh": "岸", "en": "shore"},
        "polygon": {"points": [[0, 0], [1, 0], [1, 1], [0, 1]]},
        "rule": {"kind": "fishing", "dwell_s": 1},
    }
    crew.take(with_camera(bare_site, film, zones=[zone]))
    wait_for(bus.sightings, seconds=25)
    assert {one.zone for one in bus.sightings()} == {"shore"}
    assert bus.reconnects() == {0}
    assert [one.name for one in threading.enumerate()].count("frames-river") == 1
    crew.take(bare_site)
    wait_for(lambda: "frames-river" not in [one.name for one in threading.enumerate()])


def with_camera(site: Site, film: Path, **changes: Any) -> Site:
    camera = Camera.model_validate(
        {
            "id": "river",
            "name": {"zh": "江", "en": "river"},
            "streams": {"main": f"file://{film}", "sub": str(film)},
            **changes,
        }
    )
    return site.model_copy(update={"cameras": (camera,)})
