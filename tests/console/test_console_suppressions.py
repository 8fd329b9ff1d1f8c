"""False alarms that are held back: shown with whose word it was, undone by whoever may dismiss."""

import pytest

from console.services import Services
from core.cases import IncidentState, StateChange, Suppression
from core.clock import NS_PER_S
from core.value import Text
from tests.console.conftest import Desk

API = "/api/v1/suppressions"
DAY_NS = 86_400 * NS_PER_S


def dismiss(services: Services, incident: str = "inc-market-1", **changes: object) -> Suppression:
    """A person dismisses it as a false alarm, and the desk makes its rule."""
    now_ns = services.clock.utc_ns()
    with services.store.begin() as unit:
        one = unit.incidents.get(incident)
        assert one is not None
        step = StateChange(
            state=IncidentState.DISMISSED.value,
            at_ns=now_ns,
            actor="monitor",
            reason=Text.same("误报：遮阳伞"),
        )
        update = {"state": IncidentState.DISMISSED, "history": (*one.history, step)}
        unit.incidents.put(one.model_copy(update=update))
        rule = Suppression(
            id=f"sup-{incident}",
            camera=one.camera,
            zone=one.zone,
            kind=one.kind,
            box=one.box,
            labels=("umbrella",),
            incident=incident,
            made_ns=now_ns,
            made_by="monitor",
            expires_ns=now_ns + 14 * DAY_NS,
            hits=3,
            last_hit_ns=now_ns,
        ).model_copy(update=changes)
        unit.suppressions.put(rule)
    return rule


def test_the_list_says_where_what_who_why_and_until_when(desk: Desk) -> None:
    rule = dismiss(desk.services)
    dismiss(desk.services, "inc-river-1", expires_ns=desk.clock.utc_ns())
    client = desk.sign_in("viewer")
    (shown,) = client.get(API).json()["items"]
    assert (shown["id"], shown["camera"], shown["zone"]) == (rule.id, "market", "kerb")
    assert (shown["kind"], shown["labels"], shown["hits"]) == ("occupation", ["umbrella"], 3)
    assert (shown["made_by"], shown["reason"]["zh"]) == ("monitor", "误报：遮阳伞")
    assert shown["made"] < shown["expires"]
    assert client.get(shown["snapshot"]).headers["content-type"] == "image/jpeg"


def test_a_dismissed_incident_shows_its_rule_while_it_holds(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    assert client.get("/api/v1/incidents/inc-market-1").json()["suppression"] is None
    rule = dismiss(desk.services)
    assert client.get("/api/v1/incidents/inc-market-1").json()["suppression"]["id"] == rule.id
    assert client.get("/api/v1/incidents/inc-river-1").json()["suppression"] is None
    desk.clock.advance(14 * 86_400)
    client = desk.sign_in("viewer")
    assert client.get("/api/v1/incidents/inc-market-1").json()["suppression"] is None
    assert client.get(API).json()["items"] == []


@pytest.mark.parametrize("name", ["monitor", "chief"])
def test_lifting_takes_a_reason_and_is_written_down(desk: Desk, name: str) -> None:
    rule = dismiss(desk.services)
    client = desk.sign_in(name)
    assert client.post(f"{API}/{rule.id}/lift", json={"reason": "  "}).status_code == 422
    assert client.post(f"{API}/{rule.id}/lift", json={}).status_code == 422
    assert desk.audit("suppression.removed") == []
    gone = client.post(f"{API}/{rule.id}/lift", json={"reason": "现在有摊位"})
    assert (gone.status_code, gone.json()["hits"]) == (200, 3)
    assert client.get(API).json()["items"] == []
    (entry,) = desk.audit("suppression.removed")
    assert (entry.actor, entry.object, entry.reason) == (name, rule.id, "现在有摊位")
    assert entry.detail["incident"] == rule.incident
    again = client.post(f"{API}/{rule.id}/lift", json={"reason": "现在有摊位"})
    assert again.status_code == 404
    assert len(desk.audit("suppression.removed")) == 1


def test_who_only_looks_may_not_lift(desk: Desk) -> None:
    rule = dismiss(desk.services)
    path, given = f"{API}/{rule.id}/lift", {"reason": "x"}
    assert desk.new_client().get(API).status_code == 401
    assert desk.new_client().post(path, json=given).status_code == 401
    assert desk.sign_in("viewer").post(path, json=given).status_code == 403
    with desk.services.store.read() as unit:
        assert unit.suppressions.get(rule.id) is not None
    assert desk.audit("suppression.removed") == []


def test_a_rule_without_its_incident_is_shown_all_the_same(desk: Desk) -> None:
    dismiss(desk.services, incident="inc-market-1")
    with desk.services.store.begin() as unit:
        unit.incidents.remove("inc-market-1")
        for item in unit.evidence.find(incident="inc-market-1"):
            unit.evidence.remove(item.id)
    (shown,) = desk.sign_in("viewer").get(API).json()["items"]
    assert (shown["reason"], shown["snapshot"]) == ({"zh": "", "en": ""}, None)
