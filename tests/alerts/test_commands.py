"""What people decide, and what they are told when it cannot be done."""

from collections.abc import Callable

import pytest

from core.cases import Hearing, OfficerStatus, OrderState, Priority
from core.messages import ORDERS, Action
from core.seeing import Phase
from core.value import Text
from tests.alerts.world import World

MakeWorld = Callable[..., World]


def test_dismiss_needs_a_reason_and_calls_the_officer_off(world: World) -> None:
    world.see("s1", cues=("net",))
    refused = world.command(Action.DISMISS, reason=" ")
    assert refused is not None
    assert refused.zh == "请填写理由"
    assert world.command(Action.DISMISS, reason="渔政船作业") is None
    assert world.incident.history[-1].reason == Text.same("渔政船作业")
    assert world.states()[-1] == "dismissed"
    assert world.incident.history[-1].actor == "zhou"
    assert world.of(ORDERS)[-1].state is OrderState.CANCELLED
    world.pass_s(5)
    assert len(world.orders) == 1


def test_close_needs_a_reason(world: World) -> None:
    world.see("s1")
    assert world.command(Action.CLOSE) is not None
    assert world.command(Action.CLOSE, reason="电话已告知") is None
    assert world.states()[-1] == "closed"
    refused = world.command(Action.CLOSE, reason="再关一次")
    assert refused is not None
    assert refused.en == "close is not possible in state closed"


def test_confirm_is_for_what_waits(world: World) -> None:
    world.see("s1")
    refused = world.command(Action.CONFIRM)
    assert refused is not None
    assert refused.en == "confirm is not possible in state warning"


def test_warning_confirms_as_well(world: World) -> None:
    world.see("s1", camera="asked")
    assert world.command(Action.WARN) is None
    assert world.states() == ["detected", "confirmed", "warning"]
    assert world.announcements[0].requested_by == "zhou"
    assert world.announcements[0].override_reason is None


def test_a_more_urgent_warning_need_not_wait_and_goes_out_as_chosen(world: World) -> None:
    world.see("s1")
    assert world.command(Action.WARN) is not None, "the first one is still being said"
    assert world.command(Action.WARN, priority=Priority.EMERGENCY, volume=80) is None
    said = world.announcements[-1]
    assert (said.priority, said.volume, said.group) == (Priority.EMERGENCY, 80, None)


def test_what_people_are_told_is_kept(world: World) -> None:
    world.see("s1")
    assert world.command(Action.CLOSE) is not None
    with world.store.read() as unit:
        (kept,) = unit.notices.find()
    assert (kept.audience, kept.to, kept.acknowledged_ns) == ("user", "zhou", None)


def test_the_limits_hold_for_people_too_unless_they_give_a_reason(world: World) -> None:
    world.see("s1")
    speaking = world.command(Action.WARN, reason="快")
    assert speaking is not None
    assert speaking.zh == "喇叭正在喊话"
    world.speak()
    rests = world.command(Action.WARN)
    assert rests is not None
    assert rests.zh == "喇叭还需间隔12秒；填写理由可越权喊话"
    assert world.command(Action.WARN, reason="有落水危险") is None
    assert world.announcements[-1].override_reason == "有落水危险"
    world.speak()
    world.pass_s(13)
    assert world.command(Action.WARN) is None
    world.speak()
    world.pass_s(13)
    enough = world.command(Action.WARN)
    assert enough is not None
    assert enough.en.startswith("warned 3 times already")


def test_quiet_hours_hold_for_people_too(world_of: MakeWorld) -> None:
    world = world_of(warnings={"quiet_hours": {"start": "00:00", "end": "00:00"}})
    world.see("s1", camera="asked")
    refused = world.command(Action.WARN)
    assert refused is not None
    assert refused.zh.startswith("静音时段")
    assert world.command(Action.WARN, reason="险情") is None
    assert len(world.announcements) == 1


def test_warning_again_while_an_officer_is_on_the_way(world: World) -> None:
    world.see("s1", cues=("net",))
    world.reply(OrderState.ACKNOWLEDGED)
    assert world.command(Action.WARN) is None
    assert world.states()[-1] == "acknowledged"
    assert len(world.announcements) == 1


def test_no_loudspeaker_to_warn_with(world: World) -> None:
    world.see("s1", camera="silent")
    refused = world.command(Action.WARN)
    assert refused is not None
    assert refused.en == "no loudspeaker at this camera"


def test_a_person_names_the_officer(world: World) -> None:
    world.see("s1")
    world.speak()
    assert world.command(Action.DISPATCH, officer="far") is None
    assert [one.officer for one in world.orders] == ["far"]
    assert world.states() == ["detected", "warning", "dispatched"]
    assert world.incident.history[-1].reason.zh == "zhou 人工处置"


def test_another_officer_instead(world: World) -> None:
    world.see("s1", cues=("net",))
    world.reply(OrderState.ACKNOWLEDGED)
    assert world.command(Action.DISPATCH, officer="far") is None
    assert world.order_state(world.orders[0].id) is OrderState.CANCELLED
    assert [one.officer for one in world.orders] == ["near", "far"]
    assert world.states()[-2:] == ["acknowledged", "dispatched"]


@pytest.mark.parametrize(
    ("officer", "words"),
    [("nobody", "there is no officer nobody"), ("near", "near is on another order")],
)
def test_officers_who_cannot_be_sent(world: World, officer: str, words: str) -> None:
    world.see("s1", cues=("net",), zone="bridge")
    world.see("s2", camera="asked")
    (asked,) = [one for one in world.incidents if one.camera == "asked"]
    refused = world.command(Action.DISPATCH, officer=officer, incident=asked.id)
    assert refused is not None
    assert refused.en == words


def test_a_decision_to_send_somebody_stands_while_nobody_is_free(world: World) -> None:
    for name in ("near", "middle", "far"):
        world.stand(name, 300, OfficerStatus.BUSY)
    world.see("s1", camera="idle")
    assert world.command(Action.DISPATCH) is None
    assert world.states() == ["detected", "confirmed", "dispatched"]
    assert world.orders == []
    world.stand("middle", 300, OfficerStatus.FREE)
    world.pass_s(1)
    assert [one.officer for one in world.orders] == ["middle"]


def test_a_refusal_changes_nothing_but_the_log(world: World) -> None:
    world.see("s1")
    before = world.incident
    told = len(world.told)
    assert world.command(Action.CONFIRM) is not None
    assert world.incident == before
    assert len(world.told) == told
    assert world.said("command.refused") == 1


def test_an_unknown_incident(world: World) -> None:
    refused = world.command(Action.CLOSE, reason="?", incident="inc-none")
    assert refused is not None
    assert refused.zh == "没有事件 inc-none"


def test_a_command_heard_twice_is_carried_out_once(world_of: MakeWorld) -> None:
    world = world_of(twice=True)
    world.see("s1")
    world.speak()
    assert world.command(Action.WARN, reason="险情") is None
    assert len(world.announcements) == 2
    assert world.said("command") == 1


def test_everything_a_person_does_is_in_the_log_with_the_name(world: World) -> None:
    world.see("s1", camera="asked")
    world.command(Action.CONFIRM)
    world.speak()
    world.see("s1", Phase.CONTINUES, camera="asked", fired_s=6)
    world.command(Action.DISPATCH, reason="人不走")
    world.command(Action.CLOSE, reason="已办")
    with world.store.read() as unit:
        by_zhou = [
            (entry.action, entry.detail.get("action") or entry.detail.get("to"))
            for entry in unit.audit.entries()
            if entry.actor == "zhou"
        ]
    assert by_zhou == [
        ("command", "confirm"),
        ("incident.state", "confirmed"),
        ("command", "dispatch"),
        ("incident.state", "dispatched"),
        ("order.offered", None),
        ("command", "close"),
        ("order.state", "cancelled"),
        ("incident.state", "closed"),
    ]


def test_what_a_microphone_heard_comes_later_and_once(world: World) -> None:
    world.see("s1")
    receipt = world.speak()
    heard = Hearing(verdict="heard", microphone="river", score=0.7, threshold=0.36, lag_s=0.9)
    world.desk.on_receipt(receipt.model_copy(update={"hearing": heard}))
    other = heard.model_copy(update={"verdict": "not_heard"})
    world.desk.on_receipt(receipt.model_copy(update={"hearing": other}))
    with world.store.read() as unit:
        kept = unit.receipts.get(receipt.announcement)
    assert kept is not None
    assert kept.hearing == heard
    assert kept.incident == world.incident.id
