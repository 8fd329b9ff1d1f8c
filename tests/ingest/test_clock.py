"""The camera's clock, and what was lost, from sender reports: by hand, and from real cameras."""

import random
import struct
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import NS_PER_S, SystemClock
from core.messages import CameraHealth
from ingest.clock import CameraClock, Delivery, SenderReport, reference_time_ns, sender_times
from ingest.events import MediaPacket
from ingest.rtsp import RtspSource
from tests.ingest.peers import GstCamera
from tests.sim.camera_kit import PASSWORD, USER, BoxScene, township

START_NS = 1_790_000_000 * NS_PER_S


class Skewed(SystemClock):
    """A camera's clock that nobody has set."""

    def __init__(self, by_s: float) -> None:
        self._by_ns = round(by_s * NS_PER_S)

    def utc_ns(self) -> int:
        return super().utc_ns() + self._by_ns


class Side(bytes):
    """Side data of a packet."""

    data_type = ""

    @property
    def buffer_size(self) -> int:
        return len(self)


def carrying(kind: str, data: bytes) -> Any:
    side = Side(data)
    side.data_type = kind
    return SimpleNamespace(iter_sidedata=lambda: iter([side]))


def measured(url: str, packets: int, transport: str = "tcp", **login: str) -> CameraHealth:
    """Health of a camera after so many pictures."""
    source = RtspSource("c", url, SystemClock(), transport=transport, rng=random.Random(1), **login)
    stop, count = threading.Event(), 0
    for event in source.packets(stop):
        count += isinstance(event, MediaPacket)
        if count >= packets:
            break
    found = source.health.now()
    stop.set()
    return found


@pytest.mark.parametrize(("skew_s", "transport"), [(3.0, "tcp"), (-120.0, "udp")])
def test_offset_of_the_virtual_camera_is_measured(skew_s: float, transport: str) -> None:
    with township(clock=Skewed(skew_s)) as running:
        health = measured(running.url("river"), 40, transport, username=USER, password=PASSWORD)
    assert health.clock_offset_s is not None
    assert health.clock_uncertainty_s is not None
    # A loaded machine delivers late, never early: the camera then seems slow.
    assert skew_s - 1.5 < health.clock_offset_s < skew_s + 0.05
    assert health.clock_uncertainty_s < 2.0


@pytest.mark.peer
def test_offset_of_an_independent_server_is_nearly_none() -> None:
    with GstCamera(cam={"fps": 15, "gop": 15}) as camera:
        health = measured(camera.url("cam"), 95)  # its first report comes within five seconds
    assert health.clock_offset_s is not None
    assert -1.5 < health.clock_offset_s < 0.05


def test_nothing_is_lost_on_a_sound_line_and_every_fifth_picture_is_noticed() -> None:
    with township(scenes={"river": BoxScene(noise=True)}) as running:
        source = RtspSource(
            "c", running.url("river"), SystemClock(), username=USER, password=PASSWORD
        )
        sound, lossy = Delivery(), Delivery()
        stop, count = threading.Event(), 0
        take = source.health.demuxed

        def tap(packet: Any) -> None:
            nonlocal count
            take(packet)
            now_ns = source.clock.monotonic_ns()
            count += 1
            for delivery in (sound, lossy):
                _, report = sender_times(packet)
                if report is not None:
                    delivery.reported(report, now_ns)
            sound.came(packet.size)
            if count % 5:
                lossy.came(packet.size)

        source.health.demuxed = tap  # type: ignore[method-assign]  # listens in, changes nothing
        for _ in source.packets(stop):
            if count >= 65:
                break
        stop.set()
    assert sound.loss() == 0
    assert lossy.loss() is not None
    assert 0.05 < (lossy.loss() or 0) < 0.3


@given(st.integers(0, 2**32 - 1), st.integers(1, 10**6), st.integers(0, 500))
def test_counters_that_wrap_lose_nothing(first: int, step: int, seconds: int) -> None:
    delivery = Delivery()
    for number in range(seconds % 50 + 2):
        report = SenderReport(1, 0, 0, 0, (first + number * step) % 2**32)
        delivery.reported(report, number * 5 * NS_PER_S)
        delivery.came(step)
    assert delivery.loss() == 0


def test_camera_that_reports_no_counts_makes_no_claim() -> None:
    delivery = Delivery()
    for number in range(5):
        delivery.came(1000)
        delivery.reported(SenderReport(1, 0, 0, 0, 0), number * NS_PER_S)
    assert delivery.loss() is None


@given(
    st.floats(-1e6, 1e6),
    st.lists(st.floats(0, 0.4), min_size=100, max_size=400),
)
def test_jitter_becomes_uncertainty(offset_s: float, delays: list[float]) -> None:
    clock = CameraClock()
    for number, delay_s in enumerate(delays):
        at_ns = number * NS_PER_S // 10
        camera_ns = START_NS + at_ns + round(offset_s * NS_PER_S)
        clock.read(camera_ns, START_NS + at_ns + round(delay_s * NS_PER_S), at_ns)
    found = clock.offset()
    assert found is not None
    assert offset_s - 0.402 <= found.offset_s <= offset_s + 0.002
    assert found.offset_s + found.uncertainty_s >= offset_s - 0.402
    assert found.uncertainty_s <= 0.402


def test_what_queued_up_at_the_start_is_no_slow_clock() -> None:
    """The first second brings pictures that waited; nothing is said before there are others."""
    clock = CameraClock()
    for number in range(30):
        at_ns = number * NS_PER_S // 10
        late_ns = NS_PER_S // 2 if number < 10 else 0
        clock.read(START_NS + at_ns, START_NS + at_ns + late_ns, at_ns)
        found = clock.offset()
        assert found is None or (found.offset_s == 0.0 and found.uncertainty_s >= 0.5)
    assert found is not None


@pytest.mark.parametrize("step_s", [-3600.0, -2.0, 2.0, 3600.0])
def test_a_clock_that_is_set_is_followed_within_six_seconds(step_s: float) -> None:
    clock = CameraClock()
    for number in range(600):
        at_ns = number * NS_PER_S // 10
        step_ns = round(step_s * NS_PER_S) if number >= 500 else 0
        clock.read(START_NS + at_ns + step_ns, START_NS + at_ns, at_ns)
        if number in (499, 565):
            found = clock.offset()
            assert found is not None
            assert found.offset_s == (0.0 if number == 499 else step_s)


def test_a_network_that_stalls_is_no_clock_that_was_set() -> None:
    clock = CameraClock()
    for number in range(300):
        late_s = max(0.0, 8 - (number - 200) / 10) if number >= 200 else 0.0
        at_ns = number * NS_PER_S // 10
        clock.read(START_NS + at_ns, START_NS + at_ns + round(late_s * NS_PER_S), at_ns)
    found = clock.offset()
    assert found is not None
    assert found.offset_s == 0.0
    assert found.uncertainty_s > 5


@given(st.binary(max_size=40))
def test_any_side_data_is_read_or_left(data: bytes) -> None:
    reference_time_ns(carrying("prft", data))
    sender_times(carrying("rtcp_sr", data))


def test_side_data_is_read_as_ffmpeg_lays_it_out() -> None:
    assert reference_time_ns(carrying("prft", struct.pack("=qi4x", 1_500_000, 24))) == 1_500_000_000
    ntp = (2_208_988_800 + 10) << 32 | 1 << 31
    _, report = sender_times(carrying("rtcp_sr", struct.pack("@IQIII", 7, ntp, 8, 9, 10)))
    assert report == SenderReport(7, 10_500_000_000, 8, 9, 10)
    assert sender_times(carrying("none", b"")) == (None, None)
