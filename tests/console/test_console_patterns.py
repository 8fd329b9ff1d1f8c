"""Where acts come again, and two incidents that are one act."""

from typing import Any

import yaml

from core.config.duty import Patrol
from core.messages import COMMANDS, Action, Command
from tests.console import fake_patterns
from tests.console.conftest import Desk

API = "/api/v1"


def test_a_pattern_comes_with_its_hours_and_a_patrol_that_duty_takes(desk: Desk) -> None:
    fake_patterns.fill(desk.services.store, desk.clock.utc_ns())
    client = desk.sign_in("viewer")
    found = client.get(f"{API}/patterns").json()
    river = next(one for one in found["items"] if one["camera"] == "river")
    assert river["usual"]["days"] == [5]
    assert (river["usual"]["start_h"], river["usual"]["hours"]) in {(5, 1), (5, 2)}
    assert river["next"]["begin"] < river["next"]["end"]
    assert len(river["hours"]) == 168
    assert sum(river["hours"]) == river["usual"]["of"]
    (row,) = yaml.safe_load(river["patrol"])
    patrol = Patrol.model_validate(row)
    assert patrol.days == ("sat",)
    assert patrol.cameras == ("river",)
    told = next(one for one in found["items"] if one["camera"] == "")
    assert told["place_error_m"] == 9.4
    assert told["usual"] is None
    assert told["patrol"] is None
    assert [one.actor for one in desk.audit("patterns.view")] == ["viewer"]


def test_nobody_looks_without_signing_in(desk: Desk) -> None:
    assert desk.new_client().get(f"{API}/patterns").status_code == 401


def test_one_act_is_joined_by_whoever_may_command(desk: Desk) -> None:
    fake_patterns.fill(desk.services.store, desk.clock.utc_ns())
    path = f"{API}/incidents/inc-river-2/actions"
    given = {"action": "join", "into": "inc-river-1", "reason": "同一人"}
    assert desk.sign_in("viewer").post(path, json=given).status_code == 403
    client = desk.sign_in("monitor")
    assert "join" in client.get(f"{API}/incidents/inc-river-2").json()["actions"]
    for into, status in (("", 422), ("inc-river-2", 422), ("inc-lane-1", 409), ("inc-past-2", 409)):
        assert client.post(path, json={**given, "into": into}).status_code == status
    assert client.post(path, json=given).status_code == 202
    stream, command = desk.bus.sent[-1]
    assert stream == COMMANDS
    assert isinstance(command, Command)
    assert (command.action, command.into) == (Action.JOIN, "inc-river-1")
    (entry,) = desk.audit("command.join")
    assert entry.detail["into"] == "inc-river-1"
    shown = client.get(f"{API}/incidents/inc-river-1").json()["incident"]
    assert shown["place_error_m"] == 8.2
    assert shown["repeat"]["earlier"] == ["inc-river-old-0", "inc-river-old-7"]


def test_a_wrong_merge_is_taken_apart_by_whoever_may_command(desk: Desk) -> None:
    fake_patterns.fill(desk.services.store, desk.clock.utc_ns())
    path = f"{API}/incidents/inc-river-1"
    given: dict[str, Any] = {"action": "split", "sightings": ["s-2"], "reason": "另一人"}
    assert desk.sign_in("viewer").post(f"{path}/actions", json=given).status_code == 403
    client = desk.sign_in("monitor")
    told = client.get(f"{path}/sightings").json()
    assert [(one["id"], one["source"], one["joined_from"]) for one in told] == [
        ("s-1", "camera", None), ("s-2", "camera", None), ("s-3", "tip", "inc-told-1"),
    ]  # fmt: skip
    assert told[0]["ended"] is None
    assert told[1]["why"]["zh"]
    assert client.get(f"{API}/incidents/inc-none/sightings").status_code == 404
    assert "split" in client.get(path).json()["actions"]
    assert "split" not in client.get(f"{API}/incidents/inc-lane-1").json()["actions"]
    for change in ({"sightings": []}, {"sightings": ["s-1", "s-2", "s-3"]}, {"sightings": ["s-9"]}):
        assert client.post(f"{path}/actions", json={**given, **change}).status_code == 422
    assert client.post(f"{path}/actions", json={**given, "reason": " "}).status_code == 422
    assert client.post(f"{path}/actions", json=given).status_code == 202
    _, command = desk.bus.sent[-1]
    assert isinstance(command, Command)
    assert (command.action, command.sightings) == (Action.SPLIT, ("s-2",))
    (entry,) = desk.audit("command.split")
    assert (entry.detail["sightings"], entry.reason) == ("s-2", "另一人")
