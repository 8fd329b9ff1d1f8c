"""Simulated officers answer orders as real devices would."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.cases import OfficerPosition, OfficerStatus, Order, OrderState, StateChange
from core.clock import NS_PER_S, ManualClock
from core.config.people import Officer
from core.geometry import GeoPoint
from core.messages import OrderReply
from core.value import Text
from sim.officers import SimulatedOfficers

POST = GeoPoint(lon=112.46, lat=30.42)
NORTH = GeoPoint(lon=112.46, lat=31.0)
COURSE = [OrderState.ACKNOWLEDGED, OrderState.EN_ROUTE, OrderState.ON_SCENE, OrderState.HANDLED]


class Field:
    """Officers, their clock and what they sent."""

    def __init__(self, *, speedup: float = 1.0, names: tuple[str, ...] = ("a", "b")) -> None:
        self.clock = ManualClock()
        self.start_ns = self.clock.utc_ns()
        self.replies: list[OrderReply] = []
        self.positions: list[OfficerPosition] = []
        self.officers = SimulatedOfficers(
            [Officer(id=name, name=Text.same(name), place=POST, speed_kmh=36) for name in names],
            self.clock,
            self.replies.append,
            self.positions.append,
            speedup=speedup,
        )

    def run(self, seconds: float, step_s: float = 0.2) -> None:
        for _ in range(round(seconds / step_s)):
            self.clock.advance(step_s)
            self.officers.tick()

    def order(
        self, name: str = "o1", officer: str = "a", metres: float = 200, **changes: object
    ) -> Order:
        order = Order(
            id=name,
            incident=f"inc-{name}",
            officer=officer,
            state=OrderState.OFFERED,
            history=(StateChange(state="offered", at_ns=0, actor="system"),),
            place=POST.toward(NORTH, metres),
            distance_m=metres,
            eta_s=metres / 10,
        ).model_copy(update=changes)
        self.officers.on_order(order)
        return order

    def at_s(self, reply: OrderReply) -> float:
        return (reply.at_ns - self.start_ns) / NS_PER_S

    def last(self, officer: str = "a") -> OfficerPosition:
        return [one for one in self.positions if one.officer == officer][-1]


def test_accepts_travels_handles_and_goes_home() -> None:
    field = Field()
    order = field.order(metres=200)
    field.run(60)
    assert [one.state for one in field.replies] == COURSE
    assert len({one.id for one in field.replies}) == 4
    accepted, _, arrived, handled = (field.at_s(one) for one in field.replies)
    assert accepted == pytest.approx(4, abs=0.5)
    assert arrived - accepted == pytest.approx(20, abs=0.5)  # 200 m at 36 km/h
    assert handled - arrived == pytest.approx(15, abs=0.5)
    assert not field.replies[-1].note.blank
    assert field.last().status is OfficerStatus.FREE
    field.run(60)
    assert field.last().place == POST
    assert order.place != POST


def test_speedup_shortens_the_way() -> None:
    field = Field(speedup=4)
    field.order(metres=200)
    field.run(12)
    accepted, _, arrived = (field.at_s(one) for one in field.replies)
    assert arrived - accepted == pytest.approx(5, abs=0.5)
    with pytest.raises(ValueError, match="speedup"):
        Field(speedup=0)


def test_reports_every_second_moving_and_every_ten_standing() -> None:
    field = Field(names=("a",))
    field.run(30.2)
    assert len(field.positions) == 4
    assert {one.status for one in field.positions} == {OfficerStatus.FREE}
    field.order(metres=300)
    field.run(5)
    field.positions.clear()
    field.run(10)
    moving = [one.at_ns for one in field.positions]
    assert len(moving) in (9, 10, 11)
    assert {one.status for one in field.positions} == {OfficerStatus.BUSY}
    gaps = [(later - sooner) / NS_PER_S for sooner, later in pairwise(moving)]
    assert max(gaps) <= 1.25


def test_moves_no_faster_than_the_speed() -> None:
    field = Field(names=("a",))
    field.order(metres=250)
    field.run(45)
    for sooner, later in pairwise(field.positions):
        seconds = (later.at_ns - sooner.at_ns) / NS_PER_S
        assert sooner.place.distance_m(later.place) <= 10 * seconds + 0.01


def test_an_order_heard_twice_is_one_order() -> None:
    field = Field()
    order = field.order()
    field.officers.on_order(order)
    field.run(60)
    field.officers.on_order(order)
    field.run(10)
    assert [one.state for one in field.replies] == COURSE


@pytest.mark.parametrize("off", [OrderState.CANCELLED, OrderState.EXPIRED])
def test_called_off_on_the_way(off: OrderState) -> None:
    field = Field()
    order = field.order(metres=300)
    field.run(14)
    assert field.last().place != POST
    field.officers.on_order(order.model_copy(update={"state": off}))
    field.run(1)
    assert field.last().status is OfficerStatus.FREE
    field.run(60)
    assert [one.state for one in field.replies] == COURSE[:2]
    assert field.last().place == POST


def test_a_call_off_heard_before_the_order_wins() -> None:
    field = Field()
    field.order(state=OrderState.CANCELLED)
    field.order()
    field.run(10)
    assert field.replies == []


def test_a_second_order_is_given_back() -> None:
    field = Field()
    field.order("o1")
    field.order("o2")
    assert [(one.order, one.state) for one in field.replies] == [("o2", OrderState.RETURNED)]


def test_an_officer_on_the_way_home_turns_around() -> None:
    field = Field()
    field.order("o1", metres=200)
    field.run(48)
    assert field.last().status is OfficerStatus.FREE
    assert field.last().place != POST
    field.order("o2", metres=200)
    field.run(40)
    assert [one.state for one in field.replies if one.order == "o2"] == COURSE


def test_an_order_for_somebody_else_is_not_ours() -> None:
    field = Field()
    field.order(officer="stranger")
    field.run(5)
    assert field.replies == []


def test_a_step_of_the_wall_clock_does_not_move_anybody() -> None:
    field = Field(names=("a",))
    field.order(metres=300)
    field.run(5)
    before = field.last().place
    field.clock.step(3600)
    field.run(1)
    assert before.distance_m(field.last().place) < 25


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["offer", "cancel", "wait"]),
            st.integers(1, 3),
            st.floats(0.1, 20),
        ),
        max_size=20,
    )
)
def test_replies_always_follow_the_course(steps: list[tuple[str, int, float]]) -> None:
    field = Field(names=("a",))
    orders: dict[int, Order] = {}
    for what, number, seconds in steps:
        if what == "offer":
            orders[number] = field.order(f"o{number}", metres=50)
        elif what == "cancel" and number in orders:
            field.officers.on_order(
                orders[number].model_copy(update={"state": OrderState.CANCELLED})
            )
        field.run(seconds, step_s=0.5)
    for number in orders:
        states = [one.state for one in field.replies if one.order == f"o{number}"]
        assert states == [OrderState.RETURNED] or states == COURSE[: len(states)]
