"""Who is off duty is sent nowhere; who signs off with an order open is not forgotten."""

from collections.abc import Callable
from typing import Any

import pytest

from core.cases import NoticeKind, OfficerStatus, OrderState
from core.messages import NOTICES, Action
from tests.alerts.world import World, officer, text

MakeWorld = Callable[..., World]
ACKNOWLEDGED = OrderState.ACKNOWLEDGED


@pytest.fixture
def phones(world: World) -> World:
    """All officers have phones, and nobody is on duty."""
    for name in ("near", "middle", "far"):
        world.give_phone(name)
    return world


def notices(world: World, kind: NoticeKind) -> list[Any]:
    return [one for one in world.of(NOTICES) if one.kind is kind]


def test_the_nearest_on_duty_is_sent_and_the_chief_told_when_there_is_nobody(
    phones: World,
) -> None:
    phones.see("s1", cues=("net",))
    phones.pass_s(5)
    assert phones.orders == []
    assert len(notices(phones, NoticeKind.NOBODY)) == 1
    phones.sign("far", on=True)
    phones.pass_s(1)
    phones.sign("near", on=True)
    phones.pass_s(5)
    assert [one.officer for one in phones.orders] == ["far"]


def test_a_phone_on_duty_counts_whatever_an_old_position_said(phones: World) -> None:
    phones.stand("near", 200, OfficerStatus.OFF)
    phones.sign("near", on=True)
    phones.see("s1", cues=("net",))
    assert [one.officer for one in phones.orders] == ["near"]


def test_a_command_for_somebody_off_duty_is_refused_with_one_reason(phones: World) -> None:
    phones.sign("far", on=True)
    phones.see("s1")
    phones.speak()
    phones.sign("near", on=True)
    phones.sign("near", on=False)
    refused = phones.command(Action.DISPATCH, "urgent", "near")
    assert refused is not None
    assert "near is off duty" in refused.en
    assert phones.command(Action.DISPATCH, "", "far") is None
    refused = phones.command(Action.SUPPORT, "urgent", "near")
    assert refused is not None
    assert "near is off duty" in refused.en
    phones.sign("near", on=True)
    assert phones.command(Action.SUPPORT, "", "near") is None
    assert [one.officer for one in phones.orders] == ["far", "near"]


def test_an_offer_to_somebody_who_signs_off_runs_out_and_another_is_asked(phones: World) -> None:
    phones.sign("near", on=True)
    phones.see("s1", cues=("net",))
    phones.sign("near", on=False)
    phones.sign("middle", on=True)
    phones.pass_s(50)
    assert [one.officer for one in phones.orders] == ["near"], "an answer may still be on its way"
    phones.pass_s(20)
    assert phones.order_state(phones.orders[0].id) is OrderState.EXPIRED
    assert [one.officer for one in phones.orders] == ["near", "middle"]


@pytest.mark.parametrize("restart", [False, True])
def test_who_signs_off_on_the_way_is_chased_and_then_replaced(phones: World, restart: bool) -> None:
    phones.sign("near", on=True)
    phones.see("s1", cues=("net",))
    phones.reply(ACKNOWLEDGED)
    phones.sign("near", on=False)
    phones.sign("middle", on=True)
    phones.pass_s(30)
    if restart:
        phones.restart()
    (chased,) = notices(phones, NoticeKind.CHASE)
    assert (chased.to, "went off duty" in chased.text.en) == ("near", True)
    assert phones.order_state(phones.orders[0].id) is ACKNOWLEDGED, "the order stays for a while"
    phones.pass_s(200)
    assert phones.order_state(phones.orders[0].id) is OrderState.EXPIRED
    assert [one.officer for one in phones.orders] == ["near", "middle"]
    told = [one.text.en for one in notices(phones, NoticeKind.ESCALATED)]
    assert "near went off duty with an order open" in told


def test_who_signs_off_on_the_scene_keeps_the_order_and_the_chief_is_told(phones: World) -> None:
    phones.sign("near", on=True)
    phones.see("s1", cues=("net",))
    phones.reply(OrderState.ON_SCENE)
    phones.sign("near", on=False)
    phones.pass_s(300)
    assert len(notices(phones, NoticeKind.ESCALATED)) == 1
    phones.reply(OrderState.HANDLED, "done")
    assert phones.order_state(phones.orders[0].id) is OrderState.HANDLED


def test_who_signs_on_again_is_chased_for_nothing(phones: World) -> None:
    phones.sign("near", on=True)
    phones.see("s1", cues=("net",))
    phones.reply(OrderState.EN_ROUTE)
    phones.sign("near", on=False)
    phones.pass_s(100)
    phones.sign("near", on=True)
    phones.stand("near", 200, OfficerStatus.BUSY)
    phones.pass_s(90)
    assert notices(phones, NoticeKind.ESCALATED) == []
    assert phones.order_state(phones.orders[0].id) is OrderState.EN_ROUTE


def test_without_phones_the_roster_decides(world_of: MakeWorld) -> None:
    """It is ten in the morning."""
    shift = {"id": "night", "name": text("night"), "start": "22:00", "end": "06:00"}
    world = world_of(
        duty={"shifts": [shift]},
        officers=[
            officer("near", 200) | {"shifts": ["night"]},
            officer("middle", 500) | {"hours": [{"start": "09:00", "end": "12:00"}]},
            officer("far", 900),
        ],
    )
    world.see("s1", cues=("net",))
    assert [one.officer for one in world.orders] == ["middle"]
    refused = world.command(Action.DISPATCH, "", "near")
    assert refused is not None
    assert "off duty by the roster" in refused.en
    world.reply(OrderState.EN_ROUTE)
    world.pass_s(3 * 3600, step_s=600)  # one in the afternoon: hours are over
    assert world.order_state(world.orders[0].id) is OrderState.EN_ROUTE, "work is not put down"
    world.pass_s(10 * 3600, step_s=3600)  # eleven at night
    assert world.command(Action.DISPATCH, "", "near") is None
