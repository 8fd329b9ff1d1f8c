"""Health is true: online only with pictures, and since when it says."""

from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from core.clock import NS_PER_S, ManualClock
from core.messages import CameraHealth
from ingest.health import HealthMeter
from ingest.picture_health import PictureHealth

STALL_S = 5.0


class World:
    """A camera that does anything, and what must be true of its health all the while."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.reports: list[CameraHealth] = []
        self.meter = HealthMeter("c", "recorder", self.clock, self.reports.append, stall_s=STALL_S)
        self.connected = False
        self.picture_ns: int | None = None
        self.keyframe_ns: int | None = None
        self.seen = self.meter.now()

    def connect(self) -> None:
        self.meter.connected(10.0)
        self.connected, self.picture_ns, self.keyframe_ns = True, None, None

    def packet(self, *, keyframe: bool = False) -> None:
        self.meter.packet(1000, self.clock.utc_ns(), keyframe)
        if self.connected:
            self.picture_ns = self.clock.monotonic_ns()
            self.keyframe_ns = self.picture_ns if keyframe else self.keyframe_ns

    def lose(self) -> None:
        self.meter.lost("stalled")
        self.connected, self.picture_ns, self.keyframe_ns = False, None, None

    def check(self) -> None:
        now, before = self.meter.now(), self.seen
        age_s = None
        if self.picture_ns is not None:
            age_s = (self.clock.monotonic_ns() - self.picture_ns) / NS_PER_S
        assert (now.state == "offline") == (age_s is None or age_s > STALL_S)
        assert (now.since_ns == before.since_ns) or now.state != before.state
        assert now.state == "online" or now.reason
        assert now.state != "online" or not now.reason
        if self.keyframe_ns is None:
            assert now.last_keyframe_age_s is None
        else:
            key_s = (self.clock.monotonic_ns() - self.keyframe_ns) / NS_PER_S
            assert now.last_keyframe_age_s is not None
            assert abs(now.last_keyframe_age_s - key_s) < 0.06
        assert now.fps >= 0
        assert (now.fps == 0) == (now.bitrate_kbps == 0)
        self.seen = now


steps = st.lists(
    st.one_of(
        st.tuples(
            st.sampled_from(["connect", "lose", "trouble", "covered", "clear"]), st.just(0.0)
        ),
        st.tuples(st.sampled_from(["packet", "key"]), st.just(0.0)),
        st.tuples(st.just("wait"), st.floats(0.01, 12.0)),
        st.tuples(st.just("stream"), st.floats(0.1, 15.0)),
        st.tuples(st.just("step"), st.floats(-5000, 5000)),
    ),
    max_size=60,
)


@settings(max_examples=120)
@given(steps)
def test_state_and_since_are_true_whatever_happens(events: list[tuple[str, float]]) -> None:
    world = World()
    for what, amount in events:
        match what:
            case "connect":
                world.connect()
            case "lose":
                world.lose()
            case "packet" | "key":
                world.packet(keyframe=what == "key")
            case "wait":
                world.clock.advance(amount)
            case "step":
                world.clock.step(amount)
            case "trouble":
                world.meter.trouble("damaged pictures")
            case "covered" | "clear":
                state: Literal["covered", "ok"] = "covered" if what == "covered" else "ok"
                world.meter.picture(PictureHealth(state, 0, 0.0))
            case "stream":
                for _ in range(int(amount * 10)):
                    world.clock.advance(0.1)
                    world.packet()
                    world.check()
        world.check()
    changes = [world.reports[0]] if world.reports else []
    for report in world.reports:
        if report.state != changes[-1].state:
            changes.append(report)
        assert report.since_ns == changes[-1].since_ns


def test_rate_is_measured_over_ten_seconds() -> None:
    world = World()
    world.connect()
    for _ in range(200):
        world.clock.advance(0.1)
        world.packet()
    assert abs(world.meter.now().fps - 10) < 0.2
    assert abs(world.meter.now().bitrate_kbps - 80) < 2
    for _ in range(40):
        world.clock.advance(0.5)
        world.packet()
    now = world.meter.now()
    assert abs(now.fps - 2) < 0.2
    assert (now.state, now.reason) == ("degraded", "fewer than half of 10 pictures a second")


def test_a_connection_without_pictures_is_offline_and_says_so() -> None:
    world = World()
    since_ns = world.meter.now().since_ns
    world.clock.advance(3)
    world.connect()
    now = world.meter.now()
    assert (now.state, now.reason) == ("offline", "connected, but no picture yet")
    assert now.since_ns == since_ns
    world.packet()
    assert world.meter.now().state == "online"
    world.clock.advance(STALL_S + 1)
    assert world.meter.now().reason == "no picture for 5 s"


def test_a_covered_lens_is_degraded_until_it_is_clear() -> None:
    world = World()
    world.connect()
    world.packet()
    world.meter.picture(PictureHealth("covered", 7, 0.9))
    world.packet()
    assert (world.reports[-1].state, world.reports[-1].picture) == ("degraded", "covered")
    assert world.reports[-1].picture_since_ns == 7
    world.meter.picture(PictureHealth("ok", 8, 0.0))
    world.packet()
    assert world.reports[-1].state == "online"


def test_what_is_not_known_is_not_claimed() -> None:
    now = World().meter.now()
    assert now.loss is now.clock_offset_s is now.picture is now.analysed_fps is now.dropped is None
    assert now.skipped is None


def test_analysed_pictures_are_counted() -> None:
    world = World()
    for number in range(50):
        world.clock.advance(0.2)
        world.meter.taken()
        if number % 10 == 9:
            world.meter.skipped()
    now = world.meter.now()
    assert (now.analysed_fps, now.dropped, now.skipped) == (5.0, 5, 0.091)
    world.clock.advance(11)
    now = world.meter.now()
    assert (now.analysed_fps, now.dropped, now.skipped) == (0.0, 5, None)
    world.meter.skipped()  # whoever analyses hangs: nothing is taken any more
    now = world.meter.now()
    assert (now.analysed_fps, now.dropped, now.skipped) == (0.0, 6, 1.0)


def test_a_listener_that_fails_stops_nothing() -> None:
    def broken(_: CameraHealth) -> None:
        raise OSError("the bus is away")

    meter = HealthMeter("c", "recorder", ManualClock(), broken)
    meter.connected(10)
    meter.packet(1, 1)
    assert meter.now().state == "online"
