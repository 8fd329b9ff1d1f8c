"""What may go wrong on the way: loudspeakers, officers, analysts, and the desk itself."""

from collections.abc import Callable
from typing import Any

import pytest

from core.cases import IncidentState, OfficerStatus, OrderState
from core.clock import ManualClock
from core.config.site import Site
from core.messages import ANNOUNCEMENTS, EVIDENCE_WANTED, ORDERS, Action
from core.seeing import Kind, Phase
from core.store.database import Store
from core.wording import Wording
from tests.alerts.world import START_NS, World, camera, make_site, zone

CONTINUES, ENDED = Phase.CONTINUES, Phase.ENDED
MakeWorld = Callable[..., World]


# loudspeakers


def test_a_broken_loudspeaker_sends_an_officer(world: World) -> None:
    world.see("s1")
    world.speak(ok=False, error="RTSP 503")
    assert world.states() == ["detected", "warning", "dispatched"]
    assert world.incident.history[-1].reason.zh == "喊话失败：RTSP 503"
    world.pass_s(30)
    assert len(world.announcements) == 1


def test_no_receipt_sends_an_officer(world: World) -> None:
    world.see("s1")
    world.pass_s(60)
    assert world.states()[-1] == "warning"
    world.pass_s(3)
    assert world.states()[-1] == "dispatched"
    assert world.incident.history[-1].reason.zh == "喊话60秒内没有回执"
    world.speak()  # the receipt comes after all
    assert world.states()[-1] == "dispatched"
    assert world.said("announcement.receipt") == 1


def test_a_thousand_older_incidents_that_wait_keep_no_one_waiting(world: World) -> None:
    world.see("s1")
    late = world.incident
    with world.store.begin() as unit:
        for n in range(1000):  # before it in any order, and with nothing to be done
            still = {"id": f"a{n:04}", "state": IncidentState.ON_SCENE, "started_ns": 0}
            unit.incidents.put(late.model_copy(update=still))
    world.clock.advance(63)
    world.desk.tick()
    with world.store.read() as unit:
        found = unit.incidents.get(late.id)
    assert found is not None
    assert found.state is IncidentState.DISPATCHED


def test_no_loudspeaker_sends_an_officer(world: World) -> None:
    world.see("s1", camera="silent")
    assert world.states() == ["detected", "dispatched"]
    assert world.incident.history[-1].reason.zh == "该点位没有喇叭"


def test_quiet_hours_send_an_officer(world_of: MakeWorld) -> None:
    world = world_of(warnings={"quiet_hours": {"start": "09:00", "end": "11:00"}})
    world.see("s1")
    assert world.states() == ["detected", "dispatched"]
    assert world.announcements == []


def test_no_attempts_wanted_means_an_officer_at_once(world_of: MakeWorld) -> None:
    world = world_of(warnings={"attempts_before_dispatch": 0})
    world.see("s1")
    assert world.states() == ["detected", "dispatched"]


def test_max_repeats_limits_the_attempts(world_of: MakeWorld) -> None:
    world = world_of(warnings={"attempts_before_dispatch": 5, "max_repeats": 3})
    world.see("s1")
    for _ in range(12):
        if len(world.of(ANNOUNCEMENTS)) > world.said("announcement.receipt"):
            world.speak()
        world.pass_s(8)
        world.see("s1", CONTINUES, fired_s=14)
    assert len(world.announcements) == 3
    assert world.states()[-2:] == ["persisting", "dispatched"]


def test_two_zones_share_one_loudspeaker(world: World) -> None:
    world.see("s1", zone="shore")
    world.see("s2", zone="bridge")
    assert len(world.announcements) == 1
    world.speak()
    world.pass_s(11)
    assert len(world.announcements) == 1
    world.pass_s(2)
    assert len(world.announcements) == 2
    assert {one.state for one in world.incidents} == {IncidentState.WARNING}


def test_two_cameras_may_share_one_loudspeaker(world_of: MakeWorld) -> None:
    shared = {"driver": "onvif", "url": "rtsp://127.0.0.1/pole"}
    cameras = [camera(name, zone("shore", Kind.FISHING)) for name in ("river", "weir")]
    world = world_of(cameras=[{**one, "speaker": shared} for one in cameras])
    world.see("s1", camera="river")
    world.see("s2", camera="weir")
    assert [one.camera for one in world.announcements] == ["river"]
    world.speak()
    world.pass_s(13)
    assert [one.camera for one in world.announcements] == ["river", "weir"]


def test_a_long_cooldown_delays_the_second_warning(world_of: MakeWorld) -> None:
    world = world_of(warnings={"cooldown_s": 40})
    world.see("s1")
    world.speak()
    for _ in range(8):
        world.pass_s(5)
        world.see("s1", CONTINUES, fired_s=5)
        assert len(world.announcements) == 1
    world.pass_s(3)
    world.see("s1", CONTINUES, fired_s=41)
    assert len(world.announcements) == 2


# compliance


def test_nobody_persists_before_the_deadline(world: World) -> None:
    world.see("s1")
    world.speak()
    world.pass_s(14.5)
    world.see("s1", CONTINUES, fired_s=20)
    assert len(world.announcements) == 1
    world.pass_s(0.6)
    world.see("s1", CONTINUES, fired_s=21)
    assert len(world.announcements) == 2


def test_a_late_message_about_an_early_frame_does_not_count(world: World) -> None:
    """Frame time decides, not when the desk hears of it."""
    world.see("s1")
    world.speak()
    world.pass_s(10)
    early = world.clock.utc_ns()
    world.pass_s(10)
    late = world.clock
    world.clock = ManualClock(early)
    world.see("s1", CONTINUES, fired_s=16)
    world.clock = late
    assert len(world.announcements) == 1


def test_left_before_the_warning_sounded(world: World) -> None:
    world.see("s1")
    world.clock.advance(2)
    world.see("s1", ENDED, fired_s=2)
    assert world.states() == ["detected", "warning", "complied"]
    assert world.incident.history[-1].reason.zh == "喊话前自行离开"
    world.speak()
    assert world.states()[-1] == "complied"
    world.seal(world.wanted[-1])
    assert world.states()[-1] == "closed"


def test_lost_from_view_is_not_said_to_have_left(world: World) -> None:
    world.see("s1")
    world.speak()
    world.see("s1", ENDED, fired_s=8, how="lost")
    last = world.incident.history[-1]
    assert last.state == "complied"
    assert last.reason.en == "lost from view after warning 1"
    assert last.reason.zh == "第1次喊话后从画面中消失"


def test_silence_of_the_analyst_is_not_compliance(world: World) -> None:
    world.see("s1")
    world.speak()
    world.pass_s(600, step_s=5)
    assert world.states() == ["detected", "warning"]
    assert world.said("incident.unseen") == 1
    world.see("s1", CONTINUES, fired_s=606)  # the analyst is back
    assert len(world.announcements) == 2


def test_an_incident_closes_without_evidence_in_the_end_and_says_so(world: World) -> None:
    world.see("s1")
    world.speak()
    world.see("s1", ENDED, fired_s=6)
    world.pass_s(69)
    assert world.states()[-1] == "complied"
    world.pass_s(2)
    assert world.states()[-1] == "closed"
    assert "未收到" in world.incident.history[-1].reason.zh


# zones that wait for a person, or do nothing


def test_a_zone_may_ask_for_confirmation(world: World) -> None:
    world.see("s1", camera="asked")
    world.pass_s(5)
    assert world.states() == ["detected"]
    assert len(world.wanted) == 1
    assert world.command(Action.CONFIRM) is None
    assert world.states() == ["detected", "confirmed", "warning"]


def test_a_zone_may_be_off(world: World) -> None:
    world.see("s1", camera="idle")
    world.pass_s(5)
    world.see("s1", CONTINUES, camera="idle", fired_s=5)
    world.see("s1", ENDED, camera="idle", fired_s=5)
    assert world.states() == ["detected"]
    assert not world.incident.active
    assert len(world.wanted) == 1


def test_a_camera_that_is_not_configured_waits_for_a_person(world: World) -> None:
    world.see("s1", camera="removed")
    assert world.states() == ["detected"]
    assert world.command(Action.DISPATCH) is None
    assert world.orders[0].place == world.site.centre


def test_an_incident_goes_on_when_its_camera_is_removed(world: World) -> None:
    world.see("s1")
    assert world.states() == ["detected", "warning"]
    rest = tuple(one for one in world.site.cameras if one.id != "river")
    without = world.site.model_copy(update={"cameras": rest})
    world.desk.use(without, lambda _u, _i, camera, *_: Wording.plain(camera.id))
    world.speak(ok=False, error="no camera 'river' is configured")
    world.see("s1", CONTINUES, fired_s=1)
    world.pass_s(5)
    assert world.command(Action.WARN) is not None
    assert world.command(Action.DISPATCH) is None
    assert world.orders[0].place == world.incident.place
    world.reply(OrderState.ACKNOWLEDGED)
    world.desk.use(world.site, lambda _u, _i, camera, *_: Wording.plain(f"again at {camera.id}"))
    world.see("s2", camera="lane", zone="verge", kind=Kind.DUMPING)
    assert world.announcements[-1].text == "again at lane"


# officers


def test_an_officer_who_does_not_answer_is_replaced(world: World) -> None:
    world.see("s1", cues=("net",))
    world.pass_s(61)
    assert [one.officer for one in world.orders] == ["near", "middle"]
    assert world.order_state(world.orders[0].id) is OrderState.EXPIRED
    off = world.of(ORDERS)[1]
    assert (off.id, off.state) == (world.orders[0].id, OrderState.EXPIRED)
    world.reply(OrderState.ACKNOWLEDGED, order=world.orders[0])
    assert world.states() == ["detected", "dispatched"]
    assert world.said("order.reply_late") == 1
    world.reply(OrderState.ACKNOWLEDGED)
    assert world.states()[-1] == "acknowledged"


def test_an_order_given_back_goes_to_the_next(world: World) -> None:
    world.see("s1", cues=("net",))
    world.reply(OrderState.ACKNOWLEDGED)
    world.reply(OrderState.EN_ROUTE)
    world.reply(OrderState.RETURNED, "车坏了")
    assert world.states()[-2:] == ["en_route", "dispatched"]
    assert world.incident.history[-1].reason.zh == "near 退回：车坏了"
    assert world.orders[-1].officer == "middle"


def test_nobody_free_is_said_once_and_tried_again(world: World) -> None:
    for name in ("near", "middle", "far"):
        world.stand(name, 300, OfficerStatus.OFF)
    world.see("s1", cues=("net",))
    world.pass_s(20)
    assert world.states() == ["detected"]
    assert world.said("dispatch.waits") == 1
    world.stand("far", 900, OfficerStatus.FREE)
    world.pass_s(1)
    assert world.orders[-1].officer == "far"
    assert world.states() == ["detected", "dispatched"]


def test_everybody_refused_is_not_the_end(world: World) -> None:
    world.see("s1", cues=("net",))
    for _ in range(3):
        world.reply(OrderState.RETURNED, "走不开")
    assert world.states() == ["detected", "dispatched"]
    world.pass_s(62)
    assert [one.officer for one in world.orders] == ["near", "middle", "far", "near"]


def test_one_officer_has_one_order(world: World) -> None:
    world.see("s1", cues=("net",), zone="shore")
    world.see("s2", cues=("net",), zone="bridge")
    assert {one.officer for one in world.orders} == {"near", "middle"}


def test_the_last_position_counts_and_an_old_report_does_not(world: World) -> None:
    world.clock.advance(10)
    world.stand("far", 50, OfficerStatus.FREE)
    world.clock.advance(-5)
    world.stand("far", 5000, OfficerStatus.OFF)
    world.clock.advance(10)
    world.see("s1", cues=("net",))
    assert world.orders[0].officer == "far"
    assert world.orders[0].distance_m == pytest.approx(50, rel=1e-3)


def test_speed_counts_not_distance_alone(world_of: MakeWorld) -> None:
    officers: list[dict[str, Any]] = [one.model_dump(mode="json") for one in make_site().officers]
    for one in officers:
        one["speed_kmh"] = 140 if one["id"] == "far" else 5
    world = world_of(officers=officers)
    world.see("s1", cues=("net",))
    assert world.orders[0].officer == "far"


def test_lost_replies_are_implied_by_the_next(world: World) -> None:
    world.see("s1", cues=("net",))
    world.reply(OrderState.ON_SCENE)
    assert world.states()[-3:] == ["acknowledged", "en_route", "on_scene"]
    world.reply(OrderState.ACKNOWLEDGED)  # overtaken
    assert world.states()[-1] == "on_scene"


def test_handled_is_checked_only_when_the_act_is_over(world: World) -> None:
    where = {"camera": "market", "zone": "passage", "kind": Kind.OCCUPATION}
    world.see("s1", **where)
    world.command(Action.DISPATCH)
    world.reply(OrderState.HANDLED, "已劝离")
    for _ in range(20):
        world.pass_s(10, step_s=5)
        world.see("s1", CONTINUES, fired_s=200, **where)
        assert world.states()[-1] == "handled"
    assert world.said("incident.still_there") == 1
    world.see("s1", ENDED, fired_s=200, **where)
    assert world.states()[-1] == "checked"


def test_a_serious_act_that_ends_still_gets_its_officer(world: World) -> None:
    world.see("s1", camera="lane", zone="verge", kind=Kind.DUMPING, cues=("vehicle",))
    world.see("s1", ENDED, camera="lane", zone="verge", kind=Kind.DUMPING)
    assert world.states()[-1] == "dispatched"
    world.reply(OrderState.HANDLED)
    assert world.states()[-2:] == ["handled", "checked"]


# the desk itself


def test_messages_kept_back_by_a_crash_are_sent_by_the_next_desk(world: World) -> None:
    world.broken = True
    world.see("s1")
    world.see("s2", camera="lane", zone="verge", kind=Kind.DUMPING, cues=("vehicle",))
    assert world.sent == []
    world.broken = False
    world.restart()
    streams = [stream for stream, _ in world.sent if stream != "incidents"]
    assert streams == [EVIDENCE_WANTED, ANNOUNCEMENTS, EVIDENCE_WANTED, ORDERS]
    world.sent.clear()
    world.restart()
    assert {stream for stream, _ in world.sent} == {"incidents"}


def test_what_was_settled_meanwhile_is_not_sent_again(world: World) -> None:
    world.broken = True
    world.see("s1")
    world.clock.advance(100)
    world.broken = False
    world.restart()
    assert world.announcements == []
    assert len(world.wanted) == 1


def test_a_broken_bus_delays_but_keeps_the_order(world: World) -> None:
    world.broken = True
    world.see("s1")
    world.broken = False
    world.pass_s(1)
    assert [stream for stream, _ in world.sent] == [EVIDENCE_WANTED, ANNOUNCEMENTS, "incidents"]


def test_an_answer_from_within_send_does_not_stop_the_desk(
    store: Store, clock: ManualClock
) -> None:
    class Instant(World):
        def _send(self, stream: str, message: Any) -> None:
            super()._send(stream, message)
            if stream == ANNOUNCEMENTS:
                self.speak(seconds=0)
            elif stream == EVIDENCE_WANTED:
                self.seal(message)

    world = Instant(store, clock, make_site())
    world.see("s1")
    world.see("s1", ENDED)
    assert world.states() == ["detected", "warning", "complied", "closed"]


def test_a_handler_that_fails_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> str:
        raise RuntimeError("no words")

    words = world.desk._words
    monkeypatch.setattr(world.desk, "_words", fail)
    with pytest.raises(RuntimeError):
        world.see("s1")
    assert world.incidents == []
    assert world.sent == []
    monkeypatch.setattr(world.desk, "_words", words)
    world.see("s1")  # the message comes again
    assert world.states() == ["detected", "warning"]


def test_one_bad_incident_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("near", "middle", "far"):
        world.stand(name, 300, OfficerStatus.OFF)
    world.see("s1", cues=("net",), zone="shore")
    world.see("s2", cues=("net",), zone="bridge")
    bad = min(one.id for one in world.incidents)
    look_after = world.desk._look_after

    def fail_once(work: Any, incident: Any) -> None:
        if incident.id == bad:
            raise RuntimeError("defect")
        look_after(work, incident)

    monkeypatch.setattr(world.desk, "_look_after", fail_once)
    world.stand("near", 200, OfficerStatus.FREE)
    world.pass_s(1)
    assert [one.incident for one in world.orders] == [
        one.id for one in world.incidents if one.id != bad
    ]


def test_ids_are_the_same_in_every_run(store: Store, clock: ManualClock) -> None:
    site: Site = make_site()
    world = World(store, clock, site)
    world.see("s1")
    assert clock.utc_ns() == START_NS
    assert world.announcements[0].id == f"{world.incident.id}-warn1"
    assert world.incident.id == "inc-" + "e8bc163c82"
