"""What the behaviours do for real duty: hours, periods, gear, groups, square metres."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from core.config.cameras import Camera
from core.geometry import Box
from core.seeing import Detections, Phase, Sighting, Track
from core.video import Bgr
from detectors.background import StaticObject
from detectors.behaviours.actors import ActorLog
from detectors.behaviours.base import Moment
from detectors.behaviours.registry import behaviours_of
from detectors.names import ours
from detectors.pipeline import CameraPipeline
from sim.scenes.lane import VIEW
from tests.detectors.detector_kit import START_NS, at, camera, drawn, found, track, zone

ASPECT = 16 / 9
SHANGHAI = ZoneInfo("Asia/Shanghai")
SPOT = Box(0.5, 0.5, 0.05, 0.2)
CAR = Box(0.4, 0.5, 0.2, 0.2)
Scene = Callable[[float], tuple[Iterable[Track], Iterable[StaticObject]]]


def play(
    given: Camera, scene: Scene, begin: str, last_s: float, step_s: float = 0.5
) -> list[Sighting]:
    """Two frames a second from ``begin``, local time."""
    judge = behaviours_of(given)[0]
    start, log, told = datetime.fromisoformat(begin).replace(tzinfo=SHANGHAI), ActorLog(), []
    for t_s in np.arange(0, last_s, step_s).tolist():
        tracks, statics = (tuple(some) for some in scene(t_s))
        log.note(at(t_s), tracks)
        local = start + timedelta(seconds=t_s)
        told += judge.update(Moment(at(t_s), local, ASPECT, tracks, statics, log))
    return told


def main(told: list[Sighting]) -> list[tuple[Phase, float]]:
    return [
        (one.phase, round(((one.ended_ns or one.last_ns) - START_NS) / 1e9))
        for one in told
        if one.phase is not Phase.CONTINUES
    ]


def parked(since_s: float) -> Scene:
    """A car that comes at ``since_s`` and stays."""

    def scene(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        return ([track(1, CAR, t_s, "car", first_ns=at(since_s))] if t_s >= since_s else []), []

    return scene


def street(*limits: dict[str, object]) -> Camera:
    return camera(zone("occupation", limit_s=60, limits=list(limits)))


MARKET = {"start": "06:00", "end": "08:30", "limit_s": None}


# --- occupation by the hour


def test_goods_may_stand_until_the_market_ends_and_then_have_the_limit_anew() -> None:
    told = play(street(MARKET), parked(0), "2026-11-20T08:25:00", 400)
    assert main(told) == [(Phase.FIRED, 360)]  # 08:30 and a minute
    fired = told[0]
    assert fired.started_ns == at(300)
    facts = fired.why.facts
    assert (facts["dwell_s"], facts["counted_s"], facts["limit_s"]) == (360, 60, 60)
    assert "其中此时限内 60 秒" in fired.why.text.zh
    assert "under which 60 s count" in fired.why.text.en
    assert facts["local_time"] == "2026-11-20T08:31:00+08:00"
    assert facts["frames"] > 600
    assert facts["position"] == [0.5, 0.7]


def test_when_the_market_begins_what_stands_there_is_no_longer_an_act() -> None:
    told = play(street(MARKET), parked(0), "2026-11-20T05:58:00", 300)
    assert main(told) == [(Phase.FIRED, 60), (Phase.ENDED, 120)]


def test_the_act_ends_even_if_somebody_hides_the_goods_at_that_moment() -> None:
    def scene(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        bus = [track(9, Box(0.3, 0.3, 0.5, 0.5), t_s, "bus")] if 115 <= t_s <= 125 else []
        return bus or [track(1, CAR, t_s, "car", first_ns=at(0))], []

    assert main(play(street(MARKET), scene, "2026-11-20T05:58:00", 200)) == [
        (Phase.FIRED, 60),
        (Phase.ENDED, 120),
    ]


def test_a_longer_limit_by_night_on_the_days_meant_and_across_midnight() -> None:
    night = {"start": "22:00", "end": "06:00", "limit_s": 200, "days": ["fri"]}
    friday_night = play(street(night), parked(10), "2026-11-21T00:30:00", 300)
    assert main(friday_night) == [(Phase.FIRED, 210)]
    assert friday_night[0].why.facts["limit_hours"] == "22:00-06:00 (fri)"
    assert "周五 22:00-06:00 时限 200 秒" in friday_night[0].why.text.zh
    saturday_night = play(street(night), parked(10), "2026-11-22T00:30:00", 300)
    assert main(saturday_night) == [(Phase.FIRED, 70)]
    assert saturday_night[0].why.facts["limit_hours"] is None


def test_an_act_that_has_fired_keeps_the_limit_it_broke() -> None:
    noon = {"start": "12:00", "end": "13:00", "limit_s": 3000}
    told = play(street(noon), parked(0), "2026-11-20T11:58:00", 400)
    assert main(told) == [(Phase.FIRED, 60)]
    assert told[-1].why.facts["limit_s"] == 60
    assert told[-1].why.facts["counted_s"] > 380


# --- fishing: periods, night, company


def sitting(*others: tuple[float, str, Box]) -> Scene:
    """An angler who sits there, and other things from a second on."""

    def scene(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        here = [track(1, SPOT, t_s, first_ns=at(0))]
        here += [
            track(2 + number, box, t_s, label, first_ns=at(since_s))
            for number, (since_s, label, box) in enumerate(others)
            if t_s >= since_s
        ]
        return here, []

    return scene


BAN = {"periods": [
    {"first": "03-01", "last": "06-30", "name": {"zh": "禁渔期", "en": "closed season"}},
    {"first": "12-15", "last": "01-15", "hours": [{"start": "20:00", "end": "05:00"}]},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("begin", "fires"),
    [
        ("2026-04-10T12:00:00", True),
        ("2026-07-01T12:00:00", False),
        ("2026-12-20T12:00:00", False),
        ("2027-01-02T23:00:00", True),
    ],
)
def test_only_in_the_closed_period(begin: str, fires: bool) -> None:
    told = play(camera(zone("fishing", dwell_s=20, schedule=BAN)), sitting(), begin, 30)
    assert bool(told) == fires


def test_the_sighting_says_which_period_applied() -> None:
    shore = camera(zone("fishing", dwell_s=20, schedule=BAN))
    why = play(shore, sitting(), "2026-04-10T12:00:00", 30)[0].why
    assert why.text.zh.endswith("适用 禁渔期 03-01/06-30")
    assert why.text.en.endswith("in force: closed season 03-01/06-30")
    assert why.facts["in_force"] == {
        "rule": "fishing", "period": "closed season 03-01/06-30", "hours": None,
    }  # fmt: skip
    assert why.facts["frames"] >= 40
    assert why.facts["positions"]
    winter = play(shore, sitting(), "2027-01-02T23:00:00", 30)[0].why
    assert winter.facts["in_force"]["hours"] == "20:00-05:00"


def test_the_period_ends_at_midnight_and_the_act_with_it() -> None:
    shore = camera(zone("fishing", dwell_s=20, schedule=BAN))
    told = play(shore, sitting(), "2026-06-30T23:59:00", 120)
    assert main(told) == [(Phase.FIRED, 20), (Phase.ENDED, 60)]


def test_night_by_the_clock_and_by_the_sun() -> None:
    clock = camera(zone("fishing", dwell_s=20))
    told = play(clock, sitting(), "2026-06-20T19:10:00", 30)[0]
    assert told.cues == ("night",)
    assert "夜间 19:00-06:00" in told.why.text.zh
    sun = Camera.model_validate({
        **clock.model_dump(), "place": {"lon": 112.46, "lat": 30.42},
        "zones": [zone("fishing", dwell_s=20, night_by_sun=True)],
    })  # fmt: skip
    # The frames' own time counts: START_NS is 22:13 in Shanghai, long after dusk.
    dark = play(sun, sitting(), "2026-09-21T22:13:20", 30)[0]
    assert dark.cues == ("night",)
    assert dark.why.facts["cues"]["night"]["sun_deg"] < -30
    assert dark.why.text.en.isascii()  # fallback fonts of snapshots have nothing else


def test_a_group_is_told_with_its_number() -> None:
    beside = [(0.0, "person", Box(0.5 + 0.1 * n, 0.5, 0.05, 0.2)) for n in (1, 2)]
    told = play(camera(zone("fishing", dwell_s=20)), sitting(*beside), "2026-06-20T12:00:00", 30)
    assert {one.cues for one in told} == {("group",)}
    assert "3 人同在" in told[0].why.text.zh


# --- gear


ROD = Box(0.54, 0.45, 0.15, 0.12)


def test_gear_belongs_to_the_nearest_person_alone() -> None:
    neighbour = Box(0.72, 0.5, 0.05, 0.2)
    both = sitting((0.0, "person", neighbour), (12.0, "fishing rod", ROD))
    told = play(camera(zone("fishing", dwell_s=20)), both, "2026-06-20T12:00:00", 30)
    cues = {one.tracks: one.cues for one in told}
    assert cues == {(1,): ("rod",), (2,): ()}
    angler = next(one for one in told if one.tracks == (1,))
    assert "有钓竿" in angler.why.text.zh
    assert angler.why.facts["cues"]["rod"]["rod_frames"] >= 2


def test_gear_of_one_who_passes_is_not_the_anglers() -> None:
    """The passer-by carries the net through; he is nearer to it than the one who sits."""

    def scene(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        x = 0.1 + 0.03 * t_s
        walker = [track(7, Box(x, 0.5, 0.05, 0.2), t_s), track(8, Box(x + 0.04, 0.5, 0.03, 0.05),
                  t_s, "fishing net")] if x < 0.9 else []  # fmt: skip
        return [track(1, SPOT, t_s, first_ns=at(0)), *walker], []

    told = play(camera(zone("fishing", dwell_s=20)), scene, "2026-06-20T12:00:00", 40)
    assert {one.cues for one in told} == {()}


def test_one_glimpse_of_a_net_is_not_enough() -> None:
    def scene(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        net = track(5, ROD, t_s, "fishing net", seen=t_s == 10.0)
        return [track(1, SPOT, t_s, first_ns=at(0)), net], []

    told = play(camera(zone("fishing", dwell_s=20)), scene, "2026-06-20T12:00:00", 30)
    assert {one.cues for one in told} == {()}


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("鱼竿", "fishing rod"), ("Fishing_Pole", "fishing rod"), ("rod", "fishing rod"),
        ("渔网", "fishing net"), ("cast-net", "fishing net"), ("地笼", "fishing net"),
        ("抄网", "抄网"), ("landing net", "landing net"), ("渔船", "boat"), ("行人", "person"),
        ("fishing rod", "fishing rod"), ("traffic light", "traffic light"), ("car", "car"),
    ],
)  # fmt: skip
def test_names_of_models_in_two_languages(theirs: str, expected: str) -> None:
    assert ours(theirs) == expected


ROUGH = np.random.default_rng(2).integers(60, 140, (180, 320, 3)).astype(np.uint8)
PAINTS = {"person": 250, "gear": 200}


class Painted:
    """Finds what was painted in two plain greys: a model whose class names can be chosen."""

    input_size = (180, 320)
    label = "painted@0"

    def __init__(self, person: str, gear: str) -> None:
        self._names = {"person": person, "gear": gear}

    def detect(self, pictures: Sequence[Bgr]) -> list[Detections]:
        return [found(*self._in(picture)) for picture in pictures]

    def _in(self, picture: Bgr) -> list[tuple[str, float, Box]]:
        height, width = picture.shape[:2]
        seen = []
        for paint, grey in PAINTS.items():
            rows, columns = np.nonzero((np.abs(picture.astype(int) - grey) <= 3).all(axis=2))
            if len(rows) >= 20:
                x, y = columns.min() / width, rows.min() / height
                w, h = (columns.max() + 1) / width - x, (rows.max() + 1) / height - y
                seen.append((self._names[paint], 0.8, Box(x, y, w, h)))
        return seen


def watched(person: bool, engine: Painted, last_s: float = 40) -> list[Sighting]:
    """Through gate, regions, tracker and behaviour: gear lies there, with or without a person."""
    pipeline = CameraPipeline(camera(zone("fishing", dwell_s=15)), engine, fps=5)
    told: list[Sighting] = []
    for t_s in np.arange(0, last_s, 0.2).tolist():
        picture = ROUGH.copy()
        if person and t_s >= 3:
            picture[70:120, 150:164] = PAINTS["person"]
        if t_s >= 3:
            picture[84:90, 166:200] = PAINTS["gear"]
        told += pipeline.process(drawn(picture, t_s)).sightings
    return told


@pytest.mark.parametrize(
    ("person", "gear", "cue"),
    [("person", "fishing rod", "rod"), ("行人", "渔网", "net"), ("person", "Fishing-Net", "net")],
)
def test_gear_through_the_whole_pipeline(person: str, gear: str, cue: str) -> None:
    told = watched(True, Painted(person, gear))
    assert told[0].phase is Phase.FIRED
    assert cue in told[0].cues
    assert "person" in told[0].labels


def test_a_rod_alone_is_no_violation() -> None:
    assert watched(False, Painted("person", "鱼竿")) == []
    carried = Painted("person", "fishing rod")
    assert watched(True, carried, last_s=15) == []  # nor is one who has only just come with it


# --- square metres


def ground() -> dict[str, object]:
    return {
        "points": [
            {"image": [px / 1280, py / 720], "metres": [x, z]}
            for x, z in ((-6, 17), (6, 17), (-6, 13), (6, 13), (-4, 10), (4, 10))
            for px, py in [VIEW.px(x, z)]
        ]
    }


def left_behind(width_m: float, z: float, ground_points: bool = True) -> list[Sighting]:
    """A heap twice as wide as high, brought and left by somebody at depth ``z``."""
    (left, foot), (right, _) = VIEW.px(-width_m / 2, z), VIEW.px(width_m / 2, z)
    wide, high = (right - left) / 1280, (right - left) / 2 / 720
    heap_box = Box(left / 1280, foot / 720 - high, wide, high)
    body = VIEW.ppm(z) * 1.7 / 720

    def scene(t_s: float) -> tuple[list[Track], list[StaticObject]]:
        x = heap_box.x - max(0.0, t_s - 12) * 0.06
        tracks = [track(1, Box(x, foot / 720 - body, 0.03, body), t_s, first_ns=at(0))]
        thing = StaticObject(1, heap_box, heap_box.area * 0.785, at(8), at(t_s), True)
        return (tracks if x > -0.03 else []), ([thing] if t_s >= 12 else [])

    given = camera(zone("dumping", settle_s=10, min_area=0.0001))
    if ground_points:
        given = Camera.model_validate({**given.model_dump(), "ground": ground()})
    return play(given, scene, "2026-06-20T12:00:00", 50)


def test_large_is_judged_in_square_metres_near_and_far() -> None:
    for z in (10.5, 16.5):
        small, large = left_behind(1.0, z)[0], left_behind(3.0, z)[0]
        assert (small.cues, large.cues) == ((), ("large",))
        facts = large.why.facts
        assert facts["width_m"] == pytest.approx(3.0, rel=0.02)
        assert 2.5 < facts["ground_m2"] < 7.1
        assert f"占地约 {facts['ground_m2']:.1f} 平方米（宽 3.0 米）" in large.why.text.zh
        assert f"about {facts['ground_m2']:.1f} sq m of ground (3.0 m wide)" in large.why.text.en
        assert facts["positions"]
        assert facts["frames"] > 0


def test_without_a_ground_the_share_of_the_picture_decides() -> None:
    near, far = left_behind(3.0, 10.5, False)[0], left_behind(1.0, 16.5, False)[0]
    assert (near.cues, far.cues) == (("large",), ())
    assert near.why.facts["ground_m2"] is None
    assert "平方米" not in near.why.text.zh
