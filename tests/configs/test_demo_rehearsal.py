"""The demo's stories with the demo's own numbers: desk, officers and clock are the real ones.

Cameras, analysis and loudspeakers are played here, as slow as they may be, so that this tells
early when a change of the configuration or of the desk no longer fits into four minutes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from alerts.desk import Desk
from core.cases import Announcement, EvidenceItem, Incident, Order, Receipt
from core.clock import NS_PER_S, ManualClock, parse_iso
from core.config.load import load
from core.config.site import Site
from core.config.zones import FishingRule, OccupationRule
from core.geometry import Box
from core.messages import ANNOUNCEMENTS, EVIDENCE_WANTED, ORDERS, EvidenceWanted
from core.seeing import Kind, Phase, Sighting, Why
from core.store.database import Store, open_store
from core.value import Text, Value
from core.wording import Wording
from sim.officers import SimulatedOfficers

DEMO = Path(__file__).parents[2] / "configs" / "demo"
NEWS_S = 5.0
"""How often a sighting that goes on is heard of."""
CONNECT_S, SPEECH_S = 1.5, 11.0
SEAL_S = 3.0


@dataclass
class Act:
    """What one camera's scene plays: ``begins_s`` is when the subject is in place."""

    camera: str
    begins_s: float
    cues: tuple[str, ...] = ()
    leaves_after_warning_s: float | None = None
    ends_s: float = float("inf")
    fired_s: float | None = None
    told_s: float = 0
    over: bool = False


@dataclass
class Rehearsal:
    """Plays everything around the desk on one clock, in steps of a fifth of a second."""

    site: Site
    store: Store
    clock: ManualClock
    later: list[tuple[float, Value]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    sent: list[tuple[float, str, Value]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.start_ns = self.clock.utc_ns()
        self.desk = Desk(
            self.site,
            self.store,
            self.clock,
            self.send,
            lambda u, i, c, n, t: Wording.plain(f"{c.id}{n}"),
        )
        self.officers = SimulatedOfficers(
            self.site.officers, self.clock, self.desk.on_order_reply, self.desk.on_position
        )

    @property
    def now_s(self) -> float:
        return (self.clock.utc_ns() - self.start_ns) / NS_PER_S

    def at_s(self, moment_ns: int) -> float:
        return (moment_ns - self.start_ns) / NS_PER_S

    def send(self, stream: str, message: Value) -> None:
        self.sent.append((self.now_s, stream, message))
        if stream == ANNOUNCEMENTS:
            self.later.append((self.now_s + CONNECT_S + SPEECH_S, message))
        elif stream == EVIDENCE_WANTED and isinstance(message, EvidenceWanted):
            self.later.append((self.at_s(message.last_ns) + SEAL_S, message))
        elif stream == ORDERS and isinstance(message, Order):
            self.officers.on_order(message)

    def play(self, seconds: float) -> None:
        ticked = 0.0
        while self.now_s < seconds:
            self.clock.advance(0.2)
            for due in [one for one in self.later if one[0] <= self.now_s]:
                self.later.remove(due)
                self.answer(due[1])
            for act in self.acts:
                self.watch(act)
            self.officers.tick()
            if self.now_s - ticked >= 1:
                ticked = self.now_s
                self.desk.tick()

    def answer(self, message: Value) -> None:
        now_ns = self.clock.utc_ns()
        if isinstance(message, Announcement):
            self.desk.on_receipt(
                Receipt(
                    announcement=message.id,
                    incident=message.incident,
                    camera=message.camera,
                    ok=True,
                    driver="onvif",
                    text=message.text,
                    started_ns=now_ns - round(SPEECH_S * NS_PER_S),
                    seconds=SPEECH_S,
                )
            )
            act = next(one for one in self.acts if one.camera == message.camera)
            if act.leaves_after_warning_s is not None:
                act.ends_s = min(act.ends_s, self.now_s + act.leaves_after_warning_s)
        elif isinstance(message, EvidenceWanted):
            self.desk.on_evidence(
                EvidenceItem(
                    id=f"ev-{message.id}",
                    incident=message.incident,
                    role=message.role,
                    path=f"{message.id}.mp4",
                    sha256="0" * 64,
                    bytes=1,
                    mime="video/mp4",
                    camera=message.camera,
                    first_ns=message.first_ns,
                    last_ns=message.last_ns,
                    sealed_ns=now_ns,
                )
            )

    def watch(self, act: Act) -> None:
        """What the analyst would publish of this scene now."""
        camera = self.site.camera(act.camera)
        assert camera is not None
        zone = camera.zones[0]
        rule = zone.rule
        if isinstance(rule, FishingRule):
            delay_s = rule.dwell_s
        else:
            delay_s = rule.limit_s if isinstance(rule, OccupationRule) else rule.settle_s
        now_s = self.now_s
        if act.over or now_s < act.begins_s + delay_s:
            return
        if act.fired_s is None:
            act.fired_s, phase = now_s, Phase.FIRED
        elif now_s >= act.ends_s:
            act.over, phase = True, Phase.ENDED
        elif now_s - act.told_s >= NEWS_S:
            phase = Phase.CONTINUES
        else:
            return
        act.told_s = now_s
        now_ns = self.clock.utc_ns()
        self.desk.on_sighting(
            Sighting(
                id=f"{act.camera}-1",
                camera=act.camera,
                zone=zone.id,
                kind=rule.kind,
                phase=phase,
                started_ns=self.start_ns + round(act.begins_s * NS_PER_S),
                fired_ns=self.start_ns + round(act.fired_s * NS_PER_S),
                last_ns=now_ns,
                ended_ns=now_ns if phase is Phase.ENDED else None,
                box=Box(0.4, 0.4, 0.1, 0.2),
                cues=act.cues,
                why=Why(text=Text(zh="久留", en="stayed")),
            )
        )

    def incident(self, camera: str) -> Incident:
        with self.store.read() as unit:
            (only,) = unit.incidents.find(camera=camera)
        return only

    def times(self, camera: str) -> dict[str, float]:
        """Seconds from the start at which each state was reached."""
        return {step.state: self.at_s(step.at_ns) for step in self.incident(camera).history}


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    directory = tmp_path_factory.mktemp("demo")
    for file in DEMO.iterdir():
        (directory / file.name).write_bytes(file.read_bytes())
    words = [{"kind": kind.value, "text": {"zh": "请离开", "en": "leave"}} for kind in Kind]
    (directory / "warnings.yaml").write_text(yaml.safe_dump(words), encoding="utf-8")
    clock = ManualClock(parse_iso("2026-11-22T02:00:00Z"))
    store = open_store(f"sqlite:///{directory / 'demo.db'}", clock)
    played = Rehearsal(load(directory), store, clock)
    played.acts = [
        Act("river", 32, cues=("rod",), leaves_after_warning_s=10),
        Act("lane", 62, cues=("vehicle", "large")),
        Act("market", 35),
    ]
    played.play(240)
    yield played
    store.close()


def test_the_river_is_warned_once_and_closed(rehearsal: Rehearsal) -> None:
    times = rehearsal.times("river")
    assert list(times) == ["detected", "warning", "complied", "closed"]
    assert len(rehearsal.incident("river").announcements) == 1
    assert times["closed"] < 120


def test_the_lane_gets_the_nearest_officer(rehearsal: Rehearsal) -> None:
    times = rehearsal.times("lane")
    assert list(times)[:2] == ["detected", "dispatched"]
    assert times["dispatched"] - times["detected"] < 1
    assert times["on_scene"] - times["dispatched"] < 45
    assert list(times)[-1] == "closed"
    assert times["closed"] < 180
    order = _order(rehearsal, "lane")
    assert order.officer == "officer-2"


def test_the_market_is_warned_twice_and_gets_an_officer(rehearsal: Rehearsal) -> None:
    times = rehearsal.times("market")
    assert list(times)[:4] == ["detected", "warning", "persisting", "dispatched"]
    assert list(times)[-1] == "handled"  # the stall is still there: nobody says otherwise
    assert len(rehearsal.incident("market").announcements) == 2
    assert times["handled"] < 200
    assert _order(rehearsal, "market").officer == "officer-1"


def test_the_street_stays_quiet_and_nothing_else_happened(rehearsal: Rehearsal) -> None:
    with rehearsal.store.read() as unit:
        assert {one.camera for one in unit.incidents.find()} == {"river", "lane", "market"}
        count, _ = unit.audit.verify()
    assert count > 20


def _order(rehearsal: Rehearsal, camera: str) -> Order:
    (name,) = rehearsal.incident(camera).orders
    with rehearsal.store.read() as unit:
        order = unit.orders.get(name)
    assert order is not None
    return order
