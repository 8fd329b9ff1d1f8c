"""Who is sent, who is told, and what happens when time runs out."""

from collections.abc import Callable
from typing import Any

import pytest

from alerts.roads.cache import open_roads
from core.cases import Notice, NoticeKind, OfficerPosition, OfficerStatus, OrderState
from core.clock import ManualClock
from core.geometry import GeoPoint
from core.messages import NOTICES, Action, Command, OrderReply
from core.seeing import Kind
from core.store.database import Store
from core.value import Text
from tests.alerts.test_roads import CROSSING
from tests.alerts.world import World, camera, make_site, officer, text, zone

MakeWorld = Callable[..., World]
EAST_BANK = {"lon": 112.4650, "lat": 30.4180}
WEST_BANK = {"lon": 112.4551, "lat": 30.4152}
"""The west bank is a kilometre from the east bank, and far from it by road."""


def person(name: str, lon: float, lat: float, **more: Any) -> dict[str, Any]:
    place = {"lon": lon, "lat": lat}
    return {"id": name, "name": text(name), "place": place, "travel": "car", **more}


def notices(world: World, kind: NoticeKind) -> list[Notice]:
    return [one for one in world.of(NOTICES) if one.kind is kind]


def serious(world: World, name: str = "s1", camera: str = "river") -> None:
    world.see(name, camera=camera, cues=("net",))


@pytest.fixture
def by_river(store: Store, clock: ManualClock) -> MakeWorld:
    """A world with the map of the crossing and one camera on the east bank."""

    def make(people: list[dict[str, Any]], *, roads: bool = True, **dispatch: Any) -> World:
        plan = camera("river", zone("shore", Kind.FISHING))
        site = make_site(cameras=[{**plan, "place": EAST_BANK}], officers=people, dispatch=dispatch)
        return World(store, clock, site, roads=open_roads(CROSSING, 300) if roads else None)

    return make


ACROSS = person("across", 112.4578, 30.4152)
"""On the far bank, 700 m off; by road it is over the bridge."""
ROUND = person("round", 112.4650, 30.4290)


def test_the_nearest_is_the_one_with_the_shortest_way(by_river: MakeWorld) -> None:
    world = by_river([person("across", 112.4551, 30.4298), ROUND, person("south", 112.45, 30.411)])
    serious(world)
    (order,) = world.orders
    assert (order.officer, order.reckoned, order.role) == ("round", "road", "lead")
    assert order.distance_m > GeoPoint(lon=112.465, lat=30.429).distance_m(order.place) - 1


def test_the_straight_line_would_have_sent_the_one_across_the_river(by_river: MakeWorld) -> None:
    people = [person("across", 112.4575, 30.4160), person("round", 112.4500, 30.4290)]
    world = by_river(people, roads=False, detour=1.5)
    serious(world)
    (order,) = world.orders
    assert (order.officer, order.reckoned) == ("across", "line")
    assert order.eta_s == pytest.approx(1.5 * order.distance_m / (30 / 3.6))


def test_who_stands_off_the_road_is_reckoned_by_the_line(by_river: MakeWorld) -> None:
    world = by_river([person("afield", 112.4600, 30.4150)])
    serious(world)
    (order,) = world.orders
    assert order.reckoned == "line"


def test_nobody_is_lost_to_a_gap_in_the_map(by_river: MakeWorld) -> None:
    """Behind the bollard no car gets out; nobody else is there, so that one is asked."""
    world = by_river([person("locked-in", 112.4550, 30.4080)])
    serious(world)
    (order,) = world.orders
    assert (order.officer, order.reckoned) == ("locked-in", "line")
    (told,) = notices(world, NoticeKind.BEYOND_CIRCLE)
    assert told.audience == "chief"
    assert told.order == order.id


def test_a_way_round_goes_before_a_way_that_is_not_there(by_river: MakeWorld) -> None:
    people = [person("locked-in", 112.4550, 30.4080), person("far", 112.4500, 30.4290)]
    world = by_river(people)
    serious(world)
    assert world.orders[0].officer == "far"


def test_beyond_the_circle_only_when_nobody_is_within(world_of: MakeWorld) -> None:
    people = [officer("walker", 2000, 4), officer("rider", 9000, 45)]
    world = world_of(officers=people, dispatch={"detour": 1, "circle_minutes": 15})
    serious(world)
    assert world.orders[0].officer == "rider"  # 12 minutes; the walker would take 30
    assert notices(world, NoticeKind.BEYOND_CIRCLE) == []
    world.stand("rider", 9000, OfficerStatus.BUSY)
    serious(world, "s2", camera="silent")
    assert world.orders[-1].officer == "walker"
    (told,) = notices(world, NoticeKind.BEYOND_CIRCLE)
    assert "walker" in told.text.zh
    assert "30" in told.text.zh


def test_what_an_incident_needs(world_of: MakeWorld) -> None:
    needs = [{"kind": "fishing", "cue": "boat", "skills": ["boat"]}, {"skills": ["certificate"]}]
    vehicles = [{"id": "launch", "name": text("艇"), "travel": "boat", "equipment": ["boat"]}]
    people = [
        officer("near", 100),
        {**officer("licensed", 500), "skills": ["certificate"]},
        {**officer("crew", 900), "skills": ["certificate"], "vehicle": "launch"},
        {**officer("mate", 950), "skills": ["certificate"], "vehicle": "launch"},
    ]
    dispatch = {"detour": 1, "needs": needs, "vehicles": vehicles}
    world = world_of(officers=people, dispatch=dispatch)
    serious(world)
    assert world.orders[-1].officer == "licensed"
    world.see("s2", camera="silent", cues=("net", "boat"))
    assert world.orders[-1].officer == "crew"
    # The boat is out with the crew, so the mate has none.
    world.see("s3", zone="bridge", cues=("net", "boat"))
    assert len(world.orders) == 2
    assert len(notices(world, NoticeKind.NOBODY)) == 1


def test_a_contact_is_told_with_the_first_offer_and_once(world_of: MakeWorld) -> None:
    contacts = [officer("grid-1", 2500), officer("grid-2", 400), officer("grid-3", 90_000)]
    contacts = [{k: v for k, v in one.items() if k != "speed_kmh"} for one in contacts]
    contacts[2]["cameras"] = ["lane"]
    world = world_of(contacts=contacts)
    serious(world)
    world.pass_s(61, step_s=31)
    assert len(world.orders) == 2
    (told,) = notices(world, NoticeKind.EARLY_CONTROL)
    assert (told.audience, told.to, told.place) == ("contact", "grid-2", world.incident.place)
    assert "不执法" in told.text.zh
    world.see("s2", camera="lane", zone="verge", kind=Kind.DUMPING, cues=("vehicle",))
    assert notices(world, NoticeKind.EARLY_CONTROL)[-1].to == "grid-3"


def test_late_officers_are_chased_then_the_chief_is_called_once_each(world: World) -> None:
    serious(world)
    world.reply(OrderState.ACKNOWLEDGED)
    world.pass_s(119, step_s=30)
    assert notices(world, NoticeKind.CHASE) == []
    world.pass_s(2)
    (chase,) = notices(world, NoticeKind.CHASE)
    assert (chase.audience, chase.to) == ("officer", "near")
    world.restart()
    world.pass_s(170, step_s=30)
    assert notices(world, NoticeKind.ESCALATED) == []
    world.pass_s(20, step_s=10)
    world.restart()
    world.pass_s(60, step_s=30)
    assert len(notices(world, NoticeKind.CHASE)) == 1
    assert len(notices(world, NoticeKind.ESCALATED)) == 1
    world.reply(OrderState.EN_ROUTE)
    world.pass_s(20 * 1.5 + 121, step_s=30)
    assert len(notices(world, NoticeKind.CHASE)) == 2
    assert world.states()[-1] == "en_route"


def test_a_dead_phone_on_the_way_is_chased_and_replaced(world: World) -> None:
    world.stand("near", 200, OfficerStatus.FREE)
    world.stand("middle", 500, OfficerStatus.FREE)
    serious(world)
    world.reply(OrderState.EN_ROUTE)
    first = world.orders[-1]
    world.pass_s(250, step_s=50)
    world.stand("middle", 500, OfficerStatus.FREE)
    world.pass_s(60, step_s=20)
    assert any(one.id.endswith("silent:chase") for one in notices(world, NoticeKind.CHASE))
    world.pass_s(180, step_s=20)
    world.stand("middle", 500, OfficerStatus.FREE)
    assert world.order_state(first.id) is OrderState.EXPIRED
    assert world.orders[-1].officer == "middle"
    assert world.states()[-1] == "dispatched"
    assert any(one.order == first.id for one in notices(world, NoticeKind.ESCALATED))
    # The phone wakes up with what it wanted to say: too late, and it is written down.
    world.reply(OrderState.ON_SCENE, order=first)
    assert world.said("order.reply_late") == 1
    assert world.states()[-1] == "dispatched"


def test_a_silent_phone_is_asked_only_when_no_other_is_free(world: World) -> None:
    world.stand("near", 200, OfficerStatus.FREE)
    world.pass_s(301, step_s=60)
    serious(world)
    assert world.orders[-1].officer == "middle"
    world.see("s2", camera="silent", cues=("net",))
    world.see("s3", zone="bridge", cues=("net",))
    assert [one.officer for one in world.orders] == ["middle", "far", "near"]


def test_nobody_takes_it_on(world: World) -> None:
    serious(world)
    world.pass_s(175, step_s=25)
    assert notices(world, NoticeKind.ESCALATED) == []
    world.pass_s(600, step_s=30)
    (told,) = notices(world, NoticeKind.ESCALATED)
    assert told.audience == "chief"
    assert len(world.orders) > 6


def test_who_becomes_free_is_given_what_has_waited_longest(world_of: MakeWorld) -> None:
    world = world_of(officers=[officer("only", 200)])
    world.stand("only", 200, OfficerStatus.OFF)
    names = [("river", "shore"), ("river", "bridge"), ("silent", "shore")]
    for number, (lens, ground) in enumerate(names):
        world.see(f"s{number}", camera=lens, zone=ground, cues=("net",))
        world.clock.advance(1)
    oldest = min(world.incidents, key=lambda one: one.started_ns)
    world.stand("only", 200, OfficerStatus.FREE)
    world.pass_s(1)
    (order,) = world.orders
    assert order.incident == oldest.id


def test_support_comes_beside_the_first_officer(world: World) -> None:
    serious(world)
    world.reply(OrderState.ON_SCENE)
    lead = world.orders[-1]
    wanted = OrderReply(
        id="r-support",
        order=lead.id,
        officer=lead.officer,
        state=OrderState.ON_SCENE,
        at_ns=world.clock.utc_ns(),
        note=Text.same("three of them"),
        support=True,
    )
    for _ in range(2):
        world.desk.on_order_reply(wanted)
    helper = world.orders[-1]
    assert (helper.officer, helper.role) == ("middle", "support")
    assert world.incident.support == 1
    # What the helper answers moves the helper's own order alone.
    world.reply(OrderState.ACKNOWLEDGED, order=helper)
    assert world.states()[-1] == "on_scene"
    world.reply(OrderState.RETURNED, order=helper)
    assert world.orders[-1].officer == "far"
    world.reply(OrderState.HANDLED, "done", order=lead)
    assert world.order_state(world.orders[-1].id) is OrderState.CANCELLED
    assert world.states()[-1] == "handled"


def test_support_waits_until_somebody_is_free(world_of: MakeWorld) -> None:
    world = world_of(officers=[officer("near", 200), officer("middle", 500)])
    world.stand("middle", 500, OfficerStatus.OFF)
    assert world.command(Action.SUPPORT, incident="inc-none") is not None
    serious(world)
    assert world.command(Action.SUPPORT) is None
    assert len(world.orders) == 1
    (told,) = notices(world, NoticeKind.NOBODY)
    world.stand("middle", 500, OfficerStatus.FREE)
    world.pass_s(2)
    assert [one.role for one in world.orders] == ["lead", "support"]
    assert told.text.zh == "没有可增援的队员，稍后再派"


def test_two_dispatchers_at_once_one_wins_and_the_other_is_told(world: World) -> None:
    world.see("s1", camera="asked", cues=("net",))
    seen = world.incident.version
    for user, name in (("li", "far"), ("wang", "middle")):
        world.desk.on_command(
            Command(
                id=f"cmd-{user}",
                incident=world.incident.id,
                action=Action.DISPATCH,
                user=user,
                at_ns=world.clock.utc_ns(),
                officer=name,
                seen=seen,
            )
        )
    assert [one.officer for one in world.orders] == ["far"]
    (told,) = notices(world, NoticeKind.REFUSED)
    assert (told.to, told.audience) == ("wang", "user")
    assert "别人已先处置" in told.text.zh


def test_transfer_names_the_department_and_the_papers(world: World) -> None:
    world.see("s1", camera="asked")
    command = Command(
        id="c1",
        incident=world.incident.id,
        action=Action.TRANSFER,
        user="zhou",
        at_ns=world.clock.utc_ns(),
        reason="not on the township's list",
    )
    assert world.desk.on_command(command) is not None
    paper = command.model_copy(update={"id": "c2", "to": "水利局", "documents": ("case file 12",)})
    assert world.desk.on_command(paper) is None
    assert world.states()[-1] == "transferred"
    assert world.incident.transfer is not None
    assert world.incident.transfer.to == "水利局"
    assert world.command(Action.REOPEN) is not None
    assert world.command(Action.REOPEN, "sent back") is None
    assert "reopened" in world.states()


def test_a_late_position_of_a_stranger_changes_nothing(world: World) -> None:
    place = GeoPoint(lon=1, lat=1)
    now_ns = world.clock.utc_ns()
    world.desk.on_position(
        OfficerPosition(officer="unknown", at_ns=now_ns, place=place, status=OfficerStatus.FREE)
    )
    serious(world)
    assert world.orders[0].officer == "near"
