"""Pushed video over real sockets, FFmpeg being the sender."""

import random
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.clock import NS_PER_S, SystemClock
from core.messages import CameraHealth
from ingest.errors import IngestError
from ingest.events import Connected, Event, Lost, MediaPacket
from ingest.push import KlvPacket, PushSource
from ingest.push_libsrt import SrtError, library
from ingest.push_rtmp import RtmpSource
from ingest.push_srt import SrtSource
from ingest.push_udp import UdpTsSource
from ingest.telemetry.klv import KEY, KlvDecoder, UasSet, checksum
from tests.ingest.peers import free_port
from tests.ingest.push_peers import FPS, Pusher, make_ts

pytestmark = pytest.mark.peer

PASSPHRASE = "a long enough secret"


def numbered(number: int) -> bytes:
    """A set whose time is its number."""
    body = b"\x02\x08" + (number + 1).to_bytes(8, "big") + b"\x41\x01\x11"
    whole = KEY + bytes([len(body) + 4]) + body + b"\x01\x02"
    return whole + checksum(whole).to_bytes(2, "big")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_ts(tmp_path_factory.mktemp("push") / "film.ts", [numbered(n) for n in range(300)])


class Watch:
    """Reads a source in a thread of its own until enough came."""

    def __init__(self, source: PushSource, enough: Callable[["Watch"], bool]) -> None:
        self.events: list[Event] = []
        self.source = source
        self._enough = enough
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        for event in self.source.packets(self._stop):
            self.events.append(event)
            if self._enough(self):
                self._stop.set()

    def pictures(self) -> list[MediaPacket]:
        return [e for e in self.events if isinstance(e, MediaPacket) and e.kind == "video"]

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def __enter__(self) -> "Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)
        assert not self._thread.is_alive(), "the source does not stop"

    def wait(self) -> None:
        self._thread.join(30)
        assert self._stop.is_set(), f"not enough came: {self.events[-3:]}"


@pytest.fixture
def klv() -> list[KlvPacket]:
    return []


def decoded(packets: list[KlvPacket]) -> list[tuple[int, UasSet]]:
    decoder = KlvDecoder()
    return [(packet.time_ns, one) for packet in packets for one in decoder.feed(packet.data)]


def srt_here() -> None:
    try:
        library()
    except SrtError as error:
        pytest.skip(str(error))


Made = tuple[PushSource, Pusher]


@pytest.fixture(params=["udp", "srt", "rtmp"])
def made(request: pytest.FixtureRequest, film: Path, klv: list[KlvPacket]) -> Made:
    port = free_port()
    more: dict[str, Any] = {
        "host": "127.0.0.1",
        "on_klv": klv.append,
        "rng": random.Random(1),
        "stall_s": 2.0,
    }
    match request.param:
        case "udp":
            source: PushSource = UdpTsSource("drone", SystemClock(), port, **more)
            pusher = Pusher(film, f"udp://127.0.0.1:{port}?pkt_size=1316", "mpegts")
        case "srt":
            srt_here()
            source = SrtSource("drone", SystemClock(), port, passphrase=PASSPHRASE, **more)
            url = f"srt://127.0.0.1:{port}?mode=caller&passphrase={PASSPHRASE}&pkt_size=1316"
            pusher = Pusher(film, url, "mpegts")
        case _:
            source = RtmpSource("drone", SystemClock(), port, path="live/drone", **more)
            url = f"rtmp://127.0.0.1:{port}/live/drone"
            pusher = Pusher(film, url, "flv", "-map", "0:v")
    return source, pusher


def test_pictures_come_and_come_back_when_the_sender_does(made: Made, klv: list[KlvPacket]) -> None:
    source, pusher = made
    began_ns = SystemClock().utc_ns()
    with Watch(source, lambda w: w.count(Connected) == 2 and len(w.pictures()) >= 30) as watch:
        while watch.count(Lost) == 0:
            with_pictures = len(watch.pictures())
            time.sleep(0.5)  # FFmpeg's RTMP client does not knock twice
            with pusher:
                deadline = time.monotonic() + 15
                while len(watch.pictures()) < with_pictures + 15 and time.monotonic() < deadline:
                    time.sleep(0.05)
            while watch.count(Lost) == 0 and time.monotonic() < deadline + 10:
                time.sleep(0.05)
        time.sleep(0.5)
        with pusher:
            watch.wait()
    pictures = watch.pictures()
    assert pictures[0].keyframe
    assert pictures[0].packet.stream.codec_context.name == "h264"
    assert all(
        began_ns - 2 * NS_PER_S < p.time_ns < SystemClock().utc_ns() + NS_PER_S for p in pictures
    )
    lost = next(event for event in watch.events if isinstance(event, Lost))
    assert lost.reason in ("stalled", "ended", "broken")
    if not isinstance(source, RtmpSource):  # FLV has no place for KLV
        sets = decoded(klv)
        assert len(sets) >= 20
        at_picture = {p.time_ns for p in pictures}
        exact = sum(any(abs(at - p) < NS_PER_S // FPS // 2 for p in at_picture) for at, _ in sets)
        assert exact >= len(sets) - 15  # those of pictures that were never read
        assert all(packet.timed for packet in klv)


def test_while_nobody_sends_it_waits_quietly_and_stops_at_once_when_told() -> None:
    seen: list[CameraHealth] = []
    clock = SystemClock()
    source = UdpTsSource("drone", clock, free_port(), host="127.0.0.1", on_health=seen.append)
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    events = list(source.packets(stop))
    assert [type(event) for event in events] == [Lost]
    assert seen[0].state == "offline"
    assert "nobody is sending yet" in seen[0].reason


@pytest.mark.parametrize("kind", [SrtSource, RtmpSource])
def test_stopping_does_not_wait_for_a_sender(
    kind: type[PushSource], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody comes within ten minutes; the test itself waits for a few seconds at most."""
    monkeypatch.setattr("ingest.push.LISTEN_S", 600.0)
    if kind is SrtSource:
        srt_here()
    source = kind("drone", SystemClock(), free_port(), host="127.0.0.1")
    with Watch(source, lambda _: False):
        time.sleep(0.5)


def test_srt_turns_away_the_wrong_passphrase_and_the_wrong_stream(film: Path) -> None:
    srt_here()
    port = free_port()
    source = SrtSource(
        "drone",
        SystemClock(),
        port,
        host="127.0.0.1",
        passphrase=PASSPHRASE,
        stream_id="drone-1",
        rng=random.Random(1),
    )
    url = f"srt://127.0.0.1:{port}?mode=caller&pkt_size=1316"
    wrong = Pusher(film, f"{url}&passphrase=not the right one&streamid=drone-1", "mpegts")
    other = Pusher(film, f"{url}&passphrase={PASSPHRASE}&streamid=drone-2", "mpegts")
    right = Pusher(film, f"{url}&passphrase={PASSPHRASE}&streamid=drone-1", "mpegts")
    with Watch(source, lambda w: len(w.pictures()) >= 3) as watch:
        with wrong:
            time.sleep(1.5)
        assert watch.events == []
        with other:
            deadline = time.monotonic() + 10
            while not watch.events and time.monotonic() < deadline:
                time.sleep(0.05)
        assert isinstance(watch.events[0], Lost)
        assert "another stream id" in watch.events[0].detail
        with right:
            watch.wait()


def test_noise_is_no_video_and_listening_goes_on(film: Path) -> None:
    port = free_port()
    source = UdpTsSource("drone", SystemClock(), port, host="127.0.0.1", rng=random.Random(1))
    pusher = Pusher(film, f"udp://127.0.0.1:{port}?pkt_size=1316", "mpegts")
    with Watch(source, lambda w: len(w.pictures()) >= 3) as watch:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as noise:
            for _ in range(20):
                noise.sendto(random.Random(2).randbytes(1316), ("127.0.0.1", port))
        with pusher:
            watch.wait()


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda c: UdpTsSource("d", c, 5000, host="river"), "river.*IP address"),
        (lambda c: RtmpSource("d", c, path="live?x=1"), "no RTMP path"),
        (lambda c: SrtSource("d", c, 5000, passphrase="short"), "10 to 79"),
    ],
)
def test_wrong_settings_are_named(make: Callable[[SystemClock], PushSource], what: str) -> None:
    with pytest.raises(IngestError, match=what):
        make(SystemClock())


def test_a_taken_srt_port_is_said() -> None:
    srt_here()
    port = free_port()
    first = SrtSource("a", SystemClock(), port, host="127.0.0.1")
    second = SrtSource("b", SystemClock(), port, host="127.0.0.1")
    with pytest.raises(IngestError, match="nobody"):
        first.listen(0.01)
    with pytest.raises(IngestError, match="cannot listen there"):
        second.listen(0.01)
    first.close()
