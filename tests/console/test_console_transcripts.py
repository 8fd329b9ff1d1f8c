"""Transcripts at the desk: read by all, typed by who may act, refused when somebody was first."""

from tests.console.conftest import Desk


def test_a_person_types_what_is_heard_and_two_do_not_overwrite_each_other(desk: Desk) -> None:
    with desk.services.store.read() as unit:
        item = unit.evidence.find(role="warning_audio")[0]
    path = f"/api/v1/incidents/{item.incident}/transcripts"
    viewer, monitor = desk.sign_in("viewer"), desk.sign_in("monitor")
    spoken = next(one for one in viewer.get(path).json() if one["evidence"] == item.id)
    assert [one["version"] for one in spoken["versions"]] == [0]
    address = f"/api/v1/evidence/{item.id}/transcript"
    given = {"text": "请离开，后半句听不清", "seen": 0}
    assert viewer.post(address, json=given).status_code == 403
    made = monitor.post(address, json=given)
    assert made.status_code == 201, made.text
    assert [(one["version"], one["by"]) for one in made.json()["versions"]] == [
        (0, "system"), (1, "monitor"),
    ]  # fmt: skip
    second = desk.sign_in("chief").post(address, json={"text": "别的", "seen": 0})
    assert (second.status_code, second.json()["type"].rpartition(":")[2]) == (409, "transcript")
    (entry,) = desk.audit("evidence.transcript")
    assert (entry.object, entry.detail["text"]) == (item.incident, given["text"])
    assert monitor.post("/api/v1/evidence/none/transcript", json=given).status_code == 404
    assert viewer.get("/api/v1/incidents/none/transcripts").status_code == 404
