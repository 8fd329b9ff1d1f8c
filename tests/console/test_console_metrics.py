"""What Prometheus is told, read with its own parser."""

from collections.abc import Iterator

from prometheus_client.parser import text_string_to_metric_families

from console.metrics import STALE_S
from core.messages import CameraHealth
from tests.console import fake_services
from tests.console.conftest import Desk

Key = tuple[str, frozenset[tuple[str, str]]]


def scrape(desk: Desk) -> dict[Key, float]:
    """All samples of cameras, by name and labels."""
    page = desk.new_client().get("/metrics").text
    return {key: value for key, value in _samples(page) if key[0].startswith("wardwatch_camera")}


def _samples(page: str) -> Iterator[tuple[Key, float]]:
    for family in text_string_to_metric_families(page):
        assert family.documentation
        for one in family.samples:
            yield (one.name, frozenset(one.labels.items())), one.value


def at(name: str, **labels: str) -> Key:
    return f"wardwatch_camera_{name}", frozenset(labels.items())


def test_every_fact_of_every_camera_and_process(desk: Desk) -> None:
    now_ns = desk.clock.utc_ns()
    desk.services.feed.push(
        "health",
        CameraHealth(
            camera="river", process="recorder", state="degraded", reason="damaged pictures",
            since_ns=now_ns - 90_000_000_000, at_ns=now_ns, fps=24.9, bitrate_kbps=4012.5,
            lag_s=0.25, reconnects=7, last_keyframe_age_s=1.2, loss=0.031, clock_offset_s=-2.5,
            clock_uncertainty_s=0.004, picture="blurred", analysed_fps=4.9, dropped=11,
            skipped=0.02),
    )  # fmt: skip
    figures = scrape(desk)
    who = {"camera": "river", "process": "recorder"}
    expected = {
        "fps": 24.9, "kbps": 4012.5, "lag_seconds": 0.25, "reconnects_total": 7,
        "keyframe_age_seconds": 1.2, "loss_ratio": 0.031, "clock_offset_seconds": -2.5,
        "clock_uncertainty_seconds": 0.004, "analysed_fps": 4.9, "dropped_total": 11,
        "skipped_ratio": 0.02,
        "state_since_seconds": now_ns / 1e9 - 90,
    }  # fmt: skip
    assert {name: figures[at(name, **who)] for name in expected} == expected
    states = {s: figures[at("state", **who, state=s)] for s in
              ("online", "degraded", "offline", "unknown")}  # fmt: skip
    assert states == {"online": 0, "degraded": 1, "offline": 0, "unknown": 0}
    assert figures[at("picture", **who, picture="blurred")] == 1
    assert figures[at("picture", **who, picture="ok")] == 0
    assert {value for key, value in figures.items() if key[0].endswith("camera_state")} == {0, 1}


def test_a_fact_that_is_not_known_has_no_sample(desk: Desk) -> None:
    figures = scrape(desk)
    assert at("analysed_fps", camera="river", process="analyst") in figures
    assert at("analysed_fps", camera="river", process="recorder") not in figures
    assert at("picture", camera="river", process="recorder", picture="ok") not in figures


def test_a_process_that_is_silent_is_unknown_not_online(desk: Desk) -> None:
    desk.clock.advance(STALE_S + 1)
    figures = scrape(desk)
    who = {"camera": "river", "process": "recorder"}
    assert figures[at("state", **who, state="unknown")] == 1
    assert figures[at("state", **who, state="online")] == 0
    assert at("fps", **who) not in figures
    fake_services.push_health(desk.services)
    assert scrape(desk)[at("state", **who, state="online")] == 1


def test_a_camera_that_is_removed_or_switched_off_disappears(desk: Desk) -> None:
    chief = desk.sign_in("chief")
    metrics = chief.app.state.context.metrics  # type: ignore[attr-defined]  # an ASGI callable
    metrics.live_viewers.labels("street").inc()
    metrics.live_dropped.labels("street").inc()
    assert 'camera="street"' in chief.get("/metrics").text
    chief.delete("/api/v1/cameras/street")
    chief.patch("/api/v1/cameras/lane", json={"enabled": False})
    assert 'camera="street"' not in chief.get("/metrics").text
    cameras = {dict(labels)["camera"] for _, labels in scrape(desk)}
    assert cameras == {"river", "market"}
