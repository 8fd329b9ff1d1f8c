"""MQTT against Debian's mosquitto: states, last will, outages, credentials."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from core.cases import IncidentState
from core.clock import ManualClock
from core.store.database import Store
from tests.alerts.notify.notify_world import NotifyWorld, notify_site
from tests.alerts.notify.peers import MOSQUITTO, Broker, deaf, until
from tests.alerts.world import World

pytestmark = [
    pytest.mark.peer,
    pytest.mark.skipif(not Path(MOSQUITTO).exists(), reason="Debian's mosquitto is not installed"),
]


def channel(port: int, **more: Any) -> dict[str, Any]:
    return {
        "id": "broker",
        "kind": "mqtt",
        "host": "127.0.0.1",
        "port": port,
        "timeout_s": 10,
        "prefix": "ward/town",
        **more,
    }


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    running = Broker(tmp_path)
    running.start()
    yield running
    running.stop()


class Listener:
    """Another client, which remembers what it hears: the last word of each topic, and events."""

    def __init__(self, port: int) -> None:
        self.last: dict[str, str] = {}
        self.events: list[dict[str, Any]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._hear
        self._client.on_connect = lambda client, *_: client.subscribe("ward/town/#", qos=1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _hear(self, _client: object, _data: object, message: paho.MQTTMessage) -> None:
        topic, body = message.topic.removeprefix("ward/town/"), message.payload.decode()
        if topic == "event":
            self.events.append(json.loads(body))
        else:
            self.last[topic] = body

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def test_states_are_kept_for_who_comes_later_and_cleared_at_the_end(
    store: Store, clock: ManualClock, broker: Broker
) -> None:
    site = notify_site([channel(broker.port)], rules=[])
    world, town = NotifyWorld(site, store, clock), World(store, clock, site)
    town.see("s-1")
    world.happen("camera.state", "lane", to="offline")
    world.happen("storage.alarm", "/mnt/disk+1", kind="disk_low")
    assert world.drain("broker") > 2
    late = Listener(broker.port)
    incident = f"incident/{town.incident.id}"
    until(lambda: {incident, "camera/lane", "storage/_mnt_disk_1"} <= set(late.last))
    state = json.loads(late.last[incident])
    assert (state["state"], state["camera"], state["severity"]) == ("warning", "river", "minor")
    assert json.loads(late.last["camera/lane"])["state"] == "offline"
    assert json.loads(late.last["camera/river"])["state"] == "online"
    assert late.last["status"] == "online"
    assert late.events == []  # what happened is not kept
    with store.begin() as unit:
        ended = town.incident.model_copy(update={"state": IncidentState.DISMISSED})
        unit.incidents.put(ended)
    world.happen("incident.state", town.incident.id, to="dismissed")
    assert world.drain("broker") == 1
    until(lambda: late.last[incident] == "", "the state was cleared")
    until(lambda: [one["event"] for one in late.events] == ["incident.dismissed"])
    world.worker("broker").close()
    until(lambda: late.last["status"] == "offline", "goodbye")
    late.close()


def test_while_the_broker_is_away_all_waits_and_arrives_once_when_it_is_back(
    store: Store, clock: ManualClock, broker: Broker
) -> None:
    world = NotifyWorld(notify_site([channel(broker.port, timeout_s=3)], rules=[]), store, clock)
    world.happen(about="before")
    assert world.drain("broker") == 1
    broker.stop()
    for number in range(3):
        world.happen(about=f"away-{number}")
    assert world.worker("broker").step() == "failed"
    (state,) = world.notifier.channels()
    assert state.waiting == 3
    assert state.error.startswith(f"channel broker (127.0.0.1:{broker.port}): ")
    broker.start()
    listener = Listener(broker.port)
    world.restart()
    world.worker("broker").step()
    world.drain("broker")
    until(lambda: len(listener.events) >= 3)
    assert [one["reference"] for one in listener.events] == ["away-0", "away-1", "away-2"]
    # The broker has forgotten everything; the states were told anew.
    until(lambda: {"status", "camera/river"} <= set(listener.last))
    world.worker("broker").close()
    listener.close()


def test_who_dies_leaves_a_last_will(tmp_path: Path, broker: Broker) -> None:
    listener = Listener(broker.port)
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from core.clock import SystemClock\n"
        "from core.store.database import open_store\n"
        "from tests.alerts.notify.test_notify_mqtt import channel\n"
        "from tests.alerts.notify.notify_world import NotifyWorld, notify_site\n"
        "from tests.alerts.world import sqlite\n"
        "store = open_store(sqlite(Path(sys.argv[2])), SystemClock())\n"
        "site = notify_site([channel(int(sys.argv[1]))], rules=[])\n"
        "world = NotifyWorld(site, store, SystemClock())\n"
        "world.worker('broker').step()\n"
        "time.sleep(600)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script, str(broker.port), str(tmp_path)])
    try:
        until(lambda: listener.last.get("status") == "online", "it is there")
    finally:
        process.kill()
        process.wait()
    until(lambda: listener.last["status"] == "offline", "its last will")
    listener.close()


def test_wrong_credentials_are_one_clear_error_that_names_the_channel(
    store: Store, clock: ManualClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    passwords = tmp_path / "passwords"
    passwords.touch(mode=0o600)
    subprocess.run(
        ["mosquitto_passwd", "-b", str(passwords), "ward", "right-one"],
        check=True,
        capture_output=True,
    )
    passwords.chmod(0o644)
    broker = Broker(tmp_path, password_file=passwords)
    broker.start()
    try:
        site = notify_site(
            [channel(broker.port, username="ward", secret_env="TEST_BROKER")], rules=[]
        )
        world = NotifyWorld(site, store, clock)
        world.happen()
        monkeypatch.setenv("TEST_BROKER", "wrong-one")
        assert world.worker("broker").step() == "failed"
        (failing,) = world.audit("notify.failing")
        assert failing.reason.startswith(f"channel broker (127.0.0.1:{broker.port}): refused")
        assert "wrong-one" not in failing.reason
        monkeypatch.setenv("TEST_BROKER", "right-one")
        world.restart()
        assert world.drain("broker") >= 1
        world.worker("broker").close()
    finally:
        broker.stop()


def test_a_broker_that_says_nothing_and_one_outside_the_networks(
    store: Store, clock: ManualClock
) -> None:
    with deaf() as port:
        site = notify_site([channel(port, timeout_s=0.5)], rules=[])
        world = NotifyWorld(site, store, clock)
        world.happen()
        assert world.worker("broker").step() == "failed"
        assert "no answer in 0.5 s" in world.deliveries()[0].error
        outside = notify_site([channel(port)], rules=[], networks=["10.0.0.0/8"])
        world = NotifyWorld(outside, store, clock)
        assert world.worker("broker").step() == "failed"
        assert "outside notify.networks" in world.deliveries()[0].error
