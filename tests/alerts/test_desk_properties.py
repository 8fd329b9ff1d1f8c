"""Whatever comes in whatever order, twice or not at all: what always holds at the desk."""

import tempfile
from itertools import pairwise
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from alerts.lifecycle import SYSTEM, TRANSITIONS, WITH_OFFICER
from alerts.officers import OPEN_ORDERS
from core.cases import Incident, IncidentState, OfficerStatus, OrderState, StateChange
from core.clock import ManualClock
from core.messages import NOTICES, Action
from core.presence import duty_by_phone
from core.seeing import Kind, Phase
from core.store.database import open_store
from tests.alerts.world import START_NS, World, make_site, sqlite

PLACES = [("river", "shore"), ("river", "bridge"), ("silent", "shore"), ("asked", "shore")]
OFFICERS = ["near", "middle", "far"]


class DeskLife(RuleBasedStateMachine):
    """Cameras, loudspeakers, officers, people, the vault and the bus, each as it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="ww-desk-")
        self.clock = ManualClock(START_NS)
        self.store = open_store(sqlite(Path(self.folder.name)), self.clock)
        self.histories: dict[str, tuple[StateChange, ...]] = {}
        self.orders: set[str] = set()

    @initialize(
        twice=st.booleans(), attempts=st.integers(0, 3), phones=st.sets(st.sampled_from(OFFICERS))
    )
    def begin(self, twice: bool, attempts: int, phones: set[str]) -> None:
        site = make_site(warnings={"attempts_before_dispatch": attempts})
        self.world = World(self.store, self.clock, site, twice=twice)
        self.phones = phones
        for name in sorted(phones):
            self.world.give_phone(name)

    @rule(
        number=st.integers(1, 6),
        phase=st.sampled_from(Phase),
        cues=st.sampled_from([(), (), (), ("net",)]),
    )
    def sighting(self, number: int, phase: Phase, cues: tuple[str, ...]) -> None:
        camera, zone = PLACES[number % len(PLACES)]
        self.world.see(f"s{number}", phase, camera=camera, zone=zone, cues=cues, fired_s=20)

    @rule(ok=st.booleans(), seconds=st.integers(0, 12))
    def receipt(self, ok: bool, seconds: int) -> None:
        if self.world.announcements:
            self.world.speak(ok=ok, seconds=seconds)

    @rule(
        state=st.sampled_from([one for one in OrderState if one is not OrderState.OFFERED]),
        which=st.integers(0, 5),
        support=st.booleans(),
    )
    def reply(self, state: OrderState, which: int, support: bool) -> None:
        orders = self.world.orders
        if orders:
            self.world.reply(state, "report", orders[which % len(orders)], support=support)

    @rule(
        action=st.sampled_from(Action),
        which=st.integers(0, 5),
        reason=st.sampled_from(["", "why"]),
        officer=st.sampled_from([None, *OFFICERS]),
    )
    def command(self, action: Action, which: int, reason: str, officer: str | None) -> None:
        incidents = self.world.incidents
        if incidents:
            chosen = incidents[which % len(incidents)].id
            self.world.command(action, reason, officer, incident=chosen)

    @rule(which=st.integers(0, 5), officers=st.permutations(OFFICERS))
    def two_dispatchers_at_once(self, which: int, officers: list[str]) -> None:
        incidents = self.world.incidents
        if not incidents:
            return
        chosen = incidents[which % len(incidents)]
        send, name = self.world.command, chosen.id
        first = send(Action.DISPATCH, "mine", officers[0], name, seen=chosen.version)
        second = send(Action.DISPATCH, "mine", officers[1], name, seen=chosen.version)
        assert first is not None or second is not None

    @rule(which=st.integers(0, 5))
    def evidence(self, which: int) -> None:
        if self.world.wanted:
            self.world.seal(self.world.wanted[which % len(self.world.wanted)])

    @rule(name=st.sampled_from(OFFICERS), status=st.sampled_from(OfficerStatus))
    def position(self, name: str, status: OfficerStatus) -> None:
        self.world.stand(name, 300, status)

    @rule(name=st.sampled_from(OFFICERS), on=st.booleans())
    def duty(self, name: str, on: bool) -> None:
        if name in self.phones:
            self.world.sign(name, on=on)

    @rule(seconds=st.sampled_from([1, 5, 20, 70, 700]))
    def time(self, seconds: int) -> None:
        self.world.pass_s(seconds, step_s=max(1.0, seconds / 4))

    @rule(broken=st.booleans())
    def bus(self, broken: bool) -> None:
        self.world.broken = broken
        self.world.was_broken |= broken

    @rule()
    def restart(self) -> None:
        self.world.restart()

    @invariant()
    def histories_follow_the_table(self) -> None:
        for incident in self.incidents():
            assert incident.history[-1].state == incident.state.value
            steps = [IncidentState(step.state) for step in incident.history]
            for here, there in pairwise(steps):
                assert there in TRANSITIONS[here]
            times = [step.at_ns for step in incident.history]
            assert times == sorted(times)

    @invariant()
    def the_program_closes_only_what_is_resolved(self) -> None:
        for incident in self.incidents():
            for before, step in pairwise(incident.history):
                if step.actor == SYSTEM and step.state == "closed":
                    assert before.state in ("complied", "checked")
                assert step.actor != SYSTEM or step.state not in ("dismissed", "transferred")

    @invariant()
    def nobody_has_two_orders_and_no_incident_two_officers(self) -> None:
        with self.store.read() as unit:
            open_orders = unit.orders.find(state=[state.value for state in OPEN_ORDERS])
        officers = [order.officer for order in open_orders]
        leads = [order.incident for order in open_orders if order.role == "lead"]
        for names in (officers, leads):
            assert len(names) == len(set(names))

    @invariant()
    def nobody_off_duty_is_given_an_order(self) -> None:
        """Duty changes by a step of its own, so who was offered an order since is on duty now."""
        with self.store.read() as unit:
            for order in unit.orders.find():
                if order.id not in self.orders and order.officer in self.phones:
                    duty = duty_by_phone(unit, order.officer)
                    assert duty is not None
                    assert duty.on
                self.orders.add(order.id)

    @invariant()
    def no_history_is_lost(self) -> None:
        with self.store.read() as unit:
            orders = unit.orders.find()
        for one in [*self.incidents(), *orders]:
            before = self.histories.get(one.id, ())
            assert one.history[: len(before)] == before
            self.histories[one.id] = one.history

    @invariant()
    def no_order_is_lost_or_doubled(self) -> None:
        with self.store.read() as unit:
            stored = sorted(order.id for order in unit.orders.find())
        assert stored == sorted(name for one in self.incidents() for name in one.orders)

    @invariant()
    def nobody_is_told_twice(self) -> None:
        """A restart may send again what had not left; by its id it is the same."""
        if hasattr(self, "world"):
            with self.store.read() as unit:
                said = sum(entry.action == "notice" for entry in unit.audit.entries())
            decided = {one.id for one in self.world.of(NOTICES) if one.audience != "user"}
            assert len(decided) <= said
            if not self.world.broken and not self.world.was_broken:
                assert len(decided) == said

    @invariant()
    def settled_incidents_have_no_open_order(self) -> None:
        with self.store.read() as unit:
            orders = unit.orders.find(state=[state.value for state in OPEN_ORDERS])
            for order in orders:
                incident = unit.incidents.get(order.incident)
                assert incident is not None
                if order.role == "support":
                    assert incident.state in WITH_OFFICER
                    continue
                assert incident.state.value == (
                    "dispatched" if order.state is OrderState.OFFERED else order.state.value
                )

    @invariant()
    def the_program_never_warns_more_often_than_it_may(self) -> None:
        with self.store.read() as unit:
            for announcement in unit.announcements.find():
                limits = self.world.site.warnings
                if announcement.requested_by == SYSTEM:
                    most = min(limits.attempts_before_dispatch, limits.max_repeats)
                    assert announcement.attempt <= most

    @invariant()
    def every_sighting_has_one_incident(self) -> None:
        incidents = self.incidents()
        names = [name for incident in incidents for name in incident.sightings]
        assert len(names) == len(set(names))
        assert all(incident.kind is Kind.FISHING for incident in incidents)

    def incidents(self) -> list[Incident]:
        return self.world.incidents if hasattr(self, "world") else []

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.broken = False
            self.world.pass_s(2)
            with self.store.read() as unit:
                unit.audit.verify()
                assert unit.outbox.find() == []
            for message in (*self.world.announcements, *self.world.wanted):
                assert message.incident in {incident.id for incident in self.incidents()}
        self.store.close()
        self.folder.cleanup()


DeskLife.TestCase.settings = settings(
    max_examples=30,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
TestDeskLife = DeskLife.TestCase
