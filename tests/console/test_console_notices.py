"""What the desk may do now, two people at once, and what single people were told."""

from dataclasses import dataclass
from typing import Any

import pytest

from core.cases import Notice, NoticeKind
from core.messages import Action, Command
from core.value import Text
from tests.console.conftest import Desk

API = "/api/v1"
RIVER = f"{API}/incidents/inc-river-1"
LANE = f"{API}/incidents/inc-lane-1"


@dataclass
class Told:
    """Notices as the desk stores them."""

    desk: Desk

    def put(self, name: str, **more: Any) -> Notice:
        given = {
            "id": name, "incident": "inc-lane-1", "kind": NoticeKind.ESCALATED,
            "audience": "chief", "text": Text(zh="无人应答", en="nobody answers"),
            "at_ns": self.desk.clock.utc_ns(),
        }  # fmt: skip
        notice = Notice.model_validate({**given, **more})
        with self.desk.services.store.begin() as unit:
            unit.notices.put(notice)
        return notice


def _command(desk: Desk) -> Command:
    message = desk.bus.sent[-1][1]
    assert isinstance(message, Command)
    return message


def test_the_second_of_two_who_act_at_once_is_told_so(desk: Desk) -> None:
    first, second = desk.sign_in("monitor"), desk.sign_in("chief")
    seen = [one.get(RIVER).json()["incident"]["version"] for one in (first, second)]
    assert seen[0] == seen[1] == 3
    given = {"action": "dispatch", "seen": seen[0]}
    assert first.post(f"{RIVER}/actions", json=given).status_code == 202
    assert _command(desk).seen == 3
    refused = second.post(f"{RIVER}/actions", json={**given, "seen": seen[1]})
    assert refused.status_code == 409
    assert refused.json()["type"].endswith("moved-on")
    assert "dispatched now" in refused.json()["detail"]
    assert len(desk.bus.sent) == 1


def test_what_may_be_done_depends_on_state_and_role(desk: Desk) -> None:
    monitor, chief = desk.sign_in("monitor"), desk.sign_in("chief")
    assert "support" in monitor.get(LANE).json()["actions"]
    assert "transfer" not in monitor.get(LANE).json()["actions"]
    assert {"support", "transfer", "close"} <= set(chief.get(LANE).json()["actions"])
    assert "support" not in chief.get(RIVER).json()["actions"], "nobody was sent there"
    ended = next(
        one["id"]
        for one in chief.get(f"{API}/incidents", params={"state": "closed"}).json()["items"]
    )
    assert chief.get(f"{API}/incidents/{ended}").json()["actions"] == ["reopen"]
    assert monitor.get(f"{API}/incidents/{ended}").json()["actions"] == []


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"action": "transfer", "reason": "事权在县级", "to": "  "}, 422),
        ({"action": "transfer", "to": "县生态环境分局"}, 422),
        ({"action": "warn", "group": "nowhere"}, 404),
        ({"action": "warn", "volume": 0}, 422),
        ({"action": "support"}, 409),
    ],
)
def test_incomplete_decisions_are_refused(desk: Desk, given: dict[str, Any], status: int) -> None:
    answer = desk.sign_in("chief").post(f"{RIVER}/actions", json=given)
    assert answer.status_code == status, answer.text
    assert desk.bus.sent == []


def test_a_transfer_says_to_whom_and_with_what(desk: Desk) -> None:
    given = {"action": "transfer", "reason": "事权在县级", "to": " 县生态环境分局 ",
             "documents": ["现场照片", "询问笔录"]}  # fmt: skip
    assert desk.sign_in("monitor").post(f"{LANE}/actions", json=given).status_code == 403
    assert desk.sign_in("chief").post(f"{LANE}/actions", json=given).status_code == 202
    command = _command(desk)
    assert (command.action, command.to) == (Action.TRANSFER, "县生态环境分局")
    assert command.documents == ("现场照片", "询问笔录")
    (entry,) = desk.audit("command.transfer")
    assert entry.detail["to"] == "县生态环境分局"


def test_a_warning_goes_out_as_the_person_chose(desk: Desk) -> None:
    given = {"action": "warn", "priority": "urgent", "volume": 70}
    assert desk.sign_in("monitor").post(f"{RIVER}/actions", json=given).status_code == 202
    assert (_command(desk).priority.value, _command(desk).volume) == ("urgent", 70)


def test_the_inbox_shows_what_concerns_a_person(desk: Desk) -> None:
    told = Told(desk)
    told.put("escalated")
    told.put("mine", audience="user", to="monitor", kind=NoticeKind.REFUSED)
    told.put("hers", audience="user", to="chief", kind=NoticeKind.REFUSED)
    inbox = desk.sign_in("monitor").get(f"{API}/notices").json()["items"]
    assert {one["id"] for one in inbox} == {"escalated", "mine"}
    assert desk.sign_in("viewer").get(f"{API}/notices").status_code == 403
    file = desk.sign_in("viewer").get(LANE).json()
    assert file["notices"] == []


def test_taking_note_is_written_down_once(desk: Desk) -> None:
    told = Told(desk)
    told.put("escalated")
    at = f"{API}/notices/escalated/acknowledgement"
    assert desk.sign_in("monitor").post(at).status_code == 403
    first = desk.sign_in("chief").post(at).json()
    assert first["acknowledged_by"] == "chief"
    assert desk.sign_in("chief").post(at).json()["acknowledged"] == first["acknowledged"]
    (entry,) = desk.audit("notice.acknowledged")
    assert (entry.actor, entry.object) == ("chief", "inc-lane-1")
    assert desk.sign_in("chief").post(f"{API}/notices/none/acknowledgement").status_code == 404
