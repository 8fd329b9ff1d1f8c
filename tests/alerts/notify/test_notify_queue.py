"""The queue: nothing is lost, a flood becomes one message, the same is told once."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.clock import ManualClock, SystemClock
from core.seeing import Kind
from core.store.database import Store, open_store
from tests.alerts.notify.notify_world import KEY, NotifyWorld, hook, notify_site
from tests.alerts.notify.peers import Web, free_port, until, web
from tests.alerts.world import World, sqlite


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_HOOK", KEY)


def told(one: Web) -> list[dict[str, Any]]:
    return [json.loads(taken.body) for taken in one.taken]


def test_what_was_before_the_first_start_is_told_to_nobody(
    store: Store, clock: ManualClock
) -> None:
    with web() as peer:
        with store.begin() as unit:
            unit.audit.append("system", "duty.escalated", "old")
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        assert world.drain() == 0
        world.happen(about="new")
        assert world.drain() == 1
        assert [one["data"]["reference"] for one in told(peer)] == ["new"]


def test_a_channel_that_is_away_gets_everything_once_when_it_is_back(
    store: Store, clock: ManualClock
) -> None:
    port = free_port()
    world = NotifyWorld(notify_site([hook(f"http://127.0.0.1:{port}/x")]), store, clock)
    for number in range(3):
        world.happen(about=f"task-{number}")
    for _ in range(4):
        assert world.worker().step() == "failed"
        assert world.worker().step() == "waits"  # the pause after a failure
        clock.advance(60)
    (channel,) = world.notifier.channels()
    assert (channel.waiting, channel.delivered) == (3, 0)
    assert channel.failing_since_ns is not None
    assert channel.error.startswith("channel hook (127.0.0.1): ")
    assert len(world.audit("notify.failing")) == 1
    with web() as peer:
        site = notify_site([hook(peer.url)])
        world.site = site
        world.restart()
        assert world.drain() == 3
        world.restart()
        assert world.drain() == 0
        assert [one["data"]["reference"] for one in told(peer)] == ["task-0", "task-1", "task-2"]
    assert len(world.audit("notify.back")) == 1
    (channel,) = world.notifier.channels()
    assert (channel.waiting, channel.delivered, channel.failing_since_ns) == (0, 3, None)


def test_a_process_that_dies_with_messages_waiting_sends_each_once_afterwards(
    tmp_path: Path, clock: ManualClock
) -> None:
    first = open_store(sqlite(tmp_path), clock)
    with web(500) as peer:
        site = notify_site([hook(peer.url)])
        world = NotifyWorld(site, first, clock)
        for number in range(4):
            world.happen(about=f"task-{number}")
        assert world.worker().step() == "failed"
        with first.begin() as unit:  # written, not yet read when it dies
            unit.audit.append("system", "duty.escalated", "task-4")
        first.close()
        peer.answer = 204
        second = open_store(sqlite(tmp_path), clock)
        after = NotifyWorld(site, second, clock)
        assert after.drain() == 5
        after.restart()
        after.notifier.pump()
        assert after.drain() == 0
        second.close()
        names = [taken.headers["webhook-id"] for taken in peer.taken]
        assert len(set(names)) == len(names) == 5


def test_calls_for_help_and_what_the_chief_must_see_go_out(
    store: Store, clock: ManualClock
) -> None:
    with web() as peer:
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        world.happen("alarm.raised", "officer-1", alarm="a-1")
        world.happen("notice", "inc-1", kind="escalated", audience="chief")
        world.happen("notice", "inc-1", kind="chase", audience="officer")
        assert world.drain() == 3
        said = [one["data"] for one in told(peer)]
    assert [(one["event"], one["serious"]) for one in said] == [
        ("alarm.raised", True), ("notice.escalated", True), ("notice.chase", False),
    ]  # fmt: skip
    assert "calls for help" in said[0]["text"]["en"]
    assert said[1]["incident"] == "inc-1"


@pytest.mark.parametrize("answer", [500, 503, 429, 404])
def test_an_answer_that_may_get_better_is_waited_for(
    store: Store, clock: ManualClock, answer: int
) -> None:
    with web(answer) as peer:
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        world.happen()
        assert world.worker().step() == "failed"
        assert f"answered {answer}" in world.deliveries(state="waiting")[0].error
        peer.answer = 200
        clock.advance(10)
        assert world.drain() == 1


def test_a_message_that_is_refused_keeps_no_other_from_going(
    store: Store, clock: ManualClock
) -> None:
    with web(413) as peer:
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        world.happen(about="too-large")
        assert world.worker().step() == "failed"
        peer.answer = 200
        world.happen(about="good")
        assert world.drain() == 1
        assert [one["data"]["reference"] for one in told(peer)] == ["good"]


def test_wrong_credentials_are_told_at_once_and_name_the_channel(
    store: Store, clock: ManualClock
) -> None:
    with web(401) as peer:
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        world.happen()
        world.worker().step()
        (failing,) = world.audit("notify.failing")
        assert failing.reason.startswith("channel hook (127.0.0.1): answered 401")
        clock.advance(20)
        assert world.worker().step() == "waits"  # asked rarely, a person must mend it


def test_a_slow_channel_is_given_up_in_time_and_tried_again(
    store: Store, clock: ManualClock
) -> None:
    with web(0) as peer:
        world = NotifyWorld(notify_site([hook(peer.url, timeout_s=0.3)]), store, clock)
        world.happen()
        assert world.worker().step() == "failed"
        assert "no answer in 0.3 s" in world.deliveries(state="waiting")[0].error
        peer.answer = 200
        clock.advance(10)
        assert world.drain() == 1


def test_what_nobody_took_expires_with_a_record(store: Store, clock: ManualClock) -> None:
    url = f"http://127.0.0.1:{free_port()}/x"
    world = NotifyWorld(notify_site([hook(url, expire_s=600)]), store, clock)
    world.happen(about="task-9")
    world.worker().step()
    clock.advance(601)
    world.worker().step()
    (expired,) = world.audit("notify.expired")
    assert (expired.object, expired.detail["channel"]) == ("task-9", "hook")
    assert "channel hook" in expired.reason
    (channel,) = world.notifier.channels()
    assert (channel.waiting, channel.expired) == (0, 1)


def test_a_flood_becomes_one_summary_that_holds_all_of_it(store: Store, clock: ManualClock) -> None:
    with web() as peer:
        world = NotifyWorld(notify_site([hook(peer.url, group_over=5)]), store, clock)
        for number in range(40):
            world.happen(about=f"task-{number}")
        assert world.drain() == 1
        (summary,) = told(peer)
        assert summary["type"] == "summary"
        references = [one["reference"] for one in summary["data"]["notices"]]
        assert references == [f"task-{number}" for number in range(40)]
        assert {one.state for one in world.deliveries()} == {"summarised"}


def test_a_summary_that_is_refused_goes_one_by_one(store: Store, clock: ManualClock) -> None:
    with web() as peer:
        peer.most_bytes = 600
        world = NotifyWorld(notify_site([hook(peer.url, per_minute=60)]), store, clock)
        for number in range(8):
            world.happen(about=f"task-{number}")
        assert world.worker().step() == "failed"
        assert world.drain() == 8
        assert [one["data"]["reference"] for one in told(peer)] == [f"task-{n}" for n in range(8)]


def test_a_channel_is_sent_no_more_a_minute_than_it_may_get(
    store: Store, clock: ManualClock
) -> None:
    with web() as peer:
        world = NotifyWorld(notify_site([hook(peer.url, per_minute=3)]), store, clock)
        for number in range(5):
            world.happen(about=f"task-{number}")
        assert world.drain() == 3
        clock.advance(30)
        assert world.drain() == 0
        clock.advance(31)
        assert world.drain() == 2


def test_the_same_again_soon_is_counted_and_not_sent(store: Store, clock: ManualClock) -> None:
    with web() as peer:
        world = NotifyWorld(notify_site([hook(peer.url)], dedupe_s=300), store, clock)
        for _ in range(3):
            world.happen("camera.state", "river", to="offline")
            world.drain()
            clock.advance(60)
        world.happen("camera.state", "river", to="online")
        world.drain()
        clock.advance(300)
        world.happen("camera.state", "river", to="offline")
        world.drain()
        events = [one["data"]["event"] for one in told(peer)]
        assert events == ["camera.offline", "camera.online", "camera.offline"]
        assert world.deliveries()[0].repeats == 2


def test_quiet_hours_hold_back_what_is_not_serious(store: Store, clock: ManualClock) -> None:
    with web() as peer:  # it is ten in the morning in Shanghai
        quiet = {"start": "09:00", "end": "10:30"}
        site = notify_site([hook(peer.url, quiet_hours=quiet)])
        world = NotifyWorld(site, store, clock)
        world.happen("duty.patrol_overdue", "patrol")
        world.happen("duty.escalated", "task")
        assert world.drain() == 1
        assert told(peer)[0]["data"]["serious"] is True
        clock.advance(1799)
        assert world.drain() == 0
        clock.advance(2)
        assert world.drain() == 1
        assert told(peer)[1]["data"]["event"] == "duty.patrol_overdue"


def test_rules_choose_by_event_severity_kind_zone_hour_and_shift(
    store: Store, clock: ManualClock
) -> None:
    with web() as peer:
        rules = [
            {"channels": ["hook"], "events": ["incident.*"], "severity": "serious"},
            {"channels": ["hook"], "kinds": ["dumping"], "zones": ["verge"]},
            {"channels": ["hook"], "hours": [{"start": "22:00", "end": "06:00"}]},
            {"channels": ["hook"], "shifts": ["night"]},
        ]
        site = notify_site([hook(peer.url)], rules)
        world, town = NotifyWorld(site, store, clock), World(store, clock, site)
        town.see("river")  # minor, by day
        world.notifier.pump()
        assert world.deliveries() == []
        town.see("s-2", camera="lane", zone="verge", kind=Kind.DUMPING)
        world.notifier.pump()
        events = [one.notice.event for one in world.deliveries()]
        assert events[0] == "incident.detected"
        assert {one.notice.zone for one in world.deliveries()} == {"verge"}
        before = len(events)
        clock.step(12.5 * 3600)
        world.happen("duty.began", "x")
        assert len(world.deliveries()) == before + 1


def test_a_channel_is_not_told_of_its_own_trouble(store: Store, clock: ManualClock) -> None:
    with web() as peer:
        other = {**hook(peer.url), "id": "other"}
        world = NotifyWorld(notify_site([hook(peer.url), other]), store, clock)
        world.happen("notify.failing", "hook")
        assert [one.channel for one in world.deliveries()] == ["other"]


def test_an_address_outside_the_networks_is_not_connected_to(
    store: Store, clock: ManualClock
) -> None:
    with web() as peer:
        site = notify_site([hook(peer.url)], networks=["10.0.0.0/8"])
        world = NotifyWorld(site, store, clock)
        world.happen()
        assert world.worker().step() == "failed"
        assert peer.asked == 0
        assert "outside notify.networks" in world.deliveries()[0].error


def test_no_secret_and_a_wrong_one_are_said_without_showing_it(
    store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = NotifyWorld(notify_site([hook("http://127.0.0.1:9/x")]), store, clock)
    world.happen()
    monkeypatch.setenv("TEST_HOOK", "whsec_tooshort")
    world.worker().step()
    assert "channel hook: secret: a key is whsec_" in world.deliveries()[0].error
    assert "tooshort" not in world.deliveries()[0].error
    monkeypatch.delenv("TEST_HOOK")
    clock.advance(60)
    world.worker().step()
    assert "environment variable TEST_HOOK is not set" in world.deliveries()[0].error


_SENDS = """
import sys, time
from pathlib import Path
from core.clock import SystemClock
from core.store.database import open_store
from tests.alerts.notify.notify_world import NotifyWorld, hook, notify_site
from tests.alerts.world import sqlite
clock = SystemClock()
store = open_store(sqlite(Path(sys.argv[1])), clock)
world = NotifyWorld(notify_site([hook(sys.argv[2], timeout_s=60)]), store, clock)
for number in range(3):
    world.happen(about=f"task-{number}")
world.notifier.start()
time.sleep(600)
"""


def test_kill_in_the_middle_of_sending_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    with web(0) as peer:  # takes the request and never answers
        process = subprocess.Popen([sys.executable, "-c", _SENDS, str(tmp_path), peer.url])
        until(lambda: peer.asked, "the first message is on its way")
        process.kill()
        process.wait()
        peer.answer = 200
        clock = SystemClock()
        store = open_store(sqlite(tmp_path), clock)
        world = NotifyWorld(notify_site([hook(peer.url)]), store, clock)
        world.notifier.start()
        until(lambda: len(peer.taken) >= 3, "all are delivered")
        until(lambda: world.notifier.channels()[0].waiting == 0)
        world.notifier.stop()
        store.close()
        assert [one["data"]["reference"] for one in told(peer)] == ["task-0", "task-1", "task-2"]
