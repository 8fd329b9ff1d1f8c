"""The duty desk by its addresses: who may do what, both passwords, papers."""

from collections.abc import Callable

import pypdfium2
import pytest

from core.clock import iso
from tests.console import fake_duty, fake_services
from tests.console.conftest import Desk

API = "/api/v1/duty"
WORDS = {"done": "一", "open": "无", "equipment": "正常", "instructions": "盯住渡口"}


@pytest.fixture
def duty(desk: Desk) -> Callable[[], None]:
    return fake_duty.furnish(desk.services).tick


def text_of(paper: bytes) -> str:
    document = pypdfium2.PdfDocument(paper)
    return "".join(page.get_textpage().get_text_range() for page in document)


def test_without_a_desk_the_page_says_so(desk: Desk) -> None:
    client = desk.sign_in("monitor")
    assert client.get(API).status_code == 503
    assert client.get(f"{API}/mine").json() == {"on_duty": False, "awake": [], "overdue": []}


def test_who_only_looks_sees_and_does_nothing(desk: Desk, duty: Callable[[], None]) -> None:
    viewer = desk.sign_in("viewer")
    assert viewer.get(API).json()["planned"]["shift"] == "late"
    for path in ("sign-on", "sign-off", "handover"):
        assert viewer.post(f"{API}/{path}").status_code == 403
    assert viewer.post(f"{API}/notes", json={"text": "x"}).status_code == 403
    assert desk.new_client().get(API).status_code == 401


def test_a_handover_takes_the_password_of_each(desk: Desk, duty: Callable[[], None]) -> None:
    client = desk.sign_in("monitor")
    assert client.post(f"{API}/sign-on").json()["present"][0]["user"] == "monitor"
    draft = client.post(f"{API}/handover").json()
    given = {"side": "leaving", "revision": draft["revision"], "name": "monitor"}
    path = f"{API}/handover/sign"
    wrong = client.post(path, json={**given, "password": "not this one"})
    assert (wrong.status_code, wrong.json()["type"].split(":")[-1]) == (403, "wrong-password")
    right = {**given, "password": fake_services.PASSWORD}
    refused = client.post(path, json=right)
    assert refused.status_code == 409
    assert "“交办事项”未填写" in refused.json()["detail"]
    draft = client.put(
        f"{API}/handover", json={"revision": draft["revision"], "words": WORDS}
    ).json()
    right["revision"] = draft["revision"]
    assert client.post(path, json=right).json()["signed"] is None
    missing = [one["zh"] for one in client.get(API).json()["missing"]]
    assert missing == ["接班人未签字"]
    viewer = {**right, "side": "coming", "name": "viewer"}
    assert client.post(path, json=viewer).status_code == 403
    over = client.post(path, json={**viewer, "name": "chief"}).json()
    assert over["signed"] is not None
    assert [one["user"] for one in over["signatures"]] == ["monitor", "chief"]
    now = client.get(API).json()
    assert (now["turn"]["plan"]["shift"], now["handover"]) == ("day", None)
    paper = client.get(f"{API}/handovers/{over['id']}.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    words = text_of(paper.content)
    for part in (
        "交接班记录",
        "盯住渡口",
        "monitor",
        "chief",
        over["signatures"][0]["sha256"][:16],
    ):
        assert part in words
    assert client.get(f"{API}/handovers/2020-01-01.day.pdf").status_code == 404


def test_guessing_a_colleagues_password_is_slowed(desk: Desk, duty: Callable[[], None]) -> None:
    client = desk.sign_in("monitor")
    client.post(f"{API}/sign-on")
    given = {"side": "coming", "revision": 1, "name": "chief", "password": "wrong-guess"}
    answers = [client.post(f"{API}/handover/sign", json=given).status_code for _ in range(6)]
    assert answers[0] == 403
    assert answers[-1] == 429
    assert len(desk.audit("session.refused")) == 5


def test_the_log_is_paged_filtered_and_printed(desk: Desk, duty: Callable[[], None]) -> None:
    client = desk.sign_in("monitor")
    client.post(f"{API}/sign-on")
    first = client.post(f"{API}/notes", json={"text": "闸门开着"}).json()
    client.post(f"{API}/notes", json={"text": "闸门已关", "corrects": first["seq"]})
    assert client.post(f"{API}/notes", json={"text": " "}).status_code == 409
    span = {"from": "2020-01-01T00:00:00Z", "to": iso(desk.clock.utc_ns())}
    page = client.get(f"{API}/log", params={**span, "category": "note", "limit": 1}).json()
    assert [one["text"]["zh"] for one in page["items"]] == ["闸门已关"]
    older = {**span, "category": "note", "before": page["next"]}
    (old,) = client.get(f"{API}/log", params=older).json()["items"]
    assert old["corrected_by"] == [page["items"][0]["seq"]]
    assert client.get(f"{API}/log", params={**span, "from": "soon"}).status_code == 422
    words = text_of(client.get(f"{API}/log.pdf", params={**span, "category": "note"}).content)
    assert "值班日志" in words
    assert f"已由第 {page['items'][0]['seq']} 号更正" in words.replace("\r\n", "")
    assert len(desk.audit("duty.export")) == 1


def test_a_question_is_asked_of_who_is_on_duty_and_told_to_the_chief(
    desk: Desk, duty: Callable[[], None]
) -> None:
    monitor, chief = desk.sign_in("monitor"), desk.sign_in("chief")
    monitor.post(f"{API}/sign-on")
    desk.clock.advance(60)
    duty()
    assert chief.get(f"{API}/mine").json()["awake"] == []
    (asked,) = monitor.get(f"{API}/mine").json()["awake"]
    desk.clock.advance(55)
    duty()
    (told,) = chief.get(f"{API}/mine").json()["overdue"]
    assert (told["id"], told["state"]) == (asked["id"], "told")
    assert chief.post(f"{API}/tasks/{asked['id']}/done", json={}).status_code == 409
    done = monitor.post(f"{API}/tasks/{asked['id']}/done", json={"remark": "煮茶"})
    assert done.json()["done_by"] == "monitor"
    assert chief.get(f"{API}/mine").json()["overdue"] == []


def test_the_state_of_channels_is_shown_and_measured(desk: Desk, duty: Callable[[], None]) -> None:
    client = desk.sign_in("viewer")
    channels = client.get(API).json()["channels"]
    assert [(one["id"], one["waiting"]) for one in channels] == [("wecom", 0), ("county", 3)]
    page = client.get("/metrics").text
    assert 'wardwatch_channel_waiting{channel="county",kind="webhook"} 3.0' in page
    assert 'wardwatch_channel_failing{channel="county",kind="webhook"} 1.0' in page
    assert 'wardwatch_channel_last_success_seconds{channel="wecom",kind="apprise"}' in page
