"""The disks: told to everybody who is signed in, by label, and to Prometheus."""

from prometheus_client.parser import text_string_to_metric_families

from console.api.storage import STALE_S
from core.clock import NS_PER_S
from tests.console.conftest import Desk
from tests.console.fake_storage import FakeBooks, lost_disk, storage

API = "/api/v1/storage"


def figures(desk: Desk) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    page = desk.new_client().get("/metrics").text
    return {
        (one.name, frozenset(one.labels.items())): one.value
        for family in text_string_to_metric_families(page)
        for one in family.samples
        if one.name.startswith(("wardwatch_volume", "wardwatch_storage"))
    }


def at(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return f"wardwatch_{name}", frozenset(labels.items())


def test_the_disks_are_shown_to_whoever_is_signed_in(desk: Desk) -> None:
    assert desk.new_client().get(API).status_code == 401
    assert desk.new_client().get(f"{API}/deletions").status_code == 401
    now_ns = desk.clock.utc_ns()
    desk.services.feed.push("storage", storage(now_ns, lost_disk(now_ns), lost=True))
    shown = desk.sign_in("viewer").get(API).json()
    assert [(one["volume"], one["condition"]) for one in shown["volumes"]] == [
        ("disk1", "ok"),
        ("disk2", "lost"),
    ]
    assert shown["volumes"][0]["locked_bytes"] == 40_000_000_000
    (trouble,) = shown["troubles"]
    assert (trouble["kind"], trouble["volume"]) == ("volume_lost", "disk2")
    assert trouble["since"] < shown["at"]
    assert (shown["days"], shown["days_wanted"]) == (41.7, 30)


def test_what_is_old_says_nothing_about_now(desk: Desk) -> None:
    now_ns = desk.clock.utc_ns()
    late = storage(now_ns - NS_PER_S, lost_disk(now_ns), lost=True)
    desk.services.feed.push("storage", late)  # it waited for the bus
    client = desk.sign_in("viewer")
    assert client.get(API).json()["troubles"] == []
    assert at("volume_free_bytes", volume="disk1") in figures(desk)
    desk.clock.advance(STALE_S + 1)
    assert client.get(API).json() is None
    assert figures(desk) == {}


def test_deletions_say_what_when_why_and_by_which_rule(desk: Desk) -> None:
    client = desk.sign_in("viewer")
    first, second, third = client.get(f"{API}/deletions").json()
    assert (first["by"], first["reason"], first["cameras"]) == ("chief", "误报，当事人申请删除", [])
    assert (second["reason"], second["rule"], second["things"]) == ("age", "days=30", 24)
    assert second["first"] < second["last"] < second["at"]
    assert third["signed"] is False
    assert len(client.get(f"{API}/deletions", params={"limit": 1}).json()) == 1
    books = desk.services.deletions
    assert isinstance(books, FakeBooks)
    books.broken = True
    answer = client.get(f"{API}/deletions")
    assert (answer.status_code, answer.json()["type"].rsplit(":", 1)[-1]) == (503, "no-deletions")
    desk.services.deletions = None
    assert client.get(f"{API}/deletions").status_code == 503


def test_prometheus_is_told(desk: Desk) -> None:
    now_ns = desk.clock.utc_ns()
    desk.services.feed.push("storage", storage(now_ns, lost_disk(now_ns), lost=True))
    found = figures(desk)
    assert found[at("volume_size_bytes", volume="disk1")] == 8e12
    assert found[at("volume_free_bytes", volume="disk2")] == 1e11
    assert found[at("volume_locked_bytes", volume="disk1")] == 4e10
    assert found[at("volume_days", volume="disk1")] == 43.2
    assert at("volume_days", volume="disk2") not in found
    assert found[at("volume_state", volume="disk2", state="lost")] == 1
    assert found[at("volume_state", volume="disk2", state="ok")] == 0
    assert found[at("storage_trouble", kind="volume_lost")] == 1
    assert found[at("storage_trouble", kind="no_volume")] == 0
    assert found[at("storage_days")] == 41.7
