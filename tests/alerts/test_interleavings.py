"""Messages twice, late, out of order, and restarts between them: the end is the same."""

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.drawing import redraw
from alerts.errors import AlertsError
from core.cases import OrderState
from core.clock import ManualClock
from core.messages import OrderReply
from core.store.database import open_store
from tests.alerts.stories import (
    DUMPED,
    LEFT,
    STAYED,
    stall_stays,
    truck_dumps,
    warned_and_leaves,
)
from tests.alerts.world import START_NS, World, make_site, sqlite

LIFECYCLE = Path(__file__).parents[2] / "docs" / "design" / "lifecycle.md"
COURSE = [
    OrderState.ACKNOWLEDGED,
    OrderState.EN_ROUTE,
    OrderState.ON_SCENE,
    OrderState.HANDLED,
]
STORIES = [(warned_and_leaves, LEFT), (truck_dumps, DUMPED), (stall_stays, STAYED)]
QUICK = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def in_a_world(tell: Callable[[World], None]) -> None:
    clock = ManualClock(START_NS)
    with tempfile.TemporaryDirectory(prefix="ww-desk-") as folder:
        store = open_store(sqlite(Path(folder)), clock)
        try:
            tell(World(store, clock, make_site()))
        finally:
            store.close()


def test_the_diagram_is_that_of_the_code() -> None:
    text = LIFECYCLE.read_text(encoding="utf-8")
    assert redraw(text) == text, "run `python -m alerts.drawing docs/design/lifecycle.md`"
    assert "warning --> complied: act over" in text
    with pytest.raises(AlertsError, match="no diagram"):
        redraw("nothing")


@QUICK
@given(
    story=st.sampled_from(
        [(warned_and_leaves, LEFT), (truck_dumps, DUMPED), (stall_stays, STAYED)]
    ),
    data=st.data(),
)
def test_old_messages_again_and_restarts_change_nothing(
    story: tuple[Callable[[World], None], list[str]], data: st.DataObject
) -> None:
    tell, states = story

    def with_noise(world: World) -> None:
        heard: list[tuple[str, Any]] = []
        deliver = world._deliver

        def noisy(handler: Any, message: Any) -> None:
            heard.append((handler.__name__, message))
            deliver(getattr(world.desk, handler.__name__), message)
            for name, old in data.draw(st.lists(st.sampled_from(heard), max_size=3)):
                deliver(getattr(world.desk, name), old)
            if data.draw(st.booleans()):
                world.restart()

        world.__dict__["_deliver"] = noisy
        tell(world)
        assert world.states() == states
        for action in ("order.offered", "announcement.requested", "notice", "evidence.sealed"):
            assert set(Counter(entry_of(world, action)).values()) <= {1}

    in_a_world(with_noise)


@QUICK
@given(
    order=st.permutations(COURSE), again=st.lists(st.sampled_from(COURSE)), cut=st.integers(0, 8)
)
def test_answers_in_any_order_lead_to_the_same_end(
    order: list[OrderState], again: list[OrderState], cut: int
) -> None:
    def tell(world: World) -> None:
        world.see("s1", cues=("net",))
        (sent,) = world.orders
        for number, state in enumerate([*order, *again]):
            if number == cut:
                world.restart()
            world.desk.on_order_reply(
                OrderReply(
                    id=f"{sent.id}-{state.value}",
                    order=sent.id,
                    officer=sent.officer,
                    state=state,
                    at_ns=START_NS + COURSE.index(state),
                )
            )
        assert world.states() == ["detected", "dispatched", *(state.value for state in COURSE)]
        with world.store.read() as unit:
            (stored,) = unit.orders.find()
        assert [step.state for step in stored.history] == ["offered", *(s.value for s in COURSE)]

    in_a_world(tell)


def entry_of(world: World, action: str) -> list[str]:
    with world.store.read() as unit:
        return [entry.object for entry in unit.audit.entries() if entry.action == action]
