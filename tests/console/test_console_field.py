"""Officers' phones: whose orders, once and in order, on duty only."""

from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from console.accounts import create_user
from console.errors import ConsoleError
from console.field.alarms import WITHDRAW_NS
from console.field.track import SLACK_NS
from core.cases import IncidentState, OfficerPosition, OfficerStatus, OrderState
from core.clock import NS_PER_S, iso
from core.geometry import Box
from core.messages import POSITIONS
from core.seeing import Kind, Phase, Sighting, Why
from core.store.unit import Home
from core.store.users import Role
from core.value import NO_WORDS
from tests.console import fake_field
from tests.console.conftest import Desk

FIELD = "/api/v1/field"
HERE = {"lon": 120.6131, "lat": 30.4616, "accuracy_m": 8.0}


@dataclass
class Phone:
    """One officer's phone, with a clock that may be wrong."""

    desk: Desk
    client: TestClient
    off_s: float = 0.0
    made: int = 0

    def stamp(self, ago_s: float = 0.0) -> dict[str, str]:
        now_ns = self.desk.clock.utc_ns() + round(self.off_s * NS_PER_S)
        return {"at": iso(now_ns - round(ago_s * NS_PER_S)), "sent": iso(now_ns)}

    def act(self, did: str, ago_s: float = 0.0, **more: Any) -> Any:
        self.made += 1
        body = {"id": f"act-{did.replace('_', '-')}-{self.made:04d}", "did": did}
        return self.client.post(f"{FIELD}/acts", json={**body, **self.stamp(ago_s), **more})

    def points(self, *ago_s: float) -> Any:
        stamp = self.stamp()
        points = []
        for ago in ago_s:
            self.made += 1
            at = self.stamp(ago)["at"]
            points.append({"id": f"point-{self.made:06d}", "at": at, **HERE})
        body = {"sent": stamp["sent"], "points": points}
        return self.client.post(f"{FIELD}/positions", json=body)

    def state(self) -> Any:
        answer = self.client.get(f"{FIELD}/state")
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
def alerts(desk: Desk) -> fake_field.Alerts:
    return fake_field.equip(desk.services)


@pytest.fixture
def phone(desk: Desk, alerts: fake_field.Alerts) -> Phone:
    return Phone(desk, desk.sign_in("officer-1"))


def _positions(alerts: fake_field.Alerts) -> list[OfficerPosition]:
    return [m for s, m in alerts.sent if s == POSITIONS and isinstance(m, OfficerPosition)]


def test_an_officer_sees_own_orders_and_nothing_else_of_the_house(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    state = phone.state()
    assert [one["id"] for one in state["orders"]] == [order.id]
    assert state["orders"][0]["incident"]["camera"] == {"zh": "集市东口", "en": "Market east gate"}
    assert {one["role"] for one in state["orders"][0]["evidence"]} == {"clip", "snapshot"}

    for path in ("/site", "/incidents", "/officers", "/evidence/ev-inc-river-1-clip/file",
                 "/events", "/cameras", "/health", "/recordings", "/films", "/alarms"):  # fmt: skip
        assert phone.client.get(f"/api/v1{path}").status_code in (403, 404), path
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        phone.client.websocket_connect("ws://desk.test/api/v1/live/river"),
    ):
        pass
    assert refused.value.status_code == 403

    other = desk.sign_in("officer-2")
    assert other.get(f"{FIELD}/state").json()["orders"] == []
    theirs = {"id": "act-of-another", "did": "acknowledged", "order": order.id, **phone.stamp()}
    assert other.post(f"{FIELD}/acts", json=theirs).status_code == 404
    assert alerts.order(order.id).state is OrderState.OFFERED
    assert desk.sign_in("monitor").get(f"{FIELD}/state").status_code == 403


def test_pictures_of_the_act_are_shown_while_the_order_is_the_officers(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    urls = {one["role"]: one["url"] for one in phone.state()["orders"][0]["evidence"]}
    assert phone.client.get(urls["snapshot"]).headers["content-type"] == "image/jpeg"
    assert desk.audit("evidence.view")[-1].actor == "officer-1"
    other = urls["snapshot"].replace("inc-market-1-snapshot", "inc-river-1-snapshot")
    assert phone.client.get(other).status_code == 404, "evidence of another incident"
    assert phone.act("returned", order=order.id, words="车坏了").status_code == 200
    assert phone.client.get(urls["snapshot"]).status_code == 404
    (gone,) = phone.state()["orders"]
    assert (gone["state"], gone["place"], gone["evidence"]) == ("returned", None, [])


def test_an_act_sent_many_times_happens_once(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    body = {"id": "act-acknowledged-1", "did": "acknowledged", "order": order.id, "fix": HERE,
            **phone.stamp()}  # fmt: skip
    answers = [phone.client.post(f"{FIELD}/acts", json=body).json() for _ in range(3)]
    assert answers == [answers[0]] * 3
    assert answers[0]["order_state"] == "acknowledged"
    assert [one.state for one in alerts.replies()] == [OrderState.ACKNOWLEDGED]
    assert len(desk.audit("field.acknowledged")) == 1
    with desk.services.store.read() as unit:
        assert unit.incidents.get(order.incident).state is IncidentState.ACKNOWLEDGED  # type: ignore[union-attr]  # it is there


def test_an_act_that_the_bus_did_not_take_is_handed_over_when_it_comes_again(
    alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    body = {"id": "act-acknowledged-1", "did": "acknowledged", "order": order.id, **phone.stamp()}
    alerts.broken = True
    assert phone.client.post(f"{FIELD}/acts", json=body).status_code == 503
    alerts.broken = False
    assert phone.client.post(f"{FIELD}/acts", json=body).status_code == 200
    assert alerts.order(order.id).state is OrderState.ACKNOWLEDGED
    assert len(alerts.replies()) == 1


def test_the_whole_way_to_a_result(desk: Desk, alerts: fake_field.Alerts, phone: Phone) -> None:
    order = alerts.offer("officer-1")
    for did in ("acknowledged", "en_route", "on_scene"):
        desk.clock.advance(60)
        assert phone.act(did, order=order.id).json()["outcome"] == "taken"
    assert phone.act("support", order=order.id, words="人多").json()["order_state"] == "on_scene"
    assert [one.support for one in alerts.replies()] == [False, False, False, True]
    assert phone.act("handled", order=order.id).status_code == 422, "a result has words"
    assert phone.act("handled", order=order.id, words="已劝离").status_code == 200
    done = alerts.order(order.id)
    assert (done.state, done.result.zh) == (OrderState.HANDLED, "已劝离")
    assert [one.object for one in desk.audit("field.support")] == [order.incident]


def test_an_order_taken_away_meanwhile_is_answered_plainly_and_the_act_is_kept(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    desk.clock.advance(3600)
    alerts.desk.tick()  # not acknowledged in time
    assert alerts.order(order.id).state is OrderState.EXPIRED
    answer = phone.act("on_scene", ago_s=600, order=order.id).json()
    assert (answer["outcome"], answer["order_state"]) == ("late", "expired")
    assert alerts.order(order.id).state is OrderState.EXPIRED
    entry = desk.audit("field.on_scene")[0]
    assert (entry.object, entry.detail["outcome"]) == (order.incident, "late")


def test_places_are_kept_on_duty_only_each_once(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    assert phone.points(0).json() == {"taken": 0, "refused": 1}
    assert _positions(alerts) == []
    assert phone.act("duty_on", fix=HERE).status_code == 200
    assert phone.state()["duty"] is True
    assert _positions(alerts)[-1].status is OfficerStatus.FREE
    assert _positions(alerts)[-1].accuracy_m == 8.0
    desk.clock.advance(3600)
    assert phone.points(3000, 1500, 1).json() == {"taken": 3, "refused": 0}
    assert len(_positions(alerts)) == 2, "only the newest is shown"
    assert phone.points(2 * SLACK_NS / NS_PER_S + 3600).json()["refused"] == 1
    phone.made -= 4
    assert phone.points(3000, 1500, 1).json()["taken"] == 3
    with desk.services.store.read() as unit:
        assert len(unit.field_track.find()) == 3
    assert phone.act("duty_off", fix=HERE).status_code == 200
    last = _positions(alerts)[-1]
    post = desk.services.site.officer("officer-1")
    assert post is not None
    assert (last.status, last.place) == (OfficerStatus.OFF, post.place), "no measured place"
    desk.clock.advance(2 * SLACK_NS / NS_PER_S)
    assert phone.points(0).json() == {"taken": 0, "refused": 1}
    assert phone.points(SLACK_NS / NS_PER_S * 3).json()["taken"] == 1, "a place of then, late"
    assert _positions(alerts)[-1] == last


def test_a_phone_with_a_wrong_clock_is_corrected(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    phone.off_s = -7200
    order = alerts.offer("officer-1")
    desk.clock.advance(40)
    phone.act("acknowledged", ago_s=30, order=order.id)
    with desk.services.store.read() as unit:
        (act,) = unit.field_acts.find()
    assert desk.clock.utc_ns() - act.at_ns == 30 * NS_PER_S
    assert act.at_ns - act.phone_ns == 7200 * NS_PER_S
    for at in ("0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "yesterday"):
        body = {"id": "act-of-long-ago", "did": "duty_on", "at": at, "sent": phone.stamp()["sent"]}
        assert phone.client.post(f"{FIELD}/acts", json=body).status_code == 422, at


def test_the_desk_sees_who_is_on_duty_and_who_is_silent(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    viewer = desk.sign_in("viewer")

    def shown() -> Any:
        return {one["officer"]: one for one in viewer.get("/api/v1/officers").json()}

    before = shown()["officer-1"]
    assert (before["status"], before["by"], before["since"]) == ("off", "phone", None)
    assert shown()["officer-4"]["by"] == "roster", "no account, no phone"
    phone.act("duty_on", fix=HERE)
    assert (shown()["officer-1"]["status"], shown()["officer-1"]["silent"]) == ("free", False)
    desk.clock.advance(desk.services.site.dispatch.patience.silent_s + 1)
    assert shown()["officer-1"]["silent"]
    alerts.offer("officer-1")
    assert shown()["officer-1"]["status"] == "free"
    order = phone.state()["orders"][0]
    phone.act("acknowledged", order=order["id"])
    assert shown()["officer-1"]["status"] == "busy"
    phone.act("duty_off")
    after = shown()["officer-1"]
    assert (after["status"], after["silent"], after["since"]) == (
        *("off", False),
        iso(desk.clock.utc_ns()),
    )


def test_a_reminder_stands_on_the_order_until_it_is_answered(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    phone.act("acknowledged", order=order.id)
    assert phone.state()["orders"][0]["chased"] is None
    desk.clock.advance(desk.services.site.dispatch.patience.depart_s + 1)
    alerts.desk.tick()
    assert phone.state()["orders"][0]["chased"]["zh"]
    phone.act("en_route", order=order.id)
    assert phone.state()["orders"][0]["chased"] is None


def test_a_corrected_place_stands_on_the_order(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    order = alerts.offer("officer-1")
    (before,) = phone.state()["orders"]
    assert before["corrected"] is None
    seen = Sighting(
        id="s1", camera="market", zone="passage", kind=Kind.OCCUPATION, phase=Phase.FIRED,
        started_ns=desk.clock.utc_ns(), fired_ns=desk.clock.utc_ns(), last_ns=desk.clock.utc_ns(),
        box=Box(0, 0, 1, 1), why=Why(text=NO_WORDS), place_error_m=5,
        place=order.place.model_copy(update={"lat": order.place.lat + 0.0006}),
    )  # fmt: skip
    with desk.services.store.begin() as unit:
        unit.sightings.put(seen)
        unit.homes.put(Home(sighting="s1", incident=order.incident))
    later_ns = seen.last_ns + NS_PER_S
    went_on = seen.model_copy(update={"phase": Phase.CONTINUES, "last_ns": later_ns})
    alerts.desk.on_sighting(went_on)
    (after,) = phone.state()["orders"]
    assert round(after["corrected"]["moved_m"]) == 67
    assert after["place"] != before["place"]
    phone.act("returned", order=order.id, words="路不通")
    (after,) = phone.state()["orders"]
    assert (after["place"], after["corrected"]) == (None, None)


def test_an_alarm_is_on_every_desk_until_somebody_answers(desk: Desk, phone: Phone) -> None:
    body = {"id": "alarm-00001", "fix": HERE, **phone.stamp()}
    for _ in range(2):  # it may overtake the beginning of duty
        assert phone.client.post(f"{FIELD}/alarms", json=body).status_code == 200
    assert len(desk.audit("alarm.raised")) == 1
    viewer, monitor = desk.sign_in("viewer"), desk.sign_in("monitor")
    (seen,) = viewer.get("/api/v1/alarms").json()
    assert (seen["officer"], seen["accuracy_m"]) == ("officer-1", 8.0)
    take = "/api/v1/alarms/alarm-00001/acknowledge"
    assert viewer.post(take, json={}).status_code == 403

    withdraw = f"{FIELD}/alarms/alarm-00001/withdraw"
    assert phone.client.post(withdraw, json=phone.stamp()).json()["state"] == "withdrawn"
    assert len(viewer.get("/api/v1/alarms").json()) == 1, "the desk must still look"
    assert monitor.post(take, json={"words": "已联系"}).json()["state"] == "acknowledged"
    assert monitor.post(take, json={}).status_code == 200
    assert viewer.get("/api/v1/alarms").json() == []
    assert [one.actor for one in desk.audit("alarm.acknowledged")] == ["monitor"]

    phone.client.post(f"{FIELD}/alarms", json={**body, "id": "alarm-00002"})
    desk.clock.advance(WITHDRAW_NS / NS_PER_S + 1)
    late = phone.client.post(f"{FIELD}/alarms/alarm-00002/withdraw", json=phone.stamp())
    assert late.status_code == 409


def test_the_desk_signs_a_lost_phone_out(
    desk: Desk, alerts: fake_field.Alerts, phone: Phone
) -> None:
    path = "/api/v1/officers/officer-1/sign-out"
    assert phone.client.post(path, json={"reason": "x" * 5}).status_code == 403
    done = desk.sign_in("monitor").post(path, json={"reason": "手机丢失"})
    assert done.json() == {"accounts": ["officer-1"]}
    assert phone.client.get(f"{FIELD}/state").status_code == 401
    assert desk.sign_in("officer-1").get(f"{FIELD}/state").status_code == 200
    assert desk.audit("session.revoked")[0].reason == "手机丢失"


def test_an_officers_account_needs_an_officer(desk: Desk) -> None:
    with pytest.raises(ConsoleError, match="name the officer"):
        create_user(desk.services.store, "nobody", "long-enough", Role.OFFICER, desk.clock)


def test_only_the_field_page_may_use_camera_microphone_and_place(desk: Desk) -> None:
    pages = desk.services.web_root
    (pages / "field.html").write_text("<!doctype html><title>队员</title>", encoding="utf-8")
    client = desk.new_client()
    field, wall = client.get("/field"), client.get("/")
    assert "队员" in field.text
    assert "geolocation=(self)" in field.headers["permissions-policy"]
    assert "geolocation=()" in wall.headers["permissions-policy"]
    assert field.headers["content-security-policy"] == wall.headers["content-security-policy"]
    assert "unsafe" not in field.headers["content-security-policy"]
