"""The truth reads each rule literally; checked on actors moved by hand."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config.zones import Zone
from sim.actors import Actor, Person, Prop, Vehicle
from sim.draw.person import Look
from sim.draw.things import bag
from sim.draw.view import View
from sim.scenarios.truth import REACH_M, Diary, Violation

VIEW = View()
CLOTHES = Look((90, 90, 90), (60, 60, 60), (30, 30, 30), (130, 165, 210), (40, 40, 40))
Move = Callable[[float], None]


def zone(**rule: object) -> Zone:
    corners = VIEW.normal([(-4.0, 14.0), (4.0, 14.0), (4.0, 9.0), (-4.0, 9.0)])
    name = {"zh": "区", "en": "area"}
    return Zone.model_validate(
        {"id": "area", "name": name, "polygon": {"points": corners}, "rule": rule}
    )


def person(number: int, x: float, z: float = 11.0) -> Person:
    return Person("person", x, z, look=CLOTHES, id=number)


def sack(number: int, x: float, z: float = 11.0, by: tuple[int, ...] = ()) -> Prop:
    return Prop("bag", x, z, id=number, paint=lambda ppm, _: bag(ppm, 1), brought_by=by)


def found(where: Zone, actors: list[Actor], seconds: float, move: Move) -> tuple[Violation, ...]:
    diary = Diary()
    for index in range(round(seconds * 5) + 1):
        move(index / 5)
        diary.note(index / 5, actors)
    return diary.violations([where], VIEW)


def test_dwelling_counts_from_the_coming_into_the_zone() -> None:
    angler = person(1, -6.0)

    def move(t_s: float) -> None:
        angler.x = 0.0 if t_s >= 4 else -6.0
        if t_s >= 40:
            angler.x = 6.0

    (one,) = found(zone(kind="fishing", dwell_s=20), [angler], 50, move)
    assert (one.begins_s, one.fulfilled_s, one.ends_s) == (4.0, 24.0, 40.0)
    assert one.actors == (1,)


@given(st.floats(0.2, 19.4))
def test_less_than_the_dwell_is_none(stay_s: float) -> None:
    angler = person(1, -6.0)

    def move(t_s: float) -> None:
        angler.x = 0.0 if 2 <= t_s < 2 + stay_s else -6.0

    assert found(zone(kind="fishing", dwell_s=20), [angler], 30, move) == ()


def test_walking_about_is_no_dwelling() -> None:
    stroller = person(1, -3.0)

    def move(t_s: float) -> None:
        stroller.x = -3.0 + 6.0 * ((t_s / 15) % 1.0)

    assert found(zone(kind="fishing", dwell_s=20), [stroller], 60, move) == ()


def test_a_bag_counts_from_when_its_bringer_is_out_of_reach() -> None:
    bringer, thing = person(1, 0.0), sack(2, 0.0)

    def move(t_s: float) -> None:
        thing.brought_by = (1,) if t_s >= 3 else ()
        bringer.x = 0.0 if t_s < 8 else 3.0

    (one,) = found(zone(kind="dumping", settle_s=10), [bringer, thing], 30, move)
    assert (one.begins_s, one.fulfilled_s) == (3.0, 18.0)


@pytest.mark.parametrize(("gap_m", "left"), [(REACH_M - 0.1, False), (REACH_M + 0.1, True)])
def test_an_arms_length_decides_who_has_left(gap_m: float, left: bool) -> None:
    bringer, thing = person(1, 0.75 + gap_m), sack(2, 0.0, by=(1,))
    told = found(zone(kind="dumping", settle_s=10), [bringer, thing], 20, lambda _: None)
    assert bool(told) is left


def test_a_bag_that_was_always_there_is_none() -> None:
    assert found(zone(kind="dumping", settle_s=10), [sack(2, 0.0)], 30, lambda _: None) == ()


def test_bags_side_by_side_are_one_heap_and_far_apart_two() -> None:
    for gap_m, count in ((1.5, 1), (4.0, 2)):
        things: list[Actor] = [sack(2, -2.0, by=(1,)), sack(3, -2.0 + gap_m, by=(1,))]
        told = found(zone(kind="dumping", settle_s=10), things, 20, lambda _: None)
        assert len(told) == count


def test_a_car_overstays_only_while_it_stands() -> None:
    car = Vehicle("car", -3.0, 11.0, colour=(90, 90, 90), id=1)

    def move(t_s: float) -> None:
        car.x = -3.0 + min(t_s, 12.0) * 0.25

    (one,) = found(zone(kind="occupation", limit_s=30), [car], 60, move)
    assert one.begins_s == pytest.approx(12.0, abs=0.6)
    assert one.fulfilled_s == pytest.approx(one.begins_s + 30)
    assert found(zone(kind="occupation", limit_s=30), [car], 29, lambda _: None) == ()
