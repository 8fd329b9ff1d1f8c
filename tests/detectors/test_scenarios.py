"""The demo's stories on the simulator's scenes, through H.264 as a camera would send them."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av
import pytest

from core.clock import NS_PER_S
from core.model import ModelCard
from core.seeing import Kind, Phase, Sighting
from core.video import Bgr, Frame
from detectors.engine import Engine
from detectors.pipeline import CameraPipeline
from sim import scenes
from tests.detectors.detector_kit import START_NS, at, camera, frame_of, mobile, nano, zone

pytestmark = [pytest.mark.assets, pytest.mark.slow]

FPS, SIZE, BITRATE = 5, (640, 360), 400_000


class Wire:
    """Encodes pictures as the sub stream of a camera does and decodes them again."""

    def __init__(self) -> None:
        self._encoder = av.CodecContext.create("libx264", "w")
        self._encoder.width, self._encoder.height = SIZE
        self._encoder.pix_fmt, self._encoder.bit_rate = "yuv420p", BITRATE
        self._encoder.framerate, self._encoder.time_base = FPS, Fraction(1, FPS)
        self._encoder.options = {"preset": "veryfast", "tune": "zerolatency"}
        self._decoder = av.CodecContext.create("h264", "r")

    def send(self, picture: Bgr, pts: int) -> Iterator[av.VideoFrame]:
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts = pts
        for packet in self._encoder.encode(frame):
            yield from self._decoder.decode(packet)


def frames(scene: Any, seconds: float, hears_s: float | None = None) -> Iterator[Frame]:
    wire = Wire()
    for index in range(round(seconds * FPS)):
        shown = scene.step()
        if hears_s is not None and hears_s <= shown.t_s < hears_s + 1 / FPS:
            scene.hear(5.0)
        for picture in wire.send(shown.picture, index):
            yield frame_of(picture, at(picture.pts / FPS), index)


def watch(
    name: str, model: ModelCard, rules: dict[str, dict[str, Any]], seconds: float, **more: Any
) -> tuple[list[Sighting], Any]:
    hears_s = more.pop("hears_s", None)
    scene = scenes.build(name, seed=0, size=SIZE, fps=float(FPS), **more)
    place = {"fishing": "river", "dumping": "lane", "occupation": "market"}.get(name, name)
    zones = [
        zone(rule.pop("kind"), [[min(max(v, 0), 1) for v in p] for p in polygon], **rule)
        for zone_name, polygon in scenes.ZONES[place].items()
        for rule in [dict(rules[zone_name])]
    ]
    pipeline = CameraPipeline(camera(*zones), Engine(model), fps=FPS)
    told = [s for f in frames(scene, seconds, hears_s) for s in pipeline.process(f).sightings]
    return told, scene


def seconds_of(time_ns: int | None) -> float:
    assert time_ns is not None
    return (time_ns - START_NS) / NS_PER_S


models = pytest.mark.parametrize("model", [nano, mobile])


@models
def test_fishing_fires_in_time_and_ends_when_the_person_leaves(model: Any) -> None:
    rules = {"shore": {"kind": "fishing", "dwell_s": 20}}
    told, scene = watch("fishing", model(), rules, 75, hears_s=50.0)
    fired = [s for s in told if s.phase is Phase.FIRED]
    ended = [s for s in told if s.phase is Phase.ENDED]
    (event,) = scene.events
    assert [s.kind for s in fired] == [Kind.FISHING]
    assert seconds_of(fired[0].fired_ns) <= event.start_s + 20 + 5
    assert len(ended) == 1
    assert event.end_s is not None
    assert event.end_s <= seconds_of(ended[0].ended_ns) + 1
    assert seconds_of(ended[0].ended_ns) <= event.end_s + 5


@models
def test_a_truck_that_tips_its_load_is_dumping(model: Any) -> None:
    rules = {"verge": {"kind": "dumping", "settle_s": 10}}
    told, scene = watch("dumping", model(), rules, 50)
    fired = [s for s in told if s.phase is Phase.FIRED]
    assert [s.kind for s in fired] == [Kind.DUMPING]
    assert "vehicle" in fired[0].cues
    assert seconds_of(fired[0].started_ns) >= scene.events[0].start_s - 1
    assert not [s for s in told if s.phase is Phase.ENDED]


@models
def test_a_stall_overstays(model: Any) -> None:
    rules = {"no_stall": {"kind": "occupation", "limit_s": 30}}
    told, scene = watch("occupation", model(), rules, 60)
    fired = [s for s in told if s.phase is Phase.FIRED]
    assert [s.kind for s in fired] == [Kind.OCCUPATION]
    assert seconds_of(fired[0].fired_ns) <= scene.events[0].start_s + 30 + 5
    assert not [s for s in told if s.phase is Phase.ENDED]


@models
def test_the_quiet_street_stays_quiet(model: Any) -> None:
    rules = {
        "kerb": {"kind": "occupation", "limit_s": 20},
        "pavement": {"kind": "dumping", "settle_s": 10},
        "corner": {"kind": "fishing", "dwell_s": 20},
    }
    assert watch("street", model(), rules, 110)[0] == []
