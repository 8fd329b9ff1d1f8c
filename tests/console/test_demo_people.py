"""The demo's officers and reviewers, over HTTP, against the real console and the real desk."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.cases import IncidentState, Order, OrderState, StateChange
from core.presence import duty_by_phone
from core.tips import Tip
from sim.on_duty import OfficerOnDuty
from sim.phone import Phone
from tests.console import fake_field
from tests.console.conftest import Desk
from tests.console.fake_services import PASSWORD
from tests.console.test_console_casefiles import FakeCaseFiles
from wardwatch.demo_case import ACCOUNTS, CHIEF, LEGAL, CaseDesk
from wardwatch.demo_crew import Crew, account_of
from wardwatch.demo_report import TipTold
from wardwatch.demo_tip import ACCOUNT, TipStory

OFFICER = "officer-1"
JPEG = b"\xff\xd8\xff\xe0\x00\x04\x00\x00\xff\xda" + bytes(3000)
OGG = b"OggS\x00" + bytes(2000)
CLOSED = "inc-past-1"
PAUSE_S = 30.0


class Road:
    """A simulated officer, time, and a network that comes and goes."""

    def __init__(self, desk: Desk, client: httpx.Client, loses: Callable[[], bool]) -> None:
        self.desk, self.client = desk, client
        self.away = False
        self._ask = client.request
        client.request = self._request  # type: ignore[method-assign]  # the network it runs over
        site = desk.services.site
        officer = site.officer(OFFICER)
        assert officer is not None
        self.phone = Phone(client, OFFICER, PASSWORD, desk.clock, loses)
        self.one = OfficerOnDuty(
            officer, self.phone, desk.clock, picture=_jpeg, voice=_ogg, speedup=30
        )

    def _request(self, *given: Any, **more: Any) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("no network")
        return self._ask(*given, **more)

    def live(self, seconds: float, *, wanted: bool = True) -> None:
        for _ in range(round(seconds / 0.5)):
            self.desk.clock.advance(0.5)
            self.one.tick(wanted=wanted)

    def order(self) -> Order:
        with self.desk.services.store.read() as unit:
            (order,) = unit.orders.find(officer=OFFICER)
        return order

    def on(self) -> bool:
        with self.desk.services.store.read() as unit:
            duty = duty_by_phone(unit, OFFICER)
        return duty is not None and duty.on


def _jpeg(_: Order) -> bytes:
    return JPEG


def _ogg(_: Order) -> bytes:
    return OGG


@pytest.fixture
def alerts(desk: Desk) -> fake_field.Alerts:
    return fake_field.equip(desk.services)


def every(number: int) -> Callable[[], bool]:
    said = iter(range(1, 10_000))
    return lambda: next(said) % number == 0


def test_the_whole_way_with_every_third_answer_lost_and_a_dead_zone(
    desk: Desk, alerts: fake_field.Alerts
) -> None:
    road = Road(desk, desk.new_client(), every(3))
    road.live(5)
    assert road.on()
    order = alerts.offer(OFFICER)
    road.live(7)
    assert road.order().state is not OrderState.OFFERED
    road.away = True
    road.live(30)
    assert road.phone.waiting > 0
    assert road.order().state is not OrderState.HANDLED
    road.away = False
    road.live(10)
    assert road.phone.waiting == 0
    assert road.phone.refused == []
    done = road.order()
    assert [step.state for step in done.history] == [
        *("offered", "acknowledged", "en_route", "on_scene", "handled"),
    ]
    assert done.result.zh
    for did in ("acknowledged", "en_route", "on_scene", "handled"):
        assert len(desk.audit(f"field.{did}")) == 1, "said again, taken once"
    with desk.services.store.read() as unit:
        sent = unit.evidence.find(incident=order.incident, role=["field_photo", "field_audio"])
        acts = [one for one in unit.field_acts.find(officer=OFFICER) if one.media]
    assert {(one.role, one.bytes) for one in sent} == {
        ("field_photo", len(JPEG)),
        ("field_audio", len(OGG)),
    }
    assert [len(one.media) for one in acts] == [2]


def test_whoever_plays_the_officer_has_the_phone_after_what_was_begun(
    desk: Desk, alerts: fake_field.Alerts
) -> None:
    road = Road(desk, desk.new_client(), lambda: False)
    road.live(5)
    alerts.offer(OFFICER)
    road.live(2)
    road.live(60, wanted=False)
    assert road.order().state is OrderState.HANDLED
    assert not road.on()
    alerts.offer(OFFICER, "inc-river-1")  # the person signs on, and is sent
    road.live(20, wanted=False)
    with desk.services.store.read() as unit:
        (left,) = unit.orders.find(officer=OFFICER, state=OrderState.OFFERED.value)
    assert left.incident == "inc-river-1"


def test_an_order_that_is_called_off_is_left_alone(desk: Desk, alerts: fake_field.Alerts) -> None:
    road = Road(desk, desk.new_client(), lambda: False)
    road.live(5)
    alerts.offer(OFFICER)
    road.live(6)
    alerts.begin_duty("officer-2")
    alerts.offer("officer-2")
    road.live(60)
    assert road.order().state is OrderState.CANCELLED
    assert desk.audit("field.handled") == []


def test_who_is_signed_in_as_an_officer_is_not_simulated(
    desk: Desk, alerts: fake_field.Alerts
) -> None:
    store = desk.services.store
    with store.begin() as unit:
        known = unit.users.get(OFFICER)
        assert known is not None
        unit.users.put(known.model_copy(update={"name": account_of(OFFICER)}))
    crew = Crew(desk.new_client, desk.services.site, PASSWORD, store, desk.clock)
    crew.look()
    assert OFFICER not in crew.played
    person = desk.sign_in(OFFICER)
    crew.look()
    assert OFFICER in crew.played
    crew.look()
    assert OFFICER in crew.played
    assert person.delete("/api/v1/session").status_code == 204
    crew.look()
    assert OFFICER not in crew.played


class Cases:
    """The case desk over the fake township, and an incident that an officer has handled."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk = desk
        desk.services.case_files = self.made = FakeCaseFiles(folder)
        with desk.services.store.begin() as unit:
            known = unit.users.get("monitor")
            assert known is not None  # its password is everybody's; hashing one takes its time
            for name, role in ACCOUNTS.items():
                unit.users.put(known.model_copy(update={"name": name, "role": role}))
            incident = unit.incidents.get(CLOSED)
            assert incident is not None
            last = incident.history[-1]
            handled = StateChange(state="handled", at_ns=last.at_ns, actor=OFFICER)
            history = (*incident.history[:-1], handled, last)
            unit.incidents.put(incident.model_copy(update={"history": history}))
        self.people = CaseDesk(desk.new_client, PASSWORD, desk.clock, PAUSE_S)

    def pass_s(self, seconds: float) -> None:
        self.desk.clock.advance(seconds)
        self.people.look()


def test_two_review_and_a_third_exports_after_a_pause(desk: Desk, tmp_path: Path) -> None:
    cases = Cases(desk, tmp_path)
    cases.pass_s(1)
    cases.pass_s(PAUSE_S - 1)
    assert cases.made.asked == []
    cases.pass_s(2)
    for _ in range(3):
        cases.pass_s(PAUSE_S)
    ((export, _),) = cases.made.asked
    assert (export.incidents, export.by) == ((CLOSED,), CHIEF)
    with desk.services.store.read() as unit:
        reviews = unit.reviews.find(incident=CLOSED)
    assert {one.kind.value for one in reviews} == {"legal", "technical"}
    assert len({one.reviewer for one in reviews} | {export.by}) == 3


@pytest.mark.parametrize("did", ["review", "export"])
def test_what_a_person_has_begun_is_the_persons(desk: Desk, tmp_path: Path, did: str) -> None:
    cases = Cases(desk, tmp_path)
    cases.pass_s(1)
    client = desk.sign_in("chief")
    path = f"/api/v1/incidents/{CLOSED}"
    if did == "review":
        review = {"kind": "technical", "office": "值班长", "passed": True, "basis": "看过"}
        assert client.post(f"{path}/reviews", json=review).status_code == 201
    else:
        assert client.post(f"{path}/casefile", json={"reason": "立案"}).status_code == 202
    for _ in range(3):
        cases.pass_s(PAUSE_S)
    assert len(cases.made.asked) == (did == "export")
    with desk.services.store.read() as unit:
        assert all(one.reviewer != LEGAL for one in unit.reviews.find(incident=CLOSED))


def test_what_is_not_over_is_left_alone(desk: Desk, tmp_path: Path) -> None:
    cases = Cases(desk, tmp_path)
    with desk.services.store.begin() as unit:
        incident = unit.incidents.get(CLOSED)
        assert incident is not None
        unit.incidents.put(incident.model_copy(update={"state": IncidentState.DISMISSED}))
    for _ in range(3):
        cases.pass_s(PAUSE_S)
    assert cases.made.asked == []


class Telling:
    """Somebody who saw what a camera sees, and the desk's simulated person."""

    def __init__(self, desk: Desk, folder: Path) -> None:
        self.desk, self.alerts = desk, fake_field.equip(desk.services)
        limited = desk.services.site.tips.model_copy(update={"proof_bits": 4})
        desk.services.site = desk.services.site.model_copy(update={"tips": limited})
        camera = desk.services.site.camera("river")
        assert camera is not None
        with desk.services.store.begin() as unit:
            known = unit.users.get("monitor")
            assert known is not None
            unit.users.put(known.model_copy(update={"name": ACCOUNT}))
        begun = {"camera": "river", "utc_ns": desk.clock.utc_ns(), "what": "epoch"}
        event = {"camera": "river", "what": "event_started", "event": 1, "kind": "fishing"}
        truth = folder / "truth.jsonl"
        truth.write_text("\n".join(map(json.dumps, (begun, {**event, "scene_s": 5.0}))))
        self.story = TipStory(desk.new_client, PASSWORD, desk.clock, camera, truth, PAUSE_S)

    def pass_s(self, seconds: float) -> None:
        self.desk.clock.advance(seconds)
        self.story.look()

    def tips(self) -> list[Tip]:
        with self.desk.services.store.read() as unit:
            return unit.tips.find()


def test_what_a_camera_sees_is_told_and_attached_after_a_pause(desk: Desk, tmp_path: Path) -> None:
    telling = Telling(desk, tmp_path)
    telling.pass_s(10)
    assert (telling.tips(), telling.story.outcome()) == ([], None)
    telling.pass_s(11)
    (tip,) = telling.tips()
    assert (tip.kind, len(tip.photos), tip.state) == ("fishing", 1, "received")
    telling.pass_s(PAUSE_S - 1)
    assert telling.tips()[0].state == "received", "a person may be first"
    for _ in range(2):
        telling.pass_s(1)
    (tip,) = telling.tips()
    assert (tip.incident, tip.state) == ("inc-river-1", "accepted")
    assert telling.story.outcome() == TipTold("river", "accepted", 1)
    with desk.services.store.read() as unit:
        assert unit.tips.get(tip.id) == tip
        assert [one.actor for one in tip.history] == ["public", ACCOUNT, ACCOUNT]


def test_a_tip_that_a_person_has_opened_is_the_persons(desk: Desk, tmp_path: Path) -> None:
    telling = Telling(desk, tmp_path)
    telling.pass_s(21)
    (tip,) = telling.tips()
    assert desk.sign_in("monitor").get(f"/api/v1/tips/{tip.id}").status_code == 200
    for _ in range(3):
        telling.pass_s(PAUSE_S)
    assert [one.actor for one in telling.tips()[0].history] == ["public", "monitor"]
    assert telling.story.outcome() == TipTold("river", "reviewing", 1)
