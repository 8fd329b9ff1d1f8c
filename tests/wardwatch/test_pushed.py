"""Devices that send by themselves, in the composition: recorded, analysed, their poses told."""

import ipaddress
import random
import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import klvdata
import pytest
from pydantic import ValidationError

from core.clock import NS_PER_S, SystemClock
from core.config.cameras import Camera
from core.config.site import Site
from core.credentials import Credentials
from core.errors import WardwatchError
from core.messages import CameraPose
from core.networks import Networks
from ingest.frames import LiveFrames
from ingest.push import KlvPacket, PushSource
from ingest.telemetry.klv import KEY
from recorder.recorder import Recorder
from recorder.relay import Relay
from recorder.shelf import segments
from tests.ingest.peers import free_port
from tests.ingest.push_peers import Pusher, make_ts
from tests.sim.camera_kit import wait_for
from wardwatch.sources.opening import Sources
from wardwatch.sources.poses import WAITING_MOST, PoseReader

SECRET = "a long enough secret"


def camera(address: str, **more: object) -> Camera:
    return Camera.model_validate(
        {"id": "drone", "name": {"zh": "机", "en": "Drone"}, "streams": {"main": address}, **more}
    )


@pytest.fixture
def root() -> Iterator[Path]:
    with TemporaryDirectory(prefix="ww-") as directory:
        yield Path(directory)


@pytest.fixture
def sources(root: Path) -> Sources:
    credentials = Credentials(root / "c.json", root / "c.key", {"SRT": SECRET})
    networks = Networks((ipaddress.ip_network("10.0.0.0/8"),))
    return Sources(SystemClock(), credentials, networks)


@pytest.fixture(scope="module")
def sets(assets: Path) -> list[bytes]:
    """Local sets of a real flight."""
    whole = (assets / "klv" / "Cheyenne.bin").read_bytes()
    return [KEY + part for part in whole.split(KEY)[1:]]


def values(one: bytes) -> dict[int, Any]:
    """A local set by an independent reader: values by tag."""
    (theirs,) = klvdata.StreamParser(one)
    items = theirs.items.values()
    return {int.from_bytes(e.key, "big"): e.value.value for e in items if hasattr(e.value, "value")}


@pytest.mark.assets
@pytest.mark.peer
@pytest.mark.parametrize("scheme", ["udp", "srt", "rtmp"])
def test_pushed_video_is_recorded_analysed_and_its_poses_are_told(
    scheme: str, root: Path, sources: Sources, sets: list[bytes]
) -> None:
    film, port = make_ts(root / "film.ts", sets[:300]), free_port()
    address, url, form, maps = {
        "udp": (f"udp://127.0.0.1:{port}", f"udp://127.0.0.1:{port}?pkt_size=1316", "mpegts", ()),
        "srt": (
            f"srt://127.0.0.1:{port}?streamid=drone-1",
            f"srt://127.0.0.1:{port}?mode=caller&passphrase={SECRET}&streamid=drone-1",
            "mpegts",
            (),
        ),
        "rtmp": (
            f"rtmp://127.0.0.1:{port}/live/key",
            f"rtmp://127.0.0.1:{port}/live/key",
            "flv",
            ("-map", "0:v"),
        ),
    }[scheme]
    more = {"password_env": "SRT"} if scheme == "srt" else {}
    drone, told = camera(address, **more), list[CameraPose]()
    poses, relay = PoseReader(told.append), Relay(root / "run")
    source = sources.open(drone, address, process="recorder", on_klv=poses.take)
    recorder = Recorder(root / "rec", [source], SystemClock(), live=relay, sync=False)
    recorder.start()
    with LiveFrames(sources.analysed(drone, root / "run"), 10) as frames:
        taken = []

        def pictures() -> bool:
            frame = frames.take(0.2)
            taken.extend([frame] if frame else [])
            return len(taken) >= 15 and (scheme == "rtmp" or len(told) >= 15)

        for _attempt in range(5):  # FFmpeg's RTMP client does not knock twice
            with Pusher(film, url, form, *maps):
                try:
                    wait_for(pictures, 12)
                    break
                except AssertionError:
                    continue
        assert pictures()
    recorder.stop(20)
    relay.stop()
    poses.close()
    recorded = [
        segment.start_ns + round(packet.pts * packet.time_base * NS_PER_S)
        for segment in segments(root / "rec", "drone")
        for packet in av.open(str(segment.path)).demux(video=0)
        if packet.size
    ]
    assert all(min(abs(one.time_ns - at) for at in recorded) <= 1_000_000 for one in taken)
    by_time = {round(v[2].timestamp() * 1e6) * 1000: v for v in map(values, sets[:300])}
    for pose in told:
        theirs = by_time[pose.device_ns]
        assert min(abs(pose.time_ns - at) for at in recorded) < NS_PER_S
        assert pose.place is not None
        assert pose.centre is not None
        ours = {
            13: pose.place.lat, 14: pose.place.lon, 15: pose.amsl_m, 5: pose.heading_deg,
            16: pose.hfov_deg, 17: pose.vfov_deg, 19: pose.sensor_pitch_deg,
            21: pose.slant_range_m, 23: pose.centre.lat, 24: pose.centre.lon,
        }  # fmt: skip
        assert ours == pytest.approx({tag: float(theirs[tag]) for tag in ours}, abs=1e-9)


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("udp://0.0.0.0:5600?alow=10.0.0.5", "unknown parameter 'alow'; udp:// takes allow"),
        ("udp://0.0.0.0:5600?allow=192.168.1.5", "192.168.1.5 lies outside"),
        ("udp://0.0.0.0:5600?allow=river", "'allow'.*IP address"),
        ("udp://0.0.0.0:5600?allow=10.0.0.5&allow=10.0.0.6", "given twice"),
        ("udp://river:5600", "write the address to listen at"),
        ("udp://0.0.0.0", "port to listen at is missing"),
        ("srt://0.0.0.0:9710?mode=caller", "unknown parameter 'mode'; srt:// takes streamid"),
        ("srt://0.0.0.0:9710?latency_ms=long", "'latency_ms'.*milliseconds"),
        ("srt://0.0.0.0:9710?streamid=", "empty"),
        ("srt://[::]:9710", "IPv4"),
        ("srt://0.0.0.0:9710/live", "has no path"),
        ("rtmp://0.0.0.0:1935/live/key?x=1", "takes no parameters"),
        ("rtmp://0.0.0.0:1935/live", "no RTMP path"),
    ],
)
def test_one_error_names_camera_and_fault(sources: Sources, address: str, what: str) -> None:
    with pytest.raises(WardwatchError, match=f"camera drone: .*{what}"):
        sources.open(camera(address), address, process="recorder")


def test_a_sender_within_the_networks_may_be_named(sources: Sources) -> None:
    for address in ("udp://239.1.1.1:5600", "udp://0.0.0.0:5600?allow=10.0.0.5"):
        source = sources.open(camera(address), address, process="recorder")
        assert isinstance(source, PushSource)


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ("udp://0.0.0.0:5600", "srt://10.0.0.1:5600", True),
        ("rtmp://10.0.0.1:1935/live/a", "rtmp://10.0.0.1:1935/live/b", True),
        ("udp://0.0.0.0:5600", "rtmp://0.0.0.0:5600/live/a", False),
        ("udp://239.1.1.1:5600", "udp://239.1.1.2:5600", False),
        ("udp://0.0.0.0:5600", "udp://0.0.0.0:5601", False),
    ],
)
def test_two_cameras_do_not_listen_at_one_port(
    bare_site: Site, first: str, second: str, clash: bool
) -> None:
    cameras = [
        {**camera(address).model_dump(), "id": name}
        for name, address in (("one", first), ("two", second))
    ]
    given = {**bare_site.model_dump(mode="json"), "cameras": cameras}
    if clash:
        with pytest.raises(ValidationError, match="'one' and 'two' listen at the same port"):
            Site.model_validate(given)
    else:
        assert len(Site.model_validate(given).cameras) == 2


@pytest.mark.assets
def test_telemetry_that_is_hard_to_read_keeps_nobody_waiting(sets: list[bytes]) -> None:
    held, told = threading.Event(), list[CameraPose]()

    def tell(pose: CameraPose) -> None:
        held.wait(30)
        told.append(pose)

    poses = PoseReader(tell)
    noise = random.Random(1)
    for number in range(3 * WAITING_MOST):
        data = sets[number % 300] if number < 5 else noise.randbytes(300)
        poses.take(KlvPacket("drone", 0, data, number, True))
    poses.take(KlvPacket("drone", 0, bytes(1 << 20), 0, True))
    assert poses.dropped >= WAITING_MOST
    held.set()
    poses.close(30)
    assert len(told) == 5
