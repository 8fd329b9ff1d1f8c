"""Tips of the public: what a person decides about them, once, and what follows."""

from collections.abc import Callable
from typing import Any

import pytest

from alerts.duty.wording import place_of
from alerts.notify.notifications import notification_of
from core.cases import NoticeKind, OrderState, Severity
from core.clock import NS_PER_S
from core.geometry import GeoPoint
from core.messages import TIPS, Action
from core.seeing import Kind, Phase
from core.supervision import By, name_of
from core.tipcode import tip_id
from core.tips import Tip, TipAction, TipChanged, TipDecision, TipKind, TipState, TipStep
from core.value import Text
from tests.alerts.world import HERE, World, make_site

THERE = HERE.toward(GeoPoint(lon=HERE.lon, lat=HERE.lat + 1), 400)


def told(world: World, token: str = "0" * 32, kind: TipKind = TipKind.FISHING) -> Tip:
    """Somebody tells of something 400 m north, five minutes ago."""
    now_ns = world.clock.utc_ns()
    tip = Tip(
        id=tip_id(token), code_hash="h" + token, kind=kind, place=THERE, accuracy_m=25,
        placed="pin", place_words="闸口东侧", words="有人下网", happened_ns=now_ns - 300 * NS_PER_S,
        submitted_ns=now_ns, language="zh", photos_expected=0,
        history=(TipStep(state=TipState.RECEIVED, at_ns=now_ns, actor="public"),),
    )  # fmt: skip
    with world.store.begin() as unit:
        unit.tips.put(tip)
    return tip


def decision(world: World, tip: Tip, action: TipAction, **more: Any) -> TipDecision:
    world.numbers += 1
    return TipDecision(
        **{
            "id": f"tipcmd-{world.numbers}", "tip": tip.id, "action": action, "user": "zhou",
            "at_ns": world.clock.utc_ns(), "seen": now(world, tip).version, **more,
        }
    )  # fmt: skip


def decide(world: World, tip: Tip, action: TipAction, **more: Any) -> Text | None:
    return world.desk.on_tip_decision(decision(world, tip, action, **more))


def now(world: World, tip: Tip) -> Tip:
    with world.store.read() as unit:
        found = unit.tips.get(tip.id)
    assert found is not None
    return found


def states(world: World, tip: Tip) -> list[str]:
    return [one.state.value for one in now(world, tip).history]


def test_a_tip_becomes_an_incident_without_camera_that_an_officer_answers(world: World) -> None:
    tip = told(world)
    assert decide(world, tip, TipAction.OPEN, kind=Kind.FISHING, ongoing=True) is None
    one = world.incident
    assert (one.camera, one.zone, one.place, one.place_error_m) == ("", "", THERE, 25)
    assert one.tips == (tip.id,)
    assert "有人下网" in one.why.zh
    assert world.states()[:2] == ["detected", "confirmed"]
    assert one.history[1].actor == "zhou"
    with world.store.read() as unit:
        (sighting,) = unit.sightings.find()
    assert (sighting.source, sighting.place, sighting.phase) == ("tip", THERE, Phase.FIRED)
    assert world.announcements == []
    assert world.wanted == [], "there is no clip without a camera"
    order = world.orders[0]
    assert order.place == THERE
    assert (order.officer, round(order.distance_m)) == ("middle", 100)

    refused = world.command(Action.WARN)
    assert refused is not None
    assert "喇叭" in refused.zh
    for state in (OrderState.ACKNOWLEDGED, OrderState.EN_ROUTE, OrderState.ON_SCENE):
        world.pass_s(5)
        world.reply(state)
    world.pass_s(5)
    assert states(world, tip) == ["received", "accepted"]
    world.reply(OrderState.HANDLED, "渔网已收缴")
    world.pass_s(2)
    assert world.states()[-3:] == ["handled", "checked", "closed"]
    assert world.wanted == []
    after = now(world, tip)
    assert after.state is TipState.HANDLED
    assert "感谢" in after.history[-1].answer.zh
    assert "渔网" not in after.history[-1].answer.zh, "what officers say stays in the house"

    world.command(Action.REOPEN, "又来了")
    assert now(world, tip).state is TipState.ACCEPTED
    world.command(Action.DISMISS, "误报")
    assert now(world, tip).state is TipState.HANDLED
    with world.store.read() as unit:
        assert unit.suppressions.find() == [], "no detector was wrong"


def test_a_tip_that_is_over_and_minor_waits_for_a_person(world: World) -> None:
    tip = told(world)
    decide(world, tip, TipAction.OPEN, kind=Kind.FISHING)
    world.pass_s(30)
    assert world.states() == ["detected", "confirmed"]
    assert world.orders == []
    assert world.command(Action.DISPATCH, "去看看") is None
    assert world.orders[0].place == THERE


def test_with_a_camera_picked_there_is_a_clip_and_what_it_sees_joins(world: World) -> None:
    tip = told(world)
    decide(world, tip, TipAction.OPEN, kind=Kind.OCCUPATION, camera="market", ongoing=True)
    assert (world.incident.camera, world.incident.zone) == ("market", "passage")
    (wanted,) = world.wanted
    assert wanted.camera == "market"
    assert wanted.moment_ns == tip.happened_ns
    assert world.announcements == [], "nobody watches, so nobody is warned by the program"
    assert len(world.orders) == 1
    world.see("s1", camera="market", zone="passage", kind=Kind.OCCUPATION)
    assert set(world.incident.sightings) == {f"told-{tip.id}", "s1"}


def test_a_tip_joins_an_incident_and_follows_it(world: World) -> None:
    world.see("s1")
    tip, second = told(world), told(world, "1" * 32)
    assert decide(world, tip, TipAction.ATTACH, incident=world.incident.id, answer="已派人") is None
    assert decide(world, second, TipAction.ATTACH, incident=world.incident.id) is None
    assert world.incident.tips == (tip.id, second.id)
    assert now(world, tip).history[-1].answer == Text.same("已派人")
    world.command(Action.TRANSFER, "无权限", to="县水利局")
    for one in (tip, second):
        assert now(world, one).state is TipState.TRANSFERRED
        assert now(world, one).history[-1].answer.zh == "已移送：县水利局"
    again = decide(world, tip, TipAction.DECLINE, answer="重复")
    assert again is not None, "it is the incident's matter now"
    late = told(world, "2" * 32)
    decide(world, late, TipAction.ATTACH, incident=world.incident.id)
    assert now(world, late).state is TipState.TRANSFERRED, "it is over already"


@pytest.mark.parametrize("again", [False, True])
def test_decisions_twice_and_restarts_between_change_nothing(
    world_of: Callable[..., World], again: bool
) -> None:
    world = world_of()
    tip = told(world)
    first = decision(world, tip, TipAction.OPEN, kind=Kind.FISHING, ongoing=True)
    second = decision(world, tip, TipAction.DECLINE, answer="重复")
    world.desk.on_tip_decision(first)
    if again:
        world.restart()
    for _ in range(2):
        world.desk.on_tip_decision(first)
        world.desk.on_tip_decision(second)
        world.restart()
    assert states(world, tip) == ["received", "accepted"]
    assert len(world.incidents) == 1
    assert len({one.id for one in world.orders}) == 1
    refused = [one for one in world.of(TIPS) if isinstance(one, TipChanged) and one.refused]
    assert [(one.refused, one.user) for one in refused] == [(second.id, "zhou")]
    assert world.said("tip.refused") == 1


def test_when_the_bus_is_away_the_decision_stands(world: World) -> None:
    tip = told(world)
    world.broken = True
    decide(world, tip, TipAction.OPEN, kind=Kind.FISHING, ongoing=True)
    world.broken = False
    world.restart()
    assert now(world, tip).state is TipState.ACCEPTED
    assert len({one.id for one in world.orders}) == 1


def test_declined_and_transferred_tell_the_public_why(world: World) -> None:
    tip = told(world, kind=TipKind.OTHER)
    assert decide(world, tip, TipAction.DECLINE) is not None
    assert decide(world, tip, TipAction.DECLINE, answer="已有许可") is None
    assert now(world, tip).history[-1].answer == Text.same("已有许可")
    # A mistake may be mended as long as it has not become an incident.
    assert decide(world, tip, TipAction.TRANSFER) is not None
    assert (
        decide(world, tip, TipAction.TRANSFER, department="县城管局", answer="电话见公示") is None
    )
    after = now(world, tip)
    assert (after.state, after.department) == (TipState.TRANSFERRED, "县城管局")
    assert after.history[-1].answer.zh == "已移送：县城管局。电话见公示"
    assert world.incidents == []


@pytest.mark.parametrize(
    ("action", "more", "said"),
    [
        (TipAction.OPEN, {}, "类型"),
        (TipAction.OPEN, {"kind": Kind.FISHING, "camera": "nowhere"}, "nowhere"),
        (TipAction.ATTACH, {"incident": "inc-none"}, "inc-none"),
        (TipAction.OPEN, {"kind": Kind.FISHING, "seen": 0}, "他人"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    world: World, action: TipAction, more: dict[str, Any], said: str
) -> None:
    tip = told(world)
    why = decide(world, tip, action, **more)
    assert why is not None
    assert said in why.zh
    assert states(world, tip) == ["received"]
    gone = decision(world, tip, TipAction.DECLINE, answer="x").model_copy(update={"tip": "tip-0"})
    assert world.desk.on_tip_decision(gone) is not None
    assert world.incidents == []


def test_tips_of_one_minute_are_not_one_incident_by_ground(world: World) -> None:
    first, second = told(world), told(world, "1" * 32)
    for tip in (first, second):
        decide(world, tip, TipAction.OPEN, kind=Kind.FISHING, ongoing=True)
    assert len(world.incidents) == 2
    with world.store.read() as unit:
        sighting = unit.sightings.get(f"told-{first.id}")
    assert sighting is not None
    world.desk.on_sighting(sighting.model_copy(update={"id": "another", "phase": Phase.FIRED}))
    assert len(world.incidents) == 3, "without a camera there is no ground to merge by"


def test_tips_that_nobody_decides_are_told_of_once(world_of: Callable[..., World]) -> None:
    world = world_of(tips={"decide_within_h": 2})
    first, second = told(world), told(world, "1" * 32)
    third = told(world, "2" * 32)
    decide(world, third, TipAction.DECLINE, answer="重复")
    world.pass_s(2 * 3600 - 1, 600)
    assert world.of("notices") == []
    world.restart()
    for _ in range(3):
        world.pass_s(1200, 600)
        world.restart()
    (notice,) = world.of("notices")
    assert (notice.audience, notice.kind, notice.incident) == ("chief", NoticeKind.TIPS_WAIT, "")
    assert "2 条" in notice.text.zh
    assert "2 小时" in notice.text.zh
    late = told(world, "3" * 32)
    decide(world, first, TipAction.DECLINE, answer="重复")
    world.pass_s(3 * 3600, 600)
    assert ["1 条" in one.text.zh for one in world.of("notices")] == [False, True]
    assert world.said("notice") == 2
    with world.store.read() as unit:
        entries = [one for one in unit.audit.entries() if one.action == "notice"]
        outward = [notification_of(one, unit, world.site) for one in entries]
    assert entries[0].object in (first.id, second.id)
    assert entries[1].object == late.id
    for one in outward:
        assert one is not None
        assert (one.event, one.incident) == ("notice.tips_wait", None)


def test_a_contact_nearby_is_told_where_it_is(
    world_of: Callable[..., World],
) -> None:
    contact = {"id": "cadre", "name": {"zh": "一号", "en": "One"}, "place": THERE.model_dump()}
    world = world_of(contacts=[contact])
    tip = told(world, kind=TipKind.DUMPING)
    decide(world, tip, TipAction.OPEN, kind=Kind.DUMPING, ongoing=True)
    assert world.incident.severity is Severity.MINOR
    (notice,) = [one for one in world.of("notices") if one.audience == "contact"]
    assert "群众举报地点（112.46000, 30.4236" in notice.text.zh


def test_the_rest_of_the_house_names_a_place_without_camera() -> None:
    site = make_site()
    assert place_of("", "", site).zh == "群众举报地点"
    assert name_of(site, By.CAMERA, "").zh == "群众举报（无摄像机）"
    assert name_of(site, By.ZONE, "/").zh == "群众举报（无摄像机）"
