"""A source under observation while the virtual camera misbehaves; shared with the benchmark."""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, Self

from core.clock import NS_PER_S, SystemClock
from ingest.base import Source
from ingest.events import Connected, Event, Lost, MediaPacket, Reanchored
from ingest.rtsp import RtspSource
from sim.camera import VirtualTownship
from sim.camera.encoder import Codec
from sim.camera.faults import SILENT, SOUND, Fault, SdpFault

CAMERA = "river"
BOTH = frozenset({"tcp", "udp"})
CLOCK = SystemClock()
PAUSE = threading.Event()


class Steady(random.Random):
    """Cuts every wait short: its ceiling, but never more than ``most_s``."""

    def __init__(self, most_s: float = 0.2) -> None:
        super().__init__(1)
        self.most_s = most_s

    def uniform(self, a: float, b: float) -> float:
        return min(b, self.most_s)


@dataclass
class Watch:
    """Reads a source in a thread and writes down when what happened (monotonic ns)."""

    source: Source
    events: list[tuple[int, Event]] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self.thread = threading.Thread(target=self._run, name="watch", daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self.thread.join(20)
        assert not self.thread.is_alive(), "the source does not stop"

    def _run(self) -> None:
        for event in self.source.packets(self._stop):
            self.events.append((CLOCK.monotonic_ns(), event))

    def of(self, kind: type[Event], since_ns: int = 0) -> list[tuple[int, Event]]:
        """Events of a kind that came after a moment."""
        return [
            (at, event) for at, event in tuple(self.events) if at > since_ns and type(event) is kind
        ]

    def pictures(self, since_ns: int = 0) -> list[MediaPacket]:
        return [e for _, e in self.of(MediaPacket, since_ns) if e.kind == "video"]

    def wait(self, condition: Callable[[], object], seconds: float = 20.0) -> bool:
        """Poll until it holds; False when it does not in time."""
        end_ns = CLOCK.monotonic_ns() + round(seconds * NS_PER_S)
        while not condition():
            if CLOCK.monotonic_ns() > end_ns:
                return False
            CLOCK.wait(PAUSE, 0.02)
        return True

    def more(self, pictures: int = 5, seconds: float = 20.0) -> bool:
        """Wait for so many more pictures."""
        now_ns = CLOCK.monotonic_ns()
        return self.wait(lambda: len(self.pictures(now_ns)) >= pictures, seconds)


Notice = Literal["lost", "reanchored", "described", "nothing"]


@dataclass(frozen=True)
class Scenario:
    """One fault: how it begins, how long it lasts, how it must show.

    Attributes:
        begin: commands it; ``end`` takes it back (nothing to take back for what happens once).
        shows: what the source must yield.
        reasons: reasons of the first Lost that are right.
        holds_s: how long it lasts; long enough to be noticed with a stall limit of one second.
        early: commanded before the session begins (descriptions, time stamps, transports).
    """

    name: str
    begin: Callable[[VirtualTownship], None]
    shows: Notice = "lost"
    reasons: tuple[str, ...] = ()
    holds_s: float = 1.5
    early: bool = False
    transport: Literal["tcp", "udp", "auto"] = "tcp"


def _now(fault: Fault, *, reset: bool = False) -> Callable[[VirtualTownship], None]:
    def begin(town: VirtualTownship) -> None:
        town.misbehave(fault, CAMERA)
        if reset:
            town.reset(CAMERA)

    return begin


def _refuse(town: VirtualTownship) -> None:
    town.misbehave(Fault(refuse=True))


def _recode(codec: Codec) -> Callable[[VirtualTownship], None]:
    return lambda town: town.recode(CAMERA, codec)


def _before(name: str, fault: Fault, transport: Literal["tcp", "udp", "auto"] = "tcp") -> Scenario:
    return Scenario(name, _now(fault), "nothing", early=True, holds_s=0.5, transport=transport)


BROKEN = ("ended", "broken")
SCENARIOS = [
    *(
        Scenario(
            f"{status} to every request", _now(Fault(status=status), reset=True), reasons=BROKEN
        )
        for status in (401, 454, 503, 551)
    ),
    Scenario("silent, connection open (TCP)", _now(SILENT), reasons=("stalled",)),
    Scenario("silent, connection open (UDP)", _now(SILENT), reasons=("stalled",), transport="udp"),
    Scenario("half-open, no FIN", _now(Fault(half_open=True)), reasons=("stalled",)),
    Scenario("RST", lambda town: town.reset(CAMERA), reasons=BROKEN, holds_s=0.0),
    Scenario("refuses connections", _refuse, reasons=BROKEN),
    Scenario("silent for 0.5 s", _now(SILENT), "nothing", holds_s=0.5),
    Scenario("flapping, period 1 s", _now(Fault(flap_s=1.0)), reasons=BROKEN, holds_s=3.0),
    Scenario("5 % of UDP packets lost", _now(Fault(loss=0.05)), "nothing", transport="udp"),
    Scenario("RTP clock +100 s", lambda town: town.jump(100), "reanchored", holds_s=0.0),
    Scenario("RTP clock -100 s", lambda town: town.jump(-100), "reanchored", holds_s=0.0),
    Scenario(
        "another resolution", lambda town: town.resize(CAMERA, (480, 320)), "described", holds_s=0.0
    ),
    *(
        Scenario(f"another codec ({codec})", _recode(codec), reasons=BROKEN, holds_s=0.0)
        for codec in ("h265", "h264")
    ),
    _before("RTP time wraps at 2^32", Fault(first_timestamp=2**32 - 90_000)),
    _before("SDP without parameter sets", Fault(sdp=SdpFault(sprop=False))),
    _before("no Content-Base", Fault(sdp=SdpFault(content_base="missing"))),
    _before("Content-Base of another host", Fault(sdp=SdpFault(content_base="foreign"))),
    _before("Content-Base without slash", Fault(sdp=SdpFault(content_base="no_slash"))),
    _before("absolute a=control", Fault(sdp=SdpFault(control="absolute"))),
    _before("a=control with trailing slash", Fault(sdp=SdpFault(control="trailing_slash"))),
    _before("no a=control", Fault(sdp=SdpFault(control="missing"))),
    _before("461 to TCP (auto)", Fault(lacks=frozenset({"tcp"})), "auto"),
    _before("461 to UDP (auto)", Fault(lacks=frozenset({"udp"})), "auto"),
    _before("UDP blocked (auto)", Fault(silent=frozenset({"udp"})), "auto"),
    _before("TCP without pictures (auto)", Fault(silent=frozenset({"tcp"})), "auto"),
]


@dataclass(frozen=True)
class Outcome:
    """What a scenario did.

    Attributes:
        noticed_s: from the fault to the event that shows it; None when nothing had to.
        back_s: from the end of the fault to the next picture.
        pictures_lost: pictures missing on the time line, from before the fault to after it.
        sessions: on the camera, after it was over and a moment had passed.
    """

    noticed_s: float | None
    back_s: float
    pictures_lost: int
    sessions: int
    reason: str


def run(
    town: VirtualTownship,
    scenario: Scenario,
    *,
    username: str,
    password: str,
    fps: float,
    stall_s: float = 1.0,
    open_s: float = 2.0,
    rng: random.Random | None = None,
) -> Outcome:
    """Play a scenario against a source of our own; the town is sound again afterwards."""
    source = RtspSource(
        CAMERA,
        town.url(CAMERA),
        CLOCK,
        transport=scenario.transport,
        username=username,
        password=password,
        stall_s=stall_s,
        open_s=open_s,
        rng=rng or Steady(),
    )
    town.misbehave(SOUND)
    if scenario.early:
        scenario.begin(town)
    try:
        with Watch(source) as watch:
            assert watch.wait(lambda: len(watch.pictures()) >= 6, 40), "no pictures at all"
            began_ns = CLOCK.monotonic_ns()
            if not scenario.early:
                scenario.begin(town)
            CLOCK.wait(PAUSE, scenario.holds_s)
            over_ns = CLOCK.monotonic_ns()
            if not scenario.early:
                town.misbehave(SOUND)
            kind = {"lost": Lost, "reanchored": Reanchored, "described": Connected}.get(
                scenario.shows
            )
            shown: list[tuple[int, Event]] = []
            if kind is not None:
                assert watch.wait(lambda: watch.of(kind, began_ns)), "it was not noticed"
                shown = watch.of(kind, began_ns)
            assert watch.more(4, 120), "it did not come back"
            since_ns = max(over_ns, shown[0][0]) if scenario.shows == "lost" else over_ns
            back_ns = watch.of(MediaPacket, since_ns)[0][0]
            assert watch.wait(lambda: town.sessions == 1, 5), f"{town.sessions} sessions"
            times = [p.time_ns for p in watch.pictures()]
            missing = sum(max(0, round((b - a) * fps / NS_PER_S) - 1) for a, b in pairwise(times))
            sessions = town.sessions
    finally:
        town.misbehave(SOUND)
    first = shown[0][1] if shown else None
    return Outcome(
        noticed_s=(shown[0][0] - began_ns) / NS_PER_S if shown else None,
        back_s=(back_ns - over_ns) / NS_PER_S,
        pictures_lost=missing,
        sessions=sessions,
        reason=first.reason if isinstance(first, Lost) else "",
    )
