"""Officers whose page is closed: called once, while it is of use, and the desk told when not."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from alerts.notify.apprise import written
from alerts.notify.channel import Message
from alerts.notify.notifier import Notifier
from alerts.notify.summons import wanted
from core.cases import Notice, NoticeKind, OrderState, StateChange
from core.clock import ManualClock
from core.config.site import Site
from core.errors import WardwatchError
from core.fieldwork import RUNNING_NS, AlarmState, FieldAlarm, FieldDuty
from core.store.database import Store
from tests.alerts.notify.notify_world import KEY, LOCAL, NotifyWorld, hook
from tests.alerts.notify.peers import Web, free_port, web
from tests.alerts.world import World, make_site, officer

URL = "https://desk.example"
WAY = {"channel": "hook", "recipient": "+86/1&2", "mention": "<@ONE>"}
MakeTown = Callable[..., tuple[NotifyWorld, World, list[Notice]]]


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HOOK", KEY)
    monkeypatch.setenv("TEST_NTFY", "json://127.0.0.1:9/{recipient}")


def town_site(channel: dict[str, Any], **officers: Any) -> Site:
    plan = {"networks": LOCAL, "channels": [channel], "officers": {"public_url": URL, **officers}}
    people = [{**officer("near", 200), "notify": [{**WAY, "channel": channel["id"]}]},
              {**officer("far", 900), "notify": [{**WAY, "channel": channel["id"]}]}]  # fmt: skip
    return make_site(notify=plan, officers=people, language="en")


@pytest.fixture
def town(store: Store, clock: ManualClock) -> MakeTown:
    def make(site: Site) -> tuple[NotifyWorld, World, list[Notice]]:
        told: list[Notice] = []
        notify = NotifyWorld(site, store, clock)
        notify.notifier = Notifier(site, store, clock, told.append)
        return notify, World(store, clock, site), told

    return make


def said(peer: Web) -> list[dict[str, Any]]:
    return [json.loads(one.body) for one in peer.taken]


def answer(store: Store, order_id: str, state: OrderState) -> None:
    """As when the officer answers on the page."""
    with store.begin() as unit:
        order = unit.orders.get(order_id)
        assert order is not None
        step = StateChange(state=state.value, at_ns=order.history[-1].at_ns, actor=order.officer)
        unit.orders.put(
            order.model_copy(update={"state": state, "history": (*order.history, step)})
        )


def test_an_order_reaches_its_officer_once_and_says_no_more_than_it_may(
    town: MakeTown, clock: ManualClock
) -> None:
    with web() as peer:
        notify, world, told = town(town_site(hook(peer.url)))
        world.see("s1", camera="river", cues=("net",))
        (order,) = world.orders
        notify.notifier.pump()
        assert notify.drain() == 0  # the page may be open: a moment is left to it
        clock.advance(6)
        notify.notifier.pump()
        assert notify.drain() == 1
        assert notify.drain() == 0
        (message,) = said(peer)
        data = message["data"]
        assert message["type"] == "officer.order"
        assert data["officer"] == "near"
        assert data["recipient"] == "+86/1&2"
        assert data["link"] == f"{URL}/field?order={order.id}"
        text = json.dumps({**data, "link": "", "reference": ""})
        assert not any(word in text for word in ("river", "shore", "fishing", "112.4"))
        (sent,) = notify.audit("summons.sent")
        assert (sent.object, sent.detail["channel"]) == (order.id, "hook")
        assert told == []


def test_what_the_configuration_allows_is_told(town: MakeTown, clock: ManualClock) -> None:
    with web() as peer:
        site = town_site(hook(peer.url), tells=["kind", "severity", "place"], after_s=0)
        notify, world, _ = town(site)
        world.see("s1", camera="river", cues=("net",))
        notify.notifier.pump()
        assert notify.drain() == 1
        assert said(peer)[0]["data"]["text"]["en"].startswith("serious, illegal fishing, river, ")
        (delivery,) = notify.deliveries(state="delivered")
        title, body = written(Message("m", (delivery.notice,), clock.utc_ns()), site, "en")
        assert title == "❗town New order"
        assert body.startswith("<@ONE> ")
        assert body.splitlines()[-1].startswith(f"{URL}/field?order=")


def test_an_order_that_was_answered_or_taken_is_not_sent_late(
    town: MakeTown, store: Store, clock: ManualClock
) -> None:
    port = free_port()
    notify, world, _ = town(town_site(hook(f"http://127.0.0.1:{port}/x")))
    world.see("s1", camera="river", cues=("net",))
    notify.notifier.pump()
    clock.advance(6)
    assert notify.worker().step() == "failed"
    answer(store, world.orders[0].id, OrderState.CANCELLED)
    clock.advance(600)
    assert notify.worker().step() == "nothing"
    assert [one.state for one in notify.deliveries()] == ["needless"]
    assert notify.audit("summons.sent") == []


def test_the_desk_is_told_once_whom_a_channel_does_not_reach(
    town: MakeTown, store: Store, clock: ManualClock
) -> None:
    port = free_port()
    notify, world, told = town(town_site(hook(f"http://127.0.0.1:{port}/x")))
    world.see("s1", camera="river", cues=("net",))
    notify.notifier.pump()
    clock.advance(6)
    for _ in range(4):
        notify.worker().step()
        clock.advance(10)
    (notice,) = told
    assert (notice.kind, notice.to, notice.order) == (
        NoticeKind.UNREACHED, "near", world.orders[0].id,
    )  # fmt: skip
    with store.read() as unit:
        assert unit.notices.get(notice.id) == notice
    (failed,) = notify.audit("summons.failed")
    assert failed.reason.startswith("channel hook (127.0.0.1): ")


def test_a_chase_and_a_call_of_a_colleague_go_out_too(
    town: MakeTown, store: Store, clock: ManualClock
) -> None:
    with web() as peer:
        notify, world, _ = town(town_site(hook(peer.url), after_s=0, tells=["who"]))
        world.see("s1", camera="river", cues=("net",))
        answer(store, world.orders[0].id, OrderState.ACKNOWLEDGED)
        notify.notifier.pump()
        assert notify.drain() == 0
        clock.advance(3600)
        world.desk.tick()
        at = clock.utc_ns()
        with store.begin() as unit:
            for name in ("near", "far"):
                unit.field_duties.put(
                    FieldDuty(id=name, officer=name, user=name, start_ns=at, end_ns=RUNNING_NS)
                )
            alarm = FieldAlarm(
                id="help", officer="far", user="far", state=AlarmState.RAISED, at_ns=at,
                phone_ns=at, received_ns=at,
            )  # fmt: skip
            unit.field_alarms.put(alarm)
            unit.audit.append("far", "alarm.raised", "far", "", {"alarm": "help"})
        while notify.notifier.pump():
            pass
        assert notify.drain() >= 1
        heard = [(one["type"], one["data"]["officer"]) for one in said(peer)]
        assert ("officer.call", "near") in heard
        assert ("officer.call", "far") not in heard
        call = next(one for one in said(peer) if one["type"] == "officer.call")
        assert call["data"]["text"]["en"].startswith("far; ")
        (delivery,) = [
            one
            for one in notify.deliveries(state="delivered")
            if one.notice.event == "officer.call"
        ]
        assert delivery.notice.summons is not None
        with store.begin() as unit:
            assert wanted(unit, delivery.notice.summons)
            unit.field_alarms.put(alarm.model_copy(update={"state": AlarmState.ACKNOWLEDGED}))
            assert not wanted(unit, delivery.notice.summons)


def test_a_recipient_stands_in_the_address_whatever_its_characters(
    town: MakeTown, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web() as peer:
        monkeypatch.setenv("TEST_SMS", f"json://127.0.0.1:{peer.port}/send/{{recipient}}")
        channel = {"id": "sms", "kind": "apprise", "secret_env": "TEST_SMS", "language": "zh"}
        notify, world, _ = town(town_site(channel, after_s=0))
        world.see("s1", camera="river", cues=("net",))
        notify.notifier.pump()
        assert notify.drain("sms") == 1
        (taken,) = peer.taken
        assert taken.path.startswith("/send/+86%2F1&2")
        assert "请打开队员页面签收" in json.loads(taken.body)["message"]


def test_a_channel_that_is_not_there_is_refused_at_the_start() -> None:
    site = town_site(hook("http://127.0.0.1:9/x"))
    plan = site.model_dump()
    plan["officers"][0]["notify"][0]["channel"] = "no-such"
    with pytest.raises(
        (ValueError, WardwatchError), match="no apprise or webhook channel 'no-such'"
    ):
        Site.model_validate(plan)
